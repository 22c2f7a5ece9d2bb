import { isHttpError } from "@phala-l2/node/l1/http";
import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { resultOf } from "../host/json-rpc.ts";
import { type EvidenceAnswer, readEvidenceAnswer } from "./evidence-answer.ts";

/** Eight GPUs with two manifests each have some 10 MB. */
const TIMEOUT_MS = 30_000;

/**
 * Asks a prover for what speaks for its key; nothing of it is verified.
 * @throws RollupError PROVER_UNREACHABLE, EVIDENCE_MALFORMED
 */
export async function askEvidence(url: string): Promise<EvidenceAnswer> {
  try {
    return readEvidenceAnswer(
      await resultOf(url, { method: "tee_evidence", params: [], timeoutMs: TIMEOUT_MS }),
    );
  } catch (error) {
    if (isRollupError(error) && !isHttpError(error)) throw error;
    const message = `${withoutUrlSecrets(url)} gives no answer to tee_evidence`;
    throw new RollupError("PROVER_UNREACHABLE", message, { cause: error });
  }
}
