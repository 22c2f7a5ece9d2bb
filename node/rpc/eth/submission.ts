import { type ChainConfig, chainIdOf, isRollup } from "@phala-l2/execution/chain-config";
import type { Address, Hash } from "@phala-l2/protocol/bytes";
import { isLowS } from "@phala-l2/protocol/secp256k1";
import { withoutSidecar } from "@phala-l2/protocol/wire/blob-sidecar";
import {
  BLOB_TYPE,
  DEPOSIT_TYPE,
  decodeTransaction,
  recoverSender,
  type SignedTransaction,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import { failure, type RpcFailure, SERVER_ERROR } from "../reply.ts";

/** A transaction that a client sent, with its sender recovered: well-formed, of this chain, not yet judged. */
export type SubmittedTransaction = {
  readonly raw: Uint8Array;
  readonly hash: Hash;
  readonly transaction: SignedTransaction;
  readonly sender: Address;
};

/** Why a mempool does not take a transaction. */
export type SubmissionRejection =
  | { readonly reason: "already-known" }
  | { readonly reason: "nonce-too-low"; readonly next: bigint; readonly given: bigint }
  | { readonly reason: "nonce-too-high"; readonly next: bigint; readonly given: bigint }
  | { readonly reason: "insufficient-funds"; readonly balance: bigint; readonly cost: bigint }
  | { readonly reason: "sender-not-eoa" }
  | { readonly reason: "gas-limit-exceeds-block" }
  | { readonly reason: "gas-limit-above-cap"; readonly cap: bigint; readonly given: bigint }
  | { readonly reason: "intrinsic-gas-too-low"; readonly given: bigint; readonly needed: bigint }
  | { readonly reason: "floor-data-gas-too-low"; readonly given: bigint; readonly needed: bigint }
  | { readonly reason: "tip-above-fee-cap" }
  | { readonly reason: "fee-cap-below-base-fee"; readonly feeCap: bigint; readonly baseFee: bigint }
  | { readonly reason: "underpriced"; readonly tip: bigint; readonly needed: bigint }
  | { readonly reason: "replacement-underpriced" }
  | { readonly reason: "oversized"; readonly size: number; readonly limit: number }
  | { readonly reason: "initcode-too-large"; readonly size: number; readonly limit: number }
  | { readonly reason: "authorization-list-empty" }
  | { readonly reason: "type-not-supported" }
  | { readonly reason: "pool-full" }
  | { readonly reason: "account-limit-exceeded" }
  /** The sequencer takes none now (stopped, read-only, throttled). */
  | { readonly reason: "not-accepting"; readonly why: string };

export type SubmissionResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly rejection: SubmissionRejection }
  /** The answer of another node, passed on as it is. */
  | { readonly kind: "failure"; readonly code: number; readonly message: string; readonly data?: unknown };

/** Where sent transactions go: the sequencer's mempool, or a forwarder to it. */
export type SubmitTransaction = (submitted: SubmittedTransaction) => Promise<SubmissionResult>;

/** geth's words for each rejection, without further data. */
const PLAIN_WORDS = {
  "already-known": "already known",
  "sender-not-eoa": "sender not an eoa",
  "gas-limit-exceeds-block": "exceeds block gas limit",
  "tip-above-fee-cap": "max priority fee per gas higher than max fee per gas",
  "replacement-underpriced": "replacement transaction underpriced",
  "authorization-list-empty": "set code tx must have at least one authorization tuple",
  "type-not-supported": "transaction type not supported",
  "pool-full": "txpool is full",
  "account-limit-exceeded": "account limit exceeded",
} as const;

/** A rejection in geth's words (core/error.go, core/txpool/errors.go). */
export function rejectionWords(rejection: SubmissionRejection): string {
  switch (rejection.reason) {
    case "nonce-too-low":
      return `nonce too low: next nonce ${rejection.next}, tx nonce ${rejection.given}`;
    case "nonce-too-high":
      return `nonce too high: next nonce ${rejection.next}, tx nonce ${rejection.given}`;
    case "insufficient-funds": {
      const { balance, cost } = rejection;
      return `insufficient funds for gas * price + value: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`;
    }
    case "gas-limit-above-cap":
      return `transaction gas limit too high (cap: ${rejection.cap}, tx: ${rejection.given})`;
    case "intrinsic-gas-too-low":
      return `intrinsic gas too low: gas ${rejection.given}, minimum needed ${rejection.needed}`;
    case "floor-data-gas-too-low":
      return `insufficient gas for floor data gas cost: gas ${rejection.given}, minimum needed ${rejection.needed}`;
    case "fee-cap-below-base-fee":
      return `max fee per gas less than block base fee: maxFeePerGas: ${rejection.feeCap}, baseFee: ${rejection.baseFee}`;
    case "underpriced":
      return `transaction underpriced: gas tip cap ${rejection.tip}, minimum needed ${rejection.needed}`;
    case "oversized":
      return `oversized data: transaction size ${rejection.size}, limit ${rejection.limit}`;
    case "initcode-too-large":
      return `max initcode size exceeded: code size ${rejection.size}, limit ${rejection.limit}`;
    case "not-accepting":
      return `transactions are not accepted now: ${rejection.why}`;
    default:
      return PLAIN_WORDS[rejection.reason];
  }
}

export type SubmissionReading =
  | { readonly kind: "ok"; readonly submitted: SubmittedTransaction }
  | RpcFailure;

const TYPE_NOT_SUPPORTED = failure(SERVER_ERROR, PLAIN_WORDS["type-not-supported"]);

/** geth's words where the bytes are no transaction at all; RLP's details are our own reason codes. */
function undecodable(reason: string): RpcFailure {
  if (reason === "transaction-empty") return failure(SERVER_ERROR, "typed transaction too short");
  if (reason === "transaction-type-unknown") return TYPE_NOT_SUPPORTED;
  return failure(SERVER_ERROR, `rlp: ${reason}`);
}

/**
 * What a node checks of a sent transaction without its state: it decodes, is of a type that this chain takes
 * (no blobs: specs/protocol/exec-engine.md; deposits come from L1 alone), is signed for this chain, by a key.
 */
export function readSubmission(given: Uint8Array, config: ChainConfig): SubmissionReading {
  const chainId = chainIdOf(config);
  // A blob transaction comes in its network form, with blobs: what it is decides, not how it is wrapped.
  const isRefused = given[0] === DEPOSIT_TYPE || (given[0] === BLOB_TYPE && isRollup(config));
  if (isRefused) return TYPE_NOT_SUPPORTED;
  const raw = withoutSidecar(given);
  const decoding = decodeTransaction(raw);
  if (decoding.kind === "invalid") return undecodable(decoding.reason);
  const { transaction } = decoding;
  if (transaction.type === DEPOSIT_TYPE) return TYPE_NOT_SUPPORTED;
  if (transaction.chainId === undefined) {
    return failure(SERVER_ERROR, "only replay-protected (EIP-155) transactions allowed over RPC");
  }
  if (transaction.chainId !== chainId) {
    const words = `invalid sender: invalid chain id for signer: have ${transaction.chainId} want ${chainId}`;
    return failure(SERVER_ERROR, words);
  }
  const sender = recoverSender(transaction);
  if (sender === undefined || !isLowS(transaction.s)) {
    return failure(SERVER_ERROR, "invalid sender: invalid transaction v, r, s values");
  }
  return { kind: "ok", submitted: { raw, hash: transactionHash(raw), transaction, sender } };
}

/** The answer to a client whose transaction was judged: its hash, or why not. */
export function submissionFailure(outcome: Exclude<SubmissionResult, { kind: "accepted" }>): RpcFailure {
  if (outcome.kind === "failure") return failure(outcome.code, outcome.message, outcome.data);
  return failure(SERVER_ERROR, rejectionWords(outcome.rejection));
}

/** Where no mempool and no sequencer is configured. */
export const SUBMISSION_UNAVAILABLE = failure(
  SERVER_ERROR,
  "this node takes no transactions: no sequencer is configured",
);
