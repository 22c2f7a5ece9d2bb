import type { Simulation, SimulationInput } from "@phala-l2/execution/call";
import type { Estimate } from "@phala-l2/execution/estimate-gas";
import type { ChainSimulation, ChainSimulationInput } from "@phala-l2/execution/simulate/run";

/** A call to try out; the engine is the runner's own. */
export type CallInput = Omit<SimulationInput, "evm">;

/** The same for a chain of simulated blocks. */
export type ChainInput = Omit<ChainSimulationInput, "evm">;

/** The call's time was over before it was. */
export type Stopped = { readonly kind: "stopped" };

/** Where calls run that no block will have. All throw what the state's reader throws. */
export interface CallRunner {
  simulate(input: CallInput, signal: AbortSignal): Promise<Simulation | Stopped>;
  estimateGas(input: CallInput, signal: AbortSignal): Promise<Estimate | Stopped>;
  /** Blocks of calls, one after another. */
  simulateChain(input: ChainInput, signal: AbortSignal): Promise<ChainSimulation | Stopped>;
  stop(): Promise<void>;
}

export const STOPPED: Stopped = { kind: "stopped" };
