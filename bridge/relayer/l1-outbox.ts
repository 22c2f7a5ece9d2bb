import type { Hex } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/log";
import {
  BaseError,
  keccak256,
  type LocalAccount,
  type PublicClient,
  TransactionReceiptNotFoundError,
} from "viem";
import type { Attempt, DepositRecord, InFlight, Journal } from "./journal.ts";

export type OutboxOptions = {
  readonly chainId: number;
  /** Milliseconds without inclusion after which more is offered. */
  readonly resubmitAfterMs: number;
  readonly pollIntervalMs: number;
  /** Wei per gas that is never exceeded. */
  readonly feeCeiling: bigint;
};

export type OutboxDependencies = {
  readonly l1: PublicClient;
  readonly account: LocalAccount;
  readonly journal: Journal;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number) => Promise<void>;
};

/** What became of a nonce. */
export type Outcome = "included" | "reverted" | "taken-by-another" | "stopped";

type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** Nodes replace a transaction for a tenth more; a fourth more is surely enough. */
const RAISE_PERCENT = 125n;
/** Looks for a receipt after the nonce was used, until it was another's transaction. */
const LOOKS_FOR_RECEIPT = 3;

/**
 * Sends one transaction at a time from one account. It is written down before it is sent, with its nonce: whoever starts again
 * after a kill sends the same bytes again, or offers more for the same nonce, and so never two for one purpose.
 */
export class L1Outbox {
  readonly #options: OutboxOptions;
  readonly #on: OutboxDependencies;

  constructor(options: OutboxOptions, dependencies: OutboxDependencies) {
    this.#options = options;
    this.#on = dependencies;
  }

  /** Sends a call for a deposit, and waits until a block has its nonce. */
  async send(
    call: Pick<InFlight, "depositKey" | "to" | "data"> & { readonly gas: bigint },
    record: DepositRecord,
  ): Promise<{ readonly outcome: Outcome; readonly record: DepositRecord }> {
    const nonce = await this.#nextNonce();
    const start: InFlight = { ...call, gas: call.gas.toString(), nonce, attempts: [] };
    return this.#settle(await this.#offer(start, record, await this.#fees()));
  }

  /** Brings to an end what an earlier run has left under way. */
  async resume(record: DepositRecord, inFlight: InFlight): Promise<Outcome> {
    for (const { raw } of inFlight.attempts) await this.#broadcast(raw);
    return (await this.#settle({ inFlight, record })).outcome;
  }

  async #settle(start: {
    readonly inFlight: InFlight;
    readonly record: DepositRecord;
  }): Promise<{ readonly outcome: Outcome; readonly record: DepositRecord }> {
    let { inFlight, record } = start;
    for (;;) {
      const outcome = await this.#wait(inFlight);
      if (outcome !== "not-yet") {
        if (outcome !== "stopped") await this.#on.journal.clearInFlight();
        return { outcome, record };
      }
      ({ inFlight, record } = await this.#raise(inFlight, record));
    }
  }

  async #fees(): Promise<Fees> {
    const { maxFeePerGas, maxPriorityFeePerGas } = await this.#on.l1.estimateFeesPerGas();
    const most = this.#options.feeCeiling;
    const least = (value: bigint) => (value < most ? value : most);
    return { maxFeePerGas: least(maxFeePerGas), maxPriorityFeePerGas: least(maxPriorityFeePerGas) };
  }

  /** Signs, writes down, sends: in this order. */
  async #offer(inFlight: InFlight, record: DepositRecord, fees: Fees) {
    const { account, journal, log } = this.#on;
    const { to, data, nonce, gas } = inFlight;
    const { chainId } = this.#options;
    const raw = await account.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      to,
      data,
      gas: BigInt(gas),
      ...fees,
    });
    const hash = keccak256(raw);
    const attempt: Attempt = {
      hash,
      raw,
      maxFeePerGas: fees.maxFeePerGas.toString(),
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas.toString(),
    };
    const next: InFlight = { ...inFlight, attempts: [...inFlight.attempts, attempt] };
    const written: DepositRecord = {
      ...record,
      stage: "submitted",
      transactions: [...record.transactions.filter((other) => other !== hash), hash],
    };
    await journal.recordInFlight(next, written);
    log.debug({ hash, nonce, maxFeePerGas: fees.maxFeePerGas }, "sending to L1");
    await this.#broadcast(raw);
    return { inFlight: next, record: written };
  }

  async #raise(inFlight: InFlight, record: DepositRecord) {
    const last = inFlight.attempts.at(-1);
    const market = await this.#fees();
    const raised = (before: string | undefined, now: bigint) => {
      const more = (BigInt(before ?? "0") * RAISE_PERCENT) / 100n + 1n;
      return more > now ? more : now;
    };
    const fees = {
      maxFeePerGas: raised(last?.maxFeePerGas, market.maxFeePerGas),
      maxPriorityFeePerGas: raised(last?.maxPriorityFeePerGas, market.maxPriorityFeePerGas),
    };
    if (fees.maxFeePerGas > this.#options.feeCeiling) {
      this.#on.log.warn({ nonce: inFlight.nonce }, "the fee ceiling forbids to offer more; waiting");
      for (const { raw } of inFlight.attempts.slice(-1)) await this.#broadcast(raw);
      return { inFlight, record };
    }
    this.#on.log.info({ nonce: inFlight.nonce, maxFeePerGas: fees.maxFeePerGas }, "offering L1 more");
    return this.#offer(inFlight, record, fees);
  }

  /** Whatever the node says, only the nonce tells what became of it. */
  async #broadcast(raw: Hex): Promise<void> {
    try {
      await this.#on.l1.sendRawTransaction({ serializedTransaction: raw });
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      this.#on.log.debug({ error: error.details || error.shortMessage }, "L1 does not take the transaction");
    }
  }

  async #wait(inFlight: InFlight): Promise<Outcome | "not-yet"> {
    const { signal, sleep } = this.#on;
    const end = Date.now() + this.#options.resubmitAfterMs;
    for (let looks = 0; ; ) {
      if (signal.aborted) return "stopped";
      const outcome = await this.#look(inFlight);
      if (outcome === "taken-by-another") looks += 1;
      else if (outcome !== "not-yet") return outcome;
      if (looks >= LOOKS_FOR_RECEIPT) return "taken-by-another";
      if (looks === 0 && Date.now() >= end) return "not-yet";
      await sleep(this.#options.pollIntervalMs);
    }
  }

  async #look({ nonce, attempts }: InFlight): Promise<Exclude<Outcome, "stopped"> | "not-yet"> {
    if ((await this.#nextNonce()) <= nonce) return "not-yet";
    for (const { hash } of attempts.toReversed()) {
      const status = await this.#statusOf(hash);
      if (status !== undefined) return status === "success" ? "included" : "reverted";
    }
    return "taken-by-another";
  }

  async #statusOf(hash: Hex): Promise<"success" | "reverted" | undefined> {
    try {
      return (await this.#on.l1.getTransactionReceipt({ hash })).status;
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return undefined;
      throw error;
    }
  }

  #nextNonce(): Promise<number> {
    return this.#on.l1.getTransactionCount({ address: this.#on.account.address, blockTag: "latest" });
  }
}
