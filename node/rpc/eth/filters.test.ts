import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { DEFAULT_RPC_LIMITS } from "../limits.ts";
import type { Reply } from "../reply.ts";
import { LOGGER } from "../testing/genesis.ts";
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
