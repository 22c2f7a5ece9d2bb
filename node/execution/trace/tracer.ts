import type { Address } from "@phala-l2/protocol/bytes";
import type { BlockContext } from "../block/context.ts";
import type { Hooks } from "../evm/hooks.ts";
import type { JournaledState } from "../state/journal.ts";

/** What a trace shows, by geth's names. Source: geth, eth/tracers. */
export type TracerOptions =
  | {
      readonly kind: "structLogger";
      readonly enableMemory: boolean;
      readonly disableStack: boolean;
      readonly disableStorage: boolean;
      readonly enableReturnData: boolean;
      /** Bytes of steps after which no more are told; 0 tells all. */
      readonly limit: number;
    }
  | { readonly kind: "callTracer"; readonly onlyTopCall: boolean; readonly withLog: boolean }
  | {
      readonly kind: "prestateTracer";
      readonly diffMode: boolean;
      readonly disableCode: boolean;
      readonly disableStorage: boolean;
      readonly includeEmpty: boolean;
    }
  | { readonly kind: "4byteTracer" }
  | { readonly kind: "noopTracer" };

/** A transaction that is about to be traced. */
export type TracedTransaction = {
  readonly sender: Address;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  /** Wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  /** Signers of its authorizations (EIP-7702). */
  readonly authorities: readonly Address[];
  readonly block: BlockContext;
  /** The state before it; later, the state within it. */
  readonly state: JournaledState;
  /** Logs of the block before it. */
  readonly logsBefore: number;
};

export type TracedOutcome = { readonly gasUsed: bigint; readonly hasFailed: boolean };

/** Makes the trace of one transaction. */
export interface Tracer {
  readonly hooks: Hooks;
  /** Its fees are paid, and the contracts that it destroyed are gone. */
  end(outcome: TracedOutcome): void;
  /** The trace as JSON. */
  json(): string;
}
