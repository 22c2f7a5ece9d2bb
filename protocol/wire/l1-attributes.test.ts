import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeFunctionData, parseAbi, slice, toFunctionSelector } from "viem";
import { addressFromHex, fromHex, type Hex, hashFromHex, toHex } from "../bytes.ts";
import { testRollup } from "../config/testing/rollup.ts";
import { DEPOSITOR_ACCOUNT, L1_BLOCK } from "../predeploys.ts";
import { l1AttributesSourceHash } from "./deposit.ts";
import {
  decodeL1Attributes,
  encodeL1Attributes,
  type L1Attributes,
  l1AttributesDeposit,
  l1AttributesFormat,
} from "./l1-attributes.ts";
import { vectors } from "./testing/vectors.ts";

const FORMATS = ["bedrock", "ecotone", "isthmus", "jovian"] as const;
type AttributesVector = Record<keyof L1Attributes | (typeof FORMATS)[number], Hex>;

function attributesOf(vector: AttributesVector): L1Attributes {
  return {
    number: BigInt(vector.number),
    timestamp: BigInt(vector.timestamp),
    baseFee: BigInt(vector.baseFee),
    hash: hashFromHex(vector.hash),
    sequenceNumber: BigInt(vector.sequenceNumber),
    batcherAddress: addressFromHex(vector.batcherAddress),
    blobBaseFee: BigInt(vector.blobBaseFee),
    baseFeeScalar: BigInt(vector.baseFeeScalar),
    blobBaseFeeScalar: BigInt(vector.blobBaseFeeScalar),
    operatorFeeScalar: BigInt(vector.operatorFeeScalar),
    operatorFeeConstant: BigInt(vector.operatorFeeConstant),
    daFootprintGasScalar: BigInt(vector.daFootprintGasScalar),
  };
}

describe("L1 attributes (specs/protocol/deposits.md, Ecotone, Isthmus, Jovian)", () => {
  const all = vectors<AttributesVector>("l1-attributes.json", "attributes");
  const lengths = { bedrock: 260, ecotone: 164, isthmus: 176, jovian: 178 };
  for (const format of FORMATS) {
    test(`${format}: the calldata is as viem builds it, and decodes`, () => {
      for (const vector of all) {
        const values = attributesOf(vector);
        const calldata = encodeL1Attributes(values, format);
        assert.equal(toHex(calldata), vector[format]);
        assert.equal(calldata.length, lengths[format]);
        const decoded = decodeL1Attributes(calldata);
        assert.ok(decoded.kind === "ok" && decoded.format === format);
        assert.deepEqual(encodeL1Attributes(decoded.attributes, format), calldata);
        if (format === "jovian") assert.deepEqual(decoded.attributes, values);
      }
    });
    test(`${format}: another length, or padding that is not zero, is refused`, () => {
      const calldata = encodeL1Attributes(attributesOf(all[0] as AttributesVector), format);
      const malformed = { kind: "invalid", reason: "l1-attributes-malformed" };
      assert.deepEqual(decodeL1Attributes(calldata.subarray(0, -1)), malformed);
      assert.deepEqual(decodeL1Attributes(Uint8Array.from([...calldata, 0])), malformed);
      // The batcher's address is a whole word in every format.
      const batcher = format === "bedrock" ? 4 + 5 * 32 : 4 + 32 + 3 * 32;
      assert.deepEqual(decodeL1Attributes(calldata.with(batcher, 1)), malformed);
    });
  }
  test("the functions' selectors", () => {
    const names = { ecotone: "Ecotone()", isthmus: "Isthmus()", jovian: "Jovian()" };
    const [vector] = all;
    assert.ok(vector !== undefined);
    for (const [format, name] of Object.entries(names)) {
      assert.equal(slice(vector[format as "ecotone"], 0, 4), toFunctionSelector(`setL1BlockValues${name}`));
    }
    const abi = parseAbi([
      "function setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)",
    ]);
    assert.equal(decodeFunctionData({ abi, data: vector.bedrock }).args[0], BigInt(vector.number));
  });
  test("no or unknown selectors are refused, values out of range not encoded", () => {
    const unknown = { kind: "invalid", reason: "l1-attributes-selector-unknown" };
    assert.deepEqual(decodeL1Attributes(new Uint8Array(0)), unknown);
    assert.deepEqual(decodeL1Attributes(fromHex("0x3db6be")), unknown);
    assert.deepEqual(decodeL1Attributes(new Uint8Array(178)), unknown);
    const values = attributesOf(all[0] as AttributesVector);
    for (const wrong of [
      { ...values, baseFeeScalar: 1n << 32n },
      { ...values, number: 1n << 64n },
      { ...values, daFootprintGasScalar: 65_536n },
      { ...values, baseFee: -1n },
    ]) {
      assert.throws(() => encodeL1Attributes(wrong, "jovian"), { code: "INTEGER_RANGE" });
    }
  });

  const config = testRollup({
    genesis: { l2Time: 100n },
    forks: { regolith: 104n, ecotone: 110n, isthmus: 120n, jovian: 130n },
  });
  test("a fork's first block still has the former format", () => {
    const formats = [108n, 110n, 112n, 120n, 122n, 130n, 132n].map((time) =>
      l1AttributesFormat(config, time),
    );
    assert.deepEqual(formats, ["bedrock", "bedrock", "ecotone", "ecotone", "isthmus", "isthmus", "jovian"]);
    const fromGenesis = { ...config, forks: { ecotone: 0n, isthmus: 0n, jovian: 100n } };
    assert.equal(l1AttributesFormat(fromGenesis, 100n), "jovian");
  });
  test("the transaction is the depositor's, without mint, with its own source hash", () => {
    const values = attributesOf(all[0] as AttributesVector);
    const transaction = l1AttributesDeposit(config, 132n, values);
    assert.deepEqual(
      [transaction.from, transaction.to, transaction.mint, transaction.value, transaction.gasLimit],
      [DEPOSITOR_ACCOUNT, L1_BLOCK, 0n, 0n, 1_000_000n],
    );
    assert.equal(transaction.isSystemTransaction, false);
    assert.deepEqual(transaction.sourceHash, l1AttributesSourceHash(values.hash, values.sequenceNumber));
    const beforeRegolith = l1AttributesDeposit(config, 102n, values);
    assert.equal(beforeRegolith.isSystemTransaction, true);
    assert.equal(beforeRegolith.gasLimit, 150_000_000n);
  });
});
