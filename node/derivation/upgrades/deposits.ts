import { type Address, addressFromHex, concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { upgradeSourceHash } from "@phala-l2/protocol/wire/deposit";
import { DEPOSIT_TYPE, encodeTransaction } from "@phala-l2/protocol/wire/transaction";

/** A deposit that no user made: derivation adds it to the first block of a fork. */
export type UpgradeDeposit = {
  /** The text whose hash becomes the source hash. */
  readonly intent: string;
  readonly from: Address;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  readonly gasLimit: bigint;
  readonly data: Uint8Array;
};

/** Each contract that an upgrade deploys has a deployer of its own, which has never sent anything. */
export function upgradeDeployer(number: number): Address {
  return addressFromHex(`0x421000000000000000000000000000000000${number.toString(16).padStart(4, "0")}`);
}

/** Gas of a proxy's update in Isthmus and Jovian. */
const PROXY_UPDATE_GAS = 50_000n;
/** upgradeTo(address). */
const UPGRADE_TO = fromHex("0x3659cfe6");
/** A predeploy's proxy takes `upgradeTo` from the zero address as from its admin. */
const ZERO = addressFromHex(`0x${"00".repeat(20)}`);

/** Points a predeploy's proxy to a new implementation. */
export function proxyUpdate(intent: string, proxy: Address, implementation: Address): UpgradeDeposit {
  const data = concatBytes(UPGRADE_TO, new Uint8Array(12), implementation);
  return { intent, from: ZERO, to: proxy, gasLimit: PROXY_UPDATE_GAS, data };
}

/**
 * Encoded as it stands in the block. Source: specs/protocol/derivation.md "Network upgrade automation
 * transactions", deposits.md "Source hash computation" (domain 2).
 */
export function encodeUpgradeDeposit({ intent, from, to, gasLimit, data }: UpgradeDeposit): Uint8Array {
  return encodeTransaction({
    type: DEPOSIT_TYPE,
    sourceHash: upgradeSourceHash(intent),
    from,
    to,
    mint: 0n,
    value: 0n,
    gasLimit,
    isSystemTransaction: false,
    data,
  });
}
