import { addressFromHex, fromHex, type Hex, hashFromHex } from "@phala-l2/protocol/bytes";
import type { ClaimDomain } from "@phala-l2/protocol/claim";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { decodeEvidence } from "../../attest/evidence-json.ts";
import { parseKind } from "../../attest/kind.ts";
import type { KeyRegistration } from "./register.ts";

/**
 * Reads what a prover printed when it was ready, for whoever registers its key in its place. Nothing is verified: L1 does
 * that. @throws RollupError EVIDENCE_MALFORMED
 */
export function parsePrinted(text: string, domain: ClaimDomain): KeyRegistration {
  try {
    const json = new JsonObject(JSON.parse(text), "");
    const terms = json.object("registration");
    const binding = {
      domain,
      key: addressFromHex(json.text("key")),
      l1Block: hashFromHex(json.text("l1Block")),
      policyVersion: BigInt(terms.text("policyVersion")),
    };
    return {
      kind: parseKind(json.text("kind")),
      binding,
      l1BlockNumber: BigInt(terms.text("l1BlockNumber")),
      evidence: decodeEvidence(fromHex(json.text("evidence"))),
      beneficiary: addressFromHex(terms.text("beneficiary")),
      signature: fromHex(terms.text("signature")),
    };
  } catch (error) {
    if (isRollupError(error, "EVIDENCE_MALFORMED")) throw error;
    const message = "this is not the line that a prover prints when it is ready";
    throw new RollupError("EVIDENCE_MALFORMED", message, { cause: error });
  }
}

/** What a prover prints of its first key. */
export type PrintedKey = {
  readonly key: Hex;
  readonly kind: string;
  readonly l1Block: Hex;
  readonly registration: Readonly<
    Record<"l1BlockNumber" | "policyVersion" | "beneficiary" | "signature", string>
  >;
  readonly evidence: Hex;
};
