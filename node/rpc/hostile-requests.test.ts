import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { SECP256K1_ORDER } from "@phala-l2/protocol/secp256k1";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { WebSocket } from "ws";
import type { SubmissionResult } from "./eth/submission.ts";
import { ALICE, ALICE_KEY, CHAIN_ID, LOGGER, LOOPER } from "./testing/memory-chain.ts";
import { ask, post, type RpcAnswer, type Served, serveMemoryChain } from "./testing/serve.ts";

const ADDRESS = toHex(ALICE);
const HASH = `0x${"11".repeat(32)}`;
const KEY = fromHex(ALICE_KEY);

describe("requests that are no JSON-RPC", () => {
  let served: Served;
  before(async () => {
    served = await serveMemoryChain({ limits: { batchCalls: 20 } });
  });
  after(async () => served.server.stop());

  const bodies: readonly (readonly [name: string, body: string, code: number, message: string])[] = [
    ["nothing", "", -32700, "parse error"],
    ["half an object", '{"jsonrpc":"2.0"', -32700, "parse error"],
    ["a text", '"eth_chainId"', -32600, "invalid request"],
    ["null", "null", -32600, "invalid request"],
    ["a number", "7", -32600, "invalid request"],
    ["no version", '{"id":1,"method":"eth_chainId"}', -32600, "invalid request"],
    ["version 1", '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600, "invalid request"],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600, "invalid request"],
    ["method of another type", '{"jsonrpc":"2.0","id":1,"method":5}', -32600, "invalid request"],
    ["an object for an id", '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600, "invalid request"],
    ["an empty batch", "[]", -32600, "empty batch"],
    [
      "deep nesting",
      `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      -32700,
      "parse error",
    ],
    [
      "params by name",
      '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{"a":1}}',
      -32602,
      "non-array args",
    ],
    [
      "an unknown method",
      '{"jsonrpc":"2.0","id":1,"method":"eth_x"}',
      -32601,
      "the method eth_x does not exist/is not available",
    ],
    [
      "a prototype's member",
      '{"jsonrpc":"2.0","id":1,"method":"constructor"}',
      -32601,
      "the method constructor does not exist/is not available",
    ],
    [
      "__proto__",
      '{"jsonrpc":"2.0","id":1,"method":"__proto__"}',
      -32601,
      "the method __proto__ does not exist/is not available",
    ],
    [
      "subscribing over HTTP",
      '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}',
      -32601,
      "the method eth_subscribe does not exist/is not available",
    ],
  ];
  for (const [name, body, code, message] of bodies) {
    test(name, async () => {
      const answer: RpcAnswer = JSON.parse((await post(served.server.url, body)).text);
      assert.deepEqual(answer.error, { code, message });
    });
  }

  test("a batch over the limit is refused as a whole", async () => {
    const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}';
    const { text } = await post(served.server.url, `[${Array(10_000).fill(call).join(",")}]`);
    assert.deepEqual(JSON.parse(text), [
      { jsonrpc: "2.0", id: null, error: { code: -32600, message: "batch too large" } },
    ]);
  });

  test("a batch answers each call, notifications and rubbish in their way", async () => {
    const { text } = await post(
      served.server.url,
      '[{"jsonrpc":"2.0","id":"a","method":"eth_chainId"},1,{"jsonrpc":"2.0","method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"nope"}]',
    );
    const answers: RpcAnswer[] = JSON.parse(text);
    assert.deepEqual(
      answers.map(({ id }) => id),
      ["a", null, 2],
    );
    assert.equal(answers[0]?.result, "0x385");
    assert.deepEqual(
      answers.slice(1).map(({ error }) => error?.code),
      [-32600, -32601],
    );
  });

  test("a notification alone has no answer", async () => {
    assert.deepEqual(await post(served.server.url, '{"jsonrpc":"2.0","method":"eth_chainId"}'), {
      status: 200,
      text: "",
    });
  });

  test("a body over the limit is refused before it is read", async () => {
    const { status, text } = await post(served.server.url, `"${"x".repeat(6 * 1024 * 1024)}"`);
    assert.equal(status, 413);
    assert.equal(JSON.parse(text).error.code, -32600);
  });

  test("another content type, method or path", async () => {
    const plain = await fetch(served.server.url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "{}",
    });
    assert.equal(plain.status, 415);
    assert.equal((await fetch(served.server.url, { method: "PUT" })).status, 404);
    assert.equal((await fetch(`${served.server.url}/../etc/passwd`)).status, 404);
    assert.equal((await fetch(`${served.server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${served.server.url}/readyz`)).status, 200);
  });

  test("a page of another origin gets no leave, over HTTP or WebSocket", async () => {
    const response = await fetch(served.server.url, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example" },
    });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    const socket = new WebSocket(served.server.wsUrl, { origin: "https://evil.example" });
    await assert.rejects(
      new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject)),
      /403/,
    );
  });

  test("bytes that are no HTTP do no harm", async () => {
    const { port } = new URL(served.server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.end("\x16\x03\x01\x00garbage\r\n\r\n"));
      socket
        .on("close", () => resolve())
        .on("error", () => resolve())
        .resume();
    });
    assert.equal((await ask(served.server.url, "eth_chainId")).result, "0x385");
  });
});

describe("parameters that do not fit, in geth's words", () => {
  let served: Served;
  before(async () => {
    served = await serveMemoryChain({ limits: { logsBlocks: 10, proofKeys: 4 } });
    for (let i = 0; i < 12; i++) await served.chain.extend();
  });
  after(async () => served.server.stop());

  const cases: readonly (readonly [
    method: string,
    params: readonly unknown[],
    code: number,
    words: string | RegExp,
  ])[] = [
    ["eth_chainId", [1], -32602, "too many arguments, want at most 0"],
    ["eth_getBalance", [], -32602, "missing value for required argument 0"],
    ["eth_getBalance", [null], -32602, "missing value for required argument 0"],
    ["eth_getBalance", [ADDRESS, "latest", 1], -32602, "too many arguments, want at most 2"],
    [
      "eth_getBalance",
      ["0x12"],
      -32602,
      "invalid argument 0: json: cannot unmarshal hex string has length 2, want 40 for common.Address into Go value of type common.Address",
    ],
    [
      "eth_getBalance",
      [5],
      -32602,
      "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address",
    ],
    ["eth_getBalance", [ADDRESS, "first"], -32602, "invalid argument 1: hex string without 0x prefix"],
    ["eth_getBalance", [ADDRESS, "0x"], -32602, 'invalid argument 1: hex string "0x"'],
    ["eth_getBalance", [ADDRESS, "0x01"], -32602, "invalid argument 1: hex number with leading zero digits"],
    ["eth_getBalance", [ADDRESS, "0x1ffffffffffffffff"], -32602, "invalid argument 1: hex number > 64 bits"],
    [
      "eth_getBalance",
      [ADDRESS, "0xffffffffffffffff"],
      -32602,
      "invalid argument 1: block number larger than int64",
    ],
    [
      "eth_getBalance",
      [ADDRESS, { blockHash: HASH, blockNumber: "0x1" }],
      -32602,
      "invalid argument 1: cannot specify both BlockHash and BlockNumber, choose one or the other",
    ],
    ["eth_getBalance", [ADDRESS, "0x999"], -32000, "header not found"],
    ["eth_getBalance", [ADDRESS, HASH], -32000, "header for hash not found"],
    ["eth_getBlockByNumber", ["2"], -32602, "invalid argument 0: hex string without 0x prefix"],
    [
      "eth_getBlockByNumber",
      ["0x1", "yes"],
      -32602,
      "invalid argument 1: json: cannot unmarshal string into Go value of type bool",
    ],
    ["eth_getBlockByHash", ["0x12"], -32602, /want 64 for common.Hash/],
    [
      "debug_getRawTransaction",
      [HASH.slice(2)],
      -32602,
      "invalid argument 0: json: cannot unmarshal hex string without 0x prefix into Go value of type common.Hash",
    ],
    ["eth_getStorageAt", [ADDRESS, "0xasdf", "latest"], -32602, 'invalid hex in storage key: "0xasdf"'],
    [
      "eth_getStorageAt",
      [ADDRESS, `0x${"0".repeat(65)}`, "latest"],
      -32602,
      /^storage key too long \(want at most 32 bytes\)/,
    ],
    [
      "eth_getProof",
      [ADDRESS, Array(5).fill("0x0"), "latest"],
      -32602,
      "invalid argument 1: too many items (max 4)",
    ],
    ["eth_getLogs", [{ fromBlock: "0x0", toBlock: "0xc" }], -32005, "exceed maximum block range: 10"],
    ["eth_getLogs", [{ fromBlock: "0x5", toBlock: "0x4" }], -32602, "invalid block range params"],
    [
      "eth_getLogs",
      [{ fromBlock: "0x5", toBlock: "0x99" }],
      -32602,
      "block range extends beyond current head block",
    ],
    [
      "eth_getLogs",
      [{ blockHash: HASH, fromBlock: "0x1" }],
      -32602,
      "invalid argument 0: cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other",
    ],
    ["eth_getLogs", [{ blockHash: HASH }], -32000, "unknown block"],
    ["eth_getLogs", [{ topics: [[], [], [], [], []] }], -32602, "invalid argument 0: exceed max topics"],
    ["eth_getLogs", [{ topics: "all" }], -32602, "invalid argument 0: invalid topic(s)"],
    ["eth_getLogs", [{ topics: [5] }], -32602, "invalid argument 0: invalid topic(s)"],
    ["eth_getLogs", [{ address: [7] }], -32602, "invalid argument 0: non-string address at index 0"],
    [
      "eth_getLogs",
      [{ address: Array(1_001).fill(ADDRESS) }],
      -32602,
      "invalid argument 0: exceed max addresses or topics per search position",
    ],
    ["eth_call", ["0x"], -32602, /^invalid argument 0: json: cannot unmarshal/],
    ["eth_call", [{ to: "0x12" }], -32602, /Go struct field TransactionArgs.to of type common.Address/],
    ["eth_call", [{ to: ADDRESS, input: "0x1" }], -32602, /odd length/],
    ["eth_call", [{ to: ADDRESS, input: "0x01", data: "0x02" }], -32602, /both "data" and "input" are set/],
    [
      "eth_call",
      [{ to: ADDRESS, gasPrice: "0x1", maxFeePerGas: "0x1" }],
      -32000,
      "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
    ],
    [
      "eth_call",
      [{ to: ADDRESS, maxFeePerGas: "0x1", maxPriorityFeePerGas: "0x2" }],
      -32000,
      "maxFeePerGas (0x1) < maxPriorityFeePerGas (0x2)",
    ],
    [
      "eth_call",
      [{ from: toHex(LOGGER), to: ADDRESS, value: "0x1", gas: "0x5208" }],
      -32000,
      /^err: insufficient funds for gas \* price \+ value: address 0x\w{40} have 0 want 1 \(supplied gas 21000\)$/,
    ],
    [
      "eth_call",
      [{ to: ADDRESS, gas: "0x1" }],
      -32000,
      "err: intrinsic gas too low: have 1, want 21000 (supplied gas 1)",
    ],
    ["eth_call", [{ to: toHex(LOOPER), gas: "0x186a0" }], -32000, "out of gas"],
    [
      "eth_call",
      [{ to: ADDRESS }, "latest", {}, { number: "0x1" }],
      -32602,
      "block overrides are not supported",
    ],
    [
      "eth_call",
      [{ to: ADDRESS }, "latest", { [ADDRESS]: { state: {}, stateDiff: {} } }],
      -32602,
      /both 'state' and 'stateDiff'/,
    ],
    [
      "eth_estimateGas",
      [{ to: toHex(LOOPER), gas: "0x186a0" }],
      -32000,
      "gas required exceeds allowance (100000)",
    ],
    ["eth_feeHistory", ["0x1", "latest", [50, 20]], -32000, "invalid reward percentile: #0:50 >= #1:20"],
    ["eth_feeHistory", ["0x1", "latest", [101]], -32000, "invalid reward percentile: 101"],
    ["eth_feeHistory", ["0x1", "0x999"], -32000, "request beyond head block"],
    ["eth_getFilterChanges", ["0x1"], -32000, "filter not found"],
    ["eth_sendRawTransaction", ["0x00"], -32000, /no sequencer is configured/],
    ["optimism_outputAtBlock", ["0x999"], -32000, /not found/],
    ["optimism_safeHeadAtL1Block", ["0x0"], -32000, "safe head not found"],
  ];
  for (const [method, params, code, words] of cases) {
    test(`${method} ${JSON.stringify(params).slice(0, 90)}`, async () => {
      const { error } = await ask(served.server.url, method, params);
      assert.equal(error?.code, code, error?.message);
      if (typeof words === "string") assert.equal(error?.message, words);
      else assert.match(error?.message ?? "", words);
    });
  }

  test("what is not there is null, not an error", async () => {
    const { url } = served.server;
    for (const [method, params] of [
      ["eth_getBlockByNumber", ["0x999", true]],
      ["eth_getBlockByHash", [HASH, true]],
      ["eth_getTransactionByHash", [HASH]],
      ["eth_getTransactionReceipt", [HASH]],
      ["eth_getBlockReceipts", ["0x999"]],
      ["eth_getTransactionByBlockNumberAndIndex", ["0x1", "0xffffffffffffffff"]],
      ["eth_getUncleByBlockNumberAndIndex", ["0x1", "0x0"]],
    ] as const) {
      assert.equal((await ask(url, method, params)).result, null, method);
    }
  });
});

describe("transactions that are refused", () => {
  const received: Uint8Array[] = [];
  let outcome: SubmissionResult = { kind: "accepted" };
  let served: Served;
  before(async () => {
    served = await serveMemoryChain({
      submit: async ({ raw }) => {
        received.push(raw);
        return outcome;
      },
    });
  });
  after(async () => served.server.stop());

  const common = { nonce: 0n, gasLimit: 21_000n, to: LOGGER, value: 0n, data: new Uint8Array(0) };
  const feeMarket = {
    type: 2,
    chainId: CHAIN_ID,
    ...common,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1n,
    accessList: [],
  } as const;
  const good = signTransaction(feeMarket, KEY);
  const rows: readonly (readonly [name: string, raw: Uint8Array, words: string | RegExp])[] = [
    ["nothing", new Uint8Array(0), "typed transaction too short"],
    ["an unknown type", Uint8Array.of(9, 0xc0), "transaction type not supported"],
    ["a blob transaction", Uint8Array.of(3, 0xc0), "transaction type not supported"],
    ["a deposit", Uint8Array.of(0x7e, 0xc0), "transaction type not supported"],
    ["garbage", Uint8Array.of(2, 1, 2, 3), /^rlp: /],
    [
      "another chain's id",
      encodeTransaction(signTransaction({ ...feeMarket, chainId: 1n }, KEY)),
      "invalid sender: invalid chain id for signer: have 1 want 901",
    ],
    [
      "no chain id",
      encodeTransaction(
        signTransaction({ type: 0, chainId: undefined, ...common, gasPrice: 10n ** 10n }, KEY),
      ),
      "only replay-protected (EIP-155) transactions allowed over RPC",
    ],
    [
      "a high s",
      encodeTransaction({ ...good, s: SECP256K1_ORDER - good.s, yParity: good.yParity === 0 ? 1 : 0 }),
      "invalid sender: invalid transaction v, r, s values",
    ],
    [
      "r of zero",
      encodeTransaction({ ...good, r: 0n }),
      "invalid sender: invalid transaction v, r, s values",
    ],
    ["a byte too many", Uint8Array.of(...encodeTransaction(good), 0), /^rlp: /],
  ];
  for (const [name, raw, words] of rows) {
    test(`${name}: refused before the pool sees it`, async () => {
      const before = received.length;
      const { error } = await ask(served.server.url, "eth_sendRawTransaction", [toHex(raw)]);
      assert.equal(error?.code, -32000);
      if (typeof words === "string") assert.equal(error?.message, words);
      else assert.match(error?.message ?? "", words);
      assert.equal(received.length, before);
    });
  }

  const rejections: readonly (readonly [rejection: SubmissionResult, words: string])[] = [
    [{ kind: "rejected", rejection: { reason: "already-known" } }, "already known"],
    [
      { kind: "rejected", rejection: { reason: "nonce-too-low", next: 5n, given: 3n } },
      "nonce too low: next nonce 5, tx nonce 3",
    ],
    [
      { kind: "rejected", rejection: { reason: "insufficient-funds", balance: 5n, cost: 7n } },
      "insufficient funds for gas * price + value: balance 5, tx cost 7, overshot 2",
    ],
    [
      {
        kind: "rejected",
        rejection: { reason: "gas-limit-above-cap", cap: 16_777_216n, given: 20_000_000n },
      },
      "transaction gas limit too high (cap: 16777216, tx: 20000000)",
    ],
    [{ kind: "rejected", rejection: { reason: "gas-limit-exceeds-block" } }, "exceeds block gas limit"],
    [
      { kind: "rejected", rejection: { reason: "replacement-underpriced" } },
      "replacement transaction underpriced",
    ],
    [
      { kind: "rejected", rejection: { reason: "underpriced", tip: 1n, needed: 2n } },
      "transaction underpriced: gas tip cap 1, minimum needed 2",
    ],
    [{ kind: "rejected", rejection: { reason: "pool-full" } }, "txpool is full"],
    [{ kind: "failure", code: -32000, message: "as the sequencer said" }, "as the sequencer said"],
  ];
  for (const [rejection, words] of rejections) {
    test(`the pool's refusal: ${words.slice(0, 40)}`, async () => {
      outcome = rejection;
      const { error } = await ask(served.server.url, "eth_sendRawTransaction", [
        toHex(encodeTransaction(good)),
      ]);
      assert.deepEqual(error, { code: -32000, message: words });
    });
  }

  test("an accepted one is answered by its hash, and its receipt where that is asked for", async () => {
    outcome = { kind: "accepted" };
    const raw = encodeTransaction({ ...good });
    const hash = (await ask(served.server.url, "eth_sendRawTransaction", [toHex(raw)])).result;
    assert.match(String(hash), /^0x[0-9a-f]{64}$/);
    const late = await ask(served.server.url, "eth_sendRawTransactionSync", [toHex(raw), 20]);
    assert.equal(late.error?.code, 4);
    assert.equal(late.error?.data, hash);
    const waiting = ask(served.server.url, "eth_sendRawTransactionSync", [toHex(raw), 300]);
    while (served.chain.listenerCount === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await served.chain.extend(encodeTransaction(signTransaction({ ...feeMarket, gasLimit: 100_000n }, KEY)));
    const other = encodeTransaction(signTransaction({ ...feeMarket, nonce: 1n, gasLimit: 100_000n }, KEY));
    await served.chain.extend(other);
    const included = await ask(served.server.url, "eth_sendRawTransactionSync", [toHex(other), 5_000]);
    assert.equal((included.result as { status: string }).status, "0x1");
    assert.equal((await waiting).error?.code, 4);
    assert.equal(served.chain.listenerCount, 0);
  });
});

describe("WebSockets that ask too much", () => {
  async function open(served: Served): Promise<WebSocket> {
    const socket = new WebSocket(served.server.wsUrl);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return socket;
  }

  function request(socket: WebSocket, body: object): Promise<RpcAnswer> {
    return new Promise((resolve) => {
      socket.once("message", (data) => resolve(JSON.parse(data.toString())));
      socket.send(JSON.stringify({ jsonrpc: "2.0", ...body }));
    });
  }

  test("subscriptions are limited, and end with the socket", async () => {
    const served = await serveMemoryChain({ limits: { subscriptionsPerSocket: 3 } });
    const socket = await open(served);
    for (let id = 0; id < 3; id++) {
      assert.match(
        String((await request(socket, { id, method: "eth_subscribe", params: ["newHeads"] })).result),
        /^0x/,
      );
    }
    const fourth = await request(socket, { id: 9, method: "eth_subscribe", params: ["newHeads"] });
    assert.deepEqual(fourth.error, { code: -32005, message: "too many subscriptions (limit 3)" });
    const unknown = await request(socket, { id: 9, method: "eth_unsubscribe", params: ["0x1"] });
    assert.deepEqual(unknown.error, { code: -32000, message: "subscription not found" });
    assert.equal(served.chain.listenerCount, 3);
    socket.close();
    while (served.chain.listenerCount > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await served.server.stop();
  });

  test("unknown kinds of subscription and patterns that do not fit are refused", async () => {
    const served = await serveMemoryChain();
    const socket = await open(served);
    const rows = [
      [["newPizza"], -32601, 'no "newPizza" subscription in eth namespace'],
      [[], -32602, "missing value for required argument 0"],
      [["logs", { topics: 5 }], -32602, "invalid argument 1: invalid topic(s)"],
      [
        ["newPendingTransactions", "yes"],
        -32602,
        "invalid argument 1: json: cannot unmarshal non-boolean into Go value of type bool",
      ],
    ] as const;
    for (const [params, code, message] of rows) {
      assert.deepEqual((await request(socket, { id: 1, method: "eth_subscribe", params })).error, {
        code,
        message,
      });
    }
    socket.terminate();
    await served.server.stop();
  });

  test("a reader that does not read is cut off", async () => {
    const served = await serveMemoryChain({ limits: { socketBufferBytes: 10_000 } });
    const socket = await open(served);
    await request(socket, { id: 1, method: "eth_subscribe", params: ["newHeads"] });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    // The socket's reader stops; the kernel's buffers fill, then the server's.
    socket.pause();
    for (let i = 0; i < 400 && served.chain.listenerCount > 0; i++) {
      for (let call = 0; call < 40; call++) {
        socket.send(`{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",true]}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(served.chain.listenerCount, 0);
    socket.resume();
    await closed;
    await served.server.stop();
  });

  test("binary frames, and messages over the limit, close the socket", async () => {
    const served = await serveMemoryChain({ limits: { bodyBytes: 1_000 } });
    for (const message of [Buffer.from([1, 2, 3]), "x".repeat(2_000)]) {
      const socket = await open(served);
      const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)));
      socket.send(message);
      assert.ok([1008, 1009].includes(await closed));
    }
    await served.server.stop();
  });

  test("a socket over the server's limit is refused, and the others go on", async () => {
    const served = await serveMemoryChain({ limits: { sockets: 1 } });
    const first = await open(served);
    await assert.rejects(open(served), /503/);
    assert.equal((await request(first, { id: 1, method: "eth_chainId" })).result, "0x385");
    first.terminate();
    await served.server.stop();
  });
});

describe("one client's load and the others", () => {
  test("a call that runs out of time is answered, and dropped", async () => {
    const served = await serveMemoryChain({ limits: { requestMs: 30 }, submit: () => new Promise(() => {}) });
    const good = signTransaction(
      {
        type: 2,
        chainId: CHAIN_ID,
        nonce: 0n,
        gasLimit: 21_000n,
        to: LOGGER,
        value: 0n,
        data: new Uint8Array(0),
        maxFeePerGas: 1n,
        maxPriorityFeePerGas: 1n,
        accessList: [],
      },
      KEY,
    );
    const { error } = await ask(served.server.url, "eth_sendRawTransaction", [
      toHex(encodeTransaction(good)),
    ]);
    assert.deepEqual(error, { code: -32002, message: "request timed out" });
    await served.server.stop();
  });

  test("an answer over the limit is an error, not a flood", async () => {
    const served = await serveMemoryChain({ limits: { responseBytes: 1_000 } });
    const { error } = await ask(served.server.url, "eth_getBlockByNumber", ["latest", true]);
    assert.deepEqual(error, { code: -32003, message: "response too large" });
    await served.server.stop();
  });

  test("filters are limited and forgotten", async () => {
    const served = await serveMemoryChain({ limits: { filters: 2, filterMs: 40 } });
    const { url } = served.server;
    const id = (await ask(url, "eth_newBlockFilter")).result;
    await ask(url, "eth_newFilter", [{ address: toHex(LOGGER) }]);
    assert.equal((await ask(url, "eth_newBlockFilter")).error?.code, -32005);
    await served.chain.extend();
    assert.equal(((await ask(url, "eth_getFilterChanges", [id])).result as unknown[]).length, 1);
    assert.deepEqual((await ask(url, "eth_getFilterChanges", [id])).result, []);
    assert.equal((await ask(url, "eth_getFilterLogs", [id])).error?.message, "filter not found");
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal((await ask(url, "eth_getFilterChanges", [id])).error?.message, "filter not found");
    assert.equal(served.chain.listenerCount, 0);
    assert.equal((await ask(url, "eth_uninstallFilter", [id])).result, false);
    await served.server.stop();
  });
});
