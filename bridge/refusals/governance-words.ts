import { BY_CONTRACT, CONSTRUCTOR, GOVERNED, GUARDIANS, says, unmet, type Words } from "./saying.ts";

const NO_SUCH = "Take the proposalId that 'l2 governance propose' printed.";

/** Of the governor, the timelocks, and what hears decisions on L1. */
export const governanceWords: Words = {
  GovernorUnexpectedProposalState: says(
    "Proposal {proposalId} is {current:proposalState}, and must be {expectedStates:proposalStates} for this.",
    "'l2 governance status' tells when it gets there, and what comes next.",
  ),
  GovernorNonexistentProposal: says("The governor knows no proposal {proposalId}.", NO_SUCH),
  GovernorAlreadyCastVote: says(
    "{voter} has voted on this proposal already.",
    "A vote cannot be changed. 'l2 governance status' shows how the votes stand.",
  ),
  GovernorInsufficientProposerVotes: says(
    "{proposer} has {votes:votes} votes, and a proposal takes {threshold:votes}.",
    "Stake more, or have votes delegated ('l2 governance delegate'); who has staked just now waits a second.",
  ),
  GovernorRestrictedProposer: says(
    "The description ends with another proposer's address than {proposer}.",
    "Leave '#proposer=…' out of --description: it is added for the account that proposes.",
  ),
  GovernorInvalidSignature: says(
    "The signature is not {voter}'s over this vote.",
    "It was made for another governor, chain or nonce (a vote of this account was brought in between): sign again with 'l2 governance sign-vote'.",
  ),
  GovernorInvalidVoteType: unmet("--support takes against, for and abstain only"),
  GovernorInvalidVoteParams: unmet("no verb gives parameters with a vote"),
  GovernorInvalidProposalLength: unmet("targets, values and calls are made of one list, which is not empty"),
  GovernorAlreadyQueuedProposal: says(
    "Proposal {proposalId} is queued already.",
    "'l2 governance status' tells from when on 'l2 governance execute' passes.",
  ),
  GovernorProposalQueueingFailed: unmet("the timelock takes what the governor queues"),
  GovernorProposalQueueingNotRequired: unmet("every proposal goes through the timelock"),
  GovernorUnableToCancel: unmet("no verb cancels: the proposer and the guardian do, from their wallets"),
  GovernorOnlyExecutor: GOVERNED,
  GovernorInvalidQuorumFraction: GOVERNED,
  GovernorInvalidVotingPeriod: GOVERNED,
  GovernorPreventLateQuorumVoteExtensionTooLarge: GOVERNED,
  GovernorDisabledDeposit: unmet("no verb sends ether to the governor"),
  PhaGovernor_AlreadyVetoed: GUARDIANS,
  PhaGovernor_ClockIsNotTime: CONSTRUCTOR,
  PhaGovernor_TimelockIsFixed: GOVERNED,
  PhaGovernor_ZeroQuorum: GOVERNED,

  TimelockUnexpectedOperationState: says(
    "The timelock has not got this decision as {expectedStates:operationStates}.",
    "'l2 governance status' tells how long each timelock still waits; what was executed once is done, and on L1 the message must have been finalised ('l2 bridge finalize').",
  ),
  TimelockUnexecutedPredecessor: says(
    "The timelock executes {predecessorId} first.",
    "Execute that one; then this passes.",
  ),
  TimelockInsufficientDelay: GOVERNED,
  TimelockInvalidOperationLength: unmet("the lists are made of one list of calls"),
  TimelockUnauthorizedCaller: GOVERNED,
  AccessControlUnauthorizedAccount: says(
    "{account} may not do this at the timelock.",
    "Decisions come by votes ('l2 governance propose'); once ready, anyone may execute them.",
  ),
  AccessControlBadConfirmation: GOVERNED,
  GovernanceTimelock_ZeroAddress: CONSTRUCTOR,

  L1Executor_ZeroAddress: CONSTRUCTOR,
  L1Executor_ZeroMargin: CONSTRUCTOR,
  L1Executor_InvalidVetoWindow: CONSTRUCTOR,
  L1Executor_NotTheMessenger: BY_CONTRACT,
  L1Executor_NotTheL2Timelock: BY_CONTRACT,
  L1Executor_NotTheGuardian: GUARDIANS,
  L1Executor_UnknownBatch: GUARDIANS,
  L1Executor_VetoWindowOver: GUARDIANS,
  L1Executor_AlreadyVetoed: GUARDIANS,
  L1Executor_EmptyBatch: unmet("a message for L1 is made only where there are calls for L1"),
  L1Executor_Expired: says(
    "The decision had to reach L1 until {validUntil:time}.",
    "It came too late and will never act: who still wants it proposes it again.",
  ),
  L1Executor_Barred: says(
    "The decision {id} came to L1 before, or was withdrawn there.",
    "It does not come twice: propose it again, with another description.",
  ),
};
