import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FORKS, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { forksUpTo, testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { assertSupported, channelTimeout, maxSequencerDrift } from "./rules.ts";

const GENESIS_TIME = 1000n;
const UP_TO_JOVIAN = forksUpTo("jovian", GENESIS_TIME);

function config(forks: RollupConfig["forks"], seqWindowSize = 3600n): RollupConfig {
  return testRollup({ genesis: { l2Time: GENESIS_TIME }, seqWindowSize, forks });
}

function refusedFork(forks: RollupConfig["forks"], fork: string): void {
  assert.throws(
    () => assertSupported(config(forks)),
    (error) => {
      assert.ok(error instanceof Error && "code" in error && "data" in error);
      assert.equal(error.code, "FORK_UNSUPPORTED");
      assert.ok(error.data instanceof Object && "fork" in error.data);
      assert.equal(error.data.fork, fork);
      return true;
    },
  );
}

describe("chains that are derived rightly, and others", () => {
  it("accepts every fork up to Jovian at genesis, with or without Karst", () => {
    assertSupported(config(UP_TO_JOVIAN));
    assertSupported(config({ ...UP_TO_JOVIAN, karst: 0n }));
  });

  it("names Holocene when it comes later or never", () => {
    const { holocene, ...without } = UP_TO_JOVIAN;
    assert.equal(holocene, GENESIS_TIME);
    refusedFork(without, "holocene");
    refusedFork({ ...UP_TO_JOVIAN, holocene: GENESIS_TIME + 2n }, "holocene");
    refusedFork({}, "holocene");
  });

  it("names each fork before Holocene that is not active at genesis", () => {
    for (const fork of FORKS.slice(0, FORKS.indexOf("holocene"))) {
      refusedFork({ ...UP_TO_JOVIAN, [fork]: GENESIS_TIME + 2n }, fork);
    }
  });

  it("accepts Isthmus, Jovian and Karst at any time, or never", () => {
    const upToHolocene = forksUpTo("holocene", GENESIS_TIME);
    const times = { isthmus: GENESIS_TIME + 2n, jovian: GENESIS_TIME + 20n, karst: GENESIS_TIME + 20n };
    assertSupported(config(upToHolocene));
    assertSupported(config({ ...upToHolocene, ...times }));
  });

  it("refuses Isthmus and Jovian in one block after the genesis", () => {
    const together = (isthmus: bigint, jovian: bigint) => ({ ...UP_TO_JOVIAN, isthmus, jovian });
    refusedFork(together(GENESIS_TIME + 10n, GENESIS_TIME + 10n), "jovian");
    refusedFork(together(GENESIS_TIME + 9n, GENESIS_TIME + 10n), "jovian");
    assertSupported(config(together(GENESIS_TIME + 10n, GENESIS_TIME + 11n)));
  });

  it("refuses a sequencing window of one block", () => {
    assert.throws(() => assertSupported(config(UP_TO_JOVIAN, 1n)), { code: "SEQUENCING_WINDOW_TOO_SMALL" });
    assertSupported(config(UP_TO_JOVIAN, 2n));
  });
});

describe("constants that a fork took out of the configuration", () => {
  it("granite/derivation.md: the channel timeout is 50", () => {
    const later = config({ granite: 500n });
    assert.deepEqual([channelTimeout(later, 499n), channelTimeout(later, 500n)], [300n, 50n]);
  });

  it("fjord/derivation.md: the sequencer drift is 1800", () => {
    const later = config({ fjord: 500n });
    assert.deepEqual([maxSequencerDrift(later, 499n), maxSequencerDrift(later, 500n)], [600n, 1800n]);
  });
});
