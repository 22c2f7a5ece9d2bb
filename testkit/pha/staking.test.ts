import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { stakingStatus } from "@phala-l2/bridge/actions/staking/status";
import { cancelUnlock, claimUnlock, requestUnlock } from "@phala-l2/bridge/actions/staking/unlock";
import type { Staking } from "@phala-l2/bridge/actions/staking/vault";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { optimismMintableERC20Abi } from "@phala-l2/contracts/abi/optimism-mintable-erc20";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import { isRollupError } from "@phala-l2/protocol/errors";
import {
  type Address,
  createTestClient,
  encodeDeployData,
  erc20Abi,
  getContractAddress,
  http,
  parseEther,
  zeroAddress,
} from "viem";
import { type Anvil, startAnvil } from "../l1/anvil.ts";

const CHAIN_ID = 31_337;
const WEEK = 7 * 24 * 3_600;
const artifacts = hardhatArtifacts();
const alice = dangerouslyDevelopmentAccount(0, BigInt(CHAIN_ID));
const bob = dangerouslyDevelopmentAccount(1, BigInt(CHAIN_ID));

/** A refusal of the chain whose words name the contract's error. */
const refusedBy = (name: string) => (error: unknown) =>
  isRollupError(error, "BRIDGE_TRANSACTION_REVERTED") && error.message.includes(name);

describe("staking PHA from a wallet", () => {
  let anvil: Anvil;
  let bridge: Bridge;
  let others: Bridge;
  let staking: Staking;
  let token: Address;

  function connect(account: typeof alice): Bridge {
    const [l1RpcUrl, l2RpcUrl] = [anvil.url, anvil.url];
    const none = { portal: zeroAddress, disputeGameFactory: zeroAddress, l1StandardBridge: zeroAddress };
    return createBridge(
      { l1ChainId: CHAIN_ID, l2ChainId: CHAIN_ID, l1RpcUrl, l2RpcUrl, ...none, multicall3: zeroAddress },
      account,
    );
  }

  async function deploy(path: string, args: readonly unknown[]): Promise<Address> {
    const { abi, bytecode } = artifacts(path);
    const hash = await bridge.l2.sendTransaction({ data: encodeDeployData({ abi, bytecode, args }) });
    const { contractAddress } = await bridge.l2.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    return contractAddress ?? assert.fail(`${path} was not deployed`);
  }

  before(async () => {
    anvil = await startAnvil({ port: 0, chainId: CHAIN_ID });
    [bridge, others] = [connect(alice), connect(bob)];
    const me = alice.address;
    token = await deploy("bridging/OptimismMintableERC20", [me, zeroAddress, "Phala", "PHA", 18]);
    const nonce = BigInt(await bridge.l2.getTransactionCount({ address: me }));
    const later = (steps: bigint) => getContractAddress({ from: me, nonce: nonce + steps });
    await deploy("pha/staking/RewardDistributor", [token, later(1n), later(2n), me, me, 0n]);
    staking = { vault: await deploy("pha/staking/VotingPha", [token, later(0n), later(2n), me]) };
    await deploy("pha/staking/ProviderPledges", [staking.vault, later(0n), me, me]);
    const hash = await bridge.l2.writeContract({
      address: token,
      abi: optimismMintableERC20Abi,
      functionName: "mint",
      args: [me, parseEther("100")],
    });
    await bridge.l2.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  });
  after(() => anvil.stop());

  const statusOf = (holder: Address) => stakingStatus(bridge, staking, { holder });
  const balanceOf = (holder: Address) =>
    bridge.l2.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [holder] });
  const wait = async (seconds: number) => {
    const chain = createTestClient({ mode: "anvil", transport: http(anvil.url) });
    await chain.increaseTime({ seconds });
    await chain.mine({ blocks: 1 });
  };

  it("stakes in one transaction, by a permit, and says what it gave", async () => {
    const { shares } = await stake(bridge, staking, { to: alice.address, amount: parseEther("60") });
    assert.equal(shares, 60n * 10n ** 24n);
    const status = await statusOf(alice.address);
    assert.deepEqual(
      [status.shares, status.assets, status.ownVotes, status.votes, status.delegate],
      [shares, parseEther("60"), shares, shares, alice.address],
    );
    assert.equal(status.price, parseEther("1"));
  });

  it("refuses to stake more than there is, and nothing", async () => {
    const more = stake(bridge, staking, { to: alice.address, amount: parseEther("41") });
    await assert.rejects(more, refusedBy("ERC20InsufficientBalance"));
    const nothing = stake(bridge, staking, { to: alice.address, amount: 0n });
    await assert.rejects(nothing, refusedBy("VotingPha_ZeroAmount"));
    const lost = stake(bridge, staking, { to: staking.vault, amount: 1n });
    await assert.rejects(lost, refusedBy("ERC4626ExceededMaxDeposit"));
  });

  it("asks for a part back, lists the request, and cancels it", async () => {
    const { id, assets } = await requestUnlock(bridge, staking, {
      to: bob.address,
      assets: parseEther("20"),
    });
    assert.equal(assets, parseEther("20"));
    const { unlocks, votes, unlockPeriod } = await statusOf(alice.address);
    assert.deepEqual(
      unlocks.map((unlock) => [unlock.id, unlock.receiver, unlock.state, unlock.canBeCancelled]),
      [[id, bob.address, "unlocking", true]],
    );
    assert.equal(unlockPeriod, BigInt(3 * WEEK));
    assert.equal(votes, 60n * 10n ** 24n, "what unlocks still votes");
    await assert.rejects(claimUnlock(others, staking, { id }), refusedBy("VotingPha_StillLocked"));
    await assert.rejects(cancelUnlock(others, staking, { id }), refusedBy("VotingPha_NotTheOwner"));
    const { shares } = await cancelUnlock(bridge, staking, { id });
    assert.equal(shares, 20n * 10n ** 24n);
    await assert.rejects(cancelUnlock(bridge, staking, { id }), refusedBy("VotingPha_NoSuchUnlock"));
    assert.deepEqual((await statusOf(alice.address)).unlocks, []);
  });

  it("takes all back, and anybody pays it out when it is time", async () => {
    const { id } = await requestUnlock(bridge, staking, { to: bob.address });
    assert.equal((await statusOf(alice.address)).shares, 0n);
    await wait(3 * WEEK);
    assert.equal((await statusOf(alice.address)).unlocks[0]?.state, "claimable");
    assert.equal(await balanceOf(bob.address), 0n);
    const { assets } = await claimUnlock(others, staking, { id });
    assert.equal(await balanceOf(bob.address), assets);
    assert.equal((await statusOf(alice.address)).votes, 0n);
    await assert.rejects(claimUnlock(others, staking, { id }), refusedBy("VotingPha_NoSuchUnlock"));
    const nothing = requestUnlock(bridge, staking, { to: bob.address });
    await assert.rejects(nothing, refusedBy("VotingPha_ZeroAmount"));
  });
});
