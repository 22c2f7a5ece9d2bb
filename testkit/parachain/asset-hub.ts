import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import "../sunset/quiet-chopsticks.ts";
import { ChopsticksProvider, calculateStateRoot, destroyWorker } from "@acala-network/chopsticks-core";
import { fromHex, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { ApiPromise } from "@polkadot/api";
import type { JsonRpcServer } from "../relayer/json-rpc-server.ts";
import { assetHubGenesis, type Balance, giveBalances, type State } from "./asset-hub-genesis.ts";
import { type KeptBlock, SealedChain, STATE_LAYOUT } from "./sealed-chain.ts";
import { serveChain } from "./serve-chain.ts";

export type AssetHubOptions = {
  /** What accounts have in the genesis. */
  readonly balances: readonly Balance[];
  /** Keeps the blocks, a line of JSON each; without it the chain ends with its process. */
  readonly file?: string;
};

/** 2024-01-01, in milliseconds. Chopsticks takes the clock's time where a genesis has none. */
const GENESIS_TIME = 1_704_067_200_000n;

function genesisWith(balances: readonly Balance[]): State {
  const state = assetHubGenesis();
  giveBalances(state, balances);
  state.set(toHex(storagePrefix("Timestamp", "Now")), encodeUnsigned(GENESIS_TIME, 8));
  return state;
}

/** The blocks that the file has whole. A line that a kill has cut was seen by nobody, and is cut off. */
function readKept(file: string): readonly KeptBlock[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const block: unknown = JSON.parse(line);
      if (isKeptBlock(block)) return block;
      throw new RollupError("PARACHAIN_FILE_INVALID", `${file} has lines that are no blocks`);
    });
}

function isKeptBlock(value: unknown): value is KeptBlock {
  return (
    typeof value === "object" &&
    value !== null &&
    "header" in value &&
    "extrinsics" in value &&
    "changes" in value &&
    typeof value.header === "string" &&
    Array.isArray(value.extrinsics) &&
    typeof value.changes === "object"
  );
}

/**
 * A parachain of a real runtime, Asset Hub's, in this process: each extrinsic makes a block, and each block is final at once.
 * DANGEROUS where value is held: there is no relay chain and nobody's finality behind it, and its holders' keys are public.
 */
export class AssetHub {
  readonly #chain: SealedChain;
  #api: Promise<ApiPromise> | undefined;

  private constructor(chain: SealedChain) {
    this.#chain = chain;
  }

  /** @throws RollupError PARACHAIN_FILE_INVALID, DEVNET_PART_FAILED */
  static async start({ balances, file }: AssetHubOptions): Promise<AssetHub> {
    const kept = file === undefined ? [] : readKept(file);
    const keep = (block: KeptBlock) => {
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(block)}\n`);
    };
    try {
      return new AssetHub(
        await SealedChain.open("asset-hub-development", genesisWith(balances), { kept, keep }),
      );
    } catch (error) {
      await destroyWorker();
      throw error;
    }
  }

  get genesisHash(): Hash {
    return this.#chain.genesisHash;
  }

  get height(): number {
    return this.#chain.head.number;
  }

  /** Of the library that wallets use, in this process. */
  api(): Promise<ApiPromise> {
    const provider = () => new ChopsticksProvider(this.#chain);
    this.#api ??= ApiPromise.create({ provider: provider(), noInitWarn: true });
    return this.#api;
  }

  async metadata(): Promise<{ readonly specVersion: number; readonly metadata: Uint8Array }> {
    const { specVersion } = await this.#chain.head.runtimeVersion;
    return { specVersion, metadata: fromHex(await this.#chain.head.metadata) };
  }

  /** Builds a block of these extrinsics. */
  async addBlock(transactions: readonly string[]): Promise<void> {
    await this.#chain.newBlock({ transactions: transactions.map((each) => toHex(fromHex(each))) });
  }

  /** The root of the head's whole state by Substrate's own code, and the one in its header. */
  async roots(): Promise<{ readonly theirs: string; readonly ours: string }> {
    const { head } = this.#chain;
    const pairs: [Hex, Hex][] = [];
    for (let startKey = "0x"; ; ) {
      const page = await head.getKeysPaged({ prefix: "0x", startKey, pageSize: 1000 });
      if (page.length === 0) break;
      for (const key of page) {
        const value = await head.get(key);
        if (value !== undefined) pairs.push([toHex(fromHex(key)), value]);
      }
      startKey = page.at(-1) ?? "";
    }
    const { stateRoot } = await head.header;
    return { theirs: await calculateStateRoot(pairs, STATE_LAYOUT), ours: stateRoot.toHex() };
  }

  /** Serves JSON-RPC over HTTP and WebSocket; any free port without one. */
  serve(port?: number): Promise<JsonRpcServer> {
    return serveChain(this.#chain, port);
  }

  async stop(): Promise<void> {
    await (await this.#api)?.disconnect();
    await this.#chain.close();
    await destroyWorker();
  }
}
