import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { asAddress, asHash, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { registrationDigest } from "@phala-l2/protocol/registration";
import { gpuNonce, type KeyBinding, reportDataOf } from "./commitments.ts";

type Vector = {
  readonly chainId: string;
  readonly registry: string;
  readonly key: string;
  readonly l1BlockHash: string;
  readonly policyVersion: string;
  readonly reports: readonly string[];
  readonly reportData: string;
  readonly beneficiary: string;
  readonly registrationDigest: string;
  readonly gpuNonces: readonly string[];
};

/** The devices whose nonces the vectors have, in this order. */
const DEVICES = [0, 1, 7];

const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("../../protocol/vectors/evidence-binding.json", import.meta.url), "utf8"),
);

function bindingOf({ chainId, registry, key, l1BlockHash, policyVersion }: Vector): KeyBinding {
  return {
    domain: { chainId: BigInt(chainId), verifyingContract: asAddress(fromHex(registry)) },
    key: asAddress(fromHex(key)),
    l1Block: asHash(fromHex(l1BlockHash)),
    policyVersion: BigInt(policyVersion),
  };
}

describe("what evidence commits to", () => {
  it("is what L1 computes: both read the same vectors", () => {
    assert.ok(vectors.length > 0);
    for (const vector of vectors) {
      const binding = bindingOf(vector);
      assert.equal(toHex(reportDataOf(binding, vector.reports.map(fromHex))), vector.reportData);
      assert.deepEqual(
        DEVICES.map((index) => toHex(gpuNonce(binding, index))),
        vector.gpuNonces,
      );
    }
  });

  it("goes with a registration whose digest L1 computes too", () => {
    for (const vector of vectors) {
      const { domain, policyVersion, l1Block } = bindingOf(vector);
      const terms = { beneficiary: asAddress(fromHex(vector.beneficiary)), policyVersion, l1Block };
      assert.equal(toHex(registrationDigest(domain, terms)), vector.registrationDigest);
    }
  });
});
