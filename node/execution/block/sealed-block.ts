import type { Address, Hash, Hex } from "@phala-l2/protocol/bytes";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import type { Account } from "../state/account.ts";
import type { StateChanges } from "../state/changes.ts";

/** What is known of a transaction from its execution and stands neither in it nor in its receipt. */
export type ExecutedTransaction = {
  readonly hash: Hash;
  readonly sender: Address;
  readonly gasUsed: bigint;
  /** Where it created a contract, or would have. */
  readonly contractAddress: Address | undefined;
  /** Wei per gas; zero for a deposit, as are all fees. */
  readonly effectiveGasPrice: bigint;
  /** Wei. */
  readonly l1Fee: bigint;
  /** Gas that receipts show for L1; nothing is priced by it. */
  readonly l1GasUsed: bigint;
  /** Wei that remained after the settlement on the gas used. */
  readonly operatorFee: bigint;
  /** Jovian: gas-equivalent of its data. */
  readonly daFootprint: bigint;
};

/** A finished block with everything that must be stored with it. */
export type SealedBlock = {
  readonly block: Block;
  readonly hash: Hash;
  readonly receipts: readonly Receipt[];
  readonly transactions: readonly ExecutedTransaction[];
  readonly changes: StateChanges;
  /** The changed accounts with their storage roots, by address; null where gone. */
  readonly accounts: ReadonlyMap<Hex, Account | null>;
  /** New trie nodes by hash, of the state trie and of storage tries. */
  readonly nodes: ReadonlyMap<Hex, Uint8Array>;
};
