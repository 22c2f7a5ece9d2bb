import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  anchorOf,
  chainOf,
  readFinalityFile,
  withHandOver,
  withSource,
  writeFinalityFile,
} from "@phala-l2/bridge/finality/finality-file";
import { followedTo, handOversSince } from "@phala-l2/bridge/finality/follow";
import { readParaId } from "@phala-l2/bridge/finality/para-id";
import { readFinalitySource } from "@phala-l2/bridge/finality/source";
import { newestFinal, witnessOf } from "@phala-l2/bridge/finality/witness";
import { createSubstrateNode, type SubstrateNode } from "@phala-l2/bridge/substrate/node";
import { FinalityBook } from "@phala-l2/enclave/finality";
import { hashFromHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeFinalityWitness, finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import { child, justification } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import type { Answer } from "../relayer/json-rpc-server.ts";
import { SMALL_PARA_ID, SmallParachain } from "../relayer/small-parachain.ts";
import { type FinalityLie, relayChainAnswers } from "./node.ts";
import { DangerouslySimulatedRelayChain, justificationOf } from "./relay-chain.ts";

const folder = mkdtempSync(join(tmpdir(), "finality-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const PARA = SMALL_PARA_ID;
/** Above the block in question, so that headers lead down to it: more than are asked for at once. */
const HEADS_ABOVE = 40;

/** What a node answers comes as text over the wire. */
const overWire =
  (answer: Answer): Answer =>
  async (method, params) => {
    const answered: unknown = JSON.parse(JSON.stringify({ it: (await answer(method, params)) ?? null }));
    return typeof answered === "object" && answered !== null && "it" in answered ? answered.it : null;
  };

function world(lie?: FinalityLie) {
  const parachain = new SmallParachain();
  for (let i = 0; i < 3; i++) parachain.addBlock([]);
  const chain = new DangerouslySimulatedRelayChain({ paraId: PARA });
  chain.addBlock();
  return {
    parachain,
    chain,
    relay: createSubstrateNode(overWire(relayChainAnswers(chain, lie)), "relay-chain"),
    node: createSubstrateNode(overWire(parachain.answers()), "parachain"),
  };
}

type World = ReturnType<typeof world>;

/** The relay chain takes the parachain's newest block. */
function include({ parachain, chain }: World): void {
  chain.addBlock(encodeHeader(parachain.newest.header));
}

async function witnessFor({ relay, node }: World, height: bigint, paraId = PARA) {
  const newest = await newestFinal(relay, paraId);
  const hash = await node.blockHashAt(height);
  assert.ok(newest && hash);
  return { hash, witness: await witnessOf(node, newest, { height, hash }) };
}

/** What an enclave says that was told of the chain and its hand-overs. */
function bookOf({ source, handOvers }: FinalityDescription): FinalityBook {
  const book = new FinalityBook();
  assert.equal(book.pin(source).kind, "following");
  for (const handOver of handOvers) {
    assert.equal(book.follow(finalityAnchor(source), handOver).kind, "following");
  }
  return book;
}

async function followed(relay: SubstrateNode, chain: FinalityDescription): Promise<FinalityDescription> {
  const { set, after } = followedTo(chain);
  let next = chain;
  for await (const { handOver } of handOversSince(relay, { set, after: after ?? 0n })) {
    next = { ...next, handOvers: [...next.handOvers, handOver] };
  }
  return next;
}

describe("finality, collected from nodes,", () => {
  it("is what an enclave takes, from the anchor over hand-overs down to a block below the head", async () => {
    const all = world();
    const { parachain, chain, relay, node } = all;
    assert.equal(await readParaId(node), PARA);
    include(all);
    const start = await readFinalitySource(relay, { at: undefined, paraId: PARA });
    assert.deepEqual(finalityAnchor(start.source), finalityAnchor(chain.start.source));
    for (let i = 0; i < HEADS_ABOVE; i++) {
      parachain.addBlock([]);
      if (i % 20 === 0) chain.handOver();
      include(all);
    }
    const file = join(folder, "finality.json");
    writeFinalityFile(file, withSource(readFinalityFile(file), start));
    const ahead = await followed(relay, chainOf(readFinalityFile(file), undefined));
    for (const handOver of ahead.handOvers) {
      writeFinalityFile(file, withHandOver(readFinalityFile(file), anchorOf(start), handOver));
    }
    writeFinalityFile(file, withSource(readFinalityFile(file), start));
    const read = chainOf(readFinalityFile(file), finalityAnchor(start.source));
    assert.equal(read.handOvers.length, 2);
    assert.equal((await followed(relay, read)).handOvers.length, 2, "there is nothing new");
    const { hash, witness } = await witnessFor(all, 2n);
    assert.ok(witness);
    assert.equal(witness.descent.length, Number(parachain.nextHeight) - 1 - 2);
    const anchor = finalityAnchor(start.source);
    const fault = (block = hash) => bookOf(read).faultOf(anchor, [block], [encodeFinalityWitness(witness)]);
    assert.equal(fault(), undefined);
    assert.equal(fault(ZERO_HASH), "block-not-final");
    assert.equal(
      bookOf(start).faultOf(anchor, [hash], [encodeFinalityWitness(witness)]),
      "weight-insufficient",
      "who was not told of the hand-overs does not know who votes",
    );
  });

  it("starts from any later set alike", async () => {
    const all = world();
    all.chain.handOver();
    include(all);
    include(all);
    const start = await readFinalitySource(all.relay, { at: undefined, paraId: PARA });
    assert.equal(start.source.set.id, 1n);
    const at = await readFinalitySource(all.relay, { at: 0n, paraId: PARA });
    assert.deepEqual(finalityAnchor(at.source), finalityAnchor(all.chain.start.source));
    for (const height of [all.chain.newest.header.number, 40n]) {
      await assert.rejects(readFinalitySource(all.relay, { at: height, paraId: PARA }), {
        code: "FINALITY_NOT_YET",
      });
    }
  });

  it("waits for what the relay chain has not", async () => {
    const all = world();
    await assert.rejects(newestFinal(all.relay, PARA), { code: "RELAY_CHAIN_INVALID" });
    include(all);
    all.parachain.addBlock([]);
    assert.equal((await witnessFor(all, 4n)).witness, undefined);
    include(all);
    assert.ok((await witnessFor(all, 4n)).witness);
  });
});

/** A justification of a block by votes for one far above, with headers that do not lead there. */
const forgedAncestry: FinalityLie["votes"] = ({ header, hash, set }) => {
  const number = Number(header.number);
  const [gap, top] = [child(hash, header.number + 1n), child(ZERO_HASH, header.number + 2n)];
  const votes = set.voters.map((by) => ({ hash: ZERO_HASH, number: number + 2, by, setId: set.id }));
  return justification({ target: { hash, number }, votes, headers: [gap, top] });
};

describe("what a hostile relay chain's node shows", () => {
  const lies: readonly (readonly [string, FinalityLie, string])[] = [
    [
      "votes short of two thirds",
      { votes: (block) => justificationOf(block, { ...block.set, voters: block.set.voters.slice(0, 2) }) },
      "weight-insufficient",
    ],
    [
      "votes of another set",
      { votes: (block) => justificationOf(block, { ...block.set, id: block.set.id + 1n }) },
      "signature-invalid",
    ],
    ["ancestry that does not lead to the block", { votes: forgedAncestry }, "precommit-unrelated"],
  ];

  for (const [what, lie, reason] of lies) {
    it(`is refused with ${what}, by the collector and by enclaves`, async () => {
      const all = world(lie);
      include(all);
      include(all);
      const { start } = all.chain;
      const refused = { code: "FINALITY_REFUSED", data: { reason, setId: 0n, height: 3n } };
      await assert.rejects(followed(all.relay, start), refused);
      await assert.rejects(readFinalitySource(all.relay, { at: 0n, paraId: PARA }), {
        code: "FINALITY_REFUSED",
      });
      const { hash, witness } = await witnessFor(all, 2n);
      assert.ok(witness);
      const anchor = finalityAnchor(start.source);
      const fault = bookOf(start).faultOf(anchor, [hash], [encodeFinalityWitness(witness)]);
      assert.equal(fault, reason);
    });
  }

  it("is refused when a hand-over is left out", async () => {
    const honest = world();
    const { chain } = honest;
    const skipping: FinalityLie = {
      justified: (_, last) => (last.next === last.set ? last : chain.lastOf(last.next)),
    };
    const relay = createSubstrateNode(overWire(relayChainAnswers(chain, skipping)), "relay-chain");
    chain.handOver();
    include(honest);
    chain.handOver();
    include(honest);
    await assert.rejects(followed(relay, chain.start), {
      code: "FINALITY_REFUSED",
      data: { reason: "weight-insufficient", setId: 0n, height: 4n },
    });
  });

  it("is refused when it is of another parachain", async () => {
    const all = world();
    include(all);
    await assert.rejects(newestFinal(all.relay, PARA + 2), { code: "RELAY_CHAIN_INVALID" });
    // The other's head is no header that any block hashes to.
    await assert.rejects(newestFinal(all.relay, PARA + 1), { code: "RELAY_CHAIN_INVALID" });
    const { start } = all.chain;
    const { hash, witness } = await witnessFor(all, 3n);
    assert.ok(witness);
    const source = { ...start.source, paraId: PARA + 1 };
    const book = bookOf({ ...start, source });
    const fault = book.faultOf(finalityAnchor(source), [hash], [encodeFinalityWitness(witness)]);
    assert.equal(fault, "proof-node-missing");
  });

  it("is refused when the parachain's node has other blocks than the relay chain made final", async () => {
    const all = world();
    include(all);
    const fork = new SmallParachain();
    for (let i = 0; i < 4; i++) {
      const to = hashFromHex(`0x${"11".repeat(32)}`);
      fork.addBlock([{ from: to, to, planck: 1n, remarks: [] }]);
    }
    const node = createSubstrateNode(overWire(fork.answers()), "parachain");
    const newest = await newestFinal(all.relay, PARA);
    const hash = await node.blockHashAt(2n);
    assert.ok(newest && hash);
    await assert.rejects(witnessOf(node, newest, { height: 2n, hash }), { code: "PARACHAIN_FORKED" });
    const top = await node.blockHashAt(newest.head.number);
    assert.ok(top);
    await assert.rejects(witnessOf(node, newest, { height: newest.head.number, hash: top }), {
      code: "PARACHAIN_FORKED",
    });
  });
});
