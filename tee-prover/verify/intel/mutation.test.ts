import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { issueCertificate, LEAF_USAGE, NOW, newKey } from "../../attest/dangerously-simulated/authority.ts";
import {
  collateralFields,
  issueQuote,
  issueWorld,
  pckExtension,
  type QuoteDraft,
  type World,
} from "../../attest/dangerously-simulated/intel.ts";
import { flipBit, flipCharacter, splice, stride } from "../testing/mutations.ts";
import { inputOf, outcome } from "../testing/outcome.ts";

const world = issueWorld();

/** What is where in a quote; the end of each part is the start of the next. */
function partsOf(format: QuoteDraft["format"], length: number) {
  const signed = { sgx: 432, td10: 632, td15: 702 }[format];
  const outer = format === "sgx" ? 0 : 6;
  const key = signed + 4 + 64;
  const report = key + 64 + outer;
  const data = report + 384 + 64 + 2;
  return [
    ["header", 0, 48, /^QUOTE_/],
    ["body", 48, signed, /^QUOTE_(SIGNATURE_INVALID|BODY_TYPE|SIZE_MISMATCH)$/],
    ["authentication size", signed, signed + 4, /^QUOTE_(SIZE_MISMATCH|TRUNCATED|TRAILING_BYTES)$/],
    ["signature", signed + 4, key, /^QUOTE_SIGNATURE_INVALID$/],
    ["attestation key", key, key + 64, /^ATTESTATION_KEY_UNBOUND$/],
    ["outer type and size", key + 64, report, /^QUOTE_(CERTIFICATION_TYPE|SIZE_MISMATCH)$/],
    ["QE report", report, report + 384, /^QE_REPORT_SIGNATURE_INVALID$/],
    ["QE report signature", report + 384, report + 448, /^QE_REPORT_SIGNATURE_INVALID$/],
    ["QE data size", report + 448, data, /^QUOTE_(CERTIFICATION_TYPE|SIZE_MISMATCH)$/],
    ["QE data", data, data + 32, /^ATTESTATION_KEY_UNBOUND$/],
    ["chain type and size", data + 32, data + 38, /^QUOTE_(CERTIFICATION_TYPE|SIZE_MISMATCH)$/],
    ["chain", data + 38, length, /^(PEM_MALFORMED|CERTIFICATE_|CHAIN_|PCK_)/],
  ] as const;
}

describe("every bit of a quote counts", () => {
  for (const format of ["sgx", "td10", "td15"] as const) {
    const input = inputOf(world, format);
    for (const [part, start, end, codes] of partsOf(format, input.quote.length)) {
      it(`${format}: ${part}`, () => {
        // A prime step over all bits meets every bit position.
        for (let bit = start * 8; bit < end * 8; bit += stride(part === "chain" ? 797 : 181)) {
          assert.match(outcome({ ...input, quote: flipBit(input.quote, bit) }), codes, `bit ${bit}`);
        }
      });
    }
  }
});

describe("every bit of collateral counts", () => {
  const codes = {
    root_ca_crl: /^(CRL_|COLLATERAL_)/,
    pck_crl: /^(CRL_|COLLATERAL_)/,
    pck_crl_issuer_chain: /^(PEM_|CERTIFICATE_|CHAIN_|PCK_)/,
    tcb_info: /^TCB_INFO_SIGNATURE_INVALID$/,
    tcb_info_signature: /^(TCB_INFO_SIGNATURE_INVALID|COLLATERAL_MALFORMED)$/,
    tcb_info_issuer_chain: /^(PEM_|CERTIFICATE_|CHAIN_|PCK_)/,
    qe_identity: /^QE_IDENTITY_SIGNATURE_INVALID$/,
    qe_identity_signature: /^(QE_IDENTITY_SIGNATURE_INVALID|COLLATERAL_MALFORMED)$/,
    qe_identity_issuer_chain: /^(PEM_|CERTIFICATE_|CHAIN_|PCK_)/,
  } as const;
  const names = ["root_ca_crl", "pck_crl", "pck_crl_issuer_chain", "tcb_info", "tcb_info_signature"] as const;
  const more = [
    "tcb_info_issuer_chain",
    "qe_identity",
    "qe_identity_signature",
    "qe_identity_issuer_chain",
  ] as const;
  const input = inputOf(world, "td10");
  const fields = collateralFields(world, "tdx");
  for (const name of [...names, ...more]) {
    it(name, () => {
      const isHex = /^[0-9a-f]+$/.test(fields[name]);
      for (let bit = 0; bit < fields[name].length * 7; bit += stride(577)) {
        const mutant = flipCharacter(fields[name], bit);
        // The same digits in capitals are the same bytes.
        if (isHex && mutant.toLowerCase() === fields[name]) continue;
        const collateral = JSON.stringify({ ...fields, [name]: mutant });
        assert.match(outcome({ ...input, collateral }), codes[name], `bit ${bit}`);
      }
    });

    it(`${name}, cut`, () => {
      const isChain = name.endsWith("_chain");
      for (let length = 0; length < fields[name].length - (isChain ? 1 : 0); length += stride(307)) {
        const collateral = JSON.stringify({ ...fields, [name]: fields[name].slice(0, length) });
        assert.notEqual(outcome({ ...input, collateral }), "genuine", `${length}`);
      }
    });
  }
});

describe("evidence that is altered at random", () => {
  it("is refused, never an exception", () => {
    const edit = fc.record({ at: fc.nat(20_000), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
    const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
    for (const format of ["sgx", "td15"] as const) {
      const input = inputOf(world, format);
      const collateral = new TextEncoder().encode(input.collateral);
      const altered = (bytes: Uint8Array, changes: readonly { at: number; bytes: Uint8Array }[]) => {
        const copy = Uint8Array.from(bytes);
        for (const change of changes) {
          const at = change.at % copy.length;
          copy.set(change.bytes.subarray(0, copy.length - at), at);
        }
        return copy;
      };
      fc.assert(
        fc.property(edits, (changes) => {
          const quote = altered(input.quote, changes);
          if (!bytesEqual(quote, input.quote)) assert.notEqual(outcome({ ...input, quote }), "genuine");
          const text = new TextDecoder().decode(altered(collateral, changes));
          // Hex in capitals is the same bytes.
          if (text.toLowerCase() === input.collateral.toLowerCase()) return;
          assert.notEqual(outcome({ ...input, collateral: text }), "genuine");
        }),
        { numRuns: 100 },
      );
    }
  });
});

describe("parts of two quotes do not go together", () => {
  /** Another machine of the same Intel: its own PCK and attestation key. */
  const machine: World = {
    ...world,
    attestationKey: newKey(),
    pck: issueCertificate(
      {
        subject: "Intel SGX PCK Certificate",
        ca: false,
        keyUsage: LEAF_USAGE,
        notBefore: NOW - 1n,
        extensions: [{ oid: "1.2.840.113741.1.13.1", critical: false, value: pckExtension() }],
      },
      world.pckCa,
    ),
  };
  /** The same machine with another attestation key. */
  const sibling: World = { ...world, attestationKey: newKey() };
  const td = { tdAttributes: "0100001000000000" };

  for (const [who, other, parts] of [
    ["the same key's other quote", world, ["body", "signature"]],
    [
      "the same machine's other key",
      sibling,
      ["body", "signature", "attestation key", "QE report", "QE report signature"],
    ],
    [
      "another machine",
      machine,
      ["body", "signature", "attestation key", "QE report", "QE report signature"],
    ],
  ] as const) {
    it(`of ${who}`, () => {
      const input = inputOf(world, "td10");
      const quote = issueQuote(other, { format: "td10", td });
      assert.equal(outcome({ ...input, quote }), "genuine");
      for (const [part, start, end] of partsOf("td10", quote.length)) {
        if (!parts.some((each) => each === part)) continue;
        assert.notEqual(
          outcome({ ...input, quote: splice(input.quote, quote, start, end) }),
          "genuine",
          part,
        );
        assert.notEqual(
          outcome({ ...input, quote: splice(quote, input.quote, start, end) }),
          "genuine",
          part,
        );
      }
    });
  }

  it("of another machine's certificate chain", () => {
    const input = inputOf(world, "td10");
    const quote = issueQuote(machine, { format: "td10" });
    const chain = issueQuote({ ...machine, pck: { ...world.pck, key: machine.pck.key } }, { format: "td10" });
    assert.equal(outcome({ ...input, quote }), "genuine");
    assert.equal(outcome({ ...input, quote: chain }), "QE_REPORT_SIGNATURE_INVALID");
  });
});
