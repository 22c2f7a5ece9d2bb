import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { Block } from "@phala-l2/protocol/wire/block";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import type { TransactionRejection } from "../transaction/rejection.ts";
import { type AttributesFault, attributesFault, attributesOfBlock } from "./attributes.ts";
import { type OpenBlock, type OpenBlockInput, openBlock } from "./open-block.ts";
import type { SealedBlock } from "./sealed-block.ts";

/** Why a payload is no block. `transaction` is the index of the one that was rejected. */
export type InvalidPayload = {
  readonly kind: "invalid";
  readonly reason: TransactionRejection | AttributesFault;
  readonly transaction?: number;
  readonly detail?: string;
};

export type Opening = { readonly kind: "open"; readonly block: OpenBlock } | InvalidPayload;

/**
 * Starts a block and applies the attributes' transactions, which must all be valid. A sequencer goes on with
 * transactions of its pool.
 */
export async function openWithAttributes(input: OpenBlockInput): Promise<Opening> {
  const { config, parent, attributes } = input;
  const fault = attributesFault(config, parent, attributes);
  if (fault !== undefined) return { kind: "invalid", reason: fault };
  if (attributes.transactions.length === 0) return { kind: "invalid", reason: "l1-attributes-missing" };
  const block = await openBlock(input);
  for (const [transaction, raw] of attributes.transactions.entries()) {
    const application = await block.apply(raw);
    if (application.kind === "included") continue;
    const { reason, detail } = application;
    return detail === undefined
      ? { kind: "invalid", reason, transaction }
      : { kind: "invalid", reason, transaction, detail };
  }
  return { kind: "open", block };
}

export type AttributesExecution = { readonly kind: "sealed"; readonly sealed: SealedBlock } | InvalidPayload;

/** The block that payload attributes determine. Invalid attributes are a value: derivation goes on from them. */
export async function executeAttributes(input: OpenBlockInput): Promise<AttributesExecution> {
  const opening = await openWithAttributes(input);
  return opening.kind === "open" ? { kind: "sealed", sealed: opening.block.seal() } : opening;
}

/** Where a given header differs from the one that execution made. */
export type HeaderMismatch =
  | "parent-hash-mismatch"
  | "number-mismatch"
  | "ommers-not-empty"
  | "withdrawals-not-empty"
  | "extra-data-invalid"
  | "transactions-root-mismatch"
  | "base-fee-mismatch"
  | "gas-used-mismatch"
  | "blob-gas-used-mismatch"
  | "receipts-root-mismatch"
  | "withdrawals-root-mismatch"
  | "state-root-mismatch"
  | "block-hash-mismatch";

export type BlockExecution =
  | { readonly kind: "valid"; readonly sealed: SealedBlock }
  | {
      readonly kind: "invalid";
      readonly reason: InvalidPayload["reason"] | HeaderMismatch;
      readonly detail?: string;
    };

export type ExecuteBlockInput = Omit<OpenBlockInput, "attributes"> & {
  readonly block: Block;
};

/** Re-executes a block of unknown worth and compares its hash: equal hashes mean equal everything. */
export async function executeBlock({ block, ...rest }: ExecuteBlockInput): Promise<BlockExecution> {
  const { header, transactions } = block;
  const { config, parent } = rest;
  // 1. It follows the parent; cheap, and a block of another chain is not run.
  if (!bytesEqual(header.parentHash, headerHash(parent))) return invalid("parent-hash-mismatch");
  if (header.number !== parent.number + 1n) return invalid("number-mismatch");
  // exec-engine.md: proof of stake from the first block on, and withdrawals of L1's kind never.
  if ((block.ommers?.length ?? 0) > 0) return invalid("ommers-not-empty");
  if ((block.withdrawals?.length ?? 0) > 0) return invalid("withdrawals-not-empty");
  // 2. Its attributes stand in its header.
  if (header.timestamp <= parent.timestamp) return invalid("timestamp-not-after-parent");
  const attributes = attributesOfBlock(config, header, transactions);
  if (attributes === undefined) return invalid("extra-data-invalid");
  // 3. They make the same block.
  const execution = await executeAttributes({ ...rest, attributes });
  if (execution.kind === "invalid") return execution;
  const { sealed } = execution;
  if (bytesEqual(sealed.hash, headerHash(header))) return { kind: "valid", sealed };
  return invalid(mismatchOf(header, sealed.block.header));
}

function invalid(reason: HeaderMismatch | AttributesFault): BlockExecution {
  return { kind: "invalid", reason };
}

/** The first difference, in an order that names causes before effects. */
function mismatchOf(given: Header, own: Header): HeaderMismatch {
  if (!bytesEqual(given.transactionsRoot, own.transactionsRoot)) return "transactions-root-mismatch";
  if (given.baseFeePerGas !== own.baseFeePerGas) return "base-fee-mismatch";
  if (given.gasUsed !== own.gasUsed) return "gas-used-mismatch";
  if (given.blobGasUsed !== own.blobGasUsed) return "blob-gas-used-mismatch";
  if (!bytesEqual(given.receiptsRoot, own.receiptsRoot)) return "receipts-root-mismatch";
  if (!sameHash(given.withdrawalsRoot, own.withdrawalsRoot)) return "withdrawals-root-mismatch";
  if (!bytesEqual(given.stateRoot, own.stateRoot)) return "state-root-mismatch";
  return "block-hash-mismatch";
}

function sameHash(a: Hash | undefined, b: Hash | undefined): boolean {
  return a !== undefined && b !== undefined ? bytesEqual(a, b) : a === b;
}
