import { toHex } from "@phala-l2/protocol/bytes";
import { endpointName, hidingKeysOf, requestTarget } from "@phala-l2/protocol/endpoint";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Log } from "@phala-l2/protocol/log";
import { failure, SERVER_ERROR } from "../reply.ts";
import type { SubmissionResult, SubmitTransaction } from "./submission.ts";

/** Milliseconds for the sequencer's answer; a wallet waits about as long. */
const FORWARD_MS = 10_000;
/** Bytes of the sequencer's answer that are read: a hash or an error. */
const MAX_ANSWER_BYTES = 64 * 1024;

const UNREACHABLE = failure(SERVER_ERROR, "the sequencer cannot be reached");

function readAnswer(text: string, hide: (text: string) => string): SubmissionResult {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return UNREACHABLE;
  }
  if (!isRecord(answer)) return UNREACHABLE;
  const { error } = answer;
  if (isRecord(error) && typeof error.code === "number" && typeof error.message === "string") {
    return failure(error.code, hide(error.message), error.data);
  }
  return typeof answer.result === "string" ? { kind: "accepted" } : UNREACHABLE;
}

/** What went wrong without fetch's words, which may hold the URL: ECONNREFUSED, TimeoutError … */
function faultOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return "unknown";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return "";
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** A verifier's door: hands each transaction to the sequencer and passes its answer on word for word. */
export function forwardTo(sequencerUrl: string, log: Log): SubmitTransaction {
  const endpoint = endpointName(sequencerUrl);
  const hide = hidingKeysOf(sequencerUrl);
  const target = requestTarget(sequencerUrl);
  return async ({ raw }) => {
    try {
      const response = await fetch(target.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...target.headers },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "eth_sendRawTransaction",
          params: [toHex(raw)],
        }),
        signal: AbortSignal.timeout(FORWARD_MS),
      });
      return readAnswer(await boundedText(response), hide);
    } catch (error) {
      log.warn({ endpoint, fault: faultOf(error) }, "the sequencer did not answer a forwarded transaction");
      return UNREACHABLE;
    }
  };
}
