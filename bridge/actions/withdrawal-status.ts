import type { Hash } from "viem";
import type { Bridge } from "../network.ts";

/** Where the withdrawal that the L2 transaction started stands, in viem's words. */
export async function withdrawalStatus(bridge: Bridge, { l2Hash }: { l2Hash: Hash }) {
  const receipt = await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
  const status = await bridge.l1.getWithdrawalStatus({ receipt, targetChain: bridge.l2Chain });
  return { status };
}
