import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { l1ExecutorAbi } from "@phala-l2/contracts/abi/l1-executor";
import { l2CrossDomainMessengerAbi } from "@phala-l2/contracts/abi/l2-cross-domain-messenger";
import { l2ProxyAdminAbi } from "@phala-l2/contracts/abi/l2-proxy-admin";
import { optimismPortalAbi } from "@phala-l2/contracts/abi/optimism-portal";
import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { proverRewardsAbi } from "@phala-l2/contracts/abi/prover-rewards";
import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { rewardDistributorAbi } from "@phala-l2/contracts/abi/reward-distributor";
import { systemConfigAbi } from "@phala-l2/contracts/abi/system-config";
import { timelockAbi } from "@phala-l2/contracts/abi/timelock";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { withdrawalQuotaAbi } from "@phala-l2/contracts/abi/withdrawal-quota";
import {
  type AbiFunction,
  BaseError,
  decodeFunctionData,
  erc20Abi,
  toFunctionSelector,
  toFunctionSignature,
} from "viem";
import type { Call } from "./batch.ts";

/** A call in words, as far as they are known. */
export type DescribedCall = Call & {
  /** E.g. `setGasLimit(uint64)`; undefined where no contract of this system has such a function. */
  readonly signature: string | undefined;
  readonly args: readonly unknown[];
};

/** What governs, and what is governed. */
const ABIS = [
  ...[systemConfigAbi, disputeGameFactoryAbi, anchorStateRegistryAbi, optimismPortalAbi, proverRegistryAbi],
  ...[attestationPolicyAbi, certificateCacheAbi, intelCollateralAbi, withdrawalQuotaAbi, proverRewardsAbi],
  ...[timelockAbi, l1ExecutorAbi, phaGovernorAbi, l2CrossDomainMessengerAbi, l2ProxyAdminAbi],
  ...[votingPhaAbi, rewardDistributorAbi, providerPledgesAbi, erc20Abi],
];

const functions = new Map<string, AbiFunction>(
  ABIS.flatMap((abi) =>
    abi.filter((item) => item.type === "function").map((item) => [toFunctionSelector(item), item] as const),
  ),
);

/**
 * Reads a call's function and arguments by its selector. The words are of this system's contracts: that `target` is one
 * of them is for the reader to check.
 */
export function describeCall(call: Call): DescribedCall {
  const known = functions.get(call.data.slice(0, 10));
  if (known === undefined) return { ...call, signature: undefined, args: [] };
  try {
    const { args = [] } = decodeFunctionData({ abi: [known], data: call.data });
    return { ...call, signature: toFunctionSignature(known), args };
  } catch (error) {
    // The selector of a function, and what follows is not its arguments: such a call reverts.
    if (error instanceof BaseError) return { ...call, signature: undefined, args: [] };
    throw error;
  }
}
