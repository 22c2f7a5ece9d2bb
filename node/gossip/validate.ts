import { type Address, bytesEqual, type Hash, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import {
  decodeUnsafeBlock,
  readUnsafeBlockSignature,
  type UnsafeBlockVersion,
  unsafeBlockSigner,
} from "@phala-l2/protocol/wire/unsafe-block";
import type { SeenBlocks } from "./seen-blocks.ts";
import { messageContent, versionAt } from "./topic.ts";

/** Seconds that a block may be old. Source of all rules here: rollup-node-p2p.md, "Block validation". */
export const MAX_AGE = 60n;
/** Seconds that a block may lie in the future. */
const MAX_AHEAD = 5n;
/**
 * Different blocks at one height after which every other is rejected. The sixth still passes: "if more than 5 have
 * been seen" is asked before it is counted, by op-node too, and whoever passes it on must not pay for it.
 */
export const MAX_BLOCKS_PER_HEIGHT = 5;

export type GossipVerdict =
  | { readonly kind: "accept"; readonly block: Block; readonly hash: Hash }
  /** Neither used nor passed on; its sender is not to blame. */
  | { readonly kind: "ignore"; readonly reason: string }
  /** Neither used nor passed on; its sender pays. */
  | { readonly kind: "reject"; readonly reason: string };

export type GossipRules = {
  readonly config: RollupConfig;
  /** SystemConfig's unsafeBlockSigner; undefined while it is not known. */
  readonly signer: Address | undefined;
  /** Who signed until a minute ago, where SystemConfig has just named another. */
  readonly previousSigner?: Address | undefined;
  /** Unix seconds. */
  readonly now: bigint;
  /** What came before. It is read, not written. */
  readonly seen: Pick<SeenBlocks, "has" | "count">;
};

function ignore(reason: string): GossipVerdict {
  return { kind: "ignore", reason };
}

function reject(reason: string): GossipVerdict {
  return { kind: "reject", reason };
}

/** The signature is judged before the payload is decoded: a stranger's message costs a hash and a recovery. */
function signatureVerdict(
  content: Uint8Array,
  { config, signer, previousSigner }: GossipRules,
): GossipVerdict | undefined {
  const signed = readUnsafeBlockSignature(content);
  if (signed === undefined) return reject("message-too-short");
  // Who may sign is read from L1; until it is known, nobody can be blamed.
  if (signer === undefined || bytesEqual(signer, ZERO_ADDRESS)) return ignore("signer-unknown");
  const author = unsafeBlockSigner(signed, config.l2ChainId);
  if (author === undefined) return reject("signature-invalid");
  if (bytesEqual(author, signer)) return undefined;
  // Its carrier's view of L1 may be a block behind: honest peers must not ban each other over a rotation.
  const isPrevious = previousSigner !== undefined && bytesEqual(author, previousSigner);
  return isPrevious ? ignore("signer-replaced") : reject("signer-unexpected");
}

function headerFault(header: Header, { config, now }: GossipRules): string | undefined {
  if (header.timestamp + MAX_AGE < now) return "timestamp-too-old";
  if (header.timestamp > now + MAX_AHEAD) return "timestamp-in-future";
  // Ecotone: no blobs on the L2. The text wants blobGasUsed zero too; from Jovian it is the data footprint.
  if ((header.excessBlobGas ?? 0n) !== 0n) return "excess-blob-gas-not-zero";
  const hasFootprint = isActive(config, "jovian", header.timestamp);
  return hasFootprint || (header.blobGasUsed ?? 0n) === 0n ? undefined : "blob-gas-not-zero";
}

/**
 * Judges a compressed message of a topic of this version. The order is op-node's: what is cheap to tell and
 * expensive to fake comes first.
 */
export function judgeMessage(
  data: Uint8Array,
  version: UnsafeBlockVersion,
  rules: GossipRules,
): GossipVerdict {
  const content = messageContent(data);
  if (content.kind === "invalid") return reject(content.reason);
  const unsigned = signatureVerdict(content.bytes, rules);
  if (unsigned !== undefined) return unsigned;
  const decoding = decodeUnsafeBlock(content.bytes, version);
  if (decoding.kind === "invalid") return reject(decoding.reason);
  const { block, hash } = decoding.message;
  const fault = headerFault(block.header, rules);
  if (fault !== undefined) return reject(fault);
  const { number, timestamp } = block.header;
  // The sequencer signed a block of another fork. No rule rejects it, and op-node passes it on, so that its
  // carrier is not to blame; but no engine can take it.
  if (versionAt(rules.config, timestamp) !== version) return ignore("version-not-of-fork");
  if (rules.seen.count(number) > MAX_BLOCKS_PER_HEIGHT) return reject("too-many-blocks-at-height");
  if (rules.seen.has(number, hash)) return ignore("block-seen");
  return { kind: "accept", block, hash };
}
