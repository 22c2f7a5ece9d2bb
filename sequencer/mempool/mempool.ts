import type {
  SubmissionRejection,
  SubmissionResult,
  SubmittedTransaction,
} from "@phala-l2/node/rpc/eth/submission";
import type { PooledTransaction, PoolView } from "@phala-l2/node/rpc/pool-view";
import { type Address, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { effectiveTip } from "@phala-l2/protocol/wire/transaction";
import { type Best, bestFirst } from "./best.ts";
import { victims } from "./eviction.ts";
import type { HeadView, SenderAccount } from "./head-view.ts";
import type { MempoolLimits } from "./limits.ts";
import type { PoolTransaction } from "./pool-transaction.ts";
import { replaces, SenderQueue } from "./sender-queue.ts";
import { brokenRule, highestCost } from "./validity.ts";

type Listener = (transaction: PooledTransaction) => void;

/** Signed transactions that wait for a block. It never waits itself: all of it is plain memory. */
export class Mempool implements PoolView {
  readonly #limits: MempoolLimits;
  readonly #queues = new Map<Hex, SenderQueue>();
  readonly #byHash = new Map<Hex, PoolTransaction>();
  readonly #listeners = new Set<Listener>();
  /** Senders whose accounts the pool has wrong, as an open block has shown. */
  readonly #doubted = new Set<Hex>();
  #head: HeadView;
  #bytes = 0;
  #arrivals = 0;
  /** While the pool is full of better payers: transactions up to this effective tip need not be tried. */
  #refusedTip: bigint | undefined;

  constructor(limits: MempoolLimits, head: HeadView) {
    this.#limits = limits;
    this.#head = head;
  }

  /** Takes a transaction, or says why not. */
  submit(submitted: SubmittedTransaction): SubmissionResult {
    const hashKey = toHex(submitted.hash);
    const rejection = this.#byHash.has(hashKey)
      ? ({ reason: "already-known" } as const)
      : brokenRule(submitted, this.#head, this.#limits);
    if (rejection !== undefined) return { kind: "rejected", rejection };
    return this.#admit(submitted, hashKey);
  }

  /**
   * The head has moved: what was included or can't be paid any more leaves the pool.
   *
   * @param touched senders whose accounts may have changed; undefined for all of them, as after a reorg. An
   * account that changed without being named (EIP-7702 lets others spend from it) comes to light when the
   * next block refuses its transaction.
   */
  headChanged(head: HeadView, touched?: Iterable<Address>): void {
    this.#head = head;
    this.#refusedTip = undefined;
    const keys =
      touched === undefined ? [...this.#queues.keys()] : Array.from(touched, (sender) => toHex(sender));
    for (const key of new Set([...keys, ...this.#doubted])) {
      const queue = this.#queues.get(key);
      if (queue !== undefined) this.#refresh(queue, this.#doubted.has(key));
    }
    this.#doubted.clear();
  }

  /** Walks over the executable transactions by what they pay in the next block. */
  best(): Best {
    return bestFirst(this.#queues.values(), this.#head.baseFee);
  }

  /** Removes a transaction that no block will take. */
  drop(hash: Hash): void {
    const entry = this.#byHash.get(toHex(hash));
    if (entry !== undefined) this.#remove(entry);
  }

  /** An open block refused a transaction for its sender's account: that is read anew with the next head. */
  doubt(sender: Address): void {
    this.#doubted.add(toHex(sender));
  }

  get size(): number {
    return this.#byHash.size;
  }

  get(hash: Hash): PooledTransaction | undefined {
    return this.#byHash.get(toHex(hash));
  }

  nextNonce(sender: Address): bigint | undefined {
    const queue = this.#queues.get(toHex(sender));
    return queue === undefined || queue.size === queue.queued ? undefined : queue.runEnd;
  }

  *pending(): Iterable<PooledTransaction> {
    for (const queue of this.#queues.values()) yield* queue.run();
  }

  *queued(): Iterable<PooledTransaction> {
    for (const queue of this.#queues.values()) {
      if (queue.queued === 0) continue;
      for (const entry of queue.entries()) if (!queue.isExecutable(entry)) yield entry;
    }
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #admit(submitted: SubmittedTransaction, hashKey: Hex): SubmissionResult {
    const { raw, hash, transaction, sender } = submitted;
    const senderKey = toHex(sender);
    const account = this.#head.account(sender);
    const queue = this.#queues.get(senderKey) ?? new SenderQueue(sender, senderKey, account.nonce);
    const before = queue.get(transaction.nonce);
    const cost = highestCost(submitted, this.#head, account.balance - queue.cost + (before?.cost ?? 0n));
    const arrival = this.#arrivals++;
    const entry: PoolTransaction = { raw, hash, transaction, sender, hashKey, senderKey, arrival, cost };
    const rejection =
      this.#brokenAccountRule(entry, account, queue, before) ?? this.#makeRoom(entry, queue, before);
    if (rejection !== undefined) return { kind: "rejected", rejection };
    if (before !== undefined) this.#remove(before);
    queue.add(entry);
    this.#queues.set(entry.senderKey, queue);
    this.#byHash.set(entry.hashKey, entry);
    this.#bytes += entry.raw.length;
    this.#announce(entry, queue, before !== undefined);
    return { kind: "accepted" };
  }

  #brokenAccountRule(
    { transaction, cost }: PoolTransaction,
    { nonce: next, balance, isContract }: SenderAccount,
    queue: SenderQueue,
    before: PoolTransaction | undefined,
  ): SubmissionRejection | undefined {
    const { nonce } = transaction;
    if (nonce < next) return { reason: "nonce-too-low", next, given: nonce };
    if (isContract) return { reason: "sender-not-eoa" };
    const isLast = nonce === queue.runEnd;
    const { perSender, queuedPerSender } = this.#limits;
    if (before === undefined && (queue.size >= perSender || (!isLast && queue.queued >= queuedPerSender))) {
      return { reason: "account-limit-exceeded" };
    }
    const needed = cost + queue.cost - (before?.cost ?? 0n);
    if (balance < needed) return { reason: "insufficient-funds", balance, cost: needed };
    if (before !== undefined && !replaces(transaction, before.transaction))
      return { reason: "replacement-underpriced" };
    return undefined;
  }

  /** Frees room by letting go the worst payers, if the newcomer pays more than they do. */
  #makeRoom(
    { raw, transaction }: PoolTransaction,
    queue: SenderQueue,
    before: PoolTransaction | undefined,
  ): SubmissionRejection | undefined {
    const wanted = {
      count: this.#byHash.size + (before === undefined ? 1 : 0) - this.#limits.transactions,
      bytes: this.#bytes + raw.length - (before?.raw.length ?? 0) - this.#limits.bytes,
    };
    if (wanted.count <= 0 && wanted.bytes <= 0) return undefined;
    const tip = effectiveTip(transaction, this.#head.baseFee);
    const isExecutable = transaction.nonce <= queue.runEnd;
    // What can't be executed, or not at this base fee, pushes nobody out: it may never pay.
    if (!isExecutable || tip < 0n) return { reason: "pool-full" };
    if (this.#refusedTip !== undefined && tip <= this.#refusedTip) return { reason: "pool-full" };
    const others = [...this.#queues.values()].filter((each) => each !== queue);
    const leaving = victims(others, { ...wanted, tip, baseFee: this.#head.baseFee }, this.#limits);
    if (leaving === undefined) {
      if (wanted.bytes <= 0) this.#refusedTip = tip;
      return { reason: "pool-full" };
    }
    for (const entry of leaving) this.#remove(entry);
    return undefined;
  }

  #remove(entry: PoolTransaction): void {
    const queue = this.#queues.get(entry.senderKey);
    queue?.remove(entry);
    if (queue?.size === 0) this.#queues.delete(entry.senderKey);
    this.#byHash.delete(entry.hashKey);
    this.#bytes -= entry.raw.length;
    this.#refusedTip = undefined;
  }

  /** Brings a queue in line with its sender's account. With `reprice`, at L1's prices now. */
  #refresh(queue: SenderQueue, reprice: boolean): void {
    const { nonce, balance } = this.#head.account(queue.sender);
    for (const entry of [...queue.entries()]) {
      const cost = reprice ? highestCost(entry, this.#head, balance) : entry.cost;
      if (entry.transaction.nonce < nonce || cost > balance) this.#remove(entry);
    }
    queue.setNonce(nonce);
  }

  /** Tells listeners of a transaction that became pending, and of those that it made so. */
  #announce(entry: PoolTransaction, queue: SenderQueue, isReplacement: boolean): void {
    if (!queue.isExecutable(entry)) return;
    const became = isReplacement ? [entry] : queue.run(entry.transaction.nonce);
    for (const transaction of became) for (const listener of this.#listeners) listener(transaction);
  }
}
