import { asHash, type Hash } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH } from "@phala-l2/protocol/keccak";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { decodeRlp, encodeRlp, rlpFieldsOf, U64_BYTES, U256_BYTES } from "@phala-l2/protocol/wire/rlp";

/** An account as the state trie holds it. Balance in wei. Source: Yellow Paper 4.1. */
export type Account = {
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly storageRoot: Hash;
  readonly codeHash: Hash;
};

/** What an account is before anything was written to it. */
export const EMPTY_ACCOUNT: Account = {
  nonce: 0n,
  balance: 0n,
  storageRoot: EMPTY_TRIE_ROOT,
  codeHash: EMPTY_CODE_HASH,
};

/** The account's leaf in the state trie: RLP of nonce, balance, storage root, code hash. */
export function encodeAccount(account: Account): Uint8Array {
  return encodeRlp([account.nonce, account.balance, account.storageRoot, account.codeHash]);
}

/**
 * Reads a leaf of the state trie. Leaves are bound by the state root, so a malformed one is a broken
 * database, not hostile input. @throws RollupError ACCOUNT_MALFORMED
 */
export function decodeAccount(leaf: Uint8Array): Account {
  const decoding = decodeRlp(leaf);
  const fields = decoding.kind === "ok" ? rlpFieldsOf(decoding.item) : undefined;
  if (fields !== undefined) {
    const account: Account = {
      nonce: fields.quantity("nonce", U64_BYTES),
      balance: fields.quantity("balance", U256_BYTES),
      storageRoot: asHash(fields.fixed("storageRoot", 32)),
      codeHash: asHash(fields.fixed("codeHash", 32)),
    };
    if (fields.fault === undefined) return account;
  }
  throw new RollupError("ACCOUNT_MALFORMED", "a leaf of the state trie is not an account");
}
