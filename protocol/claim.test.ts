import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { hashTypedData } from "viem";
import { addressFromHex, asAddress, asHash, hashFromHex, toHex } from "./bytes.ts";
import {
  CLAIM_DOMAIN_NAME,
  CLAIM_DOMAIN_VERSION,
  CLAIM_TYPE_HASH,
  type Claim,
  type ClaimDomain,
  claimDigest,
  claimDomainSeparator,
  claimStructHash,
} from "./claim.ts";
import { isRollupError } from "./errors.ts";

function viemDigest(domain: ClaimDomain, claim: Claim): string {
  return hashTypedData({
    domain: {
      name: CLAIM_DOMAIN_NAME,
      version: CLAIM_DOMAIN_VERSION,
      chainId: domain.chainId,
      verifyingContract: toHex(domain.verifyingContract),
    },
    types: {
      Claim: [
        { name: "rollupConfigHash", type: "bytes32" },
        { name: "l1Head", type: "bytes32" },
        { name: "previousOutputRoot", type: "bytes32" },
        { name: "outputRoot", type: "bytes32" },
        { name: "l2BlockNumber", type: "uint64" },
      ],
    },
    primaryType: "Claim",
    message: {
      rollupConfigHash: toHex(claim.rollupConfigHash),
      l1Head: toHex(claim.l1Head),
      previousOutputRoot: toHex(claim.previousOutputRoot),
      outputRoot: toHex(claim.outputRoot),
      l2BlockNumber: claim.l2BlockNumber,
    },
  });
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash);
const claims: fc.Arbitrary<Claim> = fc.record({
  rollupConfigHash: hash,
  l1Head: hash,
  previousOutputRoot: hash,
  outputRoot: hash,
  l2BlockNumber: fc.bigInt(0n, 2n ** 64n - 1n),
});
const domains: fc.Arbitrary<ClaimDomain> = fc.record({
  chainId: fc.bigInt(1n, 2n ** 53n - 1n),
  verifyingContract: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(asAddress),
});

type Vector = {
  readonly chainId: string;
  readonly verifyingContract: string;
  readonly rollupConfigHash: string;
  readonly l1Head: string;
  readonly previousOutputRoot: string;
  readonly outputRoot: string;
  readonly l2BlockNumber: string;
  readonly domainSeparator: string;
  readonly structHash: string;
  readonly digest: string;
};
const FILE: { typeHash: string; vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("./vectors/claim.json", import.meta.url), "utf8"),
);

function claimOf(vector: Vector): Claim {
  return {
    rollupConfigHash: hashFromHex(vector.rollupConfigHash),
    l1Head: hashFromHex(vector.l1Head),
    previousOutputRoot: hashFromHex(vector.previousOutputRoot),
    outputRoot: hashFromHex(vector.outputRoot),
    l2BlockNumber: BigInt(vector.l2BlockNumber),
  };
}

describe("claim", () => {
  it("has the digests of the vectors that the contracts read too", () => {
    assert.equal(toHex(CLAIM_TYPE_HASH), FILE.typeHash);
    assert(FILE.vectors.length >= 3);
    for (const vector of FILE.vectors) {
      const verifyingContract = addressFromHex(vector.verifyingContract);
      const domain = { chainId: BigInt(vector.chainId), verifyingContract };
      const claim = claimOf(vector);
      assert.equal(toHex(claimDomainSeparator(domain)), vector.domainSeparator);
      assert.equal(toHex(claimStructHash(claim)), vector.structHash);
      assert.equal(toHex(claimDigest(domain, claim)), vector.digest);
      assert.equal(viemDigest(domain, claim), vector.digest);
    }
  });

  it("has viem's EIP-712 digest", () => {
    fc.assert(
      fc.property(domains, claims, (domain, claim) => {
        assert.equal(toHex(claimDigest(domain, claim)), viemDigest(domain, claim));
      }),
    );
  });

  it("has another digest when any field, the chain or the contract is another", () => {
    fc.assert(
      fc.property(domains, claims, fc.nat(31), (domain, claim, at) => {
        const flip = <T extends Uint8Array>(bytes: T, brand: (copy: Uint8Array) => T): T => {
          const copy = Uint8Array.from(bytes);
          copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ 1;
          return brand(copy);
        };
        const digests = [
          claimDigest(domain, claim),
          claimDigest({ ...domain, chainId: domain.chainId + 1n }, claim),
          claimDigest({ ...domain, verifyingContract: flip(domain.verifyingContract, asAddress) }, claim),
          claimDigest(domain, { ...claim, rollupConfigHash: flip(claim.rollupConfigHash, asHash) }),
          claimDigest(domain, { ...claim, l1Head: flip(claim.l1Head, asHash) }),
          claimDigest(domain, { ...claim, previousOutputRoot: flip(claim.previousOutputRoot, asHash) }),
          claimDigest(domain, { ...claim, outputRoot: flip(claim.outputRoot, asHash) }),
          claimDigest(domain, { ...claim, l2BlockNumber: claim.l2BlockNumber ^ 1n }),
        ];
        assert.equal(new Set(digests.map(toHex)).size, digests.length);
      }),
    );
  });

  it("throws for a block number that is no u64, and a chain id that is no u256", () => {
    const [vector] = FILE.vectors;
    assert(vector);
    const claim = claimOf(vector);
    const domain = { chainId: 1n, verifyingContract: addressFromHex(vector.verifyingContract) };
    const outOfRange = (error: unknown) => isRollupError(error, "INTEGER_RANGE");
    assert.throws(() => claimDigest(domain, { ...claim, l2BlockNumber: 2n ** 64n }), outOfRange);
    assert.throws(() => claimDigest(domain, { ...claim, l2BlockNumber: -1n }), outOfRange);
    assert.throws(() => claimDigest({ ...domain, chainId: 2n ** 256n }, claim), outOfRange);
  });
});
