import assert from "node:assert/strict";
import { test } from "node:test";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import fc from "fast-check";
import {
  addressSubject,
  buildClaimsTree,
  type ClaimLeaf,
  isProven,
  LEAF_ENCODING,
  leafHash,
  NO_SUBJECT,
  proofAt,
} from "./claims-tree.ts";

const words = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const leaves: fc.Arbitrary<ClaimLeaf> = fc.record({
  kind: fc.nat(2),
  account: words,
  subject: words,
  value: fc.bigInt(0n, 2n ** 128n - 1n),
});
const trees = fc.array(leaves, { minLength: 1, maxLength: 33 });

const row = ({ kind, account, subject, value }: ClaimLeaf) => [String(kind), account, subject, String(value)];

test("tree and proofs are those of @openzeppelin/merkle-tree, whatever the number of leaves", () => {
  fc.assert(
    fc.property(trees, (claims) => {
      const theirs = StandardMerkleTree.of(claims.map(row), [...LEAF_ENCODING]);
      const { root, nodes, places } = buildClaimsTree(claims, claims.length);
      assert.equal(toHex(root), theirs.root);
      for (const [i, claim] of claims.entries()) {
        const proof = proofAt(nodes, places[i] ?? 0);
        assert.ok(isProven(root, claim, proof));
        assert.ok(theirs.verify(row(claim), [...proof]));
        assert.deepEqual(proof, theirs.getProof(row(claim)));
        assert.equal(toHex(leafHash(claim)), theirs.leafHash(row(claim)));
      }
    }),
    { numRuns: 30 },
  );
});

test("no other leaf has a leaf's proof", () => {
  fc.assert(
    fc.property(trees, fc.nat(), leaves, (claims, which, other) => {
      const { root, nodes, places } = buildClaimsTree(claims, claims.length);
      const at = which % claims.length;
      const claim = claims[at];
      assert.ok(claim !== undefined);
      const proof = proofAt(nodes, places[at] ?? 0);
      const changed: readonly ClaimLeaf[] = [
        { ...claim, value: claim.value + 1n },
        { ...claim, kind: claim.kind + 1 },
        { ...claim, account: NO_SUBJECT },
        other,
      ];
      for (const leaf of changed) assert.equal(isProven(root, leaf, proof), false);
      assert.equal(isProven(root, claim, [...proof, NO_SUBJECT]), false);
      if (proof.length > 0) assert.equal(isProven(root, claim, proof.slice(1)), false);
    }),
    { numRuns: 30 },
  );
});

test("a tree has a leaf at least", () => {
  assert.throws(
    () => buildClaimsTree([], 0),
    (error) => isRollupError(error, "CLAIMS_EMPTY"),
  );
});

test("an address stands on the right of its word", () => {
  assert.equal(addressSubject(new Uint8Array(20).fill(1)), `0x${"00".repeat(12)}${"01".repeat(20)}`);
});
