import { createHash, sign } from "node:crypto";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { parseCertificate } from "../../verify/certificates/certificate.ts";
import { contextTag } from "../../verify/certificates/der.ts";
import { OPAQUE_FIELD } from "../../verify/nvidia/opaque-data.ts";
import { SWID, SWID_SHA384 } from "../../verify/nvidia/rim.ts";
import type { NvidiaInput } from "../../verify/nvidia/verify.ts";
import {
  C14N_1_1,
  ECDSA_SHA384,
  ENVELOPED,
  SHA384,
  XML_SIGNATURE,
} from "../../verify/nvidia/xml-signature.ts";
import {
  CA_USAGE,
  type CertificateDraft,
  type ExtensionDraft,
  type Issued,
  issueCertificate,
  type Key,
  LEAF_USAGE,
  NOW,
  newKey,
  pinned,
} from "./authority.ts";
import { element, integer, objectIdentifier, octets, sequence, text } from "./der-writer.ts";

/** Hopper and LS10 certify a composite device id; Blackwell DiceTcbInfo. */
export type FirmwareIdForm = "composite" | "tcbInfo";

export const FIRMWARE_ID = "f1".repeat(48);
const SHA384_OID = "2.16.840.1.101.3.4.2.2";

/** Primitive and constructed context tags of DiceTcbInfo. */
const PRIMITIVE = 0x80;

export function firmwareIdExtension(
  form: FirmwareIdForm,
  firmwareId: string = FIRMWARE_ID,
  flags: string = "80000001",
  aliasKey: Uint8Array = newKey("P-384").spki,
): ExtensionDraft {
  const fwid = sequence(objectIdentifier(SHA384_OID), octets(fromHex(firmwareId)));
  if (form === "composite") {
    const value = sequence(integer(1), aliasKey, fwid);
    return { oid: "2.23.133.5.4.1", critical: false, value };
  }
  const other = sequence(objectIdentifier(SHA384_OID), octets(new Uint8Array(48)));
  const value = sequence(
    text("NVIDIA", PRIMITIVE),
    text("GB100 A01 GSP", PRIMITIVE | 1),
    element(contextTag(6), fwid, other),
    element(PRIMITIVE | 7, Uint8Array.of(0), fromHex(flags)),
  );
  return { oid: "2.23.133.5.4.1.1", critical: false, value };
}

/** A development NVIDIA: one device's chain, and a signer of RIMs, each under a root of its own. */
export type NvidiaWorld = {
  /** Leaf first. */
  readonly chain: readonly Issued[];
  /** Signer first. */
  readonly rimChain: readonly Issued[];
};

export type NvidiaWorldDraft = {
  readonly model?: string;
  readonly firmwareId?: ExtensionDraft | undefined;
  readonly leaf?: Partial<CertificateDraft>;
  readonly leafKey?: Key;
  readonly bootRom?: Partial<CertificateDraft>;
  readonly rimSigner?: Partial<CertificateDraft>;
  /** What every certificate has that has none of its own, by its subject. */
  readonly draftOf?: (subject: string) => Pick<CertificateDraft, "serial" | "notBefore" | "notAfter">;
  /** A certificate's key by its subject; without, each is new. */
  readonly keyOf?: (subject: string) => Key;
};

export function issueNvidiaWorld(draft: NvidiaWorldDraft = {}): NvidiaWorld {
  const { model = "GH100 A01 GSP BROM" } = draft;
  const authority = { ca: true, keyUsage: CA_USAGE };
  const keyOf = draft.keyOf ?? (() => newKey("P-384"));
  const issueBelow = (
    subject: string,
    issuer: Issued | undefined,
    certificate: Partial<CertificateDraft>,
    key: Key = keyOf(subject),
  ) => issueCertificate({ subject, ...draft.draftOf?.(subject), ...certificate }, issuer, key);
  const root = issueBelow("Development Device Identity CA", undefined, authority);
  const identity = issueBelow("Development GH100 Identity", root, authority);
  const provisioner = issueBelow("Development GH100 Provisioner", identity, authority);
  const bootRom = issueBelow(model, provisioner, { ...authority, keyUsage: [5], ...draft.bootRom });
  const firmwareId = "firmwareId" in draft ? draft.firmwareId : firmwareIdExtension("composite");
  const extensions = firmwareId === undefined ? [] : [firmwareId];
  const leafDraft = { keyUsage: LEAF_USAGE, extensions, ...draft.leaf };
  const leaf = issueBelow("GH100 A01 GSP FMC LF", bootRom, leafDraft, draft.leafKey);
  const rimRoot = issueBelow("Development RIM Root CA", undefined, authority);
  const rimSigner = issueBelow("Development RIM Signer", rimRoot, {
    keyUsage: LEAF_USAGE,
    ...draft.rimSigner,
  });
  return { chain: [leaf, bootRom, provisioner, identity, root], rimChain: [rimSigner, rimRoot] };
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

/** A text with the zero that C ends it with. */
function cText(value: string): Uint8Array {
  return concatBytes(new TextEncoder().encode(value), Uint8Array.of(0));
}

export const NONCE = fromHex("5b".repeat(32));
export const DRIVER = "580.95.05";
export const VBIOS = "96.00.74.00.1A";

/** Fields of a GPU's opaque data; undefined leaves one out. */
export type OpaqueDraft = Readonly<Record<number, Uint8Array | undefined>>;

const GPU_FIELDS: OpaqueDraft = {
  [OPAQUE_FIELD.vbiosVersion]: fromHex("007400961a000000"),
  [OPAQUE_FIELD.chipSku]: cText("882"),
  [OPAQUE_FIELD.project]: cText("1010"),
  [OPAQUE_FIELD.projectSku]: cText("0200"),
  [OPAQUE_FIELD.driverVersion]: cText(DRIVER),
  [OPAQUE_FIELD.nvdec0Status]: Uint8Array.of(0x55),
  [OPAQUE_FIELD.firmwareId]: fromHex(FIRMWARE_ID),
  [OPAQUE_FIELD.opaqueDataVersion]: u16(1),
  [OPAQUE_FIELD.featureFlag]: u16(0),
};

/** What turns a GPU's fields into an NVSwitch's. */
export const SWITCH_FIELDS: OpaqueDraft = {
  [OPAQUE_FIELD.vbiosVersion]: cText("96.10.55.00.01"),
  [OPAQUE_FIELD.driverVersion]: undefined,
  [OPAQUE_FIELD.nvdec0Status]: undefined,
  [OPAQUE_FIELD.featureFlag]: undefined,
  [OPAQUE_FIELD.pdis]: fromHex("0102030405060708"),
};

export function opaqueField(type: number, data: Uint8Array): Uint8Array {
  return concatBytes(u16(type), u16(data.length), data);
}

/** The value of the development device's measurement of an index as RIMs count, in hex. */
export function measurementOf(index: number): string {
  return (0x10 + index).toString(16).padStart(2, "0").repeat(48);
}

export type ReportDraft = {
  readonly request?: string;
  readonly response?: string;
  readonly nonce?: Uint8Array;
  readonly opaque?: OpaqueDraft;
  /** Bytes after the known opaque fields. */
  readonly opaqueEnd?: Uint8Array;
  readonly blocks?: readonly Uint8Array[];
  readonly blockCount?: number;
  readonly trailing?: Uint8Array;
  readonly signer?: Key;
};

export const BLOCKS = 40;

/** One block: DMTF's specification, a value of 48 bytes. */
export function block(index: number, value: Uint8Array, specification = 1): Uint8Array {
  const head = Uint8Array.of(index, specification);
  return concatBytes(head, u16(value.length + 3), Uint8Array.of(1), u16(value.length), value);
}

export function blocksOf(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => block(i + 1, fromHex(measurementOf(i))));
}

/** A report of the development device: request, response, signature. */
export function issueReport({ chain }: NvidiaWorld, draft: ReportDraft = {}): Uint8Array {
  const blocks = draft.blocks ?? blocksOf(BLOCKS);
  const record = concatBytes(...blocks);
  const fields = Object.entries({ ...GPU_FIELDS, ...draft.opaque }).flatMap(([type, data]) =>
    data === undefined ? [] : [opaqueField(Number(type), data)],
  );
  const opaque = concatBytes(...fields, draft.opaqueEnd ?? new Uint8Array(0));
  const signedPart = concatBytes(
    fromHex(draft.request ?? "11e001ff"),
    draft.nonce ?? NONCE,
    Uint8Array.of(0),
    fromHex(draft.response ?? "11600000"),
    Uint8Array.of(draft.blockCount ?? blocks.length),
    u16(record.length & 0xffff),
    Uint8Array.of(record.length >> 16),
    record,
    new Uint8Array(32).fill(0xd0),
    u16(opaque.length),
    opaque,
  );
  const signer = draft.signer ?? chain[0]?.key;
  if (signer === undefined) throw new Error("a world without a leaf");
  const key = { key: signer.privateKey, dsaEncoding: "ieee-p1363" } as const;
  return concatBytes(signedPart, sign("sha384", signedPart, key), draft.trailing ?? new Uint8Array(0));
}

export function nvidiaInput(world: NvidiaWorld, draft: ReportDraft & { readonly at?: bigint } = {}) {
  const chain = world.chain.map(({ der }) => {
    const certificate = parseCertificate(der, "test");
    if (certificate.kind === "refused") throw new Error(certificate.found);
    return certificate;
  });
  return {
    report: issueReport(world, draft),
    chain,
    at: draft.at ?? NOW,
    roots: world.chain.slice(-1).map(pinned),
    revocation: undefined,
  } satisfies NvidiaInput;
}

export type GoldenDraft = {
  readonly index: number;
  readonly values?: readonly string[];
  readonly active?: boolean;
};

export type RimDraft = {
  readonly version?: string;
  readonly measurements?: readonly GoldenDraft[];
  /** Changes what is signed. */
  readonly content?: (content: string) => string;
  /** Changes SignedInfo before it is signed. */
  readonly signedInfo?: (signedInfo: string) => string;
  readonly signer?: Key;
};

function resource({ index, values = [measurementOf(index)], active = true }: GoldenDraft): string {
  const hashes = values.map((value, i) => ` ns2:Hash${i}="${value}"`).join("");
  const size = (values[0]?.length ?? 0) / 2;
  const attributes = `active="${active ? "True" : "False"}" alternatives="${values.length}" index="${index}" name="Measurement_${index}" size="${size}" type="Measurement"`;
  return `<Resource ${attributes}${hashes}></Resource>`;
}

/** Measurements that a driver's RIM has, and a VBIOS'. */
export const DRIVER_INDICES: readonly GoldenDraft[] = [
  { index: 11, values: ["00".repeat(48), measurementOf(11)] },
  { index: 12 },
  { index: 13, values: ["00".repeat(48)], active: false },
];
export const VBIOS_INDICES: readonly GoldenDraft[] = [{ index: 0 }, { index: 1 }];

const NAMESPACES = `xmlns="${SWID}" xmlns:ns2="${SWID_SHA384}"`;

/** A RIM in canonical form but for its signature, so that what is signed is the text itself. */
export function issueRim({ rimChain }: NvidiaWorld, draft: RimDraft = {}): string {
  const { version = DRIVER, measurements = DRIVER_INDICES } = draft;
  const plain = [
    `<SoftwareIdentity ${NAMESPACES} name="GH100" tagId="development">`,
    `\n  <Meta colloquialVersion="${version}" product="GH100"></Meta>`,
    `\n  <Payload>${measurements.map(resource).join("\n")}</Payload>\n`,
    "</SoftwareIdentity>",
  ].join("");
  const content = draft.content?.(plain) ?? plain;
  const digest = createHash("sha384").update(content).digest("base64");
  const inside = [
    `<ds:CanonicalizationMethod Algorithm="${C14N_1_1}"></ds:CanonicalizationMethod>`,
    `<ds:SignatureMethod Algorithm="${ECDSA_SHA384}"></ds:SignatureMethod>`,
    `<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${ENVELOPED}"></ds:Transform>`,
    `<ds:Transform Algorithm="${C14N_1_1}"></ds:Transform></ds:Transforms>`,
    `<ds:DigestMethod Algorithm="${SHA384}"></ds:DigestMethod>`,
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`,
  ].join("");
  const signedInfo = draft.signedInfo?.(inside) ?? inside;
  const declarations = `xmlns="${SWID}" xmlns:ds="${XML_SIGNATURE}" xmlns:ns2="${SWID_SHA384}"`;
  const signer = draft.signer ?? rimChain[0]?.key;
  if (signer === undefined) throw new Error("a world without a RIM signer");
  const signature = sign(
    "sha384",
    Buffer.from(`<ds:SignedInfo ${declarations}>${signedInfo}</ds:SignedInfo>`),
    { key: signer.privateKey, dsaEncoding: "ieee-p1363" },
  ).toString("base64");
  const certificates = rimChain
    .map(({ der }) => `<ds:X509Certificate>${Buffer.from(der).toString("base64")}\n</ds:X509Certificate>`)
    .join("");
  const signatureElement = [
    `<ds:Signature xmlns:ds="${XML_SIGNATURE}"><ds:SignedInfo>${signedInfo}</ds:SignedInfo>`,
    `<ds:SignatureValue>${signature}</ds:SignatureValue>`,
    `<ds:KeyInfo><ds:X509Data>${certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>`,
  ].join("");
  return `${content.replace(/<\/SoftwareIdentity>$/, "")}${signatureElement}</SoftwareIdentity>`;
}

export function rimTrust({ rimChain }: NvidiaWorld, at: bigint = NOW) {
  return { roots: rimChain.slice(-1).map(pinned), at };
}
