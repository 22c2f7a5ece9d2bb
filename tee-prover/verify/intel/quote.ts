import { bytesEqual, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { ByteCursor } from "../byte-cursor.ts";
import { type IntelCode, type IntelRefusal, refuseIntel } from "./refusals.ts";
import {
  ENCLAVE_REPORT_BYTES,
  type EnclaveReport,
  readEnclaveReport,
  readTdReport,
  TD10_REPORT_BYTES,
  TD15_REPORT_BYTES,
  type TdReport,
} from "./reports.ts";

/**
 * A DCAP quote (Intel SGX DCAP ECDSA Quote Library API, appendix A, version 3; Intel TDX DCAP Quoting Library API,
 * appendix A, versions 4 and 5), parsed and not yet judged:
 *
 *   header 48 | v5: body type 2, body size 4 | body 384, 584 or 648 | size 4 | authentication data | zeros
 *
 *   authentication data, v3:      signature 64 | key 64 | certified report
 *   authentication data, v4, v5:  signature 64 | key 64 | type 2 (= 6) | size 4 | certified report
 *   certified report:             QE report 384 | signature 64 | size 2 | QE's data | type 2 (= 5) | size 4 | PEM chain
 */
export type Quote = {
  readonly kind: "quote";
  readonly version: 3 | 4 | 5;
  readonly tee: Tee;
  readonly body: EnclaveReport | TdReport;
  /** Header and body: what the attestation key signed. */
  readonly signedPart: Uint8Array;
  readonly signature: Uint8Array;
  /** x | y of a point of P-256. */
  readonly attestationKey: Uint8Array;
  readonly qeReportBytes: Uint8Array;
  readonly qeReport: EnclaveReport;
  readonly qeReportSignature: Uint8Array;
  readonly qeAuthenticationData: Uint8Array;
  /** The PCK certificate, its issuer and the root, in PEM. */
  readonly pckChain: string;
};

export type Tee = "sgx" | "tdx";

/** Quotes have 5 kB, with padding 8 kB; a bound on what is worth reading. */
const QUOTE_BYTES_MAX = 32_768;
const HEADER_BYTES = 48;
const ECDSA_P256_KEY_TYPE = 2;
const TEE_TYPES: Readonly<Record<number, Tee>> = { 0: "sgx", 129: "tdx" };
/** Intel's quoting enclaves, 939a7233-f79c-4ca9-940a-0db3957f0607. */
const INTEL_QE_VENDOR = fromHex("939a7233f79c4ca9940a0db3957f0607");
/** Types of certification data (table "QE Certification Data"). */
const PCK_CHAIN_IN_PEM = 5;
const CERTIFIED_REPORT = 6;

type BodyFormat = { readonly type: "sgx" | "td10" | "td15"; readonly tee: Tee; readonly bytes: number };
const SGX_BODY: BodyFormat = { type: "sgx", tee: "sgx", bytes: ENCLAVE_REPORT_BYTES };
const TD10_BODY: BodyFormat = { type: "td10", tee: "tdx", bytes: TD10_REPORT_BYTES };
const TD15_BODY: BodyFormat = { type: "td15", tee: "tdx", bytes: TD15_REPORT_BYTES };
/** Body types of version 5. */
const V5_BODIES: Readonly<Record<number, BodyFormat>> = { 2: TD10_BODY, 3: TD15_BODY };

function refuse(code: IntelCode, field: string, wanted: string, found: string | number): IntelRefusal {
  return refuseIntel(code, "1 quote", { field, wanted, found: `${found}` });
}

type Header = { readonly version: Quote["version"]; readonly tee: Tee };

function readHeader(cursor: ByteCursor): Header | IntelRefusal {
  const version = cursor.u16();
  const keyType = cursor.u16();
  const teeType = cursor.u32();
  cursor.take(4); // v3: SVNs of QE and PCE, which the certificates tell anew; later reserved
  const vendor = cursor.take(16);
  cursor.take(20); // user data
  if (cursor.overrun) return refuse("QUOTE_TRUNCATED", "header", `${HEADER_BYTES} bytes`, "fewer");
  if (version !== 3 && version !== 4 && version !== 5) {
    return refuse("QUOTE_VERSION", "header.version", "3, 4 or 5", version);
  }
  if (keyType !== ECDSA_P256_KEY_TYPE) {
    return refuse("QUOTE_KEY_TYPE", "header.attestationKeyType", `${ECDSA_P256_KEY_TYPE}`, keyType);
  }
  const tee = TEE_TYPES[teeType];
  if (tee === undefined) return refuse("QUOTE_TEE_TYPE", "header.teeType", "0 (SGX) or 129 (TDX)", teeType);
  if ((version === 3) !== (tee === "sgx")) {
    return refuse("QUOTE_VERSION", "header.version", tee === "sgx" ? "3 for SGX" : "4 or 5 for TDX", version);
  }
  if (!bytesEqual(vendor, INTEL_QE_VENDOR)) {
    return refuse("QUOTE_QE_VENDOR", "header.qeVendorId", toHex(INTEL_QE_VENDOR), toHex(vendor));
  }
  return { version, tee };
}

function readBodyFormat(cursor: ByteCursor, { version }: Header): BodyFormat | IntelRefusal {
  if (version === 3) return SGX_BODY;
  if (version === 4) return TD10_BODY;
  const type = cursor.u16();
  const size = cursor.u32();
  const format = V5_BODIES[type];
  if (cursor.overrun) return refuse("QUOTE_TRUNCATED", "body", "its type and size", "the end");
  if (format === undefined) return refuse("QUOTE_BODY_TYPE", "body.type", "2 (TD 1.0) or 3 (TD 1.5)", type);
  if (size !== format.bytes) return refuse("QUOTE_SIZE_MISMATCH", "body.size", `${format.bytes}`, size);
  return format;
}

/** `type 2 | size 4 | data`, where data fills the rest exactly. */
function readCertificationData(cursor: ByteCursor, type: number): Uint8Array | IntelRefusal {
  const found = cursor.u16();
  const size = cursor.u32();
  const data = cursor.rest();
  if (cursor.overrun)
    return refuse("QUOTE_SIZE_MISMATCH", "certification data", "its type and size", "the end");
  if (found !== type) return refuse("QUOTE_CERTIFICATION_TYPE", "certification data type", `${type}`, found);
  if (size !== data.length) {
    return refuse("QUOTE_SIZE_MISMATCH", "certification data size", `${data.length}`, size);
  }
  return data;
}

/** PEM text; Intel's library ends it with a zero byte, as C does, and some providers with several. */
function readPemText(data: Uint8Array): string {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end--;
  return Buffer.from(data.buffer, data.byteOffset, end).toString("latin1");
}

type Authentication = Pick<
  Quote,
  | "signature"
  | "attestationKey"
  | "qeReportBytes"
  | "qeReport"
  | "qeReportSignature"
  | "qeAuthenticationData"
  | "pckChain"
>;

function readAuthentication(bytes: Uint8Array, version: Quote["version"]): Authentication | IntelRefusal {
  const outer = new ByteCursor(bytes);
  const signature = outer.take(64);
  const attestationKey = outer.take(64);
  if (outer.overrun)
    return refuse("QUOTE_SIZE_MISMATCH", "authentication data", "signature and key", "the end");
  const certified = version === 3 ? outer.rest() : readCertificationData(outer, CERTIFIED_REPORT);
  if ("kind" in certified) return certified;
  const cursor = new ByteCursor(certified);
  const qeReportBytes = cursor.take(ENCLAVE_REPORT_BYTES);
  const qeReportSignature = cursor.take(64);
  const qeAuthenticationData = cursor.take(cursor.u16());
  if (cursor.overrun)
    return refuse("QUOTE_SIZE_MISMATCH", "QE report", "report, signature and data", "the end");
  const chain = readCertificationData(cursor, PCK_CHAIN_IN_PEM);
  if ("kind" in chain) return chain;
  return {
    signature,
    attestationKey,
    qeReportBytes,
    qeReportSignature,
    qeAuthenticationData,
    qeReport: readEnclaveReport(qeReportBytes),
    pckChain: readPemText(chain),
  };
}

/** Parses a quote. Every byte has a meaning or is a zero of the padding at the end; nothing is verified yet. */
export function parseQuote(bytes: Uint8Array): Quote | IntelRefusal {
  if (bytes.length > QUOTE_BYTES_MAX) {
    return refuse("QUOTE_TOO_LARGE", "quote", `at most ${QUOTE_BYTES_MAX} bytes`, bytes.length);
  }
  const cursor = new ByteCursor(bytes);
  const header = readHeader(cursor);
  if ("kind" in header) return header;
  const format = readBodyFormat(cursor, header);
  if ("kind" in format) return format;
  const bodyBytes = cursor.take(format.bytes);
  const signedPart = bytes.subarray(0, cursor.at);
  const size = cursor.u32();
  const authenticationBytes = cursor.take(size);
  if (cursor.overrun) return refuse("QUOTE_TRUNCATED", "quote", `${cursor.at} bytes`, bytes.length);
  if (cursor.rest().some((byte) => byte !== 0)) {
    return refuse("QUOTE_TRAILING_BYTES", "quote", "zeros only after the quote", "other bytes");
  }
  const authentication = readAuthentication(authenticationBytes, header.version);
  if ("kind" in authentication) return authentication;
  const body = format.type === "sgx" ? readEnclaveReport(bodyBytes) : readTdReport(bodyBytes, format.type);
  return { kind: "quote", ...header, body, signedPart, ...authentication };
}
