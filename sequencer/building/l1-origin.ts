import { FJORD_MAX_SEQUENCER_DRIFT } from "@phala-l2/derivation/rules";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";

export type OriginChoice =
  /** Build on this L1 block. Past the drift only deposits may be in the block. */
  | { readonly kind: "origin"; readonly origin: BlockRef; readonly depositsOnly: boolean }
  /** The parent's origin is no longer on L1's chain: derivation will reset. */
  | { readonly kind: "reorg" }
  /** The next L1 block is needed and not there yet. */
  | { readonly kind: "wait" };

/**
 * Which L1 block the next L2 block takes its attributes from: the next one as soon as its time allows, else the
 * parent's again, and never an origin that the block would outrun by more than the drift while a newer exists.
 * Source: specs/protocol/derivation.md, "Deriving Payload Attributes" and the batch rules on drift.
 *
 * `current` is L1's canonical block at the parent's origin number, `next` the one after it when it has enough
 * confirmations.
 */
export function chooseOrigin(
  config: Pick<RollupConfig, "blockTime">,
  parent: L2BlockRef,
  current: BlockRef,
  next: BlockRef | undefined,
): OriginChoice {
  if (!bytesEqual(current.hash, parent.l1Origin.hash)) return { kind: "reorg" };
  const timestamp = parent.timestamp + config.blockTime;
  if (next !== undefined) {
    if (!bytesEqual(next.parentHash, current.hash)) return { kind: "reorg" };
    if (timestamp >= next.timestamp)
      return { kind: "origin", origin: next, depositsOnly: drifted(timestamp, next) };
  }
  const depositsOnly = drifted(timestamp, current);
  if (depositsOnly && next === undefined) return { kind: "wait" };
  return { kind: "origin", origin: current, depositsOnly };
}

function drifted(timestamp: bigint, origin: BlockRef): boolean {
  return timestamp > origin.timestamp + FJORD_MAX_SEQUENCER_DRIFT;
}
