import { createHash } from "node:crypto";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { MAX_GOSSIP_SIZE, type UnsafeBlockVersion } from "@phala-l2/protocol/wire/unsafe-block";
import { decompressSnappy, type SnappyDecoding } from "./snappy.ts";

/** MESSAGE_DOMAIN_…_SNAPPY. Source: specs/protocol/rollup-node-p2p.md, "Gossip Topics". */
const VALID_SNAPPY = Uint8Array.of(1, 0, 0, 0);
const INVALID_SNAPPY = Uint8Array.of(0, 0, 0, 0);
const MESSAGE_ID_BYTES = 20;

/** The fork whose first block is announced in each version; version 1 is before them all. */
const VERSION_FORKS = [
  [4, "isthmus"],
  [3, "ecotone"],
  [2, "canyon"],
] as const;

/** The version of the payload of a block of this time. */
export function versionAt(config: Pick<RollupConfig, "forks">, timestamp: bigint): UnsafeBlockVersion {
  const found = VERSION_FORKS.find(([, fork]) => isActive(config, fork, timestamp));
  return found?.[0] ?? 1;
}

/** `/optimism/<chain id>/<version - 1>/blocks`. */
export function blocksTopic(chainId: bigint, version: UnsafeBlockVersion): string {
  return `/optimism/${chainId}/${version - 1}/blocks`;
}

/** The topics that blocks of this chain, from genesis on, are announced on, with their versions. */
export function blocksTopics(
  config: Pick<RollupConfig, "l2ChainId" | "forks" | "genesis">,
): ReadonlyMap<string, UnsafeBlockVersion> {
  const first = versionAt(config, config.genesis.l2Time);
  const later = VERSION_FORKS.filter(
    ([version, fork]) => version > first && config.forks[fork] !== undefined,
  );
  const versions: readonly UnsafeBlockVersion[] = [first, ...later.map(([version]) => version)];
  return new Map(versions.map((version) => [blocksTopic(config.l2ChainId, version), version]));
}

/** Decompressed once, though a message's id and its verdict both need it. */
const decompressed = new WeakMap<Uint8Array, SnappyDecoding>();

/** A message's content; the same array object is decompressed only once. */
export function messageContent(data: Uint8Array): SnappyDecoding {
  const known = decompressed.get(data);
  if (known !== undefined) return known;
  const content = decompressSnappy(data, MAX_GOSSIP_SIZE);
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
