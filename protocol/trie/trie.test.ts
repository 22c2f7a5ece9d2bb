import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Hash, type Hex, hashFromHex, toHex } from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import { encodeRlp } from "../wire/rlp.ts";
import { trieEntries } from "./entries.ts";
import { EMPTY_TRIE_ROOT, type NodeReader, openTrie, readerOfNodes, type Trie } from "./trie.ts";

const text = (value: string) => new TextEncoder().encode(value);
const noNodes: NodeReader = () => undefined;

/** A trie whose commits go to a map that it is read from again. */
function storedTrie(): { trie: Trie; save(): Hash; read: NodeReader; nodes: Map<Hex, Uint8Array> } {
  const nodes = new Map<Hex, Uint8Array>();
  const read: NodeReader = (hash) => nodes.get(toHex(hash));
  const trie = openTrie(EMPTY_TRIE_ROOT, read);
  return {
    trie,
    read,
    nodes,
    save() {
      const commit = trie.commit();
      for (const [hash, encoded] of commit.nodes) nodes.set(hash, encoded);
      return commit.root;
    },
  };
}

function rootOf(entries: Iterable<readonly [Uint8Array, Uint8Array]>): Hash {
  const trie = openTrie(EMPTY_TRIE_ROOT, noNodes);
  for (const [key, value] of entries) trie.put(key, value);
  return trie.commit().root;
}

// Short keys over few nibbles make branch values, inline nodes and collapses frequent.
const denseKey = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xff), { maxLength: 4 })
  .map((b) => Uint8Array.from(b));
const value = fc.uint8Array({ minLength: 1, maxLength: 40 });
const operation = fc.record({
  key: denseKey,
  value: fc.option(value, { nil: undefined }),
  commits: fc.boolean(),
});

describe("roots that others computed (Yellow Paper, ethereum/tests trietest)", () => {
  test("no entries", () => {
    assert.equal(
      toHex(EMPTY_TRIE_ROOT),
      "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    );
    assert.deepEqual(openTrie(EMPTY_TRIE_ROOT, noNodes).commit(), {
      root: EMPTY_TRIE_ROOT,
      nodes: new Map(),
    });
  });
  test("one entry", () => {
    assert.equal(
      toHex(rootOf([[text("A"), text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]])),
      "0xd23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab",
    );
  });
  test("extension, branch with a value, inline nodes", () => {
    const puppy = ["do", "verb", "horse", "stallion", "doge", "coin", "dog", "puppy"];
    const entries = [0, 2, 4, 6].map((i) => [text(puppy[i] ?? ""), text(puppy[i + 1] ?? "")] as const);
    assert.equal(
      toHex(rootOf(entries)),
      "0x5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
    );
  });
});

describe("a trie agrees with a map", () => {
  test("any sequence of puts, deletes and commits gives the root of what is left", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const { trie, save, read } = storedTrie();
        const model = new Map<Hex, readonly [Uint8Array, Uint8Array]>();
        for (const { key, value, commits } of operations) {
          if (value === undefined) {
            trie.delete(key);
            model.delete(toHex(key));
          } else {
            trie.put(key, value);
            model.set(toHex(key), [key, value]);
          }
          if (commits) save();
        }
        const root = save();
        assert.equal(toHex(root), toHex(rootOf(model.values())));
        const reopened = openTrie(root, read);
        for (const [key, value] of model.values()) assert.deepEqual(reopened.get(key), value);
        const sorted = [...model.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
        assert.deepEqual([...trieEntries(root, read)], sorted);
      }),
      { numRuns: 300 },
    );
  });
  test("the order of puts does not matter", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(denseKey, value), { selector: ([key]) => toHex(key) }),
        (entries) => {
          assert.deepEqual(rootOf(entries), rootOf(entries.toReversed()));
        },
      ),
    );
  });
  test("what was put and deleted again leaves no trace", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(denseKey, value)), denseKey, value, (entries, key, late) => {
        fc.pre(entries.every(([other]) => toHex(other) !== toHex(key)));
        const { trie, save, read } = storedTrie();
        for (const [k, v] of entries) trie.put(k, v);
        const before = save();
        const reopened = openTrie(before, read);
        reopened.put(key, late);
        reopened.delete(key);
        assert.deepEqual(reopened.commit().root, before);
      }),
    );
  });
});

describe("commit", () => {
  const keys = Array.from({ length: 200 }, (_, i) => keccak256(Uint8Array.of(i)));

  test("hands out only new nodes, each once, each at least 32 bytes but for the root", () => {
    const { trie } = storedTrie();
    for (const key of keys) trie.put(key, key);
    const first = trie.commit();
    for (const [hash, encoded] of first.nodes) {
      assert.equal(hash, toHex(keccak256(encoded)));
      assert.ok(encoded.length >= 32);
    }
    assert.equal(trie.commit().nodes.size, 0);
    trie.put(keys[0] ?? EMPTY_TRIE_ROOT, text("changed"));
    const second = trie.commit();
    assert.ok(second.nodes.size > 0 && second.nodes.size < 6);
    for (const hash of second.nodes.keys()) assert.ok(!first.nodes.has(hash));
  });
  test("a small root is handed out too", () => {
    const { trie, save, read } = storedTrie();
    trie.put(text("k"), text("v"));
    assert.deepEqual(openTrie(save(), read).get(text("k")), text("v"));
  });
  test("putting the value that is there changes nothing", () => {
    const { trie, save, read } = storedTrie();
    for (const key of keys) trie.put(key, key);
    const root = save();
    const reopened = openTrie(root, read);
    for (const key of keys) reopened.put(key, key.slice());
    assert.deepEqual(reopened.commit(), { root, nodes: new Map() });
  });
  test("reads only the nodes on a key's way", () => {
    const { trie, save, read } = storedTrie();
    for (const key of keys) trie.put(key, key);
    let reads = 0;
    const counted = openTrie(save(), (hash) => {
      reads++;
      return read(hash);
    });
    assert.equal(reads, 0);
    counted.get(keys[7] ?? EMPTY_TRIE_ROOT);
    assert.ok(reads <= 4);
    const once = reads;
    counted.get(keys[7] ?? EMPTY_TRIE_ROOT);
    assert.equal(reads, once);
  });
});

describe("a node that is missing", () => {
  const a = hashFromHex(`0x1${"0".repeat(63)}`);
  const b = hashFromHex(`0x2${"0".repeat(63)}`);
  const large = new Uint8Array(40).fill(7);

  function partial(): { root: Hash; read: NodeReader } {
    const { trie, save, read } = storedTrie();
    trie.put(a, large);
    trie.put(b, new Uint8Array(40).fill(8));
    const root = save();
    // Only the root and the leaf of `a` are known.
    const known = new Set<Hex>([toHex(root)]);
    openTrie(root, (hash) => {
      known.add(toHex(hash));
      return read(hash);
    }).get(a);
    return { root, read: (hash) => (known.has(toHex(hash)) ? read(hash) : undefined) };
  }

  test("is a typed error with its hash", () => {
    const { root, read } = partial();
    assert.deepEqual(openTrie(root, read).get(a), large);
    assert.throws(
      () => openTrie(root, read).get(b),
      (error) => isRollupError(error, "TRIE_NODE_MISSING"),
    );
    assert.throws(
      () => openTrie(root, noNodes).get(a),
      (error) =>
        isRollupError(error, "TRIE_NODE_MISSING") && JSON.stringify(error.data).includes(toHex(root)),
    );
  });
  test("leaves the trie as it was when a delete needs the sibling", () => {
    const { root, read } = partial();
    const trie = openTrie(root, read);
    assert.throws(
      () => trie.delete(a),
      (error) => isRollupError(error, "TRIE_NODE_MISSING"),
    );
    assert.deepEqual(trie.commit(), { root, nodes: new Map() });
    assert.deepEqual(trie.get(a), large);
  });
  test("does not matter where no path leads", () => {
    const { root, read } = partial();
    const trie = openTrie(root, read);
    assert.equal(trie.get(hashFromHex(`0x3${"0".repeat(63)}`)), undefined);
    trie.delete(hashFromHex(`0x3${"0".repeat(63)}`));
    assert.deepEqual(trie.commit().root, root);
  });
});

describe("a node that no honest trie contains is TRIE_NODE_INVALID", () => {
  const none = new Uint8Array(0);
  const hash = new Uint8Array(32).fill(9);
  const branch = (children: readonly (Uint8Array | readonly Uint8Array[])[]) =>
    encodeRlp([...children, ...Array.from({ length: 17 - children.length }, () => none)]);
  const cases: readonly (readonly [name: string, node: Uint8Array, reason: string])[] = [
    ["no bytes", none, "node-not-rlp"],
    ["not RLP", Uint8Array.of(0xf8), "node-not-rlp"],
    ["bytes after the node", Uint8Array.of(0xc2, 0x20, 0x01, 0x00), "node-not-rlp"],
    ["an overlong length", Uint8Array.of(0xf8, 0x02, 0x20, 0x01), "node-not-rlp"],
    ["a string", encodeRlp(hash), "node-not-a-list"],
    ["an empty list", encodeRlp([]), "node-item-count"],
    ["one item", encodeRlp([hash]), "node-item-count"],
    [
      "three items: a leaf with a second child",
      encodeRlp([Uint8Array.of(0x20), hash, hash]),
      "node-item-count",
    ],
    ["sixteen items", encodeRlp(Array.from({ length: 16 }, () => hash)), "node-item-count"],
    ["eighteen items", encodeRlp(Array.from({ length: 18 }, () => hash)), "node-item-count"],
    ["an empty path", encodeRlp([none, hash]), "path-malformed"],
    ["a list as the path", encodeRlp([[], hash]), "path-malformed"],
    ["unknown path flags", encodeRlp([Uint8Array.of(0x40), hash]), "path-malformed"],
    ["padding that is not zero", encodeRlp([Uint8Array.of(0x21), hash]), "path-malformed"],
    ["an extension without a path", encodeRlp([Uint8Array.of(0x00), hash]), "extension-path-empty"],
    ["a leaf without a value", encodeRlp([Uint8Array.of(0x20), none]), "leaf-value-malformed"],
    ["a leaf with a list as its value", encodeRlp([Uint8Array.of(0x20), [hash]]), "leaf-value-malformed"],
    ["an extension to nothing", encodeRlp([Uint8Array.of(0x11), none]), "reference-malformed"],
    ["a hash of 31 bytes", encodeRlp([Uint8Array.of(0x11), hash.subarray(1)]), "reference-malformed"],
    ["an inlined node of 32 bytes", branch([[new Uint8Array(30).fill(1)], hash]), "reference-malformed"],
    ["a branch without entries", branch([]), "branch-too-few-entries"],
    ["a branch with one entry", branch([hash]), "branch-too-few-entries"],
    [
      "a branch with a list as its value",
      encodeRlp([hash, hash, ...Array(14).fill(none), [hash]]),
      "branch-value-malformed",
    ],
  ];
  for (const [name, node, reason] of cases) {
    test(name, () => {
      const root = keccak256(node);
      for (const use of [
        (trie: Trie) => trie.get(hash),
        (trie: Trie) => trie.put(hash, hash),
        (trie: Trie) => trie.delete(hash),
      ]) {
        assert.throws(
          () => use(openTrie(root, () => node)),
          (error) => isRollupError(error, "TRIE_NODE_INVALID") && JSON.stringify(error.data).includes(reason),
        );
      }
      assert.throws(() => [...trieEntries(root, () => node)], { code: "TRIE_NODE_INVALID" });
    });
  }
  test("a node below 32 bytes that is referenced by its hash", () => {
    const leaf = encodeRlp([Uint8Array.of(0x20), Uint8Array.of(1)]);
    const root = branch([keccak256(leaf), hash]);
    assert.throws(() => openTrie(keccak256(root), readerOfNodes([leaf, root])).get(Uint8Array.of(0x00)), {
      code: "TRIE_NODE_INVALID",
    });
  });
  test("an extension whose child is a leaf", () => {
    const leaf = encodeRlp([Uint8Array.of(0x20), new Uint8Array(40).fill(1)]);
    const root = encodeRlp([Uint8Array.of(0x11), keccak256(leaf)]);
    assert.throws(() => openTrie(keccak256(root), readerOfNodes([leaf, root])).get(Uint8Array.of(0x10)), {
      code: "TRIE_NODE_INVALID",
    });
  });
  test("an entry at half a byte, when all are read", () => {
    const root = encodeRlp([Uint8Array.of(0x31), hash]);
    assert.throws(() => [...trieEntries(keccak256(root), readerOfNodes([root]))], {
      code: "TRIE_NODE_INVALID",
    });
  });
  test("nodes that a lying reader lets refer to themselves end", () => {
    const loop = branch([hash, hash]);
    assert.throws(() => [...trieEntries(keccak256(loop), () => loop)], { code: "TRIE_NODE_INVALID" });
    assert.equal(openTrie(keccak256(loop), () => loop).get(new Uint8Array(32)), undefined);
  });
  test("readerOfNodes files a false node where nobody asks for it", () => {
    const node = encodeRlp([Uint8Array.of(0x20), hash]);
    const read = readerOfNodes([node]);
    assert.deepEqual(read(keccak256(node)), node);
    assert.equal(read(keccak256(hash)), undefined);
  });
  test("random bytes never give an entry, hang or untyped error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        try {
          openTrie(keccak256(bytes), readerOfNodes([bytes])).put(hash, hash);
        } catch (error) {
          assert.ok(
            isRollupError(error, "TRIE_NODE_INVALID") || isRollupError(error, "TRIE_NODE_MISSING"),
            String(error),
          );
        }
      }),
    );
  });
});
