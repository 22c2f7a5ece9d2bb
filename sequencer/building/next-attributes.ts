import { buildAttributes } from "@phala-l2/derivation/attributes";
import { type L1Epoch, openEpoch } from "@phala-l2/derivation/epoch";
import { isKeptForUpgrade } from "@phala-l2/derivation/upgrade-transactions";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { systemConfigFromL2Block } from "@phala-l2/protocol/config/system-config-update";
import { RollupError } from "@phala-l2/protocol/errors";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { chooseOrigin, type OriginChoice } from "./l1-origin.ts";
import type { SettledL1 } from "./settled-l1.ts";

export type NextAttributes =
  | { readonly kind: "attributes"; readonly attributes: PayloadAttributes; readonly depositsOnly: boolean }
  | { readonly kind: "wait" }
  | { readonly kind: "reorg" };

export type AttributesSource = {
  readonly chain: ChainReader;
  readonly l1: SettledL1;
  /** Number of L1's head. */
  readonly l1Head: () => bigint;
  /** L1 blocks that must follow an origin before it is built on; a reorg of the origin drops L2 blocks. */
  readonly confirmations: bigint;
};

/** The SystemConfig as of the L1 origin of an L2 block. */
function systemConfigAt(chain: ChainReader, ref: L2BlockRef): SystemConfig {
  const { config } = chain;
  if (ref.number === config.genesis.l2.number) return config.genesis.systemConfig;
  const block = chain.block(ref.hash);
  const first = block?.transactions[0] === undefined ? undefined : decodeTransaction(block.transactions[0]);
  if (block === undefined || first?.kind !== "ok" || first.transaction.type !== DEPOSIT_TYPE) {
    throw new RollupError("L2_BLOCK_MALFORMED", "an L2 block begins with the L1 attributes deposit", {
      data: { number: ref.number },
    });
  }
  return systemConfigFromL2Block(config, block.header, first.transaction);
}

async function epochOf(
  { chain, l1 }: AttributesSource,
  parent: L2BlockRef,
  origin: BlockRef,
): Promise<L1Epoch> {
  const systemConfig = systemConfigAt(chain, parent);
  if (bytesEqual(origin.hash, parent.l1Origin.hash)) {
    // The epoch goes on: its deposits and changes were in its first block.
    const header = await l1.header(origin.hash);
    return { ref: origin, header, systemConfig, depositLogs: [], updateLogs: [] };
  }
  return openEpoch(chain.config, await l1.block(origin.hash), systemConfig).epoch;
}

/**
 * What the block after `parent` begins with, from L1 as it is now.
 * @throws RollupError of the L1 source
 */
export async function nextAttributes(source: AttributesSource, parent: L2BlockRef): Promise<NextAttributes> {
  const { chain, l1, l1Head, confirmations } = source;
  const { number } = parent.l1Origin;
  const [current, following] = await Promise.all([l1.blockRef(number), l1.blockRef(number + 1n)]);
  const isConfirmed = confirmations === 0n || number + 1n + confirmations <= l1Head();
  const choice: OriginChoice =
    current === undefined
      ? { kind: "reorg" }
      : chooseOrigin(chain.config, parent, current, isConfirmed ? following : undefined);
  if (choice.kind === "reorg") l1.forget();
  if (choice.kind !== "origin") return choice;
  const epoch = await epochOf(source, parent, choice.origin);
  const attributes = buildAttributes({ config: chain.config, parent, epoch, transactions: [] });
  const depositsOnly = choice.depositsOnly || isKeptForUpgrade(chain.config, attributes.timestamp);
  return { kind: "attributes", attributes, depositsOnly };
}
