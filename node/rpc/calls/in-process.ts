import { simulate } from "@phala-l2/execution/call";
import { estimateGas } from "@phala-l2/execution/estimate-gas";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { simulateChain } from "@phala-l2/execution/simulate/run";
import { type CallRunner, STOPPED } from "./runner.ts";

/**
 * Runs calls on this thread, which does nothing else meanwhile: for tests and tools. A node that strangers
 * reach uses `startCallWorker`.
 */
export function inProcessCalls(evm: Evm): CallRunner {
  return {
    simulate: async (input, signal) => (signal.aborted ? STOPPED : simulate({ ...input, evm })),
    estimateGas: async (input, signal) => (signal.aborted ? STOPPED : estimateGas({ ...input, evm })),
    simulateChain: async (input, signal) => (signal.aborted ? STOPPED : simulateChain({ ...input, evm })),
    stop: async () => {},
  };
}
