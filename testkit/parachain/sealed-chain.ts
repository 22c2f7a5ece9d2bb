import "../sunset/quiet-chopsticks.ts";
import {
  Api,
  Block,
  Blockchain,
  BuildBlockMode,
  GenesisProvider,
  inherentProviders,
  StorageLayer,
} from "@acala-network/chopsticks-core";
import { bytesEqual, fromHex, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  decodeHeader,
  encodeHeader,
  headerHash,
  type SubstrateHeader,
} from "@phala-l2/protocol/substrate/header";
import { type SealedState, sealState } from "@phala-l2/protocol/substrate/testing/sealed-state";
import { EMPTY_SUBSTRATE_ROOT, orderedRoot } from "@phala-l2/protocol/substrate/trie/root";
import type { State } from "./asset-hub-genesis.ts";

/** Values from 33 bytes on stand in the trie by their hash. */
export const STATE_LAYOUT = 1;
/** Extrinsics are always rooted in the older layout of tries. */
const EXTRINSICS_LAYOUT = 0;

/** A block as it is kept on disk: what it did to the state stands in it, so that nothing is executed again. */
export type KeptBlock = {
  /** SCALE, hex. */
  readonly header: Hex;
  readonly extrinsics: readonly Hex[];
  readonly changes: Readonly<Record<Hex, Hex | null>>;
};

type SealedBlock = Omit<KeptBlock, "header"> & { readonly header: SubstrateHeader; readonly hash: Hash };

function isHex(text: string): text is Hex {
  return text.startsWith("0x");
}

function apply(state: State, changes: KeptBlock["changes"]): void {
  for (const [key, value] of Object.entries(changes)) {
    if (!isHex(key)) continue;
    if (value === null) state.delete(key);
    else state.set(key, fromHex(value));
  }
}

function sealed(state: State): SealedState {
  return sealState(
    [...state].map(([key, value]) => [fromHex(key), value] as const),
    STATE_LAYOUT,
  );
}

function rawState(state: State): Record<Hex, Hex> {
  const sorted = [...state].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, toHex(value)]));
}

/** The genesis under its true hash: chopsticks has one of its own, the same for every chain. */
class SealedGenesis extends GenesisProvider {
  readonly header: SubstrateHeader;

  /** @param state In the order of its keys: chopsticks walks keys by it. */
  constructor(name: string, state: State) {
    const properties = { tokenDecimals: [12], tokenSymbol: ["PHA"], ss58Format: 30 };
    super({ id: name, name, properties, genesis: { raw: { top: rawState(state) } } });
    this.header = {
      parentHash: ZERO_HASH,
      number: 0n,
      stateRoot: sealed(state).root,
      extrinsicsRoot: EMPTY_SUBSTRATE_ROOT,
      digest: [],
    };
  }

  override get blockHash(): Hex {
    return toHex(headerHash(this.header));
  }

  override getHeader = async () => ({
    number: toHex(Uint8Array.of(0)),
    stateRoot: toHex(this.header.stateRoot),
    parentHash: toHex(this.header.parentHash),
    extrinsicsRoot: toHex(this.header.extrinsicsRoot),
    digest: { logs: [] },
  });
}

/**
 * A chain of a real runtime, executed by chopsticks in this process. Of the chain around it nothing is real: no relay chain,
 * no collator; whatever has been built is final. Chopsticks leaves the roots of state and extrinsics out of its headers; here
 * each block is sealed with them before anybody sees it, and the next one is built on that, so that hashes, roots and proofs
 * agree as on any Substrate chain.
 */
export class SealedChain extends Blockchain {
  readonly #genesis: State;
  readonly #genesisBlock: SealedBlock;
  readonly #blocks: SealedBlock[];
  /** Of the head. */
  readonly #state: State;
  readonly #keep: (block: KeptBlock) => void;

  private constructor(api: Api, provider: SealedGenesis, genesis: State, keep: (block: KeptBlock) => void) {
    super({
      api,
      inherentProviders,
      header: { number: 0, hash: provider.blockHash },
      buildBlockMode: BuildBlockMode.Instant,
      registeredTypes: {},
      // It has no other place to find old blocks in.
      maxMemoryBlockCount: Number.MAX_SAFE_INTEGER,
    });
    const { header } = provider;
    this.#genesis = genesis;
    this.#genesisBlock = { header, hash: headerHash(header), extrinsics: [], changes: {} };
    this.#blocks = [this.#genesisBlock];
    this.#state = new Map(genesis);
    this.#keep = keep;
  }

  /**
   * Goes on from the blocks that were kept, or builds the first.
   * @param keep Called with each new block before anybody sees it.
   * @throws RollupError PARACHAIN_FILE_INVALID
   */
  static async open(
    name: string,
    genesis: State,
    { kept, keep }: { readonly kept: readonly KeptBlock[]; readonly keep: (block: KeptBlock) => void },
  ): Promise<SealedChain> {
    const provider = new SealedGenesis(name, genesis);
    const api = new Api(provider);
    await api.isReady;
    const chain = new SealedChain(api, provider, genesis, keep);
    for (const block of kept) await chain.#resume(block);
    if (!bytesEqual(sealed(chain.#state).root, chain.#last.header.stateRoot))
      throw fileInvalid("its last block has another state", chain.#last);
    if (kept.length === 0) await chain.newBlock();
    return chain;
  }

  get genesisHash(): Hash {
    return this.#genesisBlock.hash;
  }

  /** Nothing is looked for elsewhere: there is no other node. */
  override async getBlock(hash?: Hex): Promise<Block | undefined> {
    if (hash === undefined || hash === null) return this.head;
    const at = this.#blocks.findIndex((block) => toHex(block.hash) === hash);
    return at < 0 ? undefined : super.getBlockAt(at);
  }

  override async getBlockAt(height?: number | null): Promise<Block | undefined> {
    if (height === undefined || height === null) return this.head;
    return this.#blocks[height] === undefined ? undefined : super.getBlockAt(height);
  }

  /** Nodes of the state's trie that prove what these keys hold; undefined where there is no such block. */
  readProof(keys: readonly Uint8Array[], hash: Hex): readonly Uint8Array[] | undefined {
    const at = this.#blocks.findIndex((block) => toHex(block.hash) === hash);
    if (at < 0) return undefined;
    const state = new Map(this.#genesis);
    for (const { changes } of this.#blocks.slice(0, at + 1)) apply(state, changes);
    return sealed(state).prove(keys);
  }

  /** Called with each block that was built, before it is the head. */
  override async onNewBlock(built: Block): Promise<void> {
    const changes: Record<Hex, Hex | null> = {};
    // What was only read stands in chopsticks' list, too.
    for (const [key, value] of Object.entries(await built.storageDiff())) {
      const before = isHex(key) ? this.#state.get(key) : undefined;
      const known = before === undefined ? null : toHex(before);
      if (isHex(key) && (value ?? null) !== known) changes[key] = value ?? null;
    }
    const extrinsics = await built.extrinsics;
    const { digest } = await built.header;
    const after = new Map(this.#state);
    apply(after, changes);
    const header: SubstrateHeader = {
      parentHash: this.#last.hash,
      number: BigInt(built.number),
      stateRoot: sealed(after).root,
      extrinsicsRoot: orderedRoot(extrinsics.map(fromHex), EXTRINSICS_LAYOUT),
      digest: digest.logs.map((log) => log.toU8a()),
    };
    this.#keep({ header: toHex(encodeHeader(header)), extrinsics, changes });
    await this.#adopt({ header, hash: headerHash(header), extrinsics, changes });
  }

  get #last(): SealedBlock {
    return this.#blocks.at(-1) ?? this.#genesisBlock;
  }

  async #resume({ header, extrinsics, changes }: KeptBlock): Promise<void> {
    const decoded = decodeHeader(fromHex(header));
    if (decoded.kind === "invalid") throw fileInvalid("a header is none", this.#last);
    const { parentHash, extrinsicsRoot } = decoded.value;
    if (!bytesEqual(parentHash, this.#last.hash))
      throw fileInvalid("a block is of another chain", this.#last);
    if (!bytesEqual(extrinsicsRoot, orderedRoot(extrinsics.map(fromHex), EXTRINSICS_LAYOUT)))
      throw fileInvalid("a block has other extrinsics", this.#last);
    await this.#adopt({ header: decoded.value, hash: headerHash(decoded.value), extrinsics, changes });
  }

  async #adopt(sealedBlock: SealedBlock): Promise<void> {
    const { header, hash, extrinsics, changes } = sealedBlock;
    const registry = await this.head.registry;
    // One layer with everything, however long the chain gets.
    const storage = new StorageLayer();
    storage.setAll(rawState(this.#state));
    const block = new Block(this, Number(header.number), toHex(hash), this.head, {
      header: registry.createType("Header", toHex(encodeHeader(header))),
      extrinsics: [...extrinsics],
      storage,
      storageDiff: changes,
    });
    apply(this.#state, changes);
    this.#blocks.push(sealedBlock);
    await this.setHead(block);
  }
}

function fileInvalid(why: string, { header }: SealedBlock): RollupError<"PARACHAIN_FILE_INVALID"> {
  const message = `the development parachain's kept blocks cannot be gone on from: ${why}`;
  return new RollupError("PARACHAIN_FILE_INVALID", message, { data: { after: header.number.toString() } });
}
