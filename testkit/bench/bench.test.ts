import assert from "node:assert/strict";
import { test } from "node:test";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { bigintToBytes } from "@phala-l2/protocol/bytes";
import { encodeBlock } from "@phala-l2/protocol/wire/block";
import { BENCHES, benchNames, means } from "./benches.ts";
import { execute } from "./block-execution.ts";
import { EthereumjsPeer } from "./ethereumjs-peer.ts";
import { buildBlock, type Call, CHAIN_ID, WORKLOADS } from "./execution-blocks.ts";
import { measurePairs, median } from "./measure.ts";

test("the median of an odd and an even number of values", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test("pairs: both sides as often, in turn; the ratio is the pairs', the speeds are their own", async () => {
  const order: string[] = [];
  const times = { ours: [9, 9, 10, 20, 40], peer: [9, 9, 30, 40, 60] };
  const side = (name: "ours" | "peer") => async () => {
    order.push(name);
    return times[name].shift() ?? Number.NaN;
  };
  const measured = await measurePairs({ ours: side("ours"), peer: side("peer") }, { pairs: 3, work: 4 });
  // Median times 20 and 40 ms; pairs' ratios 3, 2 and 1.5.
  assert.deepEqual(measured, { ours: 200, peer: 100, ratio: 2, n: 3 });
  const pairs = ["ours", "peer", "ours", "peer"];
  assert.deepEqual(order, [...pairs, "ours", "peer", "peer", "ours", "ours", "peer"]);
});

/** The loop's count is a word; what has another form stays. */
function quick(call: Call): Call {
  return call.data.length === 32 ? { ...call, data: bigintToBytes(20n, 32) } : call;
}

for (const workload of WORKLOADS) {
  test(`${workload.name}: both sides accept the block, and neither another one`, async () => {
    const evm = await createEthereumjsEvm({ l2ChainId: CHAIN_ID });
    const small = {
      ...workload,
      transactions: Math.min(workload.transactions, 6),
      of: (index: number) => quick(workload.of(index)),
    };
    const made = await buildBlock(small, evm);
    assert.equal(made.block.transactions.length, small.transactions);
    const peer = await EthereumjsPeer.on(made);
    for (let i = 0; i < 2; i++) {
      await execute(made, evm);
      await peer.run(made.rlp);
    }
    const { header, transactions } = made.block;
    for (const block of [
      { header: { ...header, stateRoot: made.genesis.block.header.stateRoot }, transactions },
      { header: { ...header, gasUsed: header.gasUsed + 1n }, transactions },
      { header, transactions: transactions.slice(1) },
    ]) {
      const rlp = encodeBlock(block);
      await assert.rejects(execute({ ...made, rlp }, evm), { code: "BENCH_BROKEN" });
      await assert.rejects(peer.run(rlp));
    }
    await assert.rejects(execute({ ...made, rlp: made.rlp.subarray(1) }, evm), { code: "BENCH_BROKEN" });
  });
}

test("a name means a benchmark with all its lines, or one line", () => {
  const names = benchNames();
  assert.equal(new Set(names).size, names.length);
  const [first] = BENCHES;
  assert.ok(first !== undefined);
  const [line, other] = first.lines;
  assert.ok(line !== undefined && other !== undefined);
  assert.ok(means(first.name, first, line) && means(line, first, line));
  assert.ok(!means(line, first, other) && !means("block", first, line));
});
