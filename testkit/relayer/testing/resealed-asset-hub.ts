import "../../sunset/quiet-chopsticks.ts";
import {
  type Block,
  BuildBlockMode,
  ChopsticksProvider,
  calculateStateRoot,
  destroyWorker,
  GenesisProvider,
  setStorage,
  setup,
} from "@acala-network/chopsticks-core";
import { fromHex, type Hash, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { type SealedState, sealState } from "@phala-l2/protocol/substrate/testing/sealed-state";
import { EVENTS_KEY, LAST_UPGRADE_KEY } from "@phala-l2/swap/block-proof";
import { ApiPromise } from "@polkadot/api";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { rococo_v2_2_asset_hub } from "@substrate/connect-known-chains";
import { type JsonRpcServer, serveJsonRpc } from "../json-rpc-server.ts";

/** 12 decimals, as PHA has on its parachain. */
export const UNIT = 10n ** 12n;

type Kept = {
  readonly header: SubstrateHeader;
  readonly hash: Hash;
  readonly state: SealedState;
  readonly events: string;
  readonly extrinsics: readonly string[];
};

/** The genesis in the order of its keys: chopsticks walks keys by it. */
function genesisOf(): GenesisProvider {
  const spec = JSON.parse(rococo_v2_2_asset_hub);
  const top: Record<string, `0x${string}`> = {};
  for (const key of Object.keys(spec.genesis.raw.top).sort()) top[key] = spec.genesis.raw.top[key];
  const { id, name, properties = {} } = spec;
  return new GenesisProvider({ id, name, properties, genesis: { raw: { top } } });
}

async function pairsOf(block: Block): Promise<[`0x${string}`, `0x${string}`][]> {
  const keys = new Set<string>();
  for (let startKey = "0x"; ; ) {
    const page = await block.getKeysPaged({ prefix: "0x", startKey, pageSize: 1000 });
    if (page.length === 0) break;
    for (const key of page) keys.add(key);
    startKey = page.at(-1) ?? "";
  }
  const pairs: [`0x${string}`, `0x${string}`][] = [];
  for (const key of keys) {
    const value = await block.get(key);
    if (value !== undefined) pairs.push([toHex(fromHex(key)), value]);
  }
  return pairs;
}

/**
 * A test double of a node of a real parachain's runtime, in process. Blocks are executed by the runtime itself. Of the chain
 * around it nothing is real: chopsticks leaves the state root out of its headers, so each is sealed anew with the root of
 * its whole state; and whatever has been built is final.
 */
export class ResealedAssetHub {
  readonly api: ApiPromise;
  readonly #chain: Awaited<ReturnType<typeof setup>>;
  readonly #blocks: Kept[] = [];

  private constructor(chain: Awaited<ReturnType<typeof setup>>, api: ApiPromise) {
    this.#chain = chain;
    this.api = api;
  }

  /** @param rich Accounts that have a thousand units each. */
  static async start(rich: readonly string[]): Promise<ResealedAssetHub> {
    await cryptoWaitReady();
    const chain = await setup({ genesis: genesisOf(), buildBlockMode: BuildBlockMode.Manual });
    const api = await ApiPromise.create({ provider: new ChopsticksProvider(chain), noInitWarn: true });
    const free = String(1000n * UNIT);
    await setStorage(chain, {
      System: { Account: rich.map((account) => [[account], { providers: 1, data: { free } }]) },
    });
    const hub = new ResealedAssetHub(chain, api);
    for (let height = 0; height <= chain.head.number; height++) await hub.#seal(height);
    return hub;
  }

  get genesisHash(): Hash {
    return this.#blocks[0]?.hash ?? ZERO_HASH;
  }

  async metadata(): Promise<{ readonly specVersion: number; readonly metadata: Uint8Array }> {
    const { specVersion } = await this.#chain.head.runtimeVersion;
    return { specVersion, metadata: fromHex(await this.#chain.head.metadata) };
  }

  /** Builds a block of these extrinsics. */
  async addBlock(transactions: readonly string[]): Promise<void> {
    const block = await this.#chain.newBlock({
      transactions: transactions.map((each) => toHex(fromHex(each))),
    });
    await this.#seal(block.number);
  }

  /** The last block's root by Substrate's own code, and ours. */
  async roots(): Promise<{ readonly theirs: string; readonly ours: string }> {
    const theirs = await calculateStateRoot(await pairsOf(this.#chain.head), 1);
    return { theirs, ours: toHex(this.#blocks.at(-1)?.state.root ?? ZERO_HASH) };
  }

  serve(): Promise<JsonRpcServer> {
    return serveJsonRpc(async (method, params) => this.#answer(method, params));
  }

  async stop(): Promise<void> {
    await this.api.disconnect();
    await this.#chain.close();
    await destroyWorker();
  }

  async #seal(height: number): Promise<void> {
    const block = await this.#chain.getBlockAt(height);
    if (block === undefined) throw new RangeError(`no block ${height}`);
    const pairs = await pairsOf(block);
    const state = sealState(
      pairs.map(([key, value]) => [fromHex(key), fromHex(value)] as const),
      1,
    );
    const theirs = await block.header;
    const header: SubstrateHeader = {
      parentHash: this.#blocks.at(-1)?.hash ?? ZERO_HASH,
      number: BigInt(height),
      stateRoot: state.root,
      extrinsicsRoot: hashFromHex(theirs.extrinsicsRoot.toHex()),
      digest: theirs.digest.logs.map((log) => log.toU8a()),
    };
    const events = (await block.get(toHex(EVENTS_KEY))) ?? "0x00";
    const extrinsics = height === 0 ? [] : await block.extrinsics;
    this.#blocks.push({ header, hash: headerHash(header), state, events, extrinsics });
  }

  #at(hash: unknown): Kept {
    const kept = this.#blocks.find((block) => toHex(block.hash) === hash);
    if (kept === undefined) throw new RangeError(`no block ${hash}`);
    return kept;
  }

  #answer(method: string, [first, second]: readonly unknown[]): unknown {
    switch (method) {
      case "chain_getBlockHash":
        return toHex(this.#blocks[Number(first)]?.hash ?? ZERO_HASH);
      case "chain_getFinalizedHead":
        return toHex(this.#blocks.at(-1)?.hash ?? ZERO_HASH);
      case "chain_getHeader": {
        const { header } = this.#at(first);
        const { parentHash, number, stateRoot, extrinsicsRoot, digest } = header;
        return {
          parentHash: toHex(parentHash),
          number: `0x${number.toString(16)}`,
          stateRoot: toHex(stateRoot),
          extrinsicsRoot: toHex(extrinsicsRoot),
          digest: { logs: digest.map(toHex) },
        };
      }
      case "state_getStorage":
        return this.#at(second).events;
      case "state_getReadProof":
        return { at: second, proof: this.#at(second).state.prove([EVENTS_KEY, LAST_UPGRADE_KEY]).map(toHex) };
      case "chain_getBlock":
        return { block: { extrinsics: this.#at(first).extrinsics }, justifications: null };
      default:
        throw new RangeError(`no method ${method}`);
    }
  }
}
