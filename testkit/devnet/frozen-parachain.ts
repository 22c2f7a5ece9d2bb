import {
  addressFromHex,
  asHash,
  compareBytes,
  concatBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { SubstrateBlock } from "@phala-l2/protocol/substrate/block";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import { mapKey } from "@phala-l2/protocol/substrate/storage-key";
import { orderedRoot, stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { registrationText } from "@phala-l2/sunset/registrations";
import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { assetHubGenesis, giveBalances, holderBalances } from "../parachain/asset-hub-genesis.ts";
import { devnetAccount, L1_CHAIN_ID, USERS } from "./accounts.ts";

/** The block that the devnet takes for the last one. */
const HEIGHT = 1_000n;
/** From which on remarks register receivers. */
const REGISTRATIONS_FROM = HEIGHT - 2n;
/** Who registers a receiver: a key of ed25519, as hardware wallets have, which sign extrinsics and no texts. */
export const REGISTERED_HOLDER = "//Charlie";
/** MultiSignature's number of ed25519. */
const ED25519 = 0;

export type FrozenParachain = {
  readonly genesisHash: Hash;
  readonly header: SubstrateHeader;
  /** SCALE. */
  readonly encodedHeader: Uint8Array;
  /** Height of the first block whose remarks register receivers, and the blocks from the frozen one down to it. */
  readonly registrationsFrom: bigint;
  readonly blocks: readonly SubstrateBlock[];
  /** In the order of their keys. */
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
};

/** A signed extrinsic of Asset Hub's form: a remark that registers a user as receiver of PHA on the L2. No runtime has seen it. */
function registration(genesisHash: Hash, nonce: number, receiver: Hex): Uint8Array {
  const text = registrationText(BigInt(L1_CHAIN_ID), addressFromHex(receiver), "l2");
  const call = concatBytes(Uint8Array.of(0, 0), encodeByteString(new TextEncoder().encode(text)));
  // Immortal, nonce (compact), no tip, no asset for fees.
  const extra = Uint8Array.of(0, nonce << 2, 0, 0);
  const versions = new Uint8Array(8);
  const key = new Keyring({ type: "ed25519" }).addFromUri(REGISTERED_HOLDER);
  const signature = key.sign(concatBytes(call, extra, versions, genesisHash, genesisHash));
  const signer = concatBytes(Uint8Array.of(0), key.publicKey, Uint8Array.of(ED25519), signature);
  return encodeByteString(concatBytes(Uint8Array.of(0x84), signer, extra, call));
}

/** The last blocks, the newest first: a receiver is named, then another in its place. */
async function lastBlocks(genesisHash: Hash, root: Hash): Promise<readonly SubstrateBlock[]> {
  await cryptoWaitReady();
  const [first, second] = USERS;
  const named = [first, second].map((user, nonce) => [
    registration(genesisHash, nonce, devnetAccount(user).address),
  ]);
  const blocks: SubstrateBlock[] = [];
  let parentHash = asHash(genesisHash.slice());
  for (const [i, extrinsics] of [...named, []].entries()) {
    const number = REGISTRATIONS_FROM + BigInt(i);
    const header: SubstrateHeader = {
      parentHash,
      number,
      stateRoot: number === HEIGHT ? root : ZERO_HASH,
      extrinsicsRoot: orderedRoot(extrinsics, 0),
      digest: [],
    };
    parentHash = headerHash(header);
    blocks.unshift({ header, extrinsics });
  }
  return blocks;
}

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
  const blocks = await lastBlocks(genesisHash, stateRoot(entries, 0));
  const [frozen] = blocks;
  if (frozen === undefined) throw new TypeError("a window of three blocks has a newest one");
  const { header } = frozen;
  const registrationsFrom = REGISTRATIONS_FROM;
  return { genesisHash, header, encodedHeader: encodeHeader(header), registrationsFrom, blocks, entries };
}
