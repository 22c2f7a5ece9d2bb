import { NOW } from "../../attest/dangerously-simulated/authority.ts";
import {
  type CollateralDraft,
  issueCollateral,
  issueQuote,
  type QuoteDraft,
  type World,
} from "../../attest/dangerously-simulated/intel.ts";
import { type IntelEvidence, type IntelInput, verifyIntelQuote } from "../intel/verify.ts";
import type { Refusal } from "../refusal.ts";

export type Case = {
  readonly quote?: Partial<QuoteDraft>;
  readonly collateral?: CollateralDraft;
  readonly at?: bigint;
};

/** All that the verifier needs for one case; the quote is of an SGX enclave, a TD 1.0 or a TD 1.5. */
export function inputOf(
  world: World,
  format: QuoteDraft["format"],
  { quote, collateral, at = NOW }: Case = {},
) {
  const tee = format === "sgx" ? "sgx" : "tdx";
  return {
    tee,
    quote: issueQuote(world, { format, ...quote }),
    collateral: issueCollateral(world, tee, collateral),
    at,
    roots: world.roots,
  } as const satisfies IntelInput;
}

/** The evidence, which must be genuine. */
export function genuine(input: IntelInput): IntelEvidence {
  const evidence = verifyIntelQuote(input);
  if (evidence.kind === "genuine") return evidence;
  throw new Error(`${evidence.code}: ${evidence.field}: wanted ${evidence.wanted}, found ${evidence.found}`);
}

/** The refusal's code, or `genuine`. */
export function codeOf(result: Refusal | { readonly kind: string } | undefined): string {
  return result === undefined ? "accepted" : "code" in result ? result.code : result.kind;
}

export function outcome(input: IntelInput): string {
  return codeOf(verifyIntelQuote(input));
}
