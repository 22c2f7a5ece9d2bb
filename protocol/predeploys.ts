import { type Address, addressFromHex } from "./bytes.ts";

/**
 * Fixed addresses of the L2. Sources: specs/protocol/predeploys.md, deposits.md (the depositor account), and
 * the EIPs of the system contracts.
 */
function predeploy(low: string): Address {
  return addressFromHex(`0x42${"0".repeat(32)}${low}`);
}

export const LEGACY_MESSAGE_PASSER = predeploy("000000");
export const WETH = predeploy("000006");
export const L2_CROSS_DOMAIN_MESSENGER = predeploy("000007");
export const GAS_PRICE_ORACLE = predeploy("00000f");
export const L2_STANDARD_BRIDGE = predeploy("000010");
/** Receives the tips. */
export const SEQUENCER_FEE_VAULT = predeploy("000011");
export const OPTIMISM_MINTABLE_ERC20_FACTORY = predeploy("000012");
export const L1_BLOCK_NUMBER = predeploy("000013");
export const L2_ERC721_BRIDGE = predeploy("000014");
/** Holds the L1 attributes. */
export const L1_BLOCK = predeploy("000015");
/** Its storage root is in each header (withdrawalsRoot) and in each output root. */
export const L2_TO_L1_MESSAGE_PASSER = predeploy("000016");
export const OPTIMISM_MINTABLE_ERC721_FACTORY = predeploy("000017");
export const PROXY_ADMIN = predeploy("000018");
export const BASE_FEE_VAULT = predeploy("000019");
export const L1_FEE_VAULT = predeploy("00001a");
export const OPERATOR_FEE_VAULT = predeploy("00001b");
export const SCHEMA_REGISTRY = predeploy("000020");
export const EAS = predeploy("000021");

/** The account, without a key, that sends the L1 attributes and the upgrade transactions. */
export const DEPOSITOR_ACCOUNT = addressFromHex("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");

/** Caller of the system calls (EIP-4788, EIP-2935). */
export const SYSTEM_ADDRESS = addressFromHex("0xfffffffffffffffffffffffffffffffffffffffe");
/** EIP-4788. */
export const BEACON_ROOTS = addressFromHex("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
/** EIP-2935. */
export const HISTORY_STORAGE = addressFromHex("0x0000f90827f1c53a10cb7a02335b175320002935");

/** The first 2048 addresses 0x4200…0000 to 0x4200…07ff are proxies at genesis. */
export const PREDEPLOY_COUNT = 2048;
/** The predeploy of this index, below PREDEPLOY_COUNT for the proxied ones. */
export function predeployAddress(index: number): Address {
  return predeploy(index.toString(16).padStart(6, "0"));
}
