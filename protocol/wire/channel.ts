import {
  decompressChannel,
  MAX_RLP_BYTES_PER_CHANNEL_BEDROCK,
  MAX_RLP_BYTES_PER_CHANNEL_FJORD,
} from "./compression.ts";
import { encodeRlp, firstRlpItem } from "./rlp.ts";

/**
 * A channel's content: RLP strings one after another, each the encoding of one batch.
 * Source: specs/protocol/derivation.md "Channel Format".
 */
export type ChannelRules = {
  /** Whether Fjord is active at the time of the L1 block that completed the channel. */
  readonly fjord: boolean;
};

export type ChannelContent = {
  /** Batch encodings (see batch.ts) in their order. */
  readonly payloads: readonly Uint8Array[];
  /** Why reading ended before the content did; undefined when all of it was read. */
  readonly stop: string | undefined;
};

/** MAX_RLP_BYTES_PER_CHANNEL. */
export function maxRlpBytesPerChannel(rules: ChannelRules): number {
  return rules.fjord ? MAX_RLP_BYTES_PER_CHANNEL_FJORD : MAX_RLP_BYTES_PER_CHANNEL_BEDROCK;
}

/**
 * The batch encodings in a compressed channel. Reading stops, keeping what came before, at the first item that
 * is malformed, no string, or not complete within MAX_RLP_BYTES_PER_CHANNEL. Never throws.
 */
export function readChannel(channel: Uint8Array, rules: ChannelRules): ChannelContent {
  const content = decompressChannel(channel, { fjord: rules.fjord, limit: maxRlpBytesPerChannel(rules) });
  if (content.kind === "invalid") return { payloads: [], stop: content.reason };
  const payloads: Uint8Array[] = [];
  let rest = content.bytes;
  while (rest.length > 0) {
    const first = firstRlpItem(rest);
    if (first.kind === "incomplete") return { payloads, stop: "batch-incomplete" };
    if (first.kind === "invalid") return { payloads, stop: first.reason };
    payloads.push(first.payload);
    rest = first.rest;
  }
  return { payloads, stop: undefined };
}

/** `readChannel` without the reason for its end. */
export function batchesOfChannel(channel: Uint8Array, rules: ChannelRules): readonly Uint8Array[] {
  return readChannel(channel, rules).payloads;
}

/** One batch encoding as it stands in a channel before compression. */
export function channelItem(payload: Uint8Array): Uint8Array {
  return encodeRlp(payload);
}
