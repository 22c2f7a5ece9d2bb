import type { StateReader } from "@phala-l2/execution/state/reader";
import type { Hash } from "@phala-l2/protocol/bytes";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { ChainView } from "../store/chain-reader.ts";
import type { BlockReference } from "./parameters.ts";
import { failure, HEADER_NOT_FOUND, type Reply, type RpcFailure, SERVER_ERROR } from "./reply.ts";

/**
 * The hash of the block that a caller means; undefined when there is none. `pending` is the newest block: a
 * rollup's blocks are not mined in the open, so there is no half-made one to show (op-geth does the same).
 */
export function hashOf(chain: ChainView, reference: BlockReference): Hash | undefined {
  switch (reference.kind) {
    case "hash":
      return chain.headerByHash(reference.hash) === undefined ? undefined : reference.hash;
    case "number":
      return chain.hashByNumber(reference.number);
    case "tag":
      switch (reference.tag) {
        case "latest":
        case "pending":
          return chain.heads().unsafe.hash;
        case "safe":
          return chain.heads().safe.hash;
        case "finalized":
          return chain.heads().finalized.hash;
        case "earliest":
          return chain.genesisHash;
      }
  }
}

export type FoundHeader = { readonly kind: "found"; readonly hash: Hash; readonly header: Header };

/** Finds a header, or answers with geth's words where there is none (EIP-1898 for `requireCanonical`). */
export function findHeader(chain: ChainView, reference: BlockReference): FoundHeader | RpcFailure {
  const hash = hashOf(chain, reference);
  const header = hash === undefined ? undefined : chain.headerByHash(hash);
  if (hash === undefined || header === undefined) {
    return reference.kind === "hash" ? failure(SERVER_ERROR, "header for hash not found") : HEADER_NOT_FOUND;
  }
  if (reference.kind === "hash" && reference.requireCanonical) {
    const canonical = chain.hashByNumber(header.number);
    if (canonical === undefined || !bytesEqual(canonical, hash)) {
      return failure(SERVER_ERROR, "hash is not currently canonical");
    }
  }
  return { kind: "found", hash, header };
}

/** The answer where a block's state was pruned or never stored. */
export const STATE_UNAVAILABLE: RpcFailure = failure(SERVER_ERROR, "historical state is not available");

/** Reads state after a block; answers where block or state are not there. */
export function withState(
  chain: ChainView,
  reference: BlockReference,
  read: (state: StateReader, found: FoundHeader) => Reply,
): Reply {
  const found = findHeader(chain, reference);
  if (found.kind === "failure") return found;
  try {
    return read(chain.state(found.header), found);
  } catch (error) {
    if (isRollupError(error, "TRIE_NODE_MISSING")) return STATE_UNAVAILABLE;
    throw error;
  }
}

/** Like `withState`, for reads that wait (execution). */
export async function withStateAsync(
  chain: ChainView,
  reference: BlockReference,
  read: (state: StateReader, found: FoundHeader) => Promise<Reply>,
): Promise<Reply> {
  const found = findHeader(chain, reference);
  if (found.kind === "failure") return found;
  try {
    return await read(chain.state(found.header), found);
  } catch (error) {
    if (isRollupError(error, "TRIE_NODE_MISSING")) return STATE_UNAVAILABLE;
    throw error;
  }
}
