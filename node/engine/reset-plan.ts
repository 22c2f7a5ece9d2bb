import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { L1Source } from "../l1/l1-source.ts";
import type { ChainHeads } from "../store/chain-store.ts";

/** What of the chain is looked at, in a store or in another program. */
export type ResetView = {
  heads(): ChainHeads;
  safeHeadAtL1Block(l1Number: bigint): { readonly l1: BlockId; readonly safe: BlockId } | undefined;
  ref(hash: Hash): L2BlockRef | undefined | Promise<L2BlockRef | undefined>;
};

/** Where the heads have to go so that nothing on them depends on L1 blocks that are gone. */
export type ResetPlan = {
  /** The unsafe head that was looked at; blocks may have been put on it since. */
  readonly before: L2BlockRef;
  readonly unsafe: L2BlockRef;
  readonly safe: L2BlockRef;
  readonly safeDerivedFrom: BlockId;
};

/**
 * Compares what the chain rests on with L1 as it is now. Used at each start and after each L1 reorg.
 *
 * The safe head is the newest one recorded for an L1 block that is still canonical: all that it was derived
 * from is that block and its ancestors. Above it stay unsafe blocks whose L1 origins are canonical, or newer
 * than the L1 client knows; derivation will confirm or replace them.
 * Source: specs/protocol/derivation.md "Resetting the Pipeline", "Finding the Sync Starting Point".
 *
 * @throws RollupError ENGINE_FINALIZED_CONFLICT when an L1 block that finality rests on is not canonical;
 * L1_BEHIND when L1's client has only the beginning of what was read before
 */
export async function planReset(store: ResetView, l1: L1Source): Promise<ResetPlan> {
  const { unsafe: before } = store.heads();
  const base = await validSafeHead(store, l1);
  const unsafe = await validUnsafeHead(store, l1, { before, safe: base.safe });
  return { ...base, before, unsafe };
}

type SafePart = Pick<ResetPlan, "safe" | "safeDerivedFrom">;

async function validSafeHead(store: ResetView, l1: L1Source): Promise<SafePart> {
  const { safe, safeDerivedFrom, finalized, finalizedFrom } = store.heads();
  const latest = await l1.head("latest");
  const isShort = latest.number < safeDerivedFrom.number;
  if (isShort && !isOnAnotherBranch(store, latest)) throw behind(safeDerivedFrom.number);
  if (!isShort && (await isCanonical(l1, safeDerivedFrom))) {
    if (finalizedFrom.number > safeDerivedFrom.number) await checkFinalized(store, l1);
    return { safe, safeDerivedFrom };
  }
  const newest = isShort ? latest.number : safeDerivedFrom.number;
  for (let number = newest - 1n; number > finalizedFrom.number; number--) {
    const recorded = store.safeHeadAtL1Block(number);
    if (recorded === undefined) break;
    if (!(await isCanonical(l1, recorded.l1))) continue;
    const ref = await store.ref(recorded.safe.hash);
    if (ref === undefined) break;
    return { safe: ref, safeDerivedFrom: recorded.l1 };
  }
  await checkFinalized(store, l1);
  return { safe: finalized, safeDerivedFrom: finalizedFrom };
}

/**
 * L1's head is below what was read, and is not a block that was read: a branch that is shorter for now has replaced
 * what was read. Otherwise its client only lags, and what was read may well be canonical.
 */
export function isOnAnotherBranch(
  store: Pick<ResetView, "safeHeadAtL1Block">,
  { number, hash }: BlockId,
): boolean {
  const read = store.safeHeadAtL1Block(number);
  return read !== undefined && !bytesEqual(read.l1.hash, hash);
}

async function checkFinalized(store: ResetView, l1: L1Source): Promise<void> {
  const { finalized, finalizedFrom } = store.heads();
  if (!(await isCanonical(l1, finalizedFrom))) throw finalizedConflict(finalized, finalizedFrom);
}

function finalizedConflict(finalized: L2BlockRef, from: BlockId): RollupError<"ENGINE_FINALIZED_CONFLICT"> {
  const message = `L1 no longer has block ${from.number} ${toHex(from.hash)}, by which L2 block ${finalized.number} is final: L1's finality has failed, or the L1 client is on another chain; check the L1 client first, and only if L1 itself reverted, start with an empty folder`;
  return new RollupError("ENGINE_FINALIZED_CONFLICT", message, { data: { finalized, from } });
}

async function validUnsafeHead(
  store: ResetView,
  l1: L1Source,
  { before, safe }: { readonly before: L2BlockRef; readonly safe: L2BlockRef },
): Promise<L2BlockRef> {
  let valid = before;
  let asked: { readonly origin: BlockId; readonly status: OriginStatus } | undefined;
  for (let at = valid; at.number > safe.number; ) {
    // All blocks of an epoch have one origin, and one question is enough.
    if (asked === undefined || !bytesEqual(asked.origin.hash, at.l1Origin.hash)) {
      asked = { origin: at.l1Origin, status: await originStatus(l1, at.l1Origin) };
    }
    // The origins of a block's ancestors are ancestors of its origin, so all below are canonical too.
    if (asked.status === "canonical") return valid;
    const parent = await store.ref(at.parentHash);
    if (parent === undefined) break;
    if (asked.status === "gone") valid = parent;
    at = parent;
  }
  return valid.number > safe.number ? valid : safe;
}

type OriginStatus = "canonical" | "gone" | "ahead";

async function originStatus(l1: L1Source, origin: BlockId): Promise<OriginStatus> {
  const found = await l1.blockRef(origin.number);
  if (found === undefined) return "ahead";
  return bytesEqual(found.hash, origin.hash) ? "canonical" : "gone";
}

async function isCanonical(l1: L1Source, id: BlockId): Promise<boolean> {
  const found = await l1.blockRef(id.number);
  if (found === undefined) throw behind(id.number);
  return bytesEqual(found.hash, id.hash);
}

function behind(number: bigint): RollupError<"L1_BEHIND"> {
  const message = `the L1 client has no block ${number} yet, which this node has read before; waiting for it to catch up`;
  return new RollupError("L1_BEHIND", message, { data: { number } });
}
