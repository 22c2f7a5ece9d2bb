import { endpointName } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import {
  BaseError,
  ContractFunctionRevertedError,
  decodeErrorResult,
  ExecutionRevertedError,
  type Hex,
  HttpRequestError,
  InsufficientFundsError,
  parseAbi,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
} from "viem";

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

/** What portal and bridge say of a withdrawal beyond the day's quota; viem's own ABI of the portal has neither. */
const quotaAbi = parseAbi([
  "error OptimismPortal_QuotaExceeded(uint256 passesAt)",
  "error StandardBridge_QuotaExceeded(address token, uint256 passesAt)",
]);

/** When the quota lets the withdrawal pass, Unix seconds; undefined if the revert is another one. */
function quotaTime(data: Hex | undefined): bigint | undefined {
  if (data === undefined) return undefined;
  try {
    const { errorName, args } = decodeErrorResult({ abi: quotaAbi, data });
    return errorName === "StandardBridge_QuotaExceeded" ? args[1] : args[0];
  } catch (error) {
    if (error instanceof BaseError) return undefined;
    throw error;
  }
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
  (error) => {
    const passesAt = quotaTime(find(error, ContractFunctionRevertedError)?.raw);
    if (passesAt === undefined) return undefined;
    const message = `the day's withdrawal quota is used up: finalise again at ${passesAt} (Unix seconds) or later`;
    return new RollupError("BRIDGE_QUOTA_EXCEEDED", message, { data: { passesAt }, cause: error });
  },
  (error) => {
    const reverted = find(error, ContractFunctionRevertedError);
    if (reverted === undefined && find(error, ExecutionRevertedError) === undefined) return undefined;
    const why = reverted?.data?.errorName ?? reverted?.reason ?? reverted?.signature;
    const message = `the call would be reverted${why === undefined ? "" : `: ${why}`}`;
    return new RollupError("BRIDGE_TRANSACTION_REVERTED", message, { data: { why }, cause: error });
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
