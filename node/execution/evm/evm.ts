import type { Address, Hash, Hex } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { AccessList } from "@phala-l2/protocol/wire/transaction-lists";
import type { BlockContext } from "../block/context.ts";
import type { JournaledState } from "../state/journal.ts";
import type { Hooks } from "./hooks.ts";

/** A message call or contract creation at depth 0: what a transaction does once its gas is bought. */
export type Message = {
  /** Also the transaction's origin. Its nonce is incremented already. */
  readonly caller: Address;
  /** Undefined creates a contract from `data`. */
  readonly to: Address | undefined;
  /** Wei; the caller holds at least this. */
  readonly value: bigint;
  readonly data: Uint8Array;
  /** Gas for the message itself, the intrinsic gas taken off. */
  readonly gasLimit: bigint;
  /** Wei per gas, as GASPRICE shows it. */
  readonly gasPrice: bigint;
  /** EIP-2930: warm from the start, beside what EIP-2929 and EIP-3651 name. */
  readonly accessList: AccessList;
  /** More warm accounts: the authorities of EIP-7702. */
  readonly warmAddresses: readonly Address[];
  /** EIP-4844: the versioned hashes of a blob transaction, for BLOBHASH. */
  readonly blobHashes: readonly Hash[];
};

export type MessageResult = {
  /** `halted`: an exception (out of gas, invalid opcode, …) that took all the gas. */
  readonly kind: "returned" | "reverted" | "halted";
  readonly output: Uint8Array;
  /** Gas the message used, refunds not yet taken off. */
  readonly gasUsed: bigint;
  /** The refund counter, not yet capped (EIP-3529); zero unless it returned. */
  readonly refund: bigint;
  /** Empty unless it returned. */
  readonly logs: readonly Log[];
  readonly createdAddress: Address | undefined;
  /** Contracts that destroyed themselves, which the caller removes; from Cancun only those created in this message (EIP-6780). */
  readonly destroyed: readonly Address[];
  /** The engine's word for why it halted, for people. */
  readonly exception: string | undefined;
  /** Accounts and slots the code accessed, when asked for. */
  readonly accessed: AccessList | undefined;
};

export type RunOptions = {
  /** Report `accessed`. */
  readonly reportAccessList?: boolean;
  /** Watch the run; without hooks watching costs nothing. */
  readonly hooks?: Hooks | undefined;
  /** Precompiles that are called elsewhere, by that address; undefined: none is called there. */
  readonly movedPrecompiles?: ReadonlyMap<Hex, Address | undefined>;
};

/**
 * The one place where bytecode runs. An engine moves the value, runs the code and leaves the effects in the
 * state; a message that does not return has left nothing there. It neither buys gas nor ends the transaction.
 * One instance may be reused for any number of blocks and forks; its runs do not overlap.
 */
export interface Evm {
  /** For logs and for a proof that names its engine. */
  readonly name: string;
  /** Somebody watches every message: one that runs no code is not done without the engine. */
  readonly isWatched?: boolean;
  /** @throws RollupError what the state's reader throws, and nothing for whatever the code does */
  run(
    message: Message,
    block: BlockContext,
    state: JournaledState,
    options?: RunOptions,
  ): Promise<MessageResult>;
}
