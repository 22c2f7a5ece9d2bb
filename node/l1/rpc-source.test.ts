import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import {
  bytesEqual,
  concatBytes,
  type Hash,
  quantityToBytes,
  toHex,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { transactionsRoot } from "@phala-l2/protocol/wire/block";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { decodeRlp, encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { systemClock } from "../clock.ts";
import type { Fetch } from "./http.ts";
import { createL1Source } from "./rpc-source.ts";
import {
  blockJson,
  HASH,
  HEADER,
  headerOf,
  RAWS,
  RECEIPTS,
  receiptJson,
  transactionJson,
} from "./testing/l1-block-json.ts";

/** Gives a method's result; what it does not name is null. */
type Server = (method: string, params: readonly unknown[]) => unknown;

const honest: Server = (method, params) => {
  if (method === "eth_getBlockReceipts") return RECEIPTS.map(receiptJson);
  if (method === "eth_getBlockByNumber" && params[0] !== "0x10" && params[0] !== "latest") return null;
  if (method === "eth_getBlockByHash" && params[0] !== toHex(HASH)) return null;
  return blockJson(HEADER, RAWS, params[1] === true);
};

function sourceOf(servers: readonly Server[], needsReceipts = true) {
  const methods: string[] = [];
  const warnings: object[] = [];
  const fetch: Fetch = async (url, { body }) => {
    const server = servers[Number(new URL(url).port) - 1000];
    const parsed: unknown = JSON.parse(body ?? "null");
    const results = [parsed].flat().map((each) => {
      const { id, method, params } = each as { id: number; method: string; params: unknown[] };
      methods.push(method);
      return { jsonrpc: "2.0", id, result: server?.(method, params) ?? null };
    });
    return new Response(JSON.stringify(Array.isArray(parsed) ? results : results[0]));
  };
  const log: Log = { ...silentLog, warn: (facts) => warnings.push(facts) };
  const rpc = { urls: servers.map((_, index) => `http://l1:${1000 + index}`), timeoutMs: 100, rounds: 1 };
  const source = createL1Source(
    { rpc, beacon: { urls: [], timeoutMs: 100 }, needsReceipts: () => needsReceipts },
    {
      fetch,
      clock: systemClock,
      log,
      kzg: { blobToKzgCommitment: (blob) => blob },
      signal: new AbortController().signal,
    },
  );
  return { source, methods, warnings };
}

const isInvalid = (error: unknown) => isRollupError(error, "L1_DATA_INVALID");

describe("L1 source", () => {
  it("re-encodes every type of transaction and receipt to the bytes that the roots hold", async () => {
    const { source } = sourceOf([honest]);
    const block = await source.block(16n);
    assert.deepEqual(block.transactions.map(toHex), RAWS.map(toHex));
    assert.deepEqual(block.receipts, RECEIPTS);
    assert.ok(bytesEqual(block.hash, HASH));
  });
  it("fetches receipts only when they can matter", async () => {
    const { source, methods } = sourceOf([honest], false);
    assert.equal((await source.block(HASH)).receipts, undefined);
    assert.deepEqual(methods, ["eth_getBlockByHash"]);
  });
  it("gives references by label, number and hash, and undefined for what L1 does not have", async () => {
    const { source } = sourceOf([honest]);
    for (const ref of [
      await source.head("latest"),
      await source.blockRef(16n),
      await source.blockRef(HASH),
    ]) {
      assert.equal(ref?.number, 16n);
      assert.deepEqual(ref?.hash, HASH);
    }
    assert.equal(await source.blockRef(17n), undefined);
    assert.equal(await source.blockRef(ZERO_HASH), undefined);
    await assert.rejects(source.block(17n), (error) => isRollupError(error, "L1_BLOCK_NOT_FOUND"));
  });

  const other = headerOf(RAWS.slice(1), RECEIPTS.slice(1));
  const lies: Record<string, Server> = {
    "another block under the number": (method, params) =>
      method === "eth_getBlockByNumber"
        ? blockJson({ ...HEADER, number: 15n }, RAWS, true)
        : honest(method, params),
    "a header with a changed field": (method, params) =>
      method === "eth_getBlockByNumber"
        ? { ...blockJson(HEADER, RAWS, true), timestamp: "0x1" }
        : honest(method, params),
    "fewer transactions": (method, params) =>
      method === "eth_getBlockByNumber" ? blockJson(HEADER, RAWS.slice(1), true) : honest(method, params),
    "transaction hashes alone": (method, params) =>
      method === "eth_getBlockByNumber" ? blockJson(HEADER, RAWS, false) : honest(method, params),
    "receipts of another block": (method, params) =>
      method === "eth_getBlockReceipts" ? RECEIPTS.slice(1).map(receiptJson) : honest(method, params),
    "a receipt without its deposit": (method, params) =>
      method === "eth_getBlockReceipts"
        ? RECEIPTS.map((receipt) => receiptJson({ ...receipt, logs: [] }))
        : honest(method, params),
    "a failed transaction as a good one": (method, params) =>
      method === "eth_getBlockReceipts"
        ? RECEIPTS.map((receipt) => receiptJson({ ...receipt, status: 1 }))
        : honest(method, params),
    "receipts that are no list": (method, params) =>
      method === "eth_getBlockReceipts" ? {} : honest(method, params),
  };
  for (const [name, liar] of Object.entries(lies)) {
    it(`refuses ${name}, and takes the block from an honest server`, async () => {
      await assert.rejects(sourceOf([liar]).source.block(16n), isInvalid);
      const { source, warnings } = sourceOf([liar, honest]);
      assert.deepEqual((await source.block(16n)).receipts, RECEIPTS);
      assert.equal((warnings[0] as { endpoint: string }).endpoint, "l1:1000");
    });
  }
  it("refuses a consistent block that is not the one asked for by hash", async () => {
    const liar: Server = () => blockJson(other, RAWS.slice(1), true);
    await assert.rejects(sourceOf([liar]).source.block(HASH), isInvalid);
    await assert.rejects(sourceOf([liar]).source.header(HASH), isInvalid);
  });
  it("fetches transactions of unknown types raw, and checks them", async () => {
    const future = Uint8Array.of(0x66, 1, 2, 3);
    const raws = [...RAWS, future];
    const header = headerOf(raws, RECEIPTS);
    const server =
      (raw: Uint8Array): Server =>
      (method, params) => {
        if (method === "eth_getRawTransactionByHash") return toHex(raw);
        if (method !== "eth_getBlockByNumber") return honest(method, params);
        const json = blockJson(header, RAWS, true);
        const unknown = { type: "0x66", hash: toHex(keccak256(future)) };
        return { ...json, transactions: [...(json.transactions as unknown[]), unknown] };
      };
    const block = await sourceOf([server(future)]).source.block(16n);
    assert.deepEqual(block.transactions.at(-1), future);
    await assert.rejects(sourceOf([server(Uint8Array.of(0x66))]).source.block(16n), isInvalid);
  });
  it("asks another server after a raw transaction that does not fit the block", async () => {
    const future = Uint8Array.of(0x66, 1, 2, 3);
    const header = headerOf([...RAWS, future], RECEIPTS);
    const server =
      (raw: Uint8Array): Server =>
      (method, params) => {
        if (method === "eth_getRawTransactionByHash") return toHex(raw);
        if (method !== "eth_getBlockByNumber") return honest(method, params);
        const json = blockJson(header, RAWS, true);
        const unknown = { type: "0x66", hash: toHex(keccak256(raw)) };
        return { ...json, transactions: [...(json.transactions as unknown[]), unknown] };
      };
    const { source } = sourceOf([server(Uint8Array.of(0x66)), server(future)]);
    await assert.rejects(source.block(16n), isInvalid);
    assert.deepEqual((await source.block(16n)).transactions.at(-1), future);
  });
  it("takes sidecars into the trie's leaves when the root says so, and only then", async () => {
    const blob = RAWS[4];
    assert.ok(blob);
    const payload = decodeRlp(blob.subarray(1));
    assert.ok(payload.kind === "ok");
    const bytes = [Uint8Array.of(1, 2)];
    const pooled = concatBytes(Uint8Array.of(3), encodeRlp([payload.item, 1n, bytes, bytes, bytes]));
    const sidecar = { blobs: ["0x0102"], commitments: ["0x0102"], cellProofs: ["0x0102"] };
    const server =
      (leaf: Uint8Array): Server =>
      (method, params) => {
        if (method !== "eth_getBlockByNumber") return honest(method, params);
        const json = blockJson(headerOf([leaf], []), [blob], true);
        return { ...json, transactions: [{ ...transactionJson(blob), ...sidecar }] };
      };
    for (const leaf of [pooled, blob]) {
      assert.deepEqual((await sourceOf([server(leaf)], false).source.block(16n)).transactions, [leaf]);
    }
    await assert.rejects(sourceOf([server(pooled.slice(0, -1))], false).source.block(16n), isInvalid);
  });
  it("warns once of a header field that it does not know", async () => {
    const header = { ...HEADER, extraFields: [quantityToBytes(5n)] };
    const full: Header = {
      ...header,
      withdrawalsRoot: transactionsRoot([]),
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: ZERO_HASH,
      requestsHash: ZERO_HASH,
    };
    const future: Server = (method, params) => {
      if (method !== "eth_getBlockByNumber") return honest(method, params);
      return {
        ...blockJson(full, RAWS, true),
        withdrawals: [],
        withdrawalsRoot: toHex(transactionsRoot([])),
        blobGasUsed: "0x0",
        excessBlobGas: "0x0",
        parentBeaconBlockRoot: toHex(ZERO_HASH),
        requestsHash: toHex(ZERO_HASH),
        inclusionScore: "0x5",
      };
    };
    const { source, warnings } = sourceOf([future]);
    assert.deepEqual((await source.block(16n)).hash, headerHash(full));
    await source.head("latest");
    assert.equal(warnings.length, 1);
    assert.deepEqual((warnings[0] as { fields: string[] }).fields, ["inclusionScore"]);
  });
  it("works over real sockets, and survives a server that never answers", async () => {
    const good = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const { id, method, params } = JSON.parse(body);
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result: honest(method, params) }));
    });
    const mute = createServer(() => {});
    const urls: string[] = [];
    for (const server of [mute, good]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    const source = createL1Source(
      {
        rpc: { urls, timeoutMs: 200, rounds: 1 },
        beacon: { urls: [], timeoutMs: 1 },
        needsReceipts: () => false,
      },
      {
        fetch: (url, init) => fetch(url, init),
        clock: systemClock,
        log: silentLog,
        kzg: { blobToKzgCommitment: (blob) => blob },
        signal: new AbortController().signal,
      },
    );
    const head: { readonly hash: Hash } = await source.head("latest");
    assert.deepEqual(head.hash, HASH);
    for (const server of [mute, good]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
