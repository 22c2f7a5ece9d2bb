import { createHash } from "node:crypto";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { decompressSnappy, type SnappyDecoding } from "./snappy.ts";

/** Largest message, compressed and not. Source: specs/protocol/rollup-node-p2p.md, "Gossip Topics": 10 MiB. */
export const MAX_GOSSIP_BYTES = 10 * 1024 * 1024;

/** MESSAGE_DOMAIN_…_SNAPPY. Source: rollup-node-p2p.md, "Message encoding". */
const VALID_SNAPPY = Uint8Array.of(1, 0, 0, 0);
const INVALID_SNAPPY = Uint8Array.of(0, 0, 0, 0);
const MESSAGE_ID_BYTES = 20;

/** The version of payloads with a withdrawals root, from Isthmus on. */
const ISTHMUS_TOPIC_VERSION = 3;

/**
 * The topic of the chain's blocks. Only version 3 is spoken: chains of this project have Isthmus from genesis.
 * @throws RollupError GOSSIP_FORK_UNSUPPORTED for a chain that starts before Isthmus
 */
export function blocksTopic(config: Pick<RollupConfig, "l2ChainId" | "forks" | "genesis">): string {
  const isthmus = config.forks.isthmus;
  if (isthmus === undefined || isthmus > config.genesis.l2Time) {
    throw new RollupError("GOSSIP_FORK_UNSUPPORTED", "gossip needs a chain with Isthmus at genesis");
  }
  return `/optimism/${config.l2ChainId}/${ISTHMUS_TOPIC_VERSION}/blocks`;
}

/** Decompressed once, though a message's id and its verdict both need it. */
const decompressed = new WeakMap<Uint8Array, SnappyDecoding>();

/** A message's content; the same array object is decompressed only once. */
export function messageContent(data: Uint8Array): SnappyDecoding {
  const known = decompressed.get(data);
  if (known !== undefined) return known;
  const content = decompressSnappy(data, MAX_GOSSIP_BYTES);
  decompressed.set(data, content);
  return content;
}

/**
 * A message's id: SHA-256 of domain, topic length u64 little-endian, topic and content (decompressed where it
 * can be, so that another compression of the same block is the same message), cut to 20 bytes.
 */
export function messageId(topic: string, data: Uint8Array): Uint8Array {
  const content = messageContent(data);
  const topicBytes = Buffer.from(topic, "utf8");
  const topicLength = Buffer.alloc(8);
  topicLength.writeBigUInt64LE(BigInt(topicBytes.length));
  return createHash("sha256")
    .update(content.kind === "ok" ? VALID_SNAPPY : INVALID_SNAPPY)
    .update(topicLength)
    .update(topicBytes)
    .update(content.kind === "ok" ? content.bytes : data)
    .digest()
    .subarray(0, MESSAGE_ID_BYTES);
}
