import type { Hash } from "viem";
import type { Bridge } from "../network.ts";
import { confirmed } from "./confirmed.ts";

export type Proven = {
  readonly l1Hash: Hash;
  readonly withdrawalHash: Hash;
  /** Index, in the dispute-game factory, of the game whose root the withdrawal is proven against. */
  readonly gameIndex: bigint;
};

/**
 * Waits until a game covers the withdrawal that the L2 transaction started, then proves it on L1.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED
 */
export async function proveWithdrawal(bridge: Bridge, { l2Hash }: { l2Hash: Hash }): Promise<Proven> {
  const receipt = await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
  const { game, withdrawal } = await bridge.l1.waitToProve({ receipt, targetChain: bridge.l2Chain });
  const request = await bridge.l2.buildProveWithdrawal({ game, withdrawal });
  const l1Hash = await bridge.l1.proveWithdrawal(request);
  await confirmed(bridge.l1, l1Hash, "proof");
  return { l1Hash, withdrawalHash: withdrawal.withdrawalHash, gameIndex: game.index };
}
