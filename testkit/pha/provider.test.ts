import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { admitPledge, refreshPledge, removePledge } from "@phala-l2/bridge/actions/provider/admission";
import { classWord } from "@phala-l2/bridge/actions/provider/contract";
import { addToPledge, pledge } from "@phala-l2/bridge/actions/provider/pledge";
import { fundRewards, pokeRewards, reserveStatus } from "@phala-l2/bridge/actions/provider/reserve";
import { claimRewards, restakeRewards } from "@phala-l2/bridge/actions/provider/rewards";
import { type PledgeStatus, providerStatus } from "@phala-l2/bridge/actions/provider/status";
import { releasePledge, withdrawPledge } from "@phala-l2/bridge/actions/provider/withdraw";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import type { Bridge } from "@phala-l2/bridge/network";
import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { isRollupError } from "@phala-l2/protocol/errors";
import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  type Hex,
  padHex,
  parseEther,
  zeroHash,
} from "viem";
import { type StakingWorld, startStakingWorld } from "./staking-world.ts";

const DAY = 24 * 3_600;
const VPHA = 10n ** 24n;
const RATE = parseEther("1");
const H100: Hex = classWord("H100") ?? assert.fail("a name of a class");
const DEVICE = padHex("0xd1", { size: 32 });

/** Refused by the action itself, in words. */
const refused = (words: RegExp) => (error: unknown) =>
  isRollupError(error, "PROVIDER_REFUSED") && words.test(error.message);

/** Refused by the contract, which was asked before anything was sent. */
const revertsWith = (name: string) => (error: unknown) => {
  if (!isRollupError(error, "BRIDGE_TRANSACTION_REVERTED") || !(error.cause instanceof BaseError))
    return false;
  const reverted = error.cause.walk((each) => each instanceof ContractFunctionRevertedError);
  return (
    reverted instanceof ContractFunctionRevertedError &&
    reverted.data?.errorName === `ProviderPledges_${name}`
  );
};

describe("a compute provider's pledge, from a wallet", () => {
  let world: StakingWorld;
  let admitter: Bridge;
  let provider: Bridge;
  let me: Address;

  before(async () => {
    world = await startStakingWorld({ rate: RATE });
    [admitter, provider] = [world.owner, world.other];
    me = provider.account.address;
    await world.mint(me, parseEther("3000"));
    await world.mint(admitter.account.address, parseEther("10000000"));
  });
  after(() => world.stop());

  const allowance = () =>
    provider.l2.readContract({
      address: world.vault,
      abi: votingPhaAbi,
      functionName: "allowance",
      args: [me, world.pledges],
    });

  async function statusOf(id: bigint): Promise<PledgeStatus> {
    const { pledges } = await providerStatus(provider, world, { id });
    return pledges[0] ?? assert.fail(`there is no pledge ${id}`);
  }

  it("is refused without stake, of no class, and too small, before anything is sent", async () => {
    const sent = await provider.l2.getTransactionCount({ address: me });
    await assert.rejects(pledge(provider, world, { class: H100 }), refused(/has 0 vPHA of 1,250 vPHA/));
    const nothing = classWord("H1") ?? assert.fail();
    await assert.rejects(pledge(provider, world, { class: nothing }), refused(/^class H1 takes no pledges$/));
    const small = pledge(provider, world, { class: H100, shares: 1_250n * VPHA - 1n });
    await assert.rejects(small, refused(/asks for 1,250 vPHA, not about 1,249\.9+ vPHA/));
    await assert.rejects(
      addToPledge(provider, world, { id: 1n, shares: VPHA }),
      refused(/there is no pledge 1/),
    );
    await assert.rejects(withdrawPledge(provider, world, { id: 1n }), revertsWith("NoSuchPledge"));
    await assert.rejects(providerStatus(provider, world, { id: 1n }), refused(/there is no pledge 1/));
    assert.equal(await provider.l2.getTransactionCount({ address: me }), sent);
  });

  it("takes what the class asks for, leaves no allowance, and waits for its admission", async () => {
    await stake(provider, world, { to: me, amount: parseEther("2000") });
    const { id, shares, state, class: name } = await pledge(provider, world, { class: H100 });
    assert.deepEqual([id, shares, state, name], [1n, 1_250n * VPHA, "awaiting-admission", "H100"]);
    assert.equal(await allowance(), 0n);
    const status = await statusOf(1n);
    assert.deepEqual(
      [status.provider, status.class, status.state, status.shares, status.weight, status.classWeight],
      [me, "H100", "awaiting-admission", 1_250n * VPHA, 0n, 10_000n],
    );
    assert.deepEqual([status.device, status.releasableAt, status.steps], [undefined, undefined, []]);
  });

  it("is admitted by the admitter alone, for a device that no other pledge has", async () => {
    const order = { id: 1n, device: DEVICE };
    await assert.rejects(admitPledge(provider, world, order), revertsWith("NotTheAdmitter"));
    await assert.rejects(
      admitPledge(admitter, world, { id: 1n, device: zeroHash }),
      revertsWith("ZeroDevice"),
    );
    await assert.rejects(
      admitPledge(admitter, world, { id: 2n, device: DEVICE }),
      revertsWith("NoSuchPledge"),
    );
    await assert.rejects(removePledge(admitter, world, { id: 1n }), revertsWith("NotAdmitted"));
    assert.equal((await admitPledge(admitter, world, order)).weight, 10_000n);
    await assert.rejects(admitPledge(admitter, world, order), revertsWith("AlreadyAdmitted"));
    const status = await statusOf(1n);
    assert.deepEqual([status.state, status.device, status.weight], ["earning", DEVICE, 10_000n]);
    assert.equal((await providerStatus(provider, world, { provider: me })).totalWeight, 10_000n);
  });

  it("is funded by anybody, and pays the treasury when anybody pokes", async () => {
    await assert.rejects(
      fundRewards(provider, world, { amount: 0n }),
      refused(/and 0 PHA .* shall be given/),
    );
    await assert.rejects(
      fundRewards(provider, world, { amount: parseEther("1001") }),
      refused(/has 1,000 PHA .*, and 1,001 PHA .* shall be given/),
    );
    await assert.rejects(pokeRewards(provider, world), refused(/nothing is due/));
    const { amount } = await fundRewards(admitter, world, { amount: parseEther("1000000") });
    assert.equal(amount, parseEther("1000000"));
    await world.wait(DAY);
    const { due, rate, split, totalFunded } = await reserveStatus(provider, world);
    assert.deepEqual([rate, totalFunded], [RATE, amount]);
    assert.deepEqual([split.treasury, split.stakers, split.providers], [2_000, 4_000, 4_000]);
    assert.ok(due.treasury >= parseEther("17280") && due.providers >= parseEther("34560"));
    const { paid, treasury } = await pokeRewards(provider, world);
    assert.equal(treasury, admitter.account.address);
    assert.ok(paid >= due.treasury);
  });

  it("pays its provider what it earned, as PHA or staked again, and nobody else", async () => {
    const { earned } = await statusOf(1n);
    assert.ok(earned >= parseEther("34560"));
    await assert.rejects(claimRewards(admitter, world, { id: 1n, to: me }), revertsWith("NotTheProvider"));
    await assert.rejects(restakeRewards(admitter, world, { id: 1n }), revertsWith("NotTheProvider"));
    await assert.rejects(
      claimRewards(provider, world, { id: 1n, to: world.pledges }),
      revertsWith("ZeroAddress"),
    );
    const { amount } = await claimRewards(provider, world, { id: 1n, to: me });
    assert.ok(amount >= earned);
    assert.equal(await world.balanceOf(me), parseEther("1000") + amount);
    await world.wait(DAY);
    const restaked = await restakeRewards(provider, world, { id: 1n });
    assert.ok(restaked.amount >= parseEther("34560") && restaked.shares > 0n);
  });

  it("loses its weight when its class asks for more, and gets it back when vPHA is added", async () => {
    const hash = await admitter.l2.writeContract({
      address: world.pledges,
      abi: providerPledgesAbi,
      functionName: "setClass",
      args: [H100, { collateral: 1_300n * VPHA, weight: 20_000n }],
    });
    await admitter.l2.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    assert.equal((await statusOf(1n)).weight, 10_000n, "until anybody refreshes");
    assert.equal((await refreshPledge(admitter, world, { id: 1n })).weight, 0n);
    assert.equal((await statusOf(1n)).state, "short");
    await assert.rejects(
      addToPledge(provider, world, { id: 1n, shares: 0n }),
      refused(/nothing would be added/),
    );
    await assert.rejects(
      addToPledge(admitter, world, { id: 1n, shares: VPHA }),
      refused(/pledge 1 is 0x.*'s, not 0x/),
    );
    await addToPledge(provider, world, { id: 1n, shares: 50n * VPHA });
    assert.equal(await allowance(), 0n);
    const status = await statusOf(1n);
    assert.deepEqual([status.state, status.weight, status.shares], ["earning", 20_000n, 1_300n * VPHA]);
  });

  it("is removed and admitted again", async () => {
    assert.equal((await removePledge(admitter, world, { id: 1n })).weight, 0n);
    assert.equal((await statusOf(1n)).state, "awaiting-admission");
    assert.equal((await admitPledge(admitter, world, { id: 1n, device: DEVICE })).weight, 20_000n);
  });

  it("is withdrawn in steps with times, and released by anybody when it is time", async () => {
    await assert.rejects(releasePledge(admitter, world, { id: 1n }), revertsWith("NotUnbonding"));
    await assert.rejects(withdrawPledge(admitter, world, { id: 1n }), revertsWith("NotTheProvider"));
    await world.wait(DAY);
    const { releasableAt, steps } = await withdrawPledge(provider, world, { id: 1n });
    assert.deepEqual(
      steps.map(({ command, after }) => [command, after]),
      [
        ["provider release --pledge 1", BigInt(28 * DAY)],
        ["stake unlock", 0n],
        ["stake claim", BigInt(21 * DAY)],
      ],
    );
    await assert.rejects(withdrawPledge(provider, world, { id: 1n }), revertsWith("NotBonded"));
    await assert.rejects(
      addToPledge(provider, world, { id: 1n, shares: VPHA }),
      refused(/withdrawn already/),
    );
    const order = { id: 1n, device: DEVICE };
    await assert.rejects(admitPledge(admitter, world, order), revertsWith("NotBonded"));
    const unbonding = await statusOf(1n);
    assert.deepEqual([unbonding.state, unbonding.weight, unbonding.device], ["unbonding", 0n, undefined]);
    assert.equal(unbonding.releasableAt, releasableAt);
    assert.ok(unbonding.earned > 0n, "what it earned stays its own");
    await assert.rejects(releasePledge(admitter, world, { id: 1n }), revertsWith("StillUnbonding"));
    await world.wait(28 * DAY);
    assert.equal((await statusOf(1n)).state, "releasable");
    const released = await releasePledge(admitter, world, { id: 1n });
    assert.deepEqual([released.provider, released.shares], [me, 1_300n * VPHA]);
    await assert.rejects(releasePledge(admitter, world, { id: 1n }), revertsWith("NothingHeld"));
    await claimRewards(provider, world, { id: 1n, to: me });
    await assert.rejects(claimRewards(provider, world, { id: 1n, to: me }), revertsWith("NothingEarned"));
    const { state, steps: left } = await statusOf(1n);
    assert.deepEqual([state, left], ["ended", []]);
  });

  it("is one of many, and each provider is told of its own", async () => {
    for (const id of [2n, 3n]) {
      assert.equal((await pledge(provider, world, { class: H100 })).id, id);
    }
    await admitPledge(admitter, world, { id: 2n, device: DEVICE });
    await assert.rejects(
      admitPledge(admitter, world, { id: 3n, device: DEVICE }),
      revertsWith("DeviceTaken"),
    );
    const mine = await providerStatus(admitter, world, { provider: me });
    assert.deepEqual(
      mine.pledges.map(({ id, state }) => [id, state]),
      [
        [1n, "ended"],
        [2n, "earning"],
        [3n, "awaiting-admission"],
      ],
    );
    const none = await providerStatus(provider, world, { provider: admitter.account.address });
    assert.deepEqual(none.pledges, []);
  });
});
