import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { ALICE, LOGGER, LOOPER } from "./testing/genesis.ts";
import { ask, type Served, serveMemoryChain } from "./testing/serve.ts";

const ADDRESS = toHex(ALICE);
const HASH = `0x${"11".repeat(32)}`;

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
      [{ to: ADDRESS }, "latest", {}, { number: "1" }],
      -32602,
      /^invalid argument 3: number: .*hex string without 0x prefix/,
    ],
    [
      "eth_call",
      [{ to: ADDRESS }, "latest", { [ADDRESS]: { state: {}, stateDiff: {} } }],
      -32000,
      /^account 0x[0-9a-fA-F]{40} has both 'state' and 'stateDiff'$/,
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
