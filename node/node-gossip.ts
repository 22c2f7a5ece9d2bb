import { join } from "node:path";
import { toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type Block, decodeBlock } from "@phala-l2/protocol/wire/block";
import type { Clock } from "./clock.ts";
import { createUnsafeFollower, type FetchBlock, type FollowedEngine } from "./engine/unsafe-follower.ts";
import { type Gossip, startGossip } from "./gossip/gossip.ts";
import { loadPeerKey } from "./gossip/peer-key.ts";
import type { ReadBlock } from "./gossip/sync/payload-server.ts";
import { createJsonRpcClient } from "./l1/json-rpc.ts";
import { bytesOfHex } from "./l1/rpc-fields.ts";
import type { RpcL1Source } from "./l1/rpc-source.ts";
import { followUnsafeBlockSigner, type UnsafeBlockSigner } from "./l1/unsafe-block-signer.ts";
import type { L1Watch } from "./l1/watch.ts";

export type P2pOptions = { readonly listen: readonly string[]; readonly peers: readonly string[] };

export type GossipOptions = {
  readonly p2p: P2pOptions | undefined;
  readonly dataDir: string;
  readonly sequencerUrl: string | undefined;
};

export type GossipCore = {
  readonly config: RollupConfig;
  readonly engine: FollowedEngine;
  readonly l1: RpcL1Source;
  readonly watch: L1Watch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Canonical blocks up to the unsafe head, for peers that missed them. */
  readonly readBlock: ReadBlock;
};

/** For one block from the sequencer's RPC. */
const BACKFILL_TIMEOUT_MS = 5000;

/** Gossip whose blocks go to the engine, when there are addresses to listen on; `stops` gets what ends its parts. */
export async function startNodeGossip(
  { p2p, dataDir, sequencerUrl }: GossipOptions,
  core: GossipCore,
  log: Log,
  stops: (() => Promise<void>)[],
): Promise<Gossip | undefined> {
  if (p2p === undefined) return undefined;
  const { config, watch, l1, engine, clock } = core;
  const readSlot = l1.provenSlot.bind(l1);
  const signer: UnsafeBlockSigner = await followUnsafeBlockSigner(config, { watch, readSlot, log });
  stops.push(async () => signer.stop());
  const fromSequencer = sequencerUrl === undefined ? undefined : fetchBlockFrom(sequencerUrl, core, log);
  // The follower takes what gossip brings, and asks gossip's peers for what is missing.
  let gossip: Gossip | undefined;
  const fetchBlock: FetchBlock = async (hash, number) =>
    (await fromSequencer?.(hash, number)) ?? gossip?.fetchBlock(hash, number);
  const follower = createUnsafeFollower({ engine, fetchBlock, log });
  stops.push(() => follower.stop());
  const privateKey = await loadPeerKey(join(dataDir, "peer-key"));
  const started = await startGossip(
    { ...p2p, privateKey, config, signer: signer.current },
    {
      log,
      now: clock.now,
      onBlock: (block) => follower.offer(block),
      readBlock: core.readBlock,
    },
  );
  gossip = started;
  stops.push(() => started.stop());
  return started;
}

/** Blocks from another node's RPC; the follower checks them by hash. */
function fetchBlockFrom(url: string, { clock, signal }: GossipCore, log: Log): FetchBlock {
  const fetchOver = { fetch: (to: string, init: RequestInit) => fetch(to, init), clock, log, signal };
  const client = createJsonRpcClient({ urls: [url], timeoutMs: BACKFILL_TIMEOUT_MS, rounds: 1 }, fetchOver);
  return async (hash) => {
    try {
      return await client.call("debug_getRawBlock", [toHex(hash)], readRawBlock);
    } catch (error) {
      if (isRollupError(error)) return undefined;
      throw error;
    }
  };
}

function readRawBlock(result: unknown): Block | undefined {
  const bytes = bytesOfHex(result);
  const decoded = bytes && decodeBlock(bytes);
  return decoded?.kind === "ok" ? decoded.block : undefined;
}
