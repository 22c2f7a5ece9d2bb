import { ApiPromise, WsProvider } from "@polkadot/api";
import type { ApiOptions } from "@polkadot/api/types";
import { hexToU8a, stringToHex, u8aConcat, u8aToHex } from "@polkadot/util";
import { blake2AsU8a, xxhashAsU8a } from "@polkadot/util-crypto";

/**
 * Storage of Phala's pallets as their runtimes encode it, by the definitions that @polkadot/types works with: written
 * apart from what reads it, so that one mistake cannot be in both. Sources of the definitions:
 * docs/spec/sunset-snapshot.md.
 */
type Provider = NonNullable<ApiOptions["provider"]>;

/** It is one, but for a property that the library types in two ways. */
function isProvider(value: unknown): value is Provider {
  return value instanceof WsProvider;
}

/** An API that connects to nothing has an empty registry of types. */
function emptyRegistry(): ApiPromise["registry"] {
  const provider: unknown = new WsProvider("ws://127.0.0.1:1", false);
  if (!isProvider(provider)) throw new TypeError("no provider");
  return new ApiPromise({ provider, noInitWarn: true }).registry;
}

const registry = emptyRegistry();
registry.register({
  WithdrawInfo: { user: "AccountId32", startTime: "u64", nftId: "u32" },
  BasePool: {
    pid: "u64",
    owner: "AccountId32",
    totalShares: "u128",
    totalValue: "u128",
    withdrawQueue: "Vec<WithdrawInfo>",
    valueSubscribers: "Vec<u64>",
    cid: "u32",
    poolAccountId: "AccountId32",
  },
  StakePool: {
    basepool: "BasePool",
    payoutCommission: "Option<u32>",
    cap: "Option<u128>",
    workers: "Vec<[u8; 32]>",
    cdWorkers: "Vec<[u8; 32]>",
    lockAccount: "AccountId32",
    ownerRewardAccount: "AccountId32",
  },
  Vault: {
    basepool: "BasePool",
    lastSharePriceCheckpoint: "u128",
    commission: "Option<u32>",
    ownerShares: "u128",
    investPools: "Vec<u64>",
  },
  PoolProxy: { _enum: { StakePool: "StakePool", Vault: "Vault" } },
  NftAttr: { shares: "u128" },
  ItemDetails: { owner: "AccountId32", approved: "Option<AccountId32>", isFrozen: "bool", deposit: "u128" },
  AssetReason: { _enum: ["Consumer", "Sufficient"] },
  AssetAccount: {
    balance: "u128",
    isFrozen: "bool",
    reason: "AssetReason",
    extra: "()",
  },
  AccountData: { free: "u128", reserved: "u128", miscFrozen: "u128", feeFrozen: "u128" },
  AccountInfo: { nonce: "u32", consumers: "u32", providers: "u32", sufficients: "u32", data: "AccountData" },
  ProxyDefinition: { delegate: "AccountId32", proxyType: "u8", delay: "u32" },
});

type Hex = `0x${string}`;
type Entry = readonly [key: Uint8Array, value: Uint8Array];

const encode = (type: string, value: unknown): Uint8Array => registry.createType(type, value).toU8a();
const prefix = (pallet: string, item: string): Uint8Array =>
  u8aConcat(xxhashAsU8a(pallet, 128), xxhashAsU8a(item, 128));
const twox = (key: Uint8Array): Uint8Array => u8aConcat(xxhashAsU8a(key, 64), key);
const blake = (key: Uint8Array): Uint8Array => u8aConcat(blake2AsU8a(key, 128), key);

export type PoolDescription = {
  readonly basepool: { readonly pid: number; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
};

export function accountEntry(account: Hex, free: bigint, reserved: bigint): Entry {
  return [
    u8aConcat(prefix("System", "Account"), blake(hexToU8a(account))),
    encode("AccountInfo", { nonce: 3, providers: 1, data: { free, reserved } }),
  ];
}

export function issuanceEntry(planck: bigint): Entry {
  return [prefix("Balances", "TotalIssuance"), encode("u128", planck)];
}

export function genesisEntry(hash: Hex): Entry {
  return [u8aConcat(prefix("System", "BlockHash"), twox(encode("u32", 0))), hexToU8a(hash)];
}

export function wrappedEntry(account: Hex, balance: bigint): Entry {
  const keys = u8aConcat(blake(encode("u32", 10_000)), blake(hexToU8a(account)));
  return [
    u8aConcat(prefix("Assets", "Account"), keys),
    encode("AssetAccount", { balance, reason: "Sufficient" }),
  ];
}

export function poolEntry(kind: "StakePool" | "Vault", pool: PoolDescription): Entry {
  const key = u8aConcat(prefix("PhalaBasePool", "Pools"), twox(encode("u64", pool.basepool.pid)));
  return [key, encode("PoolProxy", { [kind]: pool })];
}

export function nftEntries(collection: number, nft: number, owner: Hex, shares: bigint): readonly Entry[] {
  const [cid, id] = [encode("u32", collection), encode("u32", nft)];
  const name = encode("Bytes", stringToHex("stake-info"));
  const property = u8aConcat(blake(cid), blake(encode("Option<u32>", nft)), blake(name));
  const label = u8aConcat(
    blake(cid),
    blake(encode("Option<u32>", nft)),
    blake(encode("Bytes", stringToHex("name"))),
  );
  return [
    [
      u8aConcat(prefix("Uniques", "Asset"), blake(cid), blake(id)),
      encode("ItemDetails", { owner, deposit: 0 }),
    ],
    [
      u8aConcat(prefix("RmrkCore", "Properties"), property),
      encode("Bytes", u8aToHex(encode("NftAttr", { shares }))),
    ],
    [u8aConcat(prefix("RmrkCore", "Properties"), label), encode("Bytes", stringToHex("Khala - Vault - #1"))],
  ];
}

export function legacyRewardEntry(account: Hex, pid: number, planck: bigint): Entry {
  const key = u8aConcat(hexToU8a(account), encode("u64", pid));
  return [u8aConcat(prefix("PhalaStakePoolv2", "LegacyRewards"), twox(key)), encode("u128", planck)];
}

export function proxiesEntry(account: Hex, definitions: readonly object[]): Entry {
  return [
    u8aConcat(prefix("Proxy", "Proxies"), twox(hexToU8a(account))),
    encode("(Vec<ProxyDefinition>, u128)", [definitions, 5]),
  ];
}

/** `(ascii, hash)` of an account, cut or padded to 32 bytes, as the pallets make accounts of their own. */
export function derivedAccount(name: string, pid: number, owner: Hex): Uint8Array {
  const hash = blake2AsU8a(u8aConcat(encode("u64", pid), hexToU8a(owner)), 256);
  return u8aConcat(new TextEncoder().encode(name), hash).subarray(0, 32);
}
