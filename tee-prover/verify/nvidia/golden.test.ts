import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import fc from "fast-check";
import { DAY, NOW } from "../../attest/dangerously-simulated/authority.ts";
import {
  issueNvidiaWorld,
  issueRim,
  measurementOf,
  rimTrust,
  VBIOS,
  VBIOS_INDICES,
} from "../../attest/dangerously-simulated/nvidia.ts";
import { type Golden, goldenOf, goldenOfDocuments } from "./golden.ts";
import { type GoldenMeasurement, type Rim, verifyRim } from "./rim.ts";

const ZEROS = "00".repeat(48);

function rimOf(version: string, measurements: readonly GoldenMeasurement[]): Rim {
  return { kind: "rim", version, product: "GH100", tagId: version, measurements };
}

const one = (index: number) => ({ index, values: [measurementOf(index)] });
const driver = rimOf("580.95.05", [{ index: 11, values: [measurementOf(11), ZEROS] }, one(12)]);
const vbios = rimOf("96.00.74.00.1A", [one(13), one(0)]);

function golden(rims: readonly Rim[]): Golden {
  const result = goldenOf(rims);
  if (result.kind === "golden") return result;
  throw new Error(`${result.kind}: ${result.found}`);
}

describe("golden measurements", () => {
  it("are the versions, and the values of each block in their order", () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const entry = (block: number, ...values: readonly string[]) =>
      concatBytes(Uint8Array.of(block, 48, values.length), ...values.map(fromHex));
    const bytes = concatBytes(
      ...[Uint8Array.of(9), text("580.95.05"), Uint8Array.of(14), text("96.00.74.00.1A")],
      entry(1, measurementOf(0)),
      entry(12, ZEROS, measurementOf(11)),
      entry(13, measurementOf(12)),
      entry(14, measurementOf(13)),
    );
    const { measurement, ...rest } = golden([driver, vbios]);
    assert.deepEqual(rest, { kind: "golden", driver: "580.95.05", vbios: "96.00.74.00.1A", bytes });
    assert.deepEqual(measurement, keccak256(concatBytes(text("phala-l2 nvidia gpu 1"), bytes)));
  });

  it("do not depend on the order of RIMs, measurements or alternatives, nor on repeated ones", () => {
    const other = rimOf("580.95.05", [one(12), { index: 11, values: [ZEROS, measurementOf(11), ZEROS] }]);
    assert.deepEqual(golden([vbios, other]), golden([driver, vbios]));
  });

  it("have another digest for another version, value, index or alternative", () => {
    const drafts = fc.record({
      version: fc.constantFrom("580.95.05", "580.95.06"),
      measurements: fc.uniqueArray(
        fc.record({
          index: fc.integer({ min: 20, max: 30 }),
          values: fc.uniqueArray(fc.constantFrom(ZEROS, measurementOf(1), measurementOf(2)), {
            minLength: 1,
          }),
        }),
        { minLength: 1, maxLength: 4, selector: ({ index }) => index },
      ),
    });
    const plain = ({ version, measurements }: Pick<Rim, "version" | "measurements">) =>
      JSON.stringify([
        version,
        measurements
          .map(({ index, values }) => [index, values.toSorted()])
          .sort(([a], [b]) => Number(a) - Number(b)),
      ]);
    const digest = (draft: Pick<Rim, "version" | "measurements">) =>
      golden([rimOf(draft.version, draft.measurements), vbios]).measurement.join();
    fc.assert(
      fc.property(drafts, drafts, (a, b) => {
        assert.equal(digest(a) === digest(b), plain(a) === plain(b));
      }),
    );
  });

  for (const [what, rims, kind] of [
    ["nothing", [], "version"],
    ["a driver alone", [driver], "version"],
    ["a VBIOS alone", [vbios], "version"],
    ["two drivers", [driver, driver], "version"],
    ["two VBIOSes", [vbios, vbios], "version"],
    ["a third RIM", [driver, vbios, rimOf("96.00.74.00.1B", [one(40)])], "twice"],
    ["one index in both", [driver, rimOf("96.00.74.00.1A", [one(12)])], "index"],
    ["a version that is too long", [rimOf("5".repeat(256), [one(12)]), vbios], "version"],
  ] as const) {
    it(`are none of ${what}`, () => assert.equal(goldenOf(rims).kind, kind));
  }
});

describe("golden measurements of NVIDIA's documents", () => {
  const world = issueNvidiaWorld({ rimSigner: { notBefore: NOW - 3n * DAY, notAfter: NOW - DAY } });
  const { roots } = rimTrust(world);
  const documents = [issueRim(world), issueRim(world, { version: VBIOS, measurements: VBIOS_INDICES })];

  it("stay what they are when the signer's time is over", () => {
    const rims = documents.map((document) => verifyRim(document, { roots, at: NOW - 2n * DAY }));
    assert.ok(rims.every((rim) => rim.kind === "rim"));
    assert.deepEqual(goldenOfDocuments(documents, roots), goldenOf(rims));
    const late = verifyRim(documents[0] ?? "", { roots, at: NOW });
    assert.equal(late.kind === "refused" && late.code, "CERTIFICATE_EXPIRED");
  });

  for (const [what, given, code] of [
    [
      "another's signature",
      documents.map((document) => document.replace("1b1b", "1b1c").replace("1010", "1011")),
      "RIM_SIGNATURE_INVALID",
    ],
    ["no XML", ["RIM"], "RIM_XML_MALFORMED"],
    ["a document without a signature", ["<a></a>"], "RIM_SIGNATURE_MALFORMED"],
  ] as const) {
    it(`are none of ${what}`, () => {
      const refusal = goldenOfDocuments(given, roots);
      assert.equal(refusal.kind === "refused" && refusal.code, code);
    });
  }

  it("are none under another root, or of one document", () => {
    const foreign = goldenOfDocuments(documents, rimTrust(issueNvidiaWorld()).roots);
    assert.equal(foreign.kind === "refused" && foreign.code, "CHAIN_ROOT_UNTRUSTED");
    assert.equal(goldenOfDocuments(documents.slice(1), roots).kind, "version");
  });
});
