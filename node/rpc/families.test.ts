import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { fromHex, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { parseRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot } from "@phala-l2/protocol/wire/block";
import { outputRootV0 } from "@phala-l2/protocol/wire/output-root";
import { decodeReceipt } from "@phala-l2/protocol/wire/receipt";
import { encodeTransaction, signTransaction, transactionHash } from "@phala-l2/protocol/wire/transaction";
import { WebSocket } from "ws";
import { startGossip } from "../gossip/gossip.ts";
import { adminMethods, type SequencerControl } from "./admin.ts";
import { forwardTo } from "./eth/forward.ts";
import { readSubmission } from "./eth/submission.ts";
import type { RpcMethods } from "./method.ts";
import { opp2pMethods } from "./opp2p.ts";
import type { PooledTransaction, PoolView } from "./pool-view.ts";
import type { Reply } from "./reply.ts";
import { ALICE, ALICE_KEY, CHAIN_ID, CONFIG, LOGGER } from "./testing/genesis.ts";
import { ask, type Served, serveMemoryChain } from "./testing/serve.ts";

const KEY = fromHex(ALICE_KEY);
const context = { signal: new AbortController().signal };

function callLogger(nonce: bigint, word = 42n) {
  return signTransaction(
    {
      type: 2,
      chainId: CHAIN_ID,
      nonce,
      gasLimit: 100_000n,
      to: LOGGER,
      value: 0n,
      data: fromHex(word.toString(16).padStart(64, "0")),
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 1_000n,
      accessList: [],
    } as const,
    KEY,
  );
}

function pooled(nonce: bigint): PooledTransaction {
  const transaction = callLogger(nonce);
  const raw = encodeTransaction(transaction);
  return { raw, transaction, hash: transactionHash(raw), sender: ALICE };
}

/** A pool that holds what it is given. */
function poolOf(pending: readonly PooledTransaction[], queued: readonly PooledTransaction[] = []) {
  const listeners = new Set<(transaction: PooledTransaction) => void>();
  const view: PoolView = {
    get: (hash) => [...pending, ...queued].find((one) => toHex(one.hash) === toHex(hash)),
    nextNonce: () => BigInt(pending.length),
    pending: () => pending,
    queued: () => queued,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { view, listeners };
}

async function reply(methods: RpcMethods, name: string, params: readonly unknown[] = []): Promise<Reply> {
  const method = methods[name];
  assert.ok(method, name);
  return method(params, context);
}

describe("optimism, debug, net, web3", () => {
  let served: Served;
  before(async () => {
    served = await serveMemoryChain();
    await served.chain.extend(encodeTransaction(callLogger(0n)));
    await served.chain.extend();
    served.chain.safeNumber = 1n;
  });
  after(async () => served.server.stop());
  const value = async (method: string, params: readonly unknown[] = []): Promise<Record<string, unknown>> =>
    (await ask(served.server.url, method, params)).result as Record<string, unknown>;

  test("the output of a block commits to its state, its withdrawals and its hash", async () => {
    const blockHash = served.chain.hashByNumber(1n) ?? ZERO_HASH;
    const { stateRoot } = served.chain.header(blockHash);
    const output = await value("optimism_outputAtBlock", ["0x1"]);
    const expected = outputRootV0({ stateRoot, messagePasserStorageRoot: EMPTY_TRIE_ROOT, blockHash });
    assert.equal(output.outputRoot, toHex(expected));
    assert.equal(output.withdrawalStorageRoot, toHex(EMPTY_TRIE_ROOT));
    assert.equal(output.stateRoot, toHex(stateRoot));
    assert.equal(output.version, toHex(ZERO_HASH));
    assert.deepEqual(output.blockRef, {
      hash: toHex(blockHash),
      number: 1,
      parentHash: toHex(served.chain.genesisHash),
      timestamp: 1_700_000_002,
      l1origin: { hash: toHex(ZERO_HASH), number: 1 },
      sequenceNumber: 1,
    });
  });

  test("the sync status has op-node's fields, with plain numbers", async () => {
    const status = await value("optimism_syncStatus");
    assert.deepEqual(Object.keys(status).sort(), [
      "cross_unsafe_l2",
      "current_l1",
      "current_l1_finalized",
      "finalized_l1",
      "finalized_l2",
      "head_l1",
      "local_safe_l2",
      "pending_safe_l2",
      "safe_l1",
      "safe_l2",
      "unsafe_l2",
    ]);
    assert.equal((status.unsafe_l2 as { number: number }).number, 2);
    assert.equal((status.safe_l2 as { number: number }).number, 1);
  });

  test("the rollup config can be read back", async () => {
    assert.deepEqual(parseRollupConfig(await value("optimism_rollupConfig")), CONFIG);
  });

  test("the safe head of an L1 block", async () => {
    const found = await value("optimism_safeHeadAtL1Block", ["0x5"]);
    assert.deepEqual(found.safeHead, { hash: toHex(served.chain.hashByNumber(1n) ?? ZERO_HASH), number: 1 });
    assert.equal(await value("optimism_version"), "0.1.0");
  });

  test("raw receipts and blocks have the roots and hashes of their header", async () => {
    const raws = (await value("debug_getRawReceipts", ["0x1"])) as unknown as string[];
    const receipts = raws.flatMap((raw) => {
      const decoding = decodeReceipt(fromHex(raw));
      return decoding.kind === "ok" ? [decoding.receipt] : [];
    });
    const header = served.chain.header(served.chain.hashByNumber(1n) ?? ZERO_HASH);
    assert.deepEqual(receiptsRoot(receipts), header.receiptsRoot);
    const node = await value("debug_dbGet", [toHex(header.stateRoot)]);
    assert.deepEqual(keccak256(fromHex(String(node))), header.stateRoot);
    assert.equal(
      (await ask(served.server.url, "debug_dbGet", [toHex(ZERO_HASH)])).error?.message,
      "not found",
    );
  });

  test("small ones", async () => {
    assert.equal(await value("net_version"), "901");
    assert.equal(await value("net_listening"), true);
    assert.equal(await value("net_peerCount"), "0x3");
    assert.equal(await value("web3_clientVersion"), "phala-l2/0.1.0/linux/node24");
    const empty = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert.equal(await value("web3_sha3", ["0x"]), empty);
    assert.deepEqual(await value("eth_accounts"), []);
    assert.equal(await value("eth_syncing"), false);
    assert.equal(await value("eth_getUncleCountByBlockNumber", ["0x1"]), "0x0");
    assert.equal(await value("eth_getBlockTransactionCountByNumber", ["0x1"]), "0x2");
  });
});

describe("filters and reorgs", () => {
  test("a log filter tells what came and what was taken back", async () => {
    const { chain, server } = await serveMemoryChain();
    const id = (await ask(server.url, "eth_newFilter", [{ address: toHex(LOGGER), fromBlock: "0x0" }]))
      .result;
    await chain.extend(encodeTransaction(callLogger(0n)));
    await chain.extend();
    const come = (await ask(server.url, "eth_getFilterChanges", [id])).result as { removed: boolean }[];
    assert.deepEqual(
      come.map(({ removed }) => removed),
      [false],
    );
    await chain.reorg(2, [encodeTransaction(callLogger(0n, 7n))]);
    const changed = (await ask(server.url, "eth_getFilterChanges", [id])).result as {
      removed: boolean;
      data: string;
    }[];
    assert.deepEqual(
      changed.map(({ removed, data }) => [removed, BigInt(data)]),
      [
        [true, 42n],
        [false, 7n],
      ],
    );
    const all = (await ask(server.url, "eth_getFilterLogs", [id])).result as { data: string }[];
    assert.deepEqual(
      all.map(({ data }) => BigInt(data)),
      [7n],
    );
    await server.stop();
  });

  test("a dropped block is still there by hash, and not canonical", async () => {
    const { chain, server } = await serveMemoryChain();
    const { hash } = await chain.extend(encodeTransaction(callLogger(0n)));
    await chain.reorg(1);
    const byHash = await ask(server.url, "eth_getBalance", [toHex(ALICE), { blockHash: toHex(hash) }]);
    assert.match(String(byHash.result), /^0x/);
    const canonical = { blockHash: toHex(hash), requireCanonical: true };
    const refused = await ask(server.url, "eth_getBalance", [toHex(ALICE), canonical]);
    assert.deepEqual(refused.error, { code: -32000, message: "hash is not currently canonical" });
    const receipts = async (at: object) => (await ask(server.url, "eth_getBlockReceipts", [at])).result;
    const dropped = await receipts({ blockHash: toHex(hash) });
    assert.ok(Array.isArray(dropped) && dropped.length === 2);
    assert.equal(await receipts(canonical), null);
    await server.stop();
  });
});

describe("the pool through RPC", () => {
  test("pending transactions, nonces and contents", async () => {
    const { view } = poolOf([pooled(0n), pooled(1n)], [pooled(5n)]);
    const { server } = await serveMemoryChain({ pool: view });
    const { url } = server;
    assert.deepEqual((await ask(url, "txpool_status")).result, { pending: "0x2", queued: "0x1" });
    const content = (await ask(url, "txpool_content")).result as Record<string, Record<string, object>>;
    assert.deepEqual(Object.keys(content.pending?.[toHex(ALICE)] ?? {}), ["0", "1"]);
    const inspected = JSON.stringify((await ask(url, "txpool_inspect")).result);
    assert.ok(inspected.includes(`"5":"${toHex(LOGGER)}: 0 wei + 100000 gas × 10000000000 wei"`));
    assert.equal((await ask(url, "eth_getTransactionCount", [toHex(ALICE), "pending"])).result, "0x2");
    assert.equal((await ask(url, "eth_getTransactionCount", [toHex(ALICE), "latest"])).result, "0x0");
    const found = (await ask(url, "eth_getTransactionByHash", [toHex(pooled(1n).hash)])).result;
    const { blockHash, blockNumber, nonce, gasPrice } = found as Record<string, unknown>;
    assert.deepEqual([blockHash, blockNumber, nonce, gasPrice], [null, null, "0x1", "0x2540be400"]);
    assert.equal((await ask(url, "eth_getTransactionReceipt", [toHex(pooled(1n).hash)])).result, null);
    const raw = (await ask(url, "eth_getRawTransactionByHash", [toHex(pooled(1n).hash)])).result;
    assert.equal(raw, toHex(pooled(1n).raw));
    await server.stop();
  });

  test("pending transactions are pushed, as hashes or whole", async () => {
    const { view, listeners } = poolOf([]);
    const { server } = await serveMemoryChain({ pool: view });
    const socket = new WebSocket(server.wsUrl);
    const messages: { params?: { result: unknown } }[] = [];
    socket.on("message", (data) => messages.push(JSON.parse(data.toString())));
    await new Promise((resolve) => socket.once("open", resolve));
    for (const [id, params] of [["newPendingTransactions"], ["newPendingTransactions", true]].entries()) {
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "eth_subscribe", params }));
    }
    while (listeners.size < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    for (const listener of listeners) listener(pooled(0n));
    while (messages.length < 4) await new Promise((resolve) => setTimeout(resolve, 2));
    const [hash, whole] = messages.slice(2).map(({ params }) => params?.result);
    assert.equal(hash, toHex(pooled(0n).hash));
    assert.equal((whole as { hash: string }).hash, hash);
    socket.terminate();
    while (listeners.size > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await server.stop();
  });
});

describe("forwarding to the sequencer", () => {
  const raw = encodeTransaction(callLogger(0n));
  const reading = readSubmission(raw, CONFIG);
  assert.ok(reading.kind === "ok");
  const { submitted } = reading;

  test("its acceptance and its refusal come back word for word", async () => {
    const received: string[] = [];
    let isFull = false;
    const sequencer = await serveMemoryChain({
      submit: async (one) => {
        received.push(toHex(one.raw));
        return isFull ? { kind: "rejected", rejection: { reason: "pool-full" } } : { kind: "accepted" };
      },
    });
    const forward = forwardTo(sequencer.server.url, silentLog);
    assert.deepEqual(await forward(submitted), { kind: "accepted" });
    isFull = true;
    assert.deepEqual(await forward(submitted), { kind: "failure", code: -32000, message: "txpool is full" });
    assert.deepEqual(received, [toHex(raw), toHex(raw)]);
    await sequencer.server.stop();
    const gone = await forward(submitted);
    assert.equal(gone.kind === "failure" ? gone.message : gone.kind, "the sequencer cannot be reached");
  });

  test("the sequencer's URL, whose path and user may be secret, does not reach the log", async () => {
    const logged: unknown[] = [];
    const warn = (...words: readonly unknown[]) => logged.push(words);
    const outcome = await forwardTo("http://name:secret@127.0.0.1:1/secret", { ...silentLog, warn })(
      submitted,
    );
    assert.equal(outcome.kind, "failure");
    assert.equal(logged.length, 1);
    assert.doesNotMatch(inspect(logged, { depth: null }), /secret/);
    assert.match(inspect(logged, { depth: null }), /127\.0\.0\.1:1/);
  });

  for (const [name, body] of [
    ["rubbish", "<html>"],
    ["an array", "[]"],
    ["no result", "{}"],
    ["an error of another shape", '{"error":"no"}'],
    ["an endless answer", `{"result":"${"x".repeat(200_000)}"}`],
  ] as const) {
    test(`${name} is no acceptance`, async () => {
      const server = createServer((_request, response) => response.end(body));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const port = typeof address === "object" ? address?.port : 0;
      const outcome = await forwardTo(`http://127.0.0.1:${port}`, silentLog)(submitted);
      assert.equal(outcome.kind, "failure");
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }
});

describe("admin", () => {
  const head = hashFromHex(`0x${"33".repeat(32)}`);

  test("a verifier has no sequencer to steer", async () => {
    const methods = adminMethods(undefined);
    assert.deepEqual(await reply(methods, "admin_sequencerActive"), { kind: "result", value: false });
    assert.equal(methods.admin_startSequencer, undefined);
  });

  test("starting and stopping answer with what came of it", async () => {
    let isActive = false;
    const control: SequencerControl = {
      isActive: () => isActive,
      start: async (unsafeHead) => {
        if (toHex(unsafeHead) !== toHex(head))
          return { kind: "refused", reason: "block hash does not match" };
        isActive = true;
        return { kind: "started" };
      },
      stop: async () => {
        if (!isActive) return { kind: "refused", reason: "sequencer not running" };
        isActive = false;
        return { kind: "stopped", head };
      },
    };
    const methods = adminMethods(control);
    const failed = (message: string): Reply => ({ kind: "failure", code: -32000, message });
    assert.deepEqual(await reply(methods, "admin_stopSequencer"), failed("sequencer not running"));
    const stale = await reply(methods, "admin_startSequencer", [toHex(ZERO_HASH)]);
    assert.deepEqual(stale, failed("block hash does not match"));
    assert.deepEqual(await reply(methods, "admin_startSequencer", [toHex(head)]), {
      kind: "result",
      value: null,
    });
    assert.deepEqual(await reply(methods, "admin_sequencerActive"), { kind: "result", value: true });
    assert.deepEqual(await reply(methods, "admin_stopSequencer"), { kind: "result", value: toHex(head) });
    assert.equal((await reply(methods, "admin_startSequencer", ["0x1"])).kind, "failure");
  });
});

describe("opp2p", () => {
  test("a peer sees itself and those it is connected with", async () => {
    const start = (peers: readonly string[]) =>
      startGossip(
        { listen: ["/ip4/127.0.0.1/tcp/0"], peers, config: CONFIG, signer: () => undefined },
        { onBlock: async () => {}, log: silentLog, now: () => Date.now() },
      );
    const a = await start([]);
    const b = await start([]);
    const methods = opp2pMethods(a, CHAIN_ID);
    const self = await reply(methods, "opp2p_self");
    assert.ok(self.kind === "result");
    assert.equal((self.value as { peerID: string }).peerID, a.peerId);
    const [address] = b.addresses();
    assert.deepEqual(await reply(methods, "opp2p_connectPeer", [address]), { kind: "result", value: null });
    const peers = await reply(methods, "opp2p_peers", [true]);
    assert.ok(peers.kind === "result");
    const { totalConnected, peers: known } = peers.value as { totalConnected: number; peers: object };
    assert.deepEqual([totalConnected, Object.keys(known)], [1, [b.peerId]]);
    const stats = await reply(methods, "opp2p_peerStats");
    assert.ok(stats.kind === "result" && (stats.value as { connected: number }).connected === 1);
    assert.equal((await reply(methods, "opp2p_connectPeer", ["/ip4/127.0.0.1/tcp/1"])).kind, "failure");
    assert.equal((await reply(methods, "opp2p_connectPeer", ["nonsense"])).kind, "failure");
    await Promise.all([a.stop(), b.stop()]);
  });
});
