import type { Simulation, SimulationInput } from "@phala-l2/execution/call";
import type { Estimate } from "@phala-l2/execution/estimate-gas";

/** A call to try out; the engine is the runner's own. */
export type CallInput = Omit<SimulationInput, "evm">;

/** The call's time was over before it was. */
export type Stopped = { readonly kind: "stopped" };

/** Where calls run that no block will have. Both throw what the state's reader throws. */
export interface CallRunner {
  simulate(input: CallInput, signal: AbortSignal): Promise<Simulation | Stopped>;
  estimateGas(input: CallInput, signal: AbortSignal): Promise<Estimate | Stopped>;
  stop(): Promise<void>;
}

export const STOPPED: Stopped = { kind: "stopped" };
