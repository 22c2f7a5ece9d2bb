import { BLOB_SIZE, encodeBlob, MAX_BLOB_DATA } from "@phala-l2/protocol/wire/blob";
import { encodeFrames, framesOfChannel } from "@phala-l2/protocol/wire/frame";

/** Where the batcher puts its data on L1; `auto` takes the cheaper at the moment of posting. */
export type DataAvailability = "auto" | "blobs" | "calldata";

/** L1 prices in wei. */
export type L1Prices = { readonly gasPrice: bigint; readonly blobBaseFee: bigint };

/** What one L1 transaction carries. */
export type Payload =
  | { readonly kind: "blobs"; readonly blobs: readonly Uint8Array[] }
  | { readonly kind: "calldata"; readonly data: Uint8Array };

/** Largest encoding of a frame that still fits into one blob beside the derivation version byte. */
export const MAX_BLOB_FRAME_SIZE = MAX_BLOB_DATA - 1;
/** Largest frame in calldata: L1's pools refuse transactions over 128 KiB, the rest of which gets this room. */
export const MAX_CALLDATA_FRAME_SIZE = 120_000;
/** EIP-7594: blobs that one transaction may carry. */
export const MAX_BLOBS_PER_TRANSACTION = 6;

/** EIP-7623: gas of a calldata byte at the floor, taken as non-zero because compressed data mostly is. */
const CALLDATA_GAS_PER_BYTE = 40n;
const TRANSACTION_GAS = 21_000n;
/** EIP-4844 GAS_PER_BLOB; equal to the blob's size. */
const GAS_PER_BLOB = BigInt(BLOB_SIZE);

/** Wei to post that many bytes either way. */
export function postingCost(
  bytes: number,
  { gasPrice, blobBaseFee }: L1Prices,
): { blobs: bigint; calldata: bigint } {
  const parts = (size: number, each: number) => BigInt(Math.max(1, Math.ceil(size / each)));
  const blobCount = parts(bytes, MAX_BLOB_FRAME_SIZE);
  const blobTransactions = parts(Number(blobCount), MAX_BLOBS_PER_TRANSACTION);
  const calldataTransactions = parts(bytes, MAX_CALLDATA_FRAME_SIZE);
  const calldataGas = calldataTransactions * TRANSACTION_GAS + BigInt(bytes) * CALLDATA_GAS_PER_BYTE;
  return {
    blobs: blobCount * GAS_PER_BLOB * blobBaseFee + blobTransactions * TRANSACTION_GAS * gasPrice,
    calldata: calldataGas * gasPrice,
  };
}

/** The way that a channel of this size goes. */
export function choosePlace(wanted: DataAvailability, bytes: number, prices: L1Prices): Payload["kind"] {
  if (wanted !== "auto") return wanted;
  const { blobs, calldata } = postingCost(bytes, prices);
  return blobs <= calldata ? "blobs" : "calldata";
}

/**
 * A compressed channel as the payloads of L1 transactions, in the order in which they must be included.
 *
 * @param channelId 16 random bytes: two channels must never share an id
 * @throws RollupError FRAME_RANGE when the channel needs more than 65,536 frames
 */
export function payloadsOfChannel(
  channelId: Uint8Array,
  channel: Uint8Array,
  place: Payload["kind"],
): readonly Payload[] {
  if (place === "calldata") {
    const frames = framesOfChannel(channelId, channel, MAX_CALLDATA_FRAME_SIZE);
    return frames.map((frame) => ({ kind: "calldata", data: encodeFrames([frame]) }));
  }
  const blobs = framesOfChannel(channelId, channel, MAX_BLOB_FRAME_SIZE).map((frame) =>
    encodeBlob(encodeFrames([frame])),
  );
  const payloads: Payload[] = [];
  for (let at = 0; at < blobs.length; at += MAX_BLOBS_PER_TRANSACTION) {
    payloads.push({ kind: "blobs", blobs: blobs.slice(at, at + MAX_BLOBS_PER_TRANSACTION) });
  }
  return payloads;
}
