import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFinalityFile } from "@phala-l2/bridge/finality/finality-file";
import { swapStatusIn } from "@phala-l2/bridge/relayer/status";
import { asHash, type Hash } from "@phala-l2/protocol/bytes";
import {
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { WEI_PER_PLANCK } from "@phala-l2/protocol/swap-release";
import { ROLES } from "../devnet/accounts.ts";
import { type RelayChainServer, startDangerouslySimulatedRelayChain } from "../relay-chain/start.ts";
import { PartProcess } from "../system/part-process.ts";
import type { PartSettings } from "../system/part-settings.ts";
import { until } from "../system/wait.ts";
import { serveDesk } from "./desk-prover.ts";
import { SMALL_PARA_ID, type SmallExtrinsic, SmallParachain } from "./small-parachain.ts";
import { type SwapL1, type SwapWorld, startSwap } from "./swap-world.ts";

export type KillOptions = {
  readonly kills: number;
  readonly seed: number;
  readonly onKill?: (kill: number) => void;
};

export type KillReport = {
  readonly kills: number;
  readonly deposits: number;
  readonly refused: number;
  /** Planck that were owed, and wei that L1 paid for them. */
  readonly planck: string;
  readonly paidWei: string;
  /** Payments that L1 made, and transactions that it reverted. */
  readonly payments: number;
  readonly reverted: number;
  readonly seconds: number;
};

const PHA = 10n ** 12n;
/** A relayer works this long at most before it is killed; one of four is killed while it still loads. */
const LONGEST_LIFE_MS = 800;
/** L1 takes a little while for each block, so that kills meet transactions that no block has. */
const L1_BLOCK_MS = 150;
/** So does the relay chain for each parachain block that it makes final, so that kills meet deposits that are not. */
const RELAY_BLOCK_MS = 150;
/** Every deposit fits: what is tested here is the journal, not the limit. */
const PLENTY = 10n ** 26n;
const SENDERS = 7;

/** Pseudo-random numbers, the same for a seed: mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const receiverOf = (number: number) => `0x${(0x1000 + number).toString(16).padStart(40, "0")}`;
const senderOf = (number: number): Hash => asHash(new Uint8Array(32).fill(1 + (number % SENDERS)));

/** What L1 owes for what was put on the parachain. */
type Ledger = { readonly owed: Map<string, bigint>; deposits: number; refused: number };

/** A deposit by its number: most are good, each fifth has something wrong. */
function makeDeposit(
  number: number,
  to: Hash,
  random: (below: number) => number,
  ledger: Ledger,
): SmallExtrinsic {
  const planck = PHA + BigInt(random(2 ** 31)) * 1000n + BigInt(random(1000));
  const text = `pha-swap:v1:900:${receiverOf(number)}`;
  const from = senderOf(number);
  ledger.deposits += 1;
  const wrong = random(5);
  if (wrong === 0) {
    ledger.refused += 1;
    const remarks = [[], [text, text], ["hello"], [text.replace("900", "1")]][random(4)] ?? [];
    return { from, to, planck, remarks };
  }
  ledger.owed.set(receiverOf(number), planck);
  return { from, to, planck, remarks: [text] };
}

/** Provers sign what the relayer shows to be final, as in a swap that holds value. */
function startWorld(
  l1: SwapL1,
  folder: string,
  { genesisHash }: SmallParachain,
  { source, anchor }: RelayChainServer,
): Promise<SwapWorld> {
  const finality = join(folder, "finality.json");
  writeFinalityFile(finality, [source]);
  const runtime = { specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH };
  return startSwap(l1, folder, {
    genesisHash,
    runtimes: [{ ...runtime, metadata: SMALL_METADATA }],
    perDay: PLENTY,
    funded: 10n ** 22n,
    minimum: PHA,
    lastHeight: 1_000_000n,
    finalityAnchor: anchor,
    serve: (key, swap) => serveDesk(key, { swap, finality }),
  });
}

/** Starts the relayer and kills it at a random moment, which may be before it is ready. */
async function liveAndDie(relayer: PartProcess, settings: PartSettings, random: (below: number) => number) {
  let isKilled = false;
  const starting = relayer.start(settings).catch((error) => {
    if (!isKilled) throw error;
  });
  if (random(4) > 0) await starting;
  await sleep(random(LONGEST_LIFE_MS));
  isKilled = true;
  await relayer.kill();
  await starting;
}

/**
 * Kills the relayer at random moments, while deposits come in, and starts it again each time; then lets it finish. What L1
 * paid has to be what was deposited: to each receiver, exactly, once.
 */
export async function killRelayer(l1: SwapL1, { kills, seed, onKill }: KillOptions): Promise<KillReport> {
  const started = performance.now();
  const random = randomOf(seed);
  const folder = mkdtempSync(join(tmpdir(), "relayer-kill-"));
  const parachain = new SmallParachain();
  const node = await parachain.serve();
  const relay = await startDangerouslySimulatedRelayChain({
    parachainUrl: node.url,
    paraId: SMALL_PARA_ID,
    pollMs: RELAY_BLOCK_MS,
  });
  const world = await startWorld(l1, folder, parachain, relay);
  const relayer = new PartProcess("relayer", folder);
  const settings = {
    swap: world.swapFile,
    parachainUrl: node.url,
    relayChainUrl: relay.url,
    l1RpcUrl: world.anvil.url,
    proverUrls: world.provers.map(({ url }) => url),
    account: `dev:${ROLES.smoke}`,
    dataDir: folder,
    resubmitAfter: 2,
    pollInterval: 0.02,
  };
  const ledger: Ledger = { owed: new Map(), deposits: 0, refused: 0 };
  const addDeposits = () => {
    const count = 1 + random(3);
    const made = Array.from({ length: count }, () =>
      makeDeposit(ledger.deposits, world.account, random, ledger),
    );
    parachain.addBlock([]);
    parachain.addBlock(made);
  };
  let mining: NodeJS.Timeout | undefined;
  try {
    await world.l1.setAutomine(false);
    mining = setInterval(() => void world.l1.mine({ blocks: 1 }).catch(() => {}), L1_BLOCK_MS);
    for (let kill = 1; kill <= kills; kill++) {
      addDeposits();
      await liveAndDie(relayer, settings, random);
      onKill?.(kill);
    }
    await relayer.start(settings);
    await until(async () => (await world.payments()).byReceiver.size >= ledger.owed.size, {
      what: "all deposits are paid",
      timeoutMs: 120_000 + kills * 2_000,
    });
    await relayer.stop();
    const { byReceiver, count } = await world.payments();
    for (const [receiver, planck] of ledger.owed) {
      assert.equal(byReceiver.get(receiver), planck * WEI_PER_PLANCK, `paid exactly: ${receiver}`);
    }
    assert.equal(byReceiver.size, ledger.owed.size, "nobody else is paid");
    const status = await swapStatusIn(join(folder, "journal"), {});
    assert.equal(status.deposits.length, Math.min(ledger.deposits, 1000), "each deposit is in the journal");
    const total = [...ledger.owed.values()].reduce((sum, planck) => sum + planck, 0n);
    const paid = [...byReceiver.values()].reduce((sum, wei) => sum + wei, 0n);
    assert.equal(paid, total * WEI_PER_PLANCK);
    return {
      kills,
      deposits: ledger.deposits,
      refused: ledger.refused,
      planck: total.toString(),
      paidWei: paid.toString(),
      payments: count,
      reverted: await world.revertedBy(ROLES.smoke),
      seconds: Math.round((performance.now() - started) / 100) / 10,
    };
  } finally {
    clearInterval(mining);
    await world.l1.setAutomine(true);
    await relayer.kill();
    await relay.stop();
    await node.stop();
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
