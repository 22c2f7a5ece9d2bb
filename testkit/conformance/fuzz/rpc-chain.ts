import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { executionMethods } from "@phala-l2/node/node-rpc";
import { inProcessCalls } from "@phala-l2/node/rpc/calls/in-process";
import { ethSubscriptions } from "@phala-l2/node/rpc/eth/subscriptions";
import { DEFAULT_RPC_LIMITS } from "@phala-l2/node/rpc/limits";
import { optimismMethods } from "@phala-l2/node/rpc/optimism";
import { type RpcServer, startRpcServer } from "@phala-l2/node/rpc/server";
import { ALICE, ALICE_KEY, CHAIN_ID, LOGGER, LOOPER, REVERTER } from "@phala-l2/node/rpc/testing/genesis";
import { MemoryChain } from "@phala-l2/node/rpc/testing/memory-chain";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/log";
import { encodeTransaction, signTransaction, transactionHash } from "@phala-l2/protocol/wire/transaction";
import { headView } from "@phala-l2/sequencer/mempool/head-view";
import { DEFAULT_LIMITS } from "@phala-l2/sequencer/mempool/limits";
import { Mempool } from "@phala-l2/sequencer/mempool/mempool";
import { several } from "./cases.ts";
import type { RpcWords } from "./rpc-bodies.ts";

/** A served chain of a few blocks, with a real mempool, and the words of its clients. */

const BLOCKS = 12;
const NEXT_TRANSACTIONS = 4;
const ADDRESSES = [ALICE, LOGGER, REVERTER].map(toHex);
/** Each call names its gas: a contract that never ends takes 50 million without, most of a second a call. */
const LOOP_GAS = "0x30d40";

export type ServedChain = { readonly server: RpcServer; readonly words: RpcWords };

function transaction(nonce: bigint, to = LOGGER): Uint8Array {
  const unsigned = {
    type: 2,
    chainId: CHAIN_ID,
    nonce,
    gasLimit: 100_000n,
    to,
    value: 0n,
    data: fromHex(nonce.toString(16).padStart(64, "0")),
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1_000_000_000n,
    accessList: [],
  } as const;
  return encodeTransaction(signTransaction(unsigned, fromHex(ALICE_KEY)));
}

function callsTo(to: Hex, from: Hex): readonly object[] {
  return [
    { to, data: `0x${"07".repeat(32)}` },
    { from, to, gas: "0x186a0", maxFeePerGas: "0x2540be400", value: "0x1", input: "0x01" },
    { from, data: "0x60015f555f5ff3", gasPrice: "0x3b9aca00", nonce: "0x0" },
    { to, accessList: [{ address: to, storageKeys: [`0x${"00".repeat(32)}`] }], chainId: "0x385" },
  ];
}

/** Blocks and transactions of the chain, in order, and transactions that the pool would take. */
type Facts = {
  readonly blocks: readonly Hex[];
  readonly transactions: readonly Hex[];
  readonly next: readonly Hex[];
};

/** What the methods take, each in a sound form. */
function soundCalls({ blocks, transactions, next }: Facts): readonly (readonly [string, ...unknown[]])[] {
  const [alice = "0x", logger = "0x", reverter = "0x"] = ADDRESSES;
  const [block] = blocks;
  const [hash] = transactions;
  const state = { [logger]: { code: "0x5f355f5500", balance: "0x1", stateDiff: {} } };
  const logs = { fromBlock: "0x0", toBlock: "latest", address: logger, topics: [] };
  const simulation = {
    blockStateCalls: [
      { calls: callsTo(logger, alice).slice(0, 2), stateOverrides: state },
      { blockOverrides: { number: "0x20", gasLimit: "0x30000", time: "0x7fffffff" }, calls: [] },
    ],
    validation: false,
    traceTransfers: true,
    returnFullTransactions: true,
  };
  return [
    ...ADDRESSES.flatMap((to): [string, ...unknown[]][] =>
      callsTo(to, alice).flatMap((call) => [
        ["eth_call", call, "latest"],
        ["eth_call", call, { blockHash: block, requireCanonical: true }, state],
        ["eth_estimateGas", call, "pending"],
        ["eth_createAccessList", call, "latest"],
      ]),
    ),
    ["eth_call", { to: toHex(LOOPER), gas: LOOP_GAS }, "latest"],
    ["eth_estimateGas", { to: toHex(LOOPER), gas: LOOP_GAS }],
    ["eth_simulateV1", simulation, "latest"],
    ["eth_simulateV1", { ...simulation, validation: true }, "0x2"],
    ["eth_getLogs", logs],
    ["eth_getLogs", { blockHash: block, topics: [null, transactions] }],
    ["eth_newFilter", logs],
    ["eth_newBlockFilter"],
    ["eth_newPendingTransactionFilter"],
    ["eth_feeHistory", "0x8", "latest", [25, 50, 75.5]],
    ["eth_getProof", logger, ["0x0", "0x1"], "latest"],
    ["eth_getStorageAt", logger, "0x0", "latest"],
    ["eth_getBalance", alice, { blockNumber: "0x2" }],
    ["eth_getCode", reverter, "safe"],
    ["eth_getTransactionCount", alice, "pending"],
    ["eth_getBlockByNumber", "0x3", true],
    ["eth_getBlockByHash", block, true],
    ["eth_getBlockReceipts", block],
    ["eth_getTransactionByHash", hash],
    ["eth_getTransactionReceipt", hash],
    ["eth_getTransactionByBlockHashAndIndex", block, "0x1"],
    ["eth_getBlockTransactionCountByHash", block],
    ...next.map((raw): [string, ...unknown[]] => ["eth_sendRawTransaction", raw]),
    ["debug_getRawBlock", "0x1"],
    ["debug_getRawReceipts", block],
    ["debug_getRawTransaction", hash],
    ["debug_traceTransaction", hash, { tracer: "callTracer" }],
    ["debug_traceTransaction", hash, {}],
    ["debug_traceCall", { to: logger, gas: LOOP_GAS }, "latest", { tracer: "prestateTracer" }],
    ["debug_traceBlockByNumber", "0x2", { tracer: "prestateTracer", tracerConfig: { diffMode: true } }],
    ["optimism_outputAtBlock", "0x1"],
    ["optimism_safeHeadAtL1Block", "0x1"],
    ["txpool_contentFrom", alice],
  ];
}

function wordsOf(methods: readonly string[], facts: Facts): RpcWords {
  const calls = soundCalls(facts).map(([method, ...params]) => ({
    method,
    params: params.map((param) => JSON.stringify(param)),
  }));
  const texts = [...ADDRESSES, ...facts.blocks, ...facts.transactions, ...facts.next, "0x1", "latest"];
  const given = calls.flatMap(({ params }) => params);
  const values = [...texts.map((text) => JSON.stringify(text)), "true", "false", ...new Set(given)];
  return { methods: several(methods), values: several(values), calls: several(calls) };
}

export async function serveHostileClients(log: Log): Promise<ServedChain> {
  const chain = await MemoryChain.create();
  const blocks: Hex[] = [];
  const transactions: Hex[] = [];
  for (let nonce = 0n; nonce < BLOCKS; nonce++) {
    const raw = transaction(nonce, nonce % 3n === 2n ? REVERTER : LOGGER);
    const sealed = await chain.extend(raw);
    blocks.push(toHex(sealed.hash));
    transactions.push(toHex(transactionHash(raw)));
  }
  chain.safeNumber = 4n;
  const pool = new Mempool(DEFAULT_LIMITS, headView(chain));
  const methods = {
    // As a node serves them, with its limits.
    ...executionMethods({
      engine: chain,
      calls: inProcessCalls(await createEthereumjsEvm(chain.config)),
      pool,
      submit: async (submitted) => pool.submit(submitted),
      peers: () => 3,
    }),
    ...optimismMethods(chain, "0.1.0"),
  };
  const server = await startRpcServer(
    { host: "127.0.0.1", port: 0 },
    { methods, subscriptions: ethSubscriptions({ engine: chain, pool, limits: DEFAULT_RPC_LIMITS }), log },
  );
  const next = Array.from({ length: NEXT_TRANSACTIONS }, (_, i) => toHex(transaction(BigInt(BLOCKS + i))));
  return { server, words: wordsOf(Object.keys(methods), { blocks, transactions, next }) };
}
