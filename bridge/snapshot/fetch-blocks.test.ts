import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import { chainOf } from "@phala-l2/sunset/testing/blocks";
import type { Ask } from "../json-rpc.ts";
import { fetchBlocks, fetchHeader } from "./fetch-blocks.ts";

/** Blocks 1 to 80, the newest first. */
const CHAIN = chainOf(Array.from({ length: 80 }, (_, i) => [encodeByteString(Uint8Array.of(i))]));
const [NEWEST] = CHAIN;
assert.ok(NEWEST !== undefined);

function headerJson({ number, parentHash, stateRoot, extrinsicsRoot }: SubstrateHeader) {
  return {
    number: `0x${number.toString(16)}`,
    parentHash: toHex(parentHash),
    stateRoot: toHex(stateRoot),
    extrinsicsRoot: toHex(extrinsicsRoot),
    digest: { logs: [] },
  };
}

/** A node of Substrate that has these blocks. */
const node: Ask = async (method, [asked]) => {
  if (method === "chain_getBlockHash") {
    assert.ok(Array.isArray(asked));
    return asked.map((height) => {
      const block = CHAIN.find(({ header }) => header.number === BigInt(height));
      return block === undefined ? null : toHex(headerHash(block.header));
    });
  }
  const found = CHAIN.find(({ header }) => toHex(headerHash(header)) === asked);
  if (found === undefined) return null;
  const header = headerJson(found.header);
  if (method === "chain_getHeader") return header;
  assert.equal(method, "chain_getBlock");
  return { block: { header, extrinsics: found.extrinsics.map(toHex) }, justifications: null };
};

const wait = async () => {};

async function fetched(ask: Ask, newest = 80n, oldest = 1n) {
  const blocks = [];
  for await (const block of fetchBlocks(ask, { newest, oldest }, { wait })) blocks.push(block);
  return blocks;
}

test("a node's blocks come from the newest to the oldest, and no others", async () => {
  assert.deepEqual(await fetched(node), CHAIN);
  assert.deepEqual(await fetched(node, 40n, 8n), CHAIN.slice(40, 73));
  assert.deepEqual(await fetched(node, 3n, 3n), CHAIN.slice(77, 78));
  assert.deepEqual(await fetched(node, 3n, 4n), []);
});

test("a node that is away for a while is asked again; one that stays away is not", async () => {
  let calls = 0;
  const away = () => new RollupError("RPC_UNREACHABLE", "away", { data: { endpoint: "node" } });
  const flaky: Ask = async (method, params) => {
    calls += 1;
    if (calls % 3 === 1) throw away();
    return node(method, params);
  };
  assert.deepEqual(await fetched(flaky), CHAIN);
  const gone: Ask = async () => {
    throw away();
  };
  await assert.rejects(fetched(gone), { code: "RPC_UNREACHABLE" });
});

test("what a node has not, or gives in another form, is named with its height", async () => {
  const answering =
    (method: string, answer: unknown): Ask =>
    async (asked, params) =>
      asked === method ? answer : node(asked, params);
  const faulty: readonly Ask[] = [
    answering("chain_getBlockHash", null),
    answering("chain_getBlockHash", "0x00"),
    answering("chain_getBlockHash", [1, 2]),
    answering("chain_getBlock", null),
    answering("chain_getBlock", 7),
    answering("chain_getBlock", { block: { header: {}, extrinsics: [] } }),
    answering("chain_getBlock", { block: { header: headerJson(NEWEST.header), extrinsics: ["0x0"] } }),
    answering("chain_getBlock", { block: { header: headerJson(NEWEST.header), extrinsics: ["0x04"] } }),
  ];
  for (const ask of faulty) {
    await assert.rejects(fetched(ask), { code: "PARACHAIN_BLOCK_UNREADABLE" });
  }
  await assert.rejects(fetched(node, 90n, 88n), { code: "PARACHAIN_BLOCK_UNREADABLE" });
});

test("a height's header is the one that its hash names", async () => {
  assert.deepEqual(await fetchHeader(node, 80n), NEWEST.header);
  const lying: Ask = async (method, params) =>
    method === "chain_getHeader" ? headerJson({ ...NEWEST.header, number: 79n }) : node(method, params);
  await assert.rejects(fetchHeader(lying, 80n), { code: "PARACHAIN_BLOCK_UNREADABLE" });
  await assert.rejects(fetchHeader(node, 81n), { code: "PARACHAIN_BLOCK_UNREADABLE" });
});
