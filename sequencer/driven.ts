import type { DrivenCore, DrivenExtension } from "@phala-l2/node/driven-node";
import type { Log } from "@phala-l2/protocol/log";
import { fillBlock } from "./building/fill-block.ts";
import { followChain } from "./mempool/follow-chain.ts";
import { headView } from "./mempool/head-view.ts";
import type { MempoolLimits } from "./mempool/limits.ts";
import { Mempool } from "./mempool/mempool.ts";

const MILLISECONDS = 1000;

/** A mempool for blocks that a consensus client has built: it says when they begin and end, and signs them. */
export function drivenExtension(core: DrivenCore, limits: MempoolLimits, log: Log): DrivenExtension {
  const { chain, engine, clock, config } = core;
  const mempool = new Mempool(limits, headView(chain));
  const unsubscribe = followChain({ engine, mempool, log });
  const slotMs = Number(config.blockTime) * MILLISECONDS;
  return {
    pool: mempool,
    submit: async (submitted) => mempool.submit(submitted),
    fill: (open, { transactionBytes, blockBytes, signal }) => {
      // A block that nobody asks for is not filled for ever.
      const endMs = clock.now() + slotMs;
      const bytes = { maxBytes: blockBytes, maxTransactionBytes: transactionBytes };
      return fillBlock(open, { arriveUntilMs: endMs, endMs, ...bytes, signal }, { mempool, clock });
    },
    stop: async () => unsubscribe(),
  };
}
