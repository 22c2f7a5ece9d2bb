import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, toHex } from "@phala-l2/protocol/bytes";
import { simulatedTdx } from "../../attest/dangerously-simulated/platforms.ts";
import { encodeEvidence } from "../../attest/evidence-json.ts";
import { parsePrinted } from "./printed.ts";

const domain = { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(9)) };
const evidence = { host: simulatedTdx("TDX")(new Uint8Array(64), 1_790_000_000n), gpus: [] };
const printed = {
  ready: true,
  key: `0x${"0a".repeat(20)}`,
  kind: "TDX",
  l1Block: `0x${"0b".repeat(32)}`,
  registration: {
    l1BlockNumber: "18446744073709551615",
    policyVersion: "7",
    beneficiary: `0x${"0c".repeat(20)}`,
    signature: `0x${"0d".repeat(65)}`,
  },
  evidence: toHex(encodeEvidence(evidence)),
};

describe("the line that a prover prints", () => {
  it("is all that a registration takes", () => {
    const read = parsePrinted(JSON.stringify(printed), domain);
    assert.deepEqual(read, {
      kind: "TDX",
      binding: {
        domain,
        key: asAddress(new Uint8Array(20).fill(10)),
        l1Block: new Uint8Array(32).fill(11),
        policyVersion: 7n,
      },
      l1BlockNumber: 2n ** 64n - 1n,
      evidence,
      beneficiary: asAddress(new Uint8Array(20).fill(12)),
      signature: new Uint8Array(65).fill(13),
    });
  });

  it("is refused when anything of it is missing or malformed", () => {
    const { registration } = printed;
    const broken: readonly unknown[] = [
      ...Object.keys(printed)
        .filter((name) => name !== "ready")
        .map((name) => ({ ...printed, [name]: undefined })),
      ...Object.keys(registration).map((name) => ({
        ...printed,
        registration: { ...registration, [name]: undefined },
      })),
      { ...printed, key: "0x0a" },
      { ...printed, kind: "SGX" },
      { ...printed, evidence: "0x7b7d" },
      { ...printed, registration: { ...registration, l1BlockNumber: "one" } },
      null,
      [],
    ];
    for (const each of broken) {
      assert.throws(() => parsePrinted(JSON.stringify(each), domain), { code: "EVIDENCE_MALFORMED" });
    }
    assert.throws(() => parsePrinted("{", domain), { code: "EVIDENCE_MALFORMED" });
  });
});
