import type { Hash, Hex } from "@phala-l2/protocol/bytes";

/** An account's new values. Its storage root is known only once the block's tries are hashed. */
export type AccountChange = { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: Hash };

/** New values of slots by slot number (32 bytes); zero means that the slot is removed. */
export type StorageChange = {
  /** The storage that was there before the block is gone; `slots` alone remain. */
  readonly cleared: boolean;
  readonly slots: ReadonlyMap<Hex, bigint>;
};

/** What a block changed, keyed by address. Only differences to the state before are listed. */
export type StateChanges = {
  /** Null where the account no longer exists. */
  readonly accounts: ReadonlyMap<Hex, AccountChange | null>;
  readonly storage: ReadonlyMap<Hex, StorageChange>;
  /** Code deployed in the block and still referenced at its end, by code hash. */
  readonly codes: ReadonlyMap<Hex, Uint8Array>;
};
