import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { L2BlockFacts, L2ChainReader } from "./l2-chain-reader.ts";
import type { PipelineStart } from "./pipeline.ts";
import { channelTimeout } from "./rules.ts";
import { systemConfigOf } from "./system-config.ts";

/**
 * Where a pipeline that continues after `safeHead` begins to read L1: at the L1 origin of the last L2 block
 * whose origin is a channel timeout or more before the safe head's, or of the genesis. A channel that holds the
 * next block is complete only after the safe head's origin, so no first frame of it is missed.
 * Source: specs/protocol/derivation.md "Resetting the Pipeline"; op-node's initial reset. Node and enclave use
 * the same function, hence the same L1 blocks.
 *
 * The safe head itself must be canonical and its L1 origin on the L1 chain; choosing it is the caller's part.
 *
 * @throws RollupError L2_BLOCK_MISSING, L2_BLOCK_MALFORMED
 */
export function findSyncStart(
  config: RollupConfig,
  safeHead: L2BlockRef,
  chain: L2ChainReader,
): PipelineStart {
  const { genesis } = config;
  let block = safeHead;
  while (
    block.number > genesis.l2.number &&
    block.l1Origin.number > genesis.l1.number &&
    // Granite's timeout does not depend on the L1 block's time any more, so the L2 time serves as well.
    block.l1Origin.number + channelTimeout(config, block.timestamp) > safeHead.l1Origin.number
  ) {
    // To the last block of the epoch before: the blocks of one epoch all give the same start.
    block = blockAt(chain, block.number - block.sequenceNumber - 1n).ref;
  }
  return {
    l2SafeHead: safeHead,
    l1Start: block.l1Origin,
    systemConfigAtStart: systemConfigOf(config, block, chain),
  };
}

function blockAt(chain: L2ChainReader, number: bigint): L2BlockFacts {
  const block = chain.block(number);
  if (block !== undefined) return block;
  throw new RollupError("L2_BLOCK_MISSING", `L2 block ${number} is needed to find where derivation begins`, {
    data: { number },
  });
}
