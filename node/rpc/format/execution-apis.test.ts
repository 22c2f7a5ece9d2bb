import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { type Block, decodeBlock } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { type BlockRecord, transactionAt } from "../block-record.ts";
import { isObject } from "../parameters.ts";
import { blockJson } from "./block.ts";

const ARCHIVE = "../shared/vectors/op/execution-apis/tests.tar.xz";

function unpack(pattern: string): Buffer {
  return execFileSync("tar", ["--wildcards", "-xJOf", ARCHIVE, pattern], { maxBuffer: 64 * 1024 * 1024 });
}

/** Length of the RLP list that starts at `at`, its header included. */
function listLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first <= 0xf7) return 1 + first - 0xc0;
  const size = first - 0xf7;
  return 1 + size + bytes.subarray(at + 1, at + 1 + size).reduce((length, byte) => length * 256 + byte, 0);
}

/** The blocks of Ethereum's rules that are in this project's form: without ommers and withdrawals. */
function chainBlocks(): ReadonlyMap<string, BlockRecord> {
  const bytes = new Uint8Array(unpack("tests/chain.rlp"));
  const records = new Map<string, BlockRecord>();
  for (let at = 0; at < bytes.length; ) {
    const length = listLength(bytes, at);
    const decoding = decodeBlock(bytes.subarray(at, at + length));
    at += length;
    if (decoding.kind === "ok")
      records.set(toHex(headerHash(decoding.block.header)), recordOf(decoding.block));
  }
  return records;
}

function recordOf(block: Block): BlockRecord {
  const transactions = block.transactions.flatMap((raw) => {
    const decoding = decodeTransaction(raw);
    return decoding.kind === "ok" ? [decoding.transaction] : [];
  });
  return { hash: headerHash(block.header), block, transactions, receipts: [], executed: [] };
}

/** Results of every conversation of a method. */
function resultsOf(method: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = unpack(`tests/${method}/*.io`).toString("utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("<< "))
    .map((line): unknown => JSON.parse(line.slice(3)).result)
    .filter(isObject);
}

const skip = existsSync(ARCHIVE) ? false : `${ARCHIVE} is not there`;

describe("Ethereum's own answers (ethereum/execution-apis)", { skip }, () => {
  test("transactions of each type, byte for byte the same JSON", () => {
    const records = chainBlocks();
    const types = new Set<unknown>();
    for (const method of [
      "eth_getTransactionByHash",
      "eth_getTransactionByBlockHashAndIndex",
      "eth_getTransactionByBlockNumberAndIndex",
    ]) {
      for (const expected of resultsOf(method)) {
        const record = records.get(String(expected.blockHash));
        if (record === undefined) continue;
        types.add(expected.type);
        const actual = transactionAt(record, Number(expected.transactionIndex));
        assert.deepEqual(JSON.parse(JSON.stringify(actual)), expected);
      }
    }
    assert.ok(types.size >= 2, `only types ${[...types].join()} were there`);
  });

  test("blocks, with hashes or whole transactions", () => {
    const records = chainBlocks();
    let compared = 0;
    for (const method of ["eth_getBlockByNumber", "eth_getBlockByHash"]) {
      for (const expected of resultsOf(method)) {
        const record = records.get(String(expected.hash));
        if (record === undefined || !Array.isArray(expected.transactions)) continue;
        const isFull = expected.transactions.some(isObject);
        const transactions = isFull
          ? record.transactions.map((_, index) => transactionAt(record, index))
          : expected.transactions;
        const actual = JSON.parse(JSON.stringify(blockJson(record.block, record.hash, transactions)));
        assert.deepEqual(actual, expected);
        compared++;
      }
    }
    assert.ok(compared >= 2, `only ${compared} blocks were compared`);
  });
});
