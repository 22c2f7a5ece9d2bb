import { concatBytes } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Block } from "@phala-l2/protocol/wire/block";
import {
  decodeEnvelope,
  encodeEnvelope,
  MAX_GOSSIP_SIZE,
  type UnsafeBlock,
  type UnsafeBlockFault,
  unsafeBlockVersion,
} from "@phala-l2/protocol/wire/unsafe-block";
import { versionAt } from "../topic.ts";
import { decodeSnappyFrames, encodeSnappyFrames, type FramesFault } from "./snappy-frames.ts";

/**
 * How peers ask each other for blocks by number.
 * Source: rollup-node-p2p.md, "payload_by_number".
 *
 * request  = block number u64, little-endian
 * response = result u8 | version u32, little-endian | envelope in snappy's framing format, to the stream's end
 */
export const REQUEST_LENGTH = 8;
/** Most bytes of a response, and most that its envelope decompresses to. */
export const MAX_RESPONSE_LENGTH = MAX_GOSSIP_SIZE;

/** The `<res>` byte. All but success are a refusal; which, only helps whoever debugs. */
export const RESULT = { success: 0, notFound: 1, invalidRequest: 2, otherError: 3 } as const;
export type Refusal = Exclude<(typeof RESULT)[keyof typeof RESULT], 0>;

const RESULT_LENGTH = 1;
const VERSION_LENGTH = 4;
/** `<version>`: without a beacon root; Ecotone's envelope; Isthmus's. */
const PLAIN = 0;
const ECOTONE = 1;
const ISTHMUS = 2;

export type ResponseFault =
  | "response-truncated"
  | "response-refused"
  | "response-too-long"
  | "response-version-unknown"
  | "response-other-number"
  | FramesFault
  | UnsafeBlockFault;
export type ResponseDecoding =
  | { readonly kind: "ok"; readonly block: UnsafeBlock }
  | { readonly kind: "invalid"; readonly reason: ResponseFault; readonly result: number | undefined };

/** The protocol's id. The text ends it with a slash; op-node and all that talk to it do not. */
export function payloadProtocol(chainId: bigint): string {
  return `/opstack/req/payload_by_number/${chainId}/0`;
}

export function encodeRequest(number: bigint): Uint8Array {
  const bytes = new Uint8Array(REQUEST_LENGTH);
  new DataView(bytes.buffer).setBigUint64(0, number, true);
  return bytes;
}

/** The number asked for; undefined where the bytes are no request. What follows the number is not looked at. */
export function decodeRequest(bytes: Uint8Array): bigint | undefined {
  if (bytes.length < REQUEST_LENGTH) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  return Uint8Array.of(refusal);
}

/** The response that carries a block. @throws RollupError UNSAFE_BLOCK_FIELDS */
export function encodeResponse(block: Block): Uint8Array {
  const version = unsafeBlockVersion(block.header);
  const head = new Uint8Array(RESULT_LENGTH + VERSION_LENGTH);
  head[0] = RESULT.success;
  const named = version === 4 ? ISTHMUS : version === 3 ? ECOTONE : PLAIN;
  new DataView(head.buffer).setUint32(RESULT_LENGTH, named, true);
  return concatBytes(head, encodeSnappyFrames(encodeEnvelope(block)));
}

/**
 * Reads a response: a block of the number asked for, whose content has the hash that it claims. Whether it is a
 * block of the chain is for the caller. Never throws.
 */
export function decodeResponse(
  bytes: Uint8Array,
  number: bigint,
  config: Pick<RollupConfig, "forks" | "genesis" | "blockTime">,
): ResponseDecoding {
  const result = bytes[0];
  const invalid = (reason: ResponseFault): ResponseDecoding => ({ kind: "invalid", reason, result });
  if (result === undefined) return invalid("response-truncated");
  if (result !== RESULT.success) return invalid("response-refused");
  if (bytes.length > MAX_RESPONSE_LENGTH) return invalid("response-too-long");
  const payloadAt = RESULT_LENGTH + VERSION_LENGTH;
  if (bytes.length < payloadAt) return invalid("response-truncated");
  const named = new DataView(bytes.buffer, bytes.byteOffset).getUint32(RESULT_LENGTH, true);
  if (named > ISTHMUS) return invalid("response-version-unknown");
  const frames = decodeSnappyFrames(bytes.subarray(payloadAt), MAX_RESPONSE_LENGTH);
  if (frames.kind === "invalid") return invalid(frames.reason);
  // One number stands for two encodings, and servers differ on which name Isthmus has; the block's time tells.
  const { genesis, blockTime } = config;
  const version = versionAt(config, genesis.l2Time + (number - genesis.l2.number) * blockTime);
  const decoding = decodeEnvelope(frames.bytes, version);
  if (decoding.kind === "invalid") return invalid(decoding.reason);
  const block = decoding.envelope;
  return block.block.header.number === number ? { kind: "ok", block } : invalid("response-other-number");
}
