import {
  type Address,
  asAddress,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  fromHex,
  type Hash,
} from "../bytes.ts";
import { type Fork, isActivationBlock, isActive, type RollupConfig } from "../config/rollup.ts";
import { DEPOSITOR_ACCOUNT, L1_BLOCK } from "../predeploys.ts";
import { l1AttributesSourceHash } from "./deposit.ts";
import { DEPOSIT_TYPE, type DepositTransaction } from "./transaction.ts";

/**
 * What each L2 block says of its L1 origin, in its first transaction.
 * Source: specs/protocol/deposits.md, "L1 Attributes Deposited Transaction", and the Ecotone, Isthmus and
 * Jovian pages. A field that a format does not have is zero when decoded.
 */
export type L1Attributes = {
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  /** Wei per gas on L1. */
  readonly baseFee: bigint;
  readonly hash: Hash;
  /** The L2 block's place in the epoch. */
  readonly sequenceNumber: bigint;
  readonly batcherAddress: Address;
  /** Wei per blob gas on L1. */
  readonly blobBaseFee: bigint;
  readonly baseFeeScalar: bigint;
  readonly blobBaseFeeScalar: bigint;
  readonly operatorFeeScalar: bigint;
  readonly operatorFeeConstant: bigint;
  readonly daFootprintGasScalar: bigint;
  /** Bedrock only: the L1 fee's parameters before Ecotone. */
  readonly l1FeeOverhead?: bigint | undefined;
  readonly l1FeeScalar?: bigint | undefined;
};

export type L1AttributesFormat = "bedrock" | "ecotone" | "isthmus" | "jovian";

export type L1AttributesDecoding =
  | { readonly kind: "ok"; readonly format: L1AttributesFormat; readonly attributes: L1Attributes }
  | {
      readonly kind: "invalid";
      readonly reason: "l1-attributes-malformed" | "l1-attributes-selector-unknown";
    };

type Field = keyof L1Attributes;
/** A field and its width in bytes; a narrower value in a wider place has zeros before it. */
type Column = readonly [field: Field, width: number, valueBytes?: number];

const SELECTOR_LENGTH = 4;

/** setL1BlockValuesEcotone(): packed, not ABI-encoded. The later formats append to it. */
const ECOTONE: readonly Column[] = [
  ["baseFeeScalar", 4],
  ["blobBaseFeeScalar", 4],
  ["sequenceNumber", 8],
  ["timestamp", 8],
  ["number", 8],
  ["baseFee", 32],
  ["blobBaseFee", 32],
  ["hash", 32],
  ["batcherAddress", 32, 20],
];
const ISTHMUS: readonly Column[] = [...ECOTONE, ["operatorFeeScalar", 4], ["operatorFeeConstant", 8]];
const JOVIAN: readonly Column[] = [...ISTHMUS, ["daFootprintGasScalar", 2]];
/** setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256). */
const BEDROCK: readonly Column[] = [
  ["number", 32, 8],
  ["timestamp", 32, 8],
  ["baseFee", 32],
  ["hash", 32],
  ["sequenceNumber", 32, 8],
  ["batcherAddress", 32, 20],
  ["l1FeeOverhead", 32],
  ["l1FeeScalar", 32],
];

/** Selector and layout of each format: 260, 164, 176 and 178 bytes. */
const FORMATS: Readonly<Record<L1AttributesFormat, { selector: Uint8Array; columns: readonly Column[] }>> = {
  bedrock: { selector: fromHex("0x015d8eb9"), columns: BEDROCK },
  ecotone: { selector: fromHex("0x440a5e20"), columns: ECOTONE },
  isthmus: { selector: fromHex("0x098999be"), columns: ISTHMUS },
  jovian: { selector: fromHex("0x3db6be2b"), columns: JOVIAN },
};
const FORMAT_NAMES = [
  "jovian",
  "isthmus",
  "ecotone",
  "bedrock",
] as const satisfies readonly (L1AttributesFormat & (Fork | "bedrock"))[];

/** The calldata. @throws RollupError INTEGER_RANGE when a value does not fit its field */
export function encodeL1Attributes(values: L1Attributes, format: L1AttributesFormat): Uint8Array {
  const { selector, columns } = FORMATS[format];
  const words = columns.map(([field, width, valueBytes = width]) => {
    const value = values[field] ?? 0n;
    const bytes = typeof value === "bigint" ? bigintToBytes(value, valueBytes) : value;
    return concatBytes(new Uint8Array(width - bytes.length), bytes);
  });
  return concatBytes(selector, ...words);
}

/** Decodes the calldata of an L1 attributes transaction of any format. Never throws. */
export function decodeL1Attributes(calldata: Uint8Array): L1AttributesDecoding {
  const format = FORMAT_NAMES.find((name) =>
    bytesEqual(calldata.subarray(0, SELECTOR_LENGTH), FORMATS[name].selector),
  );
  if (format === undefined) return { kind: "invalid", reason: "l1-attributes-selector-unknown" };
  const values = readColumns(calldata.subarray(SELECTOR_LENGTH), FORMATS[format].columns);
  if (values === undefined) return { kind: "invalid", reason: "l1-attributes-malformed" };
  const integer = (field: Field) => bigintFromBytes(values.get(field) ?? new Uint8Array(0));
  const attributes: L1Attributes = {
    number: integer("number"),
    timestamp: integer("timestamp"),
    baseFee: integer("baseFee"),
    hash: asHash(values.get("hash") ?? new Uint8Array(32)),
    sequenceNumber: integer("sequenceNumber"),
    batcherAddress: asAddress(values.get("batcherAddress") ?? new Uint8Array(20)),
    blobBaseFee: integer("blobBaseFee"),
    baseFeeScalar: integer("baseFeeScalar"),
    blobBaseFeeScalar: integer("blobBaseFeeScalar"),
    operatorFeeScalar: integer("operatorFeeScalar"),
    operatorFeeConstant: integer("operatorFeeConstant"),
    daFootprintGasScalar: integer("daFootprintGasScalar"),
    ...(format === "bedrock" && {
      l1FeeOverhead: integer("l1FeeOverhead"),
      l1FeeScalar: integer("l1FeeScalar"),
    }),
  };
  return { kind: "ok", format, attributes };
}

/** Each field's bytes without its padding; undefined when the length is wrong or the padding not zero. */
function readColumns(packed: Uint8Array, columns: readonly Column[]): Map<Field, Uint8Array> | undefined {
  const values = new Map<Field, Uint8Array>();
  let at = 0;
  for (const [field, width, valueBytes = width] of columns) {
    const start = at + width - valueBytes;
    if (packed.subarray(at, start).some((byte) => byte !== 0)) return undefined;
    at += width;
    values.set(field, packed.subarray(start, at));
  }
  return at === packed.length ? values : undefined;
}

/**
 * The format of the L2 block of this time. The first block of a fork still has the former format: the L1Block
 * contract is upgraded by that very block's later transactions.
 */
export function l1AttributesFormat(config: RollupConfig, l2Timestamp: bigint): L1AttributesFormat {
  const format = FORMAT_NAMES.find(
    (name) =>
      name === "bedrock" ||
      (isActive(config, name, l2Timestamp) && !isActivationBlock(config, name, l2Timestamp)),
  );
  return format ?? "bedrock";
}

/** Gas of the system transaction from Regolith on, and before it. */
const SYSTEM_TRANSACTION_GAS = 1_000_000n;
const SYSTEM_TRANSACTION_GAS_BEDROCK = 150_000_000n;

/** The first transaction of the L2 block of this time. @throws RollupError INTEGER_RANGE */
export function l1AttributesDeposit(
  config: RollupConfig,
  l2Timestamp: bigint,
  attributes: L1Attributes,
): DepositTransaction {
  const isRegolith = isActive(config, "regolith", l2Timestamp);
  return {
    type: DEPOSIT_TYPE,
    sourceHash: l1AttributesSourceHash(attributes.hash, attributes.sequenceNumber),
    from: DEPOSITOR_ACCOUNT,
    to: L1_BLOCK,
    mint: 0n,
    value: 0n,
    gasLimit: isRegolith ? SYSTEM_TRANSACTION_GAS : SYSTEM_TRANSACTION_GAS_BEDROCK,
    isSystemTransaction: !isRegolith,
    data: encodeL1Attributes(attributes, l1AttributesFormat(config, l2Timestamp)),
  };
}
