import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareBytes, concatBytes, fromHex, HASH_LENGTH, toHex } from "../../bytes.ts";
import { isRollupError } from "../../errors.ts";
import { toNibbles } from "../../trie/nibbles.ts";
import { blake2b256 } from "../hash.ts";
import { decodeTrieNode, encodeBranch, encodeLeaf, type TrieLayout } from "./node.ts";
import { indexProof, readProof } from "./proof.ts";
import { EMPTY_SUBSTRATE_ROOT, nodeValue, orderedRoot, stateRoot, TrieRootBuilder } from "./root.ts";

type Entry = readonly [key: Uint8Array, value: Uint8Array];
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Few different bytes, so that keys share long beginnings and are each other's. */
const keys = fc.array(fc.constantFrom(0, 1, 16, 17, 255), { minLength: 0, maxLength: 6 });
const values = fc.uint8Array({ maxLength: 70 });
const states = fc
  .uniqueArray(fc.tuple(keys, values), { maxLength: 40, selector: ([key]) => key.join() })
  .map((entries) => entries.map(([key, value]): Entry => [Uint8Array.from(key), value]));
const layouts = fc.constantFrom<TrieLayout>(0, 1);

/** Another way to the root: recursively, a node with all its entries at once. Collects the nodes. */
function grow(entries: readonly Entry[], at: number, layout: TrieLayout, nodes: Uint8Array[]): Uint8Array {
  const [first] = entries;
  assert.ok(first !== undefined);
  const kept = (value: Uint8Array) => {
    const form = nodeValue(value, layout);
    if (form.kind === "hashed") nodes.push(value);
    return form;
  };
  let to = at;
  const paths = entries.map(([key]) => toNibbles(key));
  const all = (depth: number): boolean =>
    paths.every((path) => depth < path.length && path[depth] === paths[0]?.[depth]);
  while (all(to)) to++;
  const done = (node: Uint8Array): Uint8Array => {
    nodes.push(node);
    return node.length < HASH_LENGTH ? node : blake2b256(node);
  };
  if (entries.length === 1) return done(encodeLeaf(first[0], at, kept(first[1])));
  const own = entries.find((_, i) => paths[i]?.length === to);
  const children = Array.from({ length: 16 }, (_, nibble) => {
    const under = entries.filter((_, i) => paths[i]?.[to] === nibble);
    return under.length === 0 ? undefined : grow(under, to + 1, layout, nodes);
  });
  return done(encodeBranch(first[0], at, to, own === undefined ? { kind: "none" } : kept(own[1]), children));
}

function slowRoot(entries: readonly Entry[], layout: TrieLayout) {
  const nodes: Uint8Array[] = [];
  if (entries.length === 0) return { root: EMPTY_SUBSTRATE_ROOT, nodes };
  grow(entries, 0, layout, nodes);
  return { root: blake2b256(nodes.at(-1) ?? new Uint8Array(0)), nodes };
}

test("the root of a stream is that of the trie grown whole, in both layouts", () => {
  fc.assert(
    fc.property(states, layouts, (entries, layout) => {
      assert.equal(toHex(stateRoot(entries, layout)), toHex(slowRoot(entries, layout).root));
    }),
  );
});

test("roots are those that Substrate computes", () => {
  // Computed with chopsticks, whose executor is built from sp_trie.
  const entries: readonly Entry[] = [
    [ascii("do"), ascii("verb")],
    [ascii("dog"), ascii("puppy")],
    [ascii("doge"), ascii("coin of some thirty-three bytes..")],
    [ascii("horse"), ascii("stallion")],
  ];
  assert.equal(entries[2]?.[1].length, 33);
  assert.equal(
    toHex(stateRoot(entries, 0)),
    "0x3017cccb4df34841c06dedc2e0e0f31ae4ff6ade6e9b00c9fe88995eb662005c",
  );
  assert.equal(
    toHex(stateRoot(entries, 1)),
    "0x6221c4b4b2bd39c21835e8c9ad6978bf46055160fbc20626a4a0de751e3bd3e4",
  );
  assert.equal(
    toHex(EMPTY_SUBSTRATE_ROOT),
    "0x03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314",
  );
});

test("a block's extrinsics stand under their compact index", () => {
  assert.deepEqual(orderedRoot([], 0), EMPTY_SUBSTRATE_ROOT);
  const many = Array.from({ length: 70 }, (_, i) => Uint8Array.of(i));
  assert.notDeepEqual(orderedRoot(many, 0), orderedRoot([...many].reverse(), 0));
});

test("entries that are out of order, or there twice, are refused", () => {
  for (const second of ["0x01", "0x00", "0x"]) {
    const builder = new TrieRootBuilder(0);
    builder.add(fromHex("0x01"), Uint8Array.of(1));
    assert.throws(
      () => builder.add(fromHex(second), Uint8Array.of(2)),
      (error) => isRollupError(error, "TRIE_NOT_ORDERED"),
    );
  }
});

test("every key is read from a proof, and every other is absent", () => {
  fc.assert(
    fc.property(states, layouts, keys, (entries, layout, other) => {
      const { root, nodes } = slowRoot(entries, layout);
      const proof = indexProof(nodes);
      for (const [key, value] of entries)
        assert.deepEqual(readProof(root, proof, key), { kind: "ok", value });
      const absent = Uint8Array.from(other);
      const isThere = entries.some(([key]) => compareBytes(key, absent) === 0);
      if (!isThere) assert.deepEqual(readProof(root, proof, absent), { kind: "ok", value: undefined });
    }),
  );
});

test("a proof with a node missing or altered proves nothing", () => {
  fc.assert(
    fc.property(states, layouts, fc.nat(), fc.nat(7), (entries, layout, which, bit) => {
      fc.pre(entries.length > 0);
      const { root, nodes } = slowRoot(entries, layout);
      const at = which % nodes.length;
      const altered = nodes.map((node, i) => {
        if (i !== at) return node;
        const copy = node.slice();
        copy[which % node.length] = (copy[which % node.length] ?? 0) ^ (1 << bit);
        return copy;
      });
      for (const proof of [indexProof(altered), indexProof(nodes.filter((_, i) => i !== at))]) {
        for (const [key, value] of entries) {
          const reading = readProof(root, proof, key);
          if (reading.kind === "ok")
            assert.deepEqual(reading.value, value, "inlined elsewhere, or not on the way");
        }
      }
      const rootGone = indexProof(nodes.slice(0, -1));
      const [first] = entries;
      if (first !== undefined && nodes.length === 1) {
        assert.equal(readProof(root, rootGone, first[0]).kind, "invalid");
      }
    }),
  );
});

test("hostile nodes are values, never exceptions", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const decoding = decodeTrieNode(bytes);
      assert.ok(decoding.kind === "ok" || typeof decoding.reason === "string");
    }),
  );
  const refused: readonly (readonly [string, string])[] = [
    ["0x", "scale-truncated"],
    ["0x01", "node-header-unknown"],
    ["0x0f", "node-header-unknown"],
    ["0x41", "scale-truncated"],
    ["0x4110", "node-padding"],
    ["0x40000000", "scale-trailing-bytes"],
    ["0x2000", "scale-truncated"],
    [`0x7f${"ff".repeat(300)}`, "node-partial-too-long"],
  ];
  for (const [hex, reason] of refused) {
    assert.deepEqual(decodeTrieNode(fromHex(hex)), { kind: "invalid", reason }, hex);
  }
});

test("long partial keys have their count in further bytes", () => {
  for (const length of [31, 32, 33, 160, 159, 287, 288, 600]) {
    const key = new Uint8Array(length).fill(0xab);
    const leaf = encodeLeaf(key, 1, { kind: "inline", bytes: concatBytes() });
    const decoding = decodeTrieNode(leaf);
    assert.ok(decoding.kind === "ok" && decoding.node.kind === "leaf");
    assert.deepEqual(decoding.node.partial, toNibbles(key).slice(1));
  }
});
