import { RollupError } from "@phala-l2/protocol/errors";
import type { Hash } from "viem";
import { getWithdrawals } from "viem/op-stack";
import type { Bridge } from "../network.ts";
import { confirmed } from "./confirmed.ts";
import { withdrawalStatus } from "./withdrawal-status.ts";

const RECHECK_INTERVAL_MS = 500;

/**
 * Waits until the proven withdrawal may be finalised, then pays it out on L1. The portal itself is asked: the
 * root's finality and the proof's age are two clocks, and only it knows both.
 * @throws RollupError BRIDGE_NO_WITHDRAWAL, BRIDGE_NOT_PROVEN, BRIDGE_TRANSACTION_REVERTED
 */
export async function finalizeWithdrawal(
  bridge: Bridge,
  { l2Hash }: { l2Hash: Hash },
): Promise<{ readonly l1Hash: Hash; readonly withdrawalHash: Hash }> {
  const receipt = await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
  const [withdrawal] = getWithdrawals(receipt);
  if (withdrawal === undefined) {
    throw new RollupError("BRIDGE_NO_WITHDRAWAL", `transaction ${l2Hash} starts no withdrawal`);
  }
  for (;;) {
    const { status } = await withdrawalStatus(bridge, { l2Hash });
    if (status === "ready-to-finalize") break;
    if (status !== "waiting-to-finalize") {
      throw new RollupError("BRIDGE_NOT_PROVEN", `the withdrawal is ${status}`, { data: { l2Hash, status } });
    }
    await new Promise((resolve) => setTimeout(resolve, RECHECK_INTERVAL_MS));
  }
  const l1Hash = await bridge.l1.finalizeWithdrawal({ withdrawal, targetChain: bridge.l2Chain });
  await confirmed(bridge.l1, l1Hash, "finalisation");
  return { l1Hash, withdrawalHash: withdrawal.withdrawalHash };
}
