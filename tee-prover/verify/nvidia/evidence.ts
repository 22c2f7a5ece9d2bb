import { isRecord } from "@phala-l2/protocol/json-record";
import { type Certificate, parseCertificate } from "../certificates/certificate.ts";
import { parsePemCertificates } from "../certificates/pem.ts";
import type { CertificateRefusal } from "../certificates/refusals.ts";
import { type NvidiaRefusal, refuseNvidia } from "./refusals.ts";

/** What one device gave. */
export type DeviceEvidence = {
  readonly report: Uint8Array;
  readonly chain: readonly Certificate[];
  /** The nonce that the collector says it asked with. */
  readonly nonce: Uint8Array | undefined;
};

const STEP = "0 input";
/** A system has 8 GPUs and 4 NVSwitches, or 72 GPUs in a rack. */
const DEVICES_MAX = 256;
const CERTIFICATES_MAX = 8;
const DER_SEQUENCE = 0x30;
const SPDM_1_1 = 0x11;

function encoding(field: string, wanted: string, found: string): NvidiaRefusal {
  return refuseNvidia("EVIDENCE_ENCODING", STEP, field, wanted, found);
}

/** ASCII text without its surrounding space; undefined for binary. */
function textOf(bytes: Uint8Array): string | undefined {
  const isText = bytes.every(
    (byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127),
  );
  return isText ? Buffer.from(bytes).toString("latin1").trim() : undefined;
}

/** Bytes of hex or base64 text, with or without line breaks; undefined for any other text. */
function decodeText(text: string): Uint8Array | undefined {
  const joined = text.replaceAll(/\s/g, "");
  const digits = joined.replace(/^0x/, "");
  if (digits !== "" && /^(?:[\da-fA-F]{2})+$/.test(digits))
    return Uint8Array.from(Buffer.from(digits, "hex"));
  const bytes = Buffer.from(joined, "base64");
  return joined !== "" && bytes.toString("base64") === joined ? Uint8Array.from(bytes) : undefined;
}

/** A report in binary, hex or base64. */
function decodeReport(bytes: Uint8Array): Uint8Array | NvidiaRefusal {
  const text = bytes[0] === SPDM_1_1 ? undefined : textOf(bytes);
  if (text === undefined) return bytes;
  return decodeText(text) ?? encoding("report", "binary, hex or base64", "other text");
}

/** DER certificates one after another; their lengths say where each ends. */
function splitDer(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, form, high = 0, low = 0] = bytes.subarray(at, at + 4);
    const end = at + 4 + high * 256 + low;
    if (tag !== DER_SEQUENCE || form !== 0x82 || end > bytes.length || parts.length === CERTIFICATES_MAX)
      return undefined;
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}

/** A chain in PEM or DER, or either of them in hex or base64. */
function decodeChain(bytes: Uint8Array): readonly Certificate[] | NvidiaRefusal | CertificateRefusal {
  const text = bytes[0] === DER_SEQUENCE && bytes[1] === 0x82 ? undefined : textOf(bytes);
  if (text?.startsWith("-----BEGIN ") === true) {
    const list = parsePemCertificates(text, STEP);
    return list.kind === "refused" ? list : list.certificates;
  }
  if (text !== undefined) {
    const inner = decodeText(text);
    // One layer only: what is inside is PEM or DER.
    const isInner = inner !== undefined && (inner[0] === DER_SEQUENCE || inner[0] === "-".charCodeAt(0));
    return isInner ? decodeChain(inner) : encoding("chain", "PEM, DER, hex or base64", "other text");
  }
  const parts = splitDer(bytes);
  if (parts === undefined) return encoding("chain", "DER certificates one after another", "other bytes");
  const certificates: Certificate[] = [];
  for (const part of parts) {
    const certificate = parseCertificate(part, STEP);
    if (certificate.kind === "refused") return certificate;
    certificates.push(certificate);
  }
  return certificates;
}

/** Entries of what NVIDIA's tools write: one object, a list, or a request with `evidence_list`. */
function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return [];
  const { evidence_list: list, nonce } = value;
  if (!Array.isArray(list)) return [value];
  return list.map((entry) => (isRecord(entry) ? { nonce, ...entry } : entry));
}

function readEntry(entry: unknown): DeviceEvidence | NvidiaRefusal | CertificateRefusal {
  const { evidence, certificate, nonce } = isRecord(entry) ? entry : {};
  if (typeof evidence !== "string" || typeof certificate !== "string") {
    return encoding("JSON", "entries with 'evidence' and 'certificate'", "something else");
  }
  const report = decodeReport(Buffer.from(evidence, "latin1"));
  if ("kind" in report) return report;
  const chain = decodeChain(Buffer.from(certificate, "latin1"));
  if ("kind" in chain) return chain;
  if (nonce === undefined || nonce === null) return { report, chain, nonce: undefined };
  const nonceBytes = typeof nonce === "string" ? decodeText(nonce) : undefined;
  return nonceBytes === undefined
    ? encoding("JSON nonce", "hex", "something else")
    : { report, chain, nonce: nonceBytes };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON is an answer here: it comes from outside.
    return undefined;
  }
}

/**
 * Reads what was handed over: a report and a chain, each in binary, hex, base64 or PEM; or, without a chain, the JSON
 * of NVIDIA's tools, with any number of devices.
 */
export function readEvidence(
  report: Uint8Array,
  chain: Uint8Array | undefined,
): readonly DeviceEvidence[] | NvidiaRefusal | CertificateRefusal {
  const text = textOf(report);
  if (text === undefined || !/^[[{]/.test(text)) {
    if (chain === undefined) {
      return refuseNvidia("EVIDENCE_COUNT", STEP, "chain", "a chain beside a single report", "none");
    }
    const bytes = decodeReport(report);
    if ("kind" in bytes) return bytes;
    const certificates = decodeChain(chain);
    return "kind" in certificates ? certificates : [{ report: bytes, chain: certificates, nonce: undefined }];
  }
  if (chain !== undefined) {
    return refuseNvidia("EVIDENCE_COUNT", STEP, "chain", "none beside JSON, which has the chains", "one");
  }
  const entries = entriesOf(parseJson(text));
  if (entries.length === 0 || entries.length > DEVICES_MAX) {
    return refuseNvidia("EVIDENCE_COUNT", STEP, "JSON", `1 to ${DEVICES_MAX} devices`, entries.length);
  }
  const devices: DeviceEvidence[] = [];
  for (const entry of entries) {
    const device = readEntry(entry);
    if ("kind" in device) return device;
    devices.push(device);
  }
  return devices;
}
