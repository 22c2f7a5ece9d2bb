import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, asHash, bigintFromBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { claimDigest } from "@phala-l2/protocol/claim";
import { type RegistrationTerms, registrationDigest } from "@phala-l2/protocol/registration";
import { recoverAddress } from "@phala-l2/protocol/secp256k1";
import fc from "fast-check";
import { createEnclave } from "./session.ts";

const domain = { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(9)) };
const enclave = createEnclave({
  random: (length) => new Uint8Array(length).fill(7),
  kzg: { blobToKzgCommitment: () => assert.fail("no proof is made here") },
  domain,
});

const terms: fc.Arbitrary<RegistrationTerms> = fc.record({
  beneficiary: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(asAddress),
  policyVersion: fc.bigInt(0n, 2n ** 64n - 1n),
  l1Block: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash),
});

function signerOf(digest: Hash, signature: Uint8Array): string | undefined {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(bigintFromBytes);
  assert.ok(r !== undefined && s !== undefined && signature.length === 65);
  const address = recoverAddress(digest, { r, s, yParity: signature[64] === 28 ? 1 : 0 });
  return address && toHex(address);
}

describe("the enclave's key and its registration", () => {
  it("signs its terms, for the one registry of its session", () => {
    fc.assert(
      fc.property(terms, (signed) => {
        const signature = enclave.signRegistration(signed);
        assert.equal(signerOf(registrationDigest(domain, signed), signature), toHex(enclave.address));
        const elsewhere = { ...domain, chainId: 901n };
        assert.notEqual(signerOf(registrationDigest(elsewhere, signed), signature), toHex(enclave.address));
      }),
      { numRuns: 20 },
    );
  });

  it("signs no claim by it, whatever the terms are", () => {
    fc.assert(
      fc.property(terms, fc.bigInt(0n, 2n ** 64n - 1n), (signed, l2BlockNumber) => {
        const hash = signed.l1Block;
        const claim = {
          rollupConfigHash: hash,
          l1Head: hash,
          previousOutputRoot: hash,
          outputRoot: hash,
          l2BlockNumber,
        };
        const signature = enclave.signRegistration(signed);
        assert.notEqual(signerOf(claimDigest(domain, claim), signature), toHex(enclave.address));
      }),
      { numRuns: 20 },
    );
  });
});
