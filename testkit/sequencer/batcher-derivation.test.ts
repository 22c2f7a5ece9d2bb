import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { Batcher } from "@phala-l2/sequencer/batcher/batcher";
import type { DataAvailability, Payload } from "@phala-l2/sequencer/batcher/data-availability";
import type { L1Sender } from "@phala-l2/sequencer/batcher/l1-sender";
import { FakeSequencer } from "@phala-l2/sequencer/batcher/testing/fake-sequencer";
import { TestClock } from "@phala-l2/sequencer/testing/clock";
import { inboxTransaction } from "../derivation/batcher-data.ts";
import { l2Transaction } from "../derivation/l2-transactions.ts";
import { Scenario } from "../derivation/scenario.ts";

const DURATION = 60_000;

/** The real batcher between a scenario's sequencer and its L1; each payload is included in an L1 block of its own. */
class World {
  readonly scenario = new Scenario();
  readonly node: FakeSequencer;
  readonly clock = new TestClock();
  readonly #options: { readonly dataAvailability: DataAvailability; readonly targetSize: number };
  /** Payloads that L1 takes before the batcher is killed. */
  survives = Number.POSITIVE_INFINITY;
  /** Payloads that L1 loses after the batcher has seen them included. */
  loses = (_payload: number) => false;
  #batcher: Batcher;
  payloads = 0;
  #transactions = 0;

  constructor(dataAvailability: DataAvailability, targetSize = 780_000) {
    this.#options = { dataAvailability, targetSize };
    const genesis = this.scenario.sequencer.head;
    this.node = new FakeSequencer(this.scenario.config, genesis);
    this.#batcher = this.#start();
    this.#noteHeads();
  }

  #start(): Batcher {
    const sender: L1Sender = {
      prices: async () => ({ gasPrice: 1n, blobBaseFee: 1n }),
      post: async (payload) => this.#include(payload),
    };
    return new Batcher(
      { ...this.#options, maxChannelDurationMs: DURATION, pollIntervalMs: 1_000 },
      {
        config: this.scenario.config,
        sequencer: this.node.request,
        sender,
        clock: this.clock,
        log: silentLog,
        signal: new AbortController().signal,
      },
    );
  }

  #include(payload: Payload) {
    if (this.payloads >= this.survives) throw new Error("killed");
    const { config, l1 } = this.scenario;
    const isLost = this.loses(this.payloads);
    this.payloads += 1;
    const transaction = inboxTransaction(
      config,
      l1,
      payload.kind === "blobs" ? { blobs: payload.blobs } : { data: payload.data },
    );
    const { header } = l1.mine({ transactions: isLost ? [] : [transaction] });
    return { hash: "0x" as const, l1Number: header.number };
  }

  /** kill -9 and a fresh start. */
  restart(): void {
    this.survives = Number.POSITIVE_INFINITY;
    this.#batcher = this.#start();
  }

  sequence(blocks: number, perBlock = 2): void {
    for (let i = 0; i < blocks; i++) {
      if (i % 6 === 0) this.scenario.l1.mine();
      this.scenario.sequence(Array.from({ length: perBlock }, () => l2Transaction(this.#transactions++)));
      this.node.push(this.scenario.sequencer.head);
    }
    this.#noteHeads();
  }

  #noteHeads(): void {
    const head = this.scenario.l1.head.header.number;
    this.node.l1Head = head;
    this.node.derivedL1 = head;
    this.node.safe = this.scenario.verifier.head.ref.number;
  }

  /** The verifier derives what L1 has, and the sequencer's node with it. */
  derive() {
    const derivation = this.scenario.derive();
    this.#noteHeads();
    return derivation;
  }

  async batch(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) {
      while (await this.#batcher.step());
      this.clock.pass(DURATION);
    }
  }

  assertDerived(): void {
    const hashes = (chain: Scenario["verifier"]) => chain.blocks.map(({ ref }) => toHex(ref.hash));
    assert.deepEqual(hashes(this.scenario.verifier), hashes(this.scenario.sequencer));
  }
}

describe("what the batcher posts", () => {
  for (const dataAvailability of ["blobs", "calldata", "auto"] as const) {
    it(`as ${dataAvailability} is derived to the sequencer's blocks`, async () => {
      const world = new World(dataAvailability);
      for (let channel = 0; channel < 3; channel++) {
        world.sequence(20);
        await world.batch();
        assert.deepEqual(world.derive().dropped, []);
      }
      world.assertDerived();
      assert.equal(world.payloads, 3);
    });
  }

  it("in several channels before the verifier looks is derived to the sequencer's blocks", async () => {
    const world = new World("blobs", 1_500);
    world.sequence(60);
    await world.batch();
    assert.ok(world.payloads > 3);
    assert.deepEqual(world.derive().dropped, []);
    world.assertDerived();
  });

  it("from blocks without transactions is derived to the sequencer's blocks", async () => {
    const world = new World("blobs");
    world.sequence(90, 0);
    await world.batch();
    world.derive();
    world.assertDerived();
  });
});

describe("after a fault the derived chain is the sequencer's, without gap or double", () => {
  it("kill -9 between two channels, before the node has derived the first", async () => {
    const world = new World("blobs", 1_500);
    world.survives = 2;
    world.sequence(60);
    await assert.rejects(world.batch(), /killed/);
    world.restart();
    await world.batch();
    world.derive();
    await world.batch();
    world.derive();
    world.assertDerived();
  });

  it("a channel that L1 includes and loses again", async () => {
    const world = new World("blobs", 1_500);
    world.loses = (payload) => payload === 1;
    world.sequence(60);
    await world.batch();
    world.derive();
    assert.notEqual(world.scenario.verifier.head.ref.number, world.scenario.sequencer.head.ref.number);
    for (let look = 0; look < 3; look++) {
      world.scenario.l1.mine();
      world.derive();
      await world.batch();
    }
    world.derive();
    world.assertDerived();
  });

  it("a long stop of the batcher", async () => {
    const world = new World("blobs");
    world.sequence(120);
    world.derive();
    world.restart();
    await world.batch();
    world.derive();
    world.assertDerived();
  });
});
