import type { Clock } from "@phala-l2/node/clock";
import type { SigningAccount } from "@phala-l2/node/keys/account";
import type { Hex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { BaseError, isHex, type PublicClient } from "viem";
import { contractError } from "./contract-errors.ts";

/** A call of a contract on L1. */
export type Call = { readonly to: Hex; readonly data: Hex };

export type SendOutcome =
  | { readonly kind: "included"; readonly hash: Hex; readonly gasUsed: bigint }
  /**
   * The contract says no; `reason` is the name of its error, `error` the error's bytes. Nothing was spent unless `hash` is
   * there.
   */
  | { readonly kind: "refused"; readonly reason: string; readonly error?: Hex; readonly hash?: Hex };

/** Sends transactions from one account: those of one caller after those of another. */
export interface L1Transactions {
  /** Tries the call without sending it. @throws viem's errors when L1 does not answer */
  wouldSucceed(call: Call): Promise<boolean>;
  /** @throws RollupError L1_TRANSACTION_PENDING when no block takes it in time; a repeated call offers more */
  send(call: Call): Promise<SendOutcome>;
  /**
   * Sends calls that do not need each other, without waiting for one before the next; an outcome each.
   * @throws RollupError L1_TRANSACTION_PENDING when not all are taken in time
   */
  sendAll(calls: readonly Call[]): Promise<readonly SendOutcome[]>;
}

export type L1TransactionsOptions = {
  /** Milliseconds without inclusion after which a transaction is offered anew. */
  readonly resubmitAfterMs: number;
  /** Milliseconds between looks for a receipt. */
  readonly pollIntervalMs: number;
};

export type L1TransactionsDependencies = {
  readonly client: PublicClient;
  readonly account: SigningAccount;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** EIP-7825: what one transaction may use at most. */
export const TRANSACTION_GAS_MAX = 16_777_216n;

/** Gas beside the estimate, in percent: another prover's transaction before ours may make ours dearer. */
const GAS_MARGIN = 130n;
/** L1 pools replace a transaction for at least 10% more; in percent, for each offer after the first. */
const FEE_STEP = 125n;
/** 1.25^16 is 35 times the first offer: enough for any spike worth waiting out. */
const MAX_FEE_STEPS = 16;

type Refused = Extract<SendOutcome, { kind: "refused" }>;
type Estimate = { readonly kind: "gas"; readonly gas: bigint } | Refused;

/** What no call has for an outcome. */
const NOT_SENT: Refused = { kind: "refused", reason: "not sent" };

/** What is the same for all transactions that are sent together. */
type Terms = {
  readonly chainId: number;
  readonly fees: { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };
};

/** Sends from one account, one caller after the other. */
class AccountTransactions implements L1Transactions {
  readonly #options: L1TransactionsOptions;
  readonly #dependencies: L1TransactionsDependencies;
  /** Consecutive transactions that no block took. */
  #stuck = 0;
  /** Two callers must not take the same nonce. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: L1TransactionsOptions, dependencies: L1TransactionsDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async wouldSucceed(call: Call): Promise<boolean> {
    return (await this.#estimate(call)).kind === "gas";
  }

  async send(call: Call): Promise<SendOutcome> {
    const [outcome = NOT_SENT] = await this.sendAll([call]);
    return outcome;
  }

  sendAll(calls: readonly Call[]): Promise<readonly SendOutcome[]> {
    if (calls.length === 0) return Promise.resolve([]);
    const mine = this.#last.then(() => this.#sendNow(calls));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #sendNow(calls: readonly Call[]): Promise<readonly SendOutcome[]> {
    const { client, account, clock } = this.#dependencies;
    const answers = await Promise.all(
      calls.map(async (call) => ({ call, estimate: await this.#estimate(call) })),
    );
    const [chainId, fees, first] = await Promise.all([
      client.getChainId(),
      client.estimateFeesPerGas(),
      // L1's own count: whatever was left in the pool before is replaced, so that no gap can arise.
      client.getTransactionCount({ address: account.address, blockTag: "latest" }),
    ]);
    const offered: (Refused | Hex)[] = [];
    let nonce = first;
    for (const { call, estimate } of answers) {
      if (estimate.kind === "refused") offered.push(estimate);
      else {
        offered.push(await this.#offer(call, nonce, estimate.gas, { chainId, fees }));
        nonce += 1;
      }
    }
    const end = clock.now() + this.#options.resubmitAfterMs;
    const outcomes: SendOutcome[] = [];
    for (const each of offered) {
      outcomes.push(typeof each === "string" ? await this.#outcomeOf(each, end) : each);
    }
    this.#stuck = 0;
    return outcomes;
  }

  async #estimate(call: Call): Promise<Estimate> {
    const { client, account } = this.#dependencies;
    try {
      const gas = await client.estimateGas({ account: account.address, ...call });
      if (gas <= TRANSACTION_GAS_MAX) return { kind: "gas", gas };
      const reason = `it needs ${gas} gas, and a transaction may use ${TRANSACTION_GAS_MAX}`;
      return { kind: "refused", reason };
    } catch (cause) {
      const error = revertDataOf(cause);
      if (error === undefined) throw cause;
      return { kind: "refused", reason: nameOf(error), error };
    }
  }

  async #offer(call: Call, nonce: number, gas: bigint, { chainId, fees }: Terms): Promise<Hex> {
    const { client, account } = this.#dependencies;
    const withMargin = (gas * GAS_MARGIN) / 100n;
    const serializedTransaction = await account.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      gas: withMargin < TRANSACTION_GAS_MAX ? withMargin : TRANSACTION_GAS_MAX,
      maxFeePerGas: raised(fees.maxFeePerGas, this.#stuck),
      maxPriorityFeePerGas: raised(fees.maxPriorityFeePerGas, this.#stuck),
      ...call,
    });
    return client.sendRawTransaction({ serializedTransaction });
  }

  async #outcomeOf(hash: Hex, end: number): Promise<SendOutcome> {
    const receipt = await this.#receiptOf(hash, end);
    if (receipt === undefined) {
      this.#stuck = Math.min(this.#stuck + 1, MAX_FEE_STEPS);
      const message = `no L1 block has taken transaction ${hash} yet; more will be offered`;
      throw new RollupError("L1_TRANSACTION_PENDING", message, { data: { hash } });
    }
    // It would have succeeded when it was sent: another prover was faster.
    if (receipt.status === "reverted") return { kind: "refused", reason: "overtaken", hash };
    return { kind: "included", hash, gasUsed: receipt.gasUsed };
  }

  async #receiptOf(hash: Hex, end: number) {
    const { client, clock, signal } = this.#dependencies;
    for (;;) {
      const receipt = await client.getTransactionReceipt({ hash }).catch(() => undefined);
      if (receipt !== undefined) return receipt;
      if (signal.aborted) throw new RollupError("STOPPED", "the prover is stopping");
      if (clock.now() >= end) return undefined;
      await clock.sleep(this.#options.pollIntervalMs, signal);
    }
  }
}

export function createL1Transactions(
  options: L1TransactionsOptions,
  dependencies: L1TransactionsDependencies,
): L1Transactions {
  return new AccountTransactions(options, dependencies);
}

function raised(fee: bigint, steps: number): bigint {
  let offer = fee;
  for (let step = 0; step < steps; step++) offer = (offer * FEE_STEP) / 100n + 1n;
  return offer;
}

/** The name of a contract's error; of a foreign one its bytes are all there is to say. */
function nameOf(error: Hex): string {
  return contractError(error)?.name ?? error.slice(0, 10);
}

function revertDataOf(error: unknown): Hex | undefined {
  if (!(error instanceof BaseError)) return undefined;
  let found: Hex | undefined;
  error.walk((each) => {
    const data = typeof each === "object" && each !== null && "data" in each ? each.data : undefined;
    const inner = typeof data === "object" && data !== null && "data" in data ? data.data : data;
    if (isHex(inner)) found = inner;
    return false;
  });
  return found;
}
