import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { L1_BLOCK } from "@phala-l2/protocol/predeploys";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import type { StateReader } from "../state/reader.ts";
import {
  accountOf,
  CHAIN_ID,
  contract,
  deposit,
  ETHER,
  signed,
  somewhere,
  TestChain,
} from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import { type BlockTrace, traceBlock } from "./trace-block.ts";
import { traceCall } from "./trace-call.ts";
import type { TracerOptions } from "./tracer.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const COUNTER = somewhere(1);
const FAILS = somewhere(2);
const DEPOSITOR = somewhere(3);

type Made = {
  readonly parent: Header;
  readonly state: StateReader;
  readonly block: Block;
  readonly gasUsed: readonly bigint[];
  readonly chain: TestChain;
};

/** A block with deposits that succeed, revert and can not run, then two transactions that count. */
async function madeBlock(): Promise<Made> {
  const chain = new TestChain({
    config,
    evm,
    alloc: [
      // SSTORE(0, SLOAD(0) + 1), LOG0
      contract(COUNTER, "0x5f546001015f555f5fa000"),
      contract(FAILS, "0x5f5ffd"),
    ],
  });
  const [parent, state] = [chain.head, chain.state()];
  const { sealed, applications } = await chain.build([
    deposit({ from: DEPOSITOR, to: COUNTER, mint: ETHER, value: 0n }),
    deposit({ from: DEPOSITOR, to: FAILS, value: 1n }),
    deposit({ from: DEPOSITOR, to: COUNTER, value: 10n * ETHER }),
    signed(0, { to: COUNTER }),
    signed(0, { to: COUNTER, nonce: 1n }),
  ]);
  assert.ok(applications.every(({ kind }) => kind === "included"));
  return {
    parent,
    state,
    block: sealed.block,
    chain,
    gasUsed: sealed.receipts.map(
      ({ cumulativeGasUsed }, index) =>
        cumulativeGasUsed - (sealed.receipts[index - 1]?.cumulativeGasUsed ?? 0n),
    ),
  };
}
const made = await madeBlock();

const CALLS: TracerOptions = { kind: "callTracer", onlyTopCall: false, withLog: true };

function trace(tracer: TracerOptions, only?: number, block: Block = made.block): Promise<BlockTrace> {
  const { parent, state, chain } = made;
  return traceBlock({
    config,
    parent,
    block,
    state,
    readNode: chain.readNode,
    evm,
    only,
    tracer,
    maxCharacters: 1_000_000,
  });
}

async function jsonsOf(tracer: TracerOptions, only?: number): Promise<readonly unknown[]> {
  const traced = await trace(tracer, only);
  assert.ok(traced.kind === "traced", JSON.stringify(traced));
  return traced.traces.map(({ json }): unknown => JSON.parse(json));
}

function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined),
    value,
  );
}

test("each transaction's gas is its receipt's: deposits, failed ones, and those that pay for L1", async () => {
  const frames = await jsonsOf(CALLS);
  assert.deepEqual(
    frames.map((frame) => BigInt(String(field(frame, "gasUsed")))),
    made.gasUsed,
  );
  const lines = await jsonsOf({
    kind: "structLogger",
    enableMemory: false,
    disableStack: false,
    disableStorage: false,
    enableReturnData: false,
    limit: 0,
  });
  assert.deepEqual(
    lines.map((one) => BigInt(String(field(one, "gas")))),
    made.gasUsed,
  );
  assert.deepEqual(
    lines.map((one) => field(one, "failed")),
    [false, false, true, true, false, false],
  );
});

test("deposits: who sent what, and what became of those that failed", async () => {
  const [attributes, counted, reverted, unable] = await jsonsOf(CALLS);
  assert.equal(field(attributes, "to"), toHex(L1_BLOCK));
  assert.deepEqual(
    [field(counted, "from"), field(counted, "error"), field(counted, "logs", 0, "index")],
    [toHex(DEPOSITOR), undefined, "0x0"],
  );
  assert.equal(field(reverted, "error"), "execution reverted");
  assert.deepEqual(
    [field(unable, "error"), field(unable, "value"), field(unable, "gasUsed")],
    ["failed deposit", `0x${(10n * ETHER).toString(16)}`, `0x${200_000n.toString(16)}`],
  );
});

test("one transaction sees what those before it did, and no other is told", async () => {
  const [diff, ...rest] = await jsonsOf(
    { kind: "prestateTracer", diffMode: true, disableCode: true, disableStorage: false, includeEmpty: false },
    5,
  );
  assert.equal(rest.length, 0);
  const slot = `0x${"0".repeat(64)}`;
  const [before, after] = (["pre", "post"] as const).map((side) =>
    field(diff, side, toHex(COUNTER), "storage", slot),
  );
  assert.deepEqual([BigInt(String(before)), BigInt(String(after))], [2n, 3n]);
  const sender = toHex(accountOf(0));
  assert.deepEqual([field(diff, "pre", sender, "nonce"), field(diff, "post", sender, "nonce")], [1, 2]);
});

test("a log's index counts the logs of the block before it", async () => {
  const frames = await jsonsOf(CALLS);
  assert.deepEqual(
    frames.slice(4).map((frame) => field(frame, "logs", 0, "index")),
    ["0x1", "0x2"],
  );
  // Those of transactions that are not traced, too.
  assert.equal(field((await jsonsOf(CALLS, 5))[0], "logs", 0, "index"), "0x2");
});

test("a block that can not be executed is told with the transaction to blame", async () => {
  const { block } = made;
  const transactions = [...block.transactions.slice(0, 4), fromHex("0x02c0")];
  const broken = await trace(CALLS, undefined, { ...block, transactions });
  assert.deepEqual(
    [broken.kind, broken.kind === "invalid-block" && broken.transaction],
    ["invalid-block", 4],
  );
  const replayed = [...block.transactions, ...block.transactions.slice(-1)];
  const twice = await trace(CALLS, undefined, { ...block, transactions: replayed });
  assert.deepEqual(twice, { kind: "invalid-block", reason: "nonce-too-low", transaction: 6 });
});

test("a header that no attributes make", async () => {
  const { block, parent } = made;
  for (const change of [
    { extraData: new Uint8Array(3) },
    { timestamp: parent.timestamp },
    { gasLimit: 0n },
  ]) {
    const header = { ...block.header, ...change };
    assert.equal((await trace(CALLS, undefined, { ...block, header })).kind, "invalid-block");
  }
});

test("traces of a whole block are bounded together", async () => {
  const { parent, state, chain, block } = made;
  const input = { config, parent, block, state, readNode: chain.readNode, evm, tracer: CALLS };
  assert.deepEqual(await traceBlock({ ...input, maxCharacters: 1_000 }), { kind: "too-large" });
  assert.equal((await traceBlock({ ...input, only: 0, maxCharacters: 1_000 })).kind, "traced");
});

test("a call before a transaction of the block sees the block so far", async () => {
  const { parent, state, chain, block } = made;
  const shows: Hex = "0x5f545f5260205ff3";
  const at = async (index: number): Promise<bigint> => {
    const traced = await traceCall({
      config,
      header: block.header,
      state,
      readNode: chain.readNode,
      evm,
      before: { parent, block, index },
      request: { from: accountOf(1), to: COUNTER },
      stateOverrides: new Map([
        [toHex(COUNTER), { code: fromHex(shows), nonce: undefined, balance: undefined, storage: undefined }],
      ]),
      blockOverrides: {},
      tracer: CALLS,
      maxCharacters: 10_000,
    });
    assert.ok(traced.kind === "traced");
    return BigInt(String(field(JSON.parse(traced.json), "output")));
  };
  assert.deepEqual([await at(0), await at(2), await at(5), await at(6)], [0n, 1n, 2n, 3n]);
});

test("nothing of a trace remains in the engine", async () => {
  const first = await jsonsOf(CALLS);
  await trace({ kind: "noopTracer" });
  assert.deepEqual(await jsonsOf(CALLS), first);
});
