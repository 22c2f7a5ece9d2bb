import { asHash, bigintToBytes, type Hash } from "@phala-l2/protocol/bytes";
import { L1_BLOCK } from "@phala-l2/protocol/predeploys";
import { type ExecutionFork, includes } from "../block/fork.ts";
import type { StateReader } from "../state/reader.ts";

/**
 * The L1 attributes that prices are made of, as the L1Block predeploy stores them once the block's first
 * transaction has run. They are read from its slots, not from calldata: the contract is what a user's own
 * calls see, and op-geth reads the same.
 * Sources: specs/protocol/ecotone/l1-attributes.md, isthmus/l1-attributes.md.
 */
export type L1BlockValues = {
  /** Wei. */
  readonly baseFee: bigint;
  readonly blobBaseFee: bigint;
  /** Millionths. */
  readonly baseFeeScalar: bigint;
  readonly blobBaseFeeScalar: bigint;
  readonly operatorFeeScalar: bigint;
  /** Wei a transaction. */
  readonly operatorFeeConstant: bigint;
};

function slot(index: bigint): Hash {
  return asHash(bigintToBytes(index, 32));
}

const BASE_FEE_SLOT = slot(1n);
/** From the low end: sequence number u64, blobBaseFeeScalar u32, baseFeeScalar u32. */
const SCALARS_SLOT = slot(3n);
const BLOB_BASE_FEE_SLOT = slot(7n);
/** From the low end: operatorFeeConstant u64, operatorFeeScalar u32, daFootprintGasScalar u16. */
const OPERATOR_FEE_SLOT = slot(8n);

const U32 = (1n << 32n) - 1n;
const U64 = (1n << 64n) - 1n;

/**
 * Reads them from the state after the L1 attributes deposit. Before Isthmus there is no operator fee and its
 * slot is not read: a witness of such a block does not hold it.
 */
export function readL1BlockValues(
  state: Pick<StateReader, "storage">,
  fork: ExecutionFork = "isthmus",
): L1BlockValues {
  const scalars = state.storage(L1_BLOCK, SCALARS_SLOT);
  const operatorFee = includes(fork, "isthmus") ? state.storage(L1_BLOCK, OPERATOR_FEE_SLOT) : 0n;
  return {
    baseFee: state.storage(L1_BLOCK, BASE_FEE_SLOT),
    blobBaseFee: state.storage(L1_BLOCK, BLOB_BASE_FEE_SLOT),
    baseFeeScalar: (scalars >> 96n) & U32,
    blobBaseFeeScalar: (scalars >> 64n) & U32,
    operatorFeeScalar: (operatorFee >> 64n) & U32,
    operatorFeeConstant: operatorFee & U64,
  };
}
