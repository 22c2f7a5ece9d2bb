import type { BlockCalls, SimulatedCall, SimulationRequest } from "@phala-l2/execution/simulate/request";
import { ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { objectWith } from "../json-object.ts";
import { address, arrayOf, bool, hash, ok, type Parse, quantity, uint64 } from "../parameters.ts";
import { type CallRequest, callRequest } from "./call-request.ts";
import { NO_OVERRIDES, stateOverrides } from "./overrides.ts";

/** Blocks, calls of one block and withdrawals that are read at all; the body's limit allows hardly more. */
const MAX_ENTRIES = 10_000;

export type SimulationOptions = SimulationRequest & { readonly returnFullTransactions: boolean };

const withdrawal = objectWith(
  "types.Withdrawal",
  { index: uint64, validatorIndex: uint64, address, amount: uint64 },
  {},
);

const blockOverrides = objectWith(
  "override.BlockOverrides",
  {},
  {
    number: quantity,
    difficulty: quantity,
    time: uint64,
    gasLimit: uint64,
    feeRecipient: address,
    prevRandao: hash,
    baseFeePerGas: quantity,
    blobBaseFee: quantity,
    beaconRoot: hash,
    withdrawals: arrayOf(withdrawal, MAX_ENTRIES, "types.Withdrawals"),
  },
);

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
    ...{ traceTransfers, validation },
    returnFullTransactions: read.value.returnFullTransactions ?? false,
  });
};

function simulatedCall({ from, ...call }: CallRequest): SimulatedCall {
  return { from: from ?? ZERO_ADDRESS, ...call };
}
