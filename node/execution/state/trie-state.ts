import {
  type Address,
  bigintFromBytes,
  bytesEqual,
  EMPTY_BYTES,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { type NodeReader, openTrie, type Trie } from "@phala-l2/protocol/trie/trie";
import { decodeRlp } from "@phala-l2/protocol/wire/rlp";
import { type Account, decodeAccount } from "./account.ts";
import type { StateReader } from "./reader.ts";

/**
 * The state under a root, read from trie nodes as they are needed: the reader of a stateless run and of
 * historical blocks. Every node is found by its hash, so what this reader returns is proven by the root.
 *
 * @throws RollupError TRIE_NODE_MISSING, CODE_MISSING from its methods, when the source lacks something
 */
export function trieState(
  root: Hash,
  readNode: NodeReader,
  readCode: (codeHash: Hash) => Uint8Array | undefined,
): StateReader {
  const accounts = openTrie(root, readNode);
  const storages = new Map<Hex, Trie | undefined>();

  function account(address: Address): Account | undefined {
    const leaf = accounts.get(keccak256(address));
    return leaf === undefined ? undefined : decodeAccount(leaf);
  }

  function storageTrie(address: Address): Trie | undefined {
    const key = toHex(address);
    if (!storages.has(key)) {
      const found = account(address);
      storages.set(key, found === undefined ? undefined : openTrie(found.storageRoot, readNode));
    }
    return storages.get(key);
  }

  return {
    account,
    storage(address, slot) {
      const leaf = storageTrie(address)?.get(keccak256(slot));
      return leaf === undefined ? 0n : decodeSlot(leaf);
    },
    code(codeHash) {
      if (bytesEqual(codeHash, EMPTY_CODE_HASH)) return EMPTY_BYTES;
      const code = readCode(codeHash);
      if (code !== undefined) return code;
      throw new RollupError("CODE_MISSING", "the source of the state lacks a contract's code", {
        data: { hash: toHex(codeHash) },
      });
    },
  };
}

/** A leaf of a storage trie: RLP of the value without leading zeros. @throws RollupError SLOT_MALFORMED */
function decodeSlot(leaf: Uint8Array): bigint {
  const decoding = decodeRlp(leaf);
  if (decoding.kind === "ok" && decoding.item instanceof Uint8Array && decoding.item.length <= 32) {
    return bigintFromBytes(decoding.item);
  }
  throw new RollupError("SLOT_MALFORMED", "a leaf of a storage trie is not a 256-bit integer");
}
