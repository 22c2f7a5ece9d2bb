import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkSingularBatch } from "@phala-l2/derivation/batch-validity";
import { createPipeline } from "@phala-l2/derivation/pipeline";
import { findSyncStart } from "@phala-l2/derivation/sync-start";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { l2Transaction } from "./l2-transactions.ts";
import { Scenario } from "./scenario.ts";

/** The verdict on the first batch under other forks than the ones the pipeline supports. */
function verdictUnder(
  forks: (config: RollupConfig) => RollupConfig["forks"],
  transactions: readonly Uint8Array[],
) {
  const scenario = new Scenario();
  scenario.l1.mine();
  const batch = { ...scenario.sequence(), transactions };
  const config = { ...scenario.config, forks: { ...scenario.config.forks, ...forks(scenario.config) } };
  const epochs = [scenario.epoch(100n), scenario.epoch(101n)];
  return checkSingularBatch({ config, epochs, parent: scenario.verifier.head.ref, inclusion: 101n }, batch);
}

describe("rules that a fork brings", () => {
  const first = ({ genesis, blockTime }: RollupConfig) => genesis.l2Time + blockTime;

  it("jovian/derivation.md, Activation Block Rules: a fork's first block has no sequencer transactions", () => {
    const karst = (config: RollupConfig) => ({ karst: first(config) });
    const dropped = { kind: "drop", reason: "transactions-in-activation-block" };
    assert.deepEqual(verdictUnder(karst, [l2Transaction(1)]), dropped);
    assert.deepEqual(verdictUnder(karst, []), { kind: "accept" });
    assert.deepEqual(
      verdictUnder(() => ({ karst: 0n }), [l2Transaction(1)]),
      { kind: "accept" },
    );
  });

  it("isthmus/derivation.md: transactions of type 4 are dropped before Isthmus", () => {
    const later = () => ({ isthmus: 2n ** 63n, jovian: 2n ** 63n });
    const setCode = Uint8Array.of(4, 0xc0);
    assert.deepEqual(verdictUnder(later, [setCode]), { kind: "drop", reason: "transaction-type-inactive" });
    assert.deepEqual(verdictUnder(later, [l2Transaction(1)]), { kind: "accept" });
  });

  it("a pipeline is made for no chain that it would derive wrongly", () => {
    const scenario = new Scenario();
    const start = findSyncStart(scenario.config, scenario.verifier.head.ref, scenario.verifier);
    const config = { ...scenario.config, forks: { ...scenario.config.forks, holocene: 2n ** 63n } };
    assert.throws(() => createPipeline(config, start, scenario.verifier), {
      code: "FORK_UNSUPPORTED",
      message: /holocene/,
    });
  });
});

describe("derivation.md, Resetting the Pipeline: where derivation begins", () => {
  /** One L2 block for each of `epochs` L1 blocks, derived. */
  function chainOf(epochs: number): Scenario {
    const scenario = new Scenario({ seqWindowSize: 3600n, blockTime: 12n });
    for (let i = 0; i < epochs; i++) {
      scenario.l1.mine();
      scenario.mineBatches([scenario.sequence()]);
    }
    scenario.derive();
    return scenario;
  }

  it("is the genesis for a young chain", () => {
    const scenario = chainOf(40);
    const { ref } = scenario.verifier.head;
    const start = findSyncStart(scenario.config, ref, scenario.verifier);
    assert.deepEqual(start.l1Start, scenario.config.genesis.l1);
    assert.deepEqual(start.systemConfigAtStart, scenario.config.genesis.systemConfig);
    assert.deepEqual(start.l2SafeHead, ref);
  });

  it("is 50 L1 blocks before the safe head's origin, no earlier and no later", () => {
    const scenario = chainOf(60);
    for (const number of [51n, 55n, 60n]) {
      const safe = scenario.verifier.block(number)?.ref;
      assert.ok(safe);
      const { l1Start } = findSyncStart(scenario.config, safe, scenario.verifier);
      assert.equal(safe.l1Origin.number - l1Start.number, 50n);
    }
  });

  it("needs the L2 blocks on the way", () => {
    const scenario = chainOf(60);
    const { ref } = scenario.verifier.head;
    assert.throws(() => findSyncStart(scenario.config, ref, { block: () => undefined }), {
      code: "L2_BLOCK_MISSING",
    });
  });
});
