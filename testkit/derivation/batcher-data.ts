import { type Address, concatBytes, EMPTY_BYTES, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeSingular, encodeSpan } from "@phala-l2/protocol/wire/batch";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { channelItem } from "@phala-l2/protocol/wire/channel";
import { compressBrotli, compressZlib } from "@phala-l2/protocol/wire/compression";
import { encodeFrames, type Frame, framesOfChannel } from "@phala-l2/protocol/wire/frame";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { spanBatchOfSingulars } from "@phala-l2/protocol/wire/span-batch";
import {
  encodeTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { BATCHER, type TestAccount } from "./keys.ts";
import type { L1Chain } from "./l1-chain.ts";

/** A channel's id, told apart by a number. */
export function channelId(number: number): Uint8Array {
  return keccak256(Uint8Array.of(number >> 8, number & 0xff)).slice(0, 16);
}

export type Compression = "zlib" | "brotli";

/** A compressed channel of batch encodings. */
export function channelOf(payloads: readonly Uint8Array[], compression: Compression = "zlib"): Uint8Array {
  const content = concatBytes(...payloads.map(channelItem));
  return compression === "zlib" ? compressZlib(content) : compressBrotli(content, 5);
}

export function singularChannel(batches: readonly SingularBatch[], compression?: Compression): Uint8Array {
  return channelOf(batches.map(encodeSingular), compression);
}

/** One span batch of consecutive singular batches. */
export function spanPayload(
  config: RollupConfig,
  batches: readonly SingularBatch[],
  firstBeginsEpoch: boolean,
): Uint8Array {
  const rules = {
    genesisTime: config.genesis.l2Time,
    blockTime: config.blockTime,
    chainId: config.l2ChainId,
  };
  return encodeSpan(spanBatchOfSingulars(batches, firstBeginsEpoch, rules));
}

/** All of a channel in one frame. */
export function wholeFrame(id: Uint8Array, channel: Uint8Array): Frame {
  return { channelId: id, number: 0, data: channel, isLast: true };
}

/** A channel in `count` frames of about equal size. */
export function framesIn(count: number, id: Uint8Array, channel: Uint8Array): readonly Frame[] {
  const size = Math.max(1, Math.ceil(channel.length / count));
  return framesOfChannel(id, channel, size + 23);
}

export type BatcherTransaction = {
  readonly data?: Uint8Array;
  readonly blobs?: readonly Uint8Array[];
  readonly from?: TestAccount;
  readonly to?: Address;
  readonly type?: 0 | 1 | 2 | 3 | 4;
  readonly chainId?: bigint;
};

/** The name under which a test's L1 keeps a blob: like a versioned hash, but of the blob itself. */
function blobName(blob: Uint8Array): Hash {
  const name = keccak256(blob);
  name[0] = 1;
  return name;
}

/** A signed L1 transaction to the inbox; blobs go to the chain's blob store. */
export function inboxTransaction(config: RollupConfig, l1: L1Chain, options: BatcherTransaction): Uint8Array {
  const { data = EMPTY_BYTES, blobs, from = BATCHER, to = config.batchInboxAddress } = options;
  const type = options.type ?? (blobs === undefined ? 2 : 3);
  const chainId = options.chainId ?? config.l1ChainId;
  const blobVersionedHashes = (blobs ?? []).map(blobName);
  (blobs ?? []).forEach((blob, i) => {
    const name = blobVersionedHashes[i];
    if (name !== undefined) l1.blobs.set(toHex(name), blob);
  });
  const call = { nonce: 0n, gasLimit: 21_000n, to, value: 0n, data };
  const price = { maxPriorityFeePerGas: 1n, maxFeePerGas: 100n };
  const typed = { chainId, accessList: [] };
  const unsigned: Record<0 | 1 | 2 | 3 | 4, UnsignedTransaction> = {
    0: { type: 0, chainId, gasPrice: 100n, ...call },
    1: { type: 1, ...typed, gasPrice: 100n, ...call },
    2: { type: 2, ...typed, ...price, ...call },
    3: { type: 3, ...typed, ...price, ...call, maxFeePerBlobGas: 1n, blobVersionedHashes },
    4: { type: 4, ...typed, ...price, ...call, authorizationList: [] },
  };
  return encodeTransaction(signTransaction(unsigned[type], from.privateKey));
}

/** A batcher transaction with these frames in its calldata. */
export function calldataFrames(config: RollupConfig, l1: L1Chain, frames: readonly Frame[]): Uint8Array {
  return inboxTransaction(config, l1, { data: encodeFrames(frames) });
}

/** A blob with these frames. */
export function blobOfFrames(frames: readonly Frame[]): Uint8Array {
  return encodeBlob(encodeFrames(frames));
}
