import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import {
  applySystemConfigLog,
  systemConfigFromL2Block,
} from "@phala-l2/protocol/config/system-config-update";
import { RollupError } from "@phala-l2/protocol/errors";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import type { L1Epoch } from "./epoch.ts";
import type { L2ChainReader } from "./l2-chain-reader.ts";

/**
 * The SystemConfig that the block after `parent` is made by.
 *
 * L2 blocks carry it on: a block's is its parent's with the changes of its own L1 origin where it begins an
 * epoch. As long as each block can tell all of it, that is what L1 says up to the origin. A block before Isthmus
 * or Jovian cannot tell those forks' parameters: what L1 set in time for it is forgotten, and holds only when it
 * is set again. Source: op-node PreparePayloadAttributes on PayloadToSystemConfig; kona likewise.
 *
 * @throws RollupError L2_BLOCK_MISSING, L2_BLOCK_MALFORMED
 */
export function systemConfigForChild(
  config: RollupConfig,
  parent: L2BlockRef,
  epoch: L1Epoch,
  chain: L2ChainReader,
): SystemConfig {
  if (!learnsParametersLate(config)) return epoch.systemConfig;
  const carried = systemConfigOf(config, parent, chain);
  if (bytesEqual(parent.l1Origin.hash, epoch.ref.hash)) return carried;
  return epoch.updateLogs.reduce((before, log) => {
    const update = applySystemConfigLog(before, log, config);
    return update.kind === "updated" ? update.systemConfig : before;
  }, carried);
}

/** Whether there are blocks that cannot tell all parameters. */
function learnsParametersLate({ forks, genesis }: RollupConfig): boolean {
  return [forks.isthmus, forks.jovian].some((time) => time === undefined || time > genesis.l2Time);
}

/** The SystemConfig as an L2 block tells it. @throws RollupError L2_BLOCK_MISSING, L2_BLOCK_MALFORMED */
export function systemConfigOf(config: RollupConfig, block: L2BlockRef, chain: L2ChainReader): SystemConfig {
  if (block.number === config.genesis.l2.number) return config.genesis.systemConfig;
  const facts = chain.block(block.number);
  if (facts === undefined) {
    throw new RollupError("L2_BLOCK_MISSING", `L2 block ${block.number} is needed for its SystemConfig`, {
      data: { number: block.number },
    });
  }
  const first = facts.transactions[0] === undefined ? undefined : decodeTransaction(facts.transactions[0]);
  if (first?.kind !== "ok" || first.transaction.type !== DEPOSIT_TYPE) {
    throw new RollupError("L2_BLOCK_MALFORMED", "an L2 block begins with the L1 attributes deposit", {
      data: { number: block.number },
    });
  }
  return systemConfigFromL2Block(config, facts.header, first.transaction);
}
