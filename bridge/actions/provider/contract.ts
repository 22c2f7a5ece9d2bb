import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { type Address, type Hex, hexToString, stringToHex } from "viem";

/** What a compute provider must know: ProviderPledges on L2. Vault and distributor are asked of it. */
export type Providers = { readonly pledges: Address };

/** One pledge, by the number that `pledge` gave. */
export type PledgeId = { readonly id: bigint };

/** ProviderPledges as viem's actions take it. */
export function pledgesContract({ pledges }: Providers) {
  return { address: pledges, abi: providerPledgesAbi } as const;
}

/** Names of classes are ASCII without spaces, left-aligned in a word. */
const CLASS_NAME = /^[!-~]{1,32}$/;

/** A class's name, `H100`, as the contract has it; undefined if it can be none. */
export function classWord(name: string): Hex | undefined {
  return CLASS_NAME.test(name) ? stringToHex(name, { size: 32 }) : undefined;
}

/** The name of a class; the word itself where governance has given it one that no person reads. */
export function className(word: Hex): string {
  const name = hexToString(word, { size: 32 });
  return classWord(name) === word ? name : word;
}
