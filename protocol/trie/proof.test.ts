import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Hash, type Hex, toHex } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { encodeRlp } from "../wire/rlp.ts";
import { orderedRoot, orderedTrie, readOrderedTrie } from "./ordered-trie.ts";
import { proveKey, verifyProof } from "./proof.ts";
import { EMPTY_TRIE_ROOT, type NodeReader, openTrie, readerOfNodes } from "./trie.ts";

type Entries = readonly (readonly [Uint8Array, Uint8Array])[];

function built(entries: Entries): { root: Hash; read: NodeReader } {
  const trie = openTrie(EMPTY_TRIE_ROOT, () => undefined);
  for (const [key, value] of entries) trie.put(key, value);
  const { root, nodes } = trie.commit();
  return { root, read: (hash) => nodes.get(toHex(hash)) };
}

const value = fc.uint8Array({ minLength: 1, maxLength: 40 });
const denseKey = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11), { maxLength: 3 })
  .map((b) => Uint8Array.from(b));
const hashedKey = fc.nat(500).map((n) => keccak256(Uint8Array.of(n & 0xff, n >> 8)));
const anyEntries = fc.oneof(fc.array(fc.tuple(denseKey, value)), fc.array(fc.tuple(hashedKey, value)));

describe("proofs", () => {
  test("of each key, present or absent, verify and give its value", () => {
    fc.assert(
      fc.property(anyEntries, fc.oneof(denseKey, hashedKey), (entries, absent) => {
        const { root, read } = built(entries);
        const expected = new Map<Hex, Uint8Array>(entries.map(([key, each]) => [toHex(key), each]));
        for (const key of [...entries.map(([each]) => each), absent]) {
          const proof = proveKey(root, read, key);
          assert.deepEqual(verifyProof(root, key, proof), { kind: "ok", value: expected.get(toHex(key)) });
        }
      }),
      { numRuns: 200 },
    );
  });
  test("an empty trie needs no node; the node of nothing is accepted", () => {
    const key = new Uint8Array(32);
    assert.deepEqual(
      proveKey(EMPTY_TRIE_ROOT, () => undefined, key),
      [],
    );
    assert.deepEqual(verifyProof(EMPTY_TRIE_ROOT, key, []), { kind: "ok", value: undefined });
    assert.deepEqual(verifyProof(EMPTY_TRIE_ROOT, key, [Uint8Array.of(0x80)]), {
      kind: "ok",
      value: undefined,
    });
  });
});

describe("proofs that are refused", () => {
  const keys = Array.from({ length: 300 }, (_, i) => keccak256(Uint8Array.of(i & 0xff, i >> 8)));
  const entries = keys.map((key) => [key, encodeRlp(key)] as const);
  const { root, read } = built(entries);
  const [key] = keys as [Hash, ...Hash[]];
  const proof = proveKey(root, read, key);
  const invalid = (reason: string) => ({ kind: "invalid", reason });

  test("the good one verifies, and has several nodes", () => {
    assert.ok(proof.length >= 3);
    assert.deepEqual(verifyProof(root, key, proof), { kind: "ok", value: encodeRlp(key) });
  });
  test("truncated at each place", () => {
    for (let length = 0; length < proof.length; length++) {
      assert.deepEqual(verifyProof(root, key, proof.slice(0, length)), invalid("proof-truncated"));
    }
  });
  test("with a node more: at the end, twice, or of another key", () => {
    const last = proof.at(-1) ?? new Uint8Array(0);
    assert.deepEqual(verifyProof(root, key, [...proof, last]), invalid("proof-extra-nodes"));
    assert.deepEqual(verifyProof(root, key, [...proof, new Uint8Array(0)]), invalid("proof-extra-nodes"));
    assert.deepEqual(verifyProof(root, key, [last, ...proof]), invalid("proof-hash-mismatch"));
    assert.deepEqual(verifyProof(EMPTY_TRIE_ROOT, key, proof), invalid("proof-extra-nodes"));
    assert.deepEqual(
      verifyProof(EMPTY_TRIE_ROOT, key, [Uint8Array.of(0x80), last]),
      invalid("proof-extra-nodes"),
    );
  });
  test("in another order, or against another root", () => {
    assert.deepEqual(verifyProof(root, key, proof.toReversed()), invalid("proof-hash-mismatch"));
    assert.deepEqual(verifyProof(keccak256(root), key, proof), invalid("proof-hash-mismatch"));
  });
  test("with any byte of any node changed", () => {
    for (const [index, node] of proof.entries()) {
      for (let at = 0; at < node.length; at += 7) {
        const changed = proof.with(index, node.with(at, (node[at] ?? 0) ^ 1));
        assert.deepEqual(verifyProof(root, key, changed), invalid("proof-hash-mismatch"));
      }
    }
  });
  test("another key's: its way ends elsewhere, so that nothing is proven", () => {
    for (const other of keys.slice(1, 60)) {
      const result = verifyProof(root, other, proof);
      if (result.kind === "ok") assert.equal(result.value, undefined);
      else assert.ok(["proof-hash-mismatch", "proof-truncated", "proof-extra-nodes"].includes(result.reason));
      assert.notEqual(result.kind, "ok");
    }
  });
  test("for a key of another length never give the value", () => {
    for (const other of [
      key.subarray(0, 31),
      Uint8Array.from([...key, 0]),
      new Uint8Array(0),
      key.subarray(0, 1),
    ]) {
      const result = verifyProof(root, other, proof);
      assert.ok(result.kind === "invalid" || result.value === undefined);
    }
  });
  test("an absence cannot be claimed by stopping early", () => {
    assert.deepEqual(verifyProof(root, key, proof.slice(0, 1)), invalid("proof-truncated"));
  });

  // Nodes whose hashes fit but which no honest trie contains: what an attacker builds who chooses the root.
  const path = Uint8Array.of(0x12);
  const long = new Uint8Array(40).fill(1);
  const leaf = encodeRlp([Uint8Array.of(0x32), long]);
  const none = new Uint8Array(0);
  const branch = (at: number, child: Uint8Array | readonly Uint8Array[]) =>
    encodeRlp(Array.from({ length: 17 }, (_, i) => (i === at ? child : i === 9 ? long.subarray(8) : none)));
  const forged: readonly (readonly [name: string, nodes: readonly Uint8Array[], reason: string])[] = [
    ["a leaf with two children", [encodeRlp([Uint8Array.of(0x20, 0x12), long, long])], "node-item-count"],
    ["a string", [encodeRlp(long)], "node-not-a-list"],
    ["nothing", [none], "node-not-rlp"],
    [
      "an extension to a leaf",
      [encodeRlp([Uint8Array.of(0x11), keccak256(leaf)]), leaf],
      "extension-child-not-a-branch",
    ],
    [
      "a short node by its hash",
      [
        branch(1, keccak256(encodeRlp([Uint8Array.of(0x32), none.subarray(0)]))),
        encodeRlp([Uint8Array.of(0x32), none]),
      ],
      "node-should-be-inlined",
    ],
    [
      "an inlined leaf of 32 bytes",
      [branch(1, [Uint8Array.of(0x32), new Uint8Array(29).fill(1)])],
      "reference-malformed",
    ],
    [
      "a branch of one child",
      [encodeRlp(Array.from({ length: 17 }, (_, i) => (i === 1 ? keccak256(leaf) : none))), leaf],
      "branch-too-few-entries",
    ],
    ["an inlined node that is no node", [branch(1, [none, none, none])], "node-item-count"],
  ];
  for (const [name, nodes, reason] of forged) {
    test(name, () => {
      const top = keccak256(nodes[0] ?? none);
      assert.deepEqual(verifyProof(top, path, nodes), invalid(reason));
      if (reason !== "proof-truncated") {
        assert.throws(() => openTrie(top, readerOfNodes(nodes)).get(path), { code: "TRIE_NODE_INVALID" });
      }
    });
  }
  test("an inlined node given once more as a node of its own", () => {
    const inline = [Uint8Array.of(0x32), Uint8Array.of(5)];
    const parent = branch(1, inline);
    const top = keccak256(parent);
    assert.deepEqual(verifyProof(top, path, [parent]), { kind: "ok", value: Uint8Array.of(5) });
    assert.deepEqual(verifyProof(top, path, [parent, encodeRlp(inline)]), invalid("proof-extra-nodes"));
  });
  test("random nodes never throw", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1 }), denseKey, (nodes, anyKey) => {
        verifyProof(keccak256(nodes[0] ?? none), anyKey, nodes);
      }),
    );
  });
});

describe("ordered tries (a block's transactions and receipts)", () => {
  test("give back their values in order", () => {
    for (const length of [0, 1, 2, 16, 17, 127, 128, 129, 256, 300]) {
      const values = Array.from({ length }, (_, i) => encodeRlp(BigInt(i * 1_000_003)));
      const { root, nodes } = orderedTrie(values);
      assert.deepEqual(orderedRoot(values), root);
      assert.deepEqual(
        readOrderedTrie(root, (hash) => nodes.get(toHex(hash))),
        values,
      );
    }
  });
  test("an empty value is refused", () => {
    assert.throws(() => orderedTrie([Uint8Array.of(1), new Uint8Array(0)]), { code: "TRIE_VALUE_EMPTY" });
  });
  const wrong: readonly (readonly [name: string, entries: Entries])[] = [
    ["a gap", [0n, 2n].map((i) => [encodeRlp(i), Uint8Array.of(1)] as const)],
    ["no first entry", [[encodeRlp(1n), Uint8Array.of(1)]]],
    [
      "a key that is no RLP",
      [
        [encodeRlp(0n), Uint8Array.of(1)],
        [Uint8Array.of(0x81, 0x01), Uint8Array.of(1)],
      ],
    ],
    [
      "a key with a leading zero",
      [
        [encodeRlp(0n), Uint8Array.of(1)],
        [Uint8Array.of(0x00), Uint8Array.of(1)],
      ],
    ],
    ["a hashed key", [[keccak256(Uint8Array.of(1)), Uint8Array.of(1)]]],
    ["an index of five bytes", [[encodeRlp(1n << 32n), Uint8Array.of(1)]]],
  ];
  for (const [name, entries] of wrong) {
    test(`with ${name} they are no list`, () => {
      const { root, read } = built(entries);
      assert.throws(() => readOrderedTrie(root, read), { code: "TRIE_NOT_ORDERED" });
    });
  }
});
