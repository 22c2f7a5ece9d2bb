import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { DAY, NOW, newKey } from "../../attest/dangerously-simulated/authority.ts";
import {
  block,
  blocksOf,
  firmwareIdExtension,
  issueNvidiaWorld,
  type NvidiaWorld,
  type NvidiaWorldDraft,
  nvidiaInput,
  opaqueField,
  type ReportDraft,
  SWITCH_FIELDS,
} from "../../attest/dangerously-simulated/nvidia.ts";
import { codeOf } from "../testing/outcome.ts";
import { OPAQUE_FIELD } from "./opaque-data.ts";
import { NVIDIA_DEVICE_ROOT, type NvidiaEvidence, verifyNvidiaReport } from "./verify.ts";

const world = issueNvidiaWorld();

function outcome(draft: ReportDraft = {}, of: NvidiaWorld = world): string {
  return codeOf(verifyNvidiaReport(nvidiaInput(of, draft)));
}

function genuine(draft: ReportDraft = {}, of: NvidiaWorld = world): NvidiaEvidence {
  const evidence = verifyNvidiaReport(nvidiaInput(of, draft));
  if (evidence.kind === "genuine") return evidence;
  throw new Error(`${evidence.code}: ${evidence.field}: ${evidence.found}`);
}

describe("a device's report", () => {
  it("is read field by field", () => {
    const { model, report, leaf } = genuine();
    const { driverVersion, vbiosVersion, project, projectSku, chipSku, mode, nvdec0 } = report.opaque;
    assert.deepEqual(
      [model, driverVersion, vbiosVersion, project, projectSku, chipSku, mode, nvdec0],
      ["GH100 A01 GSP BROM", "580.95.05", "96.00.74.00.1A", "1010", "0200", "882", 0, false],
    );
    assert.deepEqual([report.measurements.size, leaf.subject.commonName], [40, "GH100 A01 GSP FMC LF"]);
  });

  it("is an NVSwitch's without a driver, and has its BIOS version as text", () => {
    const { opaque } = genuine({ opaque: SWITCH_FIELDS, blocks: blocksOf(31) }).report;
    assert.deepEqual([opaque.driverVersion, opaque.vbiosVersion], [undefined, "96.10.55.00.01"]);
    assert.deepEqual(opaque.pdis, [fromHex("0102030405060708")]);
  });

  it("is Blackwell's with DiceTcbInfo, whose flags are read", () => {
    const of = (flags: string) =>
      genuine({}, issueNvidiaWorld({ firmwareId: firmwareIdExtension("tcbInfo", undefined, flags) }));
    assert.deepEqual(of("80000001").firmwareId?.flags, []);
    assert.deepEqual(of("10000001").firmwareId?.flags, ["debug"]);
    assert.deepEqual(of("70000000").firmwareId?.flags, ["notSecure", "recovery", "debug"]);
  });

  it("may be of firmware that tells no id, end in a buffer's zeros, and list blocks in any order", () => {
    assert.equal(outcome({ opaque: { [OPAQUE_FIELD.firmwareId]: undefined } }), "genuine");
    assert.equal(outcome({ trailing: new Uint8Array(3) }), "genuine");
    assert.equal(outcome({ blocks: blocksOf(8).toReversed() }), "genuine");
    assert.equal(outcome({ opaqueEnd: opaqueField(999, fromHex("0102")) }), "genuine");
  });

  it("holds for as long as its certificates: to the end of the year 9999", () => {
    const notAfter = 253_402_300_799n;
    const eternal = { notAfter };
    const of = issueNvidiaWorld({ leaf: eternal, bootRom: eternal });
    assert.equal(codeOf(verifyNvidiaReport(nvidiaInput(of, { at: NOW + 300n * DAY }))), "genuine");
    assert.equal(codeOf(verifyNvidiaReport(nvidiaInput(of, { at: notAfter + 1n }))), "CERTIFICATE_EXPIRED");
  });
});

const fwid = OPAQUE_FIELD.firmwareId;
const value = fromHex("11".repeat(48));
const malformed = "REPORT_MEASUREMENTS_MALFORMED";
const opaque = "REPORT_OPAQUE_DATA_MALFORMED";

describe("a device's report is refused", () => {
  for (const [what, draft, code] of [
    ["of another SPDM version in the request", { request: "12e001ff" }, "REPORT_NOT_SPDM"],
    ["of another request", { request: "118401ff" }, "REPORT_NOT_SPDM"],
    ["without a demand for a signature", { request: "11e000ff" }, "REPORT_NOT_SPDM"],
    ["of one measurement only", { request: "11e00101" }, "REPORT_NOT_SPDM"],
    ["of another SPDM version in the response", { response: "10600000" }, "REPORT_NOT_SPDM"],
    ["with an error as response", { response: "117f0000" }, "REPORT_NOT_SPDM"],
    ["with bytes behind it", { trailing: fromHex("0001") }, "REPORT_TRAILING_BYTES"],
    ["without blocks", { blocks: [] }, malformed],
    ["with fewer blocks than it says", { blockCount: 41 }, malformed],
    ["with more blocks than it says", { blockCount: 39 }, malformed],
    ["with a block twice", { blocks: [block(1, value), block(1, value)] }, malformed],
    ["with a block 0", { blocks: [block(0, value)] }, malformed],
    ["with a gap between blocks", { blocks: [block(1, value), block(3, value)] }, malformed],
    ["with a block of another specification", { blocks: [block(1, value, 2)] }, malformed],
    ["with an empty value", { blocks: [block(1, new Uint8Array(0))] }, malformed],
    ["with a value that is too long", { blocks: [block(1, new Uint8Array(65))] }, malformed],
    ["with a value cut short", { blocks: [block(1, value).subarray(0, 50)] }, malformed],
    ["with a field twice", { opaqueEnd: opaqueField(fwid, value) }, opaque],
    ["with a field cut off", { opaqueEnd: fromHex("e7030500aa") }, opaque],
    ["with half a field's head", { opaqueEnd: fromHex("e703") }, opaque],
    ["with a short firmware id", { opaque: { [fwid]: value.subarray(1) } }, opaque],
    ["without a VBIOS version", { opaque: { [OPAQUE_FIELD.vbiosVersion]: undefined } }, opaque],
    [
      "with a VBIOS version of more",
      { opaque: { [OPAQUE_FIELD.vbiosVersion]: fromHex("0074009600000001") } },
      opaque,
    ],
    [
      "with a driver version that is no text",
      { opaque: { [OPAQUE_FIELD.driverVersion]: fromHex("0a00") } },
      opaque,
    ],
    ["with an unknown NVDEC0 status", { opaque: { [OPAQUE_FIELD.nvdec0Status]: fromHex("00") } }, opaque],
    ["with a long feature flag", { opaque: { [OPAQUE_FIELD.featureFlag]: fromHex("000000") } }, opaque],
    ["with half a PDI", { opaque: { [OPAQUE_FIELD.pdis]: fromHex("01020304") } }, opaque],
    ["of other firmware than the key's", { opaque: { [fwid]: value } }, "FIRMWARE_ID_MISMATCH"],
    ["that another key signed", { signer: newKey("P-384") }, "DEVICE_SIGNATURE_INVALID"],
  ] as const) {
    it(what, () => assert.equal(outcome(draft), code));
  }

  for (const [what, draft, code] of [
    ["without a firmware id in the leaf", { firmwareId: undefined }, "FIRMWARE_ID_MISSING"],
    [
      "with a firmware id that cannot be read",
      { firmwareId: { oid: "2.23.133.5.4.1", critical: false, value } },
      "FIRMWARE_ID_MISSING",
    ],
    [
      "with another firmware id in the leaf",
      { firmwareId: firmwareIdExtension("tcbInfo", "ab".repeat(48)) },
      "FIRMWARE_ID_MISMATCH",
    ],
    [
      "with firmware ids in both forms",
      { leaf: { extensions: [firmwareIdExtension("composite"), firmwareIdExtension("tcbInfo")] } },
      "FIRMWARE_ID_MISSING",
    ],
    ["with a leaf that may issue certificates", { leaf: { ca: true } }, "CERTIFICATE_IS_A_CA"],
    ["with a boot ROM that may not", { bootRom: { ca: false } }, "CERTIFICATE_NOT_A_CA"],
    ["with an expired boot ROM", { bootRom: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
  ] as const satisfies readonly (readonly [string, NvidiaWorldDraft, string])[]) {
    it(what, () => assert.equal(outcome({}, issueNvidiaWorld(draft)), code));
  }

  it("of a key on another curve", () => {
    const of = issueNvidiaWorld({ leafKey: newKey("P-256") });
    assert.equal(outcome({ trailing: new Uint8Array(32) }, of), "DEVICE_KEY_TYPE");
  });

  it("under a root that is not pinned", () => {
    const input = nvidiaInput(world);
    const roots = [NVIDIA_DEVICE_ROOT];
    assert.equal(codeOf(verifyNvidiaReport({ ...input, roots })), "CHAIN_ROOT_UNTRUSTED");
  });

  it("with a chain of another length, order or device", () => {
    const input = nvidiaInput(world);
    const other = nvidiaInput(issueNvidiaWorld());
    const judge = (chain: typeof input.chain) => codeOf(verifyNvidiaReport({ ...input, chain }));
    const [leaf, ...authorities] = input.chain;
    const [otherLeaf] = other.chain;
    assert.ok(leaf !== undefined && otherLeaf !== undefined);
    assert.equal(judge([]), "DEVICE_CHAIN_LENGTH");
    assert.equal(judge(authorities), "DEVICE_CHAIN_LENGTH");
    assert.equal(judge(input.chain.slice(0, 4)), "DEVICE_CHAIN_LENGTH");
    assert.equal(judge([leaf, ...input.chain]), "DEVICE_CHAIN_LENGTH");
    assert.equal(judge(input.chain.toReversed()), "CHAIN_ROOT_UNTRUSTED");
    assert.equal(judge(other.chain), "CHAIN_ROOT_UNTRUSTED");
    assert.equal(judge([otherLeaf, ...authorities]), "CERTIFICATE_SIGNATURE_INVALID");
  });

  it("when the policy's revocation list names a certificate of the chain, or is out of date", () => {
    const input = nvidiaInput(world);
    const judge = (serials: readonly string[], nextUpdate: bigint) =>
      codeOf(verifyNvidiaReport({ ...input, revocation: { serials, nextUpdate } }));
    for (const { serial } of input.chain) assert.equal(judge([serial], NOW), "DEVICE_REVOKED");
    assert.equal(judge([], NOW), "genuine");
    assert.equal(judge([], NOW - 1n), "REVOCATION_LIST_EXPIRED");
  });

  it("when it ends early, wherever", () => {
    const input = nvidiaInput(world);
    for (let length = 0; length < input.report.length; length += 7) {
      const report = input.report.subarray(0, length);
      assert.equal(codeOf(verifyNvidiaReport({ ...input, report })), "REPORT_TRUNCATED", `${length}`);
    }
    const report = concatBytes(input.report, new Uint8Array(70_000));
    assert.equal(codeOf(verifyNvidiaReport({ ...input, report })), "REPORT_TOO_LARGE");
  });
});
