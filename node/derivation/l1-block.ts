import type { Hash } from "@phala-l2/protocol/bytes";
import type { BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { CONFIG_UPDATE_TOPIC } from "@phala-l2/protocol/config/system-config-update";
import { TRANSACTION_DEPOSITED_TOPIC } from "@phala-l2/protocol/wire/deposit";
import type { Header } from "@phala-l2/protocol/wire/header";
import { bloomContains, type Receipt } from "@phala-l2/protocol/wire/receipt";

/**
 * A complete L1 block, every byte of which its source has checked: the header against `hash`, the transactions
 * and the receipts against the header's roots. Derivation relies on that and checks no root itself.
 */
export type L1Block = {
  readonly hash: Hash;
  readonly header: Header;
  /** Leaves of the transaction trie in block order: encoded transactions (`withoutSidecar` tells of other forms). */
  readonly transactions: readonly Uint8Array[];
  /** May be undefined when `needsReceipts` says that no log in the block can matter. */
  readonly receipts: readonly Receipt[] | undefined;
};

/**
 * Whether a block's receipts may hold a deposit or a change of the SystemConfig. The header's bloom is part of
 * the block's hash and has no false negatives (Yellow Paper 4.3.1), so false is certain.
 */
export function needsReceipts(
  config: Pick<RollupConfig, "depositContractAddress" | "l1SystemConfigAddress">,
  header: Pick<Header, "logsBloom">,
): boolean {
  const has = (bytes: Uint8Array) => bloomContains(header.logsBloom, bytes);
  return (
    (has(config.depositContractAddress) && has(TRANSACTION_DEPOSITED_TOPIC)) ||
    (has(config.l1SystemConfigAddress) && has(CONFIG_UPDATE_TOPIC))
  );
}

/** Number, hash, parent and time of a block. */
export function blockRefOf(block: Pick<L1Block, "hash" | "header">): BlockRef {
  const { number, parentHash, timestamp } = block.header;
  return { number, hash: block.hash, parentHash, timestamp };
}
