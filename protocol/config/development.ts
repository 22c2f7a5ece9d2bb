/** The mnemonic that every development tool funds. Everybody knows its keys. */
export const DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk";

/** So many of its first accounts may be funded by anvil and Hardhat. */
export const DEVELOPMENT_ACCOUNTS = 20;

/** L1 chain ids that exist only on developers' machines: this project's devnet, geth's dev mode, Hardhat and anvil. */
const DEVELOPMENT_CHAINS: ReadonlySet<bigint> = new Set([900n, 1337n, 31_337n]);

/** Whether keys that everybody knows may hold power on that L1. */
export function isDevelopmentChain(l1ChainId: bigint): boolean {
  return DEVELOPMENT_CHAINS.has(l1ChainId);
}
