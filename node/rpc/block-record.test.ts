import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { readRecord } from "./block-record.ts";
import { MemoryChain } from "./testing/memory-chain.ts";

test("a block that many ask for is decoded once, one that few ask for not for ever", async () => {
  const chain = await MemoryChain.create();
  const blocks = [];
  for (let i = 0; i < 9; i++) blocks.push((await chain.extend()).hash);
  const [first, ...others] = blocks;
  assert.ok(first);
  const reads = mock.method(chain, "block");
  const record = readRecord(chain, first);
  assert.equal(record?.block.header.number, 1n);
  for (let i = 0; i < 100; i++) assert.equal(readRecord(chain, first), record);
  assert.equal(reads.mock.callCount(), 1);
  for (const hash of others) readRecord(chain, hash);
  assert.deepEqual(readRecord(chain, first), record);
  assert.equal(reads.mock.callCount(), 10);
});

test("a block without receipts is read again: they may come", async () => {
  const chain = await MemoryChain.create();
  const { hash } = await chain.extend();
  const absent = mock.method(chain, "receipts", () => undefined);
  assert.deepEqual(readRecord(chain, hash)?.receipts, []);
  absent.mock.restore();
  assert.equal(readRecord(chain, hash)?.receipts.length, 1);
});
