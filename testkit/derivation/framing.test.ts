import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeSingular } from "@phala-l2/protocol/wire/batch";
import { encodeFrames, type Frame, framesOfChannel } from "@phala-l2/protocol/wire/frame";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { blobOfFrames, channelOf, inboxTransaction, spanPayload } from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { Random } from "./random.ts";
import { Scenario } from "./scenario.ts";

const SEED = 7;
const RUNS = 60;
const BLOCKS = 40;
const L1_ORIGINS = 6;

/** The same sequencer in each run: 40 L2 blocks over six L1 blocks. */
function sequenced() {
  const scenario = new Scenario({ seqWindowSize: 3600n });
  scenario.l1.mineEmpty(L1_ORIGINS);
  const batches = scenario.sequenceMany(BLOCKS, (i) =>
    Array.from({ length: i % 4 }, (_, k) => l2Transaction(i + k)),
  );
  return { scenario, batches };
}

/** The stretch as one span batch, as singular batches, or as both, one after another. */
function payloadsOf(
  random: Random,
  scenario: Scenario,
  batches: readonly SingularBatch[],
  beginsEpoch: boolean,
) {
  const cut = random.pick([0, batches.length, random.below(batches.length + 1)]);
  const payloads = batches.slice(0, cut).map(encodeSingular);
  const rest = batches.slice(cut);
  const [before, first] = [batches[cut - 1], rest[0]];
  if (first === undefined) return payloads;
  const begins = before === undefined ? beginsEpoch : before.epochNumber !== first.epochNumber;
  return [...payloads, spanPayload(scenario.config, rest, begins)];
}

/** All blocks in channels of random length, these in frames of random size. */
function randomFrames(
  random: Random,
  scenario: Scenario,
  batches: readonly SingularBatch[],
): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < batches.length; ) {
    const length = 1 + random.below(15);
    const stretch = batches.slice(at, at + length);
    const beginsEpoch = at > 0 && batches[at - 1]?.epochNumber !== stretch[0]?.epochNumber;
    const payloads = payloadsOf(random, scenario, stretch, beginsEpoch);
    const channel = channelOf(payloads, random.pick(["zlib", "brotli"]));
    frames.push(...framesOfChannel(random.bytes(16), channel, 24 + random.below(600)));
    at += length;
  }
  return frames;
}

/** The frames in order, in random transactions and blobs of random L1 blocks. */
function mineRandomly(random: Random, scenario: Scenario, frames: readonly Frame[]): void {
  const { config, l1 } = scenario;
  for (let at = 0; at < frames.length; ) {
    const transactions: Uint8Array[] = [];
    for (let count = random.below(4); count > 0 && at < frames.length; count--) {
      const length = 1 + random.below(30);
      const some = frames.slice(at, at + length);
      at += length;
      const half = random.below(some.length) + 1;
      const blobs = [some.slice(0, half), some.slice(half)]
        .filter((part) => part.length > 0)
        .map(blobOfFrames);
      const content = random.below(4) === 0 ? { blobs } : { data: encodeFrames(some) };
      transactions.push(inboxTransaction(config, l1, content));
    }
    l1.mine({ transactions });
  }
}

describe(`the way a stream is cut does not show in what it derives (seed ${SEED})`, () => {
  it(`${RUNS} random cuts into channels, batches, frames, transactions, blobs and L1 blocks`, () => {
    const random = new Random(SEED);
    for (let run = 0; run < RUNS; run++) {
      const { scenario, batches } = sequenced();
      mineRandomly(random, scenario, randomFrames(random, scenario, batches));
      const { blocks, dropped } = scenario.derive();
      assert.deepEqual(dropped, [], `run ${run}`);
      assert.equal(blocks.length, BLOCKS, `run ${run}`);
      // Hashes commit to the attributes, so one comparison covers all forty blocks.
      assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref, `run ${run}`);
    }
  });

  it("nor does a restart in the middle", () => {
    const random = new Random(SEED + 1);
    for (let run = 0; run < 10; run++) {
      const { scenario, batches } = sequenced();
      mineRandomly(random, scenario, randomFrames(random, scenario, batches));
      scenario.derive();
      scenario.verifier.rewind(BigInt(random.below(BLOCKS)));
      scenario.restart();
      scenario.derive();
      assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref, `run ${run}`);
    }
  });
});
