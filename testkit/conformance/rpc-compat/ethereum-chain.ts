import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { EthereumConfig } from "@phala-l2/execution/ethereum/config";
import { executeEthereumBlock } from "@phala-l2/execution/ethereum/execute-block";
import { type EthereumGenesis, parseEthereumGenesis } from "@phala-l2/execution/ethereum/genesis";
import type { Evm } from "@phala-l2/execution/evm/evm";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import type { ChainView, EthereumHeads } from "@phala-l2/node/store/chain-reader";
import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Block, decodeBlock } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import { rlpSpanAt } from "@phala-l2/protocol/wire/rlp";

type Stored = Pick<SealedBlock, "block" | "receipts" | "transactions">;

/** Blocks that a chain of the conformance suites is read by: the last one is the head. */
export type Imported = { readonly blocks: number; readonly gasUsed: bigint };

/** A plain Ethereum chain in memory, whose blocks were all executed here; it answers as the node's store does. */
export class EthereumChain implements ChainView {
  readonly config: EthereumConfig;
  readonly genesisHash: Hash;
  readonly #evm: Evm;
  readonly #stored = new Map<Hex, Stored>();
  readonly #nodes = new Map<Hex, Uint8Array>();
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #locations = new Map<Hex, { blockHash: Hash; blockNumber: bigint; index: number }>();
  readonly #canonical: Hash[];

  private constructor({ config, block, hash, nodes, codes }: EthereumGenesis, evm: Evm) {
    this.config = config;
    this.genesisHash = hash;
    this.#evm = evm;
    this.#canonical = [hash];
    this.#stored.set(toHex(hash), { block, receipts: [], transactions: [] });
    this.#remember(nodes, codes);
  }

  /** @throws RollupError GENESIS_INVALID */
  static from(genesis: unknown, evmOf: (config: EthereumConfig) => Promise<Evm>): Promise<EthereumChain> {
    const parsed = parseEthereumGenesis(genesis);
    return evmOf(parsed.config).then((evm) => new EthereumChain(parsed, evm));
  }

  /**
   * Executes the blocks of a chain.rlp: their RLP one after another.
   * @throws RollupError FIXTURE_MALFORMED, CHAIN_MISMATCH for a block whose hash execution does not give
   */
  async importRlp(bytes: Uint8Array): Promise<Imported> {
    let gasUsed = 0n;
    let blocks = 0;
    for (let at = 0; at < bytes.length; blocks++) {
      const span = rlpSpanAt(bytes, at, bytes.length);
      if (span.fault !== undefined) throw malformed(blocks, span.fault);
      const decoding = decodeBlock(bytes.subarray(at, span.end));
      if (decoding.kind === "invalid") throw malformed(blocks, decoding.reason);
      // geth's exports may begin with the genesis block.
      if (decoding.block.header.number > 0n) await this.#execute(decoding.block);
      gasUsed += decoding.block.header.gasUsed;
      at = span.end;
    }
    return { blocks, gasUsed };
  }

  async #execute(block: Block): Promise<void> {
    const parent = this.#header(this.heads().unsafe.hash);
    const execution = await executeEthereumBlock({
      config: this.config,
      parent,
      block,
      state: this.state(parent),
      readNode: this.readNode,
      evm: this.#evm,
      ancestorHash: (number) => this.hashByNumber(number),
    });
    if (execution.kind === "invalid") {
      const { number } = block.header;
      const message = `block ${number} does not come out as chain.rlp says: ${execution.reason}`;
      throw new RollupError("CHAIN_MISMATCH", message, { data: { number, reason: execution.reason } });
    }
    const { sealed } = execution;
    this.#remember(sealed.nodes, sealed.changes.codes);
    this.#stored.set(toHex(sealed.hash), sealed);
    this.#canonical.push(sealed.hash);
    for (const [index, { hash }] of sealed.transactions.entries()) {
      const place = { blockHash: sealed.hash, blockNumber: sealed.block.header.number, index };
      this.#locations.set(toHex(hash), place);
    }
  }

  #remember(nodes: ReadonlyMap<Hex, Uint8Array>, codes: ReadonlyMap<Hex, Uint8Array>): void {
    for (const [hash, node] of nodes) this.#nodes.set(hash, node);
    for (const [hash, code] of codes) this.#codes.set(hash, code);
  }

  #header(hash: Hash): Header {
    const header = this.headerByHash(hash);
    if (header !== undefined) return header;
    throw new RollupError("STORE_CORRUPT", "a block of the chain is not there", {
      data: { hash: toHex(hash) },
    });
  }

  /** The last block with the state after it. */
  head(): { readonly header: Header; readonly state: StateReader } {
    const header = this.#header(this.heads().unsafe.hash);
    return { header, state: this.state(header) };
  }

  heads(): EthereumHeads {
    const head = this.#ref(this.#canonical.at(-1) ?? this.genesisHash);
    return { unsafe: head, safe: head, finalized: head };
  }

  #ref(hash: Hash): BlockRef {
    const { number, parentHash, timestamp } = this.#header(hash);
    return { number, hash, parentHash, timestamp };
  }

  headerByHash(hash: Hash): Header | undefined {
    return this.#stored.get(toHex(hash))?.block.header;
  }

  hashByNumber(number: bigint): Hash | undefined {
    return number < BigInt(this.#canonical.length) ? this.#canonical[Number(number)] : undefined;
  }

  block(hash: Hash): Block | undefined {
    return this.#stored.get(toHex(hash))?.block;
  }

  receipts(hash: Hash): readonly Receipt[] | undefined {
    return this.#stored.get(toHex(hash))?.receipts;
  }

  executed(hash: Hash): Stored["transactions"] | undefined {
    return this.#stored.get(toHex(hash))?.transactions;
  }

  locateTransaction(transactionHash: Hash) {
    return this.#locations.get(toHex(transactionHash));
  }

  ref(hash: Hash): BlockRef | undefined {
    return this.headerByHash(hash) === undefined ? undefined : this.#ref(hash);
  }

  state(header: Header): StateReader {
    return trieState(header.stateRoot, this.readNode, (hash) => this.readCode(hash));
  }

  readonly readNode = (hash: Hash): Uint8Array | undefined => this.#nodes.get(toHex(hash));

  readCode(codeHash: Hash): Uint8Array | undefined {
    return this.#codes.get(toHex(codeHash));
  }
}

function malformed(index: number, reason: string): RollupError {
  return new RollupError("FIXTURE_MALFORMED", `chain.rlp: block ${index + 1}: ${reason}`, {
    data: { index, reason },
  });
}
