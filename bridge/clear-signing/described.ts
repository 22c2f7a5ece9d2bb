import { l1CrossDomainMessengerAbi } from "@phala-l2/contracts/abi/l1-cross-domain-messenger";
import { l1StandardBridgeAbi } from "@phala-l2/contracts/abi/l1-standard-bridge";
import { l2CrossDomainMessengerAbi } from "@phala-l2/contracts/abi/l2-cross-domain-messenger";
import { l2StandardBridgeAbi } from "@phala-l2/contracts/abi/l2-standard-bridge";
import { l2ToL1MessagePasserAbi } from "@phala-l2/contracts/abi/l2-to-l1-message-passer";
import { optimismMintableERC20Abi } from "@phala-l2/contracts/abi/optimism-mintable-erc20";
import { optimismPortalAbi } from "@phala-l2/contracts/abi/optimism-portal";
import { parachainSwapAbi } from "@phala-l2/contracts/abi/parachain-swap";
import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { rewardDistributorAbi } from "@phala-l2/contracts/abi/reward-distributor";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import { sunsetStakerAbi } from "@phala-l2/contracts/abi/sunset-staker";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import type { Abi } from "viem";

/** Where a contract's address is found in a deployment's description. */
export type Place = {
  readonly layer: "l1" | "l2";
  /** A name of the address book, or of its L2 section; a predeploy's address. */
  readonly name: string;
};

/** A contract that holders call, the file that says what wallets show of it, and the functions that it leaves out. */
export type Described = {
  readonly file: string;
  readonly place: Place;
  readonly abi: Abi;
  /** Functions that change state and are no holder's to call, each with who calls it. */
  readonly others: Readonly<Record<string, string>>;
};

const OTHER_BRIDGE = "the bridge of the other chain";
const DEPLOYMENT = "the deployment, once";
const TIMELOCK = "the governance timelock";
const WATCHER = "whoever watches what provers sign";
const GUARDIAN = "the guardian";
const PLEDGES = "ProviderPledges";
const TOKENS_SENT = "a token contract, when it is sent there";

/** All contracts that a holder calls from a wallet; functions that are missing both here and in the file fail the test. */
export const DESCRIBED: readonly Described[] = [
  {
    file: "calldata-L1StandardBridge.json",
    place: { layer: "l1", name: "L1StandardBridgeProxy" },
    abi: l1StandardBridgeAbi,
    others: {
      finalizeBridgeERC20: OTHER_BRIDGE,
      finalizeBridgeETH: OTHER_BRIDGE,
      finalizeERC20Withdrawal: OTHER_BRIDGE,
      finalizeETHWithdrawal: OTHER_BRIDGE,
      initialize: DEPLOYMENT,
    },
  },
  {
    file: "calldata-L2StandardBridge.json",
    place: { layer: "l2", name: "0x4200000000000000000000000000000000000010" },
    abi: l2StandardBridgeAbi,
    others: {
      finalizeBridgeERC20: OTHER_BRIDGE,
      finalizeBridgeETH: OTHER_BRIDGE,
      initialize: DEPLOYMENT,
    },
  },
  {
    file: "calldata-OptimismPortal.json",
    place: { layer: "l1", name: "OptimismPortalProxy" },
    abi: optimismPortalAbi,
    others: { initialize: DEPLOYMENT },
  },
  {
    file: "calldata-L2ToL1MessagePasser.json",
    place: { layer: "l2", name: "0x4200000000000000000000000000000000000016" },
    abi: l2ToL1MessagePasserAbi,
    others: { burn: "anybody: it removes ether that has left for L1" },
  },
  {
    file: "calldata-L1CrossDomainMessenger.json",
    place: { layer: "l1", name: "L1CrossDomainMessengerProxy" },
    abi: l1CrossDomainMessengerAbi,
    others: { initialize: DEPLOYMENT },
  },
  {
    file: "calldata-L2CrossDomainMessenger.json",
    place: { layer: "l2", name: "0x4200000000000000000000000000000000000007" },
    abi: l2CrossDomainMessengerAbi,
    others: { initialize: DEPLOYMENT },
  },
  {
    file: "calldata-Pha.json",
    place: { layer: "l1", name: "Pha" },
    // PHA itself stands on L1 already: an ERC-20, as the test's token is.
    abi: phaTestTokenAbi,
    others: { faucet: "whoever tests; PHA has none" },
  },
  {
    file: "calldata-PhaOnL2.json",
    place: { layer: "l2", name: "Pha" },
    abi: optimismMintableERC20Abi,
    others: { burn: "the standard bridge", mint: "the standard bridge" },
  },
  {
    file: "calldata-VotingPha.json",
    place: { layer: "l2", name: "VotingPha" },
    abi: votingPhaAbi,
    others: {
      lockPledge: PLEDGES,
      returnPledge: PLEDGES,
      slashPledge: PLEDGES,
      setUnlockPeriod: TIMELOCK,
      transferOwnership: TIMELOCK,
      renounceOwnership: TIMELOCK,
    },
  },
  {
    file: "calldata-RewardDistributor.json",
    place: { layer: "l2", name: "RewardDistributor" },
    abi: rewardDistributorAbi,
    others: {
      setRate: TIMELOCK,
      setSplit: TIMELOCK,
      setTreasury: TIMELOCK,
      transferOwnership: TIMELOCK,
      renounceOwnership: TIMELOCK,
    },
  },
  {
    file: "calldata-PhaGovernor.json",
    place: { layer: "l2", name: "PhaGovernor" },
    abi: phaGovernorAbi,
    others: {
      onERC1155BatchReceived: TOKENS_SENT,
      onERC1155Received: TOKENS_SENT,
      onERC721Received: TOKENS_SENT,
      relay: TIMELOCK,
      setLateQuorumVoteExtension: TIMELOCK,
      setProposalGuardian: TIMELOCK,
      setProposalThreshold: TIMELOCK,
      setVotingDelay: TIMELOCK,
      setVotingPeriod: TIMELOCK,
      updateQuorumNumerator: TIMELOCK,
    },
  },
  {
    file: "calldata-ParachainSwap.json",
    place: { layer: "l1", name: "ParachainSwap" },
    abi: parachainSwapAbi,
    others: { nameRuntimes: TIMELOCK, pause: GUARDIAN, reportEquivocation: WATCHER, unpause: GUARDIAN },
  },
  {
    file: "calldata-SunsetClaims.json",
    place: { layer: "l1", name: "SunsetClaims" },
    abi: sunsetClaimsAbi,
    others: {},
  },
  {
    file: "calldata-SunsetRegistry.json",
    place: { layer: "l1", name: "SunsetRegistry" },
    abi: sunsetRegistryAbi,
    others: { freeze: GUARDIAN, reportEquivocation: WATCHER },
  },
  {
    file: "calldata-SunsetStaker.json",
    place: { layer: "l2", name: "SunsetStaker" },
    abi: sunsetStakerAbi,
    others: { stakeFor: "SunsetClaims, by the messengers" },
  },
  {
    file: "calldata-ProviderPledges.json",
    place: { layer: "l2", name: "ProviderPledges" },
    abi: providerPledgesAbi,
    others: {
      slash: TIMELOCK,
      setAdmitter: TIMELOCK,
      setClass: TIMELOCK,
      transferOwnership: TIMELOCK,
      renounceOwnership: TIMELOCK,
    },
  },
];

/** A contract's typed messages that holders sign: EIP-712. */
export type DescribedMessages = {
  readonly file: string;
  readonly place: Place;
  /** Functions of the contract that take such a signature; a contract with another one lacks a description. */
  readonly takenBy: readonly string[];
};

export const DESCRIBED_MESSAGES: readonly DescribedMessages[] = [
  { file: "eip712-PhaOnL2.json", place: { layer: "l2", name: "Pha" }, takenBy: ["permit"] },
  {
    file: "eip712-VotingPha.json",
    place: { layer: "l2", name: "VotingPha" },
    takenBy: ["permit", "depositWithPermit", "delegateBySig"],
  },
  {
    file: "eip712-PhaGovernor.json",
    place: { layer: "l2", name: "PhaGovernor" },
    takenBy: ["castVoteBySig", "castVoteWithReasonAndParamsBySig"],
  },
];
