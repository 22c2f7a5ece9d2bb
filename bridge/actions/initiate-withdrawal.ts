import { type Address, type Hash, parseAbi } from "viem";
import { withFaults } from "../faults.ts";
import type { Bridge } from "../network.ts";
import { weiText } from "../wording.ts";
import { confirmed } from "./confirmed.ts";

/** L2StandardBridge, the one function that is called here. */
const l2StandardBridgeAbi = parseAbi([
  "function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)",
]);

/** Gas that the L1 bridge needs to release a token; the messenger adds its own overhead. */
const RELEASE_GAS = 200_000;

/** What follows: nothing of it happens by itself. */
function tellSteps({ tell }: Bridge): void {
  tell(
    "Two more steps follow on L1, which cost ether there: 'l2 bridge prove', then 'l2 bridge finalize'; anyone may make them.",
  );
}

/**
 * Starts the withdrawal of `amount` wei to `to` on L1; returns the L2 transaction that names it from now on.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of the chains
 */
export async function initiateEthWithdrawal(
  bridge: Bridge,
  { to, amount }: { to: Address; amount: bigint },
): Promise<{ readonly l2Hash: Hash }> {
  return withFaults(async () => {
    const request = await bridge.l1.buildInitiateWithdrawal({ to, value: amount });
    bridge.tell(
      `Withdraws ${weiText(amount)} ether (${amount} wei) of ${bridge.account.address} on L2 to ${to} on L1.`,
    );
    tellSteps(bridge);
    const l2Hash = await bridge.l2.initiateWithdrawal(request);
    await confirmed(bridge.l2, l2Hash, "withdrawal");
    return { l2Hash };
  });
}

/**
 * Starts the withdrawal of `amount` units of a bridged ERC-20 token to `to` on L1: the L2 token is burned now,
 * the L1 token released when the withdrawal is finalised.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of the chains
 */
export async function initiateErc20Withdrawal(
  bridge: Bridge,
  { l1Token, l2Token, to, amount }: { l1Token: Address; l2Token: Address; to: Address; amount: bigint },
): Promise<{ readonly l2Hash: Hash }> {
  return withFaults(async () => {
    bridge.tell(
      `Withdraws ${amount} units of token ${l2Token} of ${bridge.account.address} on L2 to ${to} on L1, as ${l1Token}.`,
    );
    tellSteps(bridge);
    const l2Hash = await bridge.l2.writeContract({
      address: bridge.l2Chain.contracts.l2StandardBridge.address,
      abi: l2StandardBridgeAbi,
      functionName: "bridgeERC20To",
      args: [l2Token, l1Token, to, amount, RELEASE_GAS, "0x"],
    });
    await confirmed(bridge.l2, l2Hash, "withdrawal");
    return { l2Hash };
  });
}
