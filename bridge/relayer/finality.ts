import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { encodeFinalityWitness } from "@phala-l2/protocol/substrate/finality";
import { type BlockInQuestion, newestFinal, witnessOf } from "../finality/witness.ts";
import type { SubstrateNode } from "../substrate/node.ts";
import { type DepositRecord, depositKey, type Journal, type RecordedFinality } from "./journal.ts";

/** Where proofs come from that a deposit's blocks are final. */
export type FinalityNodes = {
  readonly relay: SubstrateNode;
  readonly parachain: SubstrateNode;
  /** The parachain's number on the relay chain. */
  readonly paraId: number;
};

export type FinalityCollectorDependencies = {
  readonly nodes: FinalityNodes;
  readonly journal: Journal;
  readonly log: Log;
};

/**
 * Collects, once for each deposit, what shows provers that its blocks are final, and writes it down: later the parachain may have ended,
 * and nobody could show it any more. Votes are not counted here; provers count them, and say so when they do not suffice.
 */
export class FinalityCollector {
  readonly #on: FinalityCollectorDependencies;

  constructor(dependencies: FinalityCollectorDependencies) {
    this.#on = dependencies;
  }

  /**
   * Proofs for the blocks of a deposit, in the order in which provers take them; undefined while the relay chain has not made them final,
   * or while a node does not tell.
   * @param blocks Hashes of the deposit's block, and of the repairing one's.
   * @param isStale Whether provers have refused the proofs that are written down: newer ones are taken if there are any.
   */
  async proofsOf(
    record: DepositRecord,
    blocks: readonly Hash[],
    isStale: boolean,
  ): Promise<readonly Hex[] | undefined> {
    const { journal, log } = this.#on;
    const key = depositKey(record);
    const named = blocks.map((hash) => toHex(hash));
    const found = await journal.finality(key);
    const kept = found !== undefined && found.blocks.join() === named.join() ? found : undefined;
    if (kept !== undefined && !isStale) return kept.proofs;
    try {
      const heights = [record.height, record.repairedBy?.height ?? record.height];
      const collected = await this.#collect(
        blocks.map((hash, i) => ({ hash, height: BigInt(heights[i] ?? record.height) })),
      );
      if (collected === undefined) return kept?.proofs;
      await journal.recordFinality(key, collected);
      return collected.proofs;
    } catch (error) {
      if (!isRollupError(error)) throw error;
      const { height, eventIndex: event } = record;
      log.warn({ height, event, error: error.message }, "nothing shows yet that the deposit is final");
      return kept?.proofs;
    }
  }

  async #collect(blocks: readonly BlockInQuestion[]): Promise<RecordedFinality | undefined> {
    const { relay, parachain, paraId } = this.#on.nodes;
    const newest = await newestFinal(relay, paraId);
    if (newest === undefined) return undefined;
    const proofs: Hex[] = [];
    for (const block of blocks) {
      const witness = await witnessOf(parachain, newest, block);
      if (witness === undefined) return undefined;
      proofs.push(toHex(encodeFinalityWitness(witness)));
    }
    const { hash, header } = newest.justified;
    return {
      blocks: blocks.map(({ hash: block }) => toHex(block)),
      proofs,
      by: { height: header.number.toString(), hash: toHex(hash) },
    };
  }
}
