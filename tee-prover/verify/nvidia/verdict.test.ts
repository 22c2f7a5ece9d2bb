import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { NOW, newKey, pemOf, pinned } from "../../attest/dangerously-simulated/authority.ts";
import {
  DRIVER_INDICES,
  firmwareIdExtension,
  issueNvidiaWorld,
  issueReport,
  issueRim,
  measurementOf,
  NONCE,
  type NvidiaWorld,
  type ReportDraft,
  rimTrust,
  SWITCH_FIELDS,
  VBIOS,
  VBIOS_INDICES,
} from "../../attest/dangerously-simulated/nvidia.ts";
import { parsePolicy, STRICT_POLICY } from "../policy.ts";
import type { Verdict } from "../verdict.ts";
import { OPAQUE_FIELD } from "./opaque-data.ts";
import { judgeNvidiaReport, type NvidiaFiles } from "./verdict.ts";

const world = issueNvidiaWorld();
const chainPem = Buffer.from(pemOf(...world.chain));
const report = issueReport(world);
const driverRim = issueRim(world);
const vbiosRim = issueRim(world, { version: VBIOS, measurements: VBIOS_INDICES });

function filesOf(of: NvidiaWorld, draft: ReportDraft = {}): NvidiaFiles {
  return {
    report: issueReport(of, draft),
    chain: Buffer.from(pemOf(...of.chain)),
    nonce: undefined,
    rims: [],
    at: NOW,
    deviceRoots: of.chain.slice(-1).map(pinned),
    rimRoots: rimTrust(of).roots,
  };
}

const files: NvidiaFiles = { ...filesOf(world), report };

function judge(change: Partial<NvidiaFiles>, policy: object = {}): Verdict {
  const section = JSON.stringify({ nvidia: policy });
  return judgeNvidiaReport({ ...files, ...change }, parsePolicy(section).nvidia);
}

function summary({ genuine, ok, status, code }: Verdict) {
  return [genuine, ok, status, code];
}

describe("a device's measurements", () => {
  it("are not compared without RIMs, and the status says so", () => {
    assert.deepEqual(summary(judgeNvidiaReport(files, STRICT_POLICY.nvidia)), [
      true,
      true,
      "NotCompared",
      null,
    ]);
  });

  it("match the RIMs of the driver and of the VBIOS", () => {
    const verdict = judge({ rims: [driverRim, vbiosRim] });
    assert.deepEqual(summary(verdict), [true, true, "MeasurementsMatch", null]);
    assert.deepEqual([verdict.fields.rims, verdict.fields.measurements_compared], [["driver", "vbios"], 4]);
    assert.equal(verdict.message, "genuine, and accepted by the policy");
    assert.match(`${verdict.fields.gpu_measurement}`, /^0x[\da-f]{64}$/);
    const { status, message } = judge({ rims: [vbiosRim] });
    assert.equal(status, "MeasurementsMatchPartly");
    assert.equal(judge({ rims: [vbiosRim] }).fields.gpu_measurement, null);
    assert.match(message, /one part only$/);
    assert.match(judge({}).message, /no RIM$/);
  });

  it("mismatch with index, block, wanted and found", () => {
    const wanted = ["aa".repeat(48), "bb".repeat(48)];
    const rim = issueRim(world, {
      measurements: [{ index: 2 }, { index: 3, values: wanted }, { index: 60 }],
    });
    const verdict = judge({ rims: [rim] });
    assert.deepEqual(summary(verdict), [true, false, "Mismatch", "MEASUREMENT_MISMATCH"]);
    assert.deepEqual(verdict.fields.mismatches, [
      { rim: "driver", index: 3, block: 4, wanted, found: measurementOf(3) },
      { rim: "driver", index: 60, block: 61, wanted: [measurementOf(60)], found: null },
    ]);
    assert.match(verdict.message, /2 of 3 measurements.*index 3 \(block 4\).*no such block/);
  });

  it("have an index one below the block's", () => {
    const value = (index: number) => ({ index, values: [measurementOf(index + 1)] });
    const rim = issueRim(world, { measurements: [value(4)] });
    assert.equal(judge({ rims: [rim] }).code, "MEASUREMENT_MISMATCH");
  });

  it("leave out what NVDEC0 would run where it is disabled, and only there", () => {
    const rims = [
      issueRim(world, { measurements: [{ index: 35, values: ["00".repeat(48)] }, { index: 34 }] }),
    ];
    assert.equal(judge({ rims }).ok, true);
    const enabled = issueReport(world, { opaque: { [OPAQUE_FIELD.nvdec0Status]: fromHex("aa") } });
    assert.equal(judge({ rims, report: enabled }).code, "MEASUREMENT_MISMATCH");
  });

  it("are an NVSwitch's by the RIM of its BIOS alone", () => {
    const change = { report: issueReport(world, { opaque: SWITCH_FIELDS }) };
    const rim = issueRim(world, { version: "96.10.55.00.01" });
    assert.deepEqual(summary(judge({ ...change, rims: [rim] }, { rims: ["driver", "vbios"] })), [
      true,
      true,
      "MeasurementsMatch",
      null,
    ]);
    assert.equal(judge({ ...change, rims: [driverRim] }).code, "RIM_VERSION_MISMATCH");
  });

  for (const [what, rims, code] of [
    ["a RIM of another version", [issueRim(world, { version: "580.95.06" })], "RIM_VERSION_MISMATCH"],
    ["two RIMs of the driver", [driverRim, driverRim], "RIM_DUPLICATE"],
    [
      "two RIMs that speak of one index",
      [driverRim, issueRim(world, { version: VBIOS, measurements: DRIVER_INDICES })],
      "RIM_INDEX_CONFLICT",
    ],
  ] as const) {
    it(`refuse ${what}`, () => assert.deepEqual(summary(judge({ rims })), [true, false, "Mismatch", code]));
  }

  it("refuse a RIM that nobody signed: then nothing is genuine", () => {
    const rims = [driverRim.replace("580.95.05", "580.95.06")];
    assert.deepEqual(summary(judge({ rims })), [false, false, null, "RIM_SIGNATURE_INVALID"]);
  });
});

describe("a nonce", () => {
  it("must be the one that the verifier chose", () => {
    assert.equal(judge({ nonce: NONCE }).ok, true);
    const other = Uint8Array.from(NONCE).fill(0, 31);
    assert.deepEqual(summary(judge({ nonce: other })), [true, false, "NotCompared", "NONCE_MISMATCH"]);
    assert.equal(judge({ nonce: NONCE.subarray(0, 31) }).code, "NONCE_MISMATCH");
  });
});

describe("the policy on devices", () => {
  const serial = world.chain[0]?.serial.toString(16) ?? "";
  for (const [what, policy, code] of [
    ["chips", { chips: ["GB100"] }, "CHIP_NOT_ACCEPTED"],
    ["devices", { devices: ["1234"] }, "DEVICE_NOT_ACCEPTED"],
    ["modes", { modes: ["MPT"] }, "GPU_MODE_NOT_ACCEPTED"],
    ["drivers", { drivers: ["580.95.06"] }, "DRIVER_NOT_ACCEPTED"],
    ["VBIOS versions", { vbios: [] }, "VBIOS_NOT_ACCEPTED"],
    ["RIMs", { rims: ["driver"] }, "RIM_MISSING"],
  ] as const) {
    it(`refuses other ${what}`, () =>
      assert.deepEqual(summary(judge({}, policy)).slice(0, 2).concat(judge({}, policy).code), [
        true,
        false,
        code,
      ]));
  }

  it("accepts what it lists", () => {
    const lists = { chips: ["GH100"], modes: ["SPT"], drivers: ["580.95.05"], vbios: [VBIOS.toLowerCase()] };
    const policy = {
      ...lists,
      devices: [`00${serial.length % 2 === 0 ? "" : "0"}${serial}`],
      rims: ["driver", "vbios"],
    };
    assert.equal(judge({ rims: [driverRim, vbiosRim] }, policy).ok, true);
  });

  it("refuses revoked serial numbers and a stale list, and calls them not genuine", () => {
    const padded = serial.padStart(serial.length + (serial.length % 2), "0");
    const revoked = (nextUpdate: bigint) => ({
      revoked: { serials: [padded], nextUpdate: Number(nextUpdate) },
    });
    assert.deepEqual(summary(judge({}, revoked(NOW))), [false, false, null, "DEVICE_REVOKED"]);
    assert.equal(judge({}, revoked(NOW - 1n)).code, "REVOCATION_LIST_EXPIRED");
  });

  it("refuses debug firmware and unknown modes, whatever it lists", () => {
    const debug = issueNvidiaWorld({ firmwareId: firmwareIdExtension("tcbInfo", undefined, "10000000") });
    assert.equal(judgeNvidiaReport(filesOf(debug), STRICT_POLICY.nvidia).code, "DEVICE_DEBUG");
    const unknown = filesOf(world, { opaque: { [OPAQUE_FIELD.featureFlag]: fromHex("0300") } });
    assert.equal(judgeNvidiaReport(unknown, STRICT_POLICY.nvidia).code, "GPU_MODE_NOT_ACCEPTED");
  });

  for (const [what, section] of [
    ["an unknown field", { driver: ["1"] }],
    ["an unknown mode", { modes: ["CC"] }],
    ["a serial number that is none", { devices: ["xyz"] }],
    ["a revocation list without an end", { revoked: { serials: [] } }],
  ] as const) {
    it(`is no policy with ${what}`, () =>
      assert.throws(() => parsePolicy(JSON.stringify({ nvidia: section })), { code: "CONFIG_INVALID" }));
  }
});

describe("forms that evidence comes in", () => {
  const hex = Buffer.from(report).toString("hex");
  const base64 = Buffer.from(report).toString("base64");
  const der = concatBytes(...world.chain.map((issued) => issued.der));
  const entry = {
    arch: "HOPPER",
    evidence: base64,
    certificate: chainPem.toString("base64"),
    nonce: Buffer.from(NONCE).toString("hex"),
  };
  const json = (value: unknown) => ({ report: Buffer.from(JSON.stringify(value)), chain: undefined });

  for (const [what, change] of [
    ["a report in hex", { report: Buffer.from(`${hex}\n`) }],
    ["a report in hex with 0x, in lines", { report: Buffer.from(`0x${hex.replaceAll(/.{64}/g, "$&\n")}`) }],
    ["a report in base64", { report: Buffer.from(base64) }],
    ["a chain in DER", { chain: der }],
    ["a chain in hex of DER", { chain: Buffer.from(Buffer.from(der).toString("hex")) }],
    ["a chain in base64 of PEM", { chain: Buffer.from(chainPem.toString("base64")) }],
    ["an entry of JSON", json(entry)],
    ["a list of JSON", json([entry])],
    [
      "a request to NVIDIA's service",
      json({
        nonce: entry.nonce,
        arch: "HOPPER",
        evidence_list: [{ evidence: hex, certificate: entry.certificate }],
      }),
    ],
  ] as const) {
    it(what, () => assert.equal(judge(change).ok, true, judge(change).message));
  }

  for (const [what, change, code] of [
    ["a report that is other text", { report: Buffer.from("no report!") }, "EVIDENCE_ENCODING"],
    ["an empty report", { report: Buffer.from("") }, "EVIDENCE_ENCODING"],
    ["half a byte of hex", { report: Buffer.from(`${hex}0`) }, "EVIDENCE_ENCODING"],
    ["a chain that is other text", { chain: Buffer.from("no chain!") }, "EVIDENCE_ENCODING"],
    [
      "a chain in base64 of base64",
      { chain: Buffer.from(Buffer.from(chainPem.toString("base64")).toString("base64")) },
      "EVIDENCE_ENCODING",
    ],
    ["a chain of cut DER", { chain: der.subarray(0, der.length - 1) }, "EVIDENCE_ENCODING"],
    [
      "a chain of other PEM",
      { chain: Buffer.from(chainPem.toString().replaceAll("CERTIFICATE", "PUBLIC KEY")) },
      "PEM_MALFORMED",
    ],
    ["no chain", { chain: undefined }, "EVIDENCE_COUNT"],
    ["JSON with a chain beside it", { ...json(entry), chain: chainPem }, "EVIDENCE_COUNT"],
    ["JSON that is none", { report: Buffer.from("[{"), chain: undefined }, "EVIDENCE_COUNT"],
    ["an empty list", json([]), "EVIDENCE_COUNT"],
    ["too many devices", json(Array.from({ length: 257 }, () => entry)), "EVIDENCE_COUNT"],
    ["JSON without a chain", json({ evidence: base64 }), "EVIDENCE_ENCODING"],
    ["JSON of something else", json([1]), "EVIDENCE_ENCODING"],
    ["JSON whose nonce is another", json({ ...entry, nonce: "00".repeat(32) }), "NONCE_MISMATCH"],
    ["JSON whose nonce is no text", json({ ...entry, nonce: 7 }), "EVIDENCE_ENCODING"],
    ["one device twice", json([entry, entry]), "DEVICE_DUPLICATE"],
  ] as const) {
    it(`refuses ${what}`, () => {
      const verdict = judge(change);
      assert.deepEqual([verdict.ok, verdict.code], [false, code]);
    });
  }

  it("refuses one device twice, whatever firmware its boot ROM certified", () => {
    const keyOf = (name: string) =>
      world.chain.find(({ subject }) => subject === name)?.key ?? newKey("P-384");
    const again = issueNvidiaWorld({ keyOf, leafKey: newKey("P-384") });
    const pair = [world, again].map((of) => ({
      evidence: Buffer.from(issueReport(of)).toString("base64"),
      certificate: Buffer.from(pemOf(...of.chain)).toString("base64"),
    }));
    assert.equal(judge(json(pair)).code, "DEVICE_DUPLICATE");
    const ids = pair.map((each) => judge(json(each)).fields.device_id);
    assert.equal(new Set(ids).size, 1);
    const other = issueNvidiaWorld();
    assert.notEqual(judgeNvidiaReport(filesOf(other), STRICT_POLICY.nvidia).fields.device_id, ids[0]);
  });

  it("several devices: each is judged, and the first that fails decides", () => {
    const bootRom = world.chain[1];
    assert.ok(bootRom !== undefined);
    const others = [
      issueNvidiaWorld(),
      issueNvidiaWorld({ firmwareId: firmwareIdExtension("tcbInfo", "00".repeat(48)) }),
    ];
    const entryOf = (of: NvidiaWorld) => ({
      evidence: Buffer.from(issueReport(of)).toString("base64"),
      certificate: Buffer.from(pemOf(...of.chain)).toString("base64"),
    });
    const deviceRoots = [world, ...others].flatMap(({ chain }) => chain.slice(-1).map(pinned));
    const [good, bad] = others.map(entryOf);
    const both = judge({ ...json([entry, good]), deviceRoots });
    assert.deepEqual(summary(both), [true, true, "NotCompared", null]);
    assert.equal(Array.isArray(both.fields.devices) && both.fields.devices.length, 2);
    assert.deepEqual(summary(judge({ ...json([entry, good, bad]), deviceRoots })), [
      false,
      false,
      null,
      "FIRMWARE_ID_MISMATCH",
    ]);
  });
});
