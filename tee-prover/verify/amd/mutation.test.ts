import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type AmdCase, amdInput, issueAmdWorlds, rootsOf } from "../../attest/dangerously-simulated/amd.ts";
import { issueCrl } from "../../attest/dangerously-simulated/authority.ts";
import { flipBit, splice, stride } from "../testing/mutations.ts";
import { codeOf } from "../testing/outcome.ts";
import { PRODUCTS } from "./product.ts";
import { REPORT_BYTES, SIGNED_BYTES } from "./report.ts";
import { type AmdInput, verifySnpReport } from "./verify.ts";

const worlds = issueAmdWorlds();
const roots = rootsOf(worlds);

function code(input: AmdInput): string {
  return codeOf(verifySnpReport(input));
}

/** The codes of all mutations; one that is accepted fails the test at once. */
function codesOf(inputs: Iterable<readonly [what: string, input: AmdInput]>): Set<string> {
  const codes = new Set<string>();
  for (const [what, input] of inputs) {
    const found = code(input);
    assert.notEqual(found, "genuine", what);
    codes.add(found);
  }
  return codes;
}

function* flips(
  input: AmdInput,
  name: "report" | "leaf" | "chain",
  first: number,
  end: number,
  step: number,
) {
  for (let bit = first * 8; bit < end * 8; bit += step) {
    yield [`${name}, bit ${bit}`, { ...input, [name]: flipBit(input[name], bit) }] as const;
  }
}

const CASES = PRODUCTS.flatMap((product) =>
  ([2, 3, 5] as const).flatMap((version) =>
    (["VCEK", "VLEK"] as const).map((endorsement): readonly [string, AmdInput] => [
      `${product}, version ${version}, ${endorsement}`,
      amdInput(worlds[product], roots, { report: { version, endorsement } }),
    ]),
  ),
);

describe("no bit may change", () => {
  for (const [name, input] of CASES) {
    it(`in the signed part of a report (${name})`, () => {
      assert.equal(code(input), "genuine");
      const codes = codesOf(flips(input, "report", 0, SIGNED_BYTES, stride(293)));
      assert.ok(codes.has("REPORT_SIGNATURE_INVALID"));
    });

    it(`in the signature, nor in the bytes after it (${name})`, () => {
      const codes = codesOf(flips(input, "report", SIGNED_BYTES, REPORT_BYTES, stride(271)));
      const known = ["REPORT_RESERVED", "REPORT_SIGNATURE_FORM", "REPORT_SIGNATURE_INVALID"];
      assert.deepEqual([...codes].sort(), known);
    });
  }

  it("in each field of the header, where its own check answers", () => {
    const input = amdInput(worlds.Genoa, roots);
    const at = (offset: number, bit: number) =>
      code({ ...input, report: flipBit(input.report, offset * 8 + bit) });
    assert.equal(at(0x00, 0), "REPORT_VERSION");
    assert.equal(at(0x34, 1), "REPORT_SIGNATURE_ALGORITHM");
    assert.equal(at(0x48, 0), "REPORT_SIGNATURE_INVALID");
    assert.equal(at(0x48, 1), "REPORT_KEY_MASKED");
    // The report claims a fleet's key then: the leaf is none.
    assert.equal(at(0x48, 2), "LEAF_KIND");
    assert.equal(at(0x48, 3), "REPORT_SIGNING_KEY");
    assert.equal(at(0x48, 5), "REPORT_RESERVED");
    assert.equal(at(0x0a, 1), "REPORT_RESERVED");
    assert.equal(at(0x0a, 3), "REPORT_SIGNATURE_INVALID");
  });

  for (const endorsement of ["VCEK", "VLEK"] as const) {
    it(`in a leaf (${endorsement})`, () => {
      const input = amdInput(worlds.Turin, roots, { report: { endorsement } });
      const codes = codesOf(flips(input, "leaf", 0, input.leaf.length, stride(71)));
      assert.ok(codes.has("CERTIFICATE_SIGNATURE_INVALID") && codes.has("CERTIFICATE_MALFORMED"));
    });
  }

  it("in an issuer", () => {
    const input = amdInput(worlds.Genoa, roots);
    const length = worlds.Genoa.ask.der.length;
    const codes = codesOf(flips(input, "chain", 0, length, stride(127)));
    assert.ok(codes.has("CERTIFICATE_SIGNATURE_INVALID") && codes.has("CERTIFICATE_MALFORMED"));
  });

  it("in a root: its key is pinned, and it signed the rest of itself", () => {
    const input = amdInput(worlds.Genoa, roots);
    const start = worlds.Genoa.ask.der.length;
    const codes = codesOf(flips(input, "chain", start, input.chain.length, stride(127)));
    assert.ok(codes.has("CHAIN_ROOT_UNTRUSTED") && codes.has("CERTIFICATE_SIGNATURE_INVALID"));
  });

  it("in a revocation list", () => {
    const crl = issueCrl(worlds.Genoa.ark, { revoked: [1n] });
    const input = amdInput(worlds.Genoa, roots, { crl });
    assert.equal(code(input), "genuine");
    for (let bit = 0; bit < crl.length * 8; bit += stride(97)) {
      assert.notEqual(code({ ...input, crl: flipBit(crl, bit) }), "genuine", `bit ${bit}`);
    }
  });
});

describe("nothing may be cut or swapped", () => {
  it("cuts", () => {
    const input = amdInput(worlds.Genoa, roots);
    for (const name of ["report", "leaf", "chain"] as const) {
      for (let end = 0; end < input[name].length; end += stride(89)) {
        assert.notEqual(
          code({ ...input, [name]: input[name].subarray(0, end) }),
          "genuine",
          `${name} ${end}`,
        );
      }
    }
  });

  it("files of any two of all products and kinds of key", () => {
    const names = ["report", "leaf", "chain"] as const;
    // Keys and chains are the same in all versions: one version of the others' files meets each of them.
    const others = CASES.filter(([name]) => name.includes("version 2"));
    assert.equal(others.length, PRODUCTS.length * 2);
    for (const [nameA, a] of CASES) {
      for (const [nameB, b] of others) {
        const sameKeys = nameA.replace(/version \d/, "") === nameB.replace(/version \d/, "");
        for (const name of names) {
          const found = code({ ...a, [name]: b[name] });
          assert.equal(found === "genuine", sameKeys, `${nameA} with the ${name} of ${nameB}: ${found}`);
        }
      }
    }
  });

  it("a root for another product's", () => {
    // Pinned, but as another product's root.
    const swapped = roots.map((root, i) => ({
      ...root,
      product: PRODUCTS[(i + 1) % PRODUCTS.length] ?? "Milan",
    }));
    for (const product of PRODUCTS) {
      assert.equal(code(amdInput(worlds[product], swapped)), "CHAIN_ROLE");
    }
  });

  it("parts of two reports of one chip", () => {
    const one = amdInput(worlds.Genoa, roots, { report: { vmpl: 0 } });
    const other = amdInput(worlds.Genoa, roots, {
      report: { vmpl: 1, guestPolicy: 0xb001fn, patches: { 80: [1], 144: [2] } },
    }).report;
    for (const [start, end] of [
      [0x08, 0x10],
      [0x30, 0x34],
      [0x50, 0x90],
      [0x90, 0xc0],
      [SIGNED_BYTES, REPORT_BYTES],
    ] as const) {
      assert.equal(
        code({ ...one, report: splice(one.report, other, start, end) }),
        "REPORT_SIGNATURE_INVALID",
      );
    }
  });

  it("noise is a refusal and no exception", () => {
    const input = amdInput(worlds.Genoa, roots);
    const bytes = fc.uint8Array({ maxLength: 1300 });
    const draft = fc.record({
      report: bytes,
      leaf: bytes,
      chain: bytes,
      crl: fc.option(bytes, { nil: undefined }),
    });
    fc.assert(
      fc.property(draft, (noise) => code({ ...input, ...noise }) !== "genuine"),
      { numRuns: 200 },
    );
    const report = fc.uint8Array({ minLength: REPORT_BYTES, maxLength: REPORT_BYTES });
    fc.assert(
      fc.property(report, fc.constantFrom(2, 3, 5), (noise, version) => {
        noise.set([version, 0, 0, 0]);
        return code({ ...input, report: noise }) !== "genuine";
      }),
      { numRuns: 200 },
    );
  });
});

describe("nothing else may be genuine", () => {
  it("a report without a signature", () => {
    const input = amdInput(worlds.Genoa, roots);
    const report = Uint8Array.from(input.report).fill(0, SIGNED_BYTES);
    assert.equal(code({ ...input, report }), "REPORT_SIGNATURE_FORM");
  });

  it("a report that an authority signed instead of a leaf", () => {
    const { ask, ark } = worlds.Genoa;
    const draft: AmdCase = { leaf: ask, chain: [ark, ark], report: { signer: worlds.Genoa.vcek.key } };
    assert.equal(code(amdInput(worlds.Genoa, roots, draft)), "CHAIN_CERTIFICATES");
  });
});
