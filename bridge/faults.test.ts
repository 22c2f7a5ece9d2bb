import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import {
  BaseError,
  ContractFunctionExecutionError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  encodeErrorResult,
  type Hex,
  parseAbi,
} from "viem";
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
    assert.equal(Object(fault.data).passesAt, 1_800_000_000n);
    assert.match(fault.message, /from 2027-01-15 08:00:00 UTC/);
    assert.match(Object(fault.data).help, /'l2 bridge finalize'/);
  });

  it("tells the same of a token, which the bridge refuses and the portal passes on", () => {
    const data = encodeErrorResult({
      abi,
      errorName: "StandardBridge_QuotaExceeded",
      args: ["0x00000000000000000000000000000000000000aa", 1_800_000_000n],
    });
    const fault = bridgeFault(refusal(data));
    assert.ok(isRollupError(fault, "BRIDGE_QUOTA_EXCEEDED"));
    assert.equal(Object(fault.data).passesAt, 1_800_000_000n);
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

  it("says a contract's named error in words, with its name and inputs, whichever contract was called", () => {
    const data = encodeErrorResult({
      abi: parseAbi(["error SunsetClaims_Expired(uint256 deadline)"]),
      errorName: "SunsetClaims_Expired",
      args: [1_700_000_000n],
    });
    const fault = bridgeFault(refusal(data));
    assert.ok(isRollupError(fault, "BRIDGE_TRANSACTION_REVERTED"));
    assert.match(fault.message, /^The message was good until 2023-11-14 22:13:20 UTC, \d+ d.* ago\.$/);
    assert.equal(Object(fault.data).error, "SunsetClaims_Expired");
    assert.deepEqual(Object(fault.data).inputs, { deadline: 1_700_000_000n });
    assert.match(Object(fault.data).help, /signed again/);
  });

  it("takes an answer of nothing for an address without the contract", () => {
    const cause = new ContractFunctionZeroDataError({ functionName: "status" });
    const contractAddress = "0x00000000000000000000000000000000000000aa";
    const error = new ContractFunctionExecutionError(cause, {
      abi: [],
      functionName: "status",
      contractAddress,
    });
    const fault = bridgeFault(error);
    assert.ok(isRollupError(fault, "BRIDGE_WRONG_CONTRACT"));
    assert.match(fault.message, /^0x0{38}aa answers nothing to status\(\)/);
  });

  it("leaves what is no fault of a chain as it is", () => {
    const error = new TypeError("a mistake of ours");
    assert.equal(bridgeFault(error), error);
  });
});
