import { bigintToBytes, bytesEqual, concatBytes, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isActive, type L2BlockRef, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { RollupError } from "@phala-l2/protocol/errors";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { l1AttributesDeposit } from "@phala-l2/protocol/wire/l1-attributes";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { DEPOSIT_TYPE, encodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { l1BlobBaseFee } from "./blob-base-fee.ts";
import { type L1Epoch, userDeposits } from "./epoch.ts";
import { feeScalars } from "./fee-scalars.ts";
import { upgradeGas, upgradeTransactions } from "./upgrade-transactions.ts";

/** Stands for a SystemConfig that holds zero. Source: specs/protocol/jovian/l1-attributes.md. */
const DEFAULT_DA_FOOTPRINT_GAS_SCALAR = 400n;

export type AttributesInput = {
  readonly config: RollupConfig;
  readonly parent: L2BlockRef;
  /** The L1 origin of the new block: the parent's, or the L1 block right after it. */
  readonly epoch: L1Epoch;
  /** Encoded transactions of the batch; a sequencer that fills its block from a pool gives none. */
  readonly transactions: readonly Uint8Array[];
};

/**
 * The attributes of the block after `parent`: the L1 attributes deposit, the users' deposits when the epoch
 * begins, upgrade transactions, then the batch's transactions.
 * Source: specs/protocol/derivation.md "Building Individual Payload Attributes" and "Deriving the Transaction
 * List"; holocene/derivation.md "Attributes Builder"; jovian/exec-engine.md (`minBaseFee`).
 *
 * @throws RollupError EPOCH_NOT_ADJACENT, EPOCH_IN_FUTURE when the origin cannot be the new block's;
 * DEPOSIT_UNREADABLE
 */
export function buildAttributes({ config, parent, epoch, transactions }: AttributesInput): PayloadAttributes {
  const timestamp = parent.timestamp + config.blockTime;
  const isFirstOfEpoch = assertOrigin(parent, epoch, timestamp);
  const sequenceNumber = isFirstOfEpoch ? 0n : parent.sequenceNumber + 1n;
  const { header, systemConfig } = epoch;
  return {
    timestamp,
    prevRandao: header.prevRandao,
    feeRecipient: SEQUENCER_FEE_VAULT,
    parentBeaconBlockRoot: header.parentBeaconBlockRoot ?? ZERO_HASH,
    gasLimit: systemConfig.gasLimit + upgradeGas(config, timestamp),
    eip1559Params: eip1559ParamsOf(systemConfig),
    minBaseFee: isActive(config, "jovian", timestamp) ? systemConfig.minBaseFee : 0n,
    transactions: [
      l1AttributesTransaction(config, epoch, sequenceNumber, timestamp),
      ...(isFirstOfEpoch ? userDeposits(epoch) : []),
      ...upgradeTransactions(config, timestamp),
      ...transactions,
    ],
  };
}

/** Whether the block is the first of its epoch. */
function assertOrigin(parent: L2BlockRef, epoch: L1Epoch, timestamp: bigint): boolean {
  const isSame = bytesEqual(parent.l1Origin.hash, epoch.ref.hash);
  if (!isSame && !bytesEqual(parent.l1Origin.hash, epoch.ref.parentHash)) {
    throw new RollupError("EPOCH_NOT_ADJACENT", "a block's L1 origin is its parent's or the next one", {
      data: { parent, epoch: epoch.ref },
    });
  }
  if (timestamp < epoch.ref.timestamp) {
    throw new RollupError("EPOCH_IN_FUTURE", "an L2 block is not older than its L1 origin", {
      data: { timestamp, epoch: epoch.ref },
    });
  }
  return !isSame;
}

function l1AttributesTransaction(
  config: RollupConfig,
  { header, ref, systemConfig }: L1Epoch,
  sequenceNumber: bigint,
  timestamp: bigint,
): Uint8Array {
  const { operatorFeeScalar, operatorFeeConstant, daFootprintGasScalar, batcherAddress } = systemConfig;
  const deposit = l1AttributesDeposit(config, timestamp, {
    number: ref.number,
    timestamp: ref.timestamp,
    // An L1 without EIP-1559 has no base fee; the field is then zero.
    baseFee: header.baseFeePerGas ?? 0n,
    hash: ref.hash,
    sequenceNumber,
    batcherAddress,
    blobBaseFee: l1BlobBaseFee(config.l1BlobSchedule, header),
    ...feeScalars(systemConfig.scalar),
    operatorFeeScalar,
    operatorFeeConstant,
    daFootprintGasScalar:
      daFootprintGasScalar === 0n ? DEFAULT_DA_FOOTPRINT_GAS_SCALAR : daFootprintGasScalar,
  });
  return encodeTransaction(deposit);
}

/** Denominator and elasticity, each u32. Source: holocene/exec-engine.md "Dynamic EIP-1559 Parameters". */
function eip1559ParamsOf({ eip1559Denominator, eip1559Elasticity }: SystemConfig): Uint8Array {
  return concatBytes(bigintToBytes(eip1559Denominator, 4), bigintToBytes(eip1559Elasticity, 4));
}

/**
 * The attributes without the batch's transactions: what replaces a payload that execution found invalid.
 * Source: specs/protocol/holocene/derivation.md "Engine Queue".
 */
export function depositsOnly(attributes: PayloadAttributes): PayloadAttributes {
  return { ...attributes, transactions: attributes.transactions.filter(isDeposit) };
}

/** Whether an encoded transaction is a deposit. */
export function isDeposit([type]: Uint8Array): boolean {
  return type === DEPOSIT_TYPE;
}
