import { bigintFromBytes, bigintToBytes, concatBytes, toHex } from "../bytes.ts";
import { areValidEip1559Params, decodeEip1559Params, encodeEip1559Params } from "./eip1559-params.ts";
import { configInvalid, type JsonObject, type JsonValue, jsonInteger } from "./json-reader.ts";
import type { SystemConfig } from "./system-config.ts";
import { unpackScalar } from "./system-config-update.ts";

const U16_MAX = 0xffffn;
const U32_MAX = 0xffff_ffffn;

/**
 * Reads a SystemConfig in op-node's form (packed `eip1559Params`, `operatorFeeParams`) or kona's (single
 * fields). `overhead` is not read: it has no effect from Ecotone on.
 * @throws RollupError CONFIG_INVALID with the path of the bad field
 */
export function readSystemConfig(json: JsonObject): SystemConfig {
  const scalar = json.hash("scalar");
  const scalars = unpackScalar(scalar);
  for (const name of ["baseFeeScalar", "blobBaseFeeScalar"] as const) {
    if (json.has(name) && json.integer(name, U32_MAX) !== scalars?.[name]) {
      throw configInvalid(json.pathOf(name), "the value contradicts `scalar`");
    }
  }
  return {
    batcherAddress: json.address(json.has("batcherAddress") ? "batcherAddress" : "batcherAddr"),
    scalar,
    gasLimit: json.integer("gasLimit"),
    ...readFeeMarket(json),
    ...readOperatorFee(json),
    minBaseFee: json.integerOr("minBaseFee", 0n),
    daFootprintGasScalar: json.integerOr("daFootprintGasScalar", 0n, U16_MAX),
  };
}

function readFeeMarket(json: JsonObject): Pick<SystemConfig, "eip1559Denominator" | "eip1559Elasticity"> {
  const packed = json.has("eip1559Params") ? decodeEip1559Params(json.bytes("eip1559Params", 8)) : undefined;
  const params = packed ?? {
    denominator: json.integerOr("eip1559Denominator", 0n, U32_MAX),
    elasticity: json.integerOr("eip1559Elasticity", 0n, U32_MAX),
  };
  if (!areValidEip1559Params(params)) {
    throw configInvalid(json.pathOf("eip1559Params"), "denominator and elasticity are both zero or neither");
  }
  return { eip1559Denominator: params.denominator, eip1559Elasticity: params.elasticity };
}

/** operatorFeeParams: 20 zero bytes | scalar u32 | constant u64. */
function readOperatorFee(json: JsonObject): Pick<SystemConfig, "operatorFeeScalar" | "operatorFeeConstant"> {
  if (!json.has("operatorFeeParams")) {
    return {
      operatorFeeScalar: json.integerOr("operatorFeeScalar", 0n, U32_MAX),
      operatorFeeConstant: json.integerOr("operatorFeeConstant", 0n),
    };
  }
  const params = json.bytes("operatorFeeParams", 32);
  return {
    operatorFeeScalar: bigintFromBytes(params.subarray(20, 24)),
    operatorFeeConstant: bigintFromBytes(params.subarray(24)),
  };
}

/** A SystemConfig as op-node's JSON has it. */
export function formatSystemConfig(systemConfig: SystemConfig): { readonly [name: string]: JsonValue } {
  const params = { denominator: systemConfig.eip1559Denominator, elasticity: systemConfig.eip1559Elasticity };
  return {
    batcherAddr: toHex(systemConfig.batcherAddress),
    overhead: toHex(new Uint8Array(32)),
    scalar: toHex(systemConfig.scalar),
    gasLimit: jsonInteger(systemConfig.gasLimit),
    eip1559Params: toHex(encodeEip1559Params(params)),
    operatorFeeParams: toHex(
      concatBytes(
        new Uint8Array(20),
        bigintToBytes(systemConfig.operatorFeeScalar, 4),
        bigintToBytes(systemConfig.operatorFeeConstant, 8),
      ),
    ),
    minBaseFee: jsonInteger(systemConfig.minBaseFee),
    daFootprintGasScalar: jsonInteger(systemConfig.daFootprintGasScalar),
  };
}
