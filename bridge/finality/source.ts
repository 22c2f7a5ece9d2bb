import { RollupError } from "@phala-l2/protocol/errors";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import {
  type AuthoritySet,
  decodeAuthorities,
  type FinalityFault,
  verifyJustification,
} from "@phala-l2/protocol/substrate/grandpa";
import { ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { nodeFault, type SubstrateNode } from "../substrate/node.ts";
import { finalizedHeight, justifiedBlockFor } from "./relay-chain.ts";

/** What is refused by the rule that enclaves refuse it by. */
export function finalityRefused(
  reason: FinalityFault | string,
  data: Readonly<Record<string, unknown>>,
): RollupError<"FINALITY_REFUSED"> {
  const message = `provers would refuse what the relay chain's node shows: ${reason}`;
  return new RollupError("FINALITY_REFUSED", message, { data: { reason, ...data } });
}

/** Who votes on the blocks above that one, as its state says. @throws RollupError RELAY_CHAIN_INVALID, RPC_… */
export async function authoritySetAt(node: SubstrateNode, height: bigint): Promise<AuthoritySet> {
  const hash = await node.blockHashAt(height);
  if (hash === undefined) throw nodeFault("relay-chain", `no block of height ${height}`);
  const [number, list] = await Promise.all([
    node.call("GrandpaApi_current_set_id", hash),
    node.call("GrandpaApi_grandpa_authorities", hash),
  ]);
  const reader = new ScaleReader(number);
  const id = reader.finish(reader.u64());
  const authorities = decodeAuthorities(list);
  if (id.kind === "invalid" || authorities.kind === "invalid") {
    throw nodeFault("relay-chain", "an authority set that can not be read");
  }
  return { id: id.value, authorities: authorities.value };
}

/**
 * Where following a chain's finality can start: the authority set that votes on the blocks above a height, which has to have voted for
 * one of them. The node is believed here, as whoever names a genesis hash is: compare the anchor with that of other nodes.
 * @param at A block whose state the node still has; without, the newest one that can be checked.
 * @throws RollupError FINALITY_REFUSED when the set's votes are not that set's, RELAY_CHAIN_INVALID, RPC_…
 */
export async function readFinalitySource(
  node: SubstrateNode,
  { at, paraId }: { readonly at: bigint | undefined; readonly paraId: number | undefined },
): Promise<FinalityDescription> {
  const finalized = await finalizedHeight(node);
  const from = at ?? finalized - 1n;
  if (from < 0n) throw nodeFault("relay-chain", "no final block but its genesis");
  const justified = from < finalized ? await justifiedBlockFor(node, from + 1n) : undefined;
  if (justified === undefined) {
    throw new RollupError("FINALITY_NOT_YET", `block ${from + 1n} of the relay chain is not final yet`, {
      data: { height: from + 1n },
    });
  }
  const set = await authoritySetAt(node, from);
  const votes = verifyJustification(justified.justification, set);
  if (votes.kind === "refused") throw finalityRefused(votes.reason, { setId: set.id, height: from });
  return { source: { set, paraId }, from, handOvers: [] };
}
