import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { hashTypedData } from "viem";
import { asAddress, asHash, toHex } from "./bytes.ts";
import { CLAIM_DOMAIN_NAME, CLAIM_DOMAIN_VERSION, type ClaimDomain } from "./claim.ts";
import { isRollupError } from "./errors.ts";
import { type RegistrationTerms, registrationDigest } from "./registration.ts";

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(asAddress);
const domains: fc.Arbitrary<ClaimDomain> = fc.record({
  chainId: fc.bigInt(1n, 2n ** 53n - 1n),
  verifyingContract: address,
});
const terms: fc.Arbitrary<RegistrationTerms> = fc.record({
  beneficiary: address,
  policyVersion: fc.bigInt(0n, 2n ** 64n - 1n),
  l1Block: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash),
});

function viemDigest({ chainId, verifyingContract }: ClaimDomain, signed: RegistrationTerms): string {
  return hashTypedData({
    domain: {
      name: CLAIM_DOMAIN_NAME,
      version: CLAIM_DOMAIN_VERSION,
      chainId,
      verifyingContract: toHex(verifyingContract),
    },
    types: {
      Registration: [
        { name: "beneficiary", type: "address" },
        { name: "policyVersion", type: "uint64" },
        { name: "l1BlockHash", type: "bytes32" },
      ],
    },
    primaryType: "Registration",
    message: {
      beneficiary: toHex(signed.beneficiary),
      policyVersion: signed.policyVersion,
      l1BlockHash: toHex(signed.l1Block),
    },
  });
}

describe("a registration's digest", () => {
  it("is viem's", () => {
    fc.assert(
      fc.property(domains, terms, (domain, signed) => {
        assert.equal(toHex(registrationDigest(domain, signed)), viemDigest(domain, signed));
      }),
    );
  });

  it("is another one when anything in it is another", () => {
    fc.assert(
      fc.property(domains, terms, (domain, signed) => {
        const { verifyingContract, chainId } = domain;
        const flipped = (bytes: Uint8Array) => bytes.with(7, (bytes[7] ?? 0) ^ 1);
        const digests = [
          registrationDigest(domain, signed),
          registrationDigest({ ...domain, chainId: chainId + 1n }, signed),
          registrationDigest({ ...domain, verifyingContract: asAddress(flipped(verifyingContract)) }, signed),
          registrationDigest(domain, { ...signed, beneficiary: asAddress(flipped(signed.beneficiary)) }),
          registrationDigest(domain, { ...signed, policyVersion: signed.policyVersion ^ 1n }),
          registrationDigest(domain, { ...signed, l1Block: asHash(flipped(signed.l1Block)) }),
        ];
        assert.equal(new Set(digests.map(toHex)).size, digests.length);
      }),
    );
  });

  it("is none for a version that is no u64", () => {
    const domain = { chainId: 1n, verifyingContract: asAddress(new Uint8Array(20)) };
    const signed = { beneficiary: asAddress(new Uint8Array(20)), l1Block: asHash(new Uint8Array(32)) };
    for (const policyVersion of [-1n, 2n ** 64n]) {
      assert.throws(
        () => registrationDigest(domain, { ...signed, policyVersion }),
        (error) => isRollupError(error, "INTEGER_RANGE"),
      );
    }
  });
});
