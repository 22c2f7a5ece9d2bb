import {
  type Account,
  type Address,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  publicActions,
} from "viem";
import {
  chainConfig,
  publicActionsL1,
  publicActionsL2,
  walletActionsL1,
  walletActionsL2,
} from "viem/op-stack";

/** What the bridge must know of the two chains; the deployment's address book and the node's settings have it. */
export type NetworkDescription = {
  readonly l1ChainId: number;
  readonly l2ChainId: number;
  readonly l1RpcUrl: string;
  readonly l2RpcUrl: string;
  readonly portal: Address;
  readonly disputeGameFactory: Address;
  readonly l1StandardBridge: Address;
  /** Multicall3 on L1, through which viem reads the games. */
  readonly multicall3: Address;
};

const ETHER = { name: "Ether", symbol: "ETH", decimals: 18 } as const;
/** How often waiting actions look again; both chains may have blocks of one second. */
const POLLING_INTERVAL_MS = 500;

/** The L1 chain, with the Multicall3 that viem's game search needs. */
export function defineL1Chain(network: NetworkDescription) {
  return defineChain({
    id: network.l1ChainId,
    name: `L1 ${network.l1ChainId}`,
    nativeCurrency: ETHER,
    rpcUrls: { default: { http: [network.l1RpcUrl] } },
    contracts: { multicall3: { address: network.multicall3 } },
  });
}

/** The rollup as viem's op-stack actions take it: OP Stack formats, and its contracts by L1 chain id. */
export function defineL2Chain(network: NetworkDescription) {
  const { l1ChainId } = network;
  return defineChain({
    ...chainConfig,
    id: network.l2ChainId,
    sourceId: l1ChainId,
    name: `phala-l2 ${network.l2ChainId}`,
    nativeCurrency: ETHER,
    rpcUrls: { default: { http: [network.l2RpcUrl] } },
    contracts: {
      ...chainConfig.contracts,
      // None here: the types of viem's waitToFinalize ask for it, its code does not from portal version 3 on.
      l2OutputOracle: {},
      portal: { [l1ChainId]: { address: network.portal } },
      disputeGameFactory: { [l1ChainId]: { address: network.disputeGameFactory } },
      l1StandardBridge: { [l1ChainId]: { address: network.l1StandardBridge } },
    },
  });
}

/**
 * The clients of one account on both chains, with viem's op-stack actions as they are. Nothing is asked of
 * either chain yet.
 * @param tell Hears in words for a person what an action is about to sign or send, line by line, before it does.
 */
export function createBridge(
  network: NetworkDescription,
  account: Account,
  tell: (line: string) => void = () => {},
) {
  const l1Chain = defineL1Chain(network);
  const l2Chain = defineL2Chain(network);
  const pollingInterval = POLLING_INTERVAL_MS;
  return {
    network,
    l2Chain,
    account,
    tell,
    l1: createWalletClient({ account, chain: l1Chain, transport: http(), pollingInterval })
      .extend(publicActions)
      .extend(publicActionsL1())
      .extend(walletActionsL1()),
    l2: createWalletClient({ account, chain: l2Chain, transport: http(), pollingInterval })
      .extend(publicActions)
      .extend(publicActionsL2())
      .extend(walletActionsL2()),
    l1Reader: createPublicClient({ chain: l1Chain, transport: http(), pollingInterval }).extend(
      publicActionsL1(),
    ),
  };
}

export type Bridge = ReturnType<typeof createBridge>;
