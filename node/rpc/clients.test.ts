import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { verifyProof } from "@phala-l2/protocol/trie/proof";
import { decodeTransaction, recoverSender, transactionHash } from "@phala-l2/protocol/wire/transaction";
import { JsonRpcProvider, WebSocketProvider } from "ethers";
import { createPublicClient, defineChain, http, parseGwei, type Block as ViemBlock, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { chainConfig, publicActionsL2 } from "viem/op-stack";
import { ALICE, ALICE_BALANCE, ALICE_KEY, CHAIN_ID, LOGGER, REVERTER } from "./testing/genesis.ts";
import { type Served, serveMemoryChain } from "./testing/serve.ts";

const alice = privateKeyToAccount(ALICE_KEY);
const bob = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const WORD = `0x${"00".repeat(31)}2a` as const;
const DEPLOYED_CODE = "0x600160005260206000f3";

function l2Chain(url: string) {
  return defineChain({
    ...chainConfig,
    id: Number(CHAIN_ID),
    name: "memory",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
}

async function signed(transaction: {
  readonly nonce: number;
  readonly to?: Hex;
  readonly value?: bigint;
  readonly data?: Hex;
  readonly gas?: bigint;
}): Promise<Uint8Array> {
  const raw = await alice.signTransaction({
    type: "eip1559",
    chainId: Number(CHAIN_ID),
    gas: 200_000n,
    maxFeePerGas: parseGwei("10"),
    maxPriorityFeePerGas: parseGwei("1"),
    ...transaction,
  });
  return fromHex(raw);
}

describe("viem and ethers read an executed chain", () => {
  let served: Served;
  const hashes: Hex[] = [];

  before(async () => {
    served = await serveMemoryChain();
    const raws = [
      await signed({ nonce: 0, to: bob, value: 5n }),
      await signed({ nonce: 1, to: toHex(LOGGER), data: WORD }),
      await signed({ nonce: 2, to: toHex(REVERTER), data: "0x01" }),
      await signed({ nonce: 3, data: `0x600a600c600039600a6000f3${DEPLOYED_CODE.slice(2)}` }),
    ];
    for (const raw of raws) hashes.push(toHex(transactionHash(raw)));
    await served.chain.extend(...raws);
    await served.chain.extend();
  });
  after(async () => served.server.stop());

  const viemClient = () =>
    createPublicClient({ chain: l2Chain(served.server.url), transport: http(served.server.url) }).extend(
      publicActionsL2(),
    );

  test("viem: block with hashes and with transactions, deposit included", async () => {
    const client = viemClient();
    assert.equal(await client.getChainId(), Number(CHAIN_ID));
    assert.equal(await client.getBlockNumber({ cacheTime: 0 }), 2n);
    const block = await client.getBlock({ blockNumber: 1n });
    assert.equal(block.transactions.length, 5);
    assert.deepEqual(block.transactions.slice(1), hashes);
    const full = await client.getBlock({ blockNumber: 1n, includeTransactions: true });
    const [deposit, transfer] = full.transactions;
    assert.equal(deposit?.type, "deposit");
    assert.equal(deposit?.typeHex, "0x7e");
    assert.equal(deposit?.from, "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
    assert.equal(transfer?.value, 5n);
    assert.equal(transfer?.from, toHex(ALICE));
    assert.equal(full.hash, toHex(served.chain.hashByNumber(1n) ?? new Uint8Array()));
    const byHash = await client.getBlock({ blockHash: full.hash });
    assert.equal(byHash.number, 1n);
  });

  test("a deposit is shown as op-geth shows it", async () => {
    const block = await viemClient().request({ method: "eth_getBlockByNumber", params: ["0x1", true] });
    const deposit = block?.transactions[0];
    assert.ok(typeof deposit === "object");
    const { gasPrice, v, r, s, type, mint, nonce, depositReceiptVersion, isSystemTx } =
      deposit as unknown as Record<string, unknown>;
    assert.deepEqual(
      { gasPrice, v, r, s, type, mint, nonce, depositReceiptVersion, isSystemTx },
      {
        gasPrice: "0x0",
        v: "0x0",
        r: "0x0",
        s: "0x0",
        type: "0x7e",
        mint: "0x0",
        nonce: "0x0",
        depositReceiptVersion: "0x1",
        isSystemTx: false,
      },
    );
    assert.ok(!("yParity" in deposit) && !("maxFeePerGas" in deposit) && !("accessList" in deposit));
  });

  test("viem: receipts carry the L1 fee that was charged, and the deposit's nonce", async () => {
    const [transfer, log, revert, creation] = await Promise.all(
      hashes.map((hash) => viemClient().getTransactionReceipt({ hash })),
    );
    const blockHash = served.chain.hashByNumber(1n);
    assert.ok(blockHash);
    const executed = served.chain.executed(blockHash) ?? [];
    assert.equal(transfer?.l1Fee, executed[1]?.l1Fee);
    assert.ok((transfer?.l1Fee ?? 0n) > 0n);
    assert.equal(transfer?.gasUsed, 21_000n);
    assert.equal(transfer?.status, "success");
    assert.equal(log?.logs.length, 1);
    assert.deepEqual(log?.logs[0]?.topics, [WORD]);
    assert.equal(log?.logs[0]?.logIndex, 0);
    assert.equal(revert?.status, "reverted");
    assert.ok(creation?.contractAddress);
    assert.equal(await viemClient().getCode({ address: creation.contractAddress }), DEPLOYED_CODE);
    const raw = await viemClient().request({
      method: "eth_getTransactionReceipt",
      params: [hashes[0] ?? "0x"],
    });
    const fields = raw as unknown as Record<string, string>;
    assert.equal(fields.l1GasPrice, "0x1a13b8600");
    assert.equal(fields.operatorFeeConstant, "0x5");
    assert.equal(fields.daFootprintGasScalar, "0x190");
    assert.equal(BigInt(fields.blobGasUsed ?? 0), executed[1]?.daFootprint);
    assert.equal(BigInt(fields.l1GasUsed ?? 0), executed[1]?.l1GasUsed);
  });

  test("the deposit's own receipt has a nonce and version and no L1 fee", async () => {
    const receipts = await viemClient().request({
      method: "eth_getBlockReceipts" as never,
      params: ["0x1"] as never,
    });
    const [first] = receipts as unknown as Record<string, unknown>[];
    assert.ok(first);
    assert.equal(first.depositNonce, "0x0");
    assert.equal(first.depositReceiptVersion, "0x1");
    assert.equal(first.l1Fee, undefined);
    assert.equal(first.effectiveGasPrice, "0x0");
  });

  test("viem: balance, nonce, storage, by number and tag", async () => {
    const client = viemClient();
    assert.equal(await client.getBalance({ address: bob }), 5n);
    assert.equal(await client.getBalance({ address: bob, blockNumber: 0n }), 0n);
    assert.equal(await client.getBalance({ address: toHex(ALICE), blockTag: "earliest" }), ALICE_BALANCE);
    assert.equal(await client.getTransactionCount({ address: toHex(ALICE) }), 4);
    assert.equal(await client.getTransactionCount({ address: toHex(ALICE), blockTag: "finalized" }), 0);
    assert.equal(await client.getStorageAt({ address: toHex(LOGGER), slot: "0x0" }), WORD);
  });

  test("viem: a call returns, a revert tells its reason", async () => {
    const client = viemClient();
    const called = await client.call({ to: toHex(LOGGER), data: WORD });
    assert.equal(called.data, WORD);
    await assert.rejects(client.call({ to: toHex(REVERTER), data: "0x01" }), /user error/);
  });

  test("state overrides change a call and nothing else", async () => {
    const client = viemClient();
    const called = await client.call({
      to: bob,
      data: WORD,
      stateOverride: [{ address: bob, code: "0x5f35805f55805f5260205fa160205ff3" }],
    });
    assert.equal(called.data, WORD);
    assert.equal(await client.getCode({ address: bob }), undefined);
  });

  test("viem: gas estimates are enough, and exact for a transfer", async () => {
    const client = viemClient();
    const account = toHex(ALICE);
    assert.equal(await client.estimateGas({ account, to: bob, value: 1n }), 21_000n);
    const gas = await client.estimateGas({ account, to: toHex(LOGGER), data: `0x${"00".repeat(31)}07` });
    const receipt = await client.getTransactionReceipt({ hash: hashes[1] ?? "0x" });
    assert.ok(gas < (receipt.gasUsed * 12n) / 10n && gas > 21_000n);
    await assert.rejects(client.estimateGas({ account, to: toHex(REVERTER), data: "0x01" }), /user error/);
  });

  test("viem: fees", async () => {
    const client = viemClient();
    assert.ok((await client.getGasPrice()) > 0n);
    assert.equal(await client.estimateMaxPriorityFeePerGas(), 1_000_000n);
    const history = await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [10, 50] });
    assert.equal(history.baseFeePerGas.length, 3);
    assert.deepEqual(history.reward?.[0], [parseGwei("1"), parseGwei("1")]);
    assert.equal(await client.getBlobBaseFee(), 1n);
  });

  test("viem: a proof of an account and a slot holds against the header's state root", async () => {
    const client = viemClient();
    const proof = await client.getProof({ address: toHex(LOGGER), storageKeys: ["0x00"], blockNumber: 1n });
    const blockHash = served.chain.hashByNumber(1n);
    const header = blockHash && served.chain.headerByHash(blockHash);
    assert.ok(header);
    const account = verifyProof(header.stateRoot, keccak256(LOGGER), proof.accountProof.map(fromHex));
    assert.equal(account.kind, "ok");
    const slot = proof.storageProof[0];
    assert.equal(slot?.value, 42n);
    const key = keccak256(new Uint8Array(32));
    const stored = verifyProof(keccakRoot(proof.storageHash), key, (slot?.proof ?? []).map(fromHex));
    assert.equal(stored.kind === "ok" ? toHex(stored.value ?? new Uint8Array()) : "", "0x2a");
  });

  test("viem: logs by range, address, topic and block", async () => {
    const client = viemClient();
    assert.equal((await client.getLogs({ fromBlock: 0n, toBlock: "latest" })).length, 1);
    assert.equal((await client.getLogs({ address: toHex(LOGGER), fromBlock: 0n })).length, 1);
    assert.equal((await client.getLogs({ address: bob, fromBlock: 0n })).length, 0);
    const block = await client.getBlock({ blockNumber: 1n });
    const [log] = await client.getLogs({ blockHash: block.hash });
    assert.equal(log?.transactionHash, hashes[1]);
    assert.equal(log?.transactionIndex, 2);
  });

  test("ethers: network, block, transaction, receipt, call", async () => {
    const provider = new JsonRpcProvider(served.server.url, Number(CHAIN_ID), { staticNetwork: true });
    try {
      const block = await provider.getBlock(1);
      assert.equal(block?.transactions.length, 5);
      const transaction = await provider.getTransaction(hashes[0] ?? "");
      assert.equal(transaction?.from.toLowerCase(), toHex(ALICE));
      assert.equal(transaction?.signature.yParity === 0 || transaction?.signature.yParity === 1, true);
      const receipt = await provider.getTransactionReceipt(hashes[1] ?? "");
      assert.equal(receipt?.logs.length, 1);
      assert.equal(await provider.call({ to: toHex(LOGGER), data: WORD }), WORD);
      await assert.rejects(provider.call({ to: toHex(REVERTER), data: "0x01" }), /user error/);
      assert.equal(await provider.getBalance(bob), 5n);
      assert.ok(((await provider.getFeeData()).maxFeePerGas ?? 0n) > 0n);
    } finally {
      provider.destroy();
    }
  });

  test("raw bytes hash to what they are", async () => {
    const client = viemClient();
    const raw = await client.request({
      method: "debug_getRawTransaction" as never,
      params: [hashes[0]] as never,
    });
    const decoding = decodeTransaction(fromHex(raw as unknown as string));
    assert.ok(decoding.kind === "ok");
    assert.deepEqual(recoverSender(decoding.transaction), ALICE);
    const header = await client.request({ method: "debug_getRawHeader" as never, params: ["0x1"] as never });
    const blockHash = served.chain.hashByNumber(1n);
    assert.deepEqual(keccak256(fromHex(header as unknown as string)), blockHash);
  });
});

function keccakRoot(hex: Hex) {
  const bytes = fromHex(hex);
  return bytes as Parameters<typeof verifyProof>[0];
}

describe("subscriptions", () => {
  test("viem watches blocks and logs over a WebSocket; reorgs send logs again as removed", async () => {
    const { chain, server } = await serveMemoryChain();
    const client = createPublicClient({ chain: l2Chain(server.url), transport: webSocket(server.wsUrl) });
    try {
      const blocks: ViemBlock[] = [];
      const logs: { removed: boolean; blockNumber: bigint }[] = [];
      const unwatchBlocks = client.watchBlocks({
        onBlock: (block) => blocks.push(block as ViemBlock),
        emitMissed: false,
      });
      const unwatchLogs = client.watchEvent({
        onLogs: (seen) => logs.push(...seen.map(({ removed, blockNumber }) => ({ removed, blockNumber }))),
      });
      await until(() => chain.listenerCount === 2);
      await chain.extend(await signed({ nonce: 0, to: toHex(LOGGER), data: WORD }));
      await until(() => blocks.length >= 1 && logs.length === 1);
      await chain.reorg(1);
      await until(() => logs.length === 2);
      assert.deepEqual(logs, [
        { removed: false, blockNumber: 1n },
        { removed: true, blockNumber: 1n },
      ]);
      unwatchBlocks();
      unwatchLogs();
      await until(() => chain.listenerCount === 0);
    } finally {
      const rpc = await client.transport.getRpcClient();
      rpc.close();
      await server.stop();
    }
  });

  test("ethers hears of blocks over a WebSocket; its listeners end with the socket", async () => {
    const { chain, server } = await serveMemoryChain();
    const provider = new WebSocketProvider(server.wsUrl, Number(CHAIN_ID), { staticNetwork: true });
    try {
      const numbers: number[] = [];
      await provider.on("block", (number: number) => numbers.push(number));
      await until(() => chain.listenerCount === 1);
      await chain.extend();
      await until(() => numbers.includes(1));
    } finally {
      await provider.destroy();
    }
    await until(() => chain.listenerCount === 0);
    await server.stop();
  });
});

/** Waits for a condition that other turns of the event loop bring about. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "the condition did not come about in 5 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
