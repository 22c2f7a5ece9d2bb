import { depositEth } from "@phala-l2/bridge/actions/deposit";
import { createBridge, type NetworkDescription } from "@phala-l2/bridge/network";
import { devnetAccount } from "@phala-l2/testkit/devnet/accounts";
import { parseEther } from "viem";

/** What each user gets on L2, in wei; it is a deposit like any other. */
const FUNDS = parseEther("100");

/** Deposits ether for users who have none on L2; returns how many were funded. */
export async function fundUsers(network: NetworkDescription, users: readonly number[]): Promise<number> {
  const funded = await Promise.all(
    users.map(async (index) => {
      const account = devnetAccount(index);
      const bridge = createBridge(network, account);
      if ((await bridge.l2.getBalance({ address: account.address })) > 0n) return 0;
      await depositEth(bridge, { to: account.address, amount: FUNDS });
      return 1;
    }),
  );
  return funded.reduce<number>((sum, one) => sum + one, 0);
}
