import { concatBytes, fromHex, type Hash } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { PinnedRoot } from "../certificates/chain.ts";
import type { Refusal } from "../refusal.ts";
import { blockOf, type RimConflict } from "./measurements.ts";
import { type GoldenMeasurement, type Rim, verifyRim } from "./rim.ts";
import { parseSignedDocument } from "./xml-signature.ts";

/** How a GPU's VBIOS is versioned: 96.00.74.00.1A; a driver is 580.95.05. */
const VBIOS_VERSION = /^[\dA-F]{2}(?:\.[\dA-F]{2}){4}$/;
/** Lengths and counts have one byte. */
const BYTE_MAX = 0xff;
const TAG = new TextEncoder().encode("phala-l2 nvidia gpu 1");

/** What a driver and a VBIOS are measured as, in the form that L1 reads. */
export type Golden = {
  readonly kind: "golden";
  readonly driver: string;
  readonly vbios: string;
  readonly bytes: Uint8Array;
  /** What governance accepts on L1. */
  readonly measurement: Hash;
};

/** Blocks that the RIMs compare, each once: its alternatives in their order as bytes, none twice. */
function entryOf({ index, values }: GoldenMeasurement): Uint8Array {
  const distinct = [...new Set(values)].sort();
  const size = (distinct[0]?.length ?? 0) / 2;
  return concatBytes(Uint8Array.of(blockOf(index), size, distinct.length), ...distinct.map(fromHex));
}

function versionBytes(version: string): Uint8Array {
  const text = new TextEncoder().encode(version);
  return concatBytes(Uint8Array.of(text.length), text);
}

/** The RIM of the driver, and the RIM of the VBIOS; no more, and no index in both. */
function pairOf(rims: readonly Rim[]): { readonly driver: Rim; readonly vbios: Rim } | RimConflict {
  const isVbios = ({ version }: Rim) => VBIOS_VERSION.test(version);
  const [driver, vbios] = [rims.find((rim) => !isVbios(rim)), rims.find(isVbios)];
  const found = rims.map(({ version }) => version).join(", ") || "none";
  const wanted = "one RIM of a driver and one of a VBIOS";
  if (driver === undefined || vbios === undefined) return { kind: "version", field: "RIMs", wanted, found };
  if (rims.length !== 2) return { kind: "twice", field: "RIMs", wanted, found };
  const both = driver.measurements.find(({ index }) =>
    vbios.measurements.some((each) => each.index === index),
  );
  if (both === undefined) return { driver, vbios };
  return {
    kind: "index",
    field: `index ${both.index}`,
    wanted: "of the driver only",
    found: "of both RIMs",
  };
}

/**
 * What verified RIMs of a driver and a VBIOS say, as L1 compares a report with it (`NvidiaGolden.sol`); nothing of it
 * depends on a report, so that governance and provers come to the same bytes:
 *
 *   length 1 | driver version | length 1 | VBIOS version | entries, in the order of their blocks
 *   entry: block 1 | size of a value 1 | alternatives 1 | values
 *
 *   measurement: keccak256("phala-l2 nvidia gpu 1" | all of it)
 */
export function goldenOf(rims: readonly Rim[]): Golden | RimConflict {
  const pair = pairOf(rims);
  if ("kind" in pair) return pair;
  const { version: driver, measurements } = pair.driver;
  const { version: vbios } = pair.vbios;
  if (driver.length > BYTE_MAX) {
    const wanted = `at most ${BYTE_MAX} characters`;
    return { kind: "version", field: "driver", wanted, found: `${driver.length}` };
  }
  const entries = [...measurements, ...pair.vbios.measurements]
    .sort((a, b) => a.index - b.index)
    .map(entryOf);
  const bytes = concatBytes(versionBytes(driver), versionBytes(vbios), ...entries);
  return { kind: "golden", driver, vbios, bytes, measurement: keccak256(concatBytes(TAG, bytes)) };
}

/** A RIM as of the first moment at which all of its signer's chain was valid. */
function rimWhenSigned(document: string, roots: readonly PinnedRoot[]): Rim | Refusal {
  const signed = parseSignedDocument(document);
  if (signed.kind === "refused") return signed;
  const at = signed.certificates.reduce((last, { notBefore }) => (notBefore > last ? notBefore : last), 0n);
  return verifyRim(document, { roots, at });
}

/**
 * The same of NVIDIA's documents. Signers' certificates end after a year or two; who hands golden measurements to L1
 * needs no valid one, since governance, which asked for that, has accepted their hash or has not.
 */
export function goldenOfDocuments(
  documents: readonly string[],
  roots: readonly PinnedRoot[],
): Golden | RimConflict | Refusal {
  const rims: Rim[] = [];
  for (const document of documents) {
    const rim = rimWhenSigned(document, roots);
    if (rim.kind === "refused") return rim;
    rims.push(rim);
  }
  return goldenOf(rims);
}
