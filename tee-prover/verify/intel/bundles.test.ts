import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { parsePolicy, STRICT_POLICY } from "../policy.ts";
import { flipBit, stride } from "../testing/mutations.ts";
import { outcome } from "../testing/outcome.ts";
import { judgeIntelQuote } from "./verdict.ts";
import { INTEL_ROOT, type IntelInput } from "./verify.ts";

const FOLDER = join(import.meta.dirname, "../../../../shared/vectors/tee/bundles");
const SKIP = existsSync(FOLDER) ? false : `no real evidence at ${FOLDER}`;

function readBundle(name: string) {
  const file = (part: string) => readFileSync(join(FOLDER, name, part));
  const expected = new JsonObject(JSON.parse(file("expected.json").toString()), name);
  const input: IntelInput = {
    tee: expected.text("tee") === "SGX" ? "sgx" : "tdx",
    quote: file("quote.bin"),
    collateral: file("collateral.json").toString(),
    at: expected.integer("verify_at_unix"),
    roots: [INTEL_ROOT],
  };
  return { input, expected };
}

const names = SKIP
  ? []
  : readdirSync(FOLDER, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
const strict = STRICT_POLICY.intel;

describe("real evidence of Intel's hardware", { skip: SKIP }, () => {
  for (const name of names) {
    const { input, expected } = readBundle(name);
    const peer = expected.object("dcap_qvl_js_0_3_9");

    it(`${name}: genuine, with its fields`, () => {
      const verdict = judgeIntelQuote(input, strict);
      assert.equal(verdict.genuine, true, verdict.message);
      const fields = expected.object("fields");
      for (const field of fields.names()) {
        const wanted = field === "debug" ? fields.flag(field) : fields.text(field);
        assert.equal(verdict.fields[field], wanted, field);
      }
      assert.equal(verdict.fields.fmspc, expected.text("fmspc"));
      assert.equal(verdict.fields.body, expected.text("body"));
      assert.equal(verdict.fields.quote_version, Number(expected.integer("quote_version")));
      const independent = expected.object("independent");
      const module = independent.has("tdx_module") ? independent.object("tdx_module") : undefined;
      if (module?.has("isvsvn") === true) {
        assert.equal(verdict.fields.tdx_module_id, module.text("id"));
        assert.equal(verdict.fields.tdx_module_isv_svn, Number(module.integer("isvsvn")));
        assert.equal(verdict.fields.tdx_module_status, module.text("status"));
      }
      const evaluation = Number(expected.integer("tcb_evaluation_data_number"));
      assert.equal(verdict.fields.tcb_evaluation_data_number, evaluation);
    });

    it(`${name}: the status and advisories that were measured`, () => {
      const verdict = judgeIntelQuote(input, strict);
      if (peer.has("status")) {
        assert.equal(verdict.status, peer.text("status"));
        assert.deepEqual(verdict.fields.advisory_ids, peer.texts("advisory_ids"));
        assert.equal(verdict.ok, verdict.status === "UpToDate");
        return;
      }
      assert.equal(verdict.ok, false);
      const isDebug = peer.text("error").includes("Debug");
      assert.equal(verdict.code, isDebug ? "DEBUG_ENABLED" : "TCB_LEVEL_NOT_FOUND");
    });

    it(`${name}: accepted only at its time, in its window`, () => {
      const [, until = ""] = expected.texts("valid_window");
      for (const at of [BigInt(Date.parse(until) / 1000) + 1n, 0n, 2n ** 40n]) {
        assert.notEqual(outcome({ ...input, at }), "genuine", `${at}`);
      }
    });

    it(`${name}: no bit of the quote may change`, () => {
      let end = input.quote.length;
      while (input.quote[end - 1] === 0) end--;
      for (let bit = 0; bit < input.quote.length * 8; bit += stride(bit < end * 8 ? 1193 : 11987)) {
        assert.notEqual(outcome({ ...input, quote: flipBit(input.quote, bit) }), "genuine", `bit ${bit}`);
      }
    });
  }

  it("needs lists that its authorities signed, for every bundle", () => {
    for (const name of names) {
      const { input } = readBundle(name);
      const file = new JsonObject(JSON.parse(input.collateral), name);
      for (const field of ["root_ca_crl", "pck_crl"]) {
        const good = file.text(field);
        const flipped = good.slice(0, -1) + (Number.parseInt(good.slice(-1), 16) ^ 1).toString(16);
        const changed = {
          "": /CRL_MALFORMED/,
          deadbeef00: /CRL_MALFORMED/,
          [`${good}00`]: /CRL_MALFORMED/,
          [flipped]: /CRL_SIGNATURE_INVALID/,
        };
        for (const [list, code] of Object.entries(changed)) {
          const collateral = JSON.stringify({ ...JSON.parse(input.collateral), [field]: list });
          assert.match(outcome({ ...input, collateral }), code, `${name} ${field}`);
        }
      }
    }
  });

  it("is a whole: bytes after it are refused, zeros are not", () => {
    for (const name of names) {
      const { input } = readBundle(name);
      assert.equal(outcome({ ...input, quote: concatBytes(input.quote, new Uint8Array(100)) }), "genuine");
      const longer = concatBytes(input.quote, Uint8Array.of(1));
      assert.equal(outcome({ ...input, quote: longer }), "QUOTE_TRAILING_BYTES");
    }
  });

  it("does not mix: no quote is genuine with another platform's collateral", () => {
    const bundles = names.map((name) => readBundle(name).input);
    for (const one of bundles) {
      for (const other of bundles) {
        if (one === other || one.collateral === other.collateral) continue;
        const { collateral } = other;
        const verdict = judgeIntelQuote({ ...one, collateral }, strict);
        // The same family of platforms may share collateral, at a time when it holds.
        if (verdict.genuine) assert.match(collateral, new RegExp(String(verdict.fields.fmspc), "i"));
      }
    }
  });

  it("is accepted out of date by a grace that covers its advisories", () => {
    const grace = [
      {
        status: "OutOfDate",
        until: 1_800_000_000,
        advisoryIds: ["INTEL-SA-00960", "INTEL-SA-00982", "INTEL-SA-00986"],
      },
    ];
    const { intel } = parsePolicy(JSON.stringify({ intel: { grace } }));
    for (const name of names.filter((each) => each.includes("outofdate-gcp"))) {
      const { input } = readBundle(name);
      assert.equal(judgeIntelQuote(input, strict).ok, false);
      assert.equal(judgeIntelQuote(input, intel).ok, true);
    }
  });
});
