import { type Log, silentLog } from "@phala-l2/protocol/log";
import type { Hash } from "viem";
import { withFaults } from "../faults.ts";
import type { Bridge } from "../network.ts";
import { confirmed } from "./confirmed.ts";
import { untilCovered } from "./covering-game.ts";
import { requireUnpaid, startedWithdrawal } from "./started-withdrawal.ts";

export type Proven = {
  readonly l1Hash: Hash;
  readonly withdrawalHash: Hash;
  /** Index, in the dispute-game factory, of the game whose root the withdrawal is proven against. */
  readonly gameIndex: bigint;
};

/**
 * Waits until a game covers the withdrawal that the L2 transaction started, then proves it on L1. The log tells of
 * each new game that is waited past.
 * @throws RollupError BRIDGE_TRANSACTION_UNKNOWN, BRIDGE_NO_WITHDRAWAL, BRIDGE_FINALIZED, BRIDGE_… of the chains
 */
export async function proveWithdrawal(
  bridge: Bridge,
  { l2Hash }: { l2Hash: Hash },
  { log = silentLog }: { readonly log?: Log } = {},
): Promise<Proven> {
  return withFaults(async () => {
    const started = await startedWithdrawal(bridge, l2Hash);
    const { withdrawal } = started;
    await requireUnpaid(bridge, withdrawal);
    const { game, request } = await untilCovered(bridge, started, log);
    const l1Hash = await bridge.l1.proveWithdrawal(request);
    await confirmed(bridge.l1, l1Hash, "proof");
    return { l1Hash, withdrawalHash: withdrawal.withdrawalHash, gameIndex: game.index };
  });
}
