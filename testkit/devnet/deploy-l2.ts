import { depositEth } from "@phala-l2/bridge/actions/deposit";
import { createBridge, type NetworkDescription } from "@phala-l2/bridge/network";
import { deployL2 } from "@phala-l2/contracts/deploy/l2";
import { http, parseEther } from "viem";
import { devnetAccount, ROLES } from "./accounts.ts";
import type { DeployedChain } from "./deploy.ts";

/** Ether for the deployer on L2: many times what the deployment costs. */
const FUNDS = parseEther("10");
const LEAST_FUNDS = parseEther("1");

/** Gives the deployer ether on L2 by a deposit, and creates PHA's contracts there, as far as they do not stand yet. */
export async function deployChainL2(
  { config, book }: DeployedChain,
  network: NetworkDescription,
): Promise<void> {
  const deployer = devnetAccount(ROLES.deployer);
  const bridge = createBridge(network, deployer);
  if ((await bridge.l2.getBalance({ address: deployer.address })) < LEAST_FUNDS) {
    const { l2Hash } = await depositEth(bridge, { to: deployer.address, amount: FUNDS });
    await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
  }
  await deployL2(config, book, { transport: http(network.l2RpcUrl, { retryCount: 5 }), deployer });
}
