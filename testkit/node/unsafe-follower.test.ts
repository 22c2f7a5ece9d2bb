import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createUnsafeFollower, type FetchBlock } from "@phala-l2/node/engine/unsafe-follower";
import { type Gossip, startGossip } from "@phala-l2/node/gossip/gossip";
import { hashFromHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { hashesOf, run, unsafeBatches } from "./actions.ts";
import { type TestNode, transfer, World } from "./world.ts";

const worlds: World[] = [];
after(() => Promise.all(worlds.map((world) => world.close())));

async function setUp(blocks: number, fetchBlock?: (sequencer: TestNode) => FetchBlock) {
  const world = new World();
  worlds.push(world);
  const sequencer = await world.start({ derives: false });
  for (let nonce = 0; nonce < blocks; nonce++) await world.sequence(sequencer, [transfer(nonce)]);
  const all: Block[] = hashesOf(sequencer).map((hash) => {
    const block = sequencer.store.block(hashFromHex(hash));
    assert.ok(block);
    return block;
  });
  const verifier = await world.start();
  const { engine } = verifier;
  const follower = createUnsafeFollower({ engine, fetchBlock: fetchBlock?.(sequencer), log: silentLog });
  const block = (number: number): Block => {
    const found = all[number];
    assert.ok(found);
    return found;
  };
  return { world, sequencer, verifier, follower, block };
}

const fromStore =
  (sequencer: TestNode): FetchBlock =>
  async (hash) =>
    sequencer.store.block(hash);

describe("following signed unsafe blocks", () => {
  it("puts blocks in order that arrive in any", async () => {
    const { verifier, follower, block } = await setUp(5);
    for (const number of [3, 5, 2, 4]) await follower.offer(block(number));
    assert.equal(verifier.store.heads().unsafe.number, 0n);
    await follower.offer(block(1));
    assert.equal(verifier.store.heads().unsafe.number, 5n);
    await follower.stop();
  });
  it("fetches what it missed, each block proven by its child", async () => {
    const { sequencer, verifier, follower, block } = await setUp(6, fromStore);
    await follower.offer(block(6));
    assert.deepEqual(hashesOf(verifier), hashesOf(sequencer));
    await follower.stop();
  });
  it("fetches what it missed from a peer, by payload_by_number over the network", async () => {
    const listen = ["/ip4/127.0.0.1/tcp/0"];
    let asker: Gossip | undefined;
    const { sequencer, verifier, follower, block } = await setUp(
      6,
      () => async (hash, number) => asker?.fetchBlock(hash, number),
    );
    const parts = { onBlock: async () => {}, log: silentLog, now: () => Date.now() };
    const { config } = sequencer.store;
    const readBlock = async (number: bigint) => {
      const hash = sequencer.store.hashByNumber(number);
      return hash && sequencer.store.block(hash);
    };
    const signer = () => undefined;
    const server = await startGossip({ listen, peers: [], config, signer }, { ...parts, readBlock });
    asker = await startGossip({ listen, peers: server.addresses(), config, signer }, parts);
    const protocol = `/opstack/req/payload_by_number/${config.l2ChainId}/0`;
    const end = performance.now() + 20_000;
    while (!(await asker.peers()).some(({ protocols }) => protocols.includes(protocol))) {
      assert.ok(performance.now() < end);
      await nextTurn();
    }
    await follower.offer(block(6));
    assert.deepEqual(hashesOf(verifier), hashesOf(sequencer));
    await Promise.all([follower.stop(), server.stop(), asker.stop()]);
  });
  it("goes on with waiting blocks when derivation has reached their parent", async () => {
    const { world, sequencer, verifier, follower, block } = await setUp(6);
    await follower.offer(block(5));
    await follower.offer(block(6));
    world.mineBatches(unsafeBatches(sequencer).slice(0, 4));
    await world.settle(verifier);
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    await follower.stop();
    assert.equal(verifier.store.heads().safe.number, 4n);
    assert.equal(verifier.store.heads().unsafe.number, 6n);
  });
  const liars: Record<string, (sequencer: TestNode) => FetchBlock> = {
    nothing: () => async () => undefined,
    "another block": (sequencer) => async () => sequencer.store.block(sequencer.store.heads().unsafe.hash),
    "a block with other transactions": (sequencer) => async (hash) => {
      const block = sequencer.store.block(hash);
      return block && { ...block, transactions: block.transactions.slice(0, 1) };
    },
    "a header with another state": (sequencer) => async (hash) => {
      const block = sequencer.store.block(hash);
      return block && { ...block, header: { ...block.header, stateRoot: ZERO_HASH } };
    },
  };
  for (const [what, liar] of Object.entries(liars)) {
    it(`takes nothing when it is given ${what}`, async () => {
      const { verifier, follower, block } = await setUp(4, liar);
      await follower.offer(block(4));
      assert.equal(verifier.store.heads().unsafe.number, 0n);
      await follower.offer(block(1));
      assert.equal(verifier.store.heads().unsafe.number, 1n);
      await follower.stop();
    });
  }
  it("is not held up by an invalid block, nor by one of another branch", async () => {
    const { verifier, follower, block } = await setUp(3);
    const { header, transactions } = block(1);
    await follower.offer({ header: { ...header, gasUsed: 1n }, transactions });
    await follower.offer(block(1));
    await follower.offer({ header: { ...block(1).header, parentHash: ZERO_HASH }, transactions });
    await follower.offer(block(2));
    assert.equal(verifier.store.heads().unsafe.number, 2n);
    await follower.stop();
  });
  it("gives way to L1 when a waiting block does not fit it", async () => {
    const { world, verifier, follower, block } = await setUp(4);
    await follower.offer(block(4));
    const other = await world.start({ derives: false });
    await run(world, other, 1, 3);
    await world.settle(verifier);
    await follower.stop();
    assert.deepEqual(hashesOf(verifier), hashesOf(other));
  });
});
