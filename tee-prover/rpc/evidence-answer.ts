import { quantityHex } from "@phala-l2/node/rpc/format/hex";
import { toHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { KeyBinding } from "../attest/commitments.ts";
import type { Evidence } from "../attest/evidence.ts";
import { decodeEvidence, encodeEvidence } from "../attest/evidence-json.ts";

/**
 * The answer of `tee_evidence`: what evidence commits to, and the evidence in its own JSON.
 *
 *   {"binding": {"chainId", "registry", "key", "l1Block", "policyVersion"}, "evidence": {"version": 1, …}}
 */
export type EvidenceAnswer = { readonly binding: KeyBinding; readonly evidence: Evidence };

/** Numbers as quantities, bytes as hex. */
export function formatBinding({ domain, key, l1Block, policyVersion }: KeyBinding): object {
  return {
    chainId: quantityHex(domain.chainId),
    registry: toHex(domain.verifyingContract),
    key: toHex(key),
    l1Block: toHex(l1Block),
    policyVersion: quantityHex(policyVersion),
  };
}

/** The answer as JSON text. */
export function formatEvidenceAnswer({ binding, evidence }: EvidenceAnswer): string {
  const inner = new TextDecoder().decode(encodeEvidence(evidence));
  return `{"binding":${JSON.stringify(formatBinding(binding))},"evidence":${inner}}`;
}

/** Reads another prover's answer; nothing of it is verified. @throws RollupError EVIDENCE_MALFORMED */
export function readEvidenceAnswer(answer: unknown): EvidenceAnswer {
  try {
    const json = new JsonObject(answer, "");
    const binding = json.object("binding");
    const domain = { chainId: binding.integer("chainId"), verifyingContract: binding.address("registry") };
    const policyVersion = binding.integer("policyVersion");
    const [key, l1Block] = [binding.address("key"), binding.hash("l1Block")];
    // The reader of files reads it again, from text: there is one form of evidence.
    const inner = new TextEncoder().encode(JSON.stringify(isEvidenceAnswer(answer) ? answer.evidence : null));
    return { binding: { domain, key, l1Block, policyVersion }, evidence: decodeEvidence(inner) };
  } catch (error) {
    if (isRollupError(error, "EVIDENCE_MALFORMED")) throw error;
    throw new RollupError("EVIDENCE_MALFORMED", "the answer is none of tee_evidence", { cause: error });
  }
}

function isEvidenceAnswer(answer: unknown): answer is { readonly evidence: unknown } {
  return typeof answer === "object" && answer !== null && "evidence" in answer;
}
