import type { AncestorHash } from "@phala-l2/execution/block/ancestors";
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

/** BLOCKHASH reaches no further back. Source: Yellow Paper, H.2. */
const MAX_ANCESTORS = 256n;

/**
 * Hashes of a block and of those before it on its own branch, which need not be the canonical one, nor still be it
 * when the call ends. Each header is read when it is first asked for.
 */
export function ancestorsOf(chain: ChainView, { hash, header }: Omit<FoundHeader, "kind">): AncestorHash {
  const hashes: Hash[] = [hash, header.parentHash];
  return (number) => {
    const back = header.number - number;
    if (back < 0n || back > MAX_ANCESTORS || number < 0n) return undefined;
    for (let at = hashes.at(-1); at !== undefined && hashes.length <= Number(back); ) {
      at = chain.headerByHash(at)?.parentHash;
      if (at !== undefined) hashes.push(at);
    }
    return hashes[Number(back)];
  };
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
