import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { dispatch } from "./dispatch.ts";
import { feeMethods } from "./eth/fees.ts";
import { logMethods } from "./eth/logs.ts";
import { DEFAULT_RPC_LIMITS } from "./limits.ts";
import type { RpcMethods } from "./method.ts";
import { result } from "./reply.ts";
import { LOGGER } from "./testing/genesis.ts";
import { MemoryChain } from "./testing/memory-chain.ts";

/** Milliseconds for which a step of these tests holds the thread: more than a turn. */
const STEP_MS = 15;
const STEPS = 6;

function burn(): void {
  const end = performance.now() + STEP_MS;
  while (performance.now() < end);
}

/** A chain of several blocks, each of which takes a while to read. */
async function slowChain(): Promise<MemoryChain> {
  const chain = await MemoryChain.create();
  for (let i = 0; i < STEPS; i++) await chain.extend();
  const hashByNumber = chain.hashByNumber.bind(chain);
  chain.hashByNumber = (number) => {
    burn();
    return hashByNumber(number);
  };
  return chain;
}

/** How often others got the thread while the work went on. */
async function turnsDuring(work: () => unknown): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isOver = true;
  return turns;
}

const limits = DEFAULT_RPC_LIMITS;

function ask(methods: RpcMethods, name: string, params: readonly unknown[]) {
  const method = methods[name];
  assert.ok(method);
  return method(params, { signal: new AbortController().signal });
}

describe("one client's long work lets others run between its steps", () => {
  test("eth_feeHistory, with percentiles and without", async () => {
    const methods = feeMethods(await slowChain(), limits);
    for (const percentiles of [[], [50]]) {
      const turns = await turnsDuring(async () => {
        const reply = await ask(methods, "eth_feeHistory", ["0x6", "latest", percentiles]);
        assert.equal(reply.kind, "result");
      });
      assert.ok(turns >= STEPS - 1, `${turns} turns`);
    }
  });

  test("eth_feeHistory ends with its time", async () => {
    const methods = feeMethods(await slowChain(), limits);
    const method = methods.eth_feeHistory;
    assert.ok(method);
    const reply = await method(["0x6", "latest", []], { signal: AbortSignal.abort() });
    assert.equal(reply.kind === "failure" && reply.message, "request timed out");
  });

  test("eth_getLogs", async () => {
    const methods = logMethods(await slowChain(), limits);
    const query = { fromBlock: "0x1", toBlock: "latest", address: toHex(LOGGER) };
    const turns = await turnsDuring(() => ask(methods, "eth_getLogs", [query]));
    assert.ok(turns >= STEPS - 1, `${turns} turns`);
  });

  test("a batch of few heavy calls", async () => {
    const call = '{"jsonrpc":"2.0","id":1,"method":"heavy"}';
    const lookup = () => () => {
      burn();
      return result(true);
    };
    const turns = await turnsDuring(() =>
      dispatch(`[${Array(STEPS).fill(call).join(",")}]`, lookup, { limits, log: silentLog }),
    );
    assert.ok(turns >= STEPS - 1, `${turns} turns`);
  });
});
