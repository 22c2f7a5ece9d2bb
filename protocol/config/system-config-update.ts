import {
  asAddress,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  type Hash,
  ZERO_HASH,
} from "../bytes.ts";
import { RollupError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import type { Header } from "../wire/header.ts";
import { decodeL1Attributes, type L1Attributes } from "../wire/l1-attributes.ts";
import type { Log } from "../wire/receipt.ts";
import type { DepositTransaction } from "../wire/transaction.ts";
import { areValidEip1559Params, decodeEip1559Params, decodeExtraData } from "./eip1559-params.ts";
import { isActivationBlock, isActive, type RollupConfig } from "./rollup.ts";
import type { SystemConfig } from "./system-config.ts";
import { KARST_UPGRADE_GAS } from "./upgrade-gas.ts";

/** Topic of the SystemConfig contract's event. Source: specs/protocol/system-config.md "ConfigUpdate". */
export const CONFIG_UPDATE_TOPIC: Hash = keccak256(
  new TextEncoder().encode("ConfigUpdate(uint256,uint8,bytes)"),
);

export type SystemConfigUpdate =
  | { readonly kind: "updated"; readonly systemConfig: SystemConfig }
  | { readonly kind: "ignored"; readonly reason: SystemConfigIgnored };
export type SystemConfigIgnored =
  | "not-a-config-update"
  | "unknown-version"
  | "unknown-type"
  | "malformed-data"
  | "unknown-scalar-format"
  | "eip1559-params-half-zero"
  | "not-of-derivation";

const WORD = 32;

/** A reader gets the words of the event's `bytes`; undefined from it is malformed. */
type UpdateReader = {
  readonly words: number;
  readonly read: (words: readonly Uint8Array[]) => Partial<SystemConfig> | SystemConfigIgnored;
};

function uintOf(word: Uint8Array | undefined, bytes: number): bigint | undefined {
  if (word === undefined || word.subarray(0, WORD - bytes).some((byte) => byte !== 0)) return undefined;
  return bigintFromBytes(word);
}

/** Reads an event with one number of this many bytes, padded to a word. */
function numberUpdate(bytes: number, update: (value: bigint) => Partial<SystemConfig>): UpdateReader {
  return {
    words: 1,
    read: ([word]) => {
      const value = uintOf(word, bytes);
      return value === undefined ? "malformed-data" : update(value);
    },
  };
}

const BATCHER: UpdateReader = {
  words: 1,
  read: ([word]) => {
    if (word === undefined || uintOf(word, 20) === undefined) return "malformed-data";
    return { batcherAddress: asAddress(word.slice(12)) };
  },
};

/** overhead | scalar; the overhead has no effect from Ecotone on. */
const FEE_SCALARS: UpdateReader = {
  words: 2,
  read: ([, scalar]) => {
    if (scalar === undefined) return "malformed-data";
    return isKnownScalar(scalar) ? { scalar: asHash(scalar.slice()) } : "unknown-scalar-format";
  },
};

/**
 * Version 0: the Bedrock scalar as a u32. Version 1: two u32. Else the former scalar stays.
 * Source: specs/protocol/ecotone/l1-attributes.md, system-config.md "Scalars"; op-node CheckEcotoneL1SystemConfigScalar.
 */
function isKnownScalar(scalar: Uint8Array): boolean {
  const paddingEnd = scalar[0] === 0 ? 28 : scalar[0] === 1 ? 24 : 0;
  return paddingEnd > 0 && scalar.subarray(1, paddingEnd).every((byte) => byte === 0);
}

/** Only the last 8 bytes are read, as op-node does. */
const EIP1559_PARAMS: UpdateReader = {
  words: 1,
  read: ([word]) => {
    const params = decodeEip1559Params(word?.subarray(24) ?? new Uint8Array(0));
    if (params === undefined) return "malformed-data";
    if (!areValidEip1559Params(params)) return "eip1559-params-half-zero";
    return { eip1559Denominator: params.denominator, eip1559Elasticity: params.elasticity };
  },
};

/** scalar u32 | constant u64 in the last 12 bytes; those before are not read, as op-node does. */
const OPERATOR_FEE: UpdateReader = {
  words: 1,
  read: ([word]) => {
    if (word === undefined) return "malformed-data";
    return {
      operatorFeeScalar: bigintFromBytes(word.subarray(20, 24)),
      operatorFeeConstant: bigintFromBytes(word.subarray(24)),
    };
  },
};

/** By UpdateType. Type 3, the unsafe block signer, is for gossip alone. */
const READERS: readonly (UpdateReader | undefined)[] = [
  BATCHER,
  FEE_SCALARS,
  numberUpdate(8, (gasLimit) => ({ gasLimit })),
  undefined,
  EIP1559_PARAMS,
  OPERATOR_FEE,
  numberUpdate(8, (minBaseFee) => ({ minBaseFee })),
  numberUpdate(2, (daFootprintGasScalar) => ({ daFootprintGasScalar })),
];
const UNSAFE_BLOCK_SIGNER = 3n;

/**
 * Applies one log of an L1 block to the SystemConfig. A log of another contract or event, and an update that
 * cannot be read, change nothing. Never throws.
 * Source: specs/protocol/system-config.md, and the Holocene, Isthmus and Jovian pages.
 *
 * topics: ConfigUpdate | version 0 | type 0 to 7;   data: offset 32 | length | the update's words, nothing else
 */
export function applySystemConfigLog(
  systemConfig: SystemConfig,
  log: Log,
  config: Pick<RollupConfig, "l1SystemConfigAddress">,
): SystemConfigUpdate {
  const [topic, version, type] = log.topics;
  const isOurs = bytesEqual(log.address, config.l1SystemConfigAddress);
  if (!isOurs || topic === undefined || !bytesEqual(topic, CONFIG_UPDATE_TOPIC)) {
    return { kind: "ignored", reason: "not-a-config-update" };
  }
  if (version === undefined || type === undefined || log.topics.length !== 3) {
    return { kind: "ignored", reason: "malformed-data" };
  }
  if (!bytesEqual(version, ZERO_HASH)) return { kind: "ignored", reason: "unknown-version" };
  const typeNumber = bigintFromBytes(type);
  if (typeNumber === UNSAFE_BLOCK_SIGNER) return { kind: "ignored", reason: "not-of-derivation" };
  const reader = typeNumber < BigInt(READERS.length) ? READERS[Number(typeNumber)] : undefined;
  if (reader === undefined) return { kind: "ignored", reason: "unknown-type" };
  const words = updateWords(log.data, reader.words);
  const update = words === undefined ? "malformed-data" : reader.read(words);
  if (typeof update === "string") return { kind: "ignored", reason: update };
  return { kind: "updated", systemConfig: { ...systemConfig, ...update } };
}

/** The words of ABI-encoded `bytes`: the offset is 32, the length and the data are exactly `count` words. */
function updateWords(data: Uint8Array, count: number): readonly Uint8Array[] | undefined {
  if (data.length !== (2 + count) * WORD) return undefined;
  const word = (i: number) => data.subarray(i * WORD, (i + 1) * WORD);
  if (uintOf(word(0), 8) !== BigInt(WORD) || uintOf(word(1), 8) !== BigInt(count * WORD)) return undefined;
  return Array.from({ length: count }, (_, i) => word(2 + i));
}

/** The packed fee scalars of version 1. @throws RollupError INTEGER_RANGE when one is no u32 */
export function packScalar(baseFeeScalar: bigint, blobBaseFeeScalar: bigint): Hash {
  const version = concatBytes(Uint8Array.of(1), new Uint8Array(23));
  return asHash(concatBytes(version, bigintToBytes(blobBaseFeeScalar, 4), bigintToBytes(baseFeeScalar, 4)));
}

/** The two scalars; version 0 has no blob scalar. Undefined for a form that neither version has. */
export function unpackScalar(
  scalar: Hash,
): { readonly baseFeeScalar: bigint; readonly blobBaseFeeScalar: bigint } | undefined {
  if (!isKnownScalar(scalar)) return undefined;
  const baseFeeScalar = bigintFromBytes(scalar.subarray(28));
  return {
    baseFeeScalar,
    blobBaseFeeScalar: scalar[0] === 1 ? bigintFromBytes(scalar.subarray(24, 28)) : 0n,
  };
}

function malformed(reason: string, header: Header): RollupError {
  return new RollupError("L2_BLOCK_INVALID", `an L2 block does not tell its SystemConfig: ${reason}`, {
    data: { number: header.number, reason },
  });
}

/**
 * The SystemConfig as of an L2 block of our own chain: from the block's L1 attributes, gas limit and extraData,
 * or the genesis one for the genesis block. Where SystemConfig has zeros for "the default", a block has the
 * default's value: the effect is the same. A parameter of a fork that the block does not know yet, or only
 * activates, is zero. The gas that Karst's first block has on top is not part of it.
 * Source: specs/protocol/derivation.md "Resetting the Pipeline" (op-node PayloadToSystemConfig).
 * @throws RollupError L2_BLOCK_INVALID when the block has no such attributes; our own blocks always have
 */
export function systemConfigFromL2Block(
  config: RollupConfig,
  header: Header,
  firstTransaction: Pick<DepositTransaction, "data">,
): SystemConfig {
  if (header.number === config.genesis.l2.number) return config.genesis.systemConfig;
  const decoded = decodeL1Attributes(firstTransaction.data);
  if (decoded.kind === "invalid") throw malformed(decoded.reason, header);
  const { attributes, format } = decoded;
  const fees = feeParamsOf(config, header);
  const isKarstActivation = isActivationBlock(config, "karst", header.timestamp);
  if (isKarstActivation && header.gasLimit < KARST_UPGRADE_GAS) throw malformed("gas-limit-too-low", header);
  return {
    batcherAddress: attributes.batcherAddress,
    scalar:
      format === "bedrock"
        ? asHash(bigintToBytes(attributes.l1FeeScalar ?? 0n, WORD))
        : packScalar(attributes.baseFeeScalar, attributes.blobBaseFeeScalar),
    gasLimit: header.gasLimit - (isKarstActivation ? KARST_UPGRADE_GAS : 0n),
    ...fees,
    ...operatorParamsOf(attributes),
  };
}

function operatorParamsOf(attributes: L1Attributes) {
  const { operatorFeeScalar, operatorFeeConstant, daFootprintGasScalar } = attributes;
  return { operatorFeeScalar, operatorFeeConstant, daFootprintGasScalar };
}

function feeParamsOf(config: RollupConfig, header: Header) {
  const isJovian = isActive(config, "jovian", header.timestamp);
  if (!isJovian && !isActive(config, "holocene", header.timestamp)) {
    return { eip1559Denominator: 0n, eip1559Elasticity: 0n, minBaseFee: 0n };
  }
  const decoded = decodeExtraData(header.extraData, isJovian ? "jovian" : "holocene");
  if (decoded.kind === "invalid") throw malformed(decoded.reason, header);
  const { denominator, elasticity, minBaseFee } = decoded.params;
  return { eip1559Denominator: denominator, eip1559Elasticity: elasticity, minBaseFee };
}
