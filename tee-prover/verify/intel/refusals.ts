import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";

const REQUOTE = "ask the platform for a new quote, and hand it over unaltered";
const REFETCH =
  "fetch the collateral for this quote anew from Intel's PCS or a PCCS, and check this machine's clock";
const FOREIGN = "the evidence is not of genuine Intel hardware, or was altered; do not use it";

/** Why a quote is refused. */
const catalogue = {
  QUOTE_TRUNCATED: { message: "the quote ends before its format does", remedy: REQUOTE },
  QUOTE_TRAILING_BYTES: { message: "bytes follow the quote that are not zero", remedy: REQUOTE },
  QUOTE_TOO_LARGE: { message: "larger than any quote", remedy: REQUOTE },
  QUOTE_VERSION: { message: "a version of quotes that is not supported", remedy: REQUOTE },
  QUOTE_TEE_TYPE: { message: "the quote is of another TEE", remedy: "name the TEE that made the quote" },
  QUOTE_KEY_TYPE: { message: "an attestation key that is not ECDSA on P-256", remedy: REQUOTE },
  QUOTE_QE_VENDOR: { message: "the quoting enclave is not Intel's", remedy: FOREIGN },
  QUOTE_BODY_TYPE: { message: "a body that is not supported in this version of quotes", remedy: REQUOTE },
  QUOTE_SIZE_MISMATCH: { message: "sizes inside the quote contradict each other", remedy: REQUOTE },
  QUOTE_CERTIFICATION_TYPE: {
    message: "the quote does not carry the PCK certificate chain",
    remedy: "configure the platform's quote provider to embed the PCK chain (certification data type 5)",
  },
  COLLATERAL_MALFORMED: { message: "no collateral of Intel's", remedy: REFETCH },
  PCK_ISSUER: { message: "the certificate chain is not of the role that is wanted", remedy: FOREIGN },
  PCK_CHAIN_MISMATCH: { message: "the collateral is for another machine's certificate", remedy: REFETCH },
  PCK_CRL_ISSUER: {
    message: "the list of revoked PCK certificates has another issuer's chain",
    remedy: REFETCH,
  },
  PCK_EXTENSIONS: { message: "the PCK certificate lacks Intel's extensions", remedy: FOREIGN },
  TCB_INFO_SIGNATURE_INVALID: { message: "Intel did not sign this TCB information", remedy: REFETCH },
  TCB_INFO_MALFORMED: { message: "TCB information that cannot be read", remedy: REFETCH },
  TCB_INFO_NOT_YET_VALID: { message: "the TCB information is not issued yet", remedy: REFETCH },
  TCB_INFO_EXPIRED: { message: "the TCB information has expired", remedy: REFETCH },
  TCB_INFO_MISMATCH: { message: "the TCB information is for other platforms", remedy: REFETCH },
  QE_IDENTITY_SIGNATURE_INVALID: { message: "Intel did not sign this QE identity", remedy: REFETCH },
  QE_IDENTITY_MALFORMED: { message: "a QE identity that cannot be read", remedy: REFETCH },
  QE_IDENTITY_NOT_YET_VALID: { message: "the QE identity is not issued yet", remedy: REFETCH },
  QE_IDENTITY_EXPIRED: { message: "the QE identity has expired", remedy: REFETCH },
  QE_IDENTITY_MISMATCH: { message: "the quoting enclave is not the one that Intel names", remedy: FOREIGN },
  QE_REPORT_SIGNATURE_INVALID: {
    message: "the platform's PCK key did not sign the quoting enclave's report",
    remedy: FOREIGN,
  },
  ATTESTATION_KEY_UNBOUND: {
    message: "the quoting enclave's report does not commit to the attestation key",
    remedy: FOREIGN,
  },
  ATTESTATION_KEY_INVALID: { message: "the attestation key is no point of P-256", remedy: FOREIGN },
  QUOTE_SIGNATURE_INVALID: { message: "the attestation key did not sign this quote", remedy: FOREIGN },
  TDX_MODULE_MISMATCH: { message: "the TD runs on a TDX module that is not Intel's", remedy: FOREIGN },
} as const satisfies Readonly<Record<string, Explanation>>;

export type IntelCode = keyof typeof catalogue;
export const INTEL_CODES: readonly string[] = Object.keys(catalogue);
/** The same by code, for whoever gets only the code: L1 says no in these words. */
export const INTEL_EXPLANATIONS: Readonly<Record<string, Explanation>> = catalogue;

/** The numbered steps of `verifyIntelQuote`, in their order. */
export type IntelStep =
  | "1 quote"
  | "2 collateral"
  | "3 PCK chain"
  | "4 revocation"
  | "5 TCB info"
  | "6 QE identity"
  | "7 QE report"
  | "8 attestation key"
  | "9 quote signature"
  | "10 TDX module";

export type IntelRefusal = Refusal<IntelCode, IntelStep>;
const refuse = refusalsOf<IntelCode>(catalogue);

/** One refusal of Intel's evidence. */
export function refuseIntel(
  code: IntelCode,
  step: IntelStep,
  finding: { readonly field: string; readonly wanted: string; readonly found: string },
): IntelRefusal {
  return refuse(code, step, finding);
}
