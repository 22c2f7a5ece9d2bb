import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { decodeFinalityProof } from "@phala-l2/protocol/substrate/finality-proof";
import type { SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { nodeFault, type SubstrateNode } from "../substrate/node.ts";

/** A block of the chain that votes, and the votes for it. Nothing of it is verified but the header's hash. */
export type JustifiedBlock = {
  readonly hash: Hash;
  readonly header: SubstrateHeader;
  readonly justification: Uint8Array;
};

/** What Substrate's server answers in place of a document that is larger than it may send. */
const OVERSIZED_RESPONSE = -32_008;
/**
 * Between two questions whose answers may be too large: an answer has all headers from the block asked for to the justified one, some
 * hundred bytes each, and servers send fifteen megabytes at least by default.
 */
const STEP = 4096n;

export async function finalizedHeight(node: SubstrateNode): Promise<bigint> {
  return (await node.header(await node.finalizedHead())).number;
}

/**
 * The justified block that a node proves a height's finality by: the last one of that height's authority set, or the newest one
 * while that set still votes. Undefined when the node has none of that height or above yet.
 * @throws RollupError RELAY_CHAIN_INVALID, RPC_…
 */
export async function justifiedBlockFor(
  node: SubstrateNode,
  height: bigint,
): Promise<JustifiedBlock | undefined> {
  const bytes = await node.finalityProof(height);
  if (bytes === undefined) return undefined;
  const proof = decodeFinalityProof(bytes);
  if (proof.kind === "invalid") {
    throw nodeFault("relay-chain", `a proof of finality that can not be read (${proof.reason})`);
  }
  const { block: hash, justification, headers } = proof.value;
  const header = await node.header(hash);
  const last = headers.at(-1);
  if (last !== undefined && !bytesEqual(last.stateRoot, header.stateRoot)) {
    throw nodeFault("relay-chain", "a proof of finality whose headers lead to another block");
  }
  return header.number < height ? undefined : { hash, header, justification };
}

/** The same for the first height of a set, however many blocks it voted on. */
export async function lastBlockOfSet(
  node: SubstrateNode,
  first: bigint,
): Promise<JustifiedBlock | undefined> {
  const finalized = await finalizedHeight(node);
  for (let height = first; height <= finalized; height += STEP) {
    try {
      return await justifiedBlockFor(node, height);
    } catch (error) {
      const isTooLarge = isRollupError(error, "RPC_REFUSED") && codeOf(error.data) === OVERSIZED_RESPONSE;
      if (!isTooLarge || height + STEP > finalized) throw error;
    }
  }
  return undefined;
}

function codeOf(data: unknown): unknown {
  return typeof data === "object" && data !== null && "code" in data ? data.code : undefined;
}
