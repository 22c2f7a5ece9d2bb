/**
 * Writes the vectors of the on-chain tests of TDX quotes: `node testkit/attestation/tdx-vectors.ts`. Certificates, statements
 * and quotes are of a development root, in the real formats; its keys are made for the run and forgotten with it, so that the
 * file holds public data only. Each run makes other ones.
 */
import { writeFileSync } from "node:fs";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  CA_USAGE,
  DAY,
  type Issued,
  issueCertificate,
  issueCrl,
  LEAF_USAGE,
  NOW,
  nameOf,
  newKey,
  signRaw,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  COMPONENTS,
  issueQuote,
  issueWorld,
  levelOf,
  moduleOf,
  qeIdentityOf,
  tcbInfoOf,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import { quoteDrafts } from "./tdx-quotes.ts";
import { statusTable } from "./tdx-status-table.ts";

type Json = Record<string, unknown>;

const world = issueWorld();
const foreign = issueWorld();
/** Of Intel's root too, and for nothing that Intel signs statements with. */
const otherLeaf = issueCertificate(
  { subject: "Intel SGX Anything", ca: false, keyUsage: LEAF_USAGE },
  world.root,
);
const secondSigner = issueCertificate(
  { subject: "Intel SGX TCB Signing", ca: false, keyUsage: LEAF_USAGE },
  world.root,
);
const otherCa = issueCertificate(
  { subject: "Intel SGX Other CA", ca: true, pathLength: 0, keyUsage: CA_USAGE },
  world.root,
);
/** A platform under another authority of Intel's root. */
const pckOfOtherCa = issueWorld({
  pckCa: { subject: otherCa.subject },
  keys: { root: world.root.key, pckCa: otherCa.key },
});

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/** A statement's bytes and the signature over them. */
function signed(text: string, signer: Issued = world.tcbSigner) {
  const bytes = new TextEncoder().encode(text);
  return { json: toHex(bytes), signature: toHex(signRaw(signer.key, bytes)) };
}

const tcbText = (changes: Json = {}) => JSON.stringify(tcbInfoOf("tdx", changes));
const qeText = (changes: Json = {}) => JSON.stringify(qeIdentityOf("tdx", changes));
const tcb = (changes: Json = {}) => signed(tcbText(changes));
const qe = (changes: Json = {}) => signed(qeText(changes));
const quote = (name: keyof typeof quoteDrafts) => toHex(issueQuote(world, quoteDrafts[name]));

const tcbInfos = {
  good: tcb(),
  newer: tcb({ tcbEvaluationDataNumber: 20 }),
  reissued: tcb({ issueDate: iso(NOW - DAY + 1n) }),
  issuedEarlier: tcb({ issueDate: iso(NOW - 2n * DAY) }),
  older: tcb({ tcbEvaluationDataNumber: 18 }),
  ofSgx: tcb({ id: "SGX" }),
  ofOtherFamily: tcb({ fmspc: "00A1B2C3D4E6" }),
  ofOtherPce: tcb({ pceId: "0001" }),
  expired: tcb({ nextUpdate: iso(NOW - 1n) }),
  future: tcb({ issueDate: iso(NOW + 1n) }),
  short: tcb({ nextUpdate: iso(NOW + DAY), tcbEvaluationDataNumber: 21 }),
  version2: tcb({ version: 2 }),
  type1: tcb({ tcbType: 1 }),
  unknownStatus: tcb({ tcbLevels: [levelOf("tdx", { status: "Fine" })] }),
  fifteenComponents: tcb({ tcbLevels: [levelOf("tdx", { components: COMPONENTS.slice(1) })] }),
  largeComponent: tcb({ tcbLevels: [levelOf("tdx", { components: [256, ...COMPONENTS.slice(1)] })] }),
  moduleHardening: tcb({ tdxModuleIdentities: [moduleOf("TDX_01", [[5, "SWHardeningNeeded"]])] }),
  withoutLevelsNewer: tcb({ tcbEvaluationDataNumber: 26, tcbLevels: [] }),
  tooManyLevels: tcb({ tcbLevels: Array.from({ length: 49 }, () => levelOf("tdx")) }),
  spaced: signed(JSON.stringify(tcbInfoOf("tdx"), undefined, 1)),
  escaped: signed(tcbText().replace('"UpToDate"', '"UpTo\\u0044ate"')),
  repeated: signed(tcbText().replace('"tcbType":0', '"tcbType":0,"tcbType":0')),
  padded: signed(tcbText().replace('"tcbType":0', '"tcbType":00')),
  negative: signed(tcbText().replace('"tcbType":0', '"tcbType":-0')),
  trailing: signed(`${tcbText()} `),
  cut: signed(tcbText().slice(0, -1)),
  noCalendar: tcb({ issueDate: "2025-02-30T00:00:00Z" }),
  noTime: tcb({ issueDate: "2025-02-20 00:00:00Z" }),
  withoutModule: signed(tcbText({ tdxModule: undefined })),
  deep: tcb({ unknown: [[[[[[[[[1]]]]]]]]] }),
  unknownFields: tcb({ unknown: [{ a: [1, "two", {}], b: [] }], tcbEvaluationDataNumber: 22 }),
  byPck: signed(tcbText(), world.pck),
  byOtherLeaf: signed(tcbText(), otherLeaf),
  bySecondSigner: signed(tcbText(), secondSigner),
  byForeign: signed(tcbText(), foreign.tcbSigner),
  hardening: tcb({
    tcbEvaluationDataNumber: 23,
    tcbLevels: [levelOf("tdx", { status: "SWHardeningNeeded", advisoryIds: ["INTEL-SA-1", "INTEL-SA-2"] })],
  }),
  revoked: tcb({ tcbEvaluationDataNumber: 24, tcbLevels: [levelOf("tdx", { status: "Revoked" })] }),
  unreached: tcb({ tcbEvaluationDataNumber: 25, tcbLevels: [levelOf("tdx", { pceSvn: 12 })] }),
};

const qeIdentities = {
  good: qe(),
  newer: qe({ tcbEvaluationDataNumber: 20 }),
  older: qe({ tcbEvaluationDataNumber: 18 }),
  ofSgx: qe({ id: "QE" }),
  expired: qe({ nextUpdate: iso(NOW - 1n) }),
  future: qe({ issueDate: iso(NOW + 1n) }),
  short: qe({ nextUpdate: iso(NOW + DAY), tcbEvaluationDataNumber: 21 }),
  version3: qe({ version: 3 }),
  hardening: qe({ tcbLevels: [{ tcb: { isvsvn: 1 }, tcbStatus: "SWHardeningNeeded" }] }),
  shortSigner: qe({ mrsigner: "11".repeat(31) }),
  withoutMask: signed(qeText({ attributesMask: undefined })),
  byPck: signed(qeText(), world.pck),
};

const quotes = {
  td10: quote("td10"),
  td15: quote("td15"),
  newestModule: quote("newestModule"),
  oldModule: quote("oldModule"),
  debug: quote("debug"),
  qeOutOfDate: quote("qeOutOfDate"),
  qeRevoked: quote("qeRevoked"),
  unbound: quote("unbound"),
  otherKey: quote("otherKey"),
  byOtherPlatform: toHex(issueQuote({ ...world, pck: { ...world.pck, key: newKey() } }, { format: "td10" })),
  foreign: toHex(issueQuote(foreign, { format: "td10" })),
  ofOtherCa: toHex(issueQuote(pckOfOtherCa, { format: "td10" })),
};

const vectors = {
  now: Number(NOW),
  root: toHex(world.root.der),
  pckCa: toHex(world.pckCa.der),
  tcbSigner: toHex(world.tcbSigner.der),
  pck: toHex(world.pck.der),
  otherLeaf: toHex(otherLeaf.der),
  secondSigner: toHex(secondSigner.der),
  otherCa: toHex(otherCa.der),
  pckOfOtherCa: toHex(pckOfOtherCa.pck.der),
  foreignRoot: toHex(foreign.root.der),
  foreignPckCa: toHex(foreign.pckCa.der),
  foreignPck: toHex(foreign.pck.der),
  foreignSigner: toHex(foreign.tcbSigner.der),
  signerName: toHex(nameOf(world.tcbSigner.subject)),
  otherLeafName: toHex(nameOf(otherLeaf.subject)),
  pckName: toHex(nameOf(world.pck.subject)),
  rootCrl: toHex(issueCrl(world.root)),
  pckCrl: toHex(issueCrl(world.pckCa)),
  otherCaCrl: toHex(issueCrl(otherCa)),
  foreignRootCrl: toHex(issueCrl(foreign.root)),
  foreignPckCrl: toHex(issueCrl(foreign.pckCa)),
  rootCrlOfSigner: toHex(issueCrl(world.root, { thisUpdate: NOW - 1n, revoked: [world.tcbSigner.serial] })),
  pckCrlOfPck: toHex(issueCrl(world.pckCa, { thisUpdate: NOW - 1n, revoked: [world.pck.serial] })),
  pckCrlShort: toHex(issueCrl(world.pckCa, { thisUpdate: NOW - 1n, nextUpdate: NOW + DAY })),
  tcbInfos,
  qeIdentities,
  quotes,
  statusTable: statusTable(),
};

writeFileSync(
  new URL("../../protocol/vectors/attestation-tdx.json", import.meta.url),
  `${JSON.stringify(vectors, undefined, 2)}\n`,
);
