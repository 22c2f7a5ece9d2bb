/** The mnemonic that every development tool funds. Everybody knows its keys. */
export const DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk";

/** So many of its first accounts may be funded by anvil and Hardhat. */
export const DEVELOPMENT_ACCOUNTS = 20;

/** L1 chain ids that exist only on developers' machines: this project's devnet, geth's dev mode, Hardhat and anvil. */
const DEVELOPMENT_CHAINS: ReadonlySet<bigint> = new Set([900n, 1337n, 31_337n]);

/** Public L1 test networks, on which nothing has a price: Sepolia, Holesky, Hoodi. */
const PUBLIC_TEST_NETWORKS: ReadonlySet<bigint> = new Set([11_155_111n, 17_000n, 560_048n]);

/** Whether what stands on that L1 may hold real value: it is neither a developer's chain nor a test network. */
export function mayHoldValue(l1ChainId: bigint): boolean {
  return !DEVELOPMENT_CHAINS.has(l1ChainId) && !PUBLIC_TEST_NETWORKS.has(l1ChainId);
}

/** Whether keys that everybody knows may hold power on that L1. */
export function isDevelopmentChain(l1ChainId: bigint): boolean {
  return DEVELOPMENT_CHAINS.has(l1ChainId);
}
