import {
  asHash,
  compareBytes,
  concatBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { encodeByteString, encodeCompact, encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { mapKey, storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import type { FrozenBlock } from "../snapshot.ts";

export type Entry = readonly [key: Uint8Array, value: Uint8Array];

export const GENESIS: Hash = asHash(new Uint8Array(32).fill(0x99));
/** An account that is no pallet's. */
export function person(number: number): Hex {
  const account = new Uint8Array(32).fill(0xaa);
  new DataView(account.buffer).setUint32(28, number);
  return toHex(account);
}

export function named(text: string): Hex {
  const account = new Uint8Array(32);
  account.set(new TextEncoder().encode(text));
  return toHex(account);
}

const u32 = (value: number): Uint8Array => encodeUnsigned(BigInt(value), 4);
const u64 = (value: number): Uint8Array => encodeUnsigned(BigInt(value), 8);
const u128 = (value: bigint): Uint8Array => encodeUnsigned(value, 16);

export function balance(account: Hex, free: bigint, reserved = 0n): Entry {
  const value = concatBytes(new Uint8Array(16), u128(free), u128(reserved), new Uint8Array(32));
  return [mapKey("System", "Account", ["Blake2_128Concat", fromHex(account)]), value];
}

export function issuance(planck: bigint): Entry {
  return [storagePrefix("Balances", "TotalIssuance"), u128(planck)];
}

export function wrapped(account: Hex, planck: bigint, asset = 10_000): Entry {
  const keys = [
    ["Blake2_128Concat", u32(asset)],
    ["Blake2_128Concat", fromHex(account)],
  ] as const;
  return [mapKey("Assets", "Account", ...keys), concatBytes(u128(planck), new Uint8Array(3))];
}

export function proxies(
  account: Hex,
  ...kinds: readonly { kind: number; delegate: Hex; delay: number }[]
): Entry {
  const definitions = kinds.map(({ kind, delegate, delay }) =>
    concatBytes(fromHex(delegate), Uint8Array.of(kind), u32(delay)),
  );
  const value = concatBytes(encodeCompact(kinds.length), ...definitions, u128(7n));
  return [mapKey("Proxy", "Proxies", ["Twox64Concat", fromHex(account)]), value];
}

export type TestPool = {
  readonly kind: "stake-pool" | "vault";
  readonly pid: number;
  readonly collection: number;
  readonly owner: Hex;
  readonly totalShares: bigint;
  readonly totalValue: bigint;
  readonly queue?: readonly { readonly user: Hex; readonly nftId: number }[];
  readonly ownerShares?: bigint;
};

export const poolAccount = ({ pid }: { pid: number }): Hex => named(`bp/${pid}`);
export const lockAccount = ({ pid }: { pid: number }): Hex => named(`sl/${pid}`);
export const rewardAccount = ({ pid }: { pid: number }): Hex => named(`so/${pid}`);

export function pool(description: TestPool): Entry {
  const { kind, pid, collection, owner, totalShares, totalValue, queue = [], ownerShares = 0n } = description;
  const base = [
    u64(pid),
    fromHex(owner),
    u128(totalShares),
    u128(totalValue),
    encodeCompact(queue.length),
    ...queue.map(({ user, nftId }) => concatBytes(fromHex(user), u64(1), u32(nftId))),
    encodeCompact(0),
    u32(collection),
    fromHex(poolAccount(description)),
  ];
  const rest =
    kind === "stake-pool"
      ? [new Uint8Array(4), fromHex(lockAccount(description)), fromHex(rewardAccount(description))]
      : [u128(0n), Uint8Array.of(0), u128(ownerShares), encodeCompact(0)];
  const value = concatBytes(Uint8Array.of(kind === "stake-pool" ? 0 : 1), ...base, ...rest);
  return [mapKey("PhalaBasePool", "Pools", ["Twox64Concat", u64(pid)]), value];
}

/** A share NFT: its shares and its owner. */
export function shareNft(collection: number, nftId: number, owner: Hex, shares: bigint): readonly Entry[] {
  const property = mapKey(
    "RmrkCore",
    "Properties",
    ["Blake2_128Concat", u32(collection)],
    ["Blake2_128Concat", concatBytes(Uint8Array.of(1), u32(nftId))],
    ["Blake2_128Concat", encodeByteString(new TextEncoder().encode("stake-info"))],
  );
  const asset = mapKey(
    "Uniques",
    "Asset",
    ["Blake2_128Concat", u32(collection)],
    ["Blake2_128Concat", u32(nftId)],
  );
  return [
    [property, encodeByteString(u128(shares))],
    [asset, concatBytes(fromHex(owner), Uint8Array.of(0, 0), u128(0n))],
  ];
}

export function owedReward(account: Hex, pid: number, planck: bigint): Entry {
  const key = concatBytes(fromHex(account), u64(pid));
  return [mapKey("PhalaStakePoolv2", "LegacyRewards", ["Twox64Concat", key]), u128(planck)];
}

/** A state in the order of its keys, with the genesis hash in it, and the block that ends with it. */
export function frozen(
  entries: readonly Entry[],
  layout: TrieLayout = 1,
): { state: readonly Entry[]; block: FrozenBlock } {
  const state: Entry[] = [...entries, [mapKey("System", "BlockHash", ["Twox64Concat", u32(0)]), GENESIS]];
  state.sort(([a], [b]) => compareBytes(a, b));
  const blockHash = asHash(new Uint8Array(32).fill(0xbb));
  return { state, block: { height: 9_064_613n, blockHash, stateRoot: stateRoot(state, layout) } };
}
