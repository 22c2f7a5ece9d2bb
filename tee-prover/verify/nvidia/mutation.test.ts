import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import {
  issueNvidiaWorld,
  issueRim,
  NONCE,
  nvidiaInput,
  rimTrust,
} from "../../attest/dangerously-simulated/nvidia.ts";
import { parseCertificate } from "../certificates/certificate.ts";
import { flipBit, flipCharacter, splice, stride } from "../testing/mutations.ts";
import { codeOf } from "../testing/outcome.ts";
import { verifyRim } from "./rim.ts";
import { verifyNvidiaReport } from "./verify.ts";

const world = issueNvidiaWorld();
const input = nvidiaInput(world);
const SIGNATURE_BYTES = 96;
const signed = input.report.length - SIGNATURE_BYTES;

describe("every bit of a report counts", () => {
  for (const [part, start, end, codes] of [
    ["the request's head", 0, 4, /^REPORT_(NOT_SPDM)$/],
    ["the nonce", 4, 36, /^DEVICE_SIGNATURE_INVALID$/],
    ["the slot", 36, 37, /^DEVICE_SIGNATURE_INVALID$/],
    ["the response's head", 37, 45, /^(REPORT|DEVICE)_/],
    ["measurements and opaque data", 45, signed, /^(REPORT|DEVICE)_/],
    ["the signature", signed, input.report.length, /^DEVICE_SIGNATURE_INVALID$/],
  ] as const) {
    it(part, () => {
      // A prime step over all bits meets every bit position.
      for (let bit = start * 8; bit < end * 8; bit += stride(181)) {
        const report = flipBit(input.report, bit);
        assert.match(codeOf(verifyNvidiaReport({ ...input, report })), codes, `bit ${bit}`);
      }
    });
  }

  it("and every bit of its five certificates", () => {
    for (const [i, { der }] of input.chain.entries()) {
      for (let bit = 0; bit < der.length * 8; bit += stride(797)) {
        const certificate = parseCertificate(flipBit(der, bit), "test");
        if (certificate.kind === "refused") continue;
        const chain = input.chain.with(i, certificate);
        const code = codeOf(verifyNvidiaReport({ ...input, chain }));
        assert.match(code, /^(CERTIFICATE_|CHAIN_|DEVICE_|FIRMWARE_)/, `certificate ${i}, bit ${bit}`);
      }
    }
  });
});

describe("parts of two genuine reports", () => {
  it("do not make a third", () => {
    const other = nvidiaInput(world, { nonce: NONCE.toReversed().fill(1) });
    for (let at = 4; at < input.report.length; at += stride(127)) {
      const report = splice(input.report, other.report, at, input.report.length);
      if (bytesEqual(report, input.report) || bytesEqual(report, other.report)) continue;
      assert.equal(codeOf(verifyNvidiaReport({ ...input, report })), "DEVICE_SIGNATURE_INVALID", `${at}`);
    }
  });

  it("of two devices do not either", () => {
    const other = nvidiaInput(issueNvidiaWorld());
    const roots = [...input.roots, ...other.roots];
    assert.equal(
      codeOf(verifyNvidiaReport({ ...input, roots, chain: other.chain })),
      "DEVICE_SIGNATURE_INVALID",
    );
  });
});

describe("evidence that is altered at random", () => {
  it("is refused, never an exception", () => {
    const edit = fc.record({ at: fc.nat(20_000), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const report = Uint8Array.from(input.report);
        for (const { at, bytes } of edits) {
          const start = at % report.length;
          report.set(bytes.subarray(0, report.length - start), start);
        }
        if (bytesEqual(report, input.report)) return;
        assert.notEqual(codeOf(verifyNvidiaReport({ ...input, report })), "genuine");
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it("RIMs too, bit by bit", () => {
    const rim = issueRim(world);
    for (let bit = 0; bit < rim.length * 7; bit += stride(307)) {
      const code = codeOf(verifyRim(flipCharacter(rim, bit), rimTrust(world)));
      assert.match(code, /^(RIM_|CERTIFICATE_|CHAIN_)/, `bit ${bit}`);
    }
  });
});
