import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import type { SyncStatus } from "./engine.ts";
import { syncProgress } from "./sync-progress.ts";

const config = testRollup({ blockTime: 2n });
const { genesis } = config;
const ID = { hash: ZERO_HASH, parentHash: ZERO_HASH };

/** L1's head is at `seconds` after the L2 genesis, derivation `behind` blocks below it. */
function statusOf(seconds: bigint, behind: bigint, unsafe: bigint): SyncStatus {
  const l1 = (number: bigint) => ({ ...ID, number, timestamp: genesis.l2Time + seconds });
  const l2 = {
    ...ID,
    number: genesis.l2.number + unsafe,
    timestamp: genesis.l2Time + unsafe * 2n,
    l1Origin: genesis.l1,
    sequenceNumber: 0n,
  };
  const [headL1, currentL1] = [l1(1000n), l1(1000n - behind)];
  return {
    headL1,
    currentL1,
    safeL1: headL1,
    finalizedL1: headL1,
    unsafeL2: l2,
    safeL2: l2,
    finalizedL2: l2,
  };
}

const progressOf = (status: SyncStatus, l1Confirmations = 0n) =>
  syncProgress(config, { status, startingBlock: 7n, l1Confirmations });

describe("how far a node is behind", () => {
  it("is told in L2 blocks, the highest reckoned from the time of L1's head", () => {
    assert.deepEqual(progressOf(statusOf(1000n, 300n, 40n)), {
      startingBlock: 7n,
      currentBlock: genesis.l2.number + 40n,
      highestBlock: genesis.l2.number + 500n,
    });
  });

  it("is nothing when L1 is read, though the sequencer may have stopped long ago", () => {
    for (const behind of [0n, 8n]) assert.equal(progressOf(statusOf(1000n, behind, 40n)), undefined);
    assert.ok(progressOf(statusOf(1000n, 9n, 40n)));
  });

  it("is nothing when gossip has brought the newest block", () => {
    assert.equal(progressOf(statusOf(1000n, 300n, 500n)), undefined);
    assert.equal(progressOf(statusOf(1000n, 300n, 600n)), undefined);
    assert.ok(progressOf(statusOf(1000n, 300n, 499n)));
  });

  it("does not count the L1 blocks that the node waits for by its own wish", () => {
    assert.equal(progressOf(statusOf(1000n, 28n, 40n), 20n), undefined);
    assert.ok(progressOf(statusOf(1000n, 29n, 40n), 20n));
  });

  it("is nothing when L1's head is below what was read, as of a server that lags", () => {
    assert.equal(progressOf(statusOf(1000n, -5n, 40n)), undefined);
  });
});
