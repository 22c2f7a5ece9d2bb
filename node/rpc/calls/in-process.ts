import { simulate } from "@phala-l2/execution/call";
import { estimateGas } from "@phala-l2/execution/estimate-gas";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { simulateChain } from "@phala-l2/execution/simulate/run";
import { traceBlock } from "@phala-l2/execution/trace/trace-block";
import { traceCall } from "@phala-l2/execution/trace/trace-call";
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
    traceBlock: async (input, signal) => (signal.aborted ? STOPPED : traceBlock({ ...input, evm })),
    traceCall: async (input, signal) => (signal.aborted ? STOPPED : traceCall({ ...input, evm })),
    stop: async () => {},
  };
}
