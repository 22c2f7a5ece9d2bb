import type { L2BlockFacts } from "@phala-l2/derivation/l2-chain-reader";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { ChainHeads } from "../store/chain-store.ts";
import { invalidEngineData } from "./engine-client.ts";
import type { RemoteApi } from "./remote-api.ts";

/**
 * Another engine's heads, and the block from which to derive on.
 *
 * That block is the finalized one. Where the engine knows none, or L1 has not come to finality for long, it is a
 * block whose L1 origin is a sequencing window before the safe block's: all that it could be derived from had
 * been read when the safe block was named, and derivation does not begin days back.
 * Source: specs/protocol/derivation.md "Finding the Sync Starting Point".
 *
 * @throws what a call throws
 */
export async function readHeads(config: RollupConfig, api: RemoteApi): Promise<ChainHeads> {
  const [latest, safe, label] = await Promise.all([
    api.block("latest"),
    api.block("safe"),
    api.block("finalized"),
  ]);
  const finalized = label ?? (await api.block(config.genesis.l2.hash));
  if (latest === undefined || finalized === undefined) throw invalidEngineData("it has no newest block");
  const final = finalized.ref;
  const windowBefore = safe && (await sequencingWindowBefore(config, api, finalized, safe));
  return {
    unsafe: latest.ref,
    finalized: final,
    finalizedFrom: final.l1Origin,
    safe: windowBefore?.ref ?? final,
    // Nobody has told this node from which L1 blocks the engine's heads came: their own origins at least.
    safeDerivedFrom: windowBefore === undefined ? final.l1Origin : (safe?.ref ?? final).l1Origin,
  };
}

/** The newest such block above the finalized one, found by halving; origins never go back along a chain. */
async function sequencingWindowBefore(
  { seqWindowSize }: RollupConfig,
  api: RemoteApi,
  finalized: L2BlockFacts,
  safe: L2BlockFacts,
): Promise<L2BlockFacts | undefined> {
  const newestOrigin = safe.ref.l1Origin.number - seqWindowSize;
  if (finalized.ref.l1Origin.number >= newestOrigin) return undefined;
  let found = finalized;
  let above = safe.ref.number;
  while (above - found.ref.number > 1n) {
    const middle = await api.block((above + found.ref.number) / 2n);
    if (middle === undefined) throw invalidEngineData("a block below its newest is missing");
    if (middle.ref.l1Origin.number <= newestOrigin) found = middle;
    else above = middle.ref.number;
  }
  return found.ref.number > finalized.ref.number ? found : undefined;
}
