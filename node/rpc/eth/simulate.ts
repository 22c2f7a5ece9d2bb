import type { SimulatedBlock } from "@phala-l2/execution/simulate/block";
import type { CallOutcome } from "@phala-l2/execution/simulate/call";
import type { CallRefusal, SimulationFault } from "@phala-l2/execution/simulate/request";
import { type Address, toHex } from "@phala-l2/protocol/bytes";
import { transactionHash } from "@phala-l2/protocol/wire/transaction";
import { getAddress } from "viem";
import type { ChainView } from "../../store/chain-reader.ts";
import { ancestorsOf, withStateAsync } from "../block-reference.ts";
import type { CallRunner } from "../calls/runner.ts";
import { blockJson } from "../format/block.ts";
import { quantityHex } from "../format/hex.ts";
import { logJson } from "../format/log.ts";
import { transactionJson } from "../format/transaction.ts";
import type { RpcLimits } from "../limits.ts";
import { method2, optional, type RpcMethods, required } from "../method.ts";
import { block, LATEST } from "../parameters.ts";
import {
  EXECUTION_REVERTED,
  failure,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  LIMIT_EXCEEDED,
  RESPONSE_TOO_LARGE,
  type Reply,
  type RpcFailure,
  result,
  SERVER_ERROR,
  TIMED_OUT,
} from "../reply.ts";
import { exceptionWords, revertWords } from "./call-failure.ts";
import { simulationOptions } from "./simulate-request.ts";

/** Codes of eth_simulateV1 alone. Source: execution-apis, src/eth/execute.yaml. */
const CODES = {
  blockGasLimit: -38015,
  numbersOutOfOrder: -38020,
  timesOutOfOrder: -38021,
  tooManyBlocks: -38026,
  vmError: -32015,
} as const;

/** Of each broken rule: its code, and geth's words (core/error.go). */
const REFUSALS: Readonly<Record<CallRefusal, readonly [code: number, words: string]>> = {
  "nonce-too-low": [-38010, "nonce too low"],
  "nonce-too-high": [-38011, "nonce too high"],
  "nonce-max": [INTERNAL_ERROR, "nonce has max value"],
  "tip-above-fee-cap": [INVALID_PARAMS, "max priority fee per gas higher than max fee per gas"],
  "fee-cap-below-base-fee": [-38012, "max fee per gas less than block base fee"],
  "blob-creation": [INTERNAL_ERROR, "blob transaction of type create"],
  "blobs-missing": [INTERNAL_ERROR, "blob transaction missing blob hashes"],
  "blob-version-unknown": [INTERNAL_ERROR, "has invalid hash version"],
  "blob-fee-cap-below-base-fee": [INTERNAL_ERROR, "max fee per blob gas less than block blob gas fee"],
  "set-code-creation": [INTERNAL_ERROR, "EIP-7702 transaction cannot be used to create contract"],
  "insufficient-funds": [-38014, "insufficient funds for gas * price + value"],
  "gas-pool-exhausted": [-38015, "gas limit reached"],
  "intrinsic-gas-too-low": [-38013, "intrinsic gas too low"],
  "floor-data-gas-too-low": [INTERNAL_ERROR, "insufficient gas for floor data gas cost"],
  "initcode-too-large": [-38025, "max initcode size exceeded"],
};

/** Rules whose message names the sender before what was wanted. */
const NAMES_SENDER: ReadonlySet<CallRefusal> = new Set([
  "nonce-too-low",
  "nonce-too-high",
  "nonce-max",
  "tip-above-fee-cap",
  "fee-cap-below-base-fee",
  "insufficient-funds",
]);

export type SimulateParts = {
  readonly chain: ChainView;
  readonly calls: CallRunner;
  readonly limits: Pick<RpcLimits, "callGas" | "responseBytes">;
};

/** Simulations of all clients together that wait or run; each may take as long as a call. */
const MAX_SIMULATIONS = 16;

/** Blocks of calls, tried one after another. */
export function simulateMethods({ chain, calls, limits }: SimulateParts): RpcMethods {
  let running = 0;
  return {
    eth_simulateV1: method2(
      required(simulationOptions),
      optional(block, LATEST),
      async ({ returnFullTransactions, ...request }, at, { signal }) => {
        if (request.blocks.length === 0) return failure(INVALID_PARAMS, "empty input");
        if (running >= MAX_SIMULATIONS) return failure(LIMIT_EXCEEDED, "too many simulations in progress");
        running++;
        try {
          return await withStateAsync(chain, at, async (state, found): Promise<Reply> => {
            const simulation = await calls.simulateChain(
              {
                config: chain.config,
                base: found.header,
                state,
                readNode: chain.readNode,
                request,
                ancestorHash: ancestorsOf(chain, found),
                gasCap: limits.callGas,
                maxCharacters: limits.responseBytes,
              },
              signal,
            );
            if (simulation.kind === "stopped") return failure(TIMED_OUT, "request timed out");
            if (simulation.kind === "fault") return faultReply(simulation.fault);
            return result(simulation.blocks.map((one) => simulatedBlockJson(one, returnFullTransactions)));
          });
        } finally {
          running--;
        }
      },
    ),
  };
}

function faultReply(fault: SimulationFault): RpcFailure {
  switch (fault.kind) {
    case "block-numbers-out-of-order": {
      const words = `block numbers must be in order: ${fault.number} <= ${fault.previous}`;
      return failure(CODES.numbersOutOfOrder, words);
    }
    case "timestamps-out-of-order": {
      const words = `block timestamps must be in order: ${fault.time} <= ${fault.previous}`;
      return failure(CODES.timesOutOfOrder, words);
    }
    case "too-many-blocks":
      return failure(CODES.tooManyBlocks, "too many blocks");
    case "override":
      return failure(SERVER_ERROR, `account ${checksummed(fault.account)} ${fault.problem}`);
    case "block-gas-limit":
      return failure(CODES.blockGasLimit, `block gas limit reached: ${fault.gas} >= ${fault.limit}`);
    case "fees-conflict":
      return failure(SERVER_ERROR, fault.words);
    case "too-large":
      return failure(RESPONSE_TOO_LARGE, "response too large");
    case "block-invalid":
      return failure(SERVER_ERROR, fault.reason);
    case "call-refused": {
      const [code, words] = REFUSALS[fault.reason];
      const sender = NAMES_SENDER.has(fault.reason) ? `address ${checksummed(fault.sender)}` : undefined;
      const separator = fault.reason === "insufficient-funds" ? " " : ", ";
      const detail = [sender, fault.detail === "" ? undefined : fault.detail]
        .filter((part) => part !== undefined)
        .join(separator);
      const full = fullWords(fault.reason, words, detail, checksummed(fault.sender));
      return failure(code, `err: ${full} (supplied gas ${fault.gas})`);
    }
  }
}

/** geth puts what it found behind its words, but for two rules. */
function fullWords(reason: CallRefusal, words: string, detail: string, sender: string): string {
  if (reason === "blob-version-unknown") return `${detail} ${words}`;
  if (reason === "set-code-creation") return `${words} (sender ${sender})`;
  return detail === "" ? words : `${words}: ${detail}`;
}

function checksummed(address: Address): string {
  return getAddress(toHex(address));
}

function simulatedBlockJson({ block: made, hash, calls }: SimulatedBlock, isFull: boolean): object {
  const { header } = made;
  const transactions = calls.map(({ transaction, raw, sender }, index) => {
    const own = transactionHash(raw);
    if (!isFull) return toHex(own);
    const place = {
      blockHash: hash,
      blockNumber: header.number,
      blockTimestamp: header.timestamp,
      index,
      baseFee: header.baseFeePerGas,
    };
    return transactionJson(transaction, { hash: own, from: sender, place });
  });
  // As in geth, logs that a failure dropped have had their index.
  let emitted = 0;
  const callsJson = calls.map((call, transactionIndex) => {
    const place = {
      blockHash: hash,
      blockNumber: header.number,
      blockTimestamp: header.timestamp,
      transactionHash: transactionHash(call.raw),
      transactionIndex,
    };
    const logs = call.trace.logs.map(({ log, index }) =>
      logJson(log, { ...place, logIndex: emitted + index }),
    );
    emitted += call.trace.emitted;
    return callJson(call, logs);
  });
  return { ...blockJson(made, hash, transactions), calls: callsJson };
}

function callJson({ result: outcome, gasUsed, maxUsedGas }: CallOutcome, logs: readonly object[]): object {
  return {
    // What a revert returned stands in its error.
    returnData: toHex(outcome.kind === "returned" ? outcome.output : new Uint8Array(0)),
    logs,
    gasUsed: quantityHex(gasUsed),
    maxUsedGas: quantityHex(maxUsedGas),
    status: quantityHex(outcome.kind === "returned" ? 1 : 0),
    ...(outcome.kind === "reverted" && {
      error: { message: revertWords(outcome.output), code: EXECUTION_REVERTED, data: toHex(outcome.output) },
    }),
    ...(outcome.kind === "halted" && {
      error: { message: exceptionWords(outcome.exception ?? "unknown"), code: CODES.vmError },
    }),
  };
}
