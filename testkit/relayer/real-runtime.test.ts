import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { Journal } from "@phala-l2/bridge/relayer/journal";
import { createParachain } from "@phala-l2/bridge/relayer/parachain";
import { Watcher } from "@phala-l2/bridge/relayer/watcher";
import { asAddress, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import type { SwapDomain, SwapSettings } from "@phala-l2/protocol/swap-release";
import { swapAccount } from "@phala-l2/swap/account";
import { createReleaseJudge } from "@phala-l2/swap/release";
import { parseBlockProof } from "@phala-l2/swap/witness-json";
import { ApiPromise, WsProvider } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { createKeyMulti, cryptoWaitReady, sortAddresses } from "@polkadot/util-crypto";
import { AssetHub } from "../parachain/asset-hub.ts";
import { type Balance, UNIT } from "../parachain/asset-hub-genesis.ts";

type Call = SubmittableExtrinsic<"promise">;

const folder = mkdtempSync(join(tmpdir(), "real-runtime-"));
const file = join(folder, "blocks.jsonl");
/** What accounts have in the genesis. */
let given: readonly Balance[] = [];
after(() => rmSync(folder, { recursive: true, force: true }));

const DOMAIN: SwapDomain = { chainId: 900n, contract: asAddress(new Uint8Array(20).fill(0x22)) };
const receiver = (n: number) => `0x${n.toString(16).padStart(40, "0")}`;
const text = (n: number) => `pha-swap:v1:900:${receiver(n)}`;

/** How wallets ask; the library's own types differ in one place. */
class WalletNode extends WsProvider {
  override get ttl(): number | null {
    return super.ttl ?? null;
  }

  override get isClonable(): boolean {
    return false;
  }

  override clone(): WalletNode {
    throw new RangeError("not clonable");
  }
}

/** Signs one extrinsic after another of each key. */
function signing() {
  const nonces = new Map<string, number>();
  return async (pair: KeyringPair, call: Call): Promise<string> => {
    const nonce = nonces.get(pair.address) ?? 0;
    nonces.set(pair.address, nonce + 1);
    return (await call.signAsync(pair, { nonce })).toHex();
  };
}

it("deposits that a real runtime executes: by each kind of key, multisig, proxy, and in batches of all kinds", async () => {
  await cryptoWaitReady();
  const pair = (type: "sr25519" | "ed25519" | "ecdsa") => new Keyring({ type }).addFromUri(`//Swap`);
  const [sr, ed, ec] = [pair("sr25519"), pair("ed25519"), pair("ecdsa")];
  const signatories = [sr, ed].map(({ addressRaw }) => addressRaw);
  const multisig = createKeyMulti(signatories, 2);
  const rich = [sr.addressRaw, ed.addressRaw, ec.addressRaw, multisig];
  given = rich.map((account) => [account, 1000n * UNIT]);
  const hub = await AssetHub.start({ balances: given, file });
  const node = await hub.serve();
  const journal = await Journal.open(join(folder, "journal"));
  try {
    const api = await hub.api();
    const { balances, system, utility, proxy, multisig: multi } = api.tx;
    assert.ok(balances && system && utility && proxy && multi);
    const to = toHex(swapAccount(DOMAIN.contract));
    const pay = (units: bigint): Call => {
      assert.ok(balances.transferKeepAlive);
      return balances.transferKeepAlive(to, units * UNIT);
    };
    const remark = (words: string): Call => {
      assert.ok(system.remarkWithEvent);
      return system.remarkWithEvent(words);
    };
    const all = (...calls: readonly Call[]): Call => {
      assert.ok(utility.batchAll);
      return utility.batchAll([...calls]);
    };
    assert.ok(utility.batch && proxy.addProxy && proxy.proxy && multi.asMulti && system.remark);
    const sign = signing();

    // Each kind of key; a remark without an event; no remark; two; batches that end where they fail, or undo all.
    await hub.addBlock([
      await sign(sr, all(pay(10n), remark(text(1)))),
      await sign(ed, all(remark(text(2)), pay(20n))),
      await sign(ec, all(pay(30n), remark(text(3)))),
      await sign(sr, all(pay(4n), system.remark(text(4)))),
      await sign(ed, pay(5n)),
      await sign(ec, all(pay(6n), remark(text(6)), remark(text(7)))),
      await sign(sr, utility.batch([pay(8n), pay(1_000_000n), remark(text(8))])),
      await sign(ed, all(utility.batch([pay(9n), remark(text(9)), pay(1_000_000n)]))),
      await sign(ec, all(pay(1_000_000n), remark(text(10)))),
    ]);
    // A proxy's, of another kind of key than its owner's; and a multisig's.
    const others = (own: KeyringPair) =>
      sortAddresses([sr, ed].filter((each) => each !== own).map(({ address }) => address));
    const joint = all(pay(11n), remark(text(11)));
    const opaque = joint.method.toHex();
    const weight = 10_000_000_000;
    await hub.addBlock([
      await sign(ec, proxy.addProxy(ed.address, "Any", 0)),
      await sign(ed, proxy.proxy(ec.address, null, all(pay(12n), remark(text(12))))),
      await sign(sr, multi.asMulti(2, others(sr), null, opaque, false, weight)),
    ]);
    const started = await api.query.multisig?.multisigs?.(toHex(multisig), joint.method.hash);
    const timepoint = JSON.parse(String(started)).when;
    const mended = `${text(13)}:2-0`;
    await hub.addBlock([
      await sign(ed, multi.asMulti(2, others(ed), timepoint, opaque, false, weight)),
      await sign(ed, all(pay(1n), remark(mended))),
    ]);

    const { specVersion, metadata } = await hub.metadata();
    const settings: SwapSettings = {
      genesisHash: hub.genesisHash,
      firstHeight: 1n,
      lastHeight: 1000n,
      minimum: UNIT,
      runtimes: [{ specVersion, metadataHash: blake2b256(metadata) }],
      token: asAddress(new Uint8Array(20).fill(0x33)),
      finalityAnchor: ZERO_HASH,
    };
    const created = createReleaseJudge(settings, DOMAIN, [metadata]);
    assert.equal(created.kind, "ok");
    const { judge } = created;
    const parachain = createParachain(jsonRpc(node.url, 30_000));
    const watcher = new Watcher({ parachain, journal, judge: () => judge, log: silentLog });
    while ((await watcher.readNext()).read < BigInt(4));

    const roots = await hub.roots();
    assert.equal(roots.ours, roots.theirs, "the state's root is Substrate's");
    const found: string[] = [];
    for await (const record of journal.deposits()) {
      const { planck, receiver: to, refusal, sender } = record;
      found.push(
        [BigInt(planck) / UNIT, to === undefined ? refusal : BigInt(to), sender.slice(0, 10)].join(" "),
      );
      if (to === undefined) continue;
      // What a prover would sign is what was deposited.
      const block = parseBlockProof(await journal.proof(record.height));
      assert.ok(block);
      const judged = judge.releaseOf({ deposit: { block, eventIndex: record.eventIndex } });
      assert.ok(judged.kind === "release");
      assert.equal(judged.release.planck.toString(), planck);
      assert.equal(toHex(judged.release.receiver), to);
    }
    const who = (account: Uint8Array) => toHex(account).slice(0, 10);
    const [alice, bob, carol] = [
      who(sr.addressRaw),
      who(ed.addressRaw),
      toHex(blake2b256(ec.publicKey)).slice(0, 10),
    ];
    assert.deepEqual(found, [
      `10 1 ${alice}`,
      `20 2 ${bob}`,
      `30 3 ${carol}`,
      `4 no-remark ${alice}`,
      `5 no-remark ${bob}`,
      `6 several-remarks ${carol}`,
      `8 no-remark ${alice}`,
      `9 9 ${bob}`,
      `12 12 ${carol}`,
      `11 11 ${who(multisig)}`,
      `1 13 ${bob}`,
    ]);
  } finally {
    await journal.close();
    await node.stop();
    await hub.stop();
  }
});

it("the chain goes on from its file after a kill, for wallets too, and nothing changes it behind its back", async () => {
  const kept = readFileSync(file, "utf8").trimEnd().split("\n");
  // What a kill has cut off was seen by nobody.
  appendFileSync(file, `{"header":"0x12`);
  const hub = await AssetHub.start({ balances: given, file });
  const node = await hub.serve();
  const api = await ApiPromise.create({
    provider: new WalletNode(node.url.replace("http", "ws")),
    noInitWarn: true,
  });
  try {
    assert.equal(hub.height, kept.length);
    assert.equal(api.genesisHash.toHex(), toHex(hub.genesisHash));
    const head = await api.rpc.chain.getFinalizedHead();
    const pair = new Keyring({ type: "sr25519" }).addFromUri("//Swap");
    const remark = api.tx.system?.remark?.("after the kill");
    assert.ok(remark);
    const included = await new Promise<string>((resolve, reject) => {
      const seen = ({
        status,
      }: {
        readonly status: { readonly isFinalized: boolean; readonly asFinalized: { toHex(): string } };
      }) => {
        if (status.isFinalized) resolve(status.asFinalized.toHex());
      };
      remark.signAndSend(pair, seen).catch(reject);
    });
    const header = await api.rpc.chain.getHeader(included);
    assert.equal(header.parentHash.toHex(), head.toHex());
    assert.equal(hub.height, kept.length + 1);
    const { ours, theirs } = await hub.roots();
    assert.equal(ours, theirs);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    assert.deepEqual(lines.slice(0, -1), kept);

    const ask = jsonRpc(node.url, 30_000);
    for (const [method, params] of [
      ["dev_newBlock", []],
      ["dev_setStorage", [{}]],
      ["chain_subscribeNewHeads", []],
      ["state_getReadProof", [["0x00"], `0x${"11".repeat(32)}`]],
      ["chain_getHeader", [`0x${"11".repeat(32)}`]],
    ] as const)
      await assert.rejects(ask(method, params), method);
    assert.equal(await ask("chain_getBlockHash", [1_000]), null);
  } finally {
    await api.disconnect();
    await node.stop();
    await hub.stop();
  }

  const broken = kept.with(1, kept[0] ?? "");
  writeFileSync(file, `${broken.join("\n")}\n`);
  await assert.rejects(AssetHub.start({ balances: given, file }), (error) =>
    isRollupError(error, "PARACHAIN_FILE_INVALID"),
  );
});
