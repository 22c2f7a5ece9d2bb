import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { encodeSpan } from "@phala-l2/protocol/wire/batch";
import { channelItem } from "@phala-l2/protocol/wire/channel";
import { compressBrotli } from "@phala-l2/protocol/wire/compression";
import { spanBatchOfSingulars } from "@phala-l2/protocol/wire/span-batch";
import type { BatchedBlock } from "./l2-block.ts";

/** brotli's level: 9 saves 2% over 4 at fifteen times the time, and the time is not on a critical path. */
const BROTLI_LEVEL = 9;
/** Bytes in a compressed channel for each byte of transactions, assumed until the channel is compressed. */
const EXPECTED_COMPRESSION = 0.6;
/** Bytes of a block in a span batch beside its transactions: an origin bit and a transaction count. */
const BLOCK_OVERHEAD = 2;

/** The compressed bytes that a block is expected to add to its channel. */
export function expectedSize({ batch }: BatchedBlock): number {
  let bytes = BLOCK_OVERHEAD;
  for (const raw of batch.transactions) bytes += raw.length;
  return bytes * EXPECTED_COMPRESSION;
}

/**
 * One span batch of consecutive blocks as a compressed channel.
 * @throws RollupError SPAN_BATCH_EMPTY, SPAN_BATCH_GAP, SPAN_BATCH_TRANSACTION
 */
export function channelOfBlocks(config: RollupConfig, blocks: readonly BatchedBlock[]): Uint8Array {
  const rules = {
    genesisTime: config.genesis.l2Time,
    blockTime: config.blockTime,
    chainId: config.l2ChainId,
  };
  const span = spanBatchOfSingulars(
    blocks.map(({ batch }) => batch),
    blocks[0]?.beginsEpoch ?? false,
    rules,
  );
  return compressBrotli(channelItem(encodeSpan(span)), BROTLI_LEVEL);
}
