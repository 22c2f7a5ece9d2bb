import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { SignedTransaction } from "@phala-l2/protocol/wire/transaction";

/** A transaction that waits to be included. */
export type PooledTransaction = {
  readonly hash: Hash;
  readonly raw: Uint8Array;
  readonly transaction: SignedTransaction;
  readonly sender: Address;
};

/**
 * What RPC sees of the sequencer's mempool. `pending` can be included now, `queued` waits for an earlier
 * nonce. A verifier has none.
 */
export interface PoolView {
  get(transactionHash: Hash): PooledTransaction | undefined;
  /** One above the sender's highest consecutive nonce in the pool; undefined when it has nothing there. */
  nextNonce(sender: Address): bigint | undefined;
  pending(): Iterable<PooledTransaction>;
  queued(): Iterable<PooledTransaction>;
  /** Calls back with each transaction that becomes pending; the returned function ends it. */
  subscribe(listener: (transaction: PooledTransaction) => void): () => void;
}
