import { asHash, fromHex, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeUnsigned, ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { mapKey, storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { compareBytes, orderedRoot, stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { rococo_v2_2_asset_hub } from "@substrate/connect-known-chains";

/** Holders on the devnet's parachain: Substrate's development accounts, whose keys everybody has. */
export const PARACHAIN_HOLDERS = [
  { uri: "//Alice", kind: "sr25519", pha: 1_000n },
  { uri: "//Bob", kind: "sr25519", pha: 500n },
  { uri: "//Charlie", kind: "ed25519", pha: 250n },
  { uri: "//Dave", kind: "ecdsa", pha: 125n },
] as const;

/** Planck of one PHA. */
const UNIT = 10n ** 12n;
/** The block that the devnet takes for the last one. */
const HEIGHT = 1_000n;

export type FrozenParachain = {
  readonly genesisHash: Hash;
  readonly header: SubstrateHeader;
  /** SCALE. */
  readonly encodedHeader: Uint8Array;
  /** In the order of their keys. */
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
};

function genesisEntries(): Map<Hex, Uint8Array> {
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

async function holderAccounts(): Promise<readonly (readonly [account: Uint8Array, planck: bigint])[]> {
  await cryptoWaitReady();
  return PARACHAIN_HOLDERS.map(({ uri, kind, pha }) => {
    const pair = new Keyring({ type: kind }).addFromUri(uri);
    return [pair.addressRaw, pha * UNIT] as const;
  });
}

/**
 * The state of Asset Hub's real genesis on Rococo, with balances of development accounts added, as the state of a block that never was:
 * nobody's finality stands behind it. The same bytes each time.
 * @throws RollupError DEVNET_PART_FAILED
 */
export async function frozenParachain(): Promise<FrozenParachain> {
  const state = genesisEntries();
  const set = (key: Uint8Array, value: Uint8Array) => state.set(toHex(key), value);
  const sorted = () =>
    [...state].map(([key, value]) => [fromHex(key), value] as const).sort(([a], [b]) => compareBytes(a, b));
  const genesisHash = headerHash({
    ...{ parentHash: ZERO_HASH, number: 0n, stateRoot: stateRoot(sorted(), 0) },
    ...{ extrinsicsRoot: orderedRoot([], 0), digest: [] },
  });
  const issuanceKey = storagePrefix("Balances", "TotalIssuance");
  let issuance = new ScaleReader(state.get(toHex(issuanceKey)) ?? new Uint8Array(16)).u128();
  for (const [account, planck] of await holderAccounts()) {
    set(mapKey("System", "Account", ["Blake2_128Concat", account]), accountInfo(planck));
    issuance += planck;
  }
  set(issuanceKey, encodeUnsigned(issuance, 16));
  set(mapKey("System", "BlockHash", ["Twox64Concat", new Uint8Array(4)]), genesisHash);
  const entries = sorted();
  const header: SubstrateHeader = {
    ...{ parentHash: asHash(genesisHash.slice()), number: HEIGHT, stateRoot: stateRoot(entries, 0) },
    ...{ extrinsicsRoot: orderedRoot([], 0), digest: [] },
  };
  return { genesisHash, header, encodedHeader: encodeHeader(header), entries };
}
