import type { Rules } from "@phala-l2/execution/block/rules";
import type { Simulation } from "@phala-l2/execution/call";
import { revertReason } from "@phala-l2/execution/trace/revert-reason";
import {
  floorDataGas,
  intrinsicGas,
  MAX_INITCODE_LENGTH,
} from "@phala-l2/execution/transaction/intrinsic-gas";
import { toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { Header } from "@phala-l2/protocol/wire/header";
import { getAddress } from "viem";
import { EXECUTION_REVERTED, failure, type RpcFailure, SERVER_ERROR } from "../reply.ts";
import type { CallRequest } from "./call-request.ts";

export type FailedSimulation = Exclude<Simulation, { kind: "returned" }>;

/** The engine's names of exceptions in geth's words (core/vm/errors.go); the others are alike. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "static state change": "write protection",
  "stack overflow": "stack limit reached 1024 (1024)",
  "code store out of gas": "contract creation code storage out of gas",
  "create collision": "contract address collision",
  "code size to deposit exceeds maximum code size": "max code size exceeded",
  "initcode exceeds max initcode size": "max initcode size exceeded",
};

/** What was run, for words that name numbers. */
export type Attempt = {
  readonly request: CallRequest;
  readonly header: Header;
  readonly rules: Rules;
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
  readonly balance: bigint;
};

function intrinsicWords({ request, gasLimit, rules }: Attempt): string {
  const needed = intrinsicGas(
    {
      data: request.data,
      isCreation: request.to === undefined,
      accessList: request.accessList,
      authorizations: request.authorizationList.length,
    },
    rules,
  );
  return `intrinsic gas too low: have ${gasLimit}, want ${needed}`;
}

/** geth's words for a call that could not begin. */
export function rejectionWords(
  reason: Extract<FailedSimulation, { kind: "failed" }>["reason"],
  attempt: Attempt,
): string {
  const { request, header, gasLimit, gasPrice, balance } = attempt;
  const from = getAddress(toHex(request.from ?? ZERO_ADDRESS));
  switch (reason) {
    case "insufficient-funds": {
      const want = gasLimit * gasPrice + request.value;
      return `insufficient funds for gas * price + value: address ${from} have ${balance} want ${want}`;
    }
    case "fee-cap-below-base-fee":
      return `max fee per gas less than block base fee: address ${from}, maxFeePerGas: ${gasPrice}, baseFee: ${header.baseFeePerGas}`;
    case "floor-data-gas-too-low":
      return `insufficient gas for floor data gas cost: have ${gasLimit}, want ${floorDataGas(request.data, attempt.rules)}`;
    case "initcode-too-large":
      return `max initcode size exceeded: code size ${request.data.length} limit ${MAX_INITCODE_LENGTH}`;
    default:
      return intrinsicWords(attempt);
  }
}

/** geth's words for a revert, with the reason that its data give. */
export function revertWords(output: Uint8Array): string {
  const reason = revertReason(output);
  return reason === undefined ? "execution reverted" : `execution reverted: ${reason}`;
}

/** geth's words for the engine's name of an exception. */
export function exceptionWords(exception: string): string {
  // The engine adds where it jumped from.
  if (exception.startsWith("invalid JUMP")) return "invalid jump destination";
  return EXCEPTIONS[exception] ?? exception;
}

/** geth's answer to a call that did not succeed. A revert carries its data and, where it has one, its reason. */
export function simulationFailure(simulation: FailedSimulation, attempt: Attempt): RpcFailure {
  if (simulation.kind === "reverted") {
    return failure(EXECUTION_REVERTED, revertWords(simulation.output), toHex(simulation.output));
  }
  if (simulation.reason === "halted") {
    return failure(SERVER_ERROR, exceptionWords(simulation.exception));
  }
  return failure(
    SERVER_ERROR,
    `err: ${rejectionWords(simulation.reason, attempt)} (supplied gas ${attempt.gasLimit})`,
  );
}
