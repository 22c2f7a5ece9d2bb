import { RollupError } from "@phala-l2/protocol/errors";
import type { Address } from "viem";
import type { DeployConfig } from "./config.ts";

/** Owner of everything on L1. Its proposer is the L1Executor, and anyone executes. Delay in seconds. */
export type TimelockConfig = {
  /** What the L1Executor schedules waits for an exit at least, whatever this says. */
  readonly minDelay: bigint;
  /** May schedule beside the L1Executor, without a vote and after `minDelay` alone. None where value may be held. */
  readonly dangerouslyDevelopmentProposers: readonly Address[];
};

/** How votes of vPHA decide; see PhaGovernor and IL1Executor. Delays in seconds. */
export type GovernanceConfig = {
  readonly votingDelay: number;
  readonly votingPeriod: number;
  /** In units of votes: vPHA has 24 decimals, and begins at one for a PHA. */
  readonly proposalThreshold: bigint;
  readonly quorumPercent: bigint;
  /** Votes that must take part however few exist, in units of votes. For ever. */
  readonly quorumFloor: bigint;
  readonly lateQuorumExtension: number;
  /** For how long after the end of a vote the guardian may cancel. */
  readonly guardianWindow: number;
  /** Between queue and execution on L2. */
  readonly l2Delay: bigint;
  /** What L1 waits beyond an exit's proof and finality. */
  readonly exitMargin: bigint;
  /** For how long the guardian may cancel on L1. */
  readonly vetoWindow: bigint;
};

const DAY = 86_400n;

/** PhaGovernor.VETO_REPEAT in seconds: a twin that was proposed before a veto must end while it can be vetoed too. */
const VETO_REPEAT = 30n * DAY;

/** One vPHA, in units of votes. */
export const ONE_VOTE = 10n ** 24n;

/** SystemConfig.PAUSE_DURATION, so that a pause cannot eat what an exit needs, and a day to be included and proposed. */
const LEAST_EXIT_MARGIN = 15n * DAY;

/** A hundredth of a thousand million PHA: fewer who stake first decide nothing about what others bring. */
const LEAST_QUORUM = 10_000_000n * ONE_VOTE;

/** A thousandth of the quorum, so that proposals cost something to flood people with. */
const LEAST_THRESHOLD = LEAST_QUORUM / 1_000n;

/** What people need to hear of a vote, and the guardian of an attack. */
const LEAST = {
  votingDelay: DAY,
  votingPeriod: 3n * DAY,
  proposalThreshold: LEAST_THRESHOLD,
  quorumPercent: 2n,
  quorumFloor: LEAST_QUORUM,
  lateQuorumExtension: DAY,
  guardianWindow: DAY,
  l2Delay: DAY,
  exitMargin: LEAST_EXIT_MARGIN,
  vetoWindow: DAY,
} as const satisfies Record<keyof GovernanceConfig, bigint>;

/** DANGEROUS: a vote takes seconds. */
export const DANGEROUS_DEVELOPMENT_GOVERNANCE: GovernanceConfig = {
  votingDelay: 1,
  votingPeriod: 6,
  proposalThreshold: ONE_VOTE,
  quorumPercent: 4n,
  quorumFloor: ONE_VOTE,
  lateQuorumExtension: 2,
  guardianWindow: 2,
  l2Delay: 1n,
  exitMargin: 1n,
  vetoWindow: 1n,
};

function refuse(message: string, data: Readonly<Record<string, unknown>>): never {
  throw new RollupError("DEPLOY_CONFIG_INVALID", message, { data });
}

/** Numbers that the contracts would refuse later, or that do not fit them. @throws RollupError DEPLOY_CONFIG_INVALID */
export function requireFittingGovernance({ governance }: DeployConfig): void {
  const { votingPeriod, lateQuorumExtension, quorumPercent, exitMargin, vetoWindow } = governance;
  const vetoable = BigInt(
    governance.votingDelay + votingPeriod + lateQuorumExtension + governance.guardianWindow,
  );
  if (vetoable >= VETO_REPEAT) {
    refuse(
      `governance must be votingDelay + votingPeriod + lateQuorumExtension + guardianWindow < ${VETO_REPEAT}`,
      { vetoable },
    );
  }
  if (votingPeriod <= 0 || lateQuorumExtension > votingPeriod) {
    refuse("governance must be 0 < votingPeriod, lateQuorumExtension <= votingPeriod", { votingPeriod });
  }
  if (quorumPercent < 1n || quorumPercent > 100n) {
    refuse("governance.quorumPercent must be 1 to 100", { quorumPercent });
  }
  if (governance.quorumFloor < 1n) {
    refuse("governance.quorumFloor must be above zero", { quorumFloor: governance.quorumFloor });
  }
  if (vetoWindow < 1n || vetoWindow > exitMargin) {
    refuse("governance must be 0 < vetoWindow <= exitMargin: a veto ends before what it is of", {
      vetoWindow,
      exitMargin,
    });
  }
}

/**
 * Where value may be held, votes govern and nobody else, with time to hear of a decision and to leave.
 * @throws RollupError DEPLOY_CONFIG_INVALID
 */
export function requireProductionGovernance({ l1ChainId, timelock, governance }: DeployConfig): void {
  const chain = `chain ${l1ChainId} may hold value`;
  if (timelock.dangerouslyDevelopmentProposers.length > 0) {
    refuse(
      `${chain}: nobody but the L1Executor may propose, empty timelock.dangerouslyDevelopmentProposers`,
      {
        l1ChainId,
      },
    );
  }
  if (timelock.minDelay === 0n) {
    refuse(`${chain}: give the timelock a delay in which people can leave`, { l1ChainId });
  }
  for (const [field, value] of Object.entries(governance)) {
    const least = Object.entries(LEAST).find(([name]) => name === field)?.[1] ?? 0n;
    if (BigInt(value) >= least) continue;
    refuse(`${chain}: governance.${field} must be at least ${least}`, { l1ChainId, field, least });
  }
}
