import { fromHex, type Hash, type Hex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { EMPTY_TRIE_ROOT, type NodeReader, openTrie } from "@phala-l2/protocol/trie/trie";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { type Account, decodeAccount, EMPTY_ACCOUNT, encodeAccount } from "./account.ts";
import type { StateChanges, StorageChange } from "./changes.ts";

/** The state after a block: its root, the trie nodes that are new, and the accounts that changed. */
export type CommittedState = {
  readonly root: Hash;
  readonly nodes: ReadonlyMap<Hex, Uint8Array>;
  /** By address, with storage roots; null where the account no longer exists. */
  readonly accounts: ReadonlyMap<Hex, Account | null>;
};

/**
 * Applies a block's changes to the tries under `root`, once, and hashes them.
 *
 * In each trie everything is inserted before anything is deleted: a deletion may merge a branch with its last
 * child and so needs that child's node, which a witness holds only if the merge really happens in the end.
 *
 * @throws RollupError TRIE_NODE_MISSING when a needed node cannot be read
 */
export function commitChanges(root: Hash, readNode: NodeReader, changes: StateChanges): CommittedState {
  const trie = openTrie(root, readNode);
  const nodes = new Map<Hex, Uint8Array>();
  const accounts = new Map<Hex, Account | null>();
  const deleted: Hash[] = [];

  for (const address of new Set([...changes.accounts.keys(), ...changes.storage.keys()])) {
    const key = keccak256(fromHex(address));
    const change = changes.accounts.get(address);
    if (change === null) {
      deleted.push(key);
      accounts.set(address, null);
      continue;
    }
    const leaf = trie.get(key);
    const before = leaf === undefined ? EMPTY_ACCOUNT : decodeAccount(leaf);
    const storage = changes.storage.get(address);
    const storageRoot =
      storage === undefined
        ? before.storageRoot
        : commitStorage(before.storageRoot, readNode, storage, nodes);
    const after: Account = { ...(change ?? before), storageRoot };
    trie.put(key, encodeAccount(after));
    accounts.set(address, after);
  }
  for (const key of deleted) trie.delete(key);

  const committed = trie.commit();
  for (const [hash, node] of committed.nodes) nodes.set(hash, node);
  return { root: committed.root, nodes, accounts };
}

function commitStorage(
  root: Hash,
  readNode: NodeReader,
  change: StorageChange,
  nodes: Map<Hex, Uint8Array>,
): Hash {
  const trie = openTrie(change.cleared ? EMPTY_TRIE_ROOT : root, readNode);
  const deleted: Hash[] = [];
  for (const [slot, value] of change.slots) {
    const key = keccak256(fromHex(slot));
    if (value === 0n) deleted.push(key);
    else trie.put(key, encodeRlp(value));
  }
  for (const key of deleted) trie.delete(key);
  const committed = trie.commit();
  for (const [hash, node] of committed.nodes) nodes.set(hash, node);
  return committed.root;
}
