import { JsonObject } from "../config/json-reader.ts";
import { RollupError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import { encodeBlob, MAX_BLOB_DATA } from "../wire/blob.ts";
import { channelItem } from "../wire/channel.ts";
import { compressBrotli, compressZlib } from "../wire/compression.ts";
import { CHANNEL_ID_LENGTH, encodeFrames, framesOfChannel } from "../wire/frame.ts";
import { encodeDescription } from "./description.ts";

/** How a channel is compressed. Source: specs/protocol/fjord/derivation.md "Brotli Channel Compression". */
export type ChannelCompression =
  | { readonly algorithm: "zlib" }
  | { readonly algorithm: "brotli"; readonly level: number };

/** Reads `zlib`, `brotli` (level 10, as op-batcher) or `brotli-0` to `brotli-11`. @throws RollupError SETTING_INVALID */
export function parseCompression(text: string): ChannelCompression {
  if (text === "zlib") return { algorithm: "zlib" };
  const level = /^brotli(?:-(\d{1,2}))?$/.exec(text);
  const number = Number(level?.[1] ?? 10);
  if (level !== null && number <= 11) return { algorithm: "brotli", level: number };
  throw new RollupError("SETTING_INVALID", `zlib, brotli or brotli-0 to brotli-11 is wanted, not '${text}'`, {
    data: { text },
  });
}

/**
 * A compressed channel of the batches in what `decodeBatchData` gave with raw transactions.
 * @throws RollupError CONFIG_INVALID, SPAN_BATCH_TRANSACTION
 */
export function encodeChannel(
  description: unknown,
  chainId: bigint | undefined,
  compression: ChannelCompression,
): Uint8Array {
  const batches = new JsonObject(description, "").objects("batches");
  const items = batches.map((batch) => channelItem(encodeDescription(batch, chainId)));
  const length = items.reduce((sum, item) => sum + item.length, 0);
  const content = new Uint8Array(length);
  let at = 0;
  for (const item of items) {
    content.set(item, at);
    at += item.length;
  }
  return compression.algorithm === "zlib"
    ? compressZlib(content)
    : compressBrotli(content, compression.level);
}

/** Calldata of a batcher transaction below this many bytes: geth's pool takes transactions of 128 KiB. */
export const MAX_CALLDATA = 120_000;

/** The data of as many batcher transactions, or blobs, as the channel needs: one frame each. */
export function batcherDataOf(channel: Uint8Array, maxDataSize: number): readonly Uint8Array[] {
  // Equal channels get equal ids, so that equal input gives equal files.
  const id = keccak256(channel).subarray(0, CHANNEL_ID_LENGTH);
  return framesOfChannel(id, channel, maxDataSize - 1).map((frame) => encodeFrames([frame]));
}

/** The blobs of a channel. */
export function blobsOfChannel(channel: Uint8Array): readonly Uint8Array[] {
  return batcherDataOf(channel, MAX_BLOB_DATA).map(encodeBlob);
}
