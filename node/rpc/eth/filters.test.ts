import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { DEFAULT_RPC_LIMITS } from "../limits.ts";
import type { Reply } from "../reply.ts";
import { ALICE_KEY, CHAIN_ID, LOGGER } from "../testing/genesis.ts";
import { MemoryChain } from "../testing/memory-chain.ts";
import { filterMethods } from "./filters.ts";

const signal = new AbortController().signal;
const NOT_FOUND: Reply = { kind: "failure", code: -32000, message: "filter not found" };

async function filtersOf(limits: Partial<typeof DEFAULT_RPC_LIMITS>, now: () => number) {
  const chain = await MemoryChain.create();
  const methods = filterMethods({
    engine: chain,
    pool: undefined,
    limits: { ...DEFAULT_RPC_LIMITS, ...limits },
    now,
  });
  const call = async (name: string, params: readonly unknown[] = []): Promise<Reply> => {
    const method = methods[name];
    assert.ok(method, name);
    return method(params, { signal });
  };
  const add = async (name: string, params: readonly unknown[] = []): Promise<unknown> => {
    const reply = await call(name, params);
    assert.ok(reply.kind === "result");
    return reply.value;
  };
  return { chain, call, add };
}

test("filters of all clients together are limited", async () => {
  const { chain, call, add } = await filtersOf({ filters: 2 }, () => 0);
  const id = await add("eth_newBlockFilter");
  await add("eth_newFilter", [{ address: toHex(LOGGER) }]);
  assert.deepEqual(await call("eth_newBlockFilter"), {
    kind: "failure",
    code: -32005,
    message: "too many filters (limit 2)",
  });
  assert.deepEqual(await call("eth_uninstallFilter", [id]), { kind: "result", value: true });
  assert.deepEqual(await call("eth_uninstallFilter", [id]), { kind: "result", value: false });
  assert.equal(chain.listenerCount, 1);
});

test("each block is told once; a block filter has no logs", async () => {
  const { chain, call, add } = await filtersOf({}, () => 0);
  const id = await add("eth_newBlockFilter");
  const { hash } = await chain.extend();
  assert.deepEqual(await call("eth_getFilterChanges", [id]), { kind: "result", value: [toHex(hash)] });
  assert.deepEqual(await call("eth_getFilterChanges", [id]), { kind: "result", value: [] });
  assert.deepEqual(await call("eth_getFilterLogs", [id]), NOT_FOUND);
});

test("a filter that nobody polls is forgotten; one that is polled is not", async () => {
  let now = 0;
  const { chain, call, add } = await filtersOf({ filterMs: 100 }, () => now);
  const polled = await add("eth_newBlockFilter");
  const unused = await add("eth_newBlockFilter");
  now = 90;
  await call("eth_getFilterChanges", [polled]);
  now = 180;
  assert.deepEqual(await call("eth_getFilterChanges", [unused]), NOT_FOUND);
  assert.equal((await call("eth_getFilterChanges", [polled])).kind, "result");
  assert.equal(chain.listenerCount, 1);
});

test("a poller that missed more than is kept is told so, then goes on", async () => {
  const { chain, call, add } = await filtersOf({ logsResults: 2 }, () => 0);
  const id = await add("eth_newBlockFilter");
  for (let i = 0; i < 3; i++) await chain.extend();
  assert.deepEqual(await call("eth_getFilterChanges", [id]), {
    kind: "failure",
    code: -32005,
    message: "more than 2 changes since the last poll",
  });
  assert.deepEqual(await call("eth_getFilterChanges", [id]), { kind: "result", value: [] });
});

/** Logs one word of data. */
function loggingCall(nonce: bigint): Uint8Array {
  const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1_000n, accessList: [] };
  const call = { nonce, gasLimit: 100_000n, to: LOGGER, value: 0n, data: fromHex(`0x${"2a".repeat(32)}`) };
  return encodeTransaction(
    signTransaction({ type: 2, chainId: CHAIN_ID, ...call, ...fees }, fromHex(ALICE_KEY)),
  );
}

test("logs are read when they are asked for: a filter that nobody polls holds and costs next to nothing", async () => {
  const { chain, call, add } = await filtersOf({}, () => 0);
  const id = await add("eth_newFilter", [{ address: toHex(LOGGER) }]);
  const reads = mock.method(chain, "receipts");
  for (let nonce = 0n; nonce < 3n; nonce++) await chain.extend(loggingCall(nonce));
  assert.equal(reads.mock.callCount(), 0);
  const reply = await call("eth_getFilterChanges", [id]);
  assert.ok(reply.kind === "result" && Array.isArray(reply.value));
  assert.equal(reply.value.length, 3);
  assert.deepEqual(await call("eth_getFilterChanges", [id]), { kind: "result", value: [] });
});

test("no more logs are gathered than an answer may have", async () => {
  // A log has some 500 characters.
  const { chain, call, add } = await filtersOf({ responseBytes: 1_500 }, () => 0);
  const id = await add("eth_newFilter", [{ fromBlock: "0x0" }]);
  for (let nonce = 0n; nonce < 10n; nonce++) await chain.extend(loggingCall(nonce));
  const tooLarge: Reply = { kind: "failure", code: -32003, message: "response too large" };
  for (const method of ["eth_getFilterLogs", "eth_getFilterChanges"]) {
    const reads = mock.method(chain, "receipts");
    assert.deepEqual(await call(method, [id]), tooLarge);
    assert.ok(reads.mock.callCount() <= 5, method);
    reads.mock.restore();
  }
  assert.deepEqual(await call("eth_getFilterChanges", [id]), { kind: "result", value: [] });
});
