import { toHex } from "@phala-l2/protocol/bytes";
import type { Certificate } from "../certificates/certificate.ts";
import { DerReader, TAG } from "../certificates/der.ts";
import { type IntelRefusal, refuseIntel } from "./refusals.ts";

/** Intel's extension of PCK certificates ("Intel SGX PCK Certificate and CRL Profile Specification", section 1.3, "Certificate Formats"). */
export type PckExtensions = {
  readonly kind: "pck";
  /** The platform's identity, 16 bytes as hex without 0x. */
  readonly ppid: string;
  /** The sixteen components of the platform's TCB. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly cpuSvn: Uint8Array;
  readonly pceId: string;
  /** Family, model, stepping, platform type: what TCB information is published for. */
  readonly fmspc: string;
};

const BASE = "1.2.840.113741.1.13.1";
export const COMPONENTS = 16;
const PCE_SVN = 17;
const CPU_SVN = 18;

function readTcb(reader: DerReader): Pick<PckExtensions, "components" | "pceSvn" | "cpuSvn"> {
  const components: number[] = [];
  for (let number = 1; number <= COMPONENTS; number++) {
    components.push(readEntry(reader, `${BASE}.2.${number}`, (entry, oid) => entry.small(oid, 255)));
  }
  const pceSvn = readEntry(reader, `${BASE}.2.${PCE_SVN}`, (entry, oid) => entry.small(oid, 65_535));
  const cpuSvn = readEntry(reader, `${BASE}.2.${CPU_SVN}`, (entry, oid) => entry.octets(oid, 16));
  reader.end("TCB");
  return { components, pceSvn, cpuSvn };
}

/** SEQUENCE of an identifier, which must be the next one, and its value. */
function readEntry<Value>(
  reader: DerReader,
  oid: string,
  read: (entry: DerReader, oid: string) => Value,
): Value {
  const entry = reader.sequence(oid);
  const found = entry.objectIdentifier(oid);
  if (found !== oid) entry.fail(`${oid} wanted, ${found} found`);
  const value = read(entry, oid);
  entry.end(oid);
  return value;
}

/** Reads Intel's extension; the profile fixes the order of its entries. */
export function readPckExtensions(certificate: Certificate): PckExtensions | IntelRefusal {
  const extension = certificate.extensions.get(BASE);
  const outer = new DerReader(extension?.value ?? new Uint8Array(0));
  const reader = outer.sequence(BASE);
  outer.end(BASE);
  const hex = (length: number) => (entry: DerReader, oid: string) =>
    toHex(entry.octets(oid, length)).slice(2);
  const ppid = readEntry(reader, `${BASE}.1`, hex(16));
  const tcb = readEntry(reader, `${BASE}.2`, (entry, oid) => readTcb(entry.sequence(oid)));
  const pceId = readEntry(reader, `${BASE}.3`, hex(2));
  const fmspc = readEntry(reader, `${BASE}.4`, hex(6));
  readEntry(reader, `${BASE}.5`, (entry, oid) => entry.small(oid, 2, TAG.enumerated));
  // Platform instance and configuration, on multi-package platforms only: nothing here is judged by them.
  while (!reader.done) reader.element(TAG.sequence, BASE);
  if (outer.fault === undefined) return { kind: "pck", ppid, ...tcb, pceId, fmspc };
  const finding = { field: "PCK certificate", wanted: `extension ${BASE}`, found: outer.fault };
  return refuseIntel("PCK_EXTENSIONS", "3 PCK chain", finding);
}
