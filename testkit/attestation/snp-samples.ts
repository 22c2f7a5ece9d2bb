import { bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import {
  type AmdCase,
  type AmdWorld,
  amdInput,
  CLOUD_PROVIDER,
  hardwareIdOf,
  ia5,
  issueAuthority,
  issueLeaf,
  type LeafDraft,
  type ReportDraft,
  tcbOf,
  wrapped,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/amd";
import { type Issued, newKey } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import { boolean, integer } from "@phala-l2/tee-prover/attest/dangerously-simulated/der-writer";
import type { Product, ProductRoot } from "@phala-l2/tee-prover/verify/amd/product";
import { type AmdInput, P384_ORDER } from "@phala-l2/tee-prover/verify/amd/verify";
import type { MinimumTcb } from "./snp-answers.ts";

/** One case: evidence that is genuine but for what the draft says. */
export type SnpSample = {
  /** Genoa where it is not named. */
  readonly product?: Product;
  readonly report?: ReportDraft;
  /** A leaf of its own, which signs the report; else the world's. */
  readonly leaf?: LeafDraft;
  /** Who issues that leaf, where it is not the ASK or ASVK that its kind demands. */
  readonly issuer?: "ark" | "ask" | "asvk" | "unlimited";
  /** Bytes by their offset, written after the report was signed. */
  readonly unsigned?: Readonly<Record<number, ArrayLike<number>>>;
};

/** The least TCB here: that of all drafts which do not say otherwise. */
export const MINIMUM_TCB: MinimumTcb = { Genoa: tcbOf("Genoa"), Turin: tcbOf("Turin") };

const VLEK = { endorsement: "VLEK" } as const;
const GUEST = 0x3001fn;
const R = 0x2a0;
const S = 0x2e8;
const number = (value: bigint) => bigintToBytes(value, 72).reverse();
/** A TCB whose every version is this one. */
const allOf = (tcb: NonNullable<LeafDraft["tcb"]>) => ({
  current: tcb,
  reported: tcb,
  committed: tcb,
  launch: tcb,
});
const NEWER = { bootloader: 99, tee: 9, snp: 22, microcode: 250 };
const chip = (product: Product, at: number) =>
  hardwareIdOf(product).map((byte, i) => (i === at ? byte ^ 1 : byte));

const genuine = {
  genoa2: { report: { version: 2 } },
  genoa3: { report: { version: 3 } },
  genoa5: {},
  genoaVlek: { report: VLEK },
  genoaVlek2: { report: { ...VLEK, version: 2 } },
  turin2: { product: "Turin", report: { version: 2 } },
  turin3: { product: "Turin", report: { version: 3 } },
  turin5: { product: "Turin" },
  turinVlek: { product: "Turin", report: VLEK },
  highS: { report: { s: "high" } },
  lowS: { report: { s: "low" } },
  turinHighS: { product: "Turin", report: { s: "high" } },
  authorKey: { report: { keyInfo: 1 } },
  vlekKeyMasked: { report: { ...VLEK, keyInfo: 4 | 2 } },
  vlekWithChip: { report: { ...VLEK, chipId: hardwareIdOf("Genoa") } },
  noAgent: { report: { patches: { 352: new Uint8Array(32) } } },
  platformBits: { report: { platformInfo: 0xbfn } },
  guestBits: { report: { guestPolicy: 0x3f3ffffn & ~(1n << 18n) & ~(1n << 19n) } },
  bergamo: { report: { cpuid: [0x19, 0xa0, 2] } },
  siena: { report: { cpuid: [0x19, 0xaf, 0] } },
  turinDense: { product: "Turin", report: { cpuid: [0x1a, 0x11, 0] } },
  stepping: { leaf: { productName: "Genoa-B1" } },
  wrappedChip: { leaf: { extensions: { "4": wrapped(hardwareIdOf("Genoa")) } } },
  wrappedTurinChip: { product: "Turin", leaf: { extensions: { "4": wrapped(hardwareIdOf("Turin")) } } },
  newer: { report: { tcb: allOf(NEWER) }, leaf: { tcb: NEWER } },
  turinTcb: {
    product: "Turin",
    report: { tcb: allOf({ fmc: 1, bootloader: 2, tee: 0, snp: 4, microcode: 5 }) },
    leaf: { tcb: { fmc: 1, bootloader: 2, tee: 0, snp: 4, microcode: 5 } },
  },
  runsAhead: { report: { tcb: { current: { microcode: 85 } } } },
  committedBehind: { report: { tcb: { committed: { bootloader: 9 } } } },
  launchedBehind: { report: { tcb: { launch: { snp: 22 } } } },
  turinLaunchedBehind: { product: "Turin", report: { tcb: { launch: { fmc: 2 } } } },
} as const satisfies Readonly<Record<string, SnpSample>>;

const malformed = {
  version0: { report: { patches: { 0: [0] } } },
  version4: { report: { patches: { 0: [4] } } },
  version6: { report: { patches: { 0: [6] } } },
  longVersion: { report: { patches: { 2: [1] } } },
  algorithm0: { report: { patches: { 52: [0] } } },
  algorithm2: { report: { patches: { 52: [2] } } },
  signingKey2: { report: { keyInfo: 2 << 2 } },
  signingKeyNone: { report: { keyInfo: 7 << 2 } },
  keyMasked: { report: { keyInfo: 2 } },
  keyInfoBit5: { report: { keyInfo: 1 << 5 } },
  keyInfoBit31: { report: { patches: { 75: [0x80] } } },
  reserved4c: { report: { patches: { 79: [1] } } },
  processorInVersion2: { report: { version: 2, patches: { 392: [0x19] } } },
  reserved18b: { report: { patches: { 395: [1] } } },
  reserved19f: { report: { patches: { 415: [1] } } },
  reserved1eb: { report: { patches: { 491: [1] } } },
  reserved1ef: { report: { patches: { 495: [1] } } },
  mitigationsInVersion3: { report: { version: 3, patches: { 504: [1] } } },
  mitigationsInVersion2: { report: { version: 2, patches: { 519: [1] } } },
  reserved208: { report: { patches: { 520: [1] } } },
  reserved29f: { report: { patches: { 671: [1] } } },
  policyWithoutBit17: { report: { guestPolicy: 0x1001fn } },
  policyBit26: { report: { guestPolicy: GUEST | (1n << 26n) } },
  policyBit63: { report: { guestPolicy: GUEST | (1n << 63n) } },
  reservedInReportedTcb: { report: { patches: { 386: [1] } } },
  reservedInCurrentTcb: { report: { patches: { 61: [1] } } },
  reservedInCommittedTcb: { report: { patches: { 482: [1] } } },
  reservedInLaunchTcb: { report: { patches: { 498: [1] } } },
  genoaOrderOnTurin: {
    product: "Turin",
    report: { patches: { 56: [10, 1, 0, 0, 0, 0, 23, 84] } },
  },
  turinOrderOnGenoa: { report: { patches: { 56: [3, 10, 1, 23, 0, 0, 0, 84] } } },
  longTurinChip: {
    product: "Turin",
    report: { chipId: concatBytes(hardwareIdOf("Turin"), Uint8Array.of(0, 1)) },
  },
  afterSignature: { unsigned: { 816: [1] } },
  atTheEnd: { unsigned: { 1183: [0x80] } },
} as const satisfies Readonly<Record<string, SnpSample>>;

const signatures = {
  otherKey: { report: { signer: newKey("P-384") } },
  changed: { unsigned: { 144: [0] } },
  zeroR: { unsigned: { [R]: number(0n) } },
  zeroS: { unsigned: { [S]: number(0n) } },
  orderR: { unsigned: { [R]: number(P384_ORDER) } },
  orderS: { unsigned: { [S]: number(P384_ORDER) } },
  largeR: { unsigned: { [R]: number((1n << 384n) - 1n) } },
  longR: { unsigned: { [R]: number(1n << 384n) } },
  longS: { unsigned: { [S]: number(1n << 575n) } },
  oneR: { unsigned: { [R]: number(1n) } },
  lastS: { unsigned: { [S]: number(P384_ORDER - 1n) } },
} as const satisfies Readonly<Record<string, SnpSample>>;

const platforms = {
  olderLeaf: { leaf: { tcb: { snp: 22 } } },
  newerLeaf: { leaf: { tcb: { microcode: 85 } } },
  otherFmc: { product: "Turin", leaf: { tcb: { fmc: 2 } } },
  reportsLess: { report: { tcb: { reported: { tee: 0 } } } },
  runsBehind: { report: { tcb: { current: { snp: 22 } } } },
  commitsAhead: { report: { tcb: { committed: { snp: 24 } } } },
  otherChip: { report: { chipId: chip("Genoa", 63) } },
  otherTurinChip: { product: "Turin", report: { chipId: chip("Turin", 0) } },
  leafOfOtherChip: { leaf: { hardwareId: chip("Genoa", 0) } },
  maskedChip: { report: { chipId: new Uint8Array(64) } },
  maskedTurinChip: { product: "Turin", report: { chipId: new Uint8Array(64) } },
  milanProcessor: { report: { cpuid: [0x19, 0x01, 1] } },
  turinProcessor: { report: { version: 3, cpuid: [0x1a, 0x02, 1] } },
  modelAfterGenoa: { report: { cpuid: [0x19, 0x20, 1] } },
  modelBeforeBergamo: { report: { cpuid: [0x19, 0x9f, 1] } },
  noProcessor: { report: { cpuid: [0, 0, 0] } },
  genoaProcessorOnTurin: { product: "Turin", report: { cpuid: [0x19, 0x11, 1] } },
  modelAfterTurin: { product: "Turin", report: { cpuid: [0x1a, 0x20, 1] } },
  debug: { report: { guestPolicy: GUEST | (1n << 19n) } },
  migration: { report: { guestPolicy: GUEST | (1n << 18n) } },
  agent: { report: { patches: { 352: [1] } } },
  vmpl1: { report: { vmpl: 1 } },
  vmpl3: { report: { vmpl: 3 } },
  vmplOfHost: { report: { vmpl: 0xffff_ffff } },
  platformBit6: { report: { platformInfo: 1n << 6n } },
  platformBit8: { report: { platformInfo: 1n << 8n } },
  platformBit63: { report: { platformInfo: 1n << 63n } },
} as const satisfies Readonly<Record<string, SnpSample>>;

const leaves = {
  vcekOfAsvk: { leaf: {}, issuer: "asvk" },
  vlekOfAsk: { report: VLEK, leaf: VLEK, issuer: "ask" },
  vcekForVlek: { report: VLEK, leaf: {} },
  vlekForVcek: { leaf: VLEK },
  otherSubject: { leaf: { certificate: { subject: "SEV-OTHER" } } },
  ofRoot: { leaf: {}, issuer: "ark" },
  ofUnlimited: { leaf: {}, issuer: "unlimited" },
  authority: { leaf: { certificate: { ca: true } }, issuer: "unlimited" },
  p256Key: { leaf: { key: newKey("P-256") } },
  milanName: { leaf: { productName: "Milan" } },
  turinName: { leaf: { productName: "Turin-B0" } },
  lowerCaseName: { leaf: { productName: "genoa" } },
  openName: { leaf: { productName: "Genoa-" } },
  longName: { leaf: { productName: "Genoa-B10" } },
  noProductName: { leaf: { extensions: { "2": undefined } } },
  noBootLoader: { leaf: { extensions: { "3.1": undefined } } },
  noMicrocode: { leaf: { extensions: { "3.8": undefined } } },
  noChip: { leaf: { extensions: { "4": undefined } } },
  noFmcOnTurin: { product: "Turin", leaf: { extensions: { "3.9": undefined } } },
  fmcOnGenoa: { leaf: { extensions: { "3.9": integer(0) } } },
  largeLevel: { leaf: { extensions: { "3.3": integer(256) } } },
  longLevel: { leaf: { extensions: { "3.3": concatBytes(integer(23), integer(0)) } } },
  noLevel: { leaf: { extensions: { "3.3": boolean(true) } } },
  reservedLevel: { leaf: { extensions: { "3.7": integer(1) } } },
  shortChip: { leaf: { extensions: { "4": new Uint8Array(63) } } },
  turinChip: { leaf: { extensions: { "4": hardwareIdOf("Turin") } } },
  shortWrappedChip: { leaf: { extensions: { "4": wrapped(new Uint8Array(63)) } } },
  cloudBesideChip: { leaf: { extensions: { "5": ia5(CLOUD_PROVIDER) } } },
  noCloud: { report: VLEK, leaf: { ...VLEK, extensions: { "5": undefined } } },
  emptyCloud: { report: VLEK, leaf: { ...VLEK, extensions: { "5": ia5("") } } },
  longCloud: { report: VLEK, leaf: { ...VLEK, extensions: { "5": ia5("x".repeat(129)) } } },
  binaryCloud: { report: VLEK, leaf: { ...VLEK, extensions: { "5": ia5("a\u0001") } } },
  chipInVlek: { report: VLEK, leaf: { ...VLEK, extensions: { "4": hardwareIdOf("Genoa") } } },
} as const satisfies Readonly<Record<string, SnpSample>>;

const milan = {
  milan: { product: "Milan" },
  milanVlek: { product: "Milan", report: VLEK },
} as const satisfies Readonly<Record<string, SnpSample>>;

/** Evidence of a development AMD: good one of each kind, and one for each way in which it can be wrong. */
export const snpSamples: Readonly<Record<string, SnpSample>> = {
  ...genuine,
  ...malformed,
  ...signatures,
  ...platforms,
  ...leaves,
  ...milan,
};

/** An ASK that may have authorities below it, as AMD's may not. */
function unlimitedAsk({ ark, ask }: AmdWorld): Issued {
  return issueAuthority(ark, ask.subject, { pathLength: undefined }, ask.key);
}

/** A sample's evidence, and what is above its leaf. */
export type IssuedSample = { readonly input: AmdInput; readonly leaf: Issued; readonly issuer: Issued };

function overwritten(bytes: Uint8Array, changes: NonNullable<SnpSample["unsigned"]>): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [offset, values] of Object.entries(changes)) copy.set(values, Number(offset));
  return copy;
}

/** Issues a sample's evidence in the worlds. */
export function issueSample(
  worlds: Readonly<Record<Product, AmdWorld>>,
  roots: readonly ProductRoot[],
  { product = "Genoa", report = {}, leaf: draft, issuer: named, unsigned = {} }: SnpSample,
): IssuedSample {
  const world = worlds[product];
  const endorsement = draft === undefined ? report.endorsement : draft.endorsement;
  const name = named ?? (endorsement === "VLEK" ? "asvk" : "ask");
  const issuer = name === "unlimited" ? unlimitedAsk(world) : world[name];
  const own = endorsement === "VLEK" ? world.vlek : world.vcek;
  const leaf = draft === undefined ? own : issueLeaf(world, draft, issuer);
  const chain = issuer === world.ark ? [world.ark] : [issuer, world.ark];
  const evidence: AmdCase = { report, leaf, chain };
  const input = amdInput(world, roots, evidence);
  return { input: { ...input, report: overwritten(input.report, unsigned) }, leaf, issuer };
}
