import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { multicall3Abi } from "@phala-l2/contracts/abi/multicall3";
import { optimismPortalAbi } from "@phala-l2/contracts/abi/optimism-portal";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { toHex } from "@phala-l2/protocol/bytes";
import { type Address, encodeFunctionData, type Hex, parseEther, parseGwei } from "viem";
import { getL2TransactionHashes } from "viem/op-stack";
import { devnetAccount, ROLES, USERS } from "../devnet/accounts.ts";
import { assertSameChain } from "../system/agreement.ts";
import { type Clients, clientsOf, deposit } from "../system/clients.ts";
import { type System, startSystem, untilSafe } from "../system/start-system.ts";

/** Creates a contract that loops until its gas is gone: JUMPDEST PUSH1 0 JUMP. */
const LOOP_CREATION = "0x635b6000566000526004601cf3";
/** Creates a contract that destroys itself while it is created: CALLER SELFDESTRUCT. */
const SHORT_LIVED_CREATION = "0x33ff";
/** Creates nothing: PUSH1 0 PUSH1 0 REVERT. */
const FAILING_CREATION = "0x60006000fd";
/** What an L1 contract's address becomes as sender on L2. */
const ALIAS_OFFSET = 0x1111000000000000000000000000000000001111n;
const ADDRESSES = 2n ** 160n;
const BURST = 60;

const TOKEN_CREATION = hardhatArtifacts()("pha/PhaTestToken").bytecode;

let system: System;
let rich: Clients;
let poor: Clients;
/** Number of the newest L2 block that must be derived again. */
let last = 0n;

before(async () => {
  system = await startSystem({ dataAvailability: "blobs" });
  rich = clientsOf(system.network, devnetAccount(USERS[0]));
  poor = clientsOf(system.network, devnetAccount(USERS[1]));
});
after(() => system?.stop());

function alias(address: Address): Address {
  return `0x${((BigInt(address) + ALIAS_OFFSET) % ADDRESSES).toString(16).padStart(40, "0")}`;
}

/** Waits for an L2 transaction and notes its block. */
async function mined(hash: Hex) {
  const receipt = await rich.l2.waitForTransactionReceipt({ hash });
  if (receipt.blockNumber > last) last = receipt.blockNumber;
  return receipt;
}

async function deposited(...[by, request]: Parameters<typeof deposit>) {
  const { receipt } = await deposit(by, request);
  if (receipt.blockNumber > last) last = receipt.blockNumber;
  return receipt;
}

/** Types of the transactions that the batcher has sent to the inbox. */
async function batchTypes(): Promise<ReadonlySet<string>> {
  const { batchInboxAddress } = system.sequencer.config;
  const head = await rich.l1.getBlockNumber();
  const types = new Set<string>();
  for (let blockNumber = 0n; blockNumber <= head; blockNumber++) {
    const { transactions } = await rich.l1.getBlock({ blockNumber, includeTransactions: true });
    for (const { to, type } of transactions) if (to === toHex(batchInboxAddress)) types.add(type);
  }
  return types;
}

/** A second verifier of everything: a node with nothing but L1 comes to the same blocks. */
async function assertDerivedAgain(options: { readonly gossip: boolean }): Promise<void> {
  await untilSafe(system.sequencer, last);
  await system.restartVerifier({ emptied: true, ...options });
  await untilSafe(system.verifier, last);
  assertSameChain(system.sequencer, system.verifier, last);
}

describe("an emptied verifier derives the chain from L1", () => {
  let loop: Address;
  let token: Address;

  it("with deposits: of ether, of contracts, and of calls", async () => {
    const ether = await deposited(rich, { to: rich.account.address, mint: parseEther("10"), gas: 21_000n });
    assert.equal(ether.status, "success");
    assert.equal(await rich.l2.getBalance({ address: rich.account.address }), parseEther("10"));

    const creation = await deposited(rich, { isCreation: true, data: LOOP_CREATION, gas: 200_000n });
    assert.equal(creation.status, "success");
    assert.ok(creation.contractAddress);
    loop = creation.contractAddress;
    assert.equal(await rich.l2.getCode({ address: loop }), "0x5b600056");
  });

  it("with failed deposits, whose ether was minted all the same", async () => {
    const { address } = poor.account;
    const outOfGas = await deposited(poor, { to: loop, mint: 3n, gas: 60_000n });
    assert.equal(outOfGas.status, "reverted");
    assert.equal(outOfGas.gasUsed, 60_000n);
    const penniless = await deposited(poor, { to: loop, mint: 4n, value: parseEther("1"), gas: 60_000n });
    assert.equal(penniless.status, "reverted");
    assert.equal(await rich.l2.getBalance({ address }), 7n);
    assert.equal(await rich.l2.getTransactionCount({ address }), 2);
    const creation = await deposited(poor, { isCreation: true, data: FAILING_CREATION, gas: 100_000n });
    assert.equal(creation.status, "reverted");
  });

  it("with a deposit by a contract, whose address is aliased", async () => {
    const { OptimismPortalProxy, Multicall3 } = system.addresses;
    const value = parseEther("0.5");
    const { address } = poor.account;
    const callData = encodeFunctionData({
      abi: optimismPortalAbi,
      functionName: "depositTransaction",
      args: [address, value, 21_000n, false, "0x"],
    });
    const hash = await rich.l1.writeContract({
      address: Multicall3,
      abi: multicall3Abi,
      functionName: "aggregate3Value",
      args: [[{ target: OptimismPortalProxy, allowFailure: false, value, callData }]],
      value,
    });
    const [l2Hash] = getL2TransactionHashes(await rich.l1.waitForTransactionReceipt({ hash }));
    assert.ok(l2Hash);
    const receipt = await mined(l2Hash);
    assert.equal(receipt.status, "success");
    assert.equal(receipt.from, alias(Multicall3).toLowerCase());
  });

  it("with transactions of every type, creations and reverts", async () => {
    const { l2, account } = rich;
    const to = devnetAccount(ROLES.deployer).address;
    const gasPrice = parseGwei("2");
    const legacy = await mined(await l2.sendTransaction({ type: "legacy", to, value: 1n, gasPrice }));
    assert.equal(legacy.type, "legacy");
    const accessList = [{ address: loop, storageKeys: [toHex(new Uint8Array(32))] }];
    const listed = await mined(
      await l2.sendTransaction({ type: "eip2930", to, value: 1n, gasPrice, accessList }),
    );
    assert.equal(listed.type, "eip2930");

    const creation = await mined(
      await l2.deployContract({
        abi: phaTestTokenAbi,
        bytecode: TOKEN_CREATION,
        args: [account.address, 5n],
      }),
    );
    assert.ok(creation.contractAddress);
    token = creation.contractAddress;
    const shortLived = await mined(
      await l2.sendTransaction({ data: SHORT_LIVED_CREATION, gas: 100_000n, value: 9n }),
    );
    assert.equal(shortLived.status, "success");
    const failing = await mined(await l2.sendTransaction({ data: FAILING_CREATION, gas: 100_000n }));
    assert.equal(failing.status, "reverted");

    const reverted = await mined(
      await l2.writeContract({
        address: token,
        abi: phaTestTokenAbi,
        functionName: "faucet",
        args: [parseEther("1000000")],
        gas: 100_000n,
      }),
    );
    assert.equal(reverted.status, "reverted");
    const outOfGas = await mined(await l2.sendTransaction({ to: loop, gas: 500_000n }));
    assert.equal(outOfGas.status, "reverted");
    assert.equal(outOfGas.gasUsed, 500_000n);
  });

  it("with an account that runs a contract's code (EIP-7702)", async () => {
    const { l2, account } = rich;
    const authorization = await l2.signAuthorization({ account, contractAddress: token, executor: "self" });
    const data = encodeFunctionData({ abi: phaTestTokenAbi, functionName: "faucet", args: [77n] });
    const hash = await l2.sendTransaction({ authorizationList: [authorization], to: account.address, data });
    const receipt = await mined(hash);
    assert.equal(receipt.type, "eip7702");
    assert.equal(receipt.status, "success");
    const balanceOf = { abi: phaTestTokenAbi, functionName: "balanceOf", args: [account.address] } as const;
    assert.equal(await l2.readContract({ address: account.address, ...balanceOf }), 77n);
    assert.equal(await l2.getCode({ address: account.address }), `0xef0100${token.slice(2)}`);
  });

  it("from blobs, with gossip", async () => {
    await assertDerivedAgain({ gossip: true });
    assert.deepEqual([...(await batchTypes())], ["eip4844"]);
  });

  it("from blobs and calldata, without gossip", async () => {
    await system.restartBatcher("calldata");
    const { l2, account } = rich;
    const nonce = await l2.getTransactionCount({ address: account.address });
    const fees = await l2.estimateFeesPerGas();
    const hashes: Hex[] = [];
    for (let index = 0; index < BURST; index++) {
      const request = { ...fees, nonce: nonce + index, to: poor.account.address, value: 1n, gas: 21_000n };
      hashes.push(await l2.sendTransaction(request));
    }
    const receipts = await Promise.all(hashes.map(mined));
    assert.ok(receipts.every(({ status }) => status === "success"));
    await assertDerivedAgain({ gossip: false });
    assert.deepEqual([...(await batchTypes())].sort(), ["eip1559", "eip4844"]);
    assert.equal(system.verifier.gossip, undefined);
  });
});
