import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { pemOf } from "../../attest/dangerously-simulated/authority.ts";
import { issueQuote, issueWorld, type QuoteDraft } from "../../attest/dangerously-simulated/intel.ts";
import { splice } from "../testing/mutations.ts";
import { codeOf } from "../testing/outcome.ts";
import { parseQuote, type Quote } from "./quote.ts";

const world = issueWorld();
const FORMATS = ["sgx", "td10", "td15"] as const;

function read(bytes: Uint8Array): Quote {
  const quote = parseQuote(bytes);
  if (quote.kind === "quote") return quote;
  throw new Error(`${quote.code}: ${quote.field}`);
}

function code(draft: QuoteDraft): string {
  return codeOf(parseQuote(issueQuote(world, draft)));
}

/** The quote with a u32 in it replaced. */
function withU32(bytes: Uint8Array, at: number, change: (value: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  view.setUint32(at, change(view.getUint32(at, true)), true);
  return copy;
}

describe("quotes are parsed", () => {
  it("as version 3 of an SGX enclave", () => {
    const quote = read(issueQuote(world, { format: "sgx", enclave: { isvProdId: 7, isvSvn: 513 } }));
    assert.equal(quote.version, 3);
    assert.equal(quote.signedPart.length, 48 + 384);
    assert.ok(quote.body.type === "sgx");
    assert.deepEqual([quote.body.isvProdId, quote.body.isvSvn], [7, 513]);
    assert.equal(toHex(quote.body.mrEnclave), `0x${"a1".repeat(32)}`);
    assert.equal(toHex(quote.body.mrSigner), `0x${"a2".repeat(32)}`);
    assert.equal(toHex(quote.body.reportData), `0x${"a3".repeat(64)}`);
  });

  it("as versions 4 and 5 of a TD 1.0", () => {
    for (const [version, signed] of [
      [4, 48 + 584],
      [5, 48 + 6 + 584],
    ] as const) {
      const quote = read(issueQuote(world, { format: "td10", version }));
      assert.deepEqual([quote.version, quote.body.type, quote.signedPart.length], [version, "td10", signed]);
    }
  });

  it("as version 5 of a TD 1.5, each measurement at its place", () => {
    const td = { mrServiceTd: "c1".repeat(48), mrSignerSeam: "c2".repeat(48), xfam: "0102030405060708" };
    const { body, version, signedPart } = read(issueQuote(world, { format: "td15", td }));
    assert.ok(body.type === "td15");
    assert.deepEqual([version, signedPart.length], [5, 48 + 6 + 648]);
    const { mrTd, mrConfigId, mrOwner, mrOwnerConfig, rtmr, mrSeam, mrSignerSeam, extended } = body;
    const firsts = [mrTd, mrConfigId, mrOwner, mrOwnerConfig, ...rtmr, mrSeam, mrSignerSeam].map(
      ([byte]) => byte,
    );
    assert.deepEqual(firsts, [0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xbb, 0xc2]);
    assert.equal(toHex(body.xfam), "0x0102030405060708");
    assert.equal(toHex(extended?.mrServiceTd ?? body.mrTd), `0x${"c1".repeat(48)}`);
  });

  it("with zeros after the end, as providers pad them to 8000 bytes", () => {
    for (const format of FORMATS) assert.equal(code({ format, padding: new Uint8Array(3000) }), "quote");
  });

  it("with a chain that ends with zero bytes or without", () => {
    const chain = pemOf(world.pck, world.pckCa, world.root);
    for (const end of ["", "\0", "\0\0\0"]) {
      assert.equal(read(issueQuote(world, { format: "td10", chain: chain + end })).pckChain, chain);
    }
  });
});

describe("quotes are refused", () => {
  for (const [what, draft, wanted] of [
    ["of version 2", { format: "sgx", version: 2 }, "QUOTE_VERSION"],
    ["of version 6", { format: "td10", version: 6 }, "QUOTE_VERSION"],
    ["of an enclave in version 4", { format: "sgx", version: 4 }, "QUOTE_VERSION"],
    ["of a TD in version 3", { format: "td10", version: 3 }, "QUOTE_VERSION"],
    ["of an unknown TEE", { format: "td10", teeType: 0x82 }, "QUOTE_TEE_TYPE"],
    ["with a P-384 key", { format: "td10", keyType: 3 }, "QUOTE_KEY_TYPE"],
    ["of another vendor's QE", { format: "td10", vendor: "00".repeat(16) }, "QUOTE_QE_VENDOR"],
    ["with an enclave as body of version 5", { format: "td15", bodyType: 1 }, "QUOTE_BODY_TYPE"],
    ["with an unknown body", { format: "td15", bodyType: 4 }, "QUOTE_BODY_TYPE"],
    ["with the other TD's body type", { format: "td15", bodyType: 2 }, "QUOTE_SIZE_MISMATCH"],
    ["with another body size", { format: "td15", bodySize: 649 }, "QUOTE_SIZE_MISMATCH"],
    ["with encrypted PPID only", { format: "sgx", certificationType: 3 }, "QUOTE_CERTIFICATION_TYPE"],
    ["with a report inside a report", { format: "td10", certificationType: 6 }, "QUOTE_CERTIFICATION_TYPE"],
    ["with a byte after the end", { format: "td10", padding: Uint8Array.of(1) }, "QUOTE_TRAILING_BYTES"],
    [
      "with a byte after many zeros",
      { format: "sgx", padding: concatBytes(new Uint8Array(2000), Uint8Array.of(1)) },
      "QUOTE_TRAILING_BYTES",
    ],
    ["larger than any", { format: "sgx", padding: new Uint8Array(40_000) }, "QUOTE_TOO_LARGE"],
  ] as const satisfies readonly (readonly [string, QuoteDraft, string])[]) {
    it(what, () => assert.equal(code(draft), wanted));
  }

  it("cut at every length", () => {
    for (const format of FORMATS) {
      const bytes = issueQuote(world, { format });
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(codeOf(parseQuote(bytes.subarray(0, length))), "QUOTE_TRUNCATED", `${format} ${length}`);
      }
    }
  });

  it("when a size inside is not what is there", () => {
    const authenticationAt = 48 + 584;
    const bytes = issueQuote(world, { format: "td10", padding: new Uint8Array(100) });
    for (const [at, by, wanted] of [
      [authenticationAt, -1, "QUOTE_SIZE_MISMATCH"],
      [authenticationAt, 1, "QUOTE_SIZE_MISMATCH"],
      [authenticationAt, 101, "QUOTE_TRUNCATED"],
      [authenticationAt, 2 ** 31, "QUOTE_TRUNCATED"],
      [authenticationAt + 4 + 128 + 2, 1, "QUOTE_SIZE_MISMATCH"],
      [authenticationAt + 4 + 128 + 2, -1, "QUOTE_SIZE_MISMATCH"],
      [authenticationAt + 4 + 128 + 6 + 448 + 2 + 32 + 2, 1, "QUOTE_SIZE_MISMATCH"],
      [authenticationAt + 4 + 128 + 6 + 448 + 2 + 32 + 2, -1, "QUOTE_SIZE_MISMATCH"],
    ] as const) {
      const changed = withU32(bytes, at, (value) => value + by);
      const found = codeOf(parseQuote(changed));
      // One byte fewer of authentication data leaves the chain's last zero outside: padding, but then sizes disagree.
      assert.equal(found, wanted, `${at} ${by}`);
    }
  });

  it("with no authentication data", () => {
    const bytes = issueQuote(world, { format: "td10" });
    assert.equal(
      codeOf(parseQuote(concatBytes(bytes.subarray(0, 632), new Uint8Array(4)))),
      "QUOTE_SIZE_MISMATCH",
    );
  });

  it("as any other bytes, without an exception", () => {
    const good = issueQuote(world, { format: "td15" });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(700), (noise, at) => {
        assert.notEqual(codeOf(parseQuote(noise)), "quote");
        const end = Math.min(good.length, at + noise.length);
        const shifted = concatBytes(new Uint8Array(at), noise, new Uint8Array(good.length));
        assert.ok(typeof codeOf(parseQuote(splice(good, shifted, at, end))) === "string");
      }),
      { numRuns: 200 },
    );
  });
});
