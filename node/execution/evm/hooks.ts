import type { Address } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";

/** What began a frame; the destruction of a contract is told as a frame of its own. */
export type FrameKind =
  | "CALL"
  | "CALLCODE"
  | "DELEGATECALL"
  | "STATICCALL"
  | "CREATE"
  | "CREATE2"
  | "SELFDESTRUCT";

/** A frame that begins, also one that fails before any code runs. */
export type FrameStart = {
  /** 0 for the message itself. */
  readonly depth: number;
  readonly kind: FrameKind;
  /** Whose code made it; a delegate's caller is the contract that delegates. */
  readonly from: Address;
  /** Whose code runs; where a contract is created; who gets what a destroyed one held. */
  readonly to: Address;
  readonly input: Uint8Array;
  readonly gas: bigint;
  /** Wei; of a delegate its caller's; undefined where none can be sent (STATICCALL). */
  readonly value: bigint | undefined;
};

export type FrameEnd = {
  readonly depth: number;
  readonly output: Uint8Array;
  readonly gasUsed: bigint;
  /** Why it failed, in geth's words (core/vm/errors.go); undefined where it did not. */
  readonly error: string | undefined;
};

/** An instruction that is about to run. */
export type Step = {
  readonly pc: number;
  /** The opcode. */
  readonly op: number;
  /** Gas before it. */
  readonly gas: bigint;
  /** Gas that it takes, what it hands to a callee included. */
  readonly cost: bigint;
  /** 1 for the message's own code. */
  readonly depth: number;
  /** Whose storage it works on. */
  readonly address: Address;
  /** From the bottom; valid only during the callback, as are the others below. */
  readonly stack: readonly bigint[];
  /** A copy of the memory. */
  readonly memory: () => Uint8Array;
  /** What the last callee returned. */
  readonly returnData: Uint8Array;
  /** The transaction's refund counter. */
  readonly refund: bigint;
};

/**
 * What may be watched of a message while it runs. Called in the order of execution, each while the state is as the
 * code sees it at that moment. What a hook throws ends the run, whose state must then be thrown away.
 */
export type Hooks = {
  readonly onStep?: (step: Step) => void;
  /** The last step did not run for want of gas or for its stack; the words are geth's. */
  readonly onStepFailed?: (error: string) => void;
  readonly onEnter?: (frame: FrameStart) => void;
  readonly onExit?: (frame: FrameEnd) => void;
  /** A log, which is dropped if a frame around it fails. */
  readonly onLog?: (log: Log) => void;
};
