import { asHash, fromHex, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { mapKey } from "@phala-l2/protocol/substrate/storage-key";
import { compareBytes, orderedRoot, stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { assetHubGenesis, giveBalances, holderBalances } from "../parachain/asset-hub-genesis.ts";

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

/**
 * The state of Asset Hub's real genesis on Rococo, with balances of development accounts added, as the state of a block that never was:
 * nobody's finality stands behind it. The same bytes each time.
 * @throws RollupError DEVNET_PART_FAILED
 */
export async function frozenParachain(): Promise<FrozenParachain> {
  const state = assetHubGenesis();
  const sorted = () =>
    [...state].map(([key, value]) => [fromHex(key), value] as const).sort(([a], [b]) => compareBytes(a, b));
  const genesisHash = headerHash({
    parentHash: ZERO_HASH,
    number: 0n,
    stateRoot: stateRoot(sorted(), 0),
    extrinsicsRoot: orderedRoot([], 0),
    digest: [],
  });
  giveBalances(state, await holderBalances());
  state.set(toHex(mapKey("System", "BlockHash", ["Twox64Concat", new Uint8Array(4)])), genesisHash);
  const entries = sorted();
  const header: SubstrateHeader = {
    parentHash: asHash(genesisHash.slice()),
    number: HEIGHT,
    stateRoot: stateRoot(entries, 0),
    extrinsicsRoot: orderedRoot([], 0),
    digest: [],
  };
  return { genesisHash, header, encodedHeader: encodeHeader(header), entries };
}
