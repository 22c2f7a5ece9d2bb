import type { Simulation, SimulationInput } from "@phala-l2/execution/call";
import type { Estimate } from "@phala-l2/execution/estimate-gas";
import type { ChainSimulation, ChainSimulationInput } from "@phala-l2/execution/simulate/run";
import type { BlockTrace, BlockTraceInput } from "@phala-l2/execution/trace/trace-block";
import type { CallTrace, CallTraceInput } from "@phala-l2/execution/trace/trace-call";

/** A call to try out; the engine is the runner's own. */
export type CallInput = Omit<SimulationInput, "evm">;

/** The same for a chain of simulated blocks. */
export type ChainInput = Omit<ChainSimulationInput, "evm">;

/** The same for blocks and calls that are traced. */
export type BlockTraceJobInput = Omit<BlockTraceInput, "evm">;
export type CallTraceJobInput = Omit<CallTraceInput, "evm">;

/** The call's time was over before it was. */
export type Stopped = { readonly kind: "stopped" };

/** Where calls run that no block will have. All throw what the state's reader throws. */
export interface CallRunner {
  simulate(input: CallInput, signal: AbortSignal): Promise<Simulation | Stopped>;
  estimateGas(input: CallInput, signal: AbortSignal): Promise<Estimate | Stopped>;
  /** Blocks of calls, one after another. */
  simulateChain(input: ChainInput, signal: AbortSignal): Promise<ChainSimulation | Stopped>;
  /** Traces wait for each other, and no other call waits for them. */
  traceBlock(input: BlockTraceJobInput, signal: AbortSignal): Promise<BlockTrace | Stopped>;
  traceCall(input: CallTraceJobInput, signal: AbortSignal): Promise<CallTrace | Stopped>;
  stop(): Promise<void>;
}

export const STOPPED: Stopped = { kind: "stopped" };
