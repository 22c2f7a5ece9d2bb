import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeUnsigned, ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { mapKey, storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { rococo_v2_2_asset_hub } from "@substrate/connect-known-chains";

/** 12 decimals, as PHA has on its parachain. */
export const UNIT = 10n ** 12n;

/** Holders on the devnet's parachains: Substrate's development accounts, whose keys everybody has. */
export const PARACHAIN_HOLDERS = [
  { uri: "//Alice", kind: "sr25519", pha: 1_000n },
  { uri: "//Bob", kind: "sr25519", pha: 500n },
  { uri: "//Charlie", kind: "ed25519", pha: 250n },
  { uri: "//Dave", kind: "ecdsa", pha: 125n },
] as const;

/** An AccountId and its free planck. */
export type Balance = readonly [account: Uint8Array, planck: bigint];

/** A state by its keys in hex. */
export type State = Map<Hex, Uint8Array>;

/** What the development accounts have. */
export async function holderBalances(): Promise<readonly Balance[]> {
  await cryptoWaitReady();
  return PARACHAIN_HOLDERS.map(({ uri, kind, pha }) => {
    const pair = new Keyring({ type: kind }).addFromUri(uri);
    return [pair.addressRaw, pha * UNIT];
  });
}

/** Asset Hub's real genesis on Rococo. @throws RollupError DEVNET_PART_FAILED */
export function assetHubGenesis(): State {
  const spec: unknown = JSON.parse(rococo_v2_2_asset_hub);
  const raw = ["genesis", "raw", "top"].reduce<unknown>(
    (value, name) => (typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined),
    spec,
  );
  if (typeof raw !== "object" || raw === null)
    throw new RollupError("DEVNET_PART_FAILED", "the parachain's genesis is of another form");
  return new Map(Object.entries(raw).map(([key, value]) => [toHex(fromHex(key)), fromHex(String(value))]));
}

/** frame_system's record of an account that others refer to once, with so many free planck. */
function accountInfo(planck: bigint): Uint8Array {
  const info = new Uint8Array(80);
  // nonce, consumers, providers, sufficients: four u32.
  info[8] = 1;
  info.set(encodeUnsigned(planck, 16), 16);
  return info;
}

/** Adds accounts that have something, and what they have to the issuance. */
export function giveBalances(state: State, balances: readonly Balance[]): void {
  const issuanceKey = toHex(storagePrefix("Balances", "TotalIssuance"));
  let issuance = new ScaleReader(state.get(issuanceKey) ?? new Uint8Array(16)).u128();
  for (const [account, planck] of balances) {
    state.set(toHex(mapKey("System", "Account", ["Blake2_128Concat", account])), accountInfo(planck));
    issuance += planck;
  }
  state.set(issuanceKey, encodeUnsigned(issuance, 16));
}
