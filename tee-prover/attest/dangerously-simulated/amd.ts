import { sign } from "node:crypto";
import { bigintFromBytes, bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { AMD_EXTENSIONS, LEVEL_NUMBERS } from "../../verify/amd/leaf.ts";
import { chipIdBytes, PRODUCTS, type Product, type ProductRoot } from "../../verify/amd/product.ts";
import {
  type EndorsementKey,
  NUMBER_BYTES,
  REPORT_BYTES,
  type ReportVersion,
  SIGNED_BYTES,
} from "../../verify/amd/report.ts";
import { type TcbPart, type TcbVersion, writeTcb } from "../../verify/amd/tcb.ts";
import { type AmdInput, P384_ORDER } from "../../verify/amd/verify.ts";
import { KEY_USAGE } from "../../verify/certificates/extensions.ts";
import {
  CA_USAGE,
  type CertificateDraft,
  type ExtensionDraft,
  type Issued,
  issueCertificate,
  type Key,
  NOW,
  newKey,
  newRsaKey,
  pinned,
} from "./authority.ts";
import { element, integer, octets } from "./der-writer.ts";

/** A development AMD for one product: root, the two signing authorities, one chip's key and a fleet's. */
export type AmdWorld = {
  readonly product: Product;
  readonly ark: Issued;
  readonly ask: Issued;
  readonly asvk: Issued;
  readonly vcek: Issued;
  readonly vlek: Issued;
};

/** The TCB that leaves and reports have where a draft does not say otherwise. */
export const TCB: TcbVersion = { fmc: 0, bootloader: 10, tee: 1, snp: 23, microcode: 84 };

export function tcbOf(product: Product, change: Partial<TcbVersion> = {}): TcbVersion {
  return { ...TCB, fmc: product === "Turin" ? 3 : 0, ...change };
}

export function hardwareIdOf(product: Product): Uint8Array {
  return Uint8Array.from({ length: chipIdBytes(product) }, (_, i) => 0xa0 + i);
}

export const CLOUD_PROVIDER = "a-development-cloud.example";

export type LeafDraft = {
  readonly endorsement?: EndorsementKey;
  readonly productName?: string;
  readonly tcb?: Partial<TcbVersion>;
  readonly hardwareId?: Uint8Array;
  readonly certificate?: Partial<CertificateDraft>;
  readonly key?: Key;
  /** By the last arcs of their identifiers; undefined leaves one out. */
  readonly extensions?: Readonly<Record<string, Uint8Array | undefined>>;
};

const IA5_STRING = 0x16;

export function ia5(text: string): Uint8Array {
  return element(IA5_STRING, new TextEncoder().encode(text));
}

function leafExtensions(product: Product, draft: LeafDraft): readonly ExtensionDraft[] {
  const { endorsement = "VCEK", productName = product, tcb } = draft;
  const versions = tcbOf(product, tcb);
  const level = (part: TcbPart) => integer(versions[part]);
  const values: Readonly<Record<string, Uint8Array | undefined>> = {
    "1": integer(1),
    "2": ia5(productName),
    [`3.${LEVEL_NUMBERS.bootloader}`]: level("bootloader"),
    [`3.${LEVEL_NUMBERS.tee}`]: level("tee"),
    "3.4": integer(0),
    "3.5": integer(0),
    "3.6": integer(0),
    "3.7": integer(0),
    [`3.${LEVEL_NUMBERS.snp}`]: level("snp"),
    [`3.${LEVEL_NUMBERS.microcode}`]: level("microcode"),
    [`3.${LEVEL_NUMBERS.fmc}`]: product === "Turin" ? level("fmc") : undefined,
    "4": endorsement === "VCEK" ? (draft.hardwareId ?? hardwareIdOf(product)) : undefined,
    "5": endorsement === "VLEK" ? ia5(CLOUD_PROVIDER) : undefined,
    ...draft.extensions,
  };
  return Object.entries(values).flatMap(([arcs, value]) =>
    value === undefined ? [] : [{ oid: `${AMD_EXTENSIONS}.${arcs}`, critical: false, value }],
  );
}

/** A VCEK or VLEK certificate, which has AMD's extensions and none of X.509's own. */
export function issueLeaf(
  world: Pick<AmdWorld, "product" | "ask" | "asvk">,
  draft: LeafDraft = {},
  issuer?: Issued,
): Issued {
  const { endorsement = "VCEK", certificate, key = newKey("P-384") } = draft;
  const authority = issuer ?? (endorsement === "VCEK" ? world.ask : world.asvk);
  const extensions = leafExtensions(world.product, draft);
  const subject = `SEV-${endorsement}`;
  return issueCertificate({ subject, serial: 0n, extensions, ...certificate }, authority, key);
}

/** An authority's certificate under the ARK. */
export function issueAuthority(
  ark: Issued,
  subject: string,
  draft: Partial<CertificateDraft> = {},
  key?: Key,
): Issued {
  const keyUsage = [KEY_USAGE.keyCertSign];
  return issueCertificate({ subject, ca: true, pathLength: 0, keyUsage, ...draft }, ark, key ?? newRsaKey());
}

export function issueAmdWorld(product: Product, askKey = newRsaKey(), asvkKey = newRsaKey()): AmdWorld {
  const ark = issueCertificate(
    { subject: `ARK-${product}`, ca: true, keyUsage: CA_USAGE },
    undefined,
    newRsaKey(),
  );
  const ask = issueAuthority(ark, `SEV-${product}`, {}, askKey);
  const asvk = issueAuthority(ark, `SEV-VLEK-${product}`, {}, asvkKey);
  const authorities = { product, ark, ask, asvk };
  const vcek = issueLeaf(authorities);
  const vlek = issueLeaf(authorities, { endorsement: "VLEK" });
  return { ...authorities, vcek, vlek };
}

/** All three products. ASK and ASVK share their keys among products: finding RSA keys takes time. */
export function issueAmdWorlds(): Readonly<Record<Product, AmdWorld>> {
  const [askKey, asvkKey] = [newRsaKey(), newRsaKey()];
  const world = (product: Product) => issueAmdWorld(product, askKey, asvkKey);
  return { Milan: world("Milan"), Genoa: world("Genoa"), Turin: world("Turin") };
}

export function rootsOf(worlds: Readonly<Record<Product, AmdWorld>>): readonly ProductRoot[] {
  return PRODUCTS.map((product) => ({ ...pinned(worlds[product].ark), product }));
}

export type ReportDraft = {
  readonly version?: ReportVersion;
  readonly guestPolicy?: bigint;
  readonly platformInfo?: bigint;
  readonly vmpl?: number;
  readonly keyInfo?: number;
  readonly endorsement?: EndorsementKey;
  /** Where a version differs from the others. */
  readonly tcb?: Readonly<
    Partial<Record<"current" | "reported" | "committed" | "launch", Partial<TcbVersion>>>
  >;
  readonly cpuid?: readonly [family: number, model: number, stepping: number];
  readonly chipId?: Uint8Array;
  readonly mitigations?: readonly [launch: bigint, current: bigint];
  /** Bytes by their offset, written before the report is signed. */
  readonly patches?: Readonly<Record<number, ArrayLike<number>>>;
  readonly signer?: Key;
  /** The firmware leaves s as it comes; a draft may want the larger or the smaller of the two. */
  readonly s?: "high" | "low";
};

const CPUIDS: Readonly<Record<Product, readonly [number, number, number]>> = {
  Milan: [0x19, 0x01, 1],
  Genoa: [0x19, 0x11, 1],
  Turin: [0x1a, 0x02, 1],
};

/** What all drafts share, by offset; the rest is zero. */
function plainReport(product: Product, draft: ReportDraft): Uint8Array {
  const bytes = new Uint8Array(REPORT_BYTES);
  const view = new DataView(bytes.buffer);
  const { version = 5, endorsement = "VCEK", tcb = {} } = draft;
  view.setUint32(0x00, version, true);
  view.setUint32(0x04, 2, true);
  view.setBigUint64(0x08, draft.guestPolicy ?? 0x3001fn, true);
  view.setUint32(0x30, draft.vmpl ?? 0, true);
  view.setUint32(0x34, 1, true);
  view.setBigUint64(0x40, draft.platformInfo ?? 0x25n, true);
  view.setUint32(0x48, draft.keyInfo ?? (endorsement === "VLEK" ? 4 : 0), true);
  bytes.fill(0x11, 0x10, 0x20);
  bytes.fill(0x12, 0x20, 0x30);
  bytes.fill(0x50, 0x50, 0x90);
  bytes.fill(0x90, 0x90, 0xc0);
  bytes.fill(0xc0, 0xc0, 0xe0);
  bytes.fill(0xe0, 0xe0, 0x110);
  bytes.fill(0x14, 0x140, 0x160);
  bytes.fill(0xff, 0x160, 0x180);
  for (const [offset, name] of [
    [0x38, "current"],
    [0x180, "reported"],
    [0x1e0, "committed"],
    [0x1f0, "launch"],
  ] as const) {
    bytes.set(writeTcb(tcbOf(product, tcb[name]), product), offset);
  }
  if (version >= 3) bytes.set(draft.cpuid ?? CPUIDS[product], 0x188);
  const chipId = draft.chipId ?? (endorsement === "VCEK" ? hardwareIdOf(product) : new Uint8Array(0));
  bytes.set(chipId, 0x1a0);
  bytes.set([40, 55, 1, 0, 40, 55, 1, 0], 0x1e8);
  const [launch, current] = version >= 5 ? (draft.mitigations ?? [7n, 7n]) : [0n, 0n];
  view.setBigUint64(0x1f8, launch, true);
  view.setBigUint64(0x200, current, true);
  return bytes;
}

function littleEndian(value: bigint): Uint8Array {
  return bigintToBytes(value, NUMBER_BYTES).reverse();
}

/** r and s as AMD writes them. */
export function signReport(bytes: Uint8Array, { privateKey }: Key, s?: "high" | "low"): Uint8Array {
  const signature = sign("sha384", bytes.subarray(0, SIGNED_BYTES), {
    key: privateKey,
    dsaEncoding: "ieee-p1363",
  });
  const half = signature.length / 2;
  const value = bigintFromBytes(signature.subarray(half));
  const other = P384_ORDER - value;
  const [low, high] = value < other ? [value, other] : [other, value];
  const chosen = s === undefined ? value : s === "high" ? high : low;
  return concatBytes(littleEndian(bigintFromBytes(signature.subarray(0, half))), littleEndian(chosen));
}

/** A report of the draft for a processor of the product, signed by this key. */
export function issueReportBy(signer: Key, product: Product, draft: ReportDraft = {}): Uint8Array {
  const bytes = plainReport(product, draft);
  for (const [offset, values] of Object.entries(draft.patches ?? {})) bytes.set(values, Number(offset));
  bytes.set(signReport(bytes, signer, draft.s), SIGNED_BYTES);
  return bytes;
}

/** A report of the draft, signed by the chip's key, or by the fleet's. */
export function issueReport(world: AmdWorld, draft: ReportDraft = {}): Uint8Array {
  const own = draft.endorsement === "VLEK" ? world.vlek.key : world.vcek.key;
  return issueReportBy(draft.signer ?? own, world.product, draft);
}

export type AmdCase = {
  readonly report?: ReportDraft;
  readonly leaf?: Issued;
  readonly chain?: readonly Issued[];
  readonly crl?: Uint8Array;
  readonly at?: bigint;
};

/** All that the verifier needs for one case. A leaf of its own also signs the report. */
export function amdInput(
  world: AmdWorld,
  roots: readonly ProductRoot[],
  { report = {}, leaf, chain, crl, at = NOW }: AmdCase = {},
): AmdInput {
  const isFleet = report.endorsement === "VLEK";
  const end = leaf ?? (isFleet ? world.vlek : world.vcek);
  const above = chain ?? [isFleet ? world.asvk : world.ask, world.ark];
  return {
    report: issueReport(world, { signer: end.key, ...report }),
    leaf: end.der,
    chain: concatBytes(...above.map(({ der }) => der)),
    crl,
    at,
    roots,
  };
}

/** The other form of the identity that AMD has written: an octet string in the extension's octet string. */
export function wrapped(hardwareId: Uint8Array): Uint8Array {
  return octets(hardwareId);
}
