import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { ancestorsOf } from "./block-reference.ts";
import { MemoryChain } from "./testing/memory-chain.ts";
import { ask, serveMemoryChain } from "./testing/serve.ts";

describe("the blocks before a block", () => {
  test("are those of its own branch, and none beyond it", async () => {
    const chain = await MemoryChain.create();
    const hashes = [chain.genesisHash];
    for (let i = 0; i < 3; i++) hashes.push((await chain.extend()).hash);
    const [, , , head] = hashes;
    assert.ok(head);
    const ancestor = ancestorsOf(chain, { hash: head, header: chain.header(head) });
    await chain.reorg(3);
    for (const number of [0n, 3n, 1n, 2n]) assert.deepEqual(ancestor(number), hashes[Number(number)]);
    for (const number of [-1n, 4n, 2n ** 64n]) assert.equal(ancestor(number), undefined);
  });

  test("are as far back as BLOCKHASH reaches, and end where the node has no header", async () => {
    const chain = await MemoryChain.create();
    const { hash } = await chain.extend();
    const header = { ...chain.header(hash), number: 300n };
    const ancestor = ancestorsOf(chain, { hash, header });
    assert.equal(ancestor(43n), undefined);
    assert.deepEqual(ancestor(299n), chain.genesisHash);
    assert.deepEqual(ancestor(298n), ZERO_HASH);
    assert.equal(ancestor(297n), undefined);
  });

  test("BLOCKHASH in a call, a simulation and a trace at a dropped block is its branch's", async () => {
    const { chain, server } = await serveMemoryChain();
    const first = await chain.extend();
    await chain.extend();
    const third = await chain.extend();
    await chain.reorg(3);
    // PUSH1 1 BLOCKHASH PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
    const code = "0x6001405f5260205ff3";
    const to: Hex = "0x00000000000000000000000000000000000000aa";
    const at = { blockHash: toHex(third.hash) };
    const pretended = { [to]: { code } };
    const call = await ask(server.url, "eth_call", [{ to }, at, pretended]);
    assert.equal(call.result, toHex(first.hash));
    const blocks = { blockStateCalls: [{ stateOverrides: pretended, calls: [{ to }] }] };
    const simulated = await ask(server.url, "eth_simulateV1", [blocks, at]);
    assert.match(JSON.stringify(simulated.result), new RegExp(`"returnData":"${toHex(first.hash)}"`));
    const options = { tracer: "callTracer", stateOverrides: pretended };
    const traced = await ask(server.url, "debug_traceCall", [{ to }, at, options]);
    assert.match(JSON.stringify(traced.result), new RegExp(`"output":"${toHex(first.hash)}"`));
    await server.stop();
  });
});
