import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { DEVELOPMENT_MNEMONIC } from "@phala-l2/protocol/config/development";
import {
  Contract,
  ContractFactory,
  getAddress,
  getBytes,
  HDNodeWallet,
  Interface,
  isCallException,
  isError,
  JsonRpcProvider,
  type Log,
  NonceManager,
  parseEther,
  parseUnits,
  Wallet,
  WebSocketProvider,
} from "ethers";
import { devnetAccount, USERS } from "../devnet/accounts.ts";
import { clientsOf, deposit } from "../system/clients.ts";
import { rpcUrlOf, type System, startSystem } from "../system/start-system.ts";
import { until } from "../system/wait.ts";

const token = hardhatArtifacts()("pha/PhaTestToken");
const abi = new Interface(JSON.stringify(token.abi));
const SUPPLY = 1_000n;
const FAUCET_LIMIT = parseEther("100000");
const FUNDS = parseEther("5");
const NOBODY = getAddress("0x00000000000000000000000000000000000b0b0b");

let system: System;
let provider: JsonRpcProvider;
let sockets: WebSocketProvider;
let wallet: HDNodeWallet;

before(async () => {
  system = await startSystem();
  const { rpc } = system.sequencer;
  assert.ok(rpc);
  provider = new JsonRpcProvider(rpcUrlOf(system.sequencer), undefined, {
    pollingInterval: 100,
    cacheTimeout: -1,
  });
  sockets = new WebSocketProvider(rpc.wsUrl);
  const path = `m/44'/60'/0'/0/${USERS[0]}`;
  wallet = HDNodeWallet.fromPhrase(DEVELOPMENT_MNEMONIC, undefined, path).connect(provider);
  const user = devnetAccount(USERS[0]);
  assert.equal(wallet.address, user.address);
  await deposit(clientsOf(system.network, user), { to: user.address, mint: FUNDS, gas: 21_000n });
});
after(async () => {
  await sockets?.destroy();
  provider?.destroy();
  await system?.stop();
});

async function deploy(): Promise<Contract> {
  const factory = new ContractFactory(abi, token.bytecode, wallet);
  const deployed = await factory.deploy(wallet.address, SUPPLY);
  await deployed.waitForDeployment();
  return new Contract(await deployed.getAddress(), abi, wallet);
}

describe("ethers reads", () => {
  it("network, balances and blocks by number, hash and tag", async () => {
    assert.equal((await provider.getNetwork()).chainId, system.sequencer.config.l2ChainId);
    assert.equal(await provider.getBalance(wallet.address), FUNDS);
    const block = await provider.getBlock(1);
    assert.ok(block?.hash);
    assert.equal((await provider.getBlock(block.hash))?.number, 1);
    const [deposit] = (await provider.getBlock(1, true))?.prefetchedTransactions ?? [];
    assert.equal(deposit?.type, 0x7e);
    for (const tag of ["earliest", "latest", "safe", "finalized"])
      assert.ok(await provider.getBlock(tag), tag);
    assert.equal(await provider.getBlock(100_000_000), null);
  });

  it("fee data that the next block accepts", async () => {
    const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
    const latest = await provider.getBlock("latest");
    assert.ok(gasPrice && maxFeePerGas && maxPriorityFeePerGas && latest?.baseFeePerGas);
    assert.ok(maxFeePerGas > latest.baseFeePerGas);
    assert.ok(gasPrice >= latest.baseFeePerGas);
  });
});

describe("ethers sends", () => {
  it("legacy, access-list and fee-market transactions", async () => {
    const gasPrice = parseUnits("2", "gwei");
    const requests = [
      { type: 0, gasPrice },
      { type: 1, gasPrice, accessList: [{ address: NOBODY, storageKeys: [] }] },
      { type: 2 },
    ];
    const sender = new NonceManager(wallet);
    const before = await provider.getBalance(NOBODY);
    const sent = [];
    for (const each of requests) sent.push(await sender.sendTransaction({ ...each, to: NOBODY, value: 1n }));
    for (const [index, response] of sent.entries()) {
      const receipt = await response.wait();
      assert.equal(receipt?.status, 1);
      assert.equal(receipt.type, index);
      assert.equal((await provider.getTransaction(response.hash))?.from, wallet.address);
    }
    assert.equal(await provider.getBalance(NOBODY), before + 3n);
  });

  it("a set-code transaction (EIP-7702)", async () => {
    const contract = await deploy();
    const authority = Wallet.createRandom(provider);
    const authorization = await authority.authorize({ address: await contract.getAddress(), nonce: 0 });
    const sent = await wallet.sendTransaction({
      type: 4,
      to: authority.address,
      data: abi.encodeFunctionData("faucet", [5n]),
      authorizationList: [authorization],
    });
    assert.equal((await sent.wait())?.status, 1);
    const asContract = new Contract(authority.address, abi, provider);
    assert.equal(await asContract.getFunction("balanceOf")(wallet.address), 5n);
    assert.equal(getBytes(await provider.getCode(authority.address)).length, 23);
  });

  it("nothing that cannot be paid, is of another chain, or repeats a nonce", async () => {
    const pauper = Wallet.createRandom(provider);
    const plain = { to: NOBODY, value: 1n, gasLimit: 21_000n };
    await assert.rejects(pauper.sendTransaction(plain), (error) => isError(error, "INSUFFICIENT_FUNDS"));
    await assert.rejects(wallet.sendTransaction({ ...plain, nonce: 0 }), (error) =>
      isError(error, "NONCE_EXPIRED"),
    );
    const fees = { maxFeePerGas: parseUnits("2", "gwei"), maxPriorityFeePerGas: 1n };
    const nonce = await wallet.getNonce();
    const foreign = await wallet.signTransaction({ ...plain, ...fees, type: 2, chainId: 1n, nonce });
    await assert.rejects(provider.broadcastTransaction(foreign), /invalid chain id|invalid sender/i);
  });
});

describe("ethers and contracts", () => {
  let contract: Contract;
  before(async () => {
    contract = await deploy();
  });

  it("deploys, calls and reads events", async () => {
    assert.equal(await contract.getFunction("balanceOf")(wallet.address), SUPPLY);
    const sent = await contract.getFunction("transfer")(NOBODY, 40n);
    const receipt = await sent.wait();
    const found = await contract.queryFilter("Transfer", receipt.blockNumber, receipt.blockNumber);
    assert.deepEqual(
      found.map((log) => [log.transactionHash, abi.parseLog(log)?.args.toArray()]),
      [[sent.hash, [wallet.address, NOBODY, 40n]]],
    );
    const state = { blockTag: receipt.blockNumber - 1 };
    assert.equal(await contract.getFunction("balanceOf")(NOBODY, state), 0n);
    assert.equal(await contract.getFunction("balanceOf")(NOBODY), 40n);
  });

  it("sees why a call and a transaction revert", async () => {
    const tooMuch = FAUCET_LIMIT + 1n;
    const refused = (error: unknown) => {
      assert.ok(isCallException(error));
      const named = abi.parseError(error.data ?? "0x");
      assert.equal(named?.name, "PhaTestToken_AboveFaucetLimit");
      assert.deepEqual([...named.args], [tooMuch, FAUCET_LIMIT]);
      return true;
    };
    await assert.rejects(contract.getFunction("faucet").staticCall(tooMuch), refused);
    await assert.rejects(contract.getFunction("faucet").estimateGas(tooMuch), refused);
    const sent = await contract.getFunction("faucet").send(tooMuch, { gasLimit: 100_000n });
    await assert.rejects(sent.wait(), (error) => isCallException(error) && error.receipt?.status === 0);
  });

  it("is told of blocks and logs over WebSocket", async () => {
    const blocks: number[] = [];
    const logs: Log[] = [];
    await sockets.on("block", (number: number) => blocks.push(number));
    await sockets.on({ address: await contract.getAddress() }, (log: Log) => logs.push(log));
    const sent = await contract.getFunction("transfer")(NOBODY, 2n);
    const receipt = await sent.wait();
    await until(() => logs.length > 0 && blocks.includes(receipt.blockNumber) && blocks.length >= 3, {
      what: "the WebSocket tells of the transfer and of three blocks",
    });
    assert.deepEqual(
      logs.map(({ transactionHash }) => transactionHash),
      [sent.hash],
    );
    const [first = 0] = blocks;
    assert.deepEqual(
      blocks,
      blocks.map((_, index) => first + index),
    );
    await sockets.removeAllListeners();
    // ethers does not wait for its eth_unsubscribe; an answer to a later request says that it has been heard.
    await sockets.getBlock("latest");
  });
});
