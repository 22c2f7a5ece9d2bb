import assert from "node:assert/strict";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { optimismMintableERC20Abi } from "@phala-l2/contracts/abi/optimism-mintable-erc20";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import {
  type Address,
  createTestClient,
  encodeDeployData,
  erc20Abi,
  getContractAddress,
  http,
  zeroAddress,
} from "viem";
import { startAnvil } from "../l1/anvil.ts";

const CHAIN_ID = 31_337;

/** Staking's three contracts on a chain of their own, which stands for L2. */
export type StakingWorld = {
  /** Owner of all three, admitter and treasury. */
  readonly owner: Bridge;
  readonly other: Bridge;
  readonly token: Address;
  readonly vault: Address;
  readonly distributor: Address;
  readonly pledges: Address;
  mint(to: Address, amount: bigint): Promise<void>;
  balanceOf(holder: Address): Promise<bigint>;
  /** Lets so many seconds pass. */
  wait(seconds: number): Promise<void>;
  stop(): Promise<void>;
};

function connect(url: string, index: number): Bridge {
  const none = { portal: zeroAddress, disputeGameFactory: zeroAddress, l1StandardBridge: zeroAddress };
  const network = { l1ChainId: CHAIN_ID, l2ChainId: CHAIN_ID, l1RpcUrl: url, l2RpcUrl: url };
  return createBridge(
    { ...network, ...none, multicall3: zeroAddress },
    dangerouslyDevelopmentAccount(index, BigInt(CHAIN_ID)),
  );
}

/** @param rate PHA in wei that rewards pay per second */
export async function startStakingWorld({ rate }: { readonly rate: bigint }): Promise<StakingWorld> {
  const anvil = await startAnvil({ port: 0, chainId: CHAIN_ID });
  const owner = connect(anvil.url, 0);
  const me = owner.account.address;
  const artifacts = hardhatArtifacts();
  const deploy = async (path: string, args: readonly unknown[]): Promise<Address> => {
    const { abi, bytecode } = artifacts(path);
    const hash = await owner.l2.sendTransaction({ data: encodeDeployData({ abi, bytecode, args }) });
    const { contractAddress } = await owner.l2.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    return contractAddress ?? assert.fail(`${path} was not deployed`);
  };
  const token = await deploy("bridging/OptimismMintableERC20", [me, zeroAddress, "Phala", "PHA", 18]);
  const nonce = BigInt(await owner.l2.getTransactionCount({ address: me }));
  const later = (steps: bigint) => getContractAddress({ from: me, nonce: nonce + steps });
  const distributor = await deploy("pha/staking/RewardDistributor", [
    token,
    later(1n),
    later(2n),
    me,
    me,
    rate,
  ]);
  const vault = await deploy("pha/staking/VotingPha", [token, distributor, later(2n), me]);
  const pledges = await deploy("pha/staking/ProviderPledges", [vault, distributor, me, me]);
  const chain = createTestClient({ mode: "anvil", transport: http(anvil.url) });
  return {
    owner,
    other: connect(anvil.url, 1),
    token,
    vault,
    distributor,
    pledges,
    mint: async (to, amount) => {
      const hash = await owner.l2.writeContract({
        address: token,
        abi: optimismMintableERC20Abi,
        functionName: "mint",
        args: [to, amount],
      });
      await owner.l2.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    },
    balanceOf: (holder) =>
      owner.l2.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [holder] }),
    wait: async (seconds) => {
      await chain.increaseTime({ seconds });
      await chain.mine({ blocks: 1 });
    },
    stop: () => anvil.stop(),
  };
}
