import { type L1Block, needsReceipts } from "@phala-l2/derivation/l1-block";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { readOrderedTrie } from "@phala-l2/protocol/trie/ordered-trie";
import { decodeHeader, type Header } from "@phala-l2/protocol/wire/header";
import { decodeReceipt, type Receipt } from "@phala-l2/protocol/wire/receipt";
import { type Preimages, preimageMismatch, requirePreimage } from "./preimages.ts";

/**
 * Most L1 blocks between a proof's start and its L1 head: a month. After a silence that long somebody without a
 * proof may propose, and that must be refutable. Only headers are read to the end: the blocks that give at most a
 * day of L2 blocks lie within that day and a sequencing window.
 */
export const MAX_L1_BLOCKS = 262_144n;

type Link = { readonly hash: Hash; readonly header: Header };

/**
 * L1 up to one block, known from that block's hash alone: headers by their parents' hashes, transactions and
 * receipts by the roots in the headers.
 */
export class L1Chain {
  /** The block whose hash the proof is bound to. */
  readonly head: Link;
  readonly #config: RollupConfig;
  readonly #preimages: Preimages;
  /** From the head downwards, as far as the walk has come. */
  readonly #links: Link[];

  /** @throws RollupError PREIMAGE_MISSING, PREIMAGE_MISMATCH */
  constructor(config: RollupConfig, head: Hash, preimages: Preimages) {
    this.#config = config;
    this.#preimages = preimages;
    this.head = { hash: head, header: readHeaderPreimage(preimages, head, "L1 header") };
    this.#links = [this.head];
  }

  /**
   * The block of that number; undefined beyond the head.
   * @throws RollupError PREIMAGE_MISSING, PREIMAGE_MISMATCH, PROOF_TOO_LONG, TRIE_…
   */
  block(number: bigint): L1Block | undefined {
    const distance = this.head.header.number - number;
    if (distance < 0n) return undefined;
    if (distance >= MAX_L1_BLOCKS) {
      throw new RollupError(
        "PROOF_TOO_LONG",
        `one proof reads at most ${MAX_L1_BLOCKS} L1 blocks; prove a nearer L1 head`,
        { data: { l1Head: this.head.header.number, wanted: number, max: MAX_L1_BLOCKS } },
      );
    }
    const { hash, header } = this.#link(Number(distance));
    return { hash, header, transactions: this.#transactions(header), receipts: this.#receipts(header) };
  }

  /** The ancestor at that distance from the head. */
  #link(distance: number): Link {
    let last = this.#links.at(-1) ?? this.head;
    while (this.#links.length <= distance) {
      last = parentOf(this.#preimages, last, "L1 header");
      this.#links.push(last);
    }
    return this.#links[distance] ?? last;
  }

  #transactions(header: Header): readonly Uint8Array[] {
    return readOrderedTrie(header.transactionsRoot, (hash) =>
      requirePreimage(this.#preimages, hash, "L1 transactions"),
    );
  }

  /** The header's bloom, being part of its hash, tells for certain that no log of a block matters. */
  #receipts(header: Header): readonly Receipt[] | undefined {
    if (!needsReceipts(this.#config, header)) return undefined;
    const encoded = readOrderedTrie(header.receiptsRoot, (hash) =>
      requirePreimage(this.#preimages, hash, "L1 receipts"),
    );
    return encoded.map((bytes) => {
      const decoded = decodeReceipt(bytes);
      if (decoded.kind === "ok") return decoded.receipt;
      throw preimageMismatch(header.receiptsRoot, "L1 receipts", decoded.reason);
    });
  }
}

/** @throws RollupError PREIMAGE_MISSING, PREIMAGE_MISMATCH */
export function readHeaderPreimage(
  preimages: Preimages,
  hash: Hash,
  wanted: "L1 header" | "L2 header",
): Header {
  const decoded = decodeHeader(requirePreimage(preimages, hash, wanted));
  if (decoded.kind === "ok") return decoded.header;
  throw preimageMismatch(hash, wanted, decoded.reason);
}

/** The parent, whose number is one less: what a chain's rules guarantee, and what makes each walk end. */
export function parentOf(preimages: Preimages, { header }: Link, wanted: "L1 header" | "L2 header"): Link {
  const parent = readHeaderPreimage(preimages, header.parentHash, wanted);
  if (parent.number + 1n !== header.number) {
    throw preimageMismatch(header.parentHash, wanted, "number-not-one-less");
  }
  return { hash: header.parentHash, header: parent };
}
