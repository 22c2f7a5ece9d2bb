import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeSingular } from "@phala-l2/protocol/wire/batch";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { encodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";
import {
  channelId,
  channelOf,
  framesIn,
  inboxTransaction,
  singularChannel,
  spanPayload,
  wholeFrame,
} from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { mutated, Random } from "./random.ts";
import { Scenario } from "./scenario.ts";

const SEED = 20_260_731;
/** In all 100,000 cases; signatures and blobs are slow to make and check, so there are fewer of these. */
const CALLDATA_CASES = 1_000;
const BLOB_CASES = 2_000;
const CHANNEL_CASES = 97_000;
const CASES_A_BLOCK = 500;
const BLOBS_A_TRANSACTION = 50;
const FRAMES_A_TRANSACTION = 250;

/** What mutations start from: the next blocks of the very chain, so that only the mutation is wrong. */
class Attacker {
  readonly #random: Random;
  readonly #scenario: Scenario;
  #payloads: readonly [Uint8Array, ...Uint8Array[]] = [new Uint8Array(1)];
  #channels: readonly [Uint8Array, ...Uint8Array[]] = [new Uint8Array(1)];

  constructor(random: Random, scenario: Scenario) {
    this.#random = random;
    this.#scenario = scenario;
  }

  /** Builds on the sequencer's head, which is left as it was. */
  study(): void {
    const { config, sequencer } = this.#scenario;
    const head = sequencer.head.ref.number;
    const batches = this.#scenario.sequenceMany(3, (i) => [l2Transaction(i), l2Transaction(i + 5)]);
    sequencer.rewind(head);
    const past = { ...batches[0], timestamp: config.genesis.l2Time };
    const [first, ...rest] = batches.map(encodeSingular);
    assert.ok(first && past.parentHash && past.transactions && past.epochHash);
    this.#payloads = [first, ...rest, spanPayload(config, batches, false)];
    this.#channels = [
      singularChannel(batches),
      singularChannel(batches, "brotli"),
      channelOf(this.#payloads),
      channelOf([spanPayload(config, batches, false)], "brotli"),
    ];
  }

  /** Mutated batches in a sound channel, a mutated channel, or noise with or without a channel's first byte. */
  channel(): Uint8Array {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
      case 1:
        return random.bytes(random.below(60));
      case 2:
        return Uint8Array.from([random.pick([0x78, 0x01, 0x1f]), ...random.bytes(random.below(60))]);
      case 3:
      case 4:
        return mutated(random, random.pick(this.#channels));
      default: {
        const payloads = Array.from({ length: 1 + random.below(3) }, () => random.pick(this.#payloads));
        const spoiled = random.below(payloads.length);
        return channelOf(payloads.map((payload, i) => (i === spoiled ? mutated(random, payload) : payload)));
      }
    }
  }

  frames(): readonly Frame[] {
    const id = channelId(this.#random.below(3));
    const frames = [...framesIn(1 + this.#random.below(3), id, this.channel())];
    if (this.#random.below(2) === 0) frames.reverse();
    return frames;
  }

  data(): Uint8Array {
    return this.#random.below(4) === 0
      ? this.#random.bytes(this.#random.below(200))
      : mutated(this.#random, encodeFrames([...this.frames(), ...this.frames()]));
  }

  blob(): Uint8Array {
    const blob = encodeBlob(this.data());
    if (this.#random.below(2) === 0) return blob;
    const spoiled = this.#random.below(2) === 0 ? this.#random.below(600) : this.#random.below(blob.length);
    blob[spoiled] = this.#random.next() & 0xff;
    return blob;
  }
}

/** The sequencer takes over whatever was derived, as it must. */
function adopt(scenario: Scenario, from: bigint): void {
  scenario.sequencer.rewind(from);
  for (const { ref } of scenario.verifier.blocks.slice(Number(from) + 1)) {
    const facts = scenario.verifier.block(ref.number);
    assert.ok(facts);
    scenario.sequencer.blocks.push(facts);
  }
}

/** Derives what L1 has; then a valid batch in the next L1 block must still be accepted. */
function assertAlive(scenario: Scenario): void {
  const before = scenario.verifier.head.ref.number;
  scenario.derive();
  adopt(scenario, before);
  const batch = scenario.sequence([l2Transaction(1)]);
  scenario.mineBatches([batch]);
  assert.equal(scenario.derive().blocks.length, 1);
  assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
}

function newScenario(): Scenario {
  const scenario = new Scenario({ seqWindowSize: 1_000_000n });
  scenario.l1.mineEmpty(2);
  return scenario;
}

/** Runs `count` cases, some hundreds in each L1 block. */
function attack(
  count: number,
  transactionsOf: (attacker: Attacker, scenario: Scenario, cases: number) => Uint8Array[],
) {
  const scenario = newScenario();
  const attacker = new Attacker(new Random(SEED), scenario);
  for (let done = 0; done < count; done += CASES_A_BLOCK) {
    attacker.study();
    scenario.l1.mine({
      transactions: transactionsOf(attacker, scenario, Math.min(CASES_A_BLOCK, count - done)),
    });
    assertAlive(scenario);
  }
}

describe(`no L1 data makes the pipeline throw or stall (seed ${SEED})`, () => {
  it(`${CALLDATA_CASES} batcher transactions`, () => {
    attack(CALLDATA_CASES, (attacker, { config, l1 }, cases) =>
      Array.from({ length: cases }, () => inboxTransaction(config, l1, { data: attacker.data() })),
    );
  });

  it(`${BLOB_CASES} blobs`, () => {
    attack(BLOB_CASES, (attacker, { config, l1 }, cases) =>
      Array.from({ length: cases / BLOBS_A_TRANSACTION }, () => {
        const blobs = Array.from({ length: BLOBS_A_TRANSACTION }, () => attacker.blob());
        return inboxTransaction(config, l1, { blobs });
      }),
    );
  });

  it(`${CHANNEL_CASES} channels`, () => {
    attack(CHANNEL_CASES, (attacker, { config, l1 }, cases) =>
      Array.from({ length: cases / FRAMES_A_TRANSACTION }, () => {
        const frames = Array.from({ length: FRAMES_A_TRANSACTION }, (_, i) =>
          wholeFrame(channelId(i), attacker.channel()),
        );
        return inboxTransaction(config, l1, { data: encodeFrames(frames) });
      }),
    );
  });

  it("transactions that are no transactions", () => {
    const scenario = newScenario();
    const random = new Random(SEED);
    const good = inboxTransaction(scenario.config, scenario.l1, { data: Uint8Array.of(0) });
    const blob = inboxTransaction(scenario.config, scenario.l1, { blobs: [new Uint8Array(131_072)] });
    const transactions = Array.from({ length: 5_000 }, () => {
      if (random.below(4) === 0) return random.bytes(random.below(150));
      return mutated(random, random.pick([good, blob]));
    });
    // Blobs that nobody has are no part of this: a mutated blob hash is another blob's.
    const harmless = transactions.filter((raw) => raw[0] !== 3 || raw.length !== blob.length);
    scenario.l1.mine({ transactions: harmless });
    assertAlive(scenario);
  });
});
