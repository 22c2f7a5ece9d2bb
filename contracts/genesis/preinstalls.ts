import {
  type Address,
  addressFromHex,
  bigintToBytes,
  concatBytes,
  fromHex,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { BEACON_ROOTS, HISTORY_STORAGE } from "@phala-l2/protocol/predeploys";
import { contractAccount, type GenesisAccount, plainAccount } from "./account.ts";
import {
  BEACON_ROOTS_CODE,
  DETERMINISTIC_DEPLOYMENT_PROXY_CODE,
  HISTORY_STORAGE_CODE,
  MULTICALL3_CODE,
  PERMIT2_TEMPLATE,
} from "./preinstall-code.ts";

export const MULTICALL3 = addressFromHex("0xca11bde05977b3631167028862be2a173976ca11");
export const DETERMINISTIC_DEPLOYMENT_PROXY = addressFromHex("0x4e59b44847b379578588920ca78fbf26c0b4956c");
export const SAFE_SINGLETON_FACTORY = addressFromHex("0x914d7fec6aac8cd542e72bca78b30650d45643d7");
export const PERMIT2 = addressFromHex("0x000000000022d473030f116ddee9f6b43ac78ba3");

/** Signers, without keys, of the transactions that would deploy the two system contracts (EIP-4788, EIP-2935). */
const BEACON_ROOTS_SENDER = addressFromHex("0x0b799c86a49deeb90402691f1041aa3af2d3c875");
const HISTORY_STORAGE_SENDER = addressFromHex("0x3462413af4609098e1e27a490f554f260213d685");

/** Offsets of Permit2's cached chain id and domain separator in its runtime code. */
const PERMIT2_CHAIN_ID_OFFSET = 6945;
const PERMIT2_DOMAIN_SEPARATOR_OFFSET = 6983;

const WORD = 32;

/**
 * Contracts of others that exist from genesis (specs/protocol/preinstalls.md), and the system contracts of EIP-4788 and
 * EIP-2935, which block execution calls. The senders of the latter's deployment transactions have used their nonce, as
 * after a deployment.
 */
export function preinstalls(chainId: bigint): readonly (readonly [Address, GenesisAccount])[] {
  return [
    [MULTICALL3, contractAccount(MULTICALL3_CODE)],
    [DETERMINISTIC_DEPLOYMENT_PROXY, contractAccount(DETERMINISTIC_DEPLOYMENT_PROXY_CODE)],
    [SAFE_SINGLETON_FACTORY, contractAccount(DETERMINISTIC_DEPLOYMENT_PROXY_CODE)],
    [PERMIT2, contractAccount(permit2Code(chainId))],
    [BEACON_ROOTS, contractAccount(BEACON_ROOTS_CODE)],
    [HISTORY_STORAGE, contractAccount(HISTORY_STORAGE_CODE)],
    [BEACON_ROOTS_SENDER, plainAccount(0n, 1n)],
    [HISTORY_STORAGE_SENDER, plainAccount(0n, 1n)],
  ];
}

/** Runtime code of Permit2 as its constructor would leave it on the chain of this id. */
export function permit2Code(chainId: bigint): Hex {
  const code = fromHex(PERMIT2_TEMPLATE);
  const chain = bigintToBytes(chainId, WORD);
  const text = new TextEncoder();
  const domainSeparator = keccak256(
    concatBytes(
      keccak256(text.encode("EIP712Domain(string name,uint256 chainId,address verifyingContract)")),
      keccak256(text.encode("Permit2")),
      chain,
      new Uint8Array(WORD - PERMIT2.length),
      PERMIT2,
    ),
  );
  code.set(chain, PERMIT2_CHAIN_ID_OFFSET);
  code.set(domainSeparator, PERMIT2_DOMAIN_SEPARATOR_OFFSET);
  return toHex(code);
}
