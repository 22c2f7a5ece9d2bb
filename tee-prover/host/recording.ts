import type { L1Block } from "@phala-l2/derivation/l1-block";
import { type BlobMap, checkPreimage, type Preimages } from "@phala-l2/enclave/preimages";
import type { Witness } from "@phala-l2/enclave/witness";
import type { L1Source } from "@phala-l2/node/l1/l1-source";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { orderedTrie } from "@phala-l2/protocol/trie/ordered-trie";
import { encodeHeader, type Header } from "@phala-l2/protocol/wire/header";
import { encodeReceipt } from "@phala-l2/protocol/wire/receipt";

/** What of the own node's chain a witness is made from. */
export type WitnessChain = Pick<ChainReader, "readNode" | "readCode" | "headerByHash" | "block">;

/**
 * Preimages out of the own node's database and of L1 blocks handed in, which remembers each that was asked for:
 * after a proof has run over it, that is exactly the proof's witness.
 */
export class RecordingPreimages implements Preimages {
  readonly #chain: WitnessChain;
  readonly #l1: Pick<L1Source, "blobs">;
  readonly #known = new Map<Hex, Uint8Array>();
  /** Lists of transactions and receipts, by root; their tries are built when the root is asked for. */
  readonly #lists = new Map<Hex, () => readonly Uint8Array[]>();
  readonly #used = new Map<Hex, Uint8Array>();
  readonly #usedBlobs = new Map<Hex, Uint8Array>();

  constructor(chain: WitnessChain, l1: Pick<L1Source, "blobs">) {
    this.#chain = chain;
    this.#l1 = l1;
  }

  /** Adds bytes with this hash. */
  add(hash: Hash, bytes: Uint8Array): void {
    this.#known.set(toHex(hash), bytes);
  }

  /** Adds an L1 header. */
  addL1Header(hash: Hash, header: Header): void {
    this.add(hash, encodeHeader(header));
  }

  /** Adds an L1 block: its header, its transactions and, where it has them, its receipts. */
  addL1Block({ hash, header, transactions, receipts }: L1Block): void {
    this.addL1Header(hash, header);
    this.#lists.set(toHex(header.transactionsRoot), () => transactions);
    if (receipts !== undefined) {
      this.#lists.set(toHex(header.receiptsRoot), () => receipts.map(encodeReceipt));
    }
  }

  keccak(hash: Hash): Uint8Array | undefined {
    const key = toHex(hash);
    const used = this.#used.get(key);
    if (used !== undefined) return used;
    const found = this.#find(hash, key);
    if (found !== undefined) this.#used.set(key, found);
    return found;
  }

  async blobs(block: BlockRef, hashes: readonly Hash[]): Promise<BlobMap> {
    const blobs = await this.#l1.blobs(block, hashes);
    for (const [hash, blob] of blobs) this.#usedBlobs.set(hash, blob);
    return blobs;
  }

  witness(): Witness {
    return { preimages: [...this.#used.values()], blobs: [...this.#usedBlobs.values()] };
  }

  #find(hash: Hash, key: Hex): Uint8Array | undefined {
    const list = this.#lists.get(key);
    if (list !== undefined) this.#expand(key, list());
    return (
      this.#known.get(key) ??
      this.#checked(hash, this.#chain.readNode(hash)) ??
      this.#checked(hash, this.#chain.readCode(hash)) ??
      this.#l2Header(hash)
    );
  }

  #expand(root: Hex, values: readonly Uint8Array[]): void {
    this.#lists.delete(root);
    for (const [nodeHash, node] of orderedTrie(values).nodes) this.#known.set(nodeHash, node);
  }

  /** A damaged database must be noticed here and not as an enclave's refusal. */
  #checked(hash: Hash, bytes: Uint8Array | undefined): Uint8Array | undefined {
    return bytes === undefined ? undefined : checkPreimage(hash, bytes, "L2 state");
  }

  /** Whoever asks for a header may go on to the block's transactions. */
  #l2Header(hash: Hash): Uint8Array | undefined {
    const header: Header | undefined = this.#chain.headerByHash(hash);
    if (header === undefined) return undefined;
    this.#lists.set(toHex(header.transactionsRoot), () => this.#chain.block(hash)?.transactions ?? []);
    return checkPreimage(hash, encodeHeader(header), "L2 header");
  }
}
