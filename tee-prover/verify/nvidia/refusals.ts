import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";

const REASK = "ask the device for a new report with a fresh nonce, and hand it over unaltered";
const FOREIGN = "the evidence is not of a genuine NVIDIA device, or was altered; do not use it";
const RIM =
  "fetch the RIM of this driver or VBIOS anew from NVIDIA's RIM service, and hand it over unaltered";

/** Why a report of a GPU or NVSwitch, or a RIM it is compared with, is refused. */
const catalogue = {
  EVIDENCE_ENCODING: { message: "neither hex, base64, binary nor known JSON", remedy: REASK },
  EVIDENCE_COUNT: { message: "reports and certificate chains do not go together", remedy: REASK },
  REPORT_TOO_LARGE: { message: "larger than any report", remedy: REASK },
  REPORT_TRUNCATED: { message: "the report ends before its format does", remedy: REASK },
  REPORT_TRAILING_BYTES: { message: "bytes follow the report that are not zero", remedy: REASK },
  REPORT_NOT_SPDM: {
    message: "no SPDM 1.1 request for signed measurements with its response",
    remedy: REASK,
  },
  REPORT_MEASUREMENTS_MALFORMED: { message: "measurements that cannot be read", remedy: REASK },
  REPORT_OPAQUE_DATA_MALFORMED: { message: "opaque data that cannot be read", remedy: REASK },
  DEVICE_CHAIN_LENGTH: { message: "the certificate chain is not one of five", remedy: REASK },
  DEVICE_KEY_TYPE: { message: "the device's key is not of P-384", remedy: FOREIGN },
  DEVICE_REVOKED: {
    message: "the policy's revocation list names a certificate of the chain",
    remedy: "the device's keys are not to be trusted; use another device",
  },
  REVOCATION_LIST_EXPIRED: {
    message: "the policy's revocation list is out of date",
    remedy: "ask NVIDIA's OCSP responder about each serial number, and renew the list in the policy",
  },
  FIRMWARE_ID_MISSING: {
    message: "the report names its firmware and the certificate does not",
    remedy: FOREIGN,
  },
  FIRMWARE_ID_MISMATCH: {
    message: "the firmware that reports is not the one that the key was made for",
    remedy: FOREIGN,
  },
  DEVICE_SIGNATURE_INVALID: { message: "the device's key did not sign this report", remedy: FOREIGN },
  DEVICE_DUPLICATE: {
    message: "one device answered twice",
    remedy: "collect one report of each device",
  },
  RIM_XML_MALFORMED: { message: "no XML in the narrow form that RIMs have", remedy: RIM },
  RIM_SIGNATURE_MALFORMED: {
    message: "not the one signature over the whole document that RIMs have",
    remedy: RIM,
  },
  RIM_SIGNATURE_INVALID: { message: "NVIDIA's RIM signer did not sign this document", remedy: RIM },
  RIM_MALFORMED: { message: "a signed RIM that cannot be read", remedy: RIM },
} as const satisfies Readonly<Record<string, Explanation>>;

export type NvidiaCode = keyof typeof catalogue;
export const NVIDIA_CODES: readonly string[] = Object.keys(catalogue);
/** The same by code, for whoever gets only the code: L1 says no in these words. */
export const NVIDIA_EXPLANATIONS: Readonly<Record<string, Explanation>> = catalogue;

/** The numbered steps of `verifyNvidiaReport`, in their order. */
export type NvidiaStep =
  | "0 input"
  | "1 report"
  | "2 device chain"
  | "3 revocation"
  | "4 report signature"
  | "5 firmware id"
  | "6 RIM";

export type NvidiaRefusal = Refusal<NvidiaCode, NvidiaStep>;
const refuse = refusalsOf<NvidiaCode>(catalogue);

/** One refusal of NVIDIA's evidence. */
export function refuseNvidia(
  code: NvidiaCode,
  step: NvidiaStep,
  field: string,
  wanted: string,
  found: string | number,
): NvidiaRefusal {
  return refuse(code, step, { field, wanted, found: `${found}` });
}
