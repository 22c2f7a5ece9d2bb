import { type Address, bytesEqual, type Hash, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isActive } from "@phala-l2/protocol/config/rollup";
import { isLowS, recoverAddress } from "@phala-l2/protocol/secp256k1";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { decodeUnsafeBlock, unsafeBlockSigningHash } from "@phala-l2/protocol/wire/unsafe-block";
import type { SeenBlocks } from "./seen-blocks.ts";
import { messageContent } from "./topic.ts";

/** Seconds that a block may be old. Source of all rules here: rollup-node-p2p.md, "Block validation". */
const MAX_AGE = 60n;
/** Seconds that a block may lie in the future. */
const MAX_AHEAD = 5n;
/** Different blocks at one height that are passed on. */
const MAX_BLOCKS_PER_HEIGHT = 5;
/** A signature and a byte to sign: op-node's minGossipSize. */
const MIN_MESSAGE = 66;

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
