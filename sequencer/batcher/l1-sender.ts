import { ethereumRules } from "@phala-l2/execution/block/rules";
import { floorDataGas, intrinsicGas } from "@phala-l2/execution/transaction/intrinsic-gas";
import type { Clock } from "@phala-l2/node/clock";
import type { SigningAccount } from "@phala-l2/node/keys/account";
import type { Kzg } from "@phala-l2/node/l1/kzg";
import { type Address, addressFromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { BaseError, type PublicClient, TransactionReceiptNotFoundError } from "viem";
import type { L1Prices, Payload } from "./data-availability.ts";
import { type FeeQuote, firstOffer, nextOffer } from "./fees.ts";
import { type FeeOffer, type PreparedPayload, preparePayload, signL1Transaction } from "./l1-transaction.ts";

/** A payload that L1 has included. */
export type Posted = { readonly hash: Hex; readonly l1Number: bigint };

export interface L1Sender {
  prices(): Promise<L1Prices>;
  /**
   * Sends a payload and waits until a block has it, offering more each time that it takes too long. It outlasts
   * whatever L1's node answers, an empty account and prices above the ceiling included.
   * @throws RollupError STOPPED and nothing else
   */
  post(payload: Payload): Promise<Posted>;
}

export type L1SenderOptions = {
  readonly chainId: bigint;
  readonly inbox: Address;
  /** Milliseconds without inclusion after which more is offered. */
  readonly resubmitAfterMs: number;
  /** Milliseconds between looks for a receipt. */
  readonly pollIntervalMs: number;
  /** Wei per gas, and per blob gas, that is never exceeded. */
  readonly feeCeiling: bigint;
};

export type L1SenderDependencies = {
  readonly l1: PublicClient;
  readonly account: SigningAccount;
  readonly kzg: Kzg;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/**
 * What L1 nodes (geth, reth, anvil) say of a transaction that they do not take, and what that means. The pool may
 * hold it already: then it is as good as sent. geth keeps transactions with and without blobs in two pools and
 * lets an account be in one of them only.
 */
const REFUSALS = [
  { words: /already known|already imported/i, means: "pending" },
  { words: /nonce too low/i, means: "nonce-used" },
  { words: /underpriced/i, means: "offer-too-low" },
  { words: /already reserved/i, means: "other-pool" },
] as const;

type Sent = (typeof REFUSALS)[number]["means"] | "refused";

/** One nonce, what was offered for it last, and all that was sent with it. */
type Attempt = {
  readonly nonce: number;
  readonly offer: FeeOffer;
  readonly hashes: readonly Hex[];
  /** L1's pool has taken one of them. */
  readonly isPending: boolean;
};

/** Looks after which a nonce that a block has, without a receipt of ours, was another's. */
const LOOKS_FOR_RECEIPT = 3;

type Inclusion = Posted | "not-yet" | "nonce-lost";

/**
 * Posts one payload after the other from one account. The nonce is always L1's own count of included
 * transactions: whatever an earlier run left in the pool is replaced, so no gap and no drift can arise.
 */
export function createL1Sender(options: L1SenderOptions, dependencies: L1SenderDependencies): L1Sender {
  const sending = new Sending(options, dependencies);
  return {
    prices: async () => {
      const { baseFee, tip, blobBaseFee } = await sending.quote();
      return { gasPrice: baseFee + tip, blobBaseFee };
    },
    async post(payload) {
      const prepared = preparePayload(payload, dependencies.kzg);
      for (;;) {
        const posted = await sending.deliver(options.inbox, prepared);
        if (posted !== undefined) return posted;
      }
    },
  };
}

class Sending {
  readonly #options: L1SenderOptions;
  readonly #on: L1SenderDependencies;

  constructor(options: L1SenderOptions, dependencies: L1SenderDependencies) {
    this.#options = options;
    this.#on = dependencies;
  }

  async quote(): Promise<FeeQuote> {
    const { l1 } = this.#on;
    const [block, tip, blobBaseFee] = await Promise.all([
      l1.getBlock(),
      l1.estimateMaxPriorityFeePerGas(),
      l1.getBlobBaseFee(),
    ]);
    return { baseFee: block.baseFeePerGas ?? 0n, tip, blobBaseFee };
  }

  /**
   * Sends a transaction with the account's next nonce until a block has it.
   * @returns undefined when a block has another transaction with that nonce
   */
  async deliver(to: Address, payload: PreparedPayload): Promise<Posted | undefined> {
    let attempt = await this.#begin(payload);
    for (;;) {
      const { sent, hash } = await this.#send(to, payload, attempt);
      attempt = withSent(attempt, hash, sent);
      if (sent === "other-pool") {
        await this.#leaveOtherPool(payload.kind);
        return undefined;
      }
      const raised = sent === "offer-too-low" ? await this.#raise(attempt, payload) : undefined;
      if (raised === undefined) {
        const { resubmitAfterMs, pollIntervalMs } = this.#options;
        const inclusion = await this.#wait(attempt, sent === "refused" ? pollIntervalMs : resubmitAfterMs);
        if (inclusion !== "not-yet") return inclusion === "nonce-lost" ? undefined : inclusion;
      }
      attempt = raised ?? (await this.#after(attempt, sent, payload));
    }
  }

  /** What to try when no block has the nonce yet. */
  async #after(attempt: Attempt, sent: Sent, payload: PreparedPayload): Promise<Attempt> {
    if (sent === "pending") return (await this.#raise(attempt, payload)) ?? attempt;
    if (attempt.isPending) return attempt;
    // What no pool has taken may be offered at today's price, which can be lower.
    const { nonce, offer } = await this.#begin(payload);
    return { ...attempt, offer, nonce, hashes: nonce === attempt.nonce ? attempt.hashes : [] };
  }

  #begin(payload: PreparedPayload): Promise<Attempt> {
    return this.#patiently("L1's prices and the account's nonce", async () => {
      const [nonce, quote] = await Promise.all([this.#nextNonce(), this.quote()]);
      const rules = { ceiling: this.#options.feeCeiling, hasBlobs: payload.kind === "blobs" };
      return { nonce, offer: firstOffer(quote, rules), hashes: [], isPending: false };
    });
  }

  async #send(to: Address, payload: PreparedPayload, { nonce, offer }: Attempt) {
    const { l1, account, log } = this.#on;
    const { chainId } = this.#options;
    const draft = { chainId, nonce: BigInt(nonce), to, fees: offer, gasLimit: gasOf(payload) };
    const signed = await signL1Transaction(draft, payload, account);
    const hash = toHex(signed.hash);
    try {
      await l1.sendRawTransaction({ serializedTransaction: toHex(signed.encoded) });
      log.debug({ hash, nonce, ...offer }, "sent to L1");
      return { sent: "pending" as Sent, hash };
    } catch (error) {
      const words = reasonOf(error);
      const sent: Sent = REFUSALS.find((refusal) => refusal.words.test(words))?.means ?? "refused";
      // It may be that L1 has it all the same (a lost answer), or that the account is empty: only time tells.
      if (sent === "refused")
        log.error({ nonce, ...offer, error: words }, "L1 refuses the batcher's transaction");
      return { sent, hash };
    }
  }

  /** Undefined when the ceiling forbids to offer more. */
  async #raise(attempt: Attempt, { kind }: PreparedPayload): Promise<Attempt | undefined> {
    const { feeCeiling: ceiling } = this.#options;
    const quote = await this.#patiently("L1's prices", () => this.quote());
    const offer = nextOffer(attempt.offer, quote, { ceiling, hasBlobs: kind === "blobs" });
    const facts = { nonce: attempt.nonce, sent: attempt.hashes.length, ...quote };
    if (offer === undefined) {
      this.#on.log.warn(
        { ...facts, ceiling },
        "the fee ceiling forbids to offer more; waiting with the last offer",
      );
      return undefined;
    }
    this.#on.log.info({ ...facts, ...offer }, "offering L1 more");
    return { ...attempt, offer };
  }

  /**
   * Uses up the nonce that an earlier transaction of the other kind holds: only one of its own kind replaces it.
   */
  async #leaveOtherPool(kind: Payload["kind"]): Promise<void> {
    this.#on.log.warn(
      { kind },
      "L1 still holds a transaction of the other kind; replacing it by an empty one",
    );
    const empty = new Uint8Array(0);
    const blank: Payload =
      kind === "blobs" ? { kind: "calldata", data: empty } : { kind: "blobs", blobs: [encodeBlob(empty)] };
    await this.deliver(addressFromHex(this.#on.account.address), preparePayload(blank, this.#on.kzg));
  }

  /** Waits until a block has the nonce. */
  async #wait(attempt: Attempt, milliseconds: number): Promise<Inclusion> {
    const { clock, signal } = this.#on;
    const end = clock.now() + milliseconds;
    let looksAfterUse = 0;
    for (;;) {
      const inclusion = await this.#patiently("a receipt", () => this.#look(attempt));
      if (inclusion === "nonce-lost") looksAfterUse += 1;
      else if (inclusion !== "not-yet") return inclusion;
      if (looksAfterUse >= LOOKS_FOR_RECEIPT) return "nonce-lost";
      if (looksAfterUse === 0 && clock.now() >= end) return "not-yet";
      await this.#sleep();
      if (signal.aborted) throw stopped();
    }
  }

  async #look({ nonce, hashes }: Attempt): Promise<Inclusion> {
    if ((await this.#nextNonce()) <= nonce) return "not-yet";
    for (const hash of hashes.toReversed()) {
      const l1Number = await this.#inclusionOf(hash);
      if (l1Number !== undefined) return { hash, l1Number };
    }
    return "nonce-lost";
  }

  async #inclusionOf(hash: Hex): Promise<bigint | undefined> {
    try {
      return (await this.#on.l1.getTransactionReceipt({ hash })).blockNumber;
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return undefined;
      throw error;
    }
  }

  #nextNonce(): Promise<number> {
    const { l1, account } = this.#on;
    return l1.getTransactionCount({ address: account.address, blockTag: "latest" });
  }

  /** Asks L1 until it answers. @throws RollupError STOPPED */
  async #patiently<Value>(what: string, ask: () => Promise<Value>): Promise<Value> {
    const { log, signal } = this.#on;
    for (;;) {
      if (signal.aborted) throw stopped();
      try {
        return await ask();
      } catch (error) {
        log.warn({ error: reasonOf(error) }, `L1 does not tell ${what}; asking again`);
      }
      await this.#sleep();
    }
  }

  #sleep(): Promise<void> {
    return this.#on.clock.sleep(this.#options.pollIntervalMs, this.#on.signal);
  }
}

function withSent(attempt: Attempt, hash: Hex, sent: Sent): Attempt {
  const hashes = attempt.hashes.includes(hash) ? attempt.hashes : [...attempt.hashes, hash];
  return { ...attempt, hashes, isPending: attempt.isPending || sent === "pending" };
}

/** The node's words without viem's copy of the request, which holds whole blobs and the URL with its keys. */
export function reasonOf(error: unknown): string {
  return error instanceof BaseError ? `${error.shortMessage} ${error.details}` : String(error);
}

function stopped(): RollupError {
  return new RollupError("STOPPED", "the batcher is stopping");
}

/** EIP-7623 and what came before it: no later fork has changed these prices. */
const L1_RULES = ethereumRules("prague");

/** Exactly what a transaction to an account without code uses. */
function gasOf(payload: PreparedPayload): bigint {
  const data = payload.kind === "calldata" ? payload.data : new Uint8Array();
  const intrinsic = intrinsicGas({ data, isCreation: false, accessList: [], authorizations: 0 }, L1_RULES);
  const floor = floorDataGas(data, L1_RULES);
  return intrinsic > floor ? intrinsic : floor;
}
