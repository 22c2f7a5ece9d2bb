import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { stakingStatus } from "@phala-l2/bridge/actions/staking/status";
import { cancelUnlock, claimUnlock, requestUnlock } from "@phala-l2/bridge/actions/staking/unlock";
import type { Staking } from "@phala-l2/bridge/actions/staking/vault";
import { boundDescriptors } from "@phala-l2/bridge/clear-signing/deployment";
import { requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { isRollupError } from "@phala-l2/protocol/errors";
import { type Address, parseEther } from "viem";
import { type StakingWorld, startStakingWorld } from "./staking-world.ts";

const WEEK = 7 * 24 * 3_600;

/** A refusal of the chain by the contract's error of that name, in words and with what helps. */
const refusedBy = (name: string) => (error: unknown) => {
  if (!isRollupError(error, "BRIDGE_TRANSACTION_REVERTED")) return false;
  const { error: found, help } = Object(error.data);
  return found === name && !error.message.includes(name) && typeof help === "string";
};

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
    await assert.rejects(more, { code: "STAKE_FUNDS", message: /has 40 PHA .* 41 PHA/ });
    const nothing = stake(bridge, staking, { to: alice.address, amount: 0n });
    await assert.rejects(nothing, refusedBy("VotingPha_ZeroAmount"));
    const lost = stake(bridge, staking, { to: staking.vault, amount: 1n });
    await assert.rejects(lost, refusedBy("ERC4626ExceededMaxDeposit"));
  });

  it("refuses to ask back more than the stake is worth", async () => {
    const more = requestUnlock(bridge, staking, { to: alice.address, assets: parseEther("61") });
    await assert.rejects(more, { code: "STAKE_FUNDS", message: /is worth 60 PHA .* 61 PHA/ });
  });

  it("says before it sends what it does, when it is paid, and that it can be cancelled", async () => {
    const lines: string[] = [];
    const telling = { ...bridge, tell: (line: string) => lines.push(line) };
    const { id } = await requestUnlock(telling, staking, { to: bob.address, assets: parseEther("20") });
    const told = lines.join("\n");
    assert.match(told, /Asks 20 PHA \(20000000000000000000 wei\) back for 0x/);
    assert.match(told, /Claimable from \d{4}-\d\d-\d\d [\d:]{8} UTC, in 21 d\./);
    assert.match(told, /not final: it can be cancelled .* until it is paid/);
    assert.doesNotMatch(told, /final(?!:)/);
    await stakingStatus(telling, staking, { holder: alice.address });
    assert.match(
      lines.at(-1) ?? "",
      new RegExp(`^Request ${id}: 20 PHA .* can be cancelled until it is paid`),
    );
    lines.length = 0;
    await cancelUnlock(telling, staking, { id });
    assert.match(lines.join(), new RegExp(`^Cancels request ${id}: 20 PHA`));
  });

  it("takes no address for the vault that is none, or another contract's, nor an endpoint of another chain", async () => {
    const at = (address: Address) => requireContract(bridge, { name: "VotingPha", flag: "--vault", address });
    await at(staking.vault);
    await assert.rejects(at(bob.address), { code: "BRIDGE_WRONG_CONTRACT", message: /there is no contract/ });
    for (const other of [world.token, world.distributor, world.pledges]) {
      await assert.rejects(at(other), { code: "BRIDGE_WRONG_CONTRACT", message: /another contract/ });
    }
    const elsewhere = { ...bridge, network: { ...bridge.network, l2ChainId: 1 } };
    const asked = requireContract(elsewhere, { name: "VotingPha", flag: "--vault", address: staking.vault });
    await assert.rejects(asked, { code: "BRIDGE_WRONG_CHAIN", message: /chain 31337, not of 1/ });
  });

  it("is shown by wallets under the domains that the contracts have", async () => {
    const bound = boundDescriptors({
      l1ChainId: 1,
      l2ChainId: bridge.network.l2ChainId,
      l1: {},
      l2: { Pha: [world.token], VotingPha: [world.vault], ProviderPledges: [world.pledges] },
      domainNames: { Pha: "Phala" },
    });
    for (const [file, address] of [
      ["eip712-PhaOnL2.json", world.token],
      ["eip712-VotingPha.json", world.vault],
    ] as const) {
      const [, name, version] = await bridge.l2.readContract({
        address,
        abi: votingPhaAbi,
        functionName: "eip712Domain",
      });
      const document = bound.find((each) => each.file === file)?.document;
      assert.deepEqual(Object(document).context.eip712.domain, { name, version }, file);
    }
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
