import { type Address, bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeBlob } from "@phala-l2/protocol/wire/blob";
import {
  BLOB_TYPE,
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
 * Source: specs/protocol/derivation.md "L1 Retrieval", ecotone/derivation.md "L1 Retrieval". Type 4 is left
 * out: an account's signature under EIP-7702 may speak for code that is not the batcher's.
 */
export class L1Retrieval {
  readonly #config: Pick<RollupConfig, "batchInboxAddress" | "l1ChainId">;
  #items: Item[] = [];
  #dropped: RetrievalReason[] = [];
  #blobs: ReadonlyMap<Hex, Uint8Array> | undefined;

  constructor(config: Pick<RollupConfig, "batchInboxAddress" | "l1ChainId">) {
    this.#config = config;
  }

  /** Begins with the transactions of a new L1 block. */
  open(transactions: readonly Uint8Array[], batcher: Address): void {
    this.#items = [];
    this.#blobs = undefined;
    for (const raw of transactions) this.#take(raw, batcher);
  }

  #take(raw: Uint8Array, batcher: Address): void {
    const first = raw[0] ?? 0;
    if (first > LAST_BATCHER_TYPE && first < FIRST_LEGACY_BYTE) return;
    const decoded = decodeTransaction(raw);
    if (decoded.kind === "invalid" || decoded.transaction.type > LAST_BATCHER_TYPE) return;
    const { transaction } = decoded;
    if (transaction.type === 0x7e || transaction.to === undefined) return;
    if (!bytesEqual(transaction.to, this.#config.batchInboxAddress)) return;
    const reason = this.#refusal(transaction, batcher);
    if (reason !== undefined) {
      this.#dropped.push(reason);
    } else if (transaction.type === BLOB_TYPE) {
      if (transaction.data.length > 0) this.#dropped.push("blob-transaction-calldata-ignored");
      for (const hash of transaction.blobVersionedHashes) this.#items.push({ kind: "blob", hash });
    } else {
      this.#items.push({ kind: "calldata", data: transaction.data });
    }
  }

  #refusal(transaction: SignedTransaction, batcher: Address): RetrievalReason | undefined {
    const { chainId } = transaction;
    if (chainId !== undefined && chainId !== this.#config.l1ChainId) return "foreign-chain-id";
    const sender = recoverSender(transaction);
    if (sender === undefined) return "sender-unrecoverable";
    return bytesEqual(sender, batcher) ? undefined : "sender-not-batcher";
  }

  /** The next piece of data; asks for all blobs of the block when it comes to the first of them. */
  next(): Retrieved {
    const reason = this.#dropped.shift();
    if (reason !== undefined) return { kind: "dropped", reason };
    const item = this.#items[0];
    if (item === undefined) return { kind: "exhausted" };
    if (item.kind === "blob" && this.#blobs === undefined)
      return { kind: "need-blobs", hashes: this.#hashes() };
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
