import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { ChainStore } from "../store/chain-store.ts";
import type { BranchReader } from "./branch.ts";

/** The heads as a consensus client names them; undefined leaves a head where it is. */
export type Forkchoice = {
  readonly head: Hash;
  readonly safe: Hash | undefined;
  readonly finalized: Hash | undefined;
};

/** The way to the heads that a forkchoice names. */
export type ForkchoicePlan = {
  readonly kind: "plan";
  /** The newest canonical block that is an ancestor of the head, or the head itself. */
  readonly base: L2BlockRef;
  /** Blocks to put on it, oldest first; the last is the head. */
  readonly branch: readonly L2BlockRef[];
  readonly head: L2BlockRef;
  readonly safe: L2BlockRef;
  readonly finalized: L2BlockRef;
};

export type Planning =
  | ForkchoicePlan
  /** The head, or a block between it and the canonical chain, is not here. */
  | { readonly kind: "syncing" }
  | { readonly kind: "refused"; readonly reason: string };

type Line = Pick<ForkchoicePlan, "base" | "branch" | "head">;

/**
 * Finds the way from the canonical chain to a forkchoice, or why there is none. It reads only.
 *
 * The safe and the finalized block must be on the head's chain, finalized not above safe. What is final stays
 * final: an older finalized block is let pass and changes nothing, a head that does not descend from the
 * finalized block is refused.
 * Source: execution-apis paris.md "engine_forkchoiceUpdatedV1", point 6.
 */
export function planForkchoice(
  store: ChainStore,
  branch: BranchReader,
  { head, safe, finalized }: Forkchoice,
): Planning {
  const line = findLine(store, branch, head);
  if (line.kind !== "line") return line;
  const current = store.heads();
  const finalizedRef = finalized === undefined ? current.finalized : onLine(store, line, branch, finalized);
  if (finalizedRef === undefined) return refused("the finalized block is not on the head's chain");
  const safeRef = safe === undefined ? keptSafe(current.safe, line) : onLine(store, line, branch, safe);
  if (safeRef === undefined) return refused("the safe block is not on the head's chain");
  const stays = finalizedRef.number < current.finalized.number;
  const finalizedNow = stays ? current.finalized : finalizedRef;
  if (safeRef.number < finalizedNow.number) return refused("the safe block is below the finalized block");
  const { base, branch: blocks, head: headRef } = line;
  return { kind: "plan", base, branch: blocks, head: headRef, safe: safeRef, finalized: finalizedNow };
}

function refused(reason: string): { readonly kind: "refused"; readonly reason: string } {
  return { kind: "refused", reason };
}

/** Walks from the head down to the canonical chain. */
function findLine(
  store: ChainStore,
  branch: BranchReader,
  head: Hash,
): (Line & { readonly kind: "line" }) | Exclude<Planning, ForkchoicePlan> {
  const { finalized } = store.heads();
  const headRef = branch.ref(head);
  if (headRef === undefined) return { kind: "syncing" };
  const blocks: L2BlockRef[] = [];
  for (let at = headRef; ; ) {
    if (isCanonical(store, at)) {
      if (at.number < finalized.number) return refused(`the head would take back ${describe(finalized)}`);
      return { kind: "line", base: at, branch: blocks.toReversed(), head: headRef };
    }
    if (at.number <= finalized.number)
      return refused(`the head does not descend from ${describe(finalized)}`);
    blocks.push(at);
    const parent = branch.ref(at.parentHash);
    if (parent === undefined) return { kind: "syncing" };
    at = parent;
  }
}

function describe({ number, hash }: L2BlockRef): string {
  return `the finalized block ${number} ${toHex(hash)}`;
}

function isCanonical(store: ChainStore, { number, hash }: L2BlockRef): boolean {
  const canonical = store.hashByNumber(number);
  return canonical !== undefined && bytesEqual(canonical, hash);
}

/** The block, if the head's chain has it. */
function onLine(
  store: ChainStore,
  { base, branch }: Line,
  reader: BranchReader,
  hash: Hash,
): L2BlockRef | undefined {
  const onBranch = branch.find((ref) => bytesEqual(ref.hash, hash));
  if (onBranch !== undefined) return onBranch;
  const ref = reader.ref(hash);
  return ref !== undefined && ref.number <= base.number && isCanonical(store, ref) ? ref : undefined;
}

/** A safe head that nobody names stays, as far as the new chain has it. */
function keptSafe(safe: L2BlockRef, { base }: Line): L2BlockRef {
  return safe.number <= base.number ? safe : base;
}
