import type { Hash } from "viem";
import { withFaults } from "../faults.ts";
import type { Bridge } from "../network.ts";
import { startedWithdrawal } from "./started-withdrawal.ts";

/**
 * Where the withdrawal that the L2 transaction started stands, in viem's words.
 * @throws RollupError BRIDGE_TRANSACTION_UNKNOWN, BRIDGE_NO_WITHDRAWAL, BRIDGE_… of the chains
 */
export async function withdrawalStatus(bridge: Bridge, { l2Hash }: { l2Hash: Hash }) {
  return withFaults(async () => {
    const { receipt } = await startedWithdrawal(bridge, l2Hash);
    const status = await bridge.l1.getWithdrawalStatus({ receipt, targetChain: bridge.l2Chain });
    return { status };
  });
}
