import { type Address, bytesEqual, type Hash, type Hex, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeBlob } from "@phala-l2/protocol/wire/blob";
import { withoutSidecar } from "@phala-l2/protocol/wire/blob-sidecar";
import {
  BLOB_TYPE,
  DEPOSIT_TYPE,
  decodeTransaction,
  recoverSender,
  type SignedTransaction,
} from "@phala-l2/protocol/wire/transaction";

/** One piece of batcher data, in the order of the block's transactions and of the blobs in each. */
type Item =
  | { readonly kind: "calldata"; readonly data: Uint8Array }
  | { readonly kind: "blob"; readonly hash: Hash };

export type RetrievalReason =
  | "sender-not-batcher"
  | "sender-unrecoverable"
  | "foreign-chain-id"
  | "blob-transaction-calldata-ignored"
  | "blob-undecodable";

export type Retrieved =
  | { readonly kind: "data"; readonly data: Uint8Array }
  | { readonly kind: "need-blobs"; readonly hashes: readonly Hash[] }
  | { readonly kind: "dropped"; readonly reason: RetrievalReason }
  /** A transaction was looked at; call again. */
  | { readonly kind: "advanced" }
  | { readonly kind: "exhausted" };

/** Types of transactions that may carry batches: legacy, access list, fee market, blob. */
const LAST_BATCHER_TYPE = BLOB_TYPE;
/** First bytes from here on are an RLP list: a legacy transaction. Source: EIP-2718. */
const FIRST_LEGACY_BYTE = 0xc0;

/**
 * Second stage: the data that the batcher put into one L1 block.
 *
 * A batcher transaction is sent to the inbox, is of type 0 to 3 and is signed by the batcher that the
 * SystemConfig names as of this very block; whether it succeeded does not matter. Its data is its calldata or,
 * for a blob transaction, its blobs, while its calldata is ignored.
 * Source: specs/protocol/derivation.md "L1 Retrieval", ecotone/derivation.md "L1 Retrieval"; the list of types is
 * op-node's (isValidBatchTx), which has left type 4 out since L1 knows it.
 */
export class L1Retrieval {
  readonly #config: Pick<RollupConfig, "batchInboxAddress" | "l1ChainId">;
  #transactions: readonly Uint8Array[] = [];
  #at = 0;
  #batcher: Address = ZERO_ADDRESS;
  #items: Item[] = [];
  #blobs: ReadonlyMap<Hex, Uint8Array> | undefined;

  constructor(config: Pick<RollupConfig, "batchInboxAddress" | "l1ChainId">) {
    this.#config = config;
  }

  /** Begins with the transactions of a new L1 block. */
  open(transactions: readonly Uint8Array[], batcher: Address): void {
    this.#transactions = transactions;
    this.#at = 0;
    this.#batcher = batcher;
    this.#items = [];
    this.#blobs = undefined;
  }

  /**
   * The next piece of data, once all transactions of the block have been looked at: one to the inbox in each call,
   * because anybody may send them and a signature is slow to check. All blobs of the block are asked for at once.
   */
  next(): Retrieved {
    for (;;) {
      const raw = this.#transactions[this.#at];
      if (raw === undefined) return this.#nextItem();
      this.#at += 1;
      const transaction = this.#toInbox(raw);
      if (transaction !== undefined) return this.#take(transaction);
    }
  }

  #toInbox(raw: Uint8Array): SignedTransaction | undefined {
    const first = raw[0] ?? 0;
    if (first > LAST_BATCHER_TYPE && first < FIRST_LEGACY_BYTE) return undefined;
    const decoded = decodeTransaction(withoutSidecar(raw));
    if (decoded.kind === "invalid" || decoded.transaction.type === DEPOSIT_TYPE) return undefined;
    const { transaction } = decoded;
    const isToInbox =
      transaction.to !== undefined && bytesEqual(transaction.to, this.#config.batchInboxAddress);
    return isToInbox ? transaction : undefined;
  }

  #take(transaction: SignedTransaction): Retrieved {
    const reason = this.#refusal(transaction, this.#batcher);
    if (reason !== undefined) return { kind: "dropped", reason };
    if (transaction.type !== BLOB_TYPE) {
      this.#items.push({ kind: "calldata", data: transaction.data });
      return { kind: "advanced" };
    }
    for (const hash of transaction.blobVersionedHashes) this.#items.push({ kind: "blob", hash });
    if (transaction.data.length === 0) return { kind: "advanced" };
    return { kind: "dropped", reason: "blob-transaction-calldata-ignored" };
  }

  #refusal(transaction: SignedTransaction, batcher: Address): RetrievalReason | undefined {
    const { chainId } = transaction;
    if (chainId !== undefined && chainId !== this.#config.l1ChainId) return "foreign-chain-id";
    const sender = recoverSender(transaction);
    if (sender === undefined) return "sender-unrecoverable";
    return bytesEqual(sender, batcher) ? undefined : "sender-not-batcher";
  }

  #nextItem(): Retrieved {
    const item = this.#items[0];
    if (item === undefined) return { kind: "exhausted" };
    if (item.kind === "blob" && this.#blobs === undefined) {
      return { kind: "need-blobs", hashes: this.#hashes() };
    }
    this.#items.shift();
    return item.kind === "calldata" ? { kind: "data", data: item.data } : this.#openBlob(item.hash);
  }

  /**
   * Hands in the blobs, whose content the caller has checked against the versioned hashes.
   * @throws RollupError DERIVATION_BLOB_MISSING unless every blob asked for is there
   */
  provideBlobs(blobs: ReadonlyMap<Hex, Uint8Array>): void {
    for (const hash of this.#hashes()) {
      if (blobs.has(toHex(hash))) continue;
      throw new RollupError("DERIVATION_BLOB_MISSING", "a blob that was asked for is not among those given", {
        data: { versionedHash: toHex(hash) },
      });
    }
    this.#blobs = blobs;
  }

  #hashes(): readonly Hash[] {
    const distinct = new Map<Hex, Hash>();
    for (const item of this.#items) if (item.kind === "blob") distinct.set(toHex(item.hash), item.hash);
    return [...distinct.values()];
  }

  #openBlob(hash: Hash): Retrieved {
    const blob = this.#blobs?.get(toHex(hash));
    const decoded = blob === undefined ? undefined : decodeBlob(blob);
    if (decoded?.kind !== "ok") return { kind: "dropped", reason: "blob-undecodable" };
    return { kind: "data", data: decoded.data };
  }
}
