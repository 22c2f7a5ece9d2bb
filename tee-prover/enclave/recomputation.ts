import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { decodeAccount } from "@phala-l2/execution/state/account";
import { bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeNode, isReference, referencedHash } from "@phala-l2/protocol/trie/node";
import { orderedTrie } from "@phala-l2/protocol/trie/ordered-trie";
import { encodeHeader } from "@phala-l2/protocol/wire/header";
import { encodeReceipt } from "@phala-l2/protocol/wire/receipt";
import { outputPreimageOf } from "./l2-chain.ts";
import type { Preimages } from "./preimages.ts";
import { NO_SUCH_BLOCK, type Proof } from "./prove.ts";

/**
 * Keccak-256 of each message, in their order, from another device than the processor that runs this program. It is not
 * told what is expected.
 */
export type Recompute = (messages: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;

/** What bytes are whose hash a proof rests on. */
type HashedAs =
  | "witness preimage"
  | "L2 state node"
  | "L2 code"
  | "L2 header"
  | "L2 transactions node"
  | "L2 receipts node"
  | "output root";

type Hashed = { readonly as: HashedAs; readonly hash: Hex; readonly bytes: Uint8Array };

/** The nodes of a trie that a block made, which have to hang together from the root that its header names. */
type NewNodes = {
  readonly as: HashedAs;
  readonly block: bigint;
  readonly root: Hash;
  readonly nodes: ReadonlyMap<Hex, Uint8Array>;
};

/**
 * Remembers what a proof hashes while it runs: every preimage that it looks at, and of each block that it executes the
 * header, the new nodes of state and storage tries, new code, and the tries of transactions and receipts.
 */
export class HashTrace {
  readonly #used = new Map<Hex, Uint8Array>();
  readonly #made: Hashed[] = [];
  readonly #tries: NewNodes[] = [];
  #head: Pick<SealedBlock, "hash" | "block"> | undefined;

  /** The same preimages; each that is asked for is remembered. */
  watch(preimages: Preimages): Preimages {
    return {
      keccak: (hash) => {
        const found = preimages.keccak(hash);
        if (found !== undefined) this.#used.set(toHex(hash), found);
        return found;
      },
      blobs: (block, hashes) => preimages.blobs(block, hashes),
    };
  }

  /** Takes in a block that the proof executed. */
  add({ hash, block, receipts, changes, nodes }: SealedBlock): void {
    const { header, transactions } = block;
    this.#head = { hash, block };
    this.#made.push({ as: "L2 header", hash: toHex(hash), bytes: encodeHeader(header) });
    for (const [codeHash, code] of changes.codes) {
      this.#made.push({ as: "L2 code", hash: codeHash, bytes: code });
    }
    const lists = {
      transactions: orderedTrie(transactions),
      receipts: orderedTrie(receipts.map(encodeReceipt)),
    };
    const { number, stateRoot, transactionsRoot, receiptsRoot } = header;
    this.#tries.push(
      { as: "L2 state node", block: number, root: stateRoot, nodes },
      { as: "L2 transactions node", block: number, root: transactionsRoot, nodes: lists.transactions.nodes },
      { as: "L2 receipts node", block: number, root: receiptsRoot, nodes: lists.receipts.nodes },
    );
  }

  /**
   * Has everything hashed again, and compares. When this returns, the claim's output root has been computed a second
   * time: output root, last header, its state root, down to each node that the blocks changed, by the device's digests
   * alone; what they did not change is named in those nodes by hashes of the previous state, whose preimages on the way
   * were computed again too.
   *
   * @throws RollupError RECOMPUTATION_DISAGREES, RECOMPUTATION_UNLINKED, and what `recompute` throws
   */
  async requireRecomputed({ outputRoot }: Pick<Proof, "outputRoot">, recompute: Recompute): Promise<void> {
    // Before the device has the bytes, which it could change.
    for (const each of this.#tries) requireLinked(each);
    const items = [...this.#items(outputRoot)];
    const digests = await recompute(items.map(({ bytes }) => bytes));
    if (digests.length !== items.length) {
      throw disagreement("all hashes", `${items.length} digests`, `${digests.length}`);
    }
    for (const [index, { as, hash }] of items.entries()) {
      const found = toHex(digests[index] ?? new Uint8Array(0));
      if (found !== hash) throw disagreement(as, hash, found);
    }
  }

  *#items(outputRoot: Hash): Generator<Hashed, void> {
    for (const [hash, bytes] of this.#used) yield { as: "witness preimage", hash, bytes };
    yield* this.#made;
    for (const { as, nodes } of this.#tries) {
      for (const [hash, bytes] of nodes) yield { as, hash, bytes };
    }
    const head = this.#head;
    // That there is no such block is an absence of data, not a hash.
    if (head === undefined || bytesEqual(outputRoot, NO_SUCH_BLOCK)) return;
    const bytes = outputPreimageOf({ hash: head.hash, header: head.block.header });
    yield { as: "output root", hash: toHex(outputRoot), bytes };
  }
}

/** Each new node's hash stands in a new node above it, or is the root. @throws RollupError RECOMPUTATION_UNLINKED */
function requireLinked({ as, block, root, nodes }: NewNodes): void {
  const linked = linkedFrom(root, nodes, as === "L2 state node");
  const loose = [...nodes.keys()].find((hash) => !linked.has(hash));
  if (loose === undefined) return;
  const data = { item: as, block, hash: loose, root: toHex(root) };
  const message = `the ${as} ${loose} of block ${block} does not hang under the root ${data.root}`;
  throw new RollupError("RECOMPUTATION_UNLINKED", message, { data });
}

/** Where a walk down goes on: a node's hash, and whether leaves below it are accounts, which name storage tries. */
type Below = { readonly hash: Hash; readonly holdsAccounts: boolean };

function linkedFrom(root: Hash, nodes: ReadonlyMap<Hex, Uint8Array>, isState: boolean): ReadonlySet<Hex> {
  const linked = new Set<Hex>();
  const open: Below[] = [{ hash: root, holdsAccounts: isState }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const key = toHex(next.hash);
    const encoded = nodes.get(key);
    if (encoded === undefined || linked.has(key)) continue;
    linked.add(key);
    open.push(...below(encoded, next.holdsAccounts));
  }
  return linked;
}

/** A node inside its parent is too short to hold a hash, so there is nothing below it to look for. */
function below(encoded: Uint8Array, holdsAccounts: boolean): readonly Below[] {
  const node = decodeNode(encoded);
  if (typeof node === "string") return [];
  if (node.kind === "leaf") {
    return holdsAccounts ? [{ hash: decodeAccount(node.value).storageRoot, holdsAccounts: false }] : [];
  }
  const children = node.kind === "branch" ? node.children : [node.child];
  return children.flatMap((child) => {
    const hash = child !== undefined && isReference(child) ? referencedHash(child) : undefined;
    return hash === undefined ? [] : [{ hash, holdsAccounts }];
  });
}

function disagreement(item: string, wanted: string, found: string): RollupError<"RECOMPUTATION_DISAGREES"> {
  const message = `${item}: this processor found ${wanted}, the device that computed it again ${found}`;
  return new RollupError("RECOMPUTATION_DISAGREES", message, { data: { item, wanted, found } });
}
