import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";

/**
 * What a host hands to its guests with an extended report (AMD 56421, "Guest-Hypervisor Communication Block
 * Standardization", section 4.1.8.1, table "Certificate Table"):
 *
 *   entry: GUID 16 | offset 4 | length 4, little-endian, until an entry of zeros; then the certificates
 *
 * The host writes it: nothing of it is trusted, a chain's signatures decide.
 */
const ENTRY_BYTES = 24;
/** Names of certificates by their GUIDs. */
const GUIDS = {
  vcek: "63da758d-e664-4564-adc5-f4b93be8accd",
  vlek: "a8074bc2-a25a-483e-aae6-39c045a0b8a1",
  ask: "4ab7b379-bbac-4fe4-a02f-05aef327c782",
  ark: "c0b406a4-a803-4952-9743-3fb6014cd0ae",
  crl: "92f81bc3-5811-4d3d-97ff-d19f88dc67ea",
} as const;
export type TableName = keyof typeof GUIDS;
const NAMES: readonly TableName[] = ["vcek", "vlek", "ask", "ark", "crl"];
/** More entries than there are kinds of certificates, by far. */
const ENTRIES_MAX = 64;

export type CertificateTable = Readonly<Partial<Record<TableName, Uint8Array>>>;

/** A GUID's bytes in its text's order (RFC 4122), which AMD's tools write. */
export function guidBytes(name: TableName): Uint8Array {
  return Uint8Array.from(Buffer.from(GUIDS[name].replaceAll("-", ""), "hex"));
}

/** The same with its first three numbers little-endian, as some hosts write all GUIDs. */
export function mixedEndian(guid: Uint8Array): Uint8Array {
  const part = (start: number, end: number) => [...guid.subarray(start, end)].reverse();
  return Uint8Array.from([...part(0, 4), ...part(4, 6), ...part(6, 8), ...guid.subarray(8)]);
}

const NAMES_BY_GUID: ReadonlyMap<string, TableName> = new Map(
  NAMES.flatMap((name) => [
    [toHex(guidBytes(name)), name],
    [toHex(mixedEndian(guidBytes(name))), name],
  ]),
);

function malformed(message: string): RollupError {
  return new RollupError("EVIDENCE_MALFORMED", `the host's certificate table: ${message}`);
}

/**
 * Reads a table. An empty one, and one that begins with the entry of zeros, has no certificates: the host did not
 * provide any. GUIDs that are not known are skipped. @throws RollupError EVIDENCE_MALFORMED
 */
export function readCertificateTable(bytes: Uint8Array): CertificateTable {
  const table: Partial<Record<TableName, Uint8Array>> = {};
  if (bytes.length === 0) return table;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let entry = 0; entry < ENTRIES_MAX; entry++) {
    const at = entry * ENTRY_BYTES;
    if (at + ENTRY_BYTES > bytes.length) throw malformed(`ends within entry ${entry}, without one of zeros`);
    if (bytes.subarray(at, at + ENTRY_BYTES).every((byte) => byte === 0)) return table;
    const name = NAMES_BY_GUID.get(toHex(bytes.subarray(at, at + 16)));
    if (name === undefined) continue;
    const [offset, length] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
    if (offset + length > bytes.length) {
      throw malformed(`${name} ends at ${offset + length} of ${bytes.length} bytes`);
    }
    if (table[name] !== undefined) throw malformed(`${name} stands there twice`);
    if (length > 0) table[name] = bytes.slice(offset, offset + length);
  }
  throw malformed(`more than ${ENTRIES_MAX} entries`);
}
