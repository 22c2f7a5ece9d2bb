import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import {
  addressFromHex,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  fromHex,
  hashFromHex,
  toHex,
} from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import { decodeBatch, encodeSingular, encodeSpan } from "./batch.ts";
import { encodeRlp } from "./rlp.ts";
import { decodeSingularBatch, encodeSingularBatch, type SingularBatch } from "./singular-batch.ts";
import { bitAt } from "./span-batch/bitlist.ts";
import { ColumnReader, encodeUvarint } from "./span-batch/reader.ts";
import {
  columnsOfTransactions,
  encodeTransactionColumns,
  readTransactionColumns,
  transactionsOfColumns,
} from "./span-batch/transactions.ts";
import {
  decodeSpanBatch,
  deriveSpanBatch,
  encodeSpanBatch,
  MAX_SPAN_BATCH_ELEMENTS,
  type RawSpanBatch,
  spanBatchOfSingulars,
} from "./span-batch.ts";
import {
  decodeTransaction,
  encodeTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "./transaction.ts";

const RULES = { genesisTime: 1_000n, blockTime: 2n, chainId: 697n };
const KEY = new Uint8Array(32).fill(7);
const TO = addressFromHex("0x00000000000000000000000000000000000000aa");
const HASH_A = hashFromHex(`0x${"a1".repeat(32)}`);
const HASH_B = hashFromHex(`0x${"b2".repeat(32)}`);

const CALL = { nonce: 3n, gasLimit: 21_000n, to: TO, value: 5n, data: fromHex("0x0102") };
const FEES = { maxPriorityFeePerGas: 1n, maxFeePerGas: 9n };
const ACCESS = [{ address: TO, storageKeys: [HASH_A] }];
const AUTHORIZATION = { chainId: 0n, address: TO, nonce: 1n, yParity: 1, r: 4n, s: 5n };

function raw(unsigned: UnsignedTransaction): Uint8Array {
  return encodeTransaction(signTransaction(unsigned, KEY));
}

const LEGACY = raw({ type: 0, chainId: 697n, ...CALL, gasPrice: 8n });
const UNPROTECTED = raw({ type: 0, chainId: undefined, ...CALL, to: undefined, gasPrice: 8n });
const ACCESS_LIST = raw({ type: 1, chainId: 697n, ...CALL, gasPrice: 8n, accessList: ACCESS });
const FEE_MARKET = raw({ type: 2, chainId: 697n, ...CALL, ...FEES, to: undefined, accessList: ACCESS });
const SET_CODE = raw({
  type: 4,
  chainId: 697n,
  ...CALL,
  ...FEES,
  accessList: [],
  authorizationList: [AUTHORIZATION],
});

function singular(i: number, epochNumber: bigint, transactions: readonly Uint8Array[]): SingularBatch {
  const timestamp = 1_010n + 2n * BigInt(i);
  return { parentHash: HASH_A, epochNumber, epochHash: HASH_B, timestamp, transactions };
}

const BATCHES = [
  singular(0, 7n, [LEGACY, UNPROTECTED]),
  singular(1, 7n, []),
  singular(2, 8n, [ACCESS_LIST, FEE_MARKET, SET_CODE]),
];
const RAW = spanBatchOfSingulars(BATCHES, true, RULES);

function reasonOf(content: Uint8Array): string {
  const decoded = decodeSpanBatch(content);
  return decoded.kind === "invalid" ? decoded.reason : decoded.kind;
}

/** A span batch by hand: prefix with these numbers, then these bytes. */
function span(...payload: Uint8Array[]): Uint8Array {
  return concatBytes(encodeUvarint(5n), encodeUvarint(7n), new Uint8Array(40), ...payload);
}

function derivedReason(datas: Uint8Array, bits = "0x01", signature = new Uint8Array(64)): string {
  const columns = [fromHex(bits), fromHex("0x00"), signature, bits === "0x01" ? [] : [TO], datas].flat();
  const content = span(fromHex("0x010001"), ...columns, fromHex("0x0121"));
  const decoded = decodeBatch(concatBytes(Uint8Array.of(1), content, Uint8Array.of(0)), RULES);
  return decoded.kind === "invalid" ? `${decoded.stage}:${decoded.reason}` : decoded.kind;
}

describe("span batch", () => {
  it("gives back the blocks of the singular batches that it was made of", () => {
    const decoded = decodeBatch(encodeSpan(RAW), RULES);
    assert(decoded.kind === "span");
    assert.equal(decoded.batch.relTimestamp, 10n);
    assert.deepEqual(decoded.batch.parentCheck, HASH_A.slice(0, 20));
    assert.deepEqual(decoded.batch.l1OriginCheck, HASH_B.slice(0, 20));
    assert.deepEqual(
      decoded.batch.blocks,
      BATCHES.map(({ timestamp, epochNumber, transactions }) => ({ timestamp, epochNumber, transactions })),
    );
  });

  it("marks the first block's origin change only where it begins its epoch", () => {
    assert.equal(bitAt(RAW.originBits, 0), 1);
    assert.equal(bitAt(spanBatchOfSingulars(BATCHES, false, RULES).originBits, 0), 0);
  });

  it("ignores bytes after the last column, as op-node does", () => {
    const decoded = decodeSpanBatch(concatBytes(encodeSpanBatch(RAW), fromHex("0xffff")));
    assert(decoded.kind === "ok");
    assert.deepEqual(encodeSpanBatch(decoded.batch), encodeSpanBatch(RAW));
  });

  it("is invalid at every truncation", () => {
    const whole = encodeSpanBatch(RAW);
    for (let end = 0; end < whole.length; end++) {
      assert.equal(decodeSpanBatch(whole.subarray(0, end)).kind, "invalid", `${end} bytes`);
    }
  });

  it("is invalid without a block", () => assert.equal(reasonOf(span(fromHex("0x00"))), "empty-span"));

  it("is invalid with more than 10,000,000 blocks, and asks for no memory for them", () => {
    assert.equal(MAX_SPAN_BATCH_ELEMENTS, 10_000_000);
    assert.equal(reasonOf(span(encodeUvarint(10_000_001n))), "too-many-elements");
    assert.equal(reasonOf(span(encodeUvarint(10_000_000n))), "span-truncated");
    assert.equal(reasonOf(span(encodeUvarint(2n ** 64n - 1n))), "too-many-elements");
  });

  it("is invalid with more than 10,000,000 transactions, in one block or in all", () => {
    assert.equal(reasonOf(span(fromHex("0x0100"), encodeUvarint(10_000_001n))), "too-many-elements");
    const half = encodeUvarint(5_000_001n);
    assert.equal(reasonOf(span(fromHex("0x0200"), half, half)), "too-many-elements");
  });

  it("is invalid with a bit set beyond a bitlist's length", () => {
    assert.equal(reasonOf(span(fromHex("0x0102"))), "bitlist-overlong");
    assert.equal(reasonOf(span(fromHex("0x010101"), fromHex("0x02"))), "bitlist-overlong");
    assert.equal(reasonOf(span(fromHex("0x0903ff"))), "bitlist-overlong");
  });

  it("is invalid with data that is no list, not canonical, or longer than 10,000,000 bytes", () => {
    const upToDatas = [fromHex("0x010001"), fromHex("0x0100"), new Uint8Array(64)];
    assert.equal(reasonOf(span(...upToDatas, fromHex("0x83aabbcc"))), "transaction-data-not-a-list");
    assert.equal(reasonOf(span(...upToDatas, fromHex("0x0283aabbcc"))), "transaction-data-not-a-list");
    assert.equal(reasonOf(span(...upToDatas, fromHex("0xf80100"))), "transaction-data-malformed");
    const long = encodeRlp([new Uint8Array(10_000_000)]);
    assert.equal(reasonOf(span(...upToDatas, long)), "too-many-elements");
  });

  it("drops a transaction of type 0 with a type byte, 3, 5 or deposit, one stage later", () => {
    for (const type of ["00", "03", "05", "7e", "7f"]) {
      const wanted =
        type === "00" ? "derive:transaction-data-invalid" : "derive:transaction-type-not-allowed";
      assert.equal(derivedReason(fromHex(`0x${type}c3010203`)), wanted, type);
    }
  });

  it("drops data without its type's fields", () => {
    const bad = ["c0", "c20102", "c401020304", "c301c002", "c3000102", "c482000180", "c30102c0"];
    const typed = ["01c3010203", "01c401020380", "01c5010203c101", "02c5010203c0c0", "01c4010203c0"];
    for (const data of [...bad, ...typed.slice(0, 4)]) {
      assert.equal(derivedReason(fromHex(`0x${data}`)), "derive:transaction-data-invalid", data);
    }
    assert.equal(derivedReason(fromHex(`0x${typed[4]}`)), "span");
    assert.equal(derivedReason(fromHex("0xc3010203")), "span");
  });

  it("drops a set-code transaction without a recipient", () => {
    assert.equal(derivedReason(fromHex("0x04c601020380c0c0")), "derive:set-code-without-recipient");
    assert.equal(derivedReason(fromHex("0x04c601020380c0c0"), "0x00"), "span");
  });

  it("keeps an amount of more than 256 bits for execution to refuse, except in type 4", () => {
    const amount = new Uint8Array(33).fill(1);
    assert.equal(derivedReason(encodeRlp([amount, 1n, 2n])), "span");
    const setCode = concatBytes(Uint8Array.of(4), encodeRlp([amount, 1n, 2n, 3n, [], []]));
    assert.equal(derivedReason(setCode, "0x00"), "derive:transaction-data-invalid");
  });

  it("lets origins and times wrap at 64 bits instead of throwing", () => {
    const max = 2n ** 64n - 1n;
    const wrapping: RawSpanBatch = { ...RAW, relTimestamp: max, l1OriginNumber: 0n };
    const derived = deriveSpanBatch(wrapping, RULES);
    assert(derived.kind === "ok");
    assert.deepEqual(
      derived.batch.blocks.map((block) => [block.timestamp, block.epochNumber]),
      [
        [999n, max],
        [1001n, max],
        [1003n, 0n],
      ],
    );
  });

  it("cannot be made of nothing, of a gap, or of transactions that it cannot carry", () => {
    const code = (wanted: string) => (error: unknown) => isRollupError(error, wanted);
    const make = (...batches: SingularBatch[]) => spanBatchOfSingulars(batches, false, RULES);
    assert.throws(() => make(), code("SPAN_BATCH_EMPTY"));
    assert.throws(() => make({ ...singular(0, 1n, []), timestamp: 999n }), code("SPAN_BATCH_EMPTY"));
    assert.throws(() => make(singular(0, 1n, []), singular(2, 1n, [])), code("SPAN_BATCH_GAP"));
    assert.throws(() => make(singular(0, 1n, []), singular(1, 3n, [])), code("SPAN_BATCH_GAP"));
    assert.throws(() => make(singular(0, 2n, []), singular(1, 1n, [])), code("SPAN_BATCH_GAP"));
    const foreign = raw({ type: 2, chainId: 1n, ...CALL, ...FEES, accessList: [] });
    const deposit = fromHex("0x7ec0");
    for (const tx of [foreign, deposit, fromHex("0x"), fromHex("0xc0")]) {
      assert.throws(() => make(singular(0, 1n, [tx])), code("SPAN_BATCH_TRANSACTION"));
    }
  });
});

describe("uvarint, as op-node reads it", () => {
  const read = (hex: string) => {
    const reader = new ColumnReader(fromHex(hex));
    const value = reader.uvarint();
    return reader.fault ?? value;
  };
  it("reads the largest u64", () => assert.equal(read("0xffffffffffffffffff01"), 2n ** 64n - 1n));
  it("allows groups of zeros at the end", () => assert.equal(read("0x8100"), 1n));
  it("refuses a 65th bit", () => assert.equal(read("0xffffffffffffffffff02"), "uvarint-overflow"));
  it("refuses an eleventh byte", () => assert.equal(read("0x8080808080808080808000"), "uvarint-overflow"));
  it("refuses an unfinished one", () => assert.equal(read("0x80"), "span-truncated"));
  it("round-trips", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        assert.equal(new ColumnReader(encodeUvarint(value)).uvarint(), value);
      }),
    );
  });
});

describe("batch", () => {
  it("round-trips singular batches", () => {
    for (const batch of BATCHES) {
      assert.deepEqual(decodeBatch(encodeSingular(batch), RULES), { kind: "singular", batch });
    }
  });

  it("is invalid when empty, of an unknown version, or a malformed singular batch", () => {
    const reason = (payload: Uint8Array) => {
      const decoded = decodeBatch(payload, RULES);
      return decoded.kind === "invalid" ? decoded.reason : decoded.kind;
    };
    const list = (...items: Parameters<typeof encodeRlp>) =>
      concatBytes(Uint8Array.of(0), encodeRlp(items[0]));
    assert.equal(reason(new Uint8Array(0)), "batch-empty");
    assert.equal(reason(fromHex("0x02")), "batch-version-unknown");
    assert.equal(reason(fromHex("0x00")), "rlp-truncated");
    assert.equal(reason(fromHex("0x0080")), "batch-not-a-list");
    assert.equal(reason(list([HASH_A, 1n, HASH_B, 2n])), "transactions-malformed");
    assert.equal(reason(list([HASH_A, 1n, HASH_B, 2n, [], []])), "fields-too-many");
    assert.equal(reason(list([HASH_A, 2n ** 64n, HASH_B, 2n, []])), "epoch-number-malformed");
    assert.equal(reason(list([HASH_A, fromHex("0x0001"), HASH_B, 2n, []])), "epoch-number-malformed");
    assert.equal(reason(list([HASH_A.slice(1), 1n, HASH_B, 2n, []])), "parent-hash-malformed");
    assert.equal(reason(list([HASH_A, 1n, HASH_B, 2n, [[]]])), "transactions-malformed");
  });

  it("ignores bytes after a singular batch's list, as op-node and kona do", () => {
    const batch = singular(0, 1n, [LEGACY]);
    for (const rest of ["0x00", "0xc0", "0xb9ffff", `0x${"ff".repeat(50)}`]) {
      const decoded = decodeBatch(concatBytes(encodeSingular(batch), fromHex(rest)), RULES);
      assert.deepEqual(decoded, { kind: "singular", batch });
    }
  });

  it("never throws: 10,000 random and mutated inputs", () => {
    const sources = [encodeSpan(RAW), encodeSingular(singular(0, 1n, [LEGACY]))];
    const mutated = fc
      .tuple(
        fc.constantFrom(...sources),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
      )
      .map(([source, changes, cut]) => {
        const bytes = Uint8Array.from(source);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return cut % 5 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
      });
    const random = fc
      .tuple(fc.nat(1), fc.uint8Array({ maxLength: 200 }))
      .map(([v, b]) => Uint8Array.of(v, ...b));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (payload) => {
        const decoded = decodeBatch(payload, RULES);
        assert(decoded.kind === "invalid" ? decoded.reason.length > 0 : decoded.batch !== undefined);
      }),
      { numRuns: 10_000 },
    );
  });
});

const VECTOR = new URL("../../../shared/vectors/op/derivation/raw_batch.bin", import.meta.url);

describe("span batch of OP Sepolia", {
  skip: existsSync(VECTOR) ? false : "shared vectors are absent",
}, () => {
  it("decodes to 39 canonical transactions and encodes to the same bytes", () => {
    const content = new Uint8Array(readFileSync(VECTOR));
    const decoded = decodeSpanBatch(content);
    assert(decoded.kind === "ok");
    assert.equal(toHex(encodeSpanBatch(decoded.batch)), toHex(content));
    const derived = deriveSpanBatch(decoded.batch, { genesisTime: 0n, blockTime: 2n, chainId: 11_155_420n });
    assert(derived.kind === "ok");
    const transactions = derived.batch.blocks.flatMap((block) => block.transactions);
    assert.equal(transactions.length, 39);
    for (const transaction of transactions) {
      const tx = decodeTransaction(transaction);
      assert(tx.kind === "ok");
      assert.deepEqual(encodeTransaction(tx.transaction), transaction);
    }
  });
});

const ELEMENTS = new URL("../../../shared/vectors/op/derivation/span-batch-elements.tar.xz", import.meta.url);

function linesOf(name: string): Uint8Array[] {
  const args = ["-xJOf", fileURLToPath(ELEMENTS), `span-batch-elements/${name}.txt`];
  const text = execFileSync("tar", args, { encoding: "utf8", maxBuffer: 1 << 26 });
  return text.trim().split("\n").map(fromHex);
}

describe("columns of hildr's tests", {
  skip: existsSync(ELEMENTS) ? false : "shared vectors are absent",
}, () => {
  it("hold 946 transactions, which encode to the same columns again", () => {
    const [bytes] = linesOf("spanbatchtxs");
    assert(bytes);
    const reader = new ColumnReader(bytes);
    const columns = readTransactionColumns(reader, 946, MAX_SPAN_BATCH_ELEMENTS);
    assert.equal(reader.fault, undefined);
    assert(bytesEqual(encodeTransactionColumns(columns), bytes));
    const decoded = transactionsOfColumns(columns, 697n);
    assert(decoded.kind === "ok");
    const again = encodeTransactionColumns(columnsOfTransactions(decoded.transactions, 697n));
    assert(bytesEqual(again, bytes));
  });

  it("give back whole transactions of types 0, 1 and 2, protected or not", () => {
    for (const name of ["fulltxlegacy", "fulltxunprotected", "fulltxacc", "fulltxdyn"]) {
      const raws = linesOf(name);
      assert(raws.length > 20, name);
      const decoded = transactionsOfColumns(columnsOfTransactions(raws, 697n), 697n);
      assert(decoded.kind === "ok");
      assert.deepEqual(decoded.transactions.map(toHex), raws.map(toHex), name);
    }
  });

  it("are made of singular batches that round-trip", () => {
    const contents = linesOf("spanbatchfromsingular");
    for (const content of contents) {
      const decoded = decodeSingularBatch(content);
      assert(decoded.kind === "ok");
      assert(bytesEqual(encodeSingularBatch(decoded.batch), content));
    }
  });
});

it("bytes of integers in signatures keep no leading zeros", () => {
  const signature = concatBytes(bigintToBytes(1n, 32), bigintToBytes(0x80n, 32));
  const columns = [fromHex("0x0100"), signature, fromHex("0xc3010203"), fromHex("0x0121"), fromHex("0x00")];
  const decoded = decodeBatch(concatBytes(Uint8Array.of(1), span(fromHex("0x010001"), ...columns)), RULES);
  assert(decoded.kind === "span");
  const [transaction] = decoded.batch.blocks[0]?.transactions ?? [];
  assert.equal(toHex(transaction ?? new Uint8Array(0)), "0xca0102218001031b018180");
});
