import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { encodeSpan } from "@phala-l2/protocol/wire/batch";
import { channelItem } from "@phala-l2/protocol/wire/channel";
import { compressBrotli } from "@phala-l2/protocol/wire/compression";
import { CHANNEL_ID_LENGTH, type Frame, framesOfChannel } from "@phala-l2/protocol/wire/frame";
import { spanBatchOfSingulars } from "@phala-l2/protocol/wire/span-batch";
import type { BatchedBlock } from "./l2-block.ts";

/** brotli's level: 9 saves 2% over 4 at fifteen times the time, and the time is not on a critical path. */
const BROTLI_LEVEL = 9;
/** Bytes in a compressed channel for each byte of transactions, assumed until the channel is compressed. */
const EXPECTED_COMPRESSION = 0.6;
/** Bytes of a block in a span batch beside its transactions: an origin bit and a transaction count. */
const BLOCK_OVERHEAD = 2;

/** The compressed bytes that these blocks are expected to need. */
export function expectedSize(blocks: readonly BatchedBlock[]): number {
  let bytes = 0;
  for (const { batch } of blocks) {
    bytes += BLOCK_OVERHEAD;
    for (const raw of batch.transactions) bytes += raw.length;
  }
  return Math.ceil(bytes * EXPECTED_COMPRESSION);
}

/**
 * One span batch of consecutive blocks as the frames of one channel.
 *
 * @param channelId 16 random bytes: two channels must never share an id
 * @throws RollupError SPAN_BATCH_EMPTY, SPAN_BATCH_GAP, FRAME_RANGE
 */
export function framesOfBlocks(
  config: RollupConfig,
  blocks: readonly BatchedBlock[],
  channelId: Uint8Array,
  maxFrameSize: number,
): readonly Frame[] {
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
  const compressed = compressBrotli(channelItem(encodeSpan(span)), BROTLI_LEVEL);
  return framesOfChannel(channelId.subarray(0, CHANNEL_ID_LENGTH), compressed, maxFrameSize);
}
