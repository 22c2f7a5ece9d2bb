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
import { TCB_PARTS, type TcbVersion } from "@phala-l2/tee-prover/verify/amd/tcb";
import { type AmdEvidence, type AmdInput, verifySnpReport } from "@phala-l2/tee-prover/verify/amd/verify";
import { encodeAbiParameters, type Hex, keccak256 } from "viem";
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

/** The numbers of `AmdProduct`. */
export const PRODUCT_NUMBERS = { Genoa: 0, Turin: 1 } as const satisfies Readonly<
  Record<keyof MinimumTcb, number>
>;

const UP_TO_DATE = 0;
const OUT_OF_DATE = 1;
/** A digest of nothing. */
export const NOTHING = `0x${"00".repeat(32)}` as const;
const TCB_TYPES = [
  { type: "uint8" },
  { type: "uint40" },
  { type: "uint40" },
  { type: "uint40" },
  { type: "uint40" },
] as const;

/** As `SnpTcb` packs it. */
export function packTcb(tcb: TcbVersion): number {
  return TCB_PARTS.reduce((packed, part) => packed * 256 + tcb[part], 0);
}

function tcbDigest({ tcb, product }: AmdEvidence): Hex {
  if (product === "Milan") throw new TypeError("L1 trusts no Milan");
  const { current, reported, committed, launch } = tcb;
  const packed = [current, reported, committed, launch].map(packTcb);
  const [first = 0, second = 0, third = 0, fourth = 0] = packed;
  return keccak256(encodeAbiParameters(TCB_TYPES, [PRODUCT_NUMBERS[product], first, second, third, fourth]));
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
    advisories: upToDate ? NOTHING : tcbDigest(evidence),
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
