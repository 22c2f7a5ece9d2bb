import { defineL1Chain, defineL2Chain, type NetworkDescription } from "@phala-l2/bridge/network";
import {
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  type LocalAccount,
  publicActions,
} from "viem";
import {
  getL2TransactionHashes,
  publicActionsL1,
  publicActionsL2,
  walletActionsL1,
  walletActionsL2,
} from "viem/op-stack";

/** How often waiting actions look again, in milliseconds; blocks take a second. */
const POLLING_INTERVAL = 100;
/** Checking a blob or a proof takes anvil a while on a busy machine. */
const TIMEOUT = 60_000;

/** viem's own clients for both chains with all of its op-stack actions, nothing added. */
export function clientsOf(network: NetworkDescription, account: LocalAccount) {
  const l1Chain = defineL1Chain(network);
  const l2Chain = defineL2Chain(network);
  const options = { account, pollingInterval: POLLING_INTERVAL, cacheTime: 0 };
  const transport = http(undefined, { timeout: TIMEOUT });
  return {
    account,
    l2Chain,
    l1: createWalletClient({ ...options, chain: l1Chain, transport })
      .extend(publicActions)
      .extend(publicActionsL1())
      .extend(walletActionsL1()),
    l2: createWalletClient({ ...options, chain: l2Chain, transport })
      .extend(publicActions)
      .extend(publicActionsL2())
      .extend(walletActionsL2()),
    l1Public: createPublicClient({ ...options, chain: l1Chain, transport }).extend(publicActionsL1()),
    l2Public: createPublicClient({ ...options, chain: l2Chain, transport }).extend(publicActionsL2()),
  };
}

export type Clients = ReturnType<typeof clientsOf>;
type DepositRequest = Parameters<Clients["l1"]["depositTransaction"]>[0]["request"];

/** Deposits through the portal, and waits for the receipt of what the deposit becomes on L2. */
export async function deposit({ l1, l2, l2Chain }: Clients, request: DepositRequest) {
  const l1Hash: Hex = await l1.depositTransaction({ request, targetChain: l2Chain });
  const l1Receipt = await l1.waitForTransactionReceipt({ hash: l1Hash });
  const [hash] = getL2TransactionHashes(l1Receipt);
  return { l1Receipt, receipt: await l2.waitForTransactionReceipt({ hash: hash ?? "0x" }) };
}
