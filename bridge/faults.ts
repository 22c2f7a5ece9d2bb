import { endpointName } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import {
  BaseError,
  ContractFunctionExecutionError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  ExecutionRevertedError,
  type Hex,
  HttpRequestError,
  InsufficientFundsError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
} from "viem";
import { readRefusal } from "./refusals/known.ts";
import { clockNow } from "./wording.ts";

/** What one of viem's errors means here; undefined when it is of another kind. */
type Reading = (error: BaseError) => RollupError | undefined;

/** The first error of that class among an error and its causes. */
function find<Kind extends BaseError>(
  error: BaseError,
  kind: abstract new (...parameters: never[]) => Kind,
): Kind | undefined {
  const found = error.walk((each) => each instanceof kind);
  return found instanceof kind ? found : undefined;
}

/** Words of servers that viem does not take for a lack of funds; the second are geth's where nothing is left for gas. */
const NOT_ENOUGH = /insufficient (funds|balance)|gas required exceeds allowance/i;

/** The revert's data; viem gives them where the node did. */
function revertData(error: BaseError): Hex | undefined {
  const data = find(error, ContractFunctionRevertedError)?.raw;
  return data === undefined || data === "0x" ? undefined : data;
}

const QUOTA = /^(OptimismPortal|StandardBridge)_QuotaExceeded$/;

/** A contract's named error in words, as far as it has some (`refusals`). */
function refusalFault(error: BaseError): RollupError | undefined {
  const data = revertData(error);
  const refusal = data && readRefusal(data, clockNow());
  if (refusal === undefined) return undefined;
  const { name, inputs, says, help } = refusal;
  const { passesAt } = inputs;
  if (QUOTA.test(name)) {
    return new RollupError("BRIDGE_QUOTA_EXCEEDED", says ?? name, { data: { passesAt, help }, cause: error });
  }
  const message = says ?? `the call would be reverted: ${name}`;
  return new RollupError("BRIDGE_TRANSACTION_REVERTED", message, {
    data: { error: name, inputs, help },
    cause: error,
  });
}

const readings: readonly Reading[] = [
  (error) => {
    const http = find(error, HttpRequestError);
    const url = http?.url ?? find(error, TimeoutError)?.url;
    if (url === undefined) return undefined;
    const endpoint = endpointName(url);
    const how = http?.status === undefined ? "does not answer" : `answers with HTTP status ${http.status}`;
    return new RollupError("BRIDGE_UNREACHABLE", `${endpoint} ${how}`, { data: { endpoint }, cause: error });
  },
  (error) => {
    const late = find(error, WaitForTransactionReceiptTimeoutError);
    if (late === undefined) return undefined;
    const message = "no block has taken the transaction yet; it may still come";
    return new RollupError("BRIDGE_TRANSACTION_PENDING", message, { cause: error });
  },
  (error) => {
    const isShort = find(error, InsufficientFundsError) !== undefined || NOT_ENOUGH.test(error.details ?? "");
    if (!isShort) return undefined;
    const message = "the account has too little ether for the amount and the fees";
    return new RollupError("BRIDGE_FUNDS", message, { cause: error });
  },
  refusalFault,
  (error) => {
    const call = find(error, ContractFunctionExecutionError);
    if (call === undefined || find(error, ContractFunctionZeroDataError) === undefined) return undefined;
    const { contractAddress: address, functionName } = call;
    const message = `${address} answers nothing to ${functionName}(): no contract is there, or another one`;
    return new RollupError("BRIDGE_WRONG_CONTRACT", message, {
      data: { address, functionName },
      cause: error,
    });
  },
  (error) => {
    const reverted = find(error, ContractFunctionRevertedError);
    if (reverted === undefined && find(error, ExecutionRevertedError) === undefined) return undefined;
    const why = reverted?.data?.errorName ?? reverted?.reason ?? reverted?.signature;
    const message =
      why === undefined
        ? "the contract refuses the call and gives no reason; most often an address is another contract's"
        : `the call would be reverted: ${why}`;
    return new RollupError("BRIDGE_TRANSACTION_REVERTED", message, { data: { error: why }, cause: error });
  },
];

/**
 * What went wrong on a chain, with a code and in one line; viem's own account of it, which repeats requests and
 * contracts, is the cause. What already has a code, and what is no fault of a chain, stays as it is.
 */
export function bridgeFault(error: unknown): unknown {
  if (isRollupError(error) || !(error instanceof BaseError)) return error;
  for (const read of readings) {
    const fault = read(error);
    if (fault !== undefined) return fault;
  }
  const [message = ""] = error.shortMessage.split("\n");
  return new RollupError("BRIDGE_REFUSED", message, { cause: error });
}

/** Runs one action; its faults are RollupErrors. */
export async function withFaults<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw bridgeFault(error);
  }
}
