import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { Account } from "./account.ts";

/**
 * The state at one block, read synchronously. Implementations: `trieState` over trie nodes, the node's flat
 * tables. A reader whose data is incomplete (a witness) throws RollupError TRIE_NODE_MISSING or CODE_MISSING;
 * an absent account or slot is never an error.
 */
export interface StateReader {
  /** Undefined when there is no such account. */
  account(address: Address): Account | undefined;
  /** The slot's value as a 256-bit integer; zero when it was never set. */
  storage(address: Address, slot: Hash): bigint;
  /** The code with this hash. @throws RollupError CODE_MISSING */
  code(codeHash: Hash): Uint8Array;
}
