import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashFromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { feeScalars } from "./fee-scalars.ts";

const zeros = (count: number) => "00".repeat(count);

describe("ecotone/l1-attributes.md: the packed scalar", () => {
  it("version 1 holds both scalars", () => {
    const scalar = hashFromHex(`0x01${zeros(23)}000c5fc500000558`);
    assert.deepEqual(feeScalars(scalar), { baseFeeScalar: 0x558n, blobBaseFeeScalar: 0x0c5fc5n });
  });

  it("version 0 is the base fee's scalar alone", () => {
    const scalar = hashFromHex(`0x${zeros(28)}000a6fe0`);
    assert.deepEqual(feeScalars(scalar), { baseFeeScalar: 684_000n, blobBaseFeeScalar: 0n });
  });

  it("version 0 beyond 32 bits counts as the largest", () => {
    const scalar = hashFromHex(`0x${zeros(27)}0100000001`);
    assert.deepEqual(feeScalars(scalar), { baseFeeScalar: 0xffff_ffffn, blobBaseFeeScalar: 0n });
  });

  it("refuses a version it does not know", () => {
    const scalar = hashFromHex(`0x02${zeros(31)}`);
    assert.throws(
      () => feeScalars(scalar),
      (error) => isRollupError(error, "FEE_SCALAR_VERSION_UNKNOWN"),
    );
  });
});
