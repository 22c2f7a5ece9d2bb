import type { Address, Hash, Hex } from "@phala-l2/protocol/bytes";
import type { EthereumWithdrawal } from "@phala-l2/protocol/wire/ethereum-withdrawal";
import type { AccessList, Authorization } from "@phala-l2/protocol/wire/transaction-lists";

/** An unsigned transaction to try; what is absent has the defaults of eth_simulateV1. Wei and gas. */
export type SimulatedCall = {
  readonly from: Address;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  readonly gas: bigint | undefined;
  readonly gasPrice: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  readonly maxPriorityFeePerGas: bigint | undefined;
  readonly maxFeePerBlobGas: bigint | undefined;
  readonly blobHashes: readonly Hash[] | undefined;
  readonly value: bigint;
  readonly nonce: bigint | undefined;
  readonly data: Uint8Array;
  readonly accessList: AccessList;
  readonly authorizationList: readonly Authorization[];
};

/** What a block pretends of one account before its calls. */
export type AccountOverride = {
  readonly nonce: bigint | undefined;
  readonly balance: bigint | undefined;
  readonly code: Uint8Array | undefined;
  /** Replaces the whole storage (`state`) or single slots (`stateDiff`). */
  readonly storage: { readonly isWhole: boolean; readonly slots: ReadonlyMap<Hex, bigint> } | undefined;
  /** Both are asked for, which `movedPrecompiles` refuses. */
  readonly hasTwoStorages?: true | undefined;
  /** Where the precompile of this address is called from now on. */
  readonly movePrecompileTo?: Address | undefined;
};

/** By address. */
export type StateOverrides = ReadonlyMap<Hex, AccountOverride>;

/** What a block's header has instead of what follows from its parent. */
export type BlockOverrides = {
  readonly number?: bigint | undefined;
  /** Unix seconds. */
  readonly time?: bigint | undefined;
  readonly gasLimit?: bigint | undefined;
  readonly feeRecipient?: Address | undefined;
  readonly prevRandao?: Hash | undefined;
  readonly difficulty?: bigint | undefined;
  readonly baseFeePerGas?: bigint | undefined;
  readonly blobBaseFee?: bigint | undefined;
  readonly beaconRoot?: Hash | undefined;
  readonly withdrawals?: readonly EthereumWithdrawal[] | undefined;
};

export type BlockCalls = {
  readonly block: BlockOverrides;
  readonly state: StateOverrides;
  readonly calls: readonly SimulatedCall[];
};

export type SimulationRequest = {
  readonly blocks: readonly BlockCalls[];
  /** Check nonces, fees and the base fee as for real blocks. */
  readonly validation: boolean;
  /** Report transfers of ether as logs of ERC-20. */
  readonly traceTransfers: boolean;
};

/** Why a simulation as a whole is refused; nothing of it is answered. */
export type SimulationFault =
  | { readonly kind: "block-numbers-out-of-order"; readonly number: bigint; readonly previous: bigint }
  | { readonly kind: "timestamps-out-of-order"; readonly time: bigint; readonly previous: bigint }
  | { readonly kind: "too-many-blocks" }
  | { readonly kind: "override"; readonly account: Address; readonly problem: string }
  | { readonly kind: "block-gas-limit"; readonly gas: bigint; readonly limit: bigint }
  | { readonly kind: "fees-conflict"; readonly words: string }
  | {
      readonly kind: "call-refused";
      readonly reason: CallRefusal;
      readonly sender: Address;
      /** What was wanted and had, in words. */
      readonly detail: string;
      readonly gas: bigint;
    }
  | { readonly kind: "block-invalid"; readonly reason: string }
  /** The answer would be longer than it may. */
  | { readonly kind: "too-large" };

/** Rules that a call broke before it ran. */
export type CallRefusal =
  | "nonce-too-low"
  | "nonce-too-high"
  | "nonce-max"
  | "tip-above-fee-cap"
  | "fee-cap-below-base-fee"
  | "blob-creation"
  | "blobs-missing"
  | "blob-version-unknown"
  | "blob-fee-cap-below-base-fee"
  | "set-code-creation"
  | "insufficient-funds"
  | "gas-pool-exhausted"
  | "intrinsic-gas-too-low"
  | "floor-data-gas-too-low"
  | "initcode-too-large";
