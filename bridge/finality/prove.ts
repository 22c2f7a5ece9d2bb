import { type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeFinalityWitness, finalityOf } from "@phala-l2/protocol/substrate/finality";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import { nodeFault, type SubstrateNode } from "../substrate/node.ts";
import { followedTo } from "./follow.ts";
import { finalityRefused } from "./source.ts";
import { type BlockInQuestion, newestFinal, witnessOf } from "./witness.ts";

/** A proof that a block is final, for who follows a chain as far as the set that signed it. */
export type ProvenFinality = {
  readonly block: BlockInQuestion;
  /** As enclaves take it. */
  readonly witness: Uint8Array;
  readonly setId: bigint;
  /** The block whose votes it is by. */
  readonly by: { readonly height: bigint; readonly hash: Hash };
};

const HASH = /^0x[0-9a-f]{64}$/i;
const HEIGHT = /^\d{1,10}$/;

/** A block by its height or its hash. @throws RollupError SETTING_INVALID, PARACHAIN_INVALID, RPC_… */
export async function blockNamed(node: SubstrateNode, name: string): Promise<BlockInQuestion> {
  if (HASH.test(name)) {
    const hash = hashFromHex(name);
    return { hash, height: (await node.header(hash)).number };
  }
  if (!HEIGHT.test(name)) {
    throw new RollupError("SETTING_INVALID", "--block: a height, or a block's hash as 0x hex, is wanted");
  }
  const height = BigInt(name);
  const hash = await node.blockHashAt(height);
  if (hash === undefined) throw nodeFault("parachain", `no block of height ${height}`);
  return { hash, height };
}

/**
 * Collects the proof that a block is final, and verifies it as enclaves do that were told of the description.
 * @throws RollupError FINALITY_NOT_YET, FINALITY_REFUSED (the description may end before the set that votes now),
 * FINALITY_TOO_FAR, PARACHAIN_FORKED, PARACHAIN_INVALID, RELAY_CHAIN_INVALID, RPC_…
 */
export async function proveFinality(
  chain: FinalityDescription,
  nodes: { readonly relay: SubstrateNode; readonly parachain: SubstrateNode },
  block: BlockInQuestion,
): Promise<ProvenFinality> {
  const { paraId } = chain.source;
  const { set } = followedTo(chain);
  const newest = await newestFinal(nodes.relay, paraId);
  const witness = newest && (await witnessOf(nodes.parachain, newest, block));
  if (newest === undefined || witness === undefined) {
    const message = `block ${block.height} is not final on the relay chain yet`;
    throw new RollupError("FINALITY_NOT_YET", message, {
      data: { height: block.height, final: newest?.head.number },
    });
  }
  const verdict = finalityOf(block.hash, witness, { set, paraId });
  if (verdict.kind === "refused") {
    throw finalityRefused(verdict.reason, { setId: set.id, block: toHex(block.hash) });
  }
  return {
    block,
    witness: encodeFinalityWitness(witness),
    setId: set.id,
    by: { height: verdict.by.number, hash: verdict.by.hash },
  };
}
