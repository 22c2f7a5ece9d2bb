import { governanceTimelockAbi } from "@phala-l2/contracts/abi/governance-timelock";
import { l1ExecutorAbi } from "@phala-l2/contracts/abi/l1-executor";
import { optimismMintableERC20Abi } from "@phala-l2/contracts/abi/optimism-mintable-erc20";
import { parachainSwapAbi } from "@phala-l2/contracts/abi/parachain-swap";
import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { proverRewardsAbi } from "@phala-l2/contracts/abi/prover-rewards";
import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { rewardDistributorAbi } from "@phala-l2/contracts/abi/reward-distributor";
import { substrateSignaturesAbi } from "@phala-l2/contracts/abi/substrate-signatures";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import { sunsetStakerAbi } from "@phala-l2/contracts/abi/sunset-staker";
import { timelockAbi } from "@phala-l2/contracts/abi/timelock";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { type Abi, type AbiParameter, BaseError, decodeErrorResult, type Hex, parseAbi } from "viem";
import { quotaWords, swapWords } from "./bridging-words.ts";
import { governanceWords } from "./governance-words.ts";
import { filled } from "./render.ts";
import type { Words } from "./saying.ts";
import { stakingWords } from "./staking-words.ts";
import { sunsetWords } from "./sunset-words.ts";
import { tokenWords } from "./token-words.ts";

/** What portal and bridge say of a withdrawal beyond the day's quota; viem's own ABI of the portal has neither. */
const quotaAbi = parseAbi([
  "error OptimismPortal_QuotaExceeded(uint256 passesAt)",
  "error StandardBridge_QuotaExceeded(address token, uint256 passesAt)",
]);

/** Contracts that a holder's verbs call, and those that these call in turn. */
export const CALLED_CONTRACTS: Readonly<Record<string, Abi>> = {
  GovernanceTimelock: governanceTimelockAbi,
  L1Executor: l1ExecutorAbi,
  OptimismMintableERC20: optimismMintableERC20Abi,
  ParachainSwap: parachainSwapAbi,
  PhaGovernor: phaGovernorAbi,
  PhaTestToken: phaTestTokenAbi,
  ProverRewards: proverRewardsAbi,
  ProviderPledges: providerPledgesAbi,
  RewardDistributor: rewardDistributorAbi,
  SubstrateSignatures: substrateSignaturesAbi,
  SunsetClaims: sunsetClaimsAbi,
  SunsetRegistry: sunsetRegistryAbi,
  SunsetStaker: sunsetStakerAbi,
  Timelock: timelockAbi,
  VotingPha: votingPhaAbi,
  quota: quotaAbi,
};

export const WORDS: Words = {
  ...tokenWords,
  ...sunsetWords,
  ...stakingWords,
  ...governanceWords,
  ...swapWords,
  ...quotaWords,
};

type AbiError = { readonly type: "error"; readonly name: string; readonly inputs: readonly AbiParameter[] };

/** Each error once: an error passes through whoever calls, so that any verb may meet that of another contract. */
export const KNOWN_ERRORS: readonly AbiError[] = [
  ...new Map(
    Object.values(CALLED_CONTRACTS)
      .flat()
      .filter((item) => item.type === "error")
      .map((item) => [`${item.name}(${item.inputs.map(({ type }) => type).join()})`, item]),
  ).values(),
];

export type Refusal = {
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What is the case, and what to do; undefined for an error that no verb should meet. */
  readonly says: string | undefined;
  readonly help: string | undefined;
};

/** What a revert's data say; undefined where they are none of those errors. @param now Unix seconds */
export function readRefusal(data: Hex, now: bigint): Refusal | undefined {
  try {
    const { abiItem, args, errorName } = decodeErrorResult({ abi: KNOWN_ERRORS, data });
    const words = Object.hasOwn(WORDS, errorName) ? WORDS[errorName] : undefined;
    if (words === undefined || abiItem.type !== "error") return undefined;
    const values: readonly unknown[] = args ?? [];
    const inputs = Object.fromEntries(abiItem.inputs.map(({ name = "" }, i) => [name, values[i]]));
    const told = "says" in words ? words : undefined;
    return {
      name: errorName,
      inputs,
      says: told && filled(told.says, inputs, now),
      help: told && filled(told.help, inputs, now),
    };
  } catch (error) {
    if (error instanceof BaseError) return undefined;
    throw error;
  }
}
