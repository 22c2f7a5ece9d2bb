import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import type { Address } from "viem";

/** What staking must know: VotingPha on L2. The rest is asked of it. */
export type Staking = { readonly vault: Address };

/** VotingPha as viem's actions take it. */
export function vaultContract({ vault }: Staking) {
  return { address: vault, abi: votingPhaAbi } as const;
}

/** What a call of the vault takes grows until its block comes: rewards of another second are paid in first. */
export function withMargin(estimate: bigint): bigint {
  return (estimate * 3n) / 2n;
}
