import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { depositErc20, depositEth } from "@phala-l2/bridge/actions/deposit";
import { finalizeWithdrawal } from "@phala-l2/bridge/actions/finalize-withdrawal";
import { delegateBySignature, signDelegation } from "@phala-l2/bridge/actions/governance/delegate";
import { executeOnL1, executeProposal, queueProposal } from "@phala-l2/bridge/actions/governance/execute";
import { propose } from "@phala-l2/bridge/actions/governance/propose";
import { proposalStatus } from "@phala-l2/bridge/actions/governance/status";
import { castVote, signVote, voteBySignature } from "@phala-l2/bridge/actions/governance/vote";
import { proveWithdrawal } from "@phala-l2/bridge/actions/prove-withdrawal";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { systemConfigAbi } from "@phala-l2/contracts/abi/system-config";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { isRollupError } from "@phala-l2/protocol/errors";
import { encodeFunctionData, erc20Abi, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { deployChainL2 } from "../devnet/deploy-l2.ts";
import type { DevelopmentParachain } from "../parachain/development-parachain.ts";
import { claimStaked, giveEther, sunsetForOne } from "../pha/sunset-for-one.ts";
import type { System } from "../system/start-system.ts";
import { until } from "../system/wait.ts";
import { startSwapper } from "./swapper.ts";

/** PHA that comes by the swap, and by the claim. */
const SWAPPED = 700n;
const CLAIMED = 300n;
const VOTES = SWAPPED + CLAIMED;
const ONE_PHA = 10n ** 18n;
const ONE_VPHA = 10n ** 24n;
const GAS_LIMIT = 70_000_000n;
/** Milliseconds until what crosses the layers has failed. */
const CROSSING_TIMEOUT_MS = 60_000;

function refusal(code: string) {
  return (error: unknown) => isRollupError(error, code);
}

/** Ether on both layers, for transactions. */
async function giveEtherOnBoth(system: System, bridge: Bridge): Promise<void> {
  const { address } = bridge.account;
  await giveEther(system, address);
  const { l2Hash } = await depositEth(bridge, { to: address, amount: parseEther("5") });
  await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
}

/** Where the tests happen: provers of two vendors, and a parachain that PHA comes from. */
export type Stage = { readonly system: System; readonly parachain: DevelopmentParachain };

/** Votes that came from a parachain change L1. */
export function governance(stage: () => Stage): void {
  describe("votes of parachains' accounts", { concurrency: 1 }, () => {
    /** Swaps and stakes; the other one claims, and votes for both. */
    const holder = privateKeyToAccount(generatePrivateKey());
    const delegate = privateKeyToAccount(generatePrivateKey());
    let proposalId: bigint;
    const systemOf = () => stage().system;

    const places = () => {
      const { addresses, l2 } = systemOf().chain.book;
      return { governor: l2.PhaGovernor, l1Executor: addresses.L1Executor };
    };
    const bridgeOf = (account: typeof holder) => createBridge(systemOf().network, account);
    const status = () => proposalStatus(bridgeOf(delegate), places(), { proposalId });
    const reads = async (state: string) => (await status()).state === state;
    const gasLimit = () =>
      bridgeOf(delegate).l1.readContract({
        address: systemOf().addresses.SystemConfigProxy,
        abi: systemConfigAbi,
        functionName: "gasLimit",
      });

    it("come by the live swap: paid on the parachain, judged by provers, relayed to L1, bridged and staked", async () => {
      const { system, parachain } = stage();
      const { addresses, l2 } = system.chain.book;
      const bridge = bridgeOf(holder);
      await deployChainL2(system.chain, system.network);
      await giveEtherOnBoth(system, bridge);
      const to = holder.address;
      const swapper = await startSwapper(system, parachain);
      try {
        await swapper.deposit("//Alice", { receiver: to, pha: SWAPPED });
        const balance = () =>
          bridge.l1.readContract({
            address: addresses.Pha,
            abi: erc20Abi,
            functionName: "balanceOf",
            args: [to],
          });
        const paid = await until(async () => (await balance()) || undefined, {
          what: "the deposit is paid on L1",
          timeoutMs: CROSSING_TIMEOUT_MS,
        });
        assert.equal(paid, SWAPPED * ONE_PHA);
        await assert.rejects(
          swapper.deposit("//Dave", { receiver: to, pha: SWAPPED }),
          refusal("SWAP_FUNDS"),
        );
        await assert.rejects(
          swapper.deposit("//Dave", { receiver: addresses.Pha, pha: 1n }),
          refusal("SWAP_RECEIVER"),
        );
        assert.equal(await balance(), SWAPPED * ONE_PHA);
      } finally {
        await swapper.stop();
      }
      const amount = SWAPPED * ONE_PHA;
      const { l2Hash } = await depositErc20(bridge, { l1Token: addresses.Pha, l2Token: l2.Pha, to, amount });
      await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
      const { shares } = await stake(bridge, { vault: l2.VotingPha }, { to, amount });
      assert.equal(shares, SWAPPED * ONE_VPHA);
    });

    it("come by a claim of another one's sunset, signed with the account's key, as vPHA on L2", async () => {
      const system = systemOf();
      const sunset = await sunsetForOne(system, CLAIMED);
      await claimStaked(system, sunset, delegate.address);
      await giveEtherOnBoth(system, bridgeOf(delegate));
      const shares = await until(
        async () =>
          (await bridgeOf(delegate).l2.readContract({
            address: system.chain.book.l2.VotingPha,
            abi: votingPhaAbi,
            functionName: "balanceOf",
            args: [delegate.address],
          })) || undefined,
        { what: "the claim is staked on L2", timeoutMs: CROSSING_TIMEOUT_MS },
      );
      assert.equal(shares, CLAIMED * ONE_VPHA);
      await assert.rejects(claimStaked(system, sunset, holder.address), /AlreadyClaimed|reverted/);
    });

    it("are delegated by a signature that somebody else pays for", async () => {
      const { timestamp } = await bridgeOf(holder).l2.getBlock();
      const terms = { to: delegate.address, expiry: timestamp + 3600n };
      const signed = await signDelegation(bridgeOf(holder), places(), terms);
      const tampered = { ...signed, delegatee: holder.address };
      await assert.rejects(
        delegateBySignature(bridgeOf(delegate), places(), { ...tampered, nonce: 1n }),
        refusal("BRIDGE_TRANSACTION_REVERTED"),
      );
      await delegateBySignature(bridgeOf(delegate), places(), signed);
      const votes = await bridgeOf(delegate).l2.readContract({
        address: systemOf().chain.book.l2.VotingPha,
        abi: votingPhaAbi,
        functionName: "getVotes",
        args: [delegate.address],
      });
      assert.equal(votes, VOTES * ONE_VPHA);
    });

    it("propose a change on L1, which tells what it does", async () => {
      const data = encodeFunctionData({
        abi: systemConfigAbi,
        functionName: "setGasLimit",
        args: [GAS_LIMIT],
      });
      const target = systemOf().addresses.SystemConfigProxy;
      const draft = { description: "More gas", onL1: [{ target, value: 0n, data }] };
      await assert.rejects(
        propose(bridgeOf(delegate), places(), { description: "" }),
        refusal("GOVERNANCE_EMPTY"),
      );
      // A threshold is met a second after the delegation, not in the same.
      ({ proposalId } = await until(
        () =>
          propose(bridgeOf(delegate), places(), draft).catch((error: unknown) => {
            if (isRollupError(error, "BRIDGE_TRANSACTION_REVERTED")) return undefined;
            throw error;
          }),
        { what: "the delegate may propose" },
      ));
      const { calls, onL1, state } = await status();
      assert.ok(state === "pending" || state === "active");
      assert.equal(calls[0]?.signature, "sendMessage(address,bytes,uint32)");
      assert.deepEqual(
        onL1.map(({ state: found, calls: [call] }) => [found, call?.signature, call?.args]),
        [["not-scheduled", "setGasLimit(uint64)", [GAS_LIMIT]]],
      );
    });

    it("vote by signature, once; queue and execute", async () => {
      const bridge = bridgeOf(delegate);
      await until(() => reads("active"), { what: "the vote has begun" });
      const ballot = { proposalId, support: "for" } as const;
      const signed = await signVote(bridge, places(), ballot);
      await assert.rejects(
        voteBySignature(bridge, places(), { ...signed, support: "against" }),
        refusal("BRIDGE_TRANSACTION_REVERTED"),
      );
      await voteBySignature(bridge, places(), signed);
      await assert.rejects(castVote(bridge, places(), ballot), refusal("BRIDGE_TRANSACTION_REVERTED"));
      const { votes } = await status();
      assert.equal(votes.for, VOTES * ONE_VPHA);
      assert.ok(votes.quorum !== undefined && votes.quorum > 0n && votes.quorum < votes.for);

      await until(() => reads("succeeded"), { what: "the vote is over" });
      await queueProposal(bridge, places(), { proposalId });
      await assert.rejects(
        executeOnL1(bridge, places(), { proposalId }),
        refusal("BRIDGE_TRANSACTION_REVERTED"),
      );
    });

    it("reach L1 as a message, wait longer than an exit takes, and change it", async () => {
      const bridge = bridgeOf(delegate);
      await until(async () => (await status()).remaining === 0n, { what: "L2's timelock has it ready" });
      const { l2Hash, startsMessage } = await executeProposal(bridge, places(), { proposalId });
      assert.ok(startsMessage);
      await proveWithdrawal(bridge, { l2Hash });
      const { callSucceeded } = await finalizeWithdrawal(bridge, { l2Hash });
      assert.ok(callSucceeded);
      const { state, onL1 } = await status();
      assert.equal(state, "executed");
      assert.equal(onL1[0]?.state, "waiting");
      const { policy, proofMaturityDelay, disputeGameFinalityDelay } = systemOf().chain.config;
      const exit = policy.slowDelay + proofMaturityDelay + disputeGameFinalityDelay;
      assert.ok((onL1[0]?.remaining ?? 0n) > exit - 3n, "the exit is still ahead");
      await assert.rejects(
        executeOnL1(bridge, places(), { proposalId }),
        refusal("BRIDGE_TRANSACTION_REVERTED"),
      );
      assert.notEqual(await gasLimit(), GAS_LIMIT);

      await until(async () => (await status()).onL1[0]?.state === "ready", {
        what: "L1's timelock has it ready",
        timeoutMs: CROSSING_TIMEOUT_MS,
      });
      await executeOnL1(bridge, places(), { proposalId });
      assert.equal(await gasLimit(), GAS_LIMIT);
      assert.equal((await status()).onL1[0]?.state, "executed");
    });
  });
}
