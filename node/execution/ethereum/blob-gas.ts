import { blobBaseFee, GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import type { Header } from "@phala-l2/protocol/wire/header";
import { hasEvm } from "../block/rules.ts";
import {
  type BlobSchedule,
  blobScheduleAt,
  type EthereumBlockTime,
  type EthereumConfig,
  rulesAt,
} from "./config.ts";

/** EIP-7918 BLOB_BASE_COST: execution gas that a blob costs to verify. */
const BLOB_BASE_COST = 2n ** 13n;

export type BlobParent = Pick<Header, "excessBlobGas" | "blobGasUsed" | "baseFeePerGas">;

/** Blob gas that a block may use at most. */
export function maxBlobGas(schedule: BlobSchedule): bigint {
  return schedule.max * GAS_PER_BLOB;
}

/**
 * The excess blob gas of the block after `parent`; undefined before Cancun.
 * Sources: EIP-4844 `calc_excess_blob_gas`; EIP-7918, from Osaka: while a blob costs less than its verification, the
 * excess does not fall.
 */
export function excessBlobGas(
  config: EthereumConfig,
  parent: BlobParent,
  block: EthereumBlockTime,
): bigint | undefined {
  const schedule = blobScheduleAt(config, block.timestamp);
  if (schedule === undefined) return undefined;
  const before = parent.excessBlobGas ?? 0n;
  const used = parent.blobGasUsed ?? 0n;
  const target = schedule.target * GAS_PER_BLOB;
  if (before + used < target) return 0n;
  const price = blobBaseFee(before, schedule.baseFeeUpdateFraction);
  const isBelowReserve = BLOB_BASE_COST * (parent.baseFeePerGas ?? 0n) > GAS_PER_BLOB * price;
  if (hasEvm(rulesAt(config, block), "osaka") && isBelowReserve) {
    // A chain may allow no blobs at all.
    if (used === 0n) return before;
    return before + (used * (schedule.max - schedule.target)) / schedule.max;
  }
  return before + used - target;
}

/** Wei per blob gas in a block; zero before Cancun. */
export function ethereumBlobBaseFee(
  config: EthereumConfig,
  { timestamp, excessBlobGas: excess }: Pick<Header, "timestamp" | "excessBlobGas">,
): bigint {
  const schedule = blobScheduleAt(config, timestamp);
  if (schedule === undefined || excess === undefined) return 0n;
  return blobBaseFee(excess, schedule.baseFeeUpdateFraction);
}
