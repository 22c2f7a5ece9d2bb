import { bytesEqual } from "@phala-l2/protocol/bytes";
import {
  FORKS,
  isActivationBlock,
  isActive,
  type L2BlockRef,
  type RollupConfig,
} from "@phala-l2/protocol/config/rollup";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { POST_EXEC_TYPE } from "@phala-l2/protocol/wire/span-batch/transaction-data";
import { DEPOSIT_TYPE, SET_CODE_TYPE } from "@phala-l2/protocol/wire/transaction";
import type { L1Epoch } from "./epoch.ts";
import { maxSequencerDrift } from "./rules.ts";

/**
 * Holocene's outcomes: `past` goes without a trace; `drop` takes the rest of its span batch and channel along;
 * `undecided` (span batches only) goes alone, as op-node and kona do it.
 */
export type Verdict =
  | { readonly kind: "accept" }
  | { readonly kind: "past"; readonly reason: BatchReason }
  | { readonly kind: "drop"; readonly reason: BatchReason }
  | { readonly kind: "undecided"; readonly reason: BatchReason };

export type BatchReason =
  | "batch-past"
  | "batch-future"
  | "parent-mismatch"
  | "sequencing-window-expired"
  | "epoch-too-old"
  | "epoch-too-new"
  | "epoch-hash-mismatch"
  | "timestamp-before-epoch"
  | "sequencer-drift-exceeded"
  | "next-epoch-not-adopted"
  | "transaction-empty"
  | "transaction-is-deposit"
  | "transaction-type-inactive"
  | "transactions-in-activation-block"
  | "timestamp-misaligned"
  | "overlap-before-genesis"
  | "epoch-unknown"
  | "overlap-mismatch";

/** What a batch is judged against. */
export type BatchContext = {
  readonly config: RollupConfig;
  /** Consecutive L1 blocks up to the one being read; the first is the safe head's epoch, or the one after it. */
  readonly epochs: readonly L1Epoch[];
  /** The safe head. */
  readonly parent: L2BlockRef;
  /** Number of the L1 block that completed the batch's channel. */
  readonly inclusion: bigint;
};

export const ACCEPT: Verdict = { kind: "accept" };

export function drop(reason: BatchReason): Verdict {
  return { kind: "drop", reason };
}

/**
 * Judges a singular batch as the block right after the safe head. The checks stand in the order of
 * specs/protocol/derivation.md "Batch Queue", with the changes of holocene/derivation.md "Batch Queue" (`past`
 * is silent, `future` is dropped).
 */
export function checkSingularBatch(context: BatchContext, batch: SingularBatch): Verdict {
  const { config, parent, inclusion } = context;
  const nextTimestamp = parent.timestamp + config.blockTime;
  // derivation.md: batch.timestamp > next_timestamp -> future; Holocene: future -> drop.
  if (batch.timestamp > nextTimestamp) return drop("batch-future");
  // Holocene: at or before the safe head -> past.
  if (batch.timestamp < nextTimestamp) return { kind: "past", reason: "batch-past" };
  // derivation.md: batch.parent_hash != safe_l2_head.hash -> drop.
  if (!bytesEqual(batch.parentHash, parent.hash)) return drop("parent-mismatch");
  // derivation.md: batch.epoch_num + sequence_window_size < inclusion_block_number -> drop.
  if (batch.epochNumber + config.seqWindowSize < inclusion) return drop("sequencing-window-expired");
  return checkEpoch(context, batch) ?? checkTransactions(config, batch) ?? ACCEPT;
}

function checkEpoch(context: BatchContext, batch: SingularBatch): Verdict | undefined {
  const { config, epochs, parent } = context;
  const [first, second] = epochs;
  // derivation.md: batch.epoch_num < epoch.number -> drop.
  if (first === undefined || batch.epochNumber < first.ref.number) return drop("epoch-too-old");
  // derivation.md: batch.epoch_num > epoch.number + 1 -> drop, `epoch` being the safe head's L1 origin.
  const epoch = epochs.find(({ ref }) => ref.number === batch.epochNumber);
  if (epoch === undefined || epoch.ref.number > parent.l1Origin.number + 1n) return drop("epoch-too-new");
  // derivation.md: batch.epoch_hash != batch_origin.hash -> drop.
  if (!bytesEqual(batch.epochHash, epoch.ref.hash)) return drop("epoch-hash-mismatch");
  // derivation.md: batch.timestamp < batch_origin.time -> drop.
  if (batch.timestamp < epoch.ref.timestamp) return drop("timestamp-before-epoch");
  // derivation.md: batch.timestamp > batch_origin.time + max_sequencer_drift: enforce the drift.
  const latest = epoch.ref.timestamp + maxSequencerDrift(config, epoch.ref.timestamp);
  if (batch.timestamp <= latest) return undefined;
  if (batch.transactions.length > 0) return drop("sequencer-drift-exceeded");
  // An empty batch may exceed it, but not by staying in an epoch whose successor it could have adopted.
  const staysInEpoch = epoch === first;
  if (staysInEpoch && second !== undefined && batch.timestamp >= second.ref.timestamp) {
    return drop("next-epoch-not-adopted");
  }
  return undefined;
}

/**
 * Forks whose first block has deposits only. An older fork's text asks that of the sequencer alone, and no batch
 * is dropped for it (op-node, kona).
 */
const DEPOSITS_ONLY_FROM = FORKS.slice(FORKS.indexOf("jovian"));

/**
 * derivation.md: an empty transaction or a deposit among the batch's transactions -> drop; isthmus/derivation.md:
 * type 4 only once Isthmus is active; jovian/derivation.md "Activation Block Rules": the first block of Jovian, or
 * of a later fork, has deposits only; lagoon/post-exec.md: no type 0x7d before Lagoon, a fork that is not known here. Whether a transaction decodes is for execution to find.
 */
function checkTransactions(config: RollupConfig, batch: SingularBatch): Verdict | undefined {
  const { timestamp, transactions } = batch;
  if (
    transactions.length > 0 &&
    DEPOSITS_ONLY_FROM.some((fork) => isActivationBlock(config, fork, timestamp))
  ) {
    return drop("transactions-in-activation-block");
  }
  const setCodeAllowed = isActive(config, "isthmus", timestamp);
  for (const [type] of transactions) {
    if (type === undefined) return drop("transaction-empty");
    if (type === DEPOSIT_TYPE) return drop("transaction-is-deposit");
    if (type === SET_CODE_TYPE && !setCodeAllowed) return drop("transaction-type-inactive");
    if (type === POST_EXEC_TYPE) return drop("transaction-type-inactive");
  }
  return undefined;
}
