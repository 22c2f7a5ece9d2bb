import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { holoceneConfig, jovianConfig } from "../testing/config.ts";
import { type FeeMarketParent, nextBaseFee } from "./base-fee.ts";
import { daFootprint, footprintScalar } from "./da-footprint.ts";
import { extraDataOf, parametersOfExtraData } from "./eip1559-parameters.ts";
import { fastLzLength } from "./fastlz.ts";
import { estimatedSizeScaled, l1Fee, l1GasUsed } from "./l1-cost.ts";
import { operatorFee } from "./operator-fee.ts";

const VECTORS = new URL("../../../../shared/vectors/op/l1-cost/l1cost-vectors.json", import.meta.url);
const SKIP = existsSync(VECTORS) ? false : "the L1 cost vectors are not beside this repository";

const NO_OPERATOR = { operatorFeeScalar: 0n, operatorFeeConstant: 0n };

// Sizes and fees: from the tests of op-geth and op-revm, numbers only.
test("FastLZ lengths of op-revm's tests", () => {
  assert.equal(fastLzLength(new Uint8Array(0)), 0);
  assert.equal(fastLzLength(new Uint8Array(1000).fill(1)), 21);
  assert.equal(fastLzLength(new Uint8Array(1000).fill(0)), 21);
  for (let length = 1; length < 16; length++) assert.equal(fastLzLength(new Uint8Array(length)), length + 1);
});

test("Fjord's L1 fee: the GasPriceOracle's own numbers", () => {
  // fastLzSize 235
  const sizeScaled = -42_585_600n + 836_500n * 235n;
  const prices = { baseFee: 2_000_000n, blobBaseFee: 3_000_000n, baseFeeScalar: 20n, blobBaseFeeScalar: 15n };
  assert.equal(l1GasUsed(sizeScaled), 2463n);
  assert.equal(l1Fee(sizeScaled, prices), 105_484n);
});

test("the smallest transaction counts as 100 bytes", () => {
  assert.equal(estimatedSizeScaled(new Uint8Array(0)), 100_000_000n);
  assert.equal(
    estimatedSizeScaled(new Uint8Array(100_000)),
    836_500n * BigInt(fastLzLength(new Uint8Array(100_000))) - 42_585_600n,
  );
});

test("real transactions of OP Mainnet pay their L1 fee on chain", { skip: SKIP }, () => {
  const vectors = JSON.parse(readFileSync(VECTORS, "utf8"));
  for (const { input, len } of vectors.fastlz) assert.equal(fastLzLength(fromHex(input)), len);
  const fjord = vectors.realOpMainnet.filter(({ fork }: { fork: string }) => fork === "fjord");
  assert.ok(fjord.length > 0);
  for (const real of fjord) {
    const sizeScaled = estimatedSizeScaled(fromHex(real.tx));
    const prices = {
      baseFee: BigInt(real.l1BaseFee),
      blobBaseFee: BigInt(real.blobBaseFee),
      baseFeeScalar: BigInt(real.l1BaseFeeScalar),
      blobBaseFeeScalar: BigInt(real.blobBaseFeeScalar),
      ...NO_OPERATOR,
    };
    assert.equal(l1Fee(sizeScaled, prices), BigInt(real.expectedL1Fee));
    assert.equal(l1GasUsed(sizeScaled), BigInt(real.expectedL1GasUsed));
  }
});

test("operator fee: op-geth's numbers for Isthmus and Jovian, nothing before", () => {
  const values = { operatorFeeScalar: 1_439_103_868n, operatorFeeConstant: 1_256_417_826_609_331_460n };
  assert.equal(operatorFee(1618n, values, "isthmus"), 1_256_417_826_611_659_930n);
  assert.equal(operatorFee(1618n, values, "jovian"), 1_256_650_673_615_173_860n);
  assert.equal(operatorFee(1618n, values, "karst"), 1_256_650_673_615_173_860n);
  assert.equal(operatorFee(1618n, values, "holocene"), 0n);
  assert.equal(operatorFee(1000n, { operatorFeeScalar: 1000n, operatorFeeConstant: 10n }, "isthmus"), 11n);
  assert.equal(
    operatorFee(1000n, { operatorFeeScalar: 1000n, operatorFeeConstant: 10n }, "jovian"),
    100_000_010n,
  );
});

const HOLOCENE = "0x00000000fa00000006";
const jovianExtra = (minBaseFee: string): Uint8Array => fromHex(`0x01000000fa00000006${minBaseFee}`);
const parentOf = (fields: Partial<FeeMarketParent>): FeeMarketParent => ({
  extraData: fromHex(HOLOCENE),
  timestamp: 10n,
  gasLimit: 60_000_000n,
  gasUsed: 10_000_000n,
  baseFeePerGas: 1_000_000n,
  blobGasUsed: 0n,
  ...fields,
});

test("base fee: at, below and above the target of the parent's own elasticity", () => {
  const config = holoceneConfig(1n);
  assert.equal(nextBaseFee(config, parentOf({})), 1_000_000n);
  assert.equal(nextBaseFee(config, parentOf({ gasUsed: 0n })), 1_000_000n - 4_000n);
  assert.equal(nextBaseFee(config, parentOf({ gasUsed: 20_000_000n })), 1_000_000n + 4_000n);
  assert.equal(nextBaseFee(config, parentOf({ gasUsed: 60_000_000n })), 1_000_000n + 20_000n);
  // It rises by at least one, and falls to zero.
  assert.equal(nextBaseFee(config, parentOf({ gasUsed: 10_000_001n, baseFeePerGas: 1n })), 2n);
  assert.equal(nextBaseFee(config, parentOf({ gasUsed: 0n, baseFeePerGas: 0n })), 0n);
  // Other parameters in the header change the result: denominator 10, elasticity 2.
  const steep = parentOf({ extraData: fromHex("0x000000000a00000002"), gasUsed: 60_000_000n });
  assert.equal(nextBaseFee(config, steep), 1_100_000n);
});

test("base fee: real blocks of OP Sepolia", () => {
  const config = holoceneConfig(11155420n);
  const real = parentOf({ gasLimit: 60_000_000n, gasUsed: 0x209966n, baseFeePerGas: 0x10en });
  assert.equal(nextBaseFee(config, real), 270n - (270n * (10_000_000n - 0x209966n)) / 10_000_000n / 250n);
});

test("Jovian: the footprint counts as gas when it is more", () => {
  const config = jovianConfig(1n);
  const full = { extraData: jovianExtra("0000000000000000"), blobGasUsed: 60_000_000n };
  assert.equal(nextBaseFee(config, parentOf({ ...full, gasUsed: 0n })), 1_020_000n);
  assert.equal(nextBaseFee(config, parentOf({ ...full, gasUsed: 60_000_000n, blobGasUsed: 1n })), 1_020_000n);
  // Before Jovian blobGasUsed is zero and means nothing.
  assert.equal(nextBaseFee(holoceneConfig(1n), parentOf({ blobGasUsed: 60_000_000n })), 1_000_000n);
});

test("Jovian: the base fee is at least the parent's minBaseFee, whichever way it moved", () => {
  const config = jovianConfig(1n);
  const extraData = jovianExtra("00000000001e8480");
  for (const gasUsed of [0n, 10_000_000n, 11_000_000n]) {
    assert.equal(nextBaseFee(config, parentOf({ extraData, gasUsed })), 2_000_000n);
  }
  assert.equal(nextBaseFee(config, parentOf({ extraData, baseFeePerGas: 3_000_000n })), 3_000_000n);
});

test("a parent with extraData of another fork, or with zeros, has no child", () => {
  const bad = ["0x", HOLOCENE, "0x01000000fa00000006", `0x00000000fa00000006${"00".repeat(8)}`];
  for (const extraData of [...bad.map(fromHex), fromHex(`0x010000000000000006${"00".repeat(8)}`)]) {
    assert.throws(() => nextBaseFee(jovianConfig(1n), parentOf({ extraData })), {
      code: "EXTRA_DATA_INVALID",
    });
  }
});

test("extraData: zeros in the attributes stand for the defaults; formats by fork", () => {
  const config = jovianConfig(1n);
  const zeros = { eip1559Params: new Uint8Array(8), minBaseFee: 9n };
  assert.deepEqual(parametersOfExtraData(extraDataOf(config, zeros, "jovian"), "jovian"), {
    denominator: 250n,
    elasticity: 6n,
    minBaseFee: 9n,
  });
  assert.equal(extraDataOf(config, zeros, "isthmus").length, 9);
  const half = { eip1559Params: fromHex("0x0000000000000006"), minBaseFee: 0n };
  assert.equal(parametersOfExtraData(extraDataOf(config, half, "holocene"), "holocene"), undefined);
});

test("the footprint's scalar stands at the end of Jovian's calldata; Isthmus' calldata allows no users", () => {
  const first = (data: Uint8Array): Parameters<typeof footprintScalar>[0] => ({
    type: 0x7e,
    sourceHash: ZERO_HASH,
    from: ZERO_ADDRESS,
    to: ZERO_ADDRESS,
    mint: 0n,
    value: 0n,
    gasLimit: 0n,
    isSystemTransaction: false,
    data,
  });
  const jovian = new Uint8Array(178);
  jovian.set([0x3d, 0xb6, 0xbe, 0x2b]);
  jovian.set([0x01, 0x90], 176);
  assert.deepEqual(footprintScalar(first(jovian)), { kind: "ok", gasPerByte: 400n });
  assert.deepEqual(footprintScalar(first(new Uint8Array(176))), { kind: "activation" });
  assert.deepEqual(footprintScalar(first(new Uint8Array(178))), { kind: "invalid" });
  assert.deepEqual(footprintScalar(first(jovian.subarray(0, 177))), { kind: "invalid" });
  assert.equal(daFootprint(199_999_999n, 400n), 199n * 400n);
});
