import { rulesOf } from "@phala-l2/execution/chain-config";
import { movedPrecompiles, overriddenHeader } from "@phala-l2/execution/simulate/overrides";
import type { BlockOverrides, StateOverrides } from "@phala-l2/execution/simulate/request";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { bytesEqual, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH } from "@phala-l2/protocol/keccak";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { AccessList } from "@phala-l2/protocol/wire/transaction-lists";
import { getAddress } from "viem";
import type { ChainView } from "../../store/chain-reader.ts";
import { ancestorsOf, type FoundHeader, withStateAsync } from "../block-reference.ts";
import type { CallInput, CallRunner } from "../calls/runner.ts";
import { quantityHex } from "../format/hex.ts";
import { accessListJson } from "../format/transaction.ts";
import type { RpcLimits } from "../limits.ts";
import { type CallContext, method3, method4, optional, type RpcMethods, required } from "../method.ts";
import { type BlockReference, block, LATEST } from "../parameters.ts";
import {
  failure,
  LIMIT_EXCEEDED,
  type Reply,
  type RpcFailure,
  result,
  SERVER_ERROR,
  TIMED_OUT,
} from "../reply.ts";
import { type Attempt, simulationFailure } from "./call-failure.ts";
import { type CallRequest, callRequest, feesFault, typeFault } from "./call-request.ts";
import {
  blockOverrides,
  callOverridesFault,
  NO_BLOCK_OVERRIDES,
  NO_OVERRIDES,
  stateOverrides,
  withOverrides,
} from "./overrides.ts";

export type CallParts = {
  readonly chain: ChainView;
  readonly calls: CallRunner;
  readonly limits: Pick<RpcLimits, "callGas">;
};

/** Calls that run or wait; they run one at a time, so a longer queue would only time out. */
const MAX_CALLS = 64;
/** Gas of a plain transfer. */
const TRANSFER_GAS = 21_000n;
/** Rounds until an access list stops growing; geth has no limit, real ones need two or three. */
const MAX_ACCESS_ROUNDS = 8;

/** Everything a run needs, with the caller's wishes cut to the limits. */
type Prepared = {
  readonly kind: "prepared";
  readonly input: CallInput;
  readonly attempt: Attempt;
  readonly calls: CallRunner;
  readonly signal: AbortSignal;
};

const TOO_LONG = failure(TIMED_OUT, "execution aborted (timeout)");

/** Wei per gas that the call runs at: what it names, by EIP-1559's rule; zero where it names none. */
export function priceOf(request: CallRequest, header: Header): bigint {
  if (request.gasPrice !== undefined) return request.gasPrice;
  const { maxFeePerGas, maxPriorityFeePerGas } = request;
  if (maxFeePerGas === undefined) return 0n;
  const wanted = (header.baseFeePerGas ?? 0n) + (maxPriorityFeePerGas ?? 0n);
  return wanted < maxFeePerGas ? wanted : maxFeePerGas;
}

/** Gas that a call gets: what it asks for, cut to the limit; the limit where it asks for none. */
export function cappedGas(gas: bigint | undefined, cap: bigint): bigint {
  return gas === undefined || gas === 0n || gas > cap ? cap : gas;
}

/** What is asked for: a call, and what it shall see instead of what is there. */
type Asked = {
  readonly request: CallRequest;
  readonly accounts: StateOverrides;
  readonly block: BlockOverrides;
};

function prepare(
  parts: CallParts,
  { request, accounts, block: overrides }: Asked,
  real: FoundHeader,
  reader: StateReader,
  signal: AbortSignal,
): Prepared | RpcFailure {
  const header = overriddenHeader(real.header, overrides);
  const rules = rulesOf(parts.chain.config, header);
  const overriding = movedPrecompiles(accounts, rules);
  if (overriding.kind === "invalid") {
    return failure(SERVER_ERROR, `account ${getAddress(toHex(overriding.account))} ${overriding.problem}`);
  }
  const state = withOverrides(reader, accounts);
  const gasLimit = cappedGas(request.gas, parts.limits.callGas);
  const fault = typeFault(request);
  if (fault !== undefined) return failure(SERVER_ERROR, `err: ${fault} (supplied gas ${gasLimit})`);
  const gasPrice = priceOf(request, header);
  const balance = state.account(request.from ?? ZERO_ADDRESS)?.balance ?? 0n;
  return {
    kind: "prepared",
    calls: parts.calls,
    signal,
    attempt: { request, header, rules, gasLimit, gasPrice, balance },
    input: {
      config: parts.chain.config,
      header: real.header,
      state,
      blockOverrides: overrides,
      ...(overriding.moved.size > 0 && { movedPrecompiles: overriding.moved }),
      ancestorHash: ancestorsOf(parts.chain, real),
      request: {
        from: request.from,
        to: request.to,
        value: request.value,
        data: request.data,
        gasLimit,
        gasPrice,
        accessList: request.accessList,
        authorizationList: request.authorizationList,
        blobHashes: request.blobHashes,
      },
    },
  };
}

async function runCall({ input, attempt, calls, signal }: Prepared): Promise<Reply> {
  const simulation = await calls.simulate(input, signal);
  if (simulation.kind === "stopped") return TOO_LONG;
  return simulation.kind === "returned"
    ? result(toHex(simulation.output))
    : simulationFailure(simulation, attempt);
}

function isPlainTransfer({ request }: Attempt, state: StateReader): boolean {
  if (request.to === undefined || request.data.length > 0 || request.authorizationList.length > 0)
    return false;
  return bytesEqual(state.account(request.to)?.codeHash ?? EMPTY_CODE_HASH, EMPTY_CODE_HASH);
}

/** The most gas that the sender can pay for (geth: "gas required exceeds allowance"). */
function affordable({ gasLimit, gasPrice, balance, request }: Attempt): bigint {
  if (gasPrice === 0n || balance < request.value) return gasLimit;
  const allowance = (balance - request.value) / gasPrice;
  return allowance < gasLimit ? allowance : gasLimit;
}

/** The L2's own gas alone, as op-geth: what L1 costs is priced apart, by GasPriceOracle. */
async function runEstimate({ input, attempt, calls, signal }: Prepared): Promise<Reply> {
  if (isPlainTransfer(attempt, input.state)) {
    const transfer = await calls.simulate(
      { ...input, request: { ...input.request, gasLimit: TRANSFER_GAS } },
      signal,
    );
    if (transfer.kind === "returned") return result(quantityHex(TRANSFER_GAS));
  }
  const blockLimit = attempt.header.gasLimit;
  const highest = affordable({
    ...attempt,
    gasLimit: attempt.gasLimit < blockLimit ? attempt.gasLimit : blockLimit,
  });
  const estimate = await calls.estimateGas(
    { ...input, request: { ...input.request, gasLimit: highest } },
    signal,
  );
  if (estimate.kind === "stopped") return TOO_LONG;
  if (estimate.kind === "estimated") return result(quantityHex(estimate.gas));
  const { simulation } = estimate;
  const isShort =
    simulation.kind === "failed" &&
    (simulation.reason === "intrinsic-gas-too-low" ||
      simulation.reason === "floor-data-gas-too-low" ||
      (simulation.reason === "halted" && simulation.exception === "out of gas"));
  if (isShort) return failure(SERVER_ERROR, `gas required exceeds allowance (${highest})`);
  return simulationFailure(simulation, { ...attempt, gasLimit: highest });
}

/** What the code touched, less what every transaction has warm anyway: sender, target. */
function namedAccess(accessed: AccessList, { request }: Attempt): AccessList {
  const always = [request.from ?? ZERO_ADDRESS, ...(request.to === undefined ? [] : [request.to])];
  return accessed.filter(
    ({ address, storageKeys }) => storageKeys.length > 0 || !always.some((one) => bytesEqual(one, address)),
  );
}

function accessSize(list: AccessList): number {
  return list.reduce((size, { storageKeys }) => size + 1 + storageKeys.length, 0);
}

/** Runs until the list of what the code accesses no longer changes, since a list changes what code costs. */
async function runAccessList({ input, attempt, calls, signal }: Prepared): Promise<Reply> {
  let accessList = attempt.request.accessList;
  for (let round = 0; ; round++) {
    const request = { ...input.request, accessList };
    const simulation = await calls.simulate({ ...input, reportAccessList: true, request }, signal);
    if (simulation.kind === "stopped") return TOO_LONG;
    if (simulation.kind === "failed" && simulation.reason !== "halted")
      return simulationFailure(simulation, attempt);
    const next = namedAccess(simulation.accessList ?? [], attempt);
    if (accessSize(next) === accessSize(accessList) || round === MAX_ACCESS_ROUNDS) {
      const fault = simulation.kind === "returned" ? undefined : simulationFailure(simulation, attempt);
      return result({
        accessList: accessListJson(next),
        ...(fault !== undefined && { error: fault.message.split(":")[0] }),
        gasUsed: quantityHex(simulation.gasUsed),
      });
    }
    accessList = next;
  }
}

/** Execution without a transaction. */
export function callMethods(parts: CallParts): RpcMethods {
  let running = 0;

  async function run(
    asked: Asked,
    at: BlockReference,
    { signal }: CallContext,
    execute: (prepared: Prepared) => Promise<Reply>,
  ): Promise<Reply> {
    const fault = callOverridesFault(asked.block) ?? feesFault(asked.request);
    if (fault !== undefined) return failure(SERVER_ERROR, fault);
    if (running >= MAX_CALLS) return failure(LIMIT_EXCEEDED, "too many calls in progress");
    running++;
    try {
      return await withStateAsync(parts.chain, at, async (state, found) => {
        if (signal.aborted) return failure(TIMED_OUT, "request timed out");
        const prepared = prepare(parts, asked, found, state, signal);
        return prepared.kind === "failure" ? prepared : execute(prepared);
      });
    } catch (error) {
      // A caller's time may lie before the rules that are known here.
      if (isRollupError(error, "FORK_UNSUPPORTED")) return failure(SERVER_ERROR, error.message);
      throw error;
    } finally {
      running--;
    }
  }

  const overridable = (execute: (prepared: Prepared) => Promise<Reply>) =>
    method4(
      required(callRequest),
      optional(block, LATEST),
      optional(stateOverrides, NO_OVERRIDES),
      optional(blockOverrides, NO_BLOCK_OVERRIDES),
      (request, at, accounts, inBlock, context) =>
        run({ request, accounts, block: inBlock }, at, context, execute),
    );
  return {
    eth_call: overridable(runCall),
    eth_estimateGas: overridable(runEstimate),
    // As geth's, of accounts alone.
    eth_createAccessList: method3(
      required(callRequest),
      optional(block, LATEST),
      optional(stateOverrides, NO_OVERRIDES),
      (request, at, accounts, context) =>
        run({ request, accounts, block: NO_BLOCK_OVERRIDES }, at, context, runAccessList),
    ),
  };
}
