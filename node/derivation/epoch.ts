import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { applySystemConfigLog, CONFIG_UPDATE_TOPIC } from "@phala-l2/protocol/config/system-config-update";
import { RollupError } from "@phala-l2/protocol/errors";
import { depositFromLog, TRANSACTION_DEPOSITED_TOPIC } from "@phala-l2/protocol/wire/deposit";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { Log, Receipt } from "@phala-l2/protocol/wire/receipt";
import { encodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { blockRefOf, type L1Block, needsReceipts } from "./l1-block.ts";

/** A TransactionDeposited event and its place among all logs of its L1 block. */
export type DepositLog = { readonly log: Log; readonly index: number };

/**
 * What an L1 block gives to the L2 blocks that have it as their origin. It is kept instead of the whole block,
 * for up to a sequencing window.
 */
export type L1Epoch = {
  readonly ref: BlockRef;
  readonly header: Header;
  /** The SystemConfig with the changes made in this very block. */
  readonly systemConfig: SystemConfig;
  readonly depositLogs: readonly DepositLog[];
  /** The ConfigUpdate events of this very block, of which some may be unreadable. */
  readonly updateLogs: readonly Log[];
};

export type OpenedEpoch = {
  readonly epoch: L1Epoch;
  /** Why ConfigUpdate events of the SystemConfig contract were skipped. */
  readonly ignoredUpdates: readonly string[];
};

/**
 * Reads the deposits and SystemConfig changes of an L1 block: logs of successful transactions only, in the
 * block's order. A ConfigUpdate that does not parse changes nothing.
 * Source: specs/protocol/derivation.md "L1 Traversal" and "Deriving the Transaction List", system-config.md.
 *
 * @param before the SystemConfig after the parent L1 block
 * @throws RollupError L1_RECEIPTS_MISSING when the bloom promises relevant logs but receipts were left out
 */
export function openEpoch(config: RollupConfig, block: L1Block, before: SystemConfig): OpenedEpoch {
  if (block.receipts === undefined && needsReceipts(config, block.header)) {
    throw new RollupError(
      "L1_RECEIPTS_MISSING",
      "the receipts of an L1 block with relevant logs are missing",
      {
        data: { number: block.header.number },
      },
    );
  }
  let systemConfig = before;
  const depositLogs: DepositLog[] = [];
  const updateLogs: Log[] = [];
  const ignoredUpdates: string[] = [];
  for (const { log, index } of successfulLogs(block.receipts ?? [])) {
    if (isEvent(log, config.depositContractAddress, TRANSACTION_DEPOSITED_TOPIC)) {
      depositLogs.push({ log, index });
    } else if (isEvent(log, config.l1SystemConfigAddress, CONFIG_UPDATE_TOPIC)) {
      updateLogs.push(log);
      const update = applySystemConfigLog(systemConfig, log, config);
      if (update.kind === "updated") systemConfig = update.systemConfig;
      else if (update.reason !== "not-of-derivation") ignoredUpdates.push(update.reason);
    }
  }
  const epoch = { ref: blockRefOf(block), header: block.header, systemConfig, depositLogs, updateLogs };
  return { epoch, ignoredUpdates };
}

/** Logs with their index in the block; a failed transaction has none, so indices stay dense. */
function* successfulLogs(receipts: readonly Receipt[]): Generator<DepositLog> {
  let index = 0;
  for (const { status, logs } of receipts) {
    for (const log of logs) {
      if (status === 1) yield { log, index };
      index += 1;
    }
  }
}

function isEvent(log: Log, emitter: Uint8Array, topic: Uint8Array): boolean {
  const [first] = log.topics;
  return first !== undefined && bytesEqual(log.address, emitter) && bytesEqual(first, topic);
}

/**
 * The users' deposits of an epoch, encoded. They belong to the epoch's first L2 block.
 * Source: specs/protocol/deposits.md "User-Deposited Transactions".
 *
 * @throws RollupError DEPOSIT_UNREADABLE when the portal emitted an event that is no version 0 deposit. Only an
 * upgrade of the portal beyond this software can do that, and to pass over a deposit would lose its money;
 * op-node stops there too.
 */
export function userDeposits(epoch: L1Epoch): readonly Uint8Array[] {
  return epoch.depositLogs.map(({ log, index }) => {
    const deposit = depositFromLog(log, epoch.ref.hash, index);
    if (deposit.kind === "ok") return encodeTransaction(deposit.transaction);
    throw new RollupError("DEPOSIT_UNREADABLE", `the portal emitted an unknown deposit: ${deposit.reason}`, {
      data: { l1Block: epoch.ref, logIndex: index, reason: deposit.reason },
    });
  });
}
