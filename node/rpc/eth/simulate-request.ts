import type { BlockCalls, SimulatedCall, SimulationRequest } from "@phala-l2/execution/simulate/request";
import { ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { objectWith } from "../json-object.ts";
import { arrayOf, bool, ok, type Parse } from "../parameters.ts";
import { type CallRequest, callRequest } from "./call-request.ts";
import { blockOverrides, NO_OVERRIDES, stateOverrides } from "./overrides.ts";

/** Blocks and calls of one block that are read at all; the body's limit allows hardly more. */
const MAX_ENTRIES = 10_000;

export type SimulationOptions = SimulationRequest & { readonly returnFullTransactions: boolean };

const blockCalls = objectWith(
  "ethapi.simBlock",
  {},
  {
    blockOverrides,
    stateOverrides,
    calls: arrayOf(callRequest, MAX_ENTRIES, "[]ethapi.TransactionArgs"),
  },
);

const options = objectWith(
  "ethapi.simOpts",
  {},
  {
    blockStateCalls: arrayOf(blockCalls, MAX_ENTRIES, "[]ethapi.simBlock"),
    traceTransfers: bool,
    validation: bool,
    returnFullTransactions: bool,
  },
);

/** The first parameter of eth_simulateV1: geth's ethapi.simOpts. */
export const simulationOptions: Parse<SimulationOptions> = (value) => {
  const read = options(value);
  if (read.kind === "invalid") return read;
  const { blockStateCalls = [], traceTransfers = false, validation = false } = read.value;
  return ok({
    blocks: blockStateCalls.map(
      (block): BlockCalls => ({
        block: block.blockOverrides ?? {},
        state: block.stateOverrides ?? NO_OVERRIDES,
        calls: (block.calls ?? []).map(simulatedCall),
      }),
    ),
    traceTransfers,
    validation,
    returnFullTransactions: read.value.returnFullTransactions ?? false,
  });
};

function simulatedCall({ from, ...call }: CallRequest): SimulatedCall {
  return { from: from ?? ZERO_ADDRESS, ...call };
}
