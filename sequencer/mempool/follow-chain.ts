import type { Engine, EngineEvent } from "@phala-l2/node/engine/engine";
import type { SubmittedTransaction } from "@phala-l2/node/rpc/eth/submission";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/log";
import { BLOB_TYPE, DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { headView } from "./head-view.ts";
import type { Mempool } from "./mempool.ts";

export type FollowDependencies = {
  readonly engine: Pick<Engine, "chain" | "subscribe">;
  readonly mempool: Mempool;
  readonly log: Log;
};

/** Keeps the pool in line with the unsafe head; the returned function ends it. */
export function followChain({ engine, mempool, log }: FollowDependencies): () => void {
  const { chain } = engine;
  return engine.subscribe((event: EngineEvent) => {
    if (event.kind === "unsafe") {
      mempool.headChanged(headView(chain), sendersOf(chain, event.ref.hash));
    } else if (event.kind === "reorg") {
      mempool.headChanged(headView(chain));
      const returned = returnToPool(chain, event.dropped, mempool);
      log.info(
        { head: event.ref.number, blocks: event.dropped.length, returned },
        "transactions of replaced blocks are back in the pool",
      );
    }
  });
}

/** Undefined, for all of them, when the store does not have the block's senders. */
function sendersOf(chain: ChainReader, blockHash: Hash): readonly Address[] | undefined {
  return chain.executed(blockHash)?.map(({ sender }) => sender);
}

/**
 * Gives the users' transactions of blocks that are no longer canonical to the pool, which refuses those that the
 * new branch has too. The pool must know the new head.
 *
 * @param dropped newest first, as the engine names them
 * @returns how many the pool took
 */
export function returnToPool(chain: ChainReader, dropped: readonly Hash[], mempool: Mempool): number {
  let taken = 0;
  for (const blockHash of dropped.toReversed()) {
    for (const transaction of userTransactions(chain, blockHash)) {
      if (mempool.submit(transaction).kind === "accepted") taken += 1;
    }
  }
  return taken;
}

function userTransactions(chain: ChainReader, blockHash: Hash): readonly SubmittedTransaction[] {
  const executed = chain.executed(blockHash) ?? [];
  const raws = chain.block(blockHash)?.transactions ?? [];
  return raws.flatMap((raw, i): SubmittedTransaction[] => {
    const facts = executed[i];
    const decoded = decodeTransaction(raw);
    if (facts === undefined || decoded.kind === "invalid") return [];
    const { transaction } = decoded;
    if (transaction.type === DEPOSIT_TYPE || transaction.type === BLOB_TYPE) return [];
    return [{ raw, transaction, hash: facts.hash, sender: facts.sender }];
  });
}
