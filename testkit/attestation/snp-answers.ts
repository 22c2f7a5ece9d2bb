import { toHex } from "@phala-l2/protocol/bytes";
import { snpImage } from "@phala-l2/tee-prover/attest/measurement";
import type { Leaf } from "@phala-l2/tee-prover/verify/amd/leaf";
import {
  type AmdPolicy,
  amdTcbStatus,
  appraiseAmd,
  STRICT_AMD_POLICY,
} from "@phala-l2/tee-prover/verify/amd/policy";
import type { Product } from "@phala-l2/tee-prover/verify/amd/product";
import type { TcbVersion } from "@phala-l2/tee-prover/verify/amd/tcb";
import { tcbDigest } from "@phala-l2/tee-prover/verify/amd/tcb-digest";
import { type AmdEvidence, type AmdInput, verifySnpReport } from "@phala-l2/tee-prover/verify/amd/verify";
import { type Hex, keccak256 } from "viem";
import type { OnChainSnpAnswer } from "./amd-on-l1.ts";

/** What genuine evidence says, on L1 and off-chain. */
export type SnpFacts = {
  readonly tcbStatus: number;
  /** Digest of a TCB that is out of date. */
  readonly advisories: Hex;
  readonly measurement: Hex;
  readonly platformId: Hex;
  readonly reportData: Hex;
};

/** A code of the verifier off-chain, or what the evidence says. */
export type SnpAnswer =
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "genuine"; readonly facts: SnpFacts };

/** The least TCB of each product; L1 trusts no Milan. */
export type MinimumTcb = Readonly<Record<Exclude<Product, "Milan">, TcbVersion>>;

const UP_TO_DATE = 0;
const OUT_OF_DATE = 1;
/** A digest of nothing. */
export const NOTHING = `0x${"00".repeat(32)}` as const;

function digestOf({ product, tcb }: AmdEvidence): Hex {
  const digest = tcbDigest(product, tcb);
  if (digest === undefined) throw new TypeError(`L1 does not trust ${product}`);
  return toHex(digest);
}

/** Identity of the machine: the chip's, or of a lent key the cloud's. */
function platformOf({ hardwareId, cloudProvider = "" }: Leaf): Hex {
  return keccak256(hardwareId ?? new TextEncoder().encode(cloudProvider));
}

/** Verifies and appraises by the strict policy, but that a TCB which is out of date is told, as on L1. */
export function answerOffChain(input: AmdInput, minimumTcb: MinimumTcb): SnpAnswer {
  const evidence = verifySnpReport(input);
  if (evidence.kind === "refused") return { kind: "refused", code: evidence.code };
  const policy: AmdPolicy = {
    ...STRICT_AMD_POLICY,
    minimumTcb: { ...STRICT_AMD_POLICY.minimumTcb, ...minimumTcb },
    outOfDateUntil: input.at,
  };
  const refusal = appraiseAmd(evidence, policy, input.at);
  if (refusal !== undefined) return { kind: "refused", code: refusal.code };
  const upToDate = amdTcbStatus(evidence, policy) === "UpToDate";
  const facts = {
    tcbStatus: upToDate ? UP_TO_DATE : OUT_OF_DATE,
    advisories: upToDate ? NOTHING : digestOf(evidence),
    measurement: toHex(snpImage(evidence.report)),
    platformId: platformOf(evidence.leaf),
    reportData: toHex(evidence.report.reportData),
  };
  return { kind: "genuine", facts };
}

/** Where a contract's word is not the verifier's off-chain. */
const WORDS: Readonly<Record<string, string>> = {
  SnpReportVerifier_ForeignRoot: "PRODUCT_NOT_ACCEPTED",
  SnpReportVerifier_ChainLength: "CHAIN_CERTIFICATES",
  SnpReportVerifier_LeafIsAuthority: "CERTIFICATE_IS_A_CA",
  SnpReportVerifier_SignatureInvalid: "REPORT_SIGNATURE_INVALID",
};
/** Libraries that read a leaf's extensions. */
const READERS: readonly string[] = ["AmdExtensions", "Der"];

/** `SnpReport_Length` is REPORT_LENGTH, `SnpReportVerifier_DebugEnabled` is DEBUG_ENABLED. */
function codeOf(error: string): string {
  const [contract = "", name = ""] = error.split("_");
  if (READERS.includes(contract)) return "LEAF_EXTENSIONS";
  const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return WORDS[error] ?? (contract === "SnpReport" ? `REPORT_${words}` : words);
}

/** L1's answer in the words of the verifier off-chain. */
export function answerOnChain(answer: OnChainSnpAnswer): SnpAnswer {
  return answer.kind === "reverted"
    ? { kind: "refused", code: codeOf(answer.error) }
    : { kind: "genuine", facts: answer.facts };
}
