import type { AncestorHash } from "@phala-l2/execution/block/ancestors";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { ChainStore } from "../store/chain-store.ts";
import type { SideBlocks } from "./side-blocks.ts";

/** A block on any branch, with the state after it. */
export type BranchView = {
  readonly header: Header;
  readonly state: StateReader;
  readonly readNode: NodeReader;
  readonly ancestorHash: AncestorHash;
};

/** Reads blocks whether they are canonical, were canonical, or are only held. */
export interface BranchReader {
  ref(hash: Hash): L2BlockRef | undefined;
  /** Undefined when the block is not here. */
  view(hash: Hash): BranchView | undefined;
}

/** Blocks below the parent that BLOCKHASH can name. */
const BLOCK_HASHES = 256;

export function branchReader(store: ChainStore, side: SideBlocks): BranchReader {
  const headerOf = (hash: Hash): Header | undefined =>
    side.get(hash)?.sealed.block.header ?? store.headerByHash(hash);

  /** A held block's state is in the nodes that it and its held ancestors have made, and else in the store. */
  function overlay(hash: Hash): Pick<BranchView, "state" | "readNode"> | undefined {
    const held = side.get(hash);
    if (held === undefined) return undefined;
    const blocks = [held];
    for (let at = side.get(held.ref.parentHash); at !== undefined; at = side.get(at.ref.parentHash)) {
      blocks.push(at);
    }
    const readNode: NodeReader = (nodeHash) => {
      const key = toHex(nodeHash);
      for (const { sealed } of blocks) {
        const node = sealed.nodes.get(key);
        if (node !== undefined) return node;
      }
      return store.readNode(nodeHash);
    };
    const readCode = (codeHash: Hash) => {
      const key = toHex(codeHash);
      for (const { sealed } of blocks) {
        const code = sealed.changes.codes.get(key);
        if (code !== undefined) return code;
      }
      return store.readCode(codeHash);
    };
    return { readNode, state: trieState(held.sealed.block.header.stateRoot, readNode, readCode) };
  }

  /** Along the branch: before Isthmus the state has no hashes of ancestors. Each header is read once. */
  function ancestorHash(parent: Header): AncestorHash {
    const hashes: Hash[] = [];
    let oldest: Header | undefined = parent;
    return (number) => {
      const depth = Number(parent.number - 1n - number);
      while (oldest !== undefined && hashes.length <= depth && hashes.length < BLOCK_HASHES) {
        hashes.push(oldest.parentHash);
        oldest = headerOf(oldest.parentHash);
      }
      return hashes[depth];
    };
  }

  return {
    ref: (hash) => side.get(hash)?.ref ?? store.ref(hash),
    view(hash) {
      const header = headerOf(hash);
      if (header === undefined) return undefined;
      const read = overlay(hash) ?? { state: store.state(header), readNode: store.readNode };
      return { header, ...read, ancestorHash: ancestorHash(header) };
    },
  };
}
