import { floorDataGas, intrinsicGas } from "@phala-l2/execution/transaction/intrinsic-gas";
import type { Clock } from "@phala-l2/node/clock";
import type { SigningAccount } from "@phala-l2/node/keys/account";
import type { Kzg } from "@phala-l2/node/l1/kzg";
import { type Address, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { PublicClient } from "viem";
import type { L1Prices, Payload } from "./data-availability.ts";
import { type FeeQuote, firstOffer, isAffordable, nextOffer } from "./fees.ts";
import { type FeeOffer, type PreparedPayload, preparePayload, signL1Transaction } from "./l1-transaction.ts";

/** A payload that L1 has included. */
export type Posted = { readonly hash: Hex; readonly l1Number: bigint };

export interface L1Sender {
  prices(): Promise<L1Prices>;
  /** Sends a payload and waits until a block has it, offering more each time that it takes too long. */
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

/** L1 nodes' words (geth, reth, anvil) for a nonce that a block has already. */
const NONCE_USED = /nonce too low/i;
/** … for a replacement that offers too little, and for a transaction that the pool holds already. */
const OFFER_TOO_LOW = /underpriced|already known|already imported/i;

type Attempt = { readonly nonce: number; readonly offer: FeeOffer; readonly hashes: readonly Hex[] };
type Sent = "pending" | "nonce-used" | "offer-too-low";

/**
 * Posts one payload after the other from one account. The nonce is always L1's own count of included
 * transactions: whatever an earlier run left in the pool is replaced, so no gap and no drift can arise.
 */
export function createL1Sender(options: L1SenderOptions, dependencies: L1SenderDependencies): L1Sender {
  const { l1, account, kzg, clock, log, signal } = dependencies;
  const { chainId, inbox, resubmitAfterMs, pollIntervalMs, feeCeiling } = options;

  async function quote(): Promise<FeeQuote> {
    const [block, tip, blobBaseFee] = await Promise.all([
      l1.getBlock(),
      l1.estimateMaxPriorityFeePerGas(),
      l1.getBlobBaseFee(),
    ]);
    return { baseFee: block.baseFeePerGas ?? 0n, tip, blobBaseFee };
  }

  async function send(
    payload: PreparedPayload,
    { nonce, offer }: Attempt,
  ): Promise<{ sent: Sent; hash: Hex }> {
    const draft = { chainId, nonce: BigInt(nonce), to: inbox, fees: offer, gasLimit: gasOf(payload) };
    const signed = await signL1Transaction(draft, payload, account);
    const hash = toHex(signed.hash);
    try {
      await l1.sendRawTransaction({ serializedTransaction: toHex(signed.encoded) });
      return { sent: "pending", hash };
    } catch (error) {
      const words = String(error);
      if (NONCE_USED.test(words)) return { sent: "nonce-used", hash };
      if (OFFER_TOO_LOW.test(words)) return { sent: "offer-too-low", hash };
      throw new RollupError("BATCHER_L1_REFUSED", "L1 refuses the batcher's transaction", { cause: error });
    }
  }

  /** The first of these transactions that a block has. */
  async function included(hashes: readonly Hex[]): Promise<Posted | undefined> {
    for (const hash of hashes) {
      const receipt = await l1.getTransactionReceipt({ hash }).catch(() => undefined);
      if (receipt !== undefined) return { hash, l1Number: receipt.blockNumber };
    }
    return undefined;
  }

  async function waitForInclusion(hashes: readonly Hex[]): Promise<Posted | undefined> {
    const end = clock.now() + resubmitAfterMs;
    for (;;) {
      const posted = await included(hashes);
      if (posted !== undefined || clock.now() >= end) return posted;
      if (signal.aborted) throw new RollupError("STOPPED", "the batcher is stopping");
      await clock.sleep(pollIntervalMs, signal);
    }
  }

  const nextNonce = () => l1.getTransactionCount({ address: account.address, blockTag: "latest" });

  async function raise(attempt: Attempt, hasBlobs: boolean): Promise<Attempt> {
    const offer = nextOffer(attempt.offer, await quote(), hasBlobs);
    if (isAffordable(offer, feeCeiling)) return { ...attempt, offer };
    log.warn({ feeCeiling }, "L1 is dearer than the fee ceiling; waiting with the last offer");
    return attempt;
  }

  async function post(payload: Payload): Promise<Posted> {
    const prepared = preparePayload(payload, kzg);
    const hasBlobs = prepared.kind === "blobs";
    let attempt: Attempt = { nonce: await nextNonce(), offer: firstOffer(await quote()), hashes: [] };
    for (;;) {
      const { sent, hash } = await send(prepared, attempt);
      const hashes = attempt.hashes.includes(hash) ? attempt.hashes : [...attempt.hashes, hash];
      if (sent !== "offer-too-low") {
        const posted = await (sent === "pending" ? waitForInclusion(hashes) : included(hashes));
        if (posted !== undefined) return posted;
      }
      // A used nonce that none of ours has taken belongs to an earlier run's transaction.
      const nonce = sent === "nonce-used" ? await nextNonce() : attempt.nonce;
      attempt = await raise({ ...attempt, nonce, hashes }, hasBlobs);
      log.info({ nonce, sent, attempts: hashes.length }, "posting again with a higher offer");
    }
  }

  return {
    prices: async () => {
      const { baseFee, tip, blobBaseFee } = await quote();
      return { gasPrice: baseFee + tip, blobBaseFee };
    },
    post,
  };
}

/** Exactly what a transaction to an account without code uses. */
function gasOf(payload: PreparedPayload): bigint {
  const data = payload.kind === "calldata" ? payload.data : new Uint8Array();
  const intrinsic = intrinsicGas({ data, isCreation: false, accessList: [], authorizations: 0 });
  const floor = floorDataGas(data);
  return intrinsic > floor ? intrinsic : floor;
}
