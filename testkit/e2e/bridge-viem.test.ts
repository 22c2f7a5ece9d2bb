import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { depositErc20, depositEth } from "@phala-l2/bridge/actions/deposit";
import { finalizeWithdrawal } from "@phala-l2/bridge/actions/finalize-withdrawal";
import { initiateErc20Withdrawal, initiateEthWithdrawal } from "@phala-l2/bridge/actions/initiate-withdrawal";
import { proveWithdrawal } from "@phala-l2/bridge/actions/prove-withdrawal";
import { withdrawalStatus } from "@phala-l2/bridge/actions/withdrawal-status";
import { createBridge } from "@phala-l2/bridge/network";
import { optimismMintableERC20FactoryAbi } from "@phala-l2/contracts/abi/optimism-mintable-erc20-factory";
import { optimismPortalAbi } from "@phala-l2/contracts/abi/optimism-portal";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { OPTIMISM_MINTABLE_ERC20_FACTORY } from "@phala-l2/protocol/predeploys";
import { type Address, erc20Abi, type Hex, parseEther, parseEventLogs, type TransactionReceipt } from "viem";
import { getL2TransactionHashes, getWithdrawals } from "viem/op-stack";
import { devnetAccount, USERS } from "../devnet/accounts.ts";
import { holderBalances } from "../parachain/asset-hub-genesis.ts";
import { type DevelopmentParachain, startDevelopmentParachain } from "../parachain/development-parachain.ts";
import { type Clients, clientsOf, deposit } from "../system/clients.ts";
import { revertsWith } from "../system/refusal.ts";
import { type System, startSystem } from "../system/start-system.ts";
import { until } from "../system/wait.ts";
import { governance } from "./governance.ts";

const DEPOSIT = parseEther("10");
const WITHDRAWAL = parseEther("2.5");
const FUNDS = parseEther("1");
const TOKENS = 1_000n;
const TOKENS_BACK = 400n;

let system: System;
let clients: Clients;
let tokenHolder: Clients;
let parachain: DevelopmentParachain;

before(async () => {
  // Whichever of the two does not start, the other one is stopped in the end.
  const [hub, rollup] = await Promise.allSettled([
    startDevelopmentParachain({ balances: await holderBalances() }),
    startSystem({ provers: ["TDX", "SEV_SNP"], chain: { slowDelay: 2n } }),
  ]);
  if (hub.status === "fulfilled") parachain = hub.value;
  if (rollup.status === "fulfilled") system = rollup.value;
  for (const each of [hub, rollup]) if (each.status === "rejected") throw each.reason;
  clients = clientsOf(system.network, devnetAccount(USERS[0]));
  tokenHolder = clientsOf(system.network, devnetAccount(USERS[1]));
});
after(async () => {
  await system?.stop();
  await parachain?.stop();
});

// Side by side: most of the time is waited.
describe("the bridge", { concurrency: true }, () => {
  describe("viem's op-stack actions, as they are", { concurrency: 1 }, () => {
    let initiated: TransactionReceipt & Awaited<ReturnType<Clients["l2"]["waitForTransactionReceipt"]>>;
    let withdrawalHash: Hex;

    const statusOf = () =>
      clients.l1Public.getWithdrawalStatus({ receipt: initiated, targetChain: clients.l2Chain });

    it("deposit ether", async () => {
      const { l1, l2, l2Public, l2Chain, account } = clients;
      const request = await l2Public.buildDepositTransaction({ account, mint: DEPOSIT, to: account.address });
      const hash = await l1.depositTransaction({ ...request, account });
      const [l2Hash] = getL2TransactionHashes(await l1.waitForTransactionReceipt({ hash }));
      assert.ok(l2Hash);
      const receipt = await l2.waitForTransactionReceipt({ hash: l2Hash });
      assert.equal(receipt.status, "success");
      assert.equal((await l2.getTransaction({ hash: l2Hash })).type, "deposit");
      assert.equal(await l2.getBalance({ address: account.address }), DEPOSIT);
      assert.equal(l2Chain.sourceId, await l1.getChainId());
    });

    it("estimate what a transaction costs on both chains", async () => {
      const { l2Public, account } = clients;
      const transfer = { account, to: account.address, value: 1n } as const;
      const [l1Fee, operatorFee, total, l1Gas, l1BaseFee, totalGas] = await Promise.all([
        l2Public.estimateL1Fee(transfer),
        l2Public.estimateOperatorFee(transfer),
        l2Public.estimateTotalFee(transfer),
        l2Public.estimateL1Gas(transfer),
        l2Public.getL1BaseFee(),
        l2Public.estimateTotalGas(transfer),
      ]);
      assert.ok(l1Fee > 0n && l1Gas > 0n && l1BaseFee > 0n);
      assert.equal(operatorFee, 0n);
      assert.ok(total > l1Fee);
      assert.ok(totalGas >= 21_000n);
    });

    it("initiate a withdrawal, which waits to be proven", async () => {
      const { l1Public, l2, account, l2Chain } = clients;
      const request = await l1Public.buildInitiateWithdrawal({
        account,
        to: account.address,
        value: WITHDRAWAL,
      });
      const hash = await l2.initiateWithdrawal({ ...request, account });
      initiated = await l2.waitForTransactionReceipt({ hash });
      assert.equal(initiated.status, "success");
      const [withdrawal] = getWithdrawals(initiated);
      assert.ok(withdrawal);
      withdrawalHash = withdrawal.withdrawalHash;
      assert.equal(await statusOf(), "waiting-to-prove");
      const { seconds } = await l1Public.getTimeToProve({ receipt: initiated, targetChain: l2Chain });
      assert.ok(seconds >= 0);
      const unproven = l1Public.getTimeToFinalize({ withdrawalHash, targetChain: l2Chain });
      await assert.rejects(unproven, /has not been proven/);
    });

    it("refuse a tampered proof, then prove", async () => {
      const { l1, l1Public, l2Public, l2Chain, account } = clients;
      const { game, withdrawal } = await l1Public.waitToProve({ receipt: initiated, targetChain: l2Chain });
      assert.equal(await statusOf(), "ready-to-prove");
      const found = await l1Public.getGame({ l2BlockNumber: initiated.blockNumber, targetChain: l2Chain });
      assert.ok(found.l2BlockNumber >= initiated.blockNumber);
      const games = await l1Public.getGames({ targetChain: l2Chain });
      assert.ok(games.some(({ index }) => index === game.index));

      const request = await l2Public.buildProveWithdrawal({ account, game, withdrawal });
      const portal = {
        address: system.addresses.OptimismPortalProxy,
        abi: optimismPortalAbi,
        account,
      } as const;
      const prove = (tampered: Partial<typeof request>) => {
        const {
          withdrawal: sent,
          l2OutputIndex,
          outputRootProof,
          withdrawalProof,
        } = { ...request, ...tampered };
        return l1Public.simulateContract({
          ...portal,
          functionName: "proveWithdrawalTransaction",
          args: [sent, l2OutputIndex, outputRootProof, withdrawalProof],
        });
      };
      const greedy = { ...withdrawal, value: withdrawal.value + 1n };
      await assert.rejects(prove({ withdrawal: greedy }), revertsWith("OptimismPortal_InvalidMerkleProof"));
      const foreign = { ...request.outputRootProof, messagePasserStorageRoot: game.rootClaim };
      await assert.rejects(
        prove({ outputRootProof: foreign }),
        revertsWith("OptimismPortal_InvalidOutputRootProof"),
      );
      const finalize = { functionName: "finalizeWithdrawalTransaction", args: [withdrawal] } as const;
      await assert.rejects(
        l1Public.simulateContract({ ...portal, ...finalize }),
        revertsWith("OptimismPortal_Unproven"),
      );

      const hash = await l1.proveWithdrawal({ ...request, account });
      assert.equal((await l1.waitForTransactionReceipt({ hash })).status, "success");
      assert.equal(await statusOf(), "waiting-to-finalize");
      await assert.rejects(
        l1Public.simulateContract({ ...portal, ...finalize }),
        revertsWith("OptimismPortal_ProofNotOldEnough"),
      );
    });

    it("finalize once", async () => {
      const { l1, l1Public, l2Chain, account } = clients;
      const { period } = await l1Public.getTimeToFinalize({ withdrawalHash, targetChain: l2Chain });
      assert.ok(period > 0);
      await l1Public.waitToFinalize({ withdrawalHash, targetChain: l2Chain });
      await until(async () => (await statusOf()) === "ready-to-finalize", { what: "the game is final" });
      const [withdrawal] = getWithdrawals(initiated);
      assert.ok(withdrawal);
      const before = await l1.getBalance({ address: account.address });
      const hash = await l1.finalizeWithdrawal({ account, withdrawal, targetChain: l2Chain });
      const { status, gasUsed, effectiveGasPrice } = await l1.waitForTransactionReceipt({ hash });
      assert.equal(status, "success");
      assert.equal(
        await l1.getBalance({ address: account.address }),
        before + WITHDRAWAL - gasUsed * effectiveGasPrice,
      );
      assert.equal(await statusOf(), "finalized");
      await assert.rejects(
        l1Public.simulateContract({
          address: system.addresses.OptimismPortalProxy,
          abi: optimismPortalAbi,
          account,
          functionName: "finalizeWithdrawalTransaction",
          args: [withdrawal],
        }),
        revertsWith("OptimismPortal_AlreadyFinalized"),
      );
    });
  });

  describe("PHA, an ERC-20 token, through the bridge's actions", () => {
    it("goes to L2 and comes back to the unit", async () => {
      const { l1, l2, account } = tokenHolder;
      await deposit(tokenHolder, { to: account.address, mint: FUNDS, gas: 21_000n });
      const l1Token = system.addresses.PhaTestToken;
      assert.ok(l1Token);
      const bridge = createBridge(system.network, account);
      const minted = await l1.writeContract({
        address: l1Token,
        abi: phaTestTokenAbi,
        functionName: "faucet",
        args: [TOKENS],
      });
      await l1.waitForTransactionReceipt({ hash: minted });
      const l2Token = await createL2Token(l1Token);
      const balances = async () => {
        const read = { abi: erc20Abi, functionName: "balanceOf", args: [account.address] } as const;
        return [
          await l1.readContract({ address: l1Token, ...read }),
          await l2.readContract({ address: l2Token, ...read }),
        ];
      };
      assert.deepEqual(await balances(), [TOKENS, 0n]);

      const to = account.address;
      const { l2Hash: deposited } = await depositErc20(bridge, { l1Token, l2Token, to, amount: TOKENS });
      assert.equal((await l2.waitForTransactionReceipt({ hash: deposited })).status, "success");
      assert.deepEqual(await balances(), [0n, TOKENS]);

      const { l2Hash } = await initiateErc20Withdrawal(bridge, { l1Token, l2Token, to, amount: TOKENS_BACK });
      assert.deepEqual(await balances(), [0n, TOKENS - TOKENS_BACK]);
      await assert.rejects(
        finalizeWithdrawal(bridge, { l2Hash }),
        fault("BRIDGE_NOT_PROVEN", /ready|waiting/),
      );
      await proveWithdrawal(bridge, { l2Hash });
      const { callSucceeded } = await finalizeWithdrawal(bridge, { l2Hash });
      assert.ok(callSucceeded);
      assert.deepEqual(await balances(), [TOKENS_BACK, TOKENS - TOKENS_BACK]);
      assert.deepEqual(await withdrawalStatus(bridge, { l2Hash }), { status: "finalized" });
      for (const again of [proveWithdrawal, finalizeWithdrawal]) {
        await assert.rejects(again(bridge, { l2Hash }), fault("BRIDGE_FINALIZED", /nothing is left to do/));
      }
    });
  });

  governance(() => ({ system, parachain }));

  describe("its actions tell what is wrong in one line, with a code", { concurrency: 1 }, () => {
    const to = devnetAccount(USERS[2]).address;
    const amount = parseEther("1000000000");
    const bridgeOver = (network: Partial<System["network"]> = {}) =>
      createBridge({ ...system.network, ...network }, devnetAccount(USERS[2]));

    it("of a transaction that the rollup does not know, without waiting", { timeout: 30_000 }, async () => {
      const l2Hash: Hex = `0x${"11".repeat(32)}`;
      for (const act of [withdrawalStatus, proveWithdrawal, finalizeWithdrawal]) {
        await assert.rejects(
          act(bridgeOver(), { l2Hash }),
          fault("BRIDGE_TRANSACTION_UNKNOWN", /knows no transaction 0x1111/),
        );
      }
    });

    it("of a transaction that starts no withdrawal", async () => {
      const [l2Hash] = (await clients.l2.getBlock({ blockNumber: 1n })).transactions;
      assert.ok(l2Hash);
      for (const act of [withdrawalStatus, proveWithdrawal, finalizeWithdrawal]) {
        await assert.rejects(act(bridgeOver(), { l2Hash }), fault("BRIDGE_NO_WITHDRAWAL", /no withdrawal/));
      }
    });

    it("of an amount that the account does not have", async () => {
      for (const act of [depositEth, initiateEthWithdrawal]) {
        await assert.rejects(act(bridgeOver(), { to, amount }), fault("BRIDGE_FUNDS", /too little ether/));
      }
    });

    it("of a token that the account does not have, or that is none", async () => {
      const l1Token = system.addresses.PhaTestToken;
      assert.ok(l1Token);
      const pair = { l1Token, l2Token: l1Token, to, amount };
      await assert.rejects(
        depositErc20(bridgeOver(), pair),
        fault("BRIDGE_TRANSACTION_REVERTED", /^0x\w{40} has \d+ and needs \d+ of the token/),
      );
      await assert.rejects(
        depositErc20(bridgeOver(), { ...pair, l1Token: to }),
        fault("BRIDGE_WRONG_CONTRACT", /^0x\w{40} answers nothing to allowance\(\)/),
      );
    });

    it("of a chain that does not answer, by its host alone", async () => {
      const url = "http://127.0.0.1:1/v3/secret-key";
      const l2Hash: Hex = `0x${"11".repeat(32)}`;
      const unreachable = fault("BRIDGE_UNREACHABLE", /^127\.0\.0\.1:1 does not answer$/);
      await assert.rejects(depositEth(bridgeOver({ l1RpcUrl: url }), { to, amount }), unreachable);
      await assert.rejects(withdrawalStatus(bridgeOver({ l2RpcUrl: url }), { l2Hash }), unreachable);
    });
  });
});

/** Checks for a fault of that code in one short line. */
function fault(code: string, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(isRollupError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    assert.ok(error.message.length < 200 && !error.message.includes("\n"), error.message);
    return true;
  };
}

async function createL2Token(l1Token: Address): Promise<Address> {
  const { l2 } = tokenHolder;
  const hash = await l2.writeContract({
    address: toHex(OPTIMISM_MINTABLE_ERC20_FACTORY),
    abi: optimismMintableERC20FactoryAbi,
    functionName: "createOptimismMintableERC20",
    args: [l1Token, "TEST Phala", "TEST-PHA"],
  });
  const { logs } = await l2.waitForTransactionReceipt({ hash });
  const [created] = parseEventLogs({
    abi: optimismMintableERC20FactoryAbi,
    eventName: "OptimismMintableERC20Created",
    logs,
  });
  assert.ok(created);
  return created.args.localToken;
}
