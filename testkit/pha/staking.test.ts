import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { stakingStatus } from "@phala-l2/bridge/actions/staking/status";
import { cancelUnlock, claimUnlock, requestUnlock } from "@phala-l2/bridge/actions/staking/unlock";
import type { Staking } from "@phala-l2/bridge/actions/staking/vault";
import type { Bridge } from "@phala-l2/bridge/network";
import { isRollupError } from "@phala-l2/protocol/errors";
import { type Address, parseEther } from "viem";
import { type StakingWorld, startStakingWorld } from "./staking-world.ts";

const WEEK = 7 * 24 * 3_600;

/** A refusal of the chain whose words name the contract's error. */
const refusedBy = (name: string) => (error: unknown) =>
  isRollupError(error, "BRIDGE_TRANSACTION_REVERTED") && error.message.includes(name);

describe("staking PHA from a wallet", () => {
  let world: StakingWorld;
  let bridge: Bridge;
  let others: Bridge;
  let staking: Staking;
  let alice: Bridge["account"];
  let bob: Bridge["account"];

  before(async () => {
    world = await startStakingWorld({ rate: 0n });
    [bridge, others, staking] = [world.owner, world.other, world];
    [alice, bob] = [bridge.account, others.account];
    await world.mint(alice.address, parseEther("100"));
  });
  after(() => world.stop());

  const statusOf = (holder: Address) => stakingStatus(bridge, staking, { holder });
  const balanceOf = (holder: Address) => world.balanceOf(holder);
  const wait = (seconds: number) => world.wait(seconds);

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
