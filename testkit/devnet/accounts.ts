import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";

/** The devnet's L1. */
export const L1_CHAIN_ID = 900;

/** Who acts with which account of the test mnemonic. */
export const ROLES = {
  deployer: 0,
  batcher: 1,
  unsafeBlockSigner: 2,
  proverTdx: 3,
  proverSevSnp: 4,
  proverTdxGpu: 5,
  smoke: 6,
  relayer: 10,
} as const;

/** Accounts left to whoever plays with the devnet; the first of them get ether on L2 too. */
export const USERS = [7, 8, 9] as const;

export function devnetAccount(index: number) {
  return dangerouslyDevelopmentAccount(index, BigInt(L1_CHAIN_ID));
}
