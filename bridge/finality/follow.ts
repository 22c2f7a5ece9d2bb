import { decodeHandOver, encodeHandOver } from "@phala-l2/protocol/substrate/finality";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import { type AuthoritySet, announcedSet, nextSet } from "@phala-l2/protocol/substrate/grandpa";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import type { SubstrateNode } from "../substrate/node.ts";
import { lastBlockOfSet } from "./relay-chain.ts";
import { finalityRefused } from "./source.ts";

/** The newest set of a description, and the last block that it does not vote on; undefined where nobody told that one. */
export type FollowedTo = { readonly set: AuthoritySet; readonly after: bigint | undefined };

/**
 * How far a description goes. Hand-overs in it were verified when they were written; votes are not counted again here, as enclaves do
 * it from the start.
 * @throws RollupError FINALITY_REFUSED when a hand-over in it is none
 */
export function followedTo({ source, from, handOvers }: FinalityDescription): FollowedTo {
  const last = handOvers.at(-1);
  if (last === undefined) return { set: source.set, after: from };
  const decoded = decodeHandOver(last);
  if (decoded.kind === "refused") throw finalityRefused(decoded.reason, { handOver: handOvers.length });
  const { header } = decoded.handOver;
  const announced = announcedSet(header, source.set.id + BigInt(handOvers.length));
  if (announced.kind === "refused") throw finalityRefused(announced.reason, { height: header.number });
  return { set: announced.set, after: header.number };
}

export type HandOverFound = {
  /** As `encodeHandOver` writes it. */
  readonly handOver: Uint8Array;
  readonly height: bigint;
  readonly set: AuthoritySet;
};

/**
 * The hand-over that ends a set, verified as enclaves verify it; undefined while that set still votes.
 * @throws RollupError FINALITY_REFUSED, RELAY_CHAIN_INVALID, RPC_…
 */
export async function nextHandOver(
  node: SubstrateNode,
  { set, after }: { readonly set: AuthoritySet; readonly after: bigint },
): Promise<HandOverFound | undefined> {
  const block = await lastBlockOfSet(node, after + 1n);
  if (block === undefined) return undefined;
  const { header, justification } = block;
  const height = header.number;
  const next = nextSet(set, { header, justification });
  if (next.kind === "set") {
    return {
      handOver: encodeHandOver({ header: encodeHeader(header), justification }),
      height,
      set: next.set,
    };
  }
  // The newest block of a set that still votes: votes and header were verified before, and it announces nobody.
  if (next.reason === "hand-over-absent") return undefined;
  throw finalityRefused(next.reason, { setId: set.id, height });
}

/**
 * All hand-overs since, one after another; each is to be written down before the next is asked for.
 * @throws RollupError as `nextHandOver`
 */
export async function* handOversSince(
  node: SubstrateNode,
  start: { readonly set: AuthoritySet; readonly after: bigint },
): AsyncGenerator<HandOverFound> {
  let at = start;
  for (;;) {
    const found = await nextHandOver(node, at);
    if (found === undefined) return;
    yield found;
    at = { set: found.set, after: found.height };
  }
}
