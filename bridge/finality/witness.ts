import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  type FinalityWitness,
  MAX_DESCENT,
  parachainHead,
  parachainHeadKey,
} from "@phala-l2/protocol/substrate/finality";
import {
  decodeHeader,
  encodeHeader,
  headerHash,
  type SubstrateHeader,
} from "@phala-l2/protocol/substrate/header";
import { nodeFault, type SubstrateNode } from "../substrate/node.ts";
import { finalizedHeight, type JustifiedBlock, justifiedBlockFor } from "./relay-chain.ts";

/** The newest block of the chain in question that is final, and what shows it; votes are not counted. */
export type NewestFinal = {
  readonly justified: JustifiedBlock;
  /** Storage proof of the parachain's head; empty for a chain with finality of its own. */
  readonly nodes: readonly Uint8Array[];
  readonly head: SubstrateHeader;
};

export type BlockInQuestion = { readonly height: bigint; readonly hash: Hash };

/** Headers asked for at once: a node answers them side by side. */
const READ_AHEAD = 32;

/**
 * What the relay chain has made final of a parachain up to now; of itself, where no parachain is named. Undefined when the relay chain's
 * node has no justification yet.
 * @throws RollupError RELAY_CHAIN_INVALID, RPC_…
 */
export async function newestFinal(
  relay: SubstrateNode,
  paraId: number | undefined,
): Promise<NewestFinal | undefined> {
  const justified = await justifiedBlockFor(relay, await finalizedHeight(relay));
  if (justified === undefined) return undefined;
  if (paraId === undefined) return { justified, nodes: [], head: justified.header };
  const nodes = await relay.readProof([parachainHeadKey(paraId)], justified.hash);
  const bytes = parachainHead(justified.header, nodes, paraId);
  if (typeof bytes === "string") throw nodeFault("relay-chain", `no head of parachain ${paraId} (${bytes})`);
  const head = decodeHeader(bytes);
  if (head.kind === "invalid") {
    throw nodeFault("relay-chain", `a head of parachain ${paraId} that is no header (${head.reason})`);
  }
  return { justified, nodes, head: head.value };
}

/**
 * What shows that a block is final. Undefined when it is not yet, or when the parachain's node has not the way from the final head
 * down to it yet.
 * @throws RollupError PARACHAIN_FORKED when the relay chain made another block of that height final; FINALITY_TOO_FAR;
 * PARACHAIN_INVALID, RPC_…
 */
export async function witnessOf(
  parachain: SubstrateNode,
  { justified, nodes, head }: NewestFinal,
  block: BlockInQuestion,
): Promise<FinalityWitness | undefined> {
  if (head.number < block.height) return undefined;
  if (head.number - block.height > MAX_DESCENT) {
    const message = `block ${block.height} is ${head.number - block.height} blocks below the final head, ${MAX_DESCENT} at most can be shown`;
    throw new RollupError("FINALITY_TOO_FAR", message, { data: { height: block.height } });
  }
  const descent: SubstrateHeader[] = [];
  let last = head;
  for await (const header of headersDown(parachain, head.number - 1n, block.height)) {
    if (header === undefined) return undefined;
    if (!bytesEqual(headerHash(header), last.parentHash)) return forkedOr(parachain, head);
    descent.push(header);
    last = header;
  }
  if (!bytesEqual(headerHash(last), block.hash)) throw forked(block, headerHash(last));
  const { justification, header } = justified;
  return { justification, justified: encodeHeader(header), nodes, descent: descent.map(encodeHeader) };
}

/** Headers of the node's chain from one height down to another; undefined where it has none. */
async function* headersDown(node: SubstrateNode, from: bigint, to: bigint) {
  for (let top = from; top >= to; top -= BigInt(READ_AHEAD)) {
    const count = Math.min(READ_AHEAD, Number(top - to) + 1);
    const heights = Array.from({ length: count }, (_, i) => top - BigInt(i));
    yield* await Promise.all(
      heights.map(async (height) => {
        const hash = await node.blockHashAt(height);
        return hash === undefined ? undefined : node.header(hash);
      }),
    );
  }
}

/** The node's chain does not lead to the final head: it may not have it yet. */
async function forkedOr(node: SubstrateNode, head: SubstrateHeader): Promise<undefined> {
  const own = await node.blockHashAt(head.number);
  if (own === undefined) return undefined;
  throw forked({ height: head.number, hash: own }, headerHash(head));
}

function forked({ height, hash }: BlockInQuestion, final: Hash): RollupError<"PARACHAIN_FORKED"> {
  const message = `block ${height} is not the one that the relay chain made final: a node is of another chain, or lies`;
  const data = { height: height.toString(), hash: toHex(hash), final: toHex(final) };
  return new RollupError("PARACHAIN_FORKED", message, { data });
}
