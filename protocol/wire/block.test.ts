import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  addressFromHex,
  asAddress,
  asHash,
  fromHex,
  type Hash,
  hashFromHex,
  toHex,
  ZERO_ADDRESS,
} from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { orderedTrie, readOrderedTrie } from "../trie/ordered-trie.ts";
import { EMPTY_TRIE_ROOT } from "../trie/trie.ts";
import { type Block, decodeBlock, encodeBlock, receiptsRoot, transactionsRoot } from "./block.ts";
import {
  BLOOM_LENGTH,
  decodeHeader,
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  encodeHeader,
  type Header,
  headerHash,
} from "./header.ts";
import {
  bloomContains,
  decodeReceipt,
  encodeReceipt,
  type Log,
  logsBloom,
  mergeBlooms,
  type Receipt,
} from "./receipt.ts";
import { decodeRlp, encodeRlp, encodeRlpListOf, type RlpItem } from "./rlp.ts";

const VECTORS = join(import.meta.dirname, "../../../shared/vectors/op");

const zero = new Uint8Array(32);
const header: Header = {
  parentHash: hashFromHex(`0x${"11".repeat(32)}`),
  ommersHash: EMPTY_OMMERS_HASH,
  beneficiary: addressFromHex("0x4200000000000000000000000000000000000011"),
  stateRoot: hashFromHex(`0x${"22".repeat(32)}`),
  transactionsRoot: EMPTY_TRIE_ROOT,
  receiptsRoot: EMPTY_TRIE_ROOT,
  logsBloom: new Uint8Array(BLOOM_LENGTH),
  difficulty: 0n,
  number: 7n,
  gasLimit: 30_000_000n,
  gasUsed: 0n,
  timestamp: 1_700_000_000n,
  extraData: fromHex("0x00000000fa00000006"),
  prevRandao: asHash(zero),
  nonce: EMPTY_NONCE,
};
const london: Header = { ...header, baseFeePerGas: 7n };
const prague: Header = {
  ...london,
  withdrawalsRoot: EMPTY_TRIE_ROOT,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: asHash(zero),
  requestsHash: asHash(zero),
};

describe("headers", () => {
  test("Ethereum's genesis block has its hash", () => {
    const genesis: Header = {
      ...header,
      parentHash: asHash(zero),
      beneficiary: addressFromHex(`0x${"00".repeat(20)}`),
      stateRoot: hashFromHex("0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
      difficulty: 17_179_869_184n,
      number: 0n,
      gasLimit: 5000n,
      timestamp: 0n,
      extraData: fromHex("0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"),
      nonce: fromHex("0x0000000000000042"),
    };
    const hash = "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";
    assert.equal(toHex(headerHash(genesis)), hash);
    assert.deepEqual(decodeHeader(encodeHeader(genesis)), { kind: "ok", header: genesis });
  });
  test("of each fork survive the round trip", () => {
    for (const each of [header, london, { ...london, withdrawalsRoot: EMPTY_TRIE_ROOT }, prague]) {
      assert.deepEqual(decodeHeader(encodeHeader(each)), { kind: "ok", header: each });
    }
  });
  test("of an unknown fork keep their hash", () => {
    const future = { ...prague, extraFields: [encodeRlp(zero), encodeRlp([5n, [zero]])] };
    const encoded = encodeHeader(future);
    const decoded = decodeHeader(encoded);
    assert.deepEqual(decoded, { kind: "ok", header: future });
    assert.ok(decoded.kind === "ok");
    assert.deepEqual(headerHash(decoded.header), keccak256(encoded));
    assert.notDeepEqual(headerHash(future), headerHash(prague));
  });

  test("with a field after an absent one have no encoding", () => {
    for (const gap of [
      { ...header, withdrawalsRoot: EMPTY_TRIE_ROOT },
      { ...prague, blobGasUsed: undefined },
      { ...london, extraFields: [encodeRlp(zero)] },
    ]) {
      assert.throws(() => encodeHeader(gap), { code: "HEADER_FIELDS_GAP" });
    }
  });

  const items = decodedList(encodeHeader(prague));
  const wrong: readonly (readonly [name: string, bytes: Uint8Array, reason: string])[] = [
    ["no bytes", new Uint8Array(0), "rlp-truncated"],
    ["a string", encodeRlp(zero), "header-not-a-list"],
    ["an empty list", encodeRlp([]), "parent-hash-malformed"],
    ["fourteen fields", encodeRlp(items.slice(0, 14)), "nonce-malformed"],
    ["a bloom of 255 bytes", encodeRlp(items.with(6, new Uint8Array(255))), "logs-bloom-malformed"],
    ["a number with a leading zero", encodeRlp(items.with(8, fromHex("0x0007"))), "number-malformed"],
    [
      "a timestamp of 2^64",
      encodeRlp([...items.slice(0, 11), 1n << 64n, ...items.slice(12)]),
      "timestamp-malformed",
    ],
    ["a nonce of 7 bytes", encodeRlp(items.with(14, new Uint8Array(7))), "nonce-malformed"],
    ["a beneficiary of 32 bytes", encodeRlp(items.with(2, zero)), "beneficiary-malformed"],
    ["extra data as a list", encodeRlp(items.with(12, [])), "extra-data-malformed"],
    [
      "a withdrawals root of 31 bytes",
      encodeRlp(items.with(16, zero.subarray(1))),
      "withdrawals-root-malformed",
    ],
    ["an empty requests hash", encodeRlp(items.with(20, new Uint8Array(0))), "requests-hash-malformed"],
  ];
  for (const [name, bytes, reason] of wrong) {
    test(`with ${name} are refused`, () =>
      assert.deepEqual(decodeHeader(bytes), { kind: "invalid", reason }));
  }
});

function decodedList(bytes: Uint8Array): readonly RlpItem[] {
  const decoded = decodeRlp(bytes);
  assert.ok(decoded.kind === "ok" && !(decoded.item instanceof Uint8Array));
  return decoded.item;
}

const anyLog: fc.Arbitrary<Log> = fc.record(
  {
    address: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(asAddress),
    topics: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash), { maxLength: 4 }),
    data: fc.uint8Array({ maxLength: 100 }),
  },
  { noNullPrototype: true },
);
const anyReceipt: fc.Arbitrary<Receipt> = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 3, 4, 0x7e),
    fc.array(anyLog, { maxLength: 3 }),
    fc.constantFrom(0 as const, 1 as const),
  )
  .map(([type, logs, status]) => ({
    type,
    status,
    cumulativeGasUsed: 21_000n,
    logsBloom: logsBloom(logs),
    logs,
  }));

describe("receipts", () => {
  test("of each type survive the round trip", () => {
    fc.assert(
      fc.property(anyReceipt, (receipt) => {
        assert.deepEqual(decodeReceipt(encodeReceipt(receipt)), { kind: "ok", receipt });
      }),
    );
  });
  test("of deposits carry nonce and version, the version only after a nonce", () => {
    const plain: Receipt = {
      type: 0x7e,
      status: 1,
      cumulativeGasUsed: 1n,
      logsBloom: logsBloom([]),
      logs: [],
    };
    const regolith = { ...plain, depositNonce: 4n };
    const canyon = { ...regolith, depositReceiptVersion: 1n };
    for (const receipt of [plain, regolith, canyon]) {
      assert.deepEqual(decodeReceipt(encodeReceipt(receipt)), { kind: "ok", receipt });
    }
    assert.equal(decodedList(encodeReceipt(canyon).subarray(1)).length, 6);
    assert.deepEqual(encodeReceipt({ ...plain, depositReceiptVersion: 1n }), encodeReceipt(plain));
  });

  test("from before Byzantium have a state root in place of the status", () => {
    const receipt: Receipt = {
      type: 0,
      status: 1,
      stateRoot: asHash(zero),
      cumulativeGasUsed: 1n,
      logsBloom: logsBloom([]),
      logs: [],
    };
    assert.deepEqual(decodedList(encodeReceipt(receipt))[0], zero);
    assert.deepEqual(decodeReceipt(encodeReceipt(receipt)), { kind: "ok", receipt });
  });

  const log = [new Uint8Array(20), [zero], new Uint8Array(3)] as const;
  const good = [1n, 5n, new Uint8Array(BLOOM_LENGTH), [log]] as const;
  const legacy = (fields: readonly unknown[]) => encodeRlp(fields as never);
  const typed = (type: number, fields: readonly unknown[]) => Uint8Array.from([type, ...legacy(fields)]);
  const wrong: readonly (readonly [name: string, bytes: Uint8Array, reason: string])[] = [
    ["no bytes", new Uint8Array(0), "receipt-empty"],
    ["type 5", typed(5, good), "receipt-type-unknown"],
    ["type 0 as a byte", typed(0, good), "receipt-type-unknown"],
    ["a string", encodeRlp(zero), "receipt-type-unknown"],
    ["a string behind the type", Uint8Array.from([2, ...encodeRlp(zero)]), "receipt-not-a-list"],
    ["a state root behind a type byte", typed(2, good.with(0, zero as never)), "status-malformed"],
    ["31 bytes as a state root", legacy(good.with(0, zero.subarray(1) as never)), "status-malformed"],
    ["status 2", legacy(good.with(0, 2n as never)), "status-malformed"],
    ["a short bloom", legacy(good.with(2, zero as never)), "logs-bloom-malformed"],
    [
      "five topics",
      legacy(good.with(3, [log.with(1, Array(5).fill(zero) as never)] as never)),
      "logs-malformed",
    ],
    [
      "a topic of 31 bytes",
      legacy(good.with(3, [log.with(1, [zero.subarray(1)] as never)] as never)),
      "logs-malformed",
    ],
    ["a log of two fields", legacy(good.with(3, [log.slice(0, 2)] as never)), "logs-malformed"],
    ["three fields", legacy(good.slice(0, 3)), "logs-malformed"],
    ["a deposit's nonce on another type", typed(2, [...good, 1n]), "fields-too-many"],
    ["seven fields", typed(0x7e, [...good, 1n, 1n, 1n]), "fields-too-many"],
    ["a nonce with a leading zero", typed(0x7e, [...good, new Uint8Array(1)]), "deposit-nonce-malformed"],
  ];
  for (const [name, bytes, reason] of wrong) {
    test(`with ${name} are refused`, () =>
      assert.deepEqual(decodeReceipt(bytes), { kind: "invalid", reason }));
  }
  test("blooms hold each address and topic, and a union holds both parts", () => {
    fc.assert(
      fc.property(fc.array(anyLog, { maxLength: 4 }), anyLog, (logs, other) => {
        const bloom = logsBloom(logs);
        for (const each of logs) {
          assert.ok(bloomContains(bloom, each.address));
          for (const topic of each.topics) assert.ok(bloomContains(bloom, topic));
        }
        assert.deepEqual(mergeBlooms([bloom, logsBloom([other])]), logsBloom([...logs, other]));
      }),
    );
    assert.ok(!bloomContains(logsBloom([]), zero));
  });
});

describe("blocks", () => {
  const typed = Uint8Array.from([2, ...encodeRlp([1n])]);
  const legacy = encodeRlp([1n, 2n]);

  test("survive the round trip, with and without ommers and withdrawals", () => {
    const withdrawals = [{ index: 1n, validatorIndex: 2n, address: ZERO_ADDRESS, amount: 3n }];
    const blocks: readonly Block[] = [
      { header: london, transactions: [typed, legacy] },
      { header: london, transactions: [], ommers: [header, london] },
      { header: prague, transactions: [typed, legacy] },
      { header: prague, transactions: [], withdrawals },
    ];
    for (const block of blocks) assert.deepEqual(decodeBlock(encodeBlock(block)), { kind: "ok", block });
  });
  const encoded = decodedList(encodeBlock({ header: prague, transactions: [typed, legacy] }));
  const wrong: readonly (readonly [name: string, bytes: Uint8Array, reason: string])[] = [
    ["a string", encodeRlp(zero), "block-not-a-list"],
    ["no withdrawals though the header has a root", encodeRlp(encoded.slice(0, 3)), "withdrawals-malformed"],
    ["an ommer that is no header", encodeRlp(encoded.with(2, [[]])), "ommers-malformed"],
    ["a withdrawal without its fields", encodeRlp(encoded.with(3, [[]])), "withdrawals-malformed"],
    ["a fifth part", encodeRlp([...encoded, []]), "fields-too-many"],
    ["an empty transaction", encodeRlp(encoded.with(1, [new Uint8Array(0)])), "transactions-malformed"],
    ["a legacy transaction as a string", encodeRlp(encoded.with(1, [legacy])), "transactions-malformed"],
    ["a malformed header", encodeRlp(encoded.with(0, [])), "parent-hash-malformed"],
  ];
  for (const [name, bytes, reason] of wrong) {
    test(`with ${name} are refused`, () => assert.deepEqual(decodeBlock(bytes), { kind: "invalid", reason }));
  }
  test("the root of no transactions or receipts is the empty trie's", () => {
    assert.deepEqual(transactionsRoot([]), EMPTY_TRIE_ROOT);
    assert.deepEqual(receiptsRoot([]), EMPTY_TRIE_ROOT);
  });
});

const CHAIN = join(VECTORS, "execution-apis/tests.tar.xz");
const noChain = existsSync(CHAIN) ? false : "the archive of ethereum/execution-apis is not here";

describe("a chain of another client (ethereum/execution-apis)", { skip: noChain }, () => {
  test("each header hashes to its child's parentHash, each transactions root is right", () => {
    const chain = execFileSync("tar", ["-xJOf", CHAIN, "tests/chain.rlp"], { maxBuffer: 1 << 28 });
    // The file is one block's RLP after another: as the content of a list it decodes at once.
    const blocks = decodedList(encodeRlpListOf([Uint8Array.from(chain)]));
    assert.ok(blocks.length > 10);
    let parent: Hash | undefined;
    for (const block of blocks) {
      assert.ok(!(block instanceof Uint8Array));
      const [encodedHeader, transactions] = block;
      assert.ok(
        encodedHeader !== undefined && transactions !== undefined && !(transactions instanceof Uint8Array),
      );
      const decoded = decodeHeader(encodeRlp(encodedHeader));
      assert.ok(decoded.kind === "ok", decoded.kind === "invalid" ? decoded.reason : "");
      if (parent !== undefined) assert.deepEqual(decoded.header.parentHash, parent);
      parent = headerHash(decoded.header);
      const raws = transactions.map((item) => (item instanceof Uint8Array ? item : encodeRlp(item)));
      assert.deepEqual(transactionsRoot(raws), decoded.header.transactionsRoot);
      const { root, nodes } = orderedTrie(raws);
      const read = (hash: Hash) => nodes.get(toHex(hash));
      assert.deepEqual(readOrderedTrie(root, read), raws);
    }
  });
});

const L1_BLOCKS = join(VECTORS, "l1-rpc-blocks/data/headers");
const noL1 = existsSync(L1_BLOCKS) ? false : "the L1 blocks are not here";

describe("real L1 headers", { skip: noL1 }, () => {
  for (const name of ["pre-shanghai-success", "post-shanghai-success"]) {
    test(name, () => {
      const json = JSON.parse(readFileSync(join(L1_BLOCKS, `${name}_data.json`), "utf8"));
      const integer = (field: string) => BigInt(json[field]);
      const hash = (field: string) => hashFromHex(json[field]);
      const rebuilt: Header = {
        parentHash: hash("parentHash"),
        ommersHash: hash("sha3Uncles"),
        beneficiary: addressFromHex(json.miner),
        stateRoot: hash("stateRoot"),
        transactionsRoot: hash("transactionsRoot"),
        receiptsRoot: hash("receiptsRoot"),
        logsBloom: fromHex(json.logsBloom),
        difficulty: integer("difficulty"),
        number: integer("number"),
        gasLimit: integer("gasLimit"),
        gasUsed: integer("gasUsed"),
        timestamp: integer("timestamp"),
        extraData: fromHex(json.extraData),
        prevRandao: hash("mixHash"),
        nonce: fromHex(json.nonce),
        baseFeePerGas: integer("baseFeePerGas"),
        withdrawalsRoot: json.withdrawalsRoot === undefined ? undefined : hash("withdrawalsRoot"),
      };
      assert.equal(toHex(headerHash(rebuilt)), json.hash);
    });
  }
});
