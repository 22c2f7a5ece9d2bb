import type { L2BlockFacts, L2ChainReader } from "@phala-l2/derivation/l2-chain-reader";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { readOrderedTrie } from "@phala-l2/protocol/trie/ordered-trie";
import type { Header } from "@phala-l2/protocol/wire/header";
import { decodeL1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import { decodeOutputV0, encodeOutputV0 } from "@phala-l2/protocol/wire/output-root";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { parentOf, readHeaderPreimage } from "./l1-chain.ts";
import { type Preimages, preimageMismatch, requirePreimage } from "./preimages.ts";

type Link = { readonly hash: Hash; readonly header: Header };

/**
 * The block that an output root is of: the output's preimage names it, and its header must say the same.
 * @throws RollupError PREIMAGE_MISSING, PREIMAGE_MISMATCH, OUTPUT_ROOT_INCONSISTENT, OUTPUT_ROOT_FOREIGN
 */
export function blockOfOutputRoot(config: RollupConfig, outputRoot: Hash, preimages: Preimages): Link {
  const decoded = decodeOutputV0(requirePreimage(preimages, outputRoot, "output root"));
  if (decoded.kind === "invalid") throw preimageMismatch(outputRoot, "output root", decoded.reason);
  const { blockHash, stateRoot, messagePasserStorageRoot } = decoded.output;
  const header = readHeaderPreimage(preimages, blockHash, "L2 header");
  const { withdrawalsRoot } = header;
  const agrees =
    bytesEqual(header.stateRoot, stateRoot) &&
    withdrawalsRoot !== undefined &&
    bytesEqual(withdrawalsRoot, messagePasserStorageRoot);
  if (!agrees) {
    const message = "the output root names other roots than the header of its block";
    throw new RollupError("OUTPUT_ROOT_INCONSISTENT", message, { data: { outputRoot: toHex(outputRoot) } });
  }
  requireOurs(config, { hash: blockHash, header });
  return { hash: blockHash, header };
}

/** What a block's output root is the hash of. @throws RollupError OUTPUT_ROOT_INCONSISTENT before Isthmus */
export function outputPreimageOf({ hash, header }: Link): Uint8Array {
  const { stateRoot, withdrawalsRoot } = header;
  if (withdrawalsRoot === undefined) {
    const message = "a block without withdrawalsRoot has no output root here";
    throw new RollupError("OUTPUT_ROOT_INCONSISTENT", message, { data: { block: toHex(hash) } });
  }
  return encodeOutputV0({ stateRoot, messagePasserStorageRoot: withdrawalsRoot, blockHash: hash });
}

/** The output root of a block. @throws RollupError OUTPUT_ROOT_INCONSISTENT before Isthmus */
export function outputRootOf(block: Link): Hash {
  return keccak256(outputPreimageOf(block));
}

/** Everything above genesis is bound to it by hashes; genesis itself only by this comparison. */
function requireOurs({ genesis }: RollupConfig, { hash, header }: Link): void {
  const isGenesis = header.number === genesis.l2.number;
  if (header.number > genesis.l2.number || (isGenesis && bytesEqual(hash, genesis.l2.hash))) return;
  const data = { number: header.number, hash: toHex(hash), genesis: toHex(genesis.l2.hash) };
  throw new RollupError("OUTPUT_ROOT_FOREIGN", "the block is not of the chain with this genesis", { data });
}

/**
 * The L2 chain as a proof sees it: the block that it starts from, that block's ancestors by their hashes, and on
 * top the blocks that the proof itself has derived.
 */
export class L2Chain implements L2ChainReader {
  readonly #config: RollupConfig;
  readonly #preimages: Preimages;
  /** From the first block downwards. */
  readonly #ancestors: Link[];
  readonly #first: Link;
  readonly #facts = new Map<bigint, L2BlockFacts>();
  #head: L2BlockFacts;

  /** @param first the block of the previous output root */
  constructor(config: RollupConfig, first: Link, preimages: Preimages) {
    this.#config = config;
    this.#preimages = preimages;
    this.#first = first;
    this.#ancestors = [first];
    this.#head = this.#read(first);
    this.#facts.set(first.header.number, this.#head);
  }

  get head(): L2BlockFacts {
    return this.#head;
  }

  /** Puts on a block that execution made. */
  append({ block, hash }: Pick<SealedBlock, "block" | "hash">): L2BlockFacts {
    const { header, transactions } = block;
    this.#head = { ref: refOf(this.#config, { hash, header }, transactions), header, transactions };
    this.#facts.set(header.number, this.#head);
    return this.#head;
  }

  /** @throws RollupError PREIMAGE_MISSING, PREIMAGE_MISMATCH, TRIE_… */
  block(number: bigint): L2BlockFacts | undefined {
    const known = this.#facts.get(number);
    const distance = this.#first.header.number - number;
    if (known !== undefined || distance < 0n || number < this.#config.genesis.l2.number) return known;
    const facts = this.#read(this.#ancestor(Number(distance)));
    this.#facts.set(number, facts);
    return facts;
  }

  #ancestor(distance: number): Link {
    let last = this.#ancestors.at(-1) ?? this.#first;
    while (this.#ancestors.length <= distance) {
      last = parentOf(this.#preimages, last, "L2 header");
      requireOurs(this.#config, last);
      this.#ancestors.push(last);
    }
    return this.#ancestors[distance] ?? last;
  }

  #read(link: Link): L2BlockFacts {
    const { header } = link;
    const transactions = readOrderedTrie(header.transactionsRoot, (hash) =>
      requirePreimage(this.#preimages, hash, "L2 transactions"),
    );
    return { ref: refOf(this.#config, link, transactions), header, transactions };
  }
}

/**
 * A block's L1 origin and place in its epoch, out of the L1 attributes deposit.
 * Source: specs/protocol/rollup-node.md "L2 chain derivation".
 */
function refOf(
  { genesis }: RollupConfig,
  { hash, header }: Link,
  transactions: readonly Uint8Array[],
): L2BlockRef {
  const { number, parentHash, timestamp } = header;
  if (number === genesis.l2.number) {
    return { number, hash, parentHash, timestamp, l1Origin: genesis.l1, sequenceNumber: 0n };
  }
  const decoded = transactions[0] === undefined ? undefined : decodeTransaction(transactions[0]);
  const attributes =
    decoded?.kind === "ok" && decoded.transaction.type === DEPOSIT_TYPE
      ? decodeL1Attributes(decoded.transaction.data)
      : undefined;
  if (attributes?.kind !== "ok") throw preimageMismatch(hash, "L2 header", "l1-attributes-missing");
  const { number: l1Number, hash: l1Hash, sequenceNumber } = attributes.attributes;
  const l1Origin = { number: l1Number, hash: l1Hash };
  return { number, hash, parentHash, timestamp, l1Origin, sequenceNumber };
}
