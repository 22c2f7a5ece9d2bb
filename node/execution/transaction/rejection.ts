/**
 * Why a transaction cannot stand in a block at its place. Stable codes: RPC says them in geth's words, the pool
 * decides by them whether to keep the transaction. The first rule broken names the reason, in geth's order.
 */
export type TransactionRejection =
  /** Not a canonical encoding of a known type; the decoder's reason follows in `detail`. */
  | "undecodable"
  /** EIP-4844 transactions are invalid on the L2 (ecotone/exec-engine.md). */
  | "blob-transaction"
  /** A type before the fork that brought it. */
  | "type-not-active"
  | "wrong-chain-id"
  | "invalid-signature"
  /** A deposit after a user transaction: derivation makes no such block. */
  | "deposit-out-of-place"
  /** The block's first transaction is not an L1 attributes deposit that Jovian can read. */
  | "l1-attributes-missing"
  /** A user transaction in Jovian's activation block (jovian/exec-engine.md). */
  | "activation-block-deposits-only"
  | "nonce-too-high"
  | "nonce-too-low"
  /** EIP-2681: the nonce is 2^64 - 1. */
  | "nonce-max"
  /** EIP-7825 from Osaka (Karst): more than 2^24 gas. */
  | "gas-limit-above-cap"
  /** EIP-3607: the sender has code that is no EIP-7702 delegation. */
  | "sender-not-eoa"
  | "tip-above-fee-cap"
  | "fee-cap-below-base-fee"
  /** EIP-7702: an empty authorization list. */
  | "authorization-list-empty"
  /** EIP-4844: a blob transaction without blobs. */
  | "blobs-missing"
  /** EIP-4844: a versioned hash of another version than KZG's. */
  | "blob-version-unknown"
  /** EIP-7594: more than six blobs. */
  | "blobs-above-limit"
  /** EIP-4844. */
  | "blob-fee-cap-below-base-fee"
  /** EIP-4844: more blobs than are left in the block. */
  | "block-blob-gas-limit"
  /** The balance does not cover gas and blobs at the fee caps, L1 fee, operator fee and value. */
  | "insufficient-funds"
  /** More gas than is left in the block. */
  | "block-gas-limit"
  /** Jovian: more data than is left in the block. */
  | "block-da-footprint-limit"
  | "intrinsic-gas-too-low"
  /** EIP-7623. */
  | "floor-data-gas-too-low"
  /** EIP-3860. */
  | "initcode-too-large";
