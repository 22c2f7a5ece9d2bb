import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fromHex, type Hex, toHex } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { addressOfKey } from "../secp256k1.ts";
import { EMPTY_TRIE_ROOT, openTrie } from "../trie/trie.ts";
import { decodeRlp, encodeRlp, type RlpInput } from "./rlp.ts";
import { decodeTransaction, encodeTransaction, recoverSender, transactionHash } from "./transaction.ts";

// The public vectors of github.com/ethereum/tests, which lie beside the repository where somebody put them.
const ARCHIVE = join(
  import.meta.dirname,
  "../../../shared/vectors/op/ethereum-tests/ethereum-tests-v14.1-state.tar.xz",
);
const skip = existsSync(ARCHIVE) ? false : "the archive of ethereum/tests is not here";

let folder = "";
before(() => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), "ethereum-tests-"));
  const parts = ["./TrieTests", "./RLPTests", "./TransactionTests", "./BasicTests"];
  execFileSync("tar", ["-xJf", ARCHIVE, "-C", folder, ...parts]);
});
after(() => {
  if (folder !== "") rmSync(folder, { recursive: true });
});

function casesOf<T>(pattern: string): [name: string, value: T][] {
  const files = globSync(pattern, { cwd: folder });
  assert.ok(files.length > 0, `no files ${pattern}`);
  return files.flatMap((file) => Object.entries<T>(JSON.parse(readFileSync(join(folder, file), "utf8"))));
}

const bytesOf = (text: string) => (text.startsWith("0x") ? fromHex(text) : new TextEncoder().encode(text));

type Pairs = readonly (readonly [string, string | null])[];
type TrieCase = { in: Pairs | Record<string, string | null>; root: string };

describe("ethereum/tests TrieTests", { skip }, () => {
  function rootOf(pairs: Pairs, secure: boolean): Hex {
    const trie = openTrie(EMPTY_TRIE_ROOT, () => undefined);
    for (const [key, value] of pairs) {
      const path = secure ? keccak256(bytesOf(key)) : bytesOf(key);
      if (value === null) trie.delete(path);
      else trie.put(path, bytesOf(value));
    }
    return toHex(trie.commit().root);
  }
  for (const secure of [false, true]) {
    const suffix = secure ? "_secureTrie" : "";
    test(`given order, deletions included${suffix}`, () => {
      for (const [name, { in: entries, root }] of casesOf<TrieCase>(`TrieTests/trietest${suffix}.json`)) {
        assert.ok(Array.isArray(entries));
        assert.equal(rootOf(entries, secure), root, name);
      }
    });
    test(`any order${suffix}`, () => {
      for (const [name, { in: entries, root }] of casesOf<TrieCase>(`TrieTests/trieanyorder${suffix}.json`)) {
        const pairs = Object.entries(entries as Record<string, string>);
        assert.equal(rootOf(pairs, secure), root, name);
        assert.equal(rootOf(pairs.toReversed(), secure), root, `${name}, reversed`);
      }
    });
  }
  test("state-like entries", () => {
    for (const [name, { in: entries, root }] of casesOf<TrieCase>(
      "TrieTests/hex_encoded_securetrie_test.json",
    )) {
      assert.equal(rootOf(Object.entries(entries as Record<string, string>), true), root, name);
    }
  });
});

type RlpCase = { in: unknown; out: string };

describe("ethereum/tests RLPTests", { skip }, () => {
  function inputOf(value: unknown): RlpInput {
    if (Array.isArray(value)) return value.map(inputOf);
    if (typeof value === "number") return BigInt(value);
    assert.ok(typeof value === "string");
    // Strings hold raw bytes here, and a leading # marks a large decimal integer.
    return value.startsWith("#") ? BigInt(value.slice(1)) : Uint8Array.from(value, (c) => c.charCodeAt(0));
  }
  test("each value has its one encoding and decodes from it", () => {
    for (const [name, { in: value, out }] of casesOf<RlpCase>("RLPTests/rlptest.json")) {
      assert.equal(toHex(encodeRlp(inputOf(value))), out, name);
      const decoded = decodeRlp(fromHex(out));
      assert.ok(decoded.kind === "ok", name);
      assert.equal(toHex(encodeRlp(decoded.item)), out, name);
    }
  });
  test("what is valid decodes", () => {
    for (const [name, { out }] of casesOf<RlpCase>("RLPTests/RandomRLPTests/*.json")) {
      assert.equal(decodeRlp(fromHex(out)).kind, "ok", name);
    }
  });
  test("what is invalid does not", () => {
    for (const [name, { out }] of casesOf<RlpCase>("RLPTests/invalidRLPTest.json")) {
      assert.equal(decodeRlp(bytesOf(out)).kind, "invalid", name);
    }
  });
});

type TransactionCase = {
  txbytes: string;
  result: Record<string, { exception?: string; hash?: string; sender?: string }>;
};

// Faults that a transaction's bytes do not have by themselves: block execution finds them.
const EXECUTION_FAULTS = [
  "INVALID_CHAINID",
  "INTRINSIC_GAS_TOO_LOW",
  "INITCODE_SIZE_EXCEEDED",
  "NONCE_TOO_BIG",
  "GASLIMIT_PRICE_PRODUCT_OVERFLOW",
  "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2",
];

describe("ethereum/tests TransactionTests", { skip }, () => {
  test("valid ones have their hash and sender; invalid ones decode to nothing or to no sender", () => {
    let [valid, invalid] = [0, 0];
    for (const [name, { txbytes, result }] of casesOf<TransactionCase>("TransactionTests/**/*.json")) {
      const raw = fromHex(txbytes);
      const decoded = decodeTransaction(raw);
      const expected = result.Cancun ?? result.London;
      if (expected === undefined) continue;
      if (expected.exception === undefined) {
        assert.ok(decoded.kind === "ok", `${name}: ${decoded.kind === "invalid" ? decoded.reason : ""}`);
        const sender = recoverSender(decoded.transaction);
        assert.equal(sender && toHex(sender), expected.sender, name);
        assert.equal(toHex(transactionHash(raw)), expected.hash, name);
        assert.deepEqual(encodeTransaction(decoded.transaction), raw, name);
        valid++;
      } else if (!EXECUTION_FAULTS.some((fault) => expected.exception?.endsWith(fault))) {
        const sender = decoded.kind === "ok" ? recoverSender(decoded.transaction) : undefined;
        assert.equal(sender, undefined, `${name}: ${expected.exception}`);
        invalid++;
      }
    }
    assert.ok(valid > 40 && invalid > 40, `${valid} valid and ${invalid} invalid cases`);
  });
  test("BasicTests/keyaddrtest: a key's address", () => {
    const cases = JSON.parse(readFileSync(join(folder, "BasicTests/keyaddrtest.json"), "utf8"));
    for (const { key, addr } of cases) assert.equal(toHex(addressOfKey(fromHex(key))), `0x${addr}`);
  });
});
