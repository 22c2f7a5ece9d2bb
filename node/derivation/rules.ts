import { FORKS, type Fork, isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { hasUpgradeTransactions } from "./upgrade-transactions.ts";

/**
 * The constants of derivation that depend on forks. From Granite and Fjord on they are part of the protocol and
 * no longer of a chain's configuration.
 */

/** L1 blocks a channel may take. Source: specs/protocol/granite/derivation.md "Network Constants". */
export const GRANITE_CHANNEL_TIMEOUT = 50n;

/** Seconds an L2 block may be ahead of its L1 origin. Source: specs/protocol/fjord/derivation.md. */
export const FJORD_MAX_SEQUENCER_DRIFT = 1800n;

/** Counted per frame on top of its data. Source: specs/protocol/derivation.md "Pruning". */
export const FRAME_SIZE_OVERHEAD = 200;

/** The rules this package implements begin with Holocene: it and all before it are active at genesis. */
const LAST_REQUIRED_FORK: Fork = "holocene";

/** L1 blocks within which a channel must be complete, for an L1 block of this time. */
export function channelTimeout(config: RollupConfig, l1Timestamp: bigint): bigint {
  return isActive(config, "granite", l1Timestamp) ? GRANITE_CHANNEL_TIMEOUT : config.channelTimeout;
}

/** Seconds that an L2 block may be ahead of an L1 origin of this time. */
export function maxSequencerDrift(config: RollupConfig, l1Timestamp: bigint): bigint {
  return isActive(config, "fjord", l1Timestamp) ? FJORD_MAX_SEQUENCER_DRIFT : config.maxSequencerDrift;
}

/**
 * Refuses a chain that this pipeline would derive wrongly.
 *
 * Every fork up to Holocene must be active at genesis: the older frame queue, channel bank and batch queue, and
 * the switch between them, are not implemented. A later fork may be active at genesis or never, or at any time
 * when its upgrade transactions are known (upgrade-transactions.ts).
 *
 * @throws RollupError FORK_UNSUPPORTED { fork }, SEQUENCING_WINDOW_TOO_SMALL
 */
export function assertSupported(config: RollupConfig): void {
  const required = FORKS.slice(0, FORKS.indexOf(LAST_REQUIRED_FORK) + 1);
  // Holocene first: it is the fork whose absence changes most, so its name is the most telling.
  for (const fork of ["holocene" as const, ...required]) {
    if (isActive(config, fork, config.genesis.l2Time)) continue;
    throw new RollupError("FORK_UNSUPPORTED", `derivation needs ${fork} to be active at genesis`, {
      data: { fork, activation: config.forks[fork], genesis: config.genesis.l2Time },
    });
  }
  for (const fork of FORKS.slice(required.length)) {
    const activation = config.forks[fork];
    if (activation === undefined || activation <= config.genesis.l2Time) continue;
    if (hasUpgradeTransactions(fork)) continue;
    throw new RollupError("FORK_UNSUPPORTED", `the upgrade transactions of ${fork} are not known here`, {
      data: { fork, activation, genesis: config.genesis.l2Time },
    });
  }
  refuseJovianOnOldAttributes(config);
  // With a window of one block an expired epoch would have no successor to count against.
  if (config.seqWindowSize < 2n) {
    throw new RollupError("SEQUENCING_WINDOW_TOO_SMALL", "the sequencing window has at least 2 L1 blocks", {
      data: { seqWindowSize: config.seqWindowSize },
    });
  }
}

/**
 * Jovian's first block has Isthmus' L1 attributes (jovian/exec-engine.md "DA Footprint Block Limit"; op-geth
 * rejects any other), and Isthmus' first block has older ones: so they are two blocks.
 */
function refuseJovianOnOldAttributes({ forks, genesis, blockTime }: RollupConfig): void {
  const { isthmus, jovian } = forks;
  if (isthmus === undefined || jovian === undefined || isthmus <= genesis.l2Time) return;
  const firstBlock = (time: bigint) => (time - genesis.l2Time + blockTime - 1n) / blockTime;
  if (firstBlock(isthmus) !== firstBlock(jovian)) return;
  throw new RollupError("FORK_UNSUPPORTED", "Isthmus and Jovian cannot become active with one block", {
    data: { fork: "jovian", activation: jovian, genesis: genesis.l2Time },
  });
}
