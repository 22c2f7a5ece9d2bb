import { RollupError } from "@phala-l2/protocol/errors";
import { type Hash, parseAbi, parseEventLogs } from "viem";
import { withFaults } from "../faults.ts";
import type { Bridge } from "../network.ts";
import { confirmed } from "./confirmed.ts";
import { requireUnpaid, startedWithdrawal, type Withdrawal } from "./started-withdrawal.ts";
import { withdrawalStatus } from "./withdrawal-status.ts";

const RECHECK_INTERVAL_MS = 500;
/**
 * So many looks in a row must say that a withdrawal wants a proof. viem asks several contracts one after the
 * other; when the root becomes final in between, the answers do not fit each other and it says so once.
 */
const UNPROVEN_LOOKS = 3;

const outcomeAbi = parseAbi([
  "event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success)",
  "event FailedRelayedMessage(bytes32 indexed msgHash)",
]);

export type Finalized = {
  readonly l1Hash: Hash;
  readonly withdrawalHash: Hash;
  /**
   * Whether the call that the withdrawal makes on L1 succeeded. If it did not, the withdrawal is spent; a message,
   * which the L1CrossDomainMessenger keeps, can be tried again there.
   */
  readonly callSucceeded: boolean;
};

/** @throws RollupError BRIDGE_NOT_PROVEN, BRIDGE_FINALIZED */
async function untilFinalizable(bridge: Bridge, l2Hash: Hash, withdrawal: Withdrawal): Promise<void> {
  let unproven = 0;
  for (;;) {
    await requireUnpaid(bridge, withdrawal);
    const { status } = await withdrawalStatus(bridge, { l2Hash });
    if (status === "ready-to-finalize") return;
    unproven = status === "waiting-to-finalize" ? 0 : unproven + 1;
    if (unproven >= UNPROVEN_LOOKS) {
      throw new RollupError("BRIDGE_NOT_PROVEN", `the withdrawal is ${status}`, { data: { l2Hash, status } });
    }
    await new Promise((resolve) => setTimeout(resolve, RECHECK_INTERVAL_MS));
  }
}

/**
 * Waits until the proven withdrawal may be finalised, then pays it out on L1. The portal itself is asked: the
 * root's finality and the proof's age are two clocks, and only it knows both.
 * @throws RollupError BRIDGE_TRANSACTION_UNKNOWN, BRIDGE_NO_WITHDRAWAL, BRIDGE_NOT_PROVEN, BRIDGE_FINALIZED,
 * BRIDGE_QUOTA_EXCEEDED, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains
 */
export async function finalizeWithdrawal(bridge: Bridge, { l2Hash }: { l2Hash: Hash }): Promise<Finalized> {
  return withFaults(async () => {
    const { withdrawal } = await startedWithdrawal(bridge, l2Hash);
    await untilFinalizable(bridge, l2Hash, withdrawal);
    const l1Hash = await bridge.l1.finalizeWithdrawal({ withdrawal, targetChain: bridge.l2Chain });
    const { logs } = await confirmed(bridge.l1, l1Hash, "finalisation");
    const events = parseEventLogs({ abi: outcomeAbi, logs });
    const callSucceeded =
      events.every(({ eventName }) => eventName !== "FailedRelayedMessage") &&
      events.some(
        (event) =>
          event.eventName === "WithdrawalFinalized" &&
          event.args.withdrawalHash === withdrawal.withdrawalHash &&
          event.args.success,
      );
    return { l1Hash, withdrawalHash: withdrawal.withdrawalHash, callSucceeded };
  });
}
