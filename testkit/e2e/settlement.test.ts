import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { optimismPortalAbi } from "@phala-l2/contracts/abi/optimism-portal";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { addressFromHex, fromHex, type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { claimDigest } from "@phala-l2/protocol/claim";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { DANGEROUS_ROOTS } from "@phala-l2/tee-prover/attest/trust";
import type { RunningProver } from "@phala-l2/tee-prover/main";
import { readProvers } from "@phala-l2/tee-prover/registry/provers";
import { reverify } from "@phala-l2/tee-prover/registry/reverify";
import { askEvidence } from "@phala-l2/tee-prover/rpc/ask";
import { STRICT_POLICY } from "@phala-l2/tee-prover/verify/policy";
import { type Address, type Hex, parseEther, type TransactionReceipt } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { getWithdrawals } from "viem/op-stack";
import { devnetAccount, USERS } from "../devnet/accounts.ts";
import { type Clients, clientsOf, deposit } from "../system/clients.ts";
import { revertsWith } from "../system/refusal.ts";
import { type System, startSystem } from "../system/start-system.ts";
import { until } from "../system/wait.ts";

/** The contracts' GameStatus. */
const CHALLENGER_WINS = 1;
const DEFENDER_WINS = 2;
const WITHDRAWAL = parseEther("1");
/** keccak256 of a text is no output root of any block. */
const FALSE_ROOT = toHex(keccak256(new TextEncoder().encode("not this chain's state")));

let system: System;
let clients: Clients;
/** Runs from the start, but its key is registered late. */
let secondVendor: RunningProver;

before(async () => {
  system = await startSystem({ provers: ["TDX", "TDX_GPU"] });
  clients = clientsOf(system.network, devnetAccount(USERS[0]));
  secondVendor = await system.startProver("SEV_SNP", { registers: false });
});
after(() => system?.stop());

const game = (address: Address) => ({ address, abi: multiProofGameAbi }) as const;

/** Tries to prove without sending; the errors of the registry, which the game asks, have their names. */
function simulateProof(address: Address, root: Hex, signature: Hex) {
  const abi = [...multiProofGameAbi, ...proverRegistryAbi] as const;
  return clients.l1.simulateContract({ address, abi, functionName: "prove", args: [root, signature] });
}

function rootOf(address: Address): Promise<Hex> {
  return clients.l1.readContract({ ...game(address), functionName: "rootClaim" });
}

function standingOf(address: Address) {
  return clients.l1.readContract({ ...game(address), functionName: "proofStatus" });
}

function statusOf(address: Address): Promise<number> {
  return clients.l1.readContract({ ...game(address), functionName: "status" });
}

function resolve(address: Address) {
  return clients.l1.simulateContract({ ...game(address), functionName: "resolve" });
}

/** What does not hold of a prover that is asked for its evidence, and verified again beside what L1 has of its key. */
async function faultsOf({ rpcUrl = "" }: RunningProver): Promise<readonly string[]> {
  const client = clients.l1Public;
  const registry = toHex(addressFromHex(system.addresses.ProverRegistryProxy));
  const answer = await askEvidence(rpcUrl);
  const key = toHex(answer.binding.key);
  const provers = await readProvers(client, registry);
  const checks = await reverify(client, {
    answer,
    registry,
    roots: DANGEROUS_ROOTS,
    policy: STRICT_POLICY,
    registered: provers.find((prover) => prover.key.toLowerCase() === key),
    l1ChainId: BigInt(await client.getChainId()),
    at: BigInt(Math.floor(Date.now() / 1000)),
  });
  return checks.filter(({ ok }) => !ok).map(({ check, field }) => `${check}: ${field}`);
}

function gameCount(): Promise<bigint> {
  const factory = { address: system.addresses.DisputeGameFactoryProxy, abi: disputeGameFactoryAbi } as const;
  return clients.l1.readContract({ ...factory, functionName: "gameCount" });
}

async function gameAt(index: bigint): Promise<Address> {
  const [, , address] = await clients.l1.readContract({
    address: system.addresses.DisputeGameFactoryProxy,
    abi: disputeGameFactoryAbi,
    functionName: "gameAtIndex",
    args: [index],
  });
  return address;
}

function anchorNumber(): Promise<bigint> {
  const registry = {
    address: system.addresses.AnchorStateRegistryProxy,
    abi: anchorStateRegistryAbi,
  } as const;
  return clients.l1.readContract({ ...registry, functionName: "getAnchorRoot" }).then(([, number]) => number);
}

/** A claim as an enclave would sign it, by a key in this process. */
async function signedClaim(signer: PrivateKeyAccount, address: Address, outputRoot: Hex): Promise<Hex> {
  const read = <Name extends "rollupConfigHash" | "l1Head" | "previousOutputRoot">(functionName: Name) =>
    clients.l1.readContract({ ...game(address), functionName });
  const [rollupConfigHash, l1Head, previousOutputRoot, l2BlockNumber] = await Promise.all([
    read("rollupConfigHash"),
    read("l1Head"),
    read("previousOutputRoot"),
    clients.l1.readContract({ ...game(address), functionName: "l2BlockNumber" }),
  ]);
  const domain = {
    chainId: BigInt(system.network.l1ChainId),
    verifyingContract: addressFromHex(system.addresses.ProverRegistryProxy),
  };
  const digest = claimDigest(domain, {
    rollupConfigHash: hashFromHex(rollupConfigHash),
    l1Head: hashFromHex(l1Head),
    previousOutputRoot: hashFromHex(previousOutputRoot),
    outputRoot: hashFromHex(outputRoot),
    l2BlockNumber,
  });
  return signer.sign({ hash: toHex(digest) });
}

describe("settlement", () => {
  let withdrawal: TransactionReceipt & Awaited<ReturnType<Clients["l2"]["waitForTransactionReceipt"]>>;
  let proven: Address;
  /** A vendor's TEE that is broken: whoever has its key makes it sign anything. */
  const broken = privateKeyToAccount(generatePrivateKey());

  async function anotherGame(): Promise<Address | undefined> {
    for (let index = 0n; index < (await gameCount()); index++) {
      const address = await gameAt(index);
      if (address !== proven) return address;
    }
    return undefined;
  }

  const finalize = (account: Address) => {
    const [sent] = getWithdrawals(withdrawal);
    assert.ok(sent);
    return clients.l1.simulateContract({
      address: system.addresses.OptimismPortalProxy,
      abi: optimismPortalAbi,
      account,
      functionName: "finalizeWithdrawalTransaction",
      args: [sent],
    });
  };

  type Game = Awaited<ReturnType<Clients["l1Public"]["getGames"]>>[number];

  /** Proves the withdrawal against one game, whatever its standing. */
  async function proveAgainst(found: Game): Promise<Address> {
    const { l1, l2Public, account } = clients;
    const [sent] = getWithdrawals(withdrawal);
    assert.ok(sent);
    const request = await l2Public.buildProveWithdrawal({ game: found, withdrawal: sent, account });
    const hash = await l1.proveWithdrawal({ ...request, account });
    assert.equal((await l1.waitForTransactionReceipt({ hash })).status, "success");
    return gameAt(found.index);
  }

  /** viem picks any game that covers the withdrawal; after a contradiction some of these are lost. */
  async function gameOf(address: Address): Promise<Game> {
    const games = await clients.l1Public.getGames({ targetChain: clients.l2Chain });
    const addresses = await Promise.all(games.map(({ index }) => gameAt(index)));
    const found = games[addresses.indexOf(address)];
    assert.ok(found, `game ${address} is among the newest`);
    return found;
  }

  it("two provers of one vendor are not two", async () => {
    const { l1Public, l2, account } = clients;
    await deposit(clients, { to: account.address, mint: 2n * WITHDRAWAL, gas: 21_000n });
    const request = await l1Public.buildInitiateWithdrawal({
      account,
      to: account.address,
      value: WITHDRAWAL,
    });
    const hash = await l2.initiateWithdrawal({ ...request, account });
    withdrawal = await l2.waitForTransactionReceipt({ hash });
    const { game: first } = await l1Public.waitToProve({ receipt: withdrawal, targetChain: clients.l2Chain });
    proven = await proveAgainst(first);

    const supporters = await until(
      async () => {
        const found = await clients.l1.readContract({ ...game(proven), functionName: "supporters" });
        return found.length === 2 && found;
      },
      { what: "both provers support the game" },
    );
    assert.deepEqual(supporters.map(({ gpu }) => gpu).sort(), [false, true]);
    const { hostVendors, thresholdAt } = await standingOf(proven);
    assert.deepEqual([hostVendors, thresholdAt], [1, 0n]);
    await assert.rejects(resolve(await gameAt(0n)), revertsWith("MultiProofGame_NotEnoughVendors"));
    assert.equal(await anchorNumber(), 0n);
  });

  it("a key that is not registered proves nothing", async () => {
    const stranger = privateKeyToAccount(generatePrivateKey());
    for (const root of [await rootOf(proven), FALSE_ROOT]) {
      const signature = await signedClaim(stranger, proven, root);
      await assert.rejects(simulateProof(proven, root, signature), revertsWith("ProverRegistry_UnknownKey"));
    }
  });

  it("a prover is verified again by its own word, and nobody is registered by it", async () => {
    assert.deepEqual(await faultsOf(secondVendor), ["registry: key"]);
  });

  it("a registered key's signature for one root, or one game, is none for another", async () => {
    const sign = async (digest: Hash) => fromHex(await broken.sign({ hash: toHex(digest) }));
    await system.registerStolen({ address: addressFromHex(broken.address), sign }, "SEV_SNP_GPU");
    const root = await rootOf(proven);
    const signature = await signedClaim(broken, proven, root);
    await simulateProof(proven, root, signature);
    await assert.rejects(
      simulateProof(proven, FALSE_ROOT, signature),
      revertsWith("ProverRegistry_UnknownKey"),
    );
    const other = await until(anotherGame, { what: "there is a second game" });
    await assert.rejects(simulateProof(other, root, signature), revertsWith("ProverRegistry_UnknownKey"));
  });

  it("a contradicting claim freezes the game, and the withdrawal proven against it is not paid", async () => {
    const { l1, account } = clients;
    const args = [FALSE_ROOT, await signedClaim(broken, proven, FALSE_ROOT)] as const;
    const hash = await l1.writeContract({ ...game(proven), functionName: "prove", args });
    assert.equal((await l1.waitForTransactionReceipt({ hash })).status, "success");
    assert.equal(await statusOf(proven), CHALLENGER_WINS);
    assert.equal(await l1.readContract({ ...game(proven), functionName: "contradicted" }), true);
    await assert.rejects(resolve(proven), revertsWith("MultiProofGame_NotInProgress"));
    await until(
      () =>
        finalize(account.address).then(
          () => assert.fail("paid out against a game that was contradicted"),
          (error: Error) => !error.message.includes("OptimismPortal_ProofNotOldEnough"),
        ),
      { what: "the proof is old enough" },
    );
    await assert.rejects(finalize(account.address), revertsWith("OptimismPortal_InvalidRootClaim"));
  });

  it("a second vendor makes it final; the delayed withdrawal is proven anew and paid", async () => {
    const { l1, l1Public, l2Chain, account } = clients;
    await system.registerProver(secondVendor);
    assert.deepEqual(await faultsOf(secondVendor), []);
    await until(async () => (await anchorNumber()) >= withdrawal.blockNumber, {
      what: "a game of two vendors is the anchor",
      // It supports each game that is open, from the oldest on: a proof and an L1 block each.
      timeoutMs: 120_000,
    });
    const anchor = await l1.readContract({
      address: system.addresses.AnchorStateRegistryProxy,
      abi: anchorStateRegistryAbi,
      functionName: "anchorGame",
    });
    assert.equal(await statusOf(anchor), DEFENDER_WINS);
    assert.equal((await standingOf(anchor)).hostVendors, 2);

    assert.notEqual(anchor, proven);
    await proveAgainst(await gameOf(anchor));
    const [sent] = getWithdrawals(withdrawal);
    assert.ok(sent);
    await until(
      async () =>
        (await l1Public.getWithdrawalStatus({ receipt: withdrawal, targetChain: l2Chain })) ===
        "ready-to-finalize",
      { what: "the withdrawal may be finalised" },
    );
    const hash = await l1.finalizeWithdrawal({ account, withdrawal: sent, targetChain: l2Chain });
    assert.equal((await l1.waitForTransactionReceipt({ hash })).status, "success");
  });
});
