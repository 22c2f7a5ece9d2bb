import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { derivationTarget } from "../conformance/fuzz/derivation.ts";
import { holds } from "../conformance/fuzz/report.ts";
import { inboxTransaction } from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { mutated, Random } from "./random.ts";
import { Scenario } from "./scenario.ts";

const SEED = 20_260_731;
/** A sample; `l2 fuzz derivation --cases 100000` runs as many as wanted. */
const CASES = 12_000;

describe(`no L1 data makes derivation throw, stall or differ (seed ${SEED})`, () => {
  it(`${CASES} frames, blobs, channels, batches and streams`, async () => {
    const report = await derivationTarget.run({ cases: CASES, seed: SEED });
    assert.deepEqual(report.failures, []);
    assert.ok(holds(report), `${report.peakRssMiB} MiB were used`);
    assert.equal(report.cases, CASES);
    // The cases do not all die of one cause: each decoder and stage was reached, and accepted something.
    for (const outcome of [
      "frame: ok",
      "frame: frame-truncated",
      "blob: ok",
      "blob: high-bits-set",
      "channel: batch-incomplete",
      "batch: singular",
      "batch: span",
      "batch: span-truncated",
      "pipeline: parent-mismatch",
      "pipeline: frame-of-other-channel",
      "pipeline: valid batch accepted",
      "pipeline: derived again the same",
    ]) {
      assert.ok((report.outcomes[outcome] ?? 0) > 0, outcome);
    }
  });

  it("has one run for one seed", async () => {
    const [a, b, c] = await Promise.all(
      [1, 1, 2].map((seed) => derivationTarget.run({ cases: 300, seed }).then(({ outcomes }) => outcomes)),
    );
    assert.deepEqual(a, b);
    assert.notDeepEqual(a, c);
  });

  it("transactions that are no transactions", () => {
    const scenario = new Scenario({ seqWindowSize: 1_000_000n });
    scenario.l1.mineEmpty(2);
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
    scenario.derive();
    scenario.mineBatches([scenario.sequence([l2Transaction(1)])]);
    assert.equal(scenario.derive().blocks.length, 1);
    assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
  });
});
