import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { asHash, fromHex, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { encodeBlock } from "@phala-l2/protocol/wire/block";
import { encodeTransaction, signTransaction, transactionHash } from "@phala-l2/protocol/wire/transaction";
import { startCallWorker } from "../calls/call-worker.ts";
import type { CallRunner } from "../calls/runner.ts";
import { ALICE, ALICE_KEY, CHAIN_ID, LOGGER, LOOPER, REVERTER } from "../testing/genesis.ts";
import { MemoryChain } from "../testing/memory-chain.ts";
import { ask, type Served, serveMemoryChain } from "../testing/serve.ts";
import { duration } from "./duration.ts";

const KEY = fromHex(ALICE_KEY);

function transaction(nonce: bigint, to = LOGGER, gasLimit = 100_000n): Uint8Array {
  return encodeTransaction(
    signTransaction(
      {
        ...({ type: 2, chainId: CHAIN_ID, nonce, gasLimit, to, value: 0n } as const),
        data: fromHex("0x2a".padEnd(66, "0")),
        maxFeePerGas: 10n ** 10n,
        maxPriorityFeePerGas: 1_000n,
        accessList: [],
      },
      KEY,
    ),
  );
}

function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined),
    value,
  );
}

const CALLS = { tracer: "callTracer" };

describe("debug_trace* over a chain", () => {
  let served: Served;
  let hashes: readonly Hex[];
  let blockHash: Hex;
  const at = (method: string, ...params: readonly unknown[]) => ask(served.server.url, method, params);
  const wordsOf = async (method: string, ...params: readonly unknown[]) => {
    const { error } = await at(method, ...params);
    return [error?.code, error?.message];
  };

  before(async () => {
    served = await serveMemoryChain();
    const raws = [transaction(0n), transaction(1n, REVERTER)];
    blockHash = toHex((await served.chain.extend(...raws)).hash);
    hashes = raws.map((raw) => toHex(transactionHash(raw)));
  });
  after(() => served.server.stop());

  test("a transaction: its gas is the receipt's", async () => {
    const receipt = await at("eth_getTransactionReceipt", hashes[0]);
    const trace = await at("debug_traceTransaction", hashes[0], CALLS);
    assert.equal(field(trace.result, "gasUsed"), field(receipt.result, "gasUsed"));
    const reverted = await at("debug_traceTransaction", hashes[1], CALLS);
    assert.equal(field(reverted.result, "revertReason"), "user error");
  });

  test("a block by number, tag, hash and bytes: the deposit first", async () => {
    const { result } = await at("debug_traceBlockByNumber", "0x1", CALLS);
    assert.ok(Array.isArray(result));
    assert.deepEqual(
      result.slice(1).map((one) => field(one, "txHash")),
      hashes,
    );
    const block = served.chain.block(asHash(fromHex(blockHash)));
    assert.ok(block);
    for (const other of [
      await at("debug_traceBlockByNumber", "latest", CALLS),
      await at("debug_traceBlockByHash", blockHash, CALLS),
      await at("debug_traceBlock", toHex(encodeBlock(block)), CALLS),
    ]) {
      assert.deepEqual(other.result, result);
    }
  });

  test("a call: behind a block, and before one of its transactions", async () => {
    const request = { from: toHex(ALICE), to: toHex(LOGGER), data: `0x${"07".padStart(64, "0")}` };
    const diff = { tracer: "prestateTracer", tracerConfig: { diffMode: true } };
    const before = async (txIndex?: Hex) => {
      const { result, error } = await at("debug_traceCall", request, "latest", { ...diff, txIndex });
      return field(result, "pre", toHex(LOGGER), "storage", toHex(ZERO_HASH)) ?? error?.message;
    };
    assert.equal(await before(), `0x2a${"0".repeat(62)}`);
    assert.equal(await before("0x1"), undefined);
    assert.match(String(await before("0x9")), /transaction index 9 out of range/);
  });

  test("a call with pretended accounts and a pretended block", async () => {
    const { result } = await at("debug_traceCall", { to: toHex(REVERTER) }, "0x1", {
      stateOverrides: { [toHex(REVERTER)]: { code: "0x4300" } },
      blockOverrides: { number: "0x1337" },
    });
    assert.deepEqual(field(result, "structLogs", 1, "stack"), ["0x1337"]);
  });

  test("what is not there, in geth's words", async () => {
    const none = toHex(ZERO_HASH);
    assert.deepEqual(await wordsOf("debug_traceTransaction", none), [-32000, "transaction not found"]);
    assert.deepEqual(await wordsOf("debug_traceBlockByHash", none), [-32000, `block ${none} not found`]);
    assert.deepEqual(await wordsOf("debug_traceBlockByNumber", "0x63"), [-32000, "block #99 not found"]);
    assert.deepEqual(await wordsOf("debug_traceCall", {}, "0x63"), [-32000, "block #99 not found"]);
    assert.deepEqual(await wordsOf("debug_traceBlockByNumber", "0x0"), [-32000, "genesis is not traceable"]);
    assert.deepEqual(await wordsOf("debug_traceBlockByNumber", "earliest"), [
      -32000,
      "genesis is not traceable",
    ]);
    const pending = await wordsOf("debug_traceCall", {}, "pending");
    assert.deepEqual(pending, [-32000, "tracing on top of pending is not supported"]);
  });

  test("hostile blocks are refused, not executed", async () => {
    const block = served.chain.block(asHash(fromHex(blockHash)));
    assert.ok(block);
    const raw = (change: object) => toHex(encodeBlock({ ...block, header: { ...block.header, ...change } }));
    assert.match(String((await wordsOf("debug_traceBlock", "0x01"))[1]), /^could not decode block/);
    const parent = asHash(new Uint8Array(32).fill(7));
    assert.deepEqual(await wordsOf("debug_traceBlock", raw({ parentHash: parent })), [
      ...[-32000, `parent ${toHex(parent)} not found`],
    ]);
    assert.match(
      String((await wordsOf("debug_traceBlock", raw({ number: 9n })))[1]),
      /^parent .* not found$/,
    );
    assert.match(String((await wordsOf("debug_traceBlock", raw({ timestamp: 1n })))[1]), /^tracing failed/);
    assert.match(
      String((await wordsOf("debug_traceBlock", raw({ extraData: parent })))[1]),
      /^tracing failed/,
    );
  });

  test("a made-up block has no more gas than its parent or a call", async () => {
    const block = served.chain.block(asHash(fromHex(blockHash)));
    assert.ok(block);
    const greedy = (gasLimit: bigint) =>
      toHex(encodeBlock({ ...block, header: { ...block.header, gasLimit } }));
    const { result } = await at("debug_traceBlock", greedy(50_000_000n), CALLS);
    assert.ok(Array.isArray(result));
    // With 2^62 gas a deposit, whose gas nobody buys, copies gigabytes into its memory.
    for (const gasLimit of [50_000_001n, 2n ** 63n, 2n ** 64n - 1n])
      assert.deepEqual(await wordsOf("debug_traceBlock", greedy(gasLimit)), [
        ...[-32000, `gas limit ${gasLimit} of the block exceeds 50000000`],
      ]);
  });

  test("tracers that geth has no name for, and code", async () => {
    for (const [tracer, words] of [
      ["fooTracer", "ReferenceError: fooTracer is not defined at <eval>:1:2(0)"],
      ["__proto__", "ReferenceError: __proto__ is not defined at <eval>:1:2(0)"],
      ["", "tracers in JavaScript are not supported"],
      [
        "{step: function() {}, fault: function() {}, result: function() {}}",
        "tracers in JavaScript are not supported",
      ],
    ]) {
      assert.deepEqual(await wordsOf("debug_traceTransaction", hashes[0], { tracer }), [-32000, words]);
    }
  });

  test("options of the wrong shape", async () => {
    for (const options of [
      "callTracer",
      [],
      { tracer: 5 },
      { limit: "0x5" },
      { limit: 1.5 },
      { enableMemory: "yes" },
      { timeout: 5 },
      { overrides: { cancunTime: 0 } },
      { stateOverrides: 5 },
      { txIndex: -1 },
      { blockOverrides: { number: 5 } },
    ]) {
      const [code] = await wordsOf("debug_traceCall", {}, "latest", options);
      assert.equal(code, -32602, JSON.stringify(options));
    }
    for (const options of [
      { tracer: "callTracer", tracerConfig: { withLog: "yes" } },
      { tracer: "callTracer", tracerConfig: [] },
      { tracer: "prestateTracer", tracerConfig: { diffMode: true, includeEmpty: true } },
      { timeout: "5" },
      { timeout: "" },
      { timeout: "5 s" },
      { blockOverrides: { withdrawals: [] } },
    ]) {
      const [code] = await wordsOf("debug_traceCall", {}, "latest", options);
      assert.equal(code, -32000, JSON.stringify(options));
    }
  });

  test("a call that can not begin", async () => {
    const poor = { from: toHex(LOOPER), to: toHex(LOGGER), value: "0x1" };
    assert.match(
      String((await wordsOf("debug_traceCall", poor, "latest"))[1]),
      /^tracing failed: insufficient funds for gas \* price \+ value: address 0x.* have 0 want 1$/,
    );
    const twice = { gasPrice: "0x1", maxFeePerGas: "0x1" };
    assert.match(String((await wordsOf("debug_traceCall", twice, "latest"))[1]), /^both gasPrice and/);
  });

  test("null and absent options are the defaults", async () => {
    const { result } = await at("debug_traceTransaction", hashes[0], null);
    assert.deepEqual(result, (await at("debug_traceTransaction", hashes[0], {})).result);
    assert.ok(Array.isArray(field(result, "structLogs")));
  });
});

test("a trace longer than an answer may be is refused", async () => {
  const served = await serveMemoryChain({ limits: { traceCharacters: 20_000 } });
  try {
    const request = { to: toHex(LOOPER), gas: "0xfffff" };
    const { error } = await ask(served.server.url, "debug_traceCall", [request, "latest"]);
    assert.deepEqual([error?.code, error?.message], [-32003, "response too large"]);
    const counted = await ask(served.server.url, "debug_traceCall", [request, "latest", { limit: 500 }]);
    assert.equal(field(counted.result, "failed"), true);
  } finally {
    await served.server.stop();
  }
});

describe("traces on a thread of their own", () => {
  let served: Served;
  let calls: CallRunner;
  before(async () => {
    const { config } = await MemoryChain.create();
    calls = startCallWorker(config, silentLog);
    served = await serveMemoryChain({ calls, limits: { callGas: 10n ** 15n } });
    await served.chain.extend(transaction(0n));
  });
  after(async () => {
    await served.server.stop();
    await calls.stop();
  });

  test("are what they are on this one", async () => {
    const own = await serveMemoryChain();
    try {
      await own.chain.extend(transaction(0n));
      for (const options of [{}, CALLS, { tracer: "prestateTracer" }, { tracer: "4byteTracer" }]) {
        const [here, there] = await Promise.all(
          [own, served].map(({ server }) => ask(server.url, "debug_traceBlockByNumber", ["0x1", options])),
        );
        assert.deepEqual(there?.result, here?.result);
        assert.ok(Array.isArray(here?.result));
      }
    } finally {
      await own.server.stop();
    }
  });

  test("an endless one ends at its timeout, and holds up no call", async () => {
    const { url } = served.server;
    const request = { to: toHex(LOOPER), gas: "0xffffffffff" };
    const options = { tracer: "noopTracer", timeout: "2s" };
    const logger = [{ to: toHex(LOGGER), data: toHex(ZERO_HASH) }];
    // The thread of calls takes a while to start.
    await ask(url, "eth_call", logger);
    const endless = ask(url, "debug_traceCall", [request, "latest", options]);
    const call = ask(url, "eth_call", logger);
    assert.equal(
      await Promise.race([endless.then(() => "the trace"), call.then(() => "the call")]),
      "the call",
    );
    const { error } = await endless;
    assert.deepEqual([error?.code, error?.message], [-32000, "execution timeout"]);
    const next = await ask(url, "debug_traceCall", [{ to: toHex(LOGGER) }, "latest", CALLS]);
    assert.equal(field(next.result, "type"), "CALL");
  });
});

test("a short trace leaves no timer behind, whatever timeout it named", async () => {
  const served = await serveMemoryChain();
  try {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const params = [{ to: toHex(LOGGER) }, "latest", { tracer: "noopTracer", timeout: "1h" }];
    await ask(served.server.url, "debug_traceCall", params);
    const before = timers();
    for (let i = 0; i < 20; i++) await ask(served.server.url, "debug_traceCall", params);
    assert.ok(timers() < before + 10);
  } finally {
    await served.server.stop();
  }
});

test("durations as Go reads them", () => {
  for (const [text, milliseconds] of [
    ["5s", 5_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5ms", 0.5],
    ["0", 0],
    ["-2s", -2_000],
    ["+1us", 0.001],
  ] as const) {
    assert.deepEqual(duration(text), { kind: "ok", value: milliseconds }, text);
  }
  for (const text of [
    "",
    "s",
    "5",
    "5 s",
    "5x",
    "1m30",
    "--1s",
    ".s",
    "5__proto__",
    "1e3s",
    "9".repeat(100),
  ]) {
    assert.equal(duration(text).kind, "invalid", text);
  }
});
