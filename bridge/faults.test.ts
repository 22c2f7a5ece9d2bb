import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { BaseError, ContractFunctionRevertedError, encodeErrorResult, type Hex, parseAbi } from "viem";
import { bridgeFault } from "./faults.ts";

const abi = parseAbi([
  "error OptimismPortal_QuotaExceeded(uint256 passesAt)",
  "error StandardBridge_QuotaExceeded(address token, uint256 passesAt)",
  "error OptimismPortal_Unproven()",
]);

/** As viem throws it: it knows the portal by an ABI of its own, which lacks the quota's error. */
function refusal(data: Hex): BaseError {
  const cause = new ContractFunctionRevertedError({
    abi: [],
    data,
    functionName: "finalizeWithdrawalTransaction",
  });
  return new BaseError("the call fails", { cause });
}

function codeOf(error: unknown): string | undefined {
  const fault = bridgeFault(error);
  return fault instanceof RollupError ? fault.code : undefined;
}

describe("bridgeFault", () => {
  it("tells when a withdrawal beyond the quota passes", () => {
    const data = encodeErrorResult({
      abi,
      errorName: "OptimismPortal_QuotaExceeded",
      args: [1_800_000_000n],
    });
    const fault = bridgeFault(refusal(data));
    assert.ok(isRollupError(fault, "BRIDGE_QUOTA_EXCEEDED"));
    assert.deepEqual(fault.data, { passesAt: 1_800_000_000n });
    assert.match(fault.message, /1800000000/);
  });

  it("tells the same of a token, which the bridge refuses and the portal passes on", () => {
    const data = encodeErrorResult({
      abi,
      errorName: "StandardBridge_QuotaExceeded",
      args: ["0x00000000000000000000000000000000000000aa", 1_800_000_000n],
    });
    const fault = bridgeFault(refusal(data));
    assert.ok(isRollupError(fault, "BRIDGE_QUOTA_EXCEEDED"));
    assert.deepEqual(fault.data, { passesAt: 1_800_000_000n });
  });

  it("takes no other revert for it", () => {
    const other = encodeErrorResult({ abi, errorName: "OptimismPortal_Unproven" });
    const short = encodeErrorResult({ abi, errorName: "OptimismPortal_QuotaExceeded", args: [1n] }).slice(
      0,
      40,
    );
    for (const data of [other, `0x${short.slice(2)}`, "0x"] as const) {
      assert.equal(codeOf(refusal(data)), "BRIDGE_TRANSACTION_REVERTED");
    }
  });

  it("leaves what is no fault of a chain as it is", () => {
    const error = new TypeError("a mistake of ours");
    assert.equal(bridgeFault(error), error);
  });
});
