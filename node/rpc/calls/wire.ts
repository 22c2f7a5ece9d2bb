import type { MessagePort } from "node:worker_threads";
import type { CallRequest, Simulation, SimulationInput } from "@phala-l2/execution/call";
import type { ChainConfig } from "@phala-l2/execution/chain-config";
import type { Estimate } from "@phala-l2/execution/estimate-gas";
import type { ChainSimulation, ChainSimulationInput } from "@phala-l2/execution/simulate/run";
import type { Account } from "@phala-l2/execution/state/account";
import type { BlockTrace, BlockTraceInput } from "@phala-l2/execution/trace/trace-block";
import type { CallTrace, CallTraceInput } from "@phala-l2/execution/trace/trace-call";
import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { Header } from "@phala-l2/protocol/wire/header";

/** What the worker is given when it starts. */
export type WorkerStart = {
  readonly config: ChainConfig;
  /** The worker's questions about state go out here, and the answers come back. */
  readonly reads: MessagePort;
  /** One 32-bit counter: grows with each answer, so that the worker can sleep until there is one. */
  readonly answered: SharedArrayBuffer;
};

export type CallJob = {
  readonly kind: "simulate" | "estimate";
  readonly header: Header;
  readonly request: CallRequest;
  readonly reportAccessList: boolean;
} & Pick<SimulationInput, "blockOverrides" | "movedPrecompiles">;

export type ChainJob = Pick<ChainSimulationInput, "base" | "request" | "gasCap" | "maxCharacters"> & {
  readonly kind: "simulate-chain";
};

export type BlockTraceJob = Pick<
  BlockTraceInput,
  "parent" | "block" | "only" | "tracer" | "maxCharacters"
> & {
  readonly kind: "trace-block";
};

export type CallTraceJob = Pick<
  CallTraceInput,
  "header" | "before" | "request" | "stateOverrides" | "blockOverrides" | "tracer" | "maxCharacters"
> & {
  readonly kind: "trace-call";
};

export type Job = CallJob | ChainJob | BlockTraceJob | CallTraceJob;

export type JobResult =
  | { readonly kind: "simulated"; readonly simulation: Simulation }
  | { readonly kind: "estimated"; readonly estimate: Estimate }
  | { readonly kind: "chain-simulated"; readonly simulation: ChainSimulation }
  | { readonly kind: "block-traced"; readonly trace: BlockTrace }
  | { readonly kind: "call-traced"; readonly trace: CallTrace }
  /** An exception, by its code: what the state's reader threw, or a bug. */
  | { readonly kind: "fault"; readonly code: string; readonly message: string };

export type StateRead =
  | { readonly kind: "account"; readonly address: Address }
  | { readonly kind: "storage"; readonly address: Address; readonly slot: Hash }
  | { readonly kind: "code"; readonly codeHash: Hash }
  /** A trie node, for who hashes the state. */
  | { readonly kind: "node"; readonly hash: Hash }
  | { readonly kind: "ancestor"; readonly number: bigint };

export type StateAnswer =
  | { readonly kind: "account"; readonly account: Account | undefined }
  | { readonly kind: "storage"; readonly value: bigint }
  | { readonly kind: "code"; readonly code: Uint8Array }
  | { readonly kind: "node"; readonly node: Uint8Array | undefined }
  | { readonly kind: "ancestor"; readonly hash: Hash | undefined }
  | { readonly kind: "fault"; readonly code: string; readonly message: string };
