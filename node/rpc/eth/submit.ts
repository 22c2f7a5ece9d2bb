import type { Hash } from "@phala-l2/protocol/bytes";
import { toHex } from "@phala-l2/protocol/bytes";
import { readRecord } from "../block-record.ts";
import type { EngineView } from "../engine-view.ts";
import { receiptJson } from "../format/receipt.ts";
import { method1, method2, optional, type RpcMethods, required } from "../method.ts";
import { data, hexOrDecimal } from "../parameters.ts";
import { failure, type Reply, result } from "../reply.ts";
import {
  readSubmission,
  SUBMISSION_UNAVAILABLE,
  type SubmitTransaction,
  submissionFailure,
} from "./submission.ts";

/** EIP-7966: milliseconds that eth_sendRawTransactionSync waits when the caller names none. geth: 20 s. */
const DEFAULT_SYNC_MS = 20_000;
/** The longest wait a caller can have; below the server's own limit for a call. */
const MAX_SYNC_MS = 25_000;
/** EIP-7966: accepted, but not in a block in time; `data` is the hash. */
const NOT_INCLUDED_IN_TIME = 4;

export type SubmitParts = { readonly engine: EngineView; readonly submit: SubmitTransaction | undefined };

type Sent = { readonly kind: "sent"; readonly hash: Hash };

async function send(
  { engine, submit }: SubmitParts,
  raw: Uint8Array,
): Promise<Sent | Extract<Reply, { kind: "failure" }>> {
  if (submit === undefined) return SUBMISSION_UNAVAILABLE;
  const reading = readSubmission(raw, engine.chain.config);
  if (reading.kind === "failure") return reading;
  const outcome = await submit(reading.submitted);
  if (outcome.kind !== "accepted") return submissionFailure(outcome);
  return { kind: "sent", hash: reading.submitted.hash };
}

/** The receipt of a transaction, as soon as a block has it; undefined when that takes too long. */
function receiptWithin(
  engine: EngineView,
  hash: Hash,
  ms: number,
  signal: AbortSignal,
): Promise<object | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(undefined), ms);
    const unsubscribe = engine.subscribe(look);
    const onAbort = (): void => end(undefined);
    signal.addEventListener("abort", onAbort);
    function end(receipt: object | undefined): void {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener("abort", onAbort);
      resolve(receipt);
    }
    function look(): void {
      const at = engine.chain.locateTransaction(hash);
      const record = at === undefined ? undefined : readRecord(engine.chain, at.blockHash);
      const receipt = at === undefined || record === undefined ? undefined : receiptJson(record, at.index);
      if (receipt !== undefined) end(receipt);
    }
    look();
  });
}

/** The door for signed transactions. */
export function submitMethods(parts: SubmitParts): RpcMethods {
  return {
    eth_sendRawTransaction: method1(required(data), async (raw) => {
      const sent = await send(parts, raw);
      return sent.kind === "failure" ? sent : result(toHex(sent.hash));
    }),
    eth_sendRawTransactionSync: method2(
      required(data),
      optional(hexOrDecimal, BigInt(DEFAULT_SYNC_MS)),
      async (raw, wantedMs, { signal }) => {
        const sent = await send(parts, raw);
        if (sent.kind === "failure") return sent;
        const ms = wantedMs > BigInt(MAX_SYNC_MS) ? MAX_SYNC_MS : Number(wantedMs);
        const receipt = await receiptWithin(parts.engine, sent.hash, ms, signal);
        if (receipt !== undefined) return result(receipt);
        const words = `The transaction was added to the transaction pool but wasn't processed in ${ms / 1000}s`;
        return failure(NOT_INCLUDED_IN_TIME, words, toHex(sent.hash));
      },
    ),
  };
}
