import type {
  SubmissionRejection,
  SubmissionResult,
  SubmittedTransaction,
} from "@phala-l2/node/rpc/eth/submission";
import type { PooledTransaction, PoolView } from "@phala-l2/node/rpc/pool-view";
import { type Address, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { gasTipCap } from "@phala-l2/protocol/wire/transaction";
import { type Best, bestFirst } from "./best.ts";
import type { HeadView } from "./head-view.ts";
import type { MempoolLimits } from "./limits.ts";
import type { PoolTransaction } from "./pool-transaction.ts";
import { executable, highestNonce, replaces, type SenderQueue, totalCost } from "./sender-queue.ts";
import { brokenRule, highestCost } from "./validity.ts";

/** When the pool is full this share of it (one part in …) is freed at once, so that a flood sorts it rarely. */
const ROOM_SHARE = 20;

type Listener = (transaction: PooledTransaction) => void;

/** Signed transactions that wait for a block. It never waits itself: all of it is plain memory. */
export class Mempool implements PoolView {
  readonly #limits: MempoolLimits;
  readonly #queues = new Map<Hex, SenderQueue>();
  readonly #byHash = new Map<Hex, PoolTransaction>();
  readonly #listeners = new Set<Listener>();
  #head: HeadView;
  #bytes = 0;
  #arrivals = 0;
  /** While the pool is full of better payers: transactions up to this tip need not be tried. */
  #refusedTip: bigint | undefined;

  constructor(limits: MempoolLimits, head: HeadView) {
    this.#limits = limits;
    this.#head = head;
  }

  /** Takes a transaction, or says why not. */
  submit(submitted: SubmittedTransaction): SubmissionResult {
    const entry: PoolTransaction = {
      ...submitted,
      hashKey: toHex(submitted.hash),
      senderKey: toHex(submitted.sender),
      arrival: this.#arrivals++,
      cost: highestCost(submitted, this.#head),
    };
    const rejection = this.#brokenRule(entry) ?? this.#makeRoom(entry);
    if (rejection !== undefined) return { kind: "rejected", rejection };
    const replaced = this.#queueOf(entry.senderKey).get(entry.transaction.nonce);
    if (replaced !== undefined) this.#remove(replaced);
    this.#insert(entry);
    this.#announce(entry);
    return { kind: "accepted" };
  }

  /** The head has moved: what was included or can't be paid any more leaves the pool. */
  headChanged(head: HeadView): void {
    this.#head = head;
    for (const queue of this.#queues.values()) this.#prune(queue, head);
  }

  /** Walks over the executable transactions by what they pay in the next block. */
  best(): Best {
    return bestFirst(this.#runs(), this.#head.baseFee);
  }

  /** Leaves out a transaction that execution has refused. */
  drop(hash: Hash): void {
    const entry = this.#byHash.get(toHex(hash));
    if (entry !== undefined) this.#remove(entry);
  }

  get size(): number {
    return this.#byHash.size;
  }

  get(hash: Hash): PooledTransaction | undefined {
    return this.#byHash.get(toHex(hash));
  }

  nextNonce(sender: Address): bigint | undefined {
    const queue = this.#queues.get(toHex(sender));
    const run = queue === undefined ? [] : executable(queue, this.#head.account(sender).nonce);
    const newest = run.at(-1);
    return newest === undefined ? undefined : newest.transaction.nonce + 1n;
  }

  *pending(): Iterable<PooledTransaction> {
    for (const run of this.#runs()) yield* run;
  }

  *queued(): Iterable<PooledTransaction> {
    const pending = new Set(this.pending());
    for (const transaction of this.#byHash.values()) if (!pending.has(transaction)) yield transaction;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  *#runs(): Generator<readonly PoolTransaction[]> {
    for (const queue of this.#queues.values()) {
      const [any] = queue.values();
      if (any !== undefined) yield executable(queue, this.#head.account(any.sender).nonce);
    }
  }

  #queueOf(senderKey: Hex): SenderQueue {
    return this.#queues.get(senderKey) ?? new Map();
  }

  #brokenRule(entry: PoolTransaction): SubmissionRejection | undefined {
    if (this.#byHash.has(entry.hashKey)) return { reason: "already-known" };
    return brokenRule(entry, this.#head, this.#limits) ?? this.#brokenAccountRule(entry);
  }

  #brokenAccountRule({
    transaction,
    sender,
    senderKey,
    cost,
  }: PoolTransaction): SubmissionRejection | undefined {
    const { nonce: next, balance, isContract } = this.#head.account(sender);
    const given = transaction.nonce;
    if (given < next) return { reason: "nonce-too-low", next, given };
    if (isContract) return { reason: "sender-not-eoa" };
    const queue = this.#queueOf(senderKey);
    const before = queue.get(given);
    if (before === undefined && queue.size >= this.#limits.perSender)
      return { reason: "account-limit-exceeded" };
    const needed = cost + totalCost(queue, given);
    if (balance < needed) return { reason: "insufficient-funds", balance, cost: needed };
    if (before !== undefined && !replaces(transaction, before.transaction))
      return { reason: "replacement-underpriced" };
    return undefined;
  }

  #isFull(incoming: number): boolean {
    return this.#byHash.size >= this.#limits.transactions || this.#bytes + incoming > this.#limits.bytes;
  }

  /** Frees room by letting go the worst payers, if the newcomer pays more than they do. */
  #makeRoom({ raw, transaction }: PoolTransaction): SubmissionRejection | undefined {
    if (!this.#isFull(raw.length)) return undefined;
    const tip = gasTipCap(transaction);
    if (this.#refusedTip !== undefined && tip <= this.#refusedTip) return { reason: "pool-full" };
    const worst = [...this.#queues.values()]
      .flatMap((queue) => highestNonce(queue) ?? [])
      .filter((entry) => gasTipCap(entry.transaction) < tip)
      .sort((a, b) => (gasTipCap(a.transaction) < gasTipCap(b.transaction) ? -1 : 1))
      .slice(0, Math.ceil(this.#limits.transactions / ROOM_SHARE));
    for (const entry of worst) this.#remove(entry);
    if (!this.#isFull(raw.length)) return undefined;
    this.#refusedTip = tip;
    return { reason: "pool-full" };
  }

  #insert(entry: PoolTransaction): void {
    const queue = this.#queueOf(entry.senderKey);
    queue.set(entry.transaction.nonce, entry);
    this.#queues.set(entry.senderKey, queue);
    this.#byHash.set(entry.hashKey, entry);
    this.#bytes += entry.raw.length;
  }

  #remove(entry: PoolTransaction): void {
    const queue = this.#queueOf(entry.senderKey);
    queue.delete(entry.transaction.nonce);
    if (queue.size === 0) this.#queues.delete(entry.senderKey);
    this.#byHash.delete(entry.hashKey);
    this.#bytes -= entry.raw.length;
    this.#refusedTip = undefined;
  }

  #prune(queue: SenderQueue, head: HeadView): void {
    const [any] = queue.values();
    if (any === undefined) return;
    const { nonce, balance } = head.account(any.sender);
    for (const entry of [...queue.values()]) {
      if (entry.transaction.nonce < nonce || entry.cost > balance) this.#remove(entry);
    }
  }

  /** Tells listeners of a transaction that became pending, and of those that it made so. */
  #announce(entry: PoolTransaction): void {
    const queue = this.#queueOf(entry.senderKey);
    const { nonce } = this.#head.account(entry.sender);
    if (executable(queue, nonce).every(({ hashKey }) => hashKey !== entry.hashKey)) return;
    for (const follower of executable(queue, entry.transaction.nonce)) {
      for (const listener of this.#listeners) listener(follower);
    }
  }
}
