import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Journal } from "@phala-l2/bridge/relayer/journal";
import { type RunningRelayer, relayerSettings, startRelayer } from "@phala-l2/bridge/relayer/main";
import { type SwapStatus, swapStatusIn } from "@phala-l2/bridge/relayer/status";
import { parachainSwapAbi } from "@phala-l2/contracts/abi/parachain-swap";
import { systemConfigAbi } from "@phala-l2/contracts/abi/system-config";
import { asHash, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { silentLog } from "@phala-l2/protocol/log";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { SMALL_SPEC_VERSION, smallMetadata } from "@phala-l2/protocol/substrate/testing/small-runtime";
import { encodeFunctionData } from "viem";
import { devnetAccount, ROLES } from "../devnet/accounts.ts";
import { until } from "../system/wait.ts";
import { relayWithFinality } from "./final-swap.ts";
import type { JsonRpcServer } from "./json-rpc-server.ts";
import { killRelayer } from "./kill-relayer.ts";
import { SmallParachain } from "./small-parachain.ts";
import { type SwapL1, type SwapWorld, startSwap, startSwapL1, type WorldRuntime } from "./swap-world.ts";

const PHA = 10n ** 12n;
const PER_DAY = 1000n * 10n ** 18n;
const account = (fill: number): Hash => asHash(new Uint8Array(32).fill(fill));
const receiver = (n: number) => `0x${n.toString(16).padStart(40, "0")}`;
const remark = (n: number, more = "") => `pha-swap:v1:900:${receiver(n)}${more}`;

function runtime(specVersion: number): WorldRuntime {
  const metadata = smallMetadata(specVersion);
  return { specVersion, metadataHash: blake2b256(metadata), metadata };
}
const RUNTIMES = [runtime(SMALL_SPEC_VERSION), runtime(SMALL_SPEC_VERSION + 1)];

const folder = mkdtempSync(join(tmpdir(), "relayer-"));
const parachain = new SmallParachain();
let l1: SwapL1;
let world: SwapWorld;
let node: JsonRpcServer;
let relayer: RunningRelayer | undefined;

async function start(): Promise<RunningRelayer> {
  const given = {
    swap: world.swapFile,
    parachainUrl: node.url,
    l1RpcUrl: world.anvil.url,
    proverUrls: world.provers.map(({ url }) => url),
    account: `dev:${ROLES.smoke}`,
    dataDir: folder,
    resubmitAfter: 2,
    pollInterval: 0.05,
  };
  const resolved = resolveSettings(relayerSettings, { flags: {}, environment: {}, file: given });
  assert.equal(resolved.kind, "ok");
  relayer = await startRelayer(resolved.settings, { account: devnetAccount(ROLES.smoke), log: silentLog });
  return relayer;
}

async function statusOf(question: Record<string, string> = {}): Promise<SwapStatus> {
  const query = new URLSearchParams(question);
  const answer = await fetch(`http://127.0.0.1:${relayer?.healthPort}/status?${query}`);
  const status: SwapStatus = JSON.parse(await answer.text());
  return status;
}

/** What the first of the deposits to a receiver waits for. */
async function waitingOf(n: number): Promise<string | undefined> {
  return (await statusOf({ receiver: receiver(n) })).deposits[0]?.waitsFor?.what;
}

/** What the relayer says is wrong with it. */
async function faults(): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${relayer?.healthPort}/readyz`);
  return answer.text();
}

/** Does something as the guardian. */
async function asGuardian(functionName: "pause" | "unpause"): Promise<void> {
  const swap = { address: toHex(world.contract), abi: parachainSwapAbi } as const;
  const address = await world.l1.readContract({ ...swap, functionName: "systemConfig" });
  const guardian = await world.l1.readContract({ address, abi: systemConfigAbi, functionName: "guardian" });
  await world.l1.impersonateAccount({ address: guardian });
  await world.l1.setBalance({ address: guardian, value: 10n ** 18n });
  const data = encodeFunctionData({ abi: parachainSwapAbi, functionName });
  const hash = await world.l1.sendUnsignedTransaction({ from: guardian, to: swap.address, data });
  await world.l1.waitForTransactionReceipt({ hash });
}

async function paid(n: number): Promise<bigint> {
  return (await world.payments()).byReceiver.get(receiver(n)) ?? 0n;
}

before(async () => {
  l1 = await startSwapL1(folder);
  world = await startSwap(l1, folder, {
    genesisHash: parachain.genesisHash,
    runtimes: RUNTIMES.slice(0, 1),
    perDay: PER_DAY,
    funded: 1500n * 10n ** 18n,
    minimum: PHA,
    lastHeight: 1000n,
  });
  node = await parachain.serve();
  await start();
});

after(async () => {
  await relayer?.stop();
  await node?.stop();
  await world?.stop();
  await l1?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the relayer", () => {
  it("releases what was deposited, planck by planck, and nothing that was refused", async () => {
    const to = world.account;
    parachain.addBlock([]);
    parachain.addBlock([
      { from: account(1), to, planck: 3n * PHA + 1n, remarks: [remark(1)] },
      { from: account(2), to, planck: 5n * PHA, remarks: [] },
      { from: account(3), to: account(9), planck: 5n * PHA, remarks: [remark(3)] },
    ]);
    await until(async () => (await paid(1)) === 3_000_000_000_001_000_000n, { what: "the deposit is paid" });
    const { deposits, refused } = await statusOf();
    assert.deepEqual(deposits.map(({ stage, refusal }) => [stage, refusal]).slice(1), [
      ["refused", "no-remark"],
    ]);
    assert.equal(refused, String(5n * PHA));
    assert.equal((await world.payments()).count, 1);
  });

  it("releases a refused one to whom a later one of its sender names", async () => {
    const named = remark(2, ":2-5");
    parachain.addBlock([{ from: account(2), to: world.account, planck: PHA, remarks: [named] }]);
    await until(async () => (await paid(2)) === 6n * 10n ** 18n, { what: "both are paid" });
    const { deposits } = await statusOf({ deposit: "2-5" });
    assert.deepEqual(deposits[0]?.repairedBy, { height: "3", eventIndex: 2 });
  });

  it("pays again what a reorg of L1 took back, once", async () => {
    const before = await world.l1.getBlockNumber();
    parachain.addBlock([{ from: account(4), to: world.account, planck: 7n * PHA, remarks: [remark(4)] }]);
    await until(async () => (await paid(4)) > 0n, { what: "the deposit is paid" });
    const depth = Number((await world.l1.getBlockNumber()) - before);
    await world.l1.request<{ Method: "anvil_reorg"; Parameters: unknown[]; ReturnType: null }>({
      method: "anvil_reorg",
      params: [depth, []],
    });
    await until(async () => (await paid(4)) > 0n, { what: "the deposit is paid again" });
    await world.l1.mine({ blocks: 20 });
    await until(async () => (await statusOf({ receiver: receiver(4) })).deposits[0]?.stage === "final", {
      what: "the payment is final",
    });
    assert.equal(await paid(4), 7n * 10n ** 18n);
  });

  it("stops before a runtime that nobody has named, and pays once governance and the file name it", async () => {
    const { length } = (await statusOf()).deposits;
    parachain.upgrade(SMALL_SPEC_VERSION + 1);
    parachain.addBlock([]);
    const height = parachain.nextHeight;
    parachain.addBlock([{ from: account(8), to: world.account, planck: PHA, remarks: [remark(8)] }]);
    parachain.addBlock([{ from: account(8), to: world.account, planck: 2n * PHA, remarks: [remark(8)] }]);
    await until(async () => (await faults()).includes("runtime-unknown"), { what: "the relayer stops" });
    assert.equal((await statusOf()).read, String(height - 1n));

    // A file that is ahead of governance changes nothing.
    world.writeSwapFile(RUNTIMES);
    await until(async () => (await faults()).includes("governance has not named"), { what: "it says so" });
    assert.equal((await statusOf()).deposits.length, length);

    await world.nameRuntimes(RUNTIMES);
    await until(async () => (await paid(8)) === 3n * 10n ** 18n, { what: "both are paid" });
    await until(async () => (await faults()).includes('"faults":[]'), { what: "nothing is wrong any more" });
  });

  it("keeps to its file while another is none, or names fewer runtimes", async () => {
    writeFileSync(world.swapFile, "{");
    await until(async () => (await faults()).includes("JSON is wanted"), { what: "it says so" });
    world.writeSwapFile(RUNTIMES.slice(0, 1));
    await until(async () => (await faults()).includes("no more; the earlier one is kept"), {
      what: "it says so",
    });
    world.writeSwapFile(RUNTIMES);
    await until(async () => (await faults()).includes('"faults":[]'), { what: "nothing is wrong any more" });
  });

  it("waits while the guardian pauses", async () => {
    await asGuardian("pause");
    parachain.addBlock([{ from: account(7), to: world.account, planck: PHA, remarks: [remark(7)] }]);
    await until(async () => (await waitingOf(7)) === "ParachainSwap_Paused", { what: "the release waits" });
    assert.equal(await paid(7), 0n);
    await asGuardian("unpause");
  });

  it("pays a part of what is above the limit, and waits with the rest", async () => {
    const planck = 1600n * PHA;
    parachain.addBlock([{ from: account(5), to: world.account, planck, remarks: [remark(5)] }]);
    await until(async () => (await waitingOf(5)) === "ParachainSwap_AboveLimit", { what: "the rest waits" });
    assert.ok((await paid(5)) > 0n && (await paid(5)) < PER_DAY);
  });

  it("starts again where it was, and journals can be asked while it rests", async () => {
    await relayer?.stop();
    relayer = undefined;
    const resting = await swapStatusIn(join(folder, "journal"), { sender: toHex(account(1)) });
    assert.equal(resting.deposits.length, 1);
    const { count } = await world.payments();
    await start();
    parachain.addBlock([{ from: account(6), to: world.account, planck: PHA, remarks: [remark(6)] }]);
    await until(async () => (await statusOf({ receiver: receiver(6) })).deposits.length === 1, {
      what: "the new deposit is read",
    });
    assert.equal((await statusOf()).deposits.length, 9);
    assert.ok((await world.payments()).count <= count + 1);
    await assert.rejects(Journal.open(join(folder, "journal")), { code: "STORE_LOCKED" });
  });
});

describe("the relayer of a swap with a finality anchor", () => {
  it("shows provers that deposits are final, once the relay chain has made them so", async () => {
    await relayer?.stop();
    relayer = undefined;
    const { count, paid: paidOut, waited, journaled } = await relayWithFinality(l1);
    assert.deepEqual(waited, ["finality"]);
    assert.equal(count, 2);
    assert.equal(paidOut, 3n * 10n ** 18n);
    assert.deepEqual(journaled, ["by 3", "none"]);
  });
});

describe("the relayer, killed at random moments,", () => {
  it("pays each deposit exactly once", async () => {
    // The account is one relayer's at a time.
    await relayer?.stop();
    relayer = undefined;
    const { deposits, refused, payments, reverted } = await killRelayer(l1, { kills: 4, seed: 3 });
    assert.ok(refused > 0 && deposits > refused);
    assert.equal(payments, deposits - refused);
    assert.equal(reverted, 0);
  });
});
