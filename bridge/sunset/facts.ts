import { asHash, bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { ScaleReader } from "@phala-l2/protocol/substrate/scale";
import {
  readHashedKey,
  STORAGE_PREFIX_LENGTH,
  type StorageHasher,
  storagePrefix,
} from "@phala-l2/protocol/substrate/storage-key";
import { WRAPPED_ASSET_ID } from "./accounts.ts";
import { holdingOf, type Ledger } from "./holdings.ts";
import { decodePool, MAX_COLLECTION, nftKey, type Pool } from "./pools.ts";

/** Who may act for an account in everything (proxy kind `Any`), and how many blocks after announcing it. */
export type AnyProxy = { readonly account: Hex; readonly delegate: Hex; readonly delay: number };

/** What of a state the count needs, as it is read entry by entry. */
export type StateFacts = {
  readonly ledger: Ledger;
  issuance: bigint | undefined;
  /** `System.BlockHash(0)`, which runtimes keep for ever. */
  genesisHash: Hash | undefined;
  /** The runtime has the pallet that wraps PHA. */
  hasWrapping: boolean;
  readonly wrapped: Map<Hex, bigint>;
  readonly pools: Pool[];
  /** Shares in an NFT, and who owns it, by `nftKey`. */
  readonly nftShares: Map<number, bigint>;
  /** Collections with shares that have not their form. Anybody makes some: a fault only where a pool names it. */
  readonly malformedShares: Set<number>;
  readonly nftOwners: Map<number, Hex>;
  /** Rewards from before pools had NFTs, owed by the subsidy pool. */
  readonly owedRewards: { readonly account: Hex; readonly amount: bigint }[];
  readonly proxies: AnyProxy[];
  /** By the lock's name: sums of locked balances, which are parts of what is free. */
  readonly locks: Map<string, { accounts: number; planck: bigint }>;
};

export function noFacts(): StateFacts {
  return {
    ledger: new Map(),
    issuance: undefined,
    genesisHash: undefined,
    hasWrapping: false,
    wrapped: new Map(),
    pools: [],
    nftShares: new Map(),
    malformedShares: new Set(),
    nftOwners: new Map(),
    owedRewards: [],
    proxies: [],
    locks: new Map(),
  };
}

/** Puts an entry of one storage item into the facts; false when it does not have the item's form. */
type ItemReader = (facts: StateFacts, key: Uint8Array, value: Uint8Array) => boolean;

/** The one key of a map, where it has that length. */
function onlyKey(key: Uint8Array, hasher: StorageHasher, length: number): Uint8Array | undefined {
  const read = readHashedKey(key, STORAGE_PREFIX_LENGTH, hasher, length);
  return read?.next === key.length ? read.key : undefined;
}

/** frame_system `AccountInfo` (nonce and three reference counts) with pallet_balances `AccountData`. */
const ACCOUNT_INFO_LENGTH = 80;
const NONCE_AND_COUNTS = 16;

function readAccountInfo(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const account = onlyKey(key, "Blake2_128Concat", 32);
  if (account === undefined || value.length !== ACCOUNT_INFO_LENGTH) return false;
  const reader = new ScaleReader(value, NONCE_AND_COUNTS);
  const free = reader.u128();
  const reserved = reader.u128();
  if (free === 0n && reserved === 0n) return true;
  const holding = holdingOf(facts.ledger, toHex(account));
  holding.free += free;
  holding.reserved += reserved;
  return true;
}

function readIssuance(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const reader = new ScaleReader(value);
  facts.issuance = reader.u128();
  return key.length === STORAGE_PREFIX_LENGTH && reader.finish(0).kind === "ok";
}

/** Block numbers have 32 bits on the chains that are read here. */
const BLOCK_ZERO = new Uint8Array(4);

function readBlockHash(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const number = onlyKey(key, "Twox64Concat", BLOCK_ZERO.length);
  if (number === undefined || value.length !== 32) return false;
  if (bytesEqual(number, BLOCK_ZERO)) facts.genesisHash = asHash(Uint8Array.from(value));
  return true;
}

/** pallet_balances `BalanceLock`: its name, amount and reasons. */
function readLocks(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  if (onlyKey(key, "Blake2_128Concat", 32) === undefined) return false;
  const reader = new ScaleReader(value);
  const locks = reader.sequence(() => {
    const name = new TextDecoder().decode(reader.take(8)).trimEnd();
    const planck = reader.u128();
    reader.u8();
    return { name, planck };
  });
  for (const { name, planck } of locks) {
    const sum = facts.locks.get(name) ?? { accounts: 0, planck: 0n };
    sum.accounts += 1;
    sum.planck += planck;
    facts.locks.set(name, sum);
  }
  return reader.finish(0).kind === "ok";
}

const ANY_PROXY = 0;

/** pallet_proxy: a list of `ProxyDefinition` (delegate, kind, delay in blocks), and the deposit. */
function readProxies(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const account = onlyKey(key, "Twox64Concat", 32);
  if (account === undefined) return false;
  const reader = new ScaleReader(value);
  const definitions = reader.sequence(() => {
    const delegate = toHex(reader.take(32));
    return { delegate, kind: reader.u8(), delay: reader.u32() };
  });
  reader.u128();
  if (reader.finish(0).kind !== "ok") return false;
  for (const { delegate, kind, delay } of definitions) {
    if (kind === ANY_PROXY) facts.proxies.push({ account: toHex(account), delegate, delay });
  }
  return true;
}

function littleEndian(bytes: Uint8Array): number {
  return new ScaleReader(bytes).small(bytes.length);
}

/** pallet_assets `AssetAccount`, which begins with the balance. */
function readAssetAccount(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const asset = readHashedKey(key, STORAGE_PREFIX_LENGTH, "Blake2_128Concat", 4);
  if (asset === undefined || littleEndian(asset.key) !== WRAPPED_ASSET_ID) return true;
  const account = readHashedKey(key, asset.next, "Blake2_128Concat", 32);
  if (account?.next !== key.length || value.length < 16) return false;
  facts.wrapped.set(toHex(account.key), new ScaleReader(value).u128());
  return true;
}

/** pallet_uniques `ItemDetails`, which begins with the owner. NFTs with other ids than 32 bits are no shares. */
function readNftOwner(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const collection = readHashedKey(key, STORAGE_PREFIX_LENGTH, "Blake2_128Concat", 4);
  if (collection === undefined || littleEndian(collection.key) > MAX_COLLECTION) return true;
  const item = readHashedKey(key, collection.next, "Blake2_128Concat", 4);
  if (item?.next !== key.length) return true;
  if (value.length < 32) return false;
  facts.nftOwners.set(
    nftKey(littleEndian(collection.key), littleEndian(item.key)),
    toHex(value.subarray(0, 32)),
  );
  return true;
}

/** The name of the property that has an NFT's shares (base_pool.rs, `NFT_PROPERTY_KEY`), as its key ends. */
const STAKE_INFO = Uint8Array.of(10 << 2, ...new TextEncoder().encode("stake-info"));
const SOME_NFT = 1;

/** rmrk_core `Properties` by collection, optional NFT, and name; a value is the SCALE of `NftAttr`, as bytes. */
function readNftShares(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const collection = readHashedKey(key, STORAGE_PREFIX_LENGTH, "Blake2_128Concat", 4);
  if (collection === undefined) return false;
  const item = readHashedKey(key, collection.next, "Blake2_128Concat", 5);
  if (item === undefined || item.key[0] !== SOME_NFT) return true;
  const name = readHashedKey(key, item.next, "Blake2_128Concat", STAKE_INFO.length);
  if (name?.next !== key.length || !bytesEqual(name.key, STAKE_INFO)) return true;
  // No pool has such a collection: `readPool`.
  if (littleEndian(collection.key) > MAX_COLLECTION) return true;
  const reader = new ScaleReader(value);
  const attribute = new ScaleReader(reader.byteString());
  const shares = attribute.u128();
  if (reader.finish(0).kind !== "ok" || attribute.finish(0).kind !== "ok") {
    facts.malformedShares.add(littleEndian(collection.key));
    return true;
  }
  facts.nftShares.set(nftKey(littleEndian(collection.key), littleEndian(item.key.subarray(1))), shares);
  return true;
}

function readPool(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const pid = onlyKey(key, "Twox64Concat", 8);
  const pool = decodePool(value);
  if (pid === undefined || pool.kind === "invalid") return false;
  facts.pools.push(pool.value);
  return new ScaleReader(pid).u64() === pool.value.pid && pool.value.collection <= MAX_COLLECTION;
}

/** PhalaStakePoolv2 `LegacyRewards` by (account, pid). */
function readOwedRewards(facts: StateFacts, key: Uint8Array, value: Uint8Array): boolean {
  const owner = onlyKey(key, "Twox64Concat", 40);
  const reader = new ScaleReader(value);
  const amount = reader.u128();
  if (owner === undefined || reader.finish(0).kind !== "ok") return false;
  facts.owedRewards.push({ account: toHex(owner.subarray(0, 32)), amount });
  return true;
}

function noteWrapping(facts: StateFacts): boolean {
  facts.hasWrapping = true;
  return true;
}

export type StorageItem = { readonly name: string; readonly prefix: Uint8Array; readonly read: ItemReader };

function item(pallet: string, name: string, read: ItemReader): StorageItem {
  return { name: `${pallet}.${name}`, prefix: storagePrefix(pallet, name), read };
}

/** Every storage item that is read. A runtime that lacks one has no entries under its prefix. */
export const STORAGE_ITEMS: readonly StorageItem[] = [
  item("System", "Account", readAccountInfo),
  item("System", "BlockHash", readBlockHash),
  item("Balances", "TotalIssuance", readIssuance),
  item("Balances", "Locks", readLocks),
  item("Proxy", "Proxies", readProxies),
  item("Assets", "Account", readAssetAccount),
  item("Uniques", "Asset", readNftOwner),
  item("RmrkCore", "Properties", readNftShares),
  item("PhalaBasePool", "Pools", readPool),
  item("PhalaStakePoolv2", "LegacyRewards", readOwedRewards),
  item("PhalaWrappedBalances", ":__STORAGE_VERSION__:", noteWrapping),
  item("PhalaWrappedBalances", "StakerAccounts", noteWrapping),
];
