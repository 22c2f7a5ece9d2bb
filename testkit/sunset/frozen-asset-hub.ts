import "./quiet-chopsticks.ts";
import {
  BuildBlockMode,
  ChopsticksProvider,
  calculateStateRoot,
  destroyWorker,
  GenesisProvider,
  setStorage,
  setup,
} from "@acala-network/chopsticks-core";
import { type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { decodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { ApiPromise, Keyring } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import type { KeyringPair } from "@polkadot/keyring/types";
import { compactToU8a, u8aToHex } from "@polkadot/util";
import { createKeyMulti, cryptoWaitReady, sortAddresses } from "@polkadot/util-crypto";
import { rococo_v2_2_asset_hub } from "@substrate/connect-known-chains";

/** 12 decimals, as PHA has on its parachain. */
export const UNIT = 10n ** 12n;
const START = 1_000n * UNIT;

type Hex = `0x${string}`;
type Call = SubmittableExtrinsic<"promise">;

/** A block of a real runtime, its whole state, and what the runtime itself says of each account. */
export type FrozenAssetHub = {
  readonly header: SubstrateHeader;
  readonly genesisHash: Hash;
  /** Roots of the state in each layout, by Substrate's own code. */
  readonly roots: readonly [Hash, Hash];
  readonly pairs: readonly (readonly [Hex, Hex])[];
  readonly keys: Readonly<Record<"sr25519" | "ed25519" | "ecdsa", KeyringPair>>;
  readonly multisig: {
    readonly account: Hex;
    readonly signatories: readonly Hex[];
    readonly threshold: number;
  };
  readonly proxied: Hex;
  readonly issuance: bigint;
  /** Free and reserved of each account, as the runtime's own metadata decodes them. */
  readonly balances: ReadonlyMap<Hex, readonly [free: bigint, reserved: bigint]>;
  /** Blocks from the first on, with their extrinsics, as a node answers them. */
  readonly blocks: readonly { readonly header: SubstrateHeader; readonly extrinsics: readonly Hex[] }[];
};

/** The genesis in the order of its keys: chopsticks walks keys by it. */
function genesisOf(): GenesisProvider {
  const spec: {
    id: string;
    name: string;
    properties?: Record<string, string>;
    genesis: { raw: { top: Record<Hex, Hex> } };
  } = JSON.parse(rococo_v2_2_asset_hub);
  const top = Object.fromEntries(Object.entries(spec.genesis.raw.top).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { id, name, properties = {} } = spec;
  return new GenesisProvider({ id, name, properties, genesis: { raw: { top } } });
}

type Chain = Awaited<ReturnType<typeof setup>>;
type ChainBlock = Chain["head"];

const isHex = (text: string): text is Hex => text.startsWith("0x");

/** Hex as the libraries' looser types have it. */
function hexOf(text: string): Hex {
  if (isHex(text)) return text;
  throw new Error(`not hex: ${text}`);
}

async function allPairs(block: ChainBlock): Promise<readonly (readonly [Hex, Hex])[]> {
  const keys: string[] = [];
  for (let startKey = "0x"; ; ) {
    const page = await block.getKeysPaged({ prefix: "0x", startKey, pageSize: 1000 });
    if (page.length === 0) break;
    keys.push(...page);
    startKey = page.at(-1) ?? "";
  }
  const pairs: (readonly [Hex, Hex])[] = [];
  for (const key of new Set(keys)) {
    const value = await block.get(key);
    if (value !== undefined) pairs.push([hexOf(key), hexOf(value)]);
  }
  return pairs;
}

function headerOf(header: { toU8a: () => Uint8Array }): SubstrateHeader {
  const decoding = decodeHeader(Uint8Array.from(header.toU8a()));
  if (decoding.kind === "invalid") throw new Error(`chopsticks' header: ${decoding.reason}`);
  return decoding.value;
}

async function read(chain: Chain, api: ApiPromise) {
  const blocks: { header: SubstrateHeader; extrinsics: readonly Hex[] }[] = [];
  let parentHash: Hash | undefined;
  for (let number = 1; number <= chain.head.number; number++) {
    const block = await chain.getBlockAt(number);
    if (block === undefined) throw new Error(`chopsticks has no block ${number}`);
    const extrinsics = (await block.extrinsics).map(hexOf);
    // Chopsticks makes up the root of extrinsics: here it is what Substrate's code makes of them, block by block.
    const indexed = extrinsics.map((each, i): [Hex, Hex] => [u8aToHex(compactToU8a(i)), each]);
    const extrinsicsRoot = hashFromHex(await calculateStateRoot(indexed, 0));
    const header: SubstrateHeader = { ...headerOf(await block.header), extrinsicsRoot };
    const linked = parentHash === undefined ? header : { ...header, parentHash };
    parentHash = headerHash(linked);
    blocks.push({ header: linked, extrinsics });
  }
  const pairs = await allPairs(chain.head);
  const rootOf = async (version: 0 | 1): Promise<Hash> =>
    hashFromHex(
      await calculateStateRoot(
        [...pairs].map(([key, value]) => [key, value]),
        version,
      ),
    );
  const roots = [await rootOf(0), await rootOf(1)] as const;
  const last = blocks.at(-1);
  if (last === undefined) throw new Error("chopsticks made no block");
  const balances = new Map<Hex, readonly [bigint, bigint]>();
  for (const [key, info] of (await api.query.system?.account?.entries()) ?? []) {
    const { data } = info.toJSON() as unknown as {
      data: { free: string | number; reserved: string | number };
    };
    balances.set(u8aToHex(key.toU8a().slice(-32)), [BigInt(data.free), BigInt(data.reserved)]);
  }
  const issuance = BigInt((await api.query.balances?.totalIssuance?.())?.toString() ?? "0");
  const genesisHash = hashFromHex((await chain.getBlockAt(0))?.hash ?? "0x");
  // Chopsticks leaves the state root out of its headers: here it is what Substrate's code makes of the state.
  const header = { ...last.header, stateRoot: roots[0] };
  return { header, genesisHash, roots, pairs, issuance, balances, blocks };
}

/**
 * Starts Asset Hub's real runtime in process, lets keys of every kind transact on it (transfers, a multisig, proxies,
 * assets, NFTs, a remark), and freezes it. Ends what it started.
 */
export async function freezeAssetHub(remark: string): Promise<FrozenAssetHub> {
  await cryptoWaitReady();
  const chain = await setup({ genesis: genesisOf(), buildBlockMode: BuildBlockMode.Manual });
  const api = await ApiPromise.create({ provider: new ChopsticksProvider(chain), noInitWarn: true });
  try {
    const pair = (type: "sr25519" | "ed25519" | "ecdsa") => new Keyring({ type }).addFromUri("//Sunset");
    const keys = { sr25519: pair("sr25519"), ed25519: pair("ed25519"), ecdsa: pair("ecdsa") };
    const users = Object.values(keys);
    const before = (await api.query.balances?.totalIssuance?.())?.toString() ?? "0";
    await setStorage(chain, {
      System: {
        Account: users.map(({ address }) => [[address], { providers: 1, data: { free: String(START) } }]),
      },
      Balances: { TotalIssuance: String(BigInt(before) + START * BigInt(users.length)) },
    });
    const { multisig, proxied, calls } = plan(api, keys, remark);
    const nonces = new Map<string, number>();
    for (const round of calls) {
      const transactions: Hex[] = [];
      for (const [signer, call] of round) {
        const nonce = nonces.get(signer.address) ?? 0;
        nonces.set(signer.address, nonce + 1);
        transactions.push(hexOf((await call.signAsync(signer, { nonce })).toHex()));
      }
      await chain.newBlock({ transactions });
    }
    return { ...(await read(chain, api)), keys, multisig, proxied };
  } finally {
    await api.disconnect();
    await chain.close();
    await destroyWorker();
  }
}

type Plan = {
  readonly multisig: FrozenAssetHub["multisig"];
  readonly proxied: Hex;
  /** A block's transactions each. */
  readonly calls: readonly (readonly (readonly [KeyringPair, Call])[])[];
};

/** What an index signature of the API has not: that the runtime has this call. */
function callOf(api: ApiPromise, pallet: string, name: string) {
  const call = api.tx[pallet]?.[name];
  if (call === undefined) throw new Error(`the runtime has no ${pallet}.${name}`);
  return call;
}

function plan(api: ApiPromise, keys: FrozenAssetHub["keys"], remark: string): Plan {
  const call = (pallet: string, name: string, ...given: unknown[]): Call =>
    callOf(api, pallet, name)(...given);
  const { sr25519, ed25519, ecdsa } = keys;
  const signatories = sortAddresses([sr25519.address, ed25519.address, ecdsa.address]);
  const multi = u8aToHex(createKeyMulti(signatories, 2));
  const others = signatories.filter((address) => address !== sr25519.address);
  const [collection, item] = [10_000, 1];
  const calls: Plan["calls"] = [
    [
      [sr25519, call("balances", "transferKeepAlive", multi, 100n * UNIT)],
      [sr25519, call("proxy", "addProxy", ed25519.address, "Any", 14_400)],
      [sr25519, call("proxy", "addProxy", ecdsa.address, "NonTransfer", 0)],
      [ed25519, call("system", "remark", remark)],
      [ed25519, call("assets", "create", 10_000, ed25519.address, 1n)],
      [ecdsa, call("uniques", "create", collection, ecdsa.address)],
    ],
    [
      [ed25519, call("assets", "mint", 10_000, sr25519.address, 10n ** 30n)],
      [ecdsa, call("uniques", "mint", collection, item, sr25519.address)],
      [sr25519, call("multisig", "approveAsMulti", 2, others, null, u8aToHex(new Uint8Array(32).fill(1)), 0)],
    ],
  ];
  const ids = signatories.map((address) => u8aToHex(new Keyring().decodeAddress(address)));
  return {
    multisig: { account: multi, signatories: ids, threshold: 2 },
    proxied: u8aToHex(sr25519.publicKey),
    calls,
  };
}
