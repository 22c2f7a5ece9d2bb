import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { type EvidenceAnswer, readEvidenceAnswer } from "./evidence-answer.ts";

const TIMEOUT_MS = 30_000;
/** Eight GPUs with two manifests each have some 10 MB; whoever sends more is not listened to. */
const ANSWER_BYTES_MAX = 64 << 20;

/** @throws RollupError PROVER_UNREACHABLE when it is longer than that */
async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > ANSWER_BYTES_MAX) {
      throw new RollupError("PROVER_UNREACHABLE", `the answer has more than ${ANSWER_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function resultOf(text: string): unknown {
  const answer: unknown = JSON.parse(text);
  if (typeof answer === "object" && answer !== null && "result" in answer) return answer.result;
  throw new SyntaxError("no result");
}

/**
 * Asks a prover for what speaks for its key; nothing of it is verified.
 * @throws RollupError PROVER_UNREACHABLE, EVIDENCE_MALFORMED
 */
export async function askEvidence(url: string): Promise<EvidenceAnswer> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tee_evidence", params: [] });
  const headers = { "content-type": "application/json" };
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
    return readEvidenceAnswer(resultOf(await readBounded(response)));
  } catch (error) {
    if (isRollupError(error)) throw error;
    const message = `${withoutUrlSecrets(url)} gives no answer to tee_evidence`;
    throw new RollupError("PROVER_UNREACHABLE", message, { cause: error });
  }
}
