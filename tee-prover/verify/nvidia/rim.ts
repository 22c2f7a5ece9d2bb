import { type PinnedRoot, verifyChain } from "../certificates/chain.ts";
import type { Refusal } from "../refusal.ts";
import { type NvidiaRefusal, refuseNvidia } from "./refusals.ts";
import { childrenOf, onlyChild, parseXml, type XmlElement } from "./xml.ts";
import { parseSignedDocument, verifySignedDocument } from "./xml-signature.ts";

/** "NVIDIA CoRIM signing Root CA", valid to 2053. */
export const NVIDIA_RIM_ROOT: PinnedRoot = {
  name: "NVIDIA CoRIM signing Root CA",
  keyHash: "dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3",
};

/** One measurement of a RIM; the report's block is the one after its index. */
export type GoldenMeasurement = {
  readonly index: number;
  /** Any of these is right; lower-case hex. */
  readonly values: readonly string[];
};

/**
 * A reference integrity manifest that NVIDIA signed: which measurements a version of the driver, or of the VBIOS, has
 * (a SWID tag, ISO 19770-2, with the TCG's RIM information model).
 */
export type Rim = {
  readonly kind: "rim";
  /** Of the driver or of the VBIOS, upper case. */
  readonly version: string;
  readonly product: string;
  readonly tagId: string;
  /** Active measurements only. */
  readonly measurements: readonly GoldenMeasurement[];
};

export type RimTrust = {
  readonly roots: readonly PinnedRoot[];
  /** Unix seconds. */
  readonly at: bigint;
};

const STEP = "6 RIM";
/** RIMs have some 20 kB. */
const RIM_CHARACTERS_MAX = 1_048_576;
export const SWID = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
export const SWID_SHA384 = "http://www.w3.org/2001/04/xmlenc#sha384";
/** SPDM has 254 blocks at most. */
const INDEX_MAX = 253;
const ALTERNATIVES_MAX = 64;
const BYTES_MAX = 64;

function malformed(field: string, wanted: string, found: string): NvidiaRefusal {
  return refuseNvidia("RIM_MALFORMED", STEP, field, wanted, found);
}

/** A whole number from 0 to `max` in its only form. */
function numberOf(text: string | undefined, max: number): number | undefined {
  if (text === undefined || !/^(?:0|[1-9]\d{0,5})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

type Entry = GoldenMeasurement & { readonly active: boolean };

function readResource(resource: XmlElement): Entry | NvidiaRefusal {
  const { attributes } = resource;
  const type = attributes.get("type");
  // A rule of a kind that nobody here judges would be a rule that nobody keeps.
  if (type !== "Measurement") return malformed("Resource", "type Measurement", type ?? "none");
  const index = numberOf(attributes.get("index"), INDEX_MAX);
  const alternatives = numberOf(attributes.get("alternatives"), ALTERNATIVES_MAX);
  const size = numberOf(attributes.get("size"), BYTES_MAX);
  const active = attributes.get("active");
  const field = `Resource ${attributes.get("index") ?? "without index"}`;
  if (index === undefined || size === undefined || alternatives === undefined || alternatives === 0) {
    return malformed(field, "index, size and alternatives", "other numbers");
  }
  if (active !== "True" && active !== "False") return malformed(field, "active True or False", `${active}`);
  const values: string[] = [];
  for (let i = 0; i < alternatives; i++) {
    const value = attributes.get(`{${SWID_SHA384}}Hash${i}`);
    if (value === undefined || !/^[\da-fA-F]*$/.test(value) || value.length !== 2 * size) {
      return malformed(field, `Hash${i} of ${size} bytes`, value ?? "none");
    }
    values.push(value.toLowerCase());
  }
  return { index, values, active: active === "True" };
}

/** Reads what was signed. */
function readRim(root: XmlElement | undefined): Rim | NvidiaRefusal {
  const meta = onlyChild(root, SWID, "Meta");
  const payload = onlyChild(root, SWID, "Payload");
  const version = meta?.attributes.get("colloquialVersion");
  if (root?.namespace !== SWID || root.localName !== "SoftwareIdentity" || payload === undefined) {
    return malformed("RIM", "SoftwareIdentity with one Meta and one Payload", "something else");
  }
  if (version === undefined || version === "") return malformed("Meta", "colloquialVersion", "none");
  const entries: Entry[] = [];
  for (const resource of childrenOf(payload, SWID, "Resource")) {
    const entry = readResource(resource);
    if ("kind" in entry) return entry;
    if (entries.some(({ index }) => index === entry.index)) {
      return malformed(`Resource ${entry.index}`, "each index once", "twice");
    }
    entries.push(entry);
  }
  const measurements = entries.filter(({ active }) => active).map(({ index, values }) => ({ index, values }));
  if (measurements.length === 0) return malformed("Payload", "an active measurement", "none");
  const product = meta?.attributes.get("product") ?? "";
  const tagId = root.attributes.get("tagId") ?? "";
  return { kind: "rim", version: version.toUpperCase(), product, tagId, measurements };
}

/**
 * Verifies and reads a RIM: its signer's chain to the pinned root, its signature over the whole document, and only
 * then, from what was signed, its measurements.
 */
export function verifyRim(document: string, { roots, at }: RimTrust): Rim | Refusal {
  if (document.length > RIM_CHARACTERS_MAX) {
    const wanted = `at most ${RIM_CHARACTERS_MAX} characters`;
    return refuseNvidia("RIM_XML_MALFORMED", STEP, "RIM", wanted, document.length);
  }
  const signed = parseSignedDocument(document);
  if (signed.kind === "refused") return signed;
  const chain = verifyChain(signed.certificates, { roots, at }, STEP);
  if (chain.kind === "refused") return chain;
  const canonical = verifySignedDocument(signed, chain.leaf.publicKey);
  if (canonical.kind === "refused") return canonical;
  return readRim(parseXml(canonical.xml));
}
