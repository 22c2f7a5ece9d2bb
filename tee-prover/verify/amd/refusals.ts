import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";

const REREPORT = "ask the guest for a new report, and hand it over unaltered";
const REFETCH =
  "fetch the leaf for this chip and reported TCB, and the chain of its product, anew from AMD's KDS";
const FOREIGN = "the evidence is not of genuine AMD hardware, or was altered; do not use it";

/**
 * Why a report is refused. Tables and chapters in comments of this room are those of AMD's "SEV Secure Nested Paging
 * Firmware ABI Specification" (56860); "KDS" is "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface
 * Specification" (57230).
 */
const catalogue = {
  REPORT_LENGTH: { message: "not the length of an attestation report", remedy: REREPORT },
  REPORT_VERSION: { message: "a version of reports that is not supported", remedy: REREPORT },
  REPORT_SIGNATURE_ALGORITHM: {
    message: "a signature that is not ECDSA on P-384 with SHA-384",
    remedy: REREPORT,
  },
  REPORT_SIGNING_KEY: { message: "the report was signed by no key that AMD certifies", remedy: REREPORT },
  REPORT_KEY_MASKED: {
    message: "the host configured the platform not to sign with the chip's key",
    remedy: "have the host clear MASK_CHIP_KEY (SNP_CONFIG), then ask for a new report",
  },
  REPORT_RESERVED: { message: "bytes that must be zero, or bits that must be set, are not", remedy: FOREIGN },
  REPORT_SIGNATURE_FORM: { message: "no numbers that a P-384 signature can have", remedy: FOREIGN },
  REPORT_SIGNATURE_INVALID: { message: "the leaf's key did not sign this report", remedy: REFETCH },
  CHAIN_CERTIFICATES: { message: "not the two certificates above a leaf", remedy: REFETCH },
  CHAIN_ROLE: { message: "a certificate of another role or product than its place demands", remedy: REFETCH },
  LEAF_KEY: { message: "a leaf whose key is not on P-384", remedy: REFETCH },
  LEAF_KIND: { message: "a leaf of another kind than the key that signed the report", remedy: REFETCH },
  LEAF_EXTENSIONS: { message: "the leaf lacks AMD's extensions", remedy: REFETCH },
  LEAF_PRODUCT: { message: "the leaf is for another product than its root", remedy: REFETCH },
  TCB_MISMATCH: { message: "the leaf is for another TCB than the report's", remedy: REFETCH },
  TCB_INCONSISTENT: { message: "versions of the TCB that no firmware reports together", remedy: FOREIGN },
  CHIP_ID_MISMATCH: { message: "the leaf is for another chip than the report's", remedy: REFETCH },
  CPUID_MISMATCH: { message: "the report is of another product than the leaf", remedy: REFETCH },
} as const satisfies Readonly<Record<string, Explanation>>;

export type AmdCode = keyof typeof catalogue;
export const AMD_CODES: readonly string[] = Object.keys(catalogue);
/** The same by code, for whoever gets only the code: L1 says no in these words. */
export const AMD_EXPLANATIONS: Readonly<Record<string, Explanation>> = catalogue;
/** The steps in their order; a refusal names the one that failed. */
export type AmdStep =
  | "1 report"
  | "2 certificates"
  | "3 leaf"
  | "4 revocation"
  | "5 report signature"
  | "6 platform";
export type AmdRefusal = Refusal<AmdCode, AmdStep>;

const refuser = refusalsOf<AmdCode>(catalogue);

export function refuseAmd<Step extends AmdStep>(
  code: AmdCode,
  step: Step,
  field: string,
  wanted: string,
  found: string | number,
): Refusal<AmdCode, Step> {
  return refuser(code, step, { field, wanted, found: `${found}` });
}
