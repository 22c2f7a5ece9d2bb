import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import {
  CA_USAGE,
  type CertificateDraft,
  type ExtensionDraft,
  type Issued,
  issueCertificate,
  type Key,
  LEAF_USAGE,
  newKey,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  block,
  blocksOf,
  FIRMWARE_ID,
  firmwareIdExtension,
  type NvidiaWorld,
  opaqueField,
  type ReportDraft,
  SWITCH_FIELDS,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/nvidia";
import { OPAQUE_FIELD } from "@phala-l2/tee-prover/verify/nvidia/opaque-data";

/** As many blocks as the development RIMs speak of. */
const blocks = blocksOf(14);
const value = fromHex("11".repeat(48));
const { firmwareId, driverVersion, vbiosVersion, nvdec0Status, featureFlag, pdis } = OPAQUE_FIELD;
const { protectedPcieStatus, opaqueDataVersion } = OPAQUE_FIELD;

const opaque = (type: number, hex: string | undefined): ReportDraft => ({
  blocks,
  opaque: { [type]: hex === undefined ? undefined : fromHex(hex) },
});
const text = (words: string) => Buffer.from(words, "latin1").toString("hex");

/** Reports of a development GPU: good ones, and one for each way in which a signed report can be wrong. */
export const reportDrafts = {
  plain: { blocks },
  whole: {},
  blackwell: opaque(featureFlag, "0100"),
  protectedPcie: { blocks, opaque: { [featureFlag]: fromHex("0200"), [pdis]: fromHex("0102030405060708") } },
  withoutMode: opaque(featureFlag, undefined),
  withoutFirmwareId: opaque(firmwareId, undefined),
  nvdec0Untold: { opaque: { [nvdec0Status]: undefined } },
  anyOrder: { blocks: blocks.toReversed() },
  unknownFields: {
    blocks,
    opaqueEnd: concatBytes(opaqueField(999, value), opaqueField(0xffff, new Uint8Array(0))),
  },
  lowerCase: opaque(driverVersion, `${text("580.95.05-rc")}0000`),
  textVbios: opaque(vbiosVersion, `${text("96.00.74.00.1a")}00`),
  longText: opaque(driverVersion, text("5".repeat(64))),

  requestVersion: { blocks, request: "12e001ff" },
  requestCode: { blocks, request: "118401ff" },
  withoutSignature: { blocks, request: "11e000ff" },
  oneMeasurement: { blocks, request: "11e00101" },
  responseVersion: { blocks, response: "10600000" },
  responseCode: { blocks, response: "117f0000" },
  trailing: { blocks, trailing: fromHex("01") },
  withoutBlocks: { blocks: [] },
  fewerBlocks: { blocks, blockCount: 15 },
  moreBlocks: { blocks, blockCount: 13 },
  blockTwice: { blocks: [block(1, value), block(1, value)] },
  blockZero: { blocks: [block(0, value)] },
  blockGap: { blocks: [block(1, value), block(3, value)] },
  specification: { blocks: [block(1, value, 2)] },
  emptyValue: { blocks: [block(1, new Uint8Array(0))] },
  longValue: { blocks: [block(1, new Uint8Array(65))] },
  cutValue: { blocks: [block(1, value).subarray(0, 50)] },
  cutBlock: { blocks: [block(1, value), fromHex("0201")], blockCount: 2 },
  wrongSize: { blocks: [block(1, value).with(2, 50)] },
  fieldTwice: { blocks, opaqueEnd: opaqueField(firmwareId, fromHex(FIRMWARE_ID)) },
  unknownTwice: { blocks, opaqueEnd: concatBytes(opaqueField(999, value), opaqueField(999, value)) },
  fieldCut: { blocks, opaqueEnd: fromHex("e7030500aa") },
  fieldHeadCut: { blocks, opaqueEnd: fromHex("e703") },
  shortFirmwareId: opaque(firmwareId, "11".repeat(47)),
  withoutVbios: opaque(vbiosVersion, undefined),
  largeVbios: opaque(vbiosVersion, "0074009600000001"),
  emptyVbios: opaque(vbiosVersion, ""),
  binaryVbios: opaque(vbiosVersion, "960001"),
  binaryDriver: opaque(driverVersion, "0a00"),
  emptyDriver: opaque(driverVersion, "0000"),
  tooLongText: opaque(driverVersion, text("5".repeat(65))),
  innerZero: opaque(driverVersion, `${text("5")}00${text("5")}00`),
  highText: opaque(driverVersion, "ff00"),
  nvdec0Unknown: opaque(nvdec0Status, "00"),
  nvdec0Long: opaque(nvdec0Status, "5555"),
  longFlag: opaque(featureFlag, "000000"),
  shortFlag: opaque(featureFlag, "00"),
  longStatus: opaque(protectedPcieStatus, "aaaa"),
  longVersion: opaque(opaqueDataVersion, "010000"),
  halfPdi: opaque(pdis, "01020304"),

  otherFirmware: opaque(firmwareId, "11".repeat(48)),
  unknownMode: opaque(featureFlag, "0300"),
  largeMode: opaque(featureFlag, "0001"),
  otherDriver: opaque(driverVersion, text("580.95.06")),
  otherVbios: opaque(vbiosVersion, "007400961b000000"),
  nvdec0On: { opaque: { [nvdec0Status]: fromHex("aa") } },
  otherMeasurement: { blocks: blocks.with(0, block(1, value)) },
  alternative: { blocks: blocks.with(11, block(12, new Uint8Array(48))) },
  shorterMeasurement: { blocks: blocks.with(0, block(1, value.subarray(16))) },
  missingMeasurement: { blocks: blocksOf(12) },
  ofASwitch: { blocks, opaque: SWITCH_FIELDS },
} as const satisfies Readonly<Record<string, ReportDraft>>;

const composite = firmwareIdExtension("composite");
const tcbInfo = (flags?: string) => firmwareIdExtension("tcbInfo", FIRMWARE_ID, flags);
const withExtensions = (...extensions: readonly ExtensionDraft[]): Partial<CertificateDraft> => ({
  extensions,
});
const withValue = (oid: string, hex: string) => withExtensions({ oid, critical: false, value: fromHex(hex) });

/** Certificates of the firmware's key: NVIDIA's two forms, and one for each way in which a leaf can be wrong. */
export const leafDrafts = {
  blackwell: withExtensions(tcbInfo()),
  withoutUsage: { keyUsage: undefined },
  withoutFirmwareId: withExtensions(),
  ofOtherFirmware: withExtensions(firmwareIdExtension("composite", "ab".repeat(48))),
  ofOtherTcb: withExtensions(firmwareIdExtension("tcbInfo", "ab".repeat(48))),
  inBothForms: withExtensions(composite, tcbInfo()),
  binary: withValue("2.23.133.5.4.1", "1111"),
  emptyTcb: withValue("2.23.133.5.4.1.1", "3000"),
  debug: withExtensions(tcbInfo("10000001")),
  recovery: withExtensions(tcbInfo("20000001")),
  notSecure: withExtensions(tcbInfo("40000001")),
  authority: { ca: true, keyUsage: CA_USAGE },
  signsCertificates: { keyUsage: [0, 5] },
  signsNothing: { keyUsage: [4] },
} as const satisfies Readonly<Record<string, Partial<CertificateDraft>>>;

/** The certificate that the boot ROM issues by a draft, for the leaf's key unless another is given. */
export function issueLeafOf({ chain }: NvidiaWorld, draft: Partial<CertificateDraft>, key?: Key): Issued {
  const [leaf, bootRom] = chain;
  if (leaf === undefined) throw new TypeError("a world without a leaf");
  const base = { subject: leaf.subject, keyUsage: LEAF_USAGE, extensions: [composite] };
  return issueCertificate({ ...base, ...draft }, bootRom, key ?? leaf.key);
}

/** A leaf whose key is not of P-384. */
export function issueForeignLeafOf(world: NvidiaWorld): Issued {
  return issueLeafOf(world, {}, newKey("P-256"));
}
