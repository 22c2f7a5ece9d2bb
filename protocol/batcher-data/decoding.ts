import type { JsonValue } from "../config/json-reader.ts";
import { readChannel } from "../wire/channel.ts";
import type { Frame } from "../wire/frame.ts";
import { collectChannels } from "./channels.ts";
import { type ChainFacts, type Description, describeBatch } from "./description.ts";
import { blobsOf, byteStringsOf, dataOfTransaction, framesOfBlob, framesOfData } from "./pieces.ts";

/** What the files are: EIP-4844 blobs, signed L1 transactions, or compressed channels. */
export const PIECE_KINDS = ["blob", "tx", "channel"] as const;
export type PieceKind = (typeof PIECE_KINDS)[number];

export type NamedFile = { readonly name: string; readonly content: Uint8Array };

export type DecodingOptions = {
  readonly kind: PieceKind;
  readonly chain: ChainFacts;
  /** Whether MAX_RLP_BYTES_PER_CHANNEL is Fjord's 100 MB, and brotli is known; else 10 MB, and it is not. */
  readonly fjord: boolean;
  /** Whether blocks get their raw transactions too. */
  readonly raw: boolean;
};

export type BatchData = {
  readonly batches: readonly Description[];
  /** Channels of which frames are missing. */
  readonly incomplete: readonly { readonly [name: string]: JsonValue }[];
  /** Everything else that is not among the batches: where it was, and why. */
  readonly dropped: readonly { readonly [name: string]: JsonValue }[];
  readonly totals: {
    readonly channels: number;
    readonly batches: number;
    readonly blocks: number;
    readonly transactions: number;
    /** Bytes of the files, and of the batches after decompression. */
    readonly inputBytes: number;
    readonly batchBytes: number;
  };
};

type Place = { readonly [name: string]: JsonValue };
type NamedChannel = { readonly place: Place; readonly data: Uint8Array };

/**
 * Decodes batcher data in whatever state it is: nothing in it makes this throw. The frames of all files are one
 * stream; each channel that is whole gives its batches, channels in the order of their first frames. A channel
 * is read up to the first batch that is malformed, as derivation reads it, and never further than
 * MAX_RLP_BYTES_PER_CHANNEL.
 */
export function decodeBatchData(files: readonly NamedFile[], options: DecodingOptions): BatchData {
  const decoder = new Decoder(options);
  for (const file of files) decoder.addFile(file);
  return decoder.finish();
}

class Decoder {
  readonly #options: DecodingOptions;
  readonly #frames: Frame[] = [];
  readonly #channels: NamedChannel[] = [];
  readonly #batches: Description[] = [];
  readonly #dropped: Place[] = [];
  readonly #totals = { channels: 0, batches: 0, blocks: 0, transactions: 0, inputBytes: 0, batchBytes: 0 };

  constructor(options: DecodingOptions) {
    this.#options = options;
  }

  addFile({ name, content }: NamedFile): void {
    this.#totals.inputBytes += content.length;
    for (const [index, bytes] of byteStringsOf(content).entries()) {
      const place = index === 0 ? { file: name } : { file: name, line: index };
      if (this.#options.kind === "channel") this.#channels.push({ place, data: bytes });
      else if (this.#options.kind === "tx") this.#addTransaction(bytes, place);
      else this.#addBlobs(bytes, place);
    }
  }

  #addTransaction(raw: Uint8Array, place: Place): void {
    const piece = dataOfTransaction(raw);
    if (piece.kind === "invalid") this.#dropped.push({ ...place, reason: piece.reason });
    else if (piece.kind === "calldata") this.#addFrames(framesOfData(piece.data), place);
    else this.#addFramesOfBlobs(piece.blobs, place);
  }

  #addBlobs(bytes: Uint8Array, place: Place): void {
    const blobs = blobsOf(bytes);
    if (blobs.kind === "invalid") this.#dropped.push({ ...place, reason: blobs.reason });
    else this.#addFramesOfBlobs(blobs.found, place);
  }

  #addFramesOfBlobs(blobs: readonly Uint8Array[], place: Place): void {
    for (const [i, blob] of blobs.entries()) this.#addFrames(framesOfBlob(blob), { ...place, blob: i });
  }

  #addFrames(frames: ReturnType<typeof framesOfData>, place: Place): void {
    if (frames.kind === "invalid") this.#dropped.push({ ...place, reason: frames.reason });
    else for (const frame of frames.found) this.#frames.push(frame);
  }

  finish(): BatchData {
    const { whole, incomplete, surplus } = collectChannels(this.#frames);
    for (const { id, frame, reason } of surplus) this.#dropped.push({ channel: id, frame, reason });
    for (const { id, data } of whole) this.#channels.push({ place: { channel: id }, data });
    for (const channel of this.#channels) this.#readChannel(channel);
    return {
      batches: this.#batches,
      incomplete: incomplete.map(({ id, frames, missing }) => ({ channel: id, frames, missing })),
      dropped: this.#dropped,
      totals: this.#totals,
    };
  }

  #readChannel({ place, data }: NamedChannel): void {
    this.#totals.channels += 1;
    const { payloads, stop } = readChannel(data, { fjord: this.#options.fjord });
    for (const [index, payload] of payloads.entries()) {
      const described = describeBatch(payload, this.#options.chain, this.#options.raw);
      if (described.kind === "invalid") {
        // The batches after it go too: specs/protocol/holocene/derivation.md "Fast Channel Invalidation".
        const rest = payloads.length - index - 1;
        this.#dropped.push({ ...place, batch: index, reason: described.reason, batchesAfterIt: rest });
        return;
      }
      this.#batches.push(described.description);
      this.#totals.batches += 1;
      this.#totals.blocks += described.blocks;
      this.#totals.transactions += described.transactions;
      this.#totals.batchBytes += payload.length;
    }
    if (stop !== undefined) this.#dropped.push({ ...place, batch: payloads.length, reason: stop });
  }
}
