import { bytesEqual, EMPTY_BYTES } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { SpanBatch } from "@phala-l2/protocol/wire/span-batch";
import { DEPOSIT_TYPE } from "@phala-l2/protocol/wire/transaction";
import { ACCEPT, type BatchContext, drop, type Verdict } from "./batch-validity.ts";
import type { L2BlockFacts, L2ChainReader } from "./l2-chain-reader.ts";

type Parent = { readonly kind: "parent"; readonly ref: L2BlockRef };

/**
 * Judges a span batch before singular batches are taken from it: where it starts and ends, its parent and its
 * last L1 origin. What is inside its new blocks is judged block by block.
 * Source: specs/protocol/holocene/derivation.md "Span Batches", delta/span-batches.md "Batch Queue".
 *
 * Blocks at or below the safe head must equal the safe chain. The Holocene page does not repeat this rule of
 * delta/span-batches.md ("overlapped blocks"), and op-node and kona did not apply it under Holocene until 2026;
 * without it the tail of a replaced branch could be put on top of another one.
 */
export function checkSpanBatch(context: BatchContext, span: SpanBatch, chain: L2ChainReader): Verdict {
  const { config, parent: safeHead } = context;
  const nextTimestamp = safeHead.timestamp + config.blockTime;
  const [start, end] = [span.blocks[0], span.blocks.at(-1)];
  if (start === undefined || end === undefined) return drop("epoch-unknown");
  // Holocene: span_start.timestamp > next_timestamp -> drop (no gaps).
  if (start.timestamp > nextTimestamp) return drop("batch-future");
  // Holocene: span_end.timestamp < next_timestamp -> past.
  if (end.timestamp < nextTimestamp) return { kind: "past", reason: "batch-past" };
  const parent = parentOfSpan(context, start.timestamp, chain);
  if (parent.kind !== "parent") return parent;
  return checkOrigins(context, span, parent.ref) ?? checkOverlap(context, span, parent.ref, chain) ?? ACCEPT;
}

/** The block that the span builds on: the safe head, or one below it when the span overlaps the safe chain. */
function parentOfSpan(context: BatchContext, start: bigint, chain: L2ChainReader): Parent | Verdict {
  const { config, parent: safeHead } = context;
  if (start === safeHead.timestamp + config.blockTime) return { kind: "parent", ref: safeHead };
  // delta/span-batches.md: not aligned with the safe chain's blocks -> drop.
  if (start > safeHead.timestamp) return drop("timestamp-misaligned");
  const behind = safeHead.timestamp - start;
  if (behind % config.blockTime !== 0n) return drop("timestamp-misaligned");
  const number = safeHead.number - behind / config.blockTime - 1n;
  if (number < config.genesis.l2.number) return { kind: "undecided", reason: "overlap-before-genesis" };
  return { kind: "parent", ref: safeBlock(chain, number).ref };
}

function checkOrigins(context: BatchContext, span: SpanBatch, parent: L2BlockRef): Verdict | undefined {
  const { config, epochs, inclusion } = context;
  const startEpoch = span.blocks[0]?.epochNumber ?? 0n;
  const endEpoch = span.blocks.at(-1)?.epochNumber ?? 0n;
  // Holocene: a failed parent check -> drop.
  if (!hasPrefix(parent.hash, span.parentCheck)) return drop("parent-mismatch");
  // delta/span-batches.md: start_epoch_num + sequence_window_size < inclusion_block_number -> drop.
  if (startEpoch + config.seqWindowSize < inclusion) return drop("sequencing-window-expired");
  // delta/span-batches.md: start_epoch_num > parent's origin + 1 -> drop.
  if (startEpoch > parent.l1Origin.number + 1n) return drop("epoch-too-new");
  // Holocene: the L1 origin check must be on the canonical L1 chain. Where its epoch is not at hand nothing can
  // be said, and the span goes without its channel.
  const end = epochs.find(({ ref }) => ref.number === endEpoch);
  if (end === undefined) return { kind: "undecided", reason: "epoch-unknown" };
  if (!hasPrefix(end.ref.hash, span.l1OriginCheck)) return drop("epoch-hash-mismatch");
  // delta/span-batches.md: start_epoch_num < parent's origin -> drop.
  return startEpoch < parent.l1Origin.number ? drop("epoch-too-old") : undefined;
}

/** delta/span-batches.md: each overlapped block has the safe block's transactions and epoch -> otherwise drop. */
function checkOverlap(
  context: BatchContext,
  span: SpanBatch,
  parent: L2BlockRef,
  chain: L2ChainReader,
): Verdict | undefined {
  const overlapped = Number(context.parent.number - parent.number);
  for (const [index, block] of span.blocks.slice(0, overlapped).entries()) {
    const safe = safeBlock(chain, parent.number + 1n + BigInt(index));
    const sequenced = safe.transactions.filter(([type]) => type !== DEPOSIT_TYPE);
    const equal =
      safe.ref.l1Origin.number === block.epochNumber && sameTransactions(sequenced, block.transactions);
    if (!equal) return drop("overlap-mismatch");
  }
  return undefined;
}

function sameTransactions(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, i) => bytesEqual(bytes, b[i] ?? EMPTY_BYTES));
}

function hasPrefix(hash: Uint8Array, check: Uint8Array): boolean {
  return bytesEqual(hash.subarray(0, check.length), check);
}

/** @throws RollupError L2_BLOCK_MISSING: to guess would let two honest nodes derive different chains */
function safeBlock(chain: L2ChainReader, number: bigint): L2BlockFacts {
  const block = chain.block(number);
  if (block !== undefined) return block;
  throw new RollupError("L2_BLOCK_MISSING", `safe L2 block ${number} is needed to judge a span batch`, {
    data: { number },
  });
}
