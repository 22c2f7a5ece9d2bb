import type { Address, Hex } from "@phala-l2/protocol/bytes";
import { gasFeeCap, gasTipCap, type SignedTransaction } from "@phala-l2/protocol/wire/transaction";
import { REPLACEMENT_BUMP_PERCENT } from "./limits.ts";
import type { PoolTransaction } from "./pool-transaction.ts";

/**
 * One sender's transactions by nonce. Those that follow the account's nonce without a gap can be executed; where
 * that run ends is kept up to date, so that no question needs a walk over the queue.
 */
export class SenderQueue {
  readonly sender: Address;
  readonly key: Hex;
  readonly #byNonce = new Map<bigint, PoolTransaction>();
  /** The account's nonce at the head. */
  #nonce: bigint;
  /** The first nonce, from the account's on, that is missing. */
  #runEnd: bigint;
  #cost = 0n;

  constructor(sender: Address, key: Hex, nonce: bigint) {
    this.sender = sender;
    this.key = key;
    this.#nonce = nonce;
    this.#runEnd = nonce;
  }

  get size(): number {
    return this.#byNonce.size;
  }

  /** Wei that all of them may take together. */
  get cost(): bigint {
    return this.#cost;
  }

  /** The account's nonce at the head: where the run begins. */
  get nonce(): bigint {
    return this.#nonce;
  }

  /** The first nonce that is missing. */
  get runEnd(): bigint {
    return this.#runEnd;
  }

  /** How many wait for a missing nonce. */
  get queued(): number {
    return this.#byNonce.size - Number(this.#runEnd - this.#nonce);
  }

  get(nonce: bigint): PoolTransaction | undefined {
    return this.#byNonce.get(nonce);
  }

  entries(): Iterable<PoolTransaction> {
    return this.#byNonce.values();
  }

  isExecutable({ transaction: { nonce } }: PoolTransaction): boolean {
    return nonce >= this.#nonce && nonce < this.#runEnd;
  }

  /** The executable ones from this nonce on, in their order. */
  run(from: bigint = this.#nonce): PoolTransaction[] {
    const run: PoolTransaction[] = [];
    for (let nonce = from; nonce < this.#runEnd; nonce++) {
      const entry = this.#byNonce.get(nonce);
      if (entry !== undefined) run.push(entry);
    }
    return run;
  }

  /** The transaction with the highest nonce: the first to go when room is needed, because nothing follows it. */
  highest(): PoolTransaction | undefined {
    if (this.queued === 0) return this.#byNonce.get(this.#runEnd - 1n);
    let found: PoolTransaction | undefined;
    for (const entry of this.#byNonce.values()) {
      if (found === undefined || entry.transaction.nonce > found.transaction.nonce) found = entry;
    }
    return found;
  }

  /** The nonce must be free, and not below the account's. */
  add(entry: PoolTransaction): void {
    this.#byNonce.set(entry.transaction.nonce, entry);
    this.#cost += entry.cost;
    this.#extendRun();
  }

  remove({ transaction: { nonce }, cost }: PoolTransaction): void {
    this.#byNonce.delete(nonce);
    this.#cost -= cost;
    if (nonce >= this.#nonce && nonce < this.#runEnd) this.#runEnd = nonce;
  }

  /** The account's nonce has changed; those below it must have been removed. */
  setNonce(nonce: bigint): void {
    if (nonce < this.#nonce || nonce > this.#runEnd) this.#runEnd = nonce;
    this.#nonce = nonce;
    this.#extendRun();
  }

  #extendRun(): void {
    while (this.#byNonce.has(this.#runEnd)) this.#runEnd += 1n;
  }
}

function bumped(before: bigint): bigint {
  return (before * (100n + REPLACEMENT_BUMP_PERCENT)) / 100n;
}

/** Whether `after` pays enough more than `before` to take its nonce. */
export function replaces(after: SignedTransaction, before: SignedTransaction): boolean {
  const rises = gasFeeCap(after) > gasFeeCap(before) && gasTipCap(after) > gasTipCap(before);
  return (
    rises && gasFeeCap(after) >= bumped(gasFeeCap(before)) && gasTipCap(after) >= bumped(gasTipCap(before))
  );
}
