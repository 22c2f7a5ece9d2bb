import { chainIdOf } from "@phala-l2/execution/chain-config";
import type { SyncProgress } from "../../engine/sync-progress.ts";
import type { ChainView } from "../../store/chain-reader.ts";
import { quantityHex } from "../format/hex.ts";
import { method0, type RpcMethods } from "../method.ts";
import { result } from "../reply.ts";

export type HeadParts = {
  readonly chain: ChainView;
  /** Undefined when the node is at the head. */
  readonly syncProgress?: () => SyncProgress | undefined;
};

/** The chain as a whole: its id, its newest block, whether the node follows it. */
export function headMethods({ chain, syncProgress }: HeadParts): RpcMethods {
  return {
    eth_chainId: method0(() => result(quantityHex(chainIdOf(chain.config)))),
    eth_blockNumber: method0(() => result(quantityHex(chain.heads().unsafe.number))),
    eth_syncing: method0(() => {
      const progress = syncProgress?.();
      if (progress === undefined) return result(false);
      return result({
        startingBlock: quantityHex(progress.startingBlock),
        currentBlock: quantityHex(progress.currentBlock),
        highestBlock: quantityHex(progress.highestBlock),
      });
    }),
    // The node holds no keys: wallets sign.
    eth_accounts: method0(() => result([])),
  };
}
