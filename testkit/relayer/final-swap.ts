import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFinalityFile, withHandOver, writeFinalityFile } from "@phala-l2/bridge/finality/finality-file";
import { followedTo, handOversSince } from "@phala-l2/bridge/finality/follow";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { depositKey, Journal } from "@phala-l2/bridge/relayer/journal";
import { relayerSettings, startRelayer } from "@phala-l2/bridge/relayer/main";
import { type SwapStatus, swapStatus } from "@phala-l2/bridge/relayer/status";
import { createSubstrateNode } from "@phala-l2/bridge/substrate/node";
import { asHash, toHex } from "@phala-l2/protocol/bytes";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { silentLog } from "@phala-l2/protocol/log";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import {
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { devnetAccount, ROLES } from "../devnet/accounts.ts";
import { type RelayChainServer, startDangerouslySimulatedRelayChain } from "../relay-chain/start.ts";
import { until } from "../system/wait.ts";
import { serveDesk } from "./desk-prover.ts";
import { SMALL_PARA_ID, SmallParachain } from "./small-parachain.ts";
import { type SwapL1, type SwapWorld, startSwap } from "./swap-world.ts";

/** What became of two deposits, one of them in a block that the relay chain was late with. */
export type FinalSwapReport = {
  readonly paid: bigint;
  readonly count: number;
  /** What the deposits waited for before they were final. */
  readonly waited: readonly (string | undefined)[];
  /** Proofs in the journal: while the deposit was open, and after L1 had paid for good. */
  readonly journaled: readonly string[];
};

const PHA = 10n ** 12n;
/** The simulated relay chain takes heads when the test says so. */
const NEVER_MS = 3_600_000;

const sender = asHash(new Uint8Array(32).fill(4));
const receiver = (n: number) => `0x${n.toString(16).padStart(40, "0")}`;
const remark = (n: number) => `pha-swap:v1:900:${receiver(n)}`;

type Stage = {
  readonly l1: SwapL1;
  readonly folder: string;
  readonly parachain: SmallParachain;
  readonly parachainUrl: string;
  readonly relay: RelayChainServer;
  readonly finality: string;
  readonly world: SwapWorld;
};

async function startRelaying({ folder, parachainUrl, relay, world }: Stage, withRelayChain = true) {
  const resolved = resolveSettings(relayerSettings, {
    flags: {},
    environment: {},
    file: {
      swap: world.swapFile,
      parachainUrl,
      ...(withRelayChain && { relayChainUrl: relay.url }),
      l1RpcUrl: world.anvil.url,
      proverUrls: world.provers.map(({ url }) => url),
      account: `dev:${ROLES.smoke}`,
      dataDir: folder,
      resubmitAfter: 2,
      pollInterval: 0.05,
    },
  });
  assert.equal(resolved.kind, "ok");
  return startRelayer(resolved.settings, { account: devnetAccount(ROLES.smoke), log: silentLog });
}

async function statusOf(port: number): Promise<SwapStatus> {
  const status: SwapStatus = JSON.parse(await (await fetch(`http://127.0.0.1:${port}/status`)).text());
  return status;
}

/** As `l2 finality follow` beside a prover. */
async function follow({ relay, finality }: Stage): Promise<void> {
  const node = createSubstrateNode(jsonRpc(relay.url, 5_000), "relay-chain");
  const [chain] = readFinalityFile(finality);
  assert.ok(chain);
  const { set, after = 0n } = followedTo(chain);
  for await (const { handOver } of handOversSince(node, { set, after })) {
    writeFinalityFile(finality, withHandOver(readFinalityFile(finality), toHex(relay.anchor), handOver));
  }
}

/** What a resting relayer has in its folder of the first deposit's finality. */
async function journaledIn(folder: string): Promise<string> {
  const journal = await Journal.open(join(folder, "journal"));
  try {
    const { deposits } = await swapStatus(journal, {});
    const [first] = deposits;
    const found = first && (await journal.finality(depositKey(first)));
    return found === undefined ? "none" : `by ${found.by.height}`;
  } finally {
    await journal.close();
  }
}

async function play(stage: Stage): Promise<FinalSwapReport> {
  const { folder, parachain, relay, world } = stage;
  await assert.rejects(startRelaying(stage, false), { code: "RELAYER_SETTINGS" });
  const paidTo = async (n: number) => (await world.payments()).byReceiver.get(receiver(n)) ?? 0n;
  const deposit = (n: number) =>
    parachain.addBlock([{ from: sender, to: world.account, planck: BigInt(n) * PHA, remarks: [remark(n)] }]);
  const include = () => relay.chain.addBlock(encodeHeader(parachain.newest.header));

  // Not final on the relay chain: nothing is asked for. Then final by a set that provers do not know of yet.
  let relayer = await startRelaying(stage);
  deposit(1);
  const waiting = async () => (await statusOf(relayer.healthPort)).deposits[0]?.waitsFor?.what;
  await until(async () => (await waiting()) === "finality", { what: "the deposit waits for finality" });
  const waited = [await waiting()];
  relay.chain.handOver();
  include();
  await until(async () => (await waiting()) === "signatures", {
    what: "provers refuse what they can not know",
  });
  await relayer.stop();
  const journaled = [await journaledIn(folder)];

  // Later blocks stand above it; what was written down before the rest does still.
  await follow(stage);
  deposit(2);
  include();
  relayer = await startRelaying(stage);
  try {
    await until(async () => (await paidTo(1)) > 0n && (await paidTo(2)) > 0n, {
      what: "both are paid",
      timeoutMs: 60_000,
    });
    await world.l1.mine({ blocks: 20 });
    await until(
      async () => (await statusOf(relayer.healthPort)).deposits.every(({ stage: at }) => at === "final"),
      { what: "both payments are final" },
    );
  } finally {
    await relayer.stop();
  }
  journaled.push(await journaledIn(folder));
  const { byReceiver, count } = await world.payments();
  return { paid: [...byReceiver.values()].reduce((sum, wei) => sum + wei, 0n), count, waited, journaled };
}

/**
 * A swap whose settings have the anchor of a simulated relay chain, and provers without a parachain node: their real RPC, desk and
 * statements take deposits by what the relayer collects, or not at all.
 */
export async function relayWithFinality(l1: SwapL1): Promise<FinalSwapReport> {
  const folder = mkdtempSync(join(tmpdir(), "relayer-finality-"));
  const finality = join(folder, "finality.json");
  const parachain = new SmallParachain();
  const node = await parachain.serve();
  const relay = await startDangerouslySimulatedRelayChain({
    parachainUrl: node.url,
    paraId: SMALL_PARA_ID,
    pollMs: NEVER_MS,
  });
  writeFinalityFile(finality, [relay.source]);
  let world: SwapWorld | undefined;
  try {
    world = await startSwap(l1, folder, {
      genesisHash: parachain.genesisHash,
      runtimes: [
        { specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH, metadata: SMALL_METADATA },
      ],
      perDay: 10n ** 21n,
      funded: 10n ** 21n,
      minimum: PHA,
      lastHeight: 1000n,
      finalityAnchor: relay.anchor,
      serve: (key, swap) => serveDesk(key, { swap, finality }),
    });
    return await play({ l1, folder, parachain, parachainUrl: node.url, relay, finality, world });
  } finally {
    await world?.stop();
    await relay.stop();
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
