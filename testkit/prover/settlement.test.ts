import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { bornKey } from "@phala-l2/enclave/key";
import { outputRootOf } from "@phala-l2/enclave/l2-chain";
import { NO_SUCH_BLOCK } from "@phala-l2/enclave/prove";
import { genesisBlock } from "@phala-l2/execution/genesis";
import { parseGenesis } from "@phala-l2/execution/genesis-json";
import { systemClock } from "@phala-l2/node/clock";
import {
  addressFromHex,
  asHash,
  bigintToBytes,
  type Hash,
  type Hex,
  hashFromHex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { claimDigest } from "@phala-l2/protocol/claim";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { parseRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import type { Header } from "@phala-l2/protocol/wire/header";
import { classOf } from "@phala-l2/tee-prover/attest/kind";
import type { Claims } from "@phala-l2/tee-prover/host/claims";
import { GameBook } from "@phala-l2/tee-prover/host/games";
import { createL1Transactions } from "@phala-l2/tee-prover/host/l1-transactions";
import type { OwnNode } from "@phala-l2/tee-prover/host/own-view";
import { Submitter } from "@phala-l2/tee-prover/host/submitter";
import { createPublicClient, http } from "viem";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "../devnet/accounts.ts";
import { compileContracts, type DeployedChain, deployChain } from "../devnet/deploy.ts";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { registerStolen } from "../system/register.ts";

/** How far the honest nodes have derived at first, and the last block that L1 gives at all. */
const SAFE = 35n;
const LAST = 45n;
const INTERVAL = 10n;

const folder = mkdtempSync(join(tmpdir(), "phala-l2-settlement-"));
let anvil: Anvil;
let chain: DeployedChain;
let genesis: { readonly hash: Hash; readonly header: Header };

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

function client() {
  return createPublicClient({ transport: http(anvil.url), pollingInterval: 50, cacheTime: 0 });
}

async function passTime(seconds: number): Promise<void> {
  const body = (method: string, params: unknown[]) =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  for (const each of [body("evm_increaseTime", [seconds]), body("evm_mine", [])]) {
    await fetch(anvil.url, { method: "POST", headers: { "content-type": "application/json" }, body: each });
  }
}

/** The last block on which liars agree with everybody. */
const AGREED = 30n;

/** Block n of a chain that nobody executed: its header says no more than its number. `lie` makes another chain. */
function headerOf(number: bigint, lie = 0): Header {
  const state = keccak256(Uint8Array.of(Number(number), number > AGREED ? lie : 0));
  return number === 0n ? genesis.header : { ...genesis.header, number, stateRoot: state };
}

function hashOf(number: bigint): Hash {
  return number === 0n ? genesis.hash : asHash(bigintToBytes(number, 32));
}

function rootOf(number: bigint, lie = 0): Hash {
  return outputRootOf({ hash: hashOf(number), header: headerOf(number, lie) });
}

type Prover = {
  readonly key: Hex;
  readonly submitter: Submitter;
  readonly honest: Claims;
  /** Signs anything, as a key in the hands of a thief does. */
  readonly claims: (outputRoot: (number: bigint) => Hash) => Claims;
};

/** A registered prover whose "enclave" signs what `rootOf` says, over the real contracts. */
async function prover(kind: ProverKind, payer: number, seed: number): Promise<Prover> {
  const { addresses, rollupConfigHash } = chain.book;
  const born = bornKey(() => keccak256(Uint8Array.of(seed)));
  const key = toHex(born.address);
  const stolen = { address: born.address, sign: async (digest: Hash) => born.sign(digest) };
  await registerStolen(stolen, kind, { l1Url: anvil.url, addresses, payer });
  const domain = {
    chainId: BigInt(L1_CHAIN_ID),
    verifyingContract: addressFromHex(addresses.ProverRegistryProxy),
  };
  const claims =
    (outputRoot: (number: bigint) => Hash): Claims =>
    async ({ l1Head, previousOutputRoot, l2BlockNumber }) => {
      const claim = {
        rollupConfigHash: hashFromHex(rollupConfigHash),
        l1Head,
        previousOutputRoot,
        outputRoot: outputRoot(l2BlockNumber),
        l2BlockNumber,
      };
      return { claim, signature: born.sign(claimDigest(domain, claim)) };
    };
  const honest = claims((number) => (number > LAST ? NO_SUCH_BLOCK : rootOf(number)));
  return {
    key,
    honest,
    claims,
    submitter: await submitterOf({ kind, payer, key, claims: honest, safe: SAFE, lie: 0 }),
  };
}

type SubmitterSetup = {
  readonly kind: ProverKind;
  readonly payer: number;
  readonly key: Hex;
  readonly claims: Claims;
  readonly safe: bigint;
  readonly lie: number;
};

async function submitterOf({ kind, payer, key, claims, safe, lie }: SubmitterSetup): Promise<Submitter> {
  const { addresses } = chain.book;
  const l1 = client();
  const settlement = {
    disputeGameFactory: addresses.DisputeGameFactoryProxy,
    anchorStateRegistry: addresses.AnchorStateRegistryProxy,
    proverRegistry: addresses.ProverRegistryProxy,
  };
  const { signal } = new AbortController();
  const shared = { clock: systemClock, signal };
  // All of the L2 chain was derived from the L1 block after deployment.
  const block = await l1.getBlock();
  const derivedFrom: BlockRef = {
    number: block.number,
    hash: hashFromHex(block.hash),
    parentHash: hashFromHex(block.parentHash),
    timestamp: block.timestamp,
  };
  const ref = (number: bigint): L2BlockRef => ({
    ...derivedFrom,
    number,
    hash: hashOf(number),
    l1Origin: derivedFrom,
    sequenceNumber: 0n,
  });
  const node: OwnNode = {
    currentL1: () => ({ ...derivedFrom, number: derivedFrom.number + 1_000n }),
    chain: {
      config: parseRollupConfig(json(chain.rollupFile)),
      heads: () => ({ safe: ref(safe), unsafe: ref(safe), finalized: ref(0n) }),
      hashByNumber: (number) => (number > safe ? undefined : hashOf(number)),
      headerByHash: (hash) => {
        for (let number = 0n; number <= safe; number++)
          if (toHex(hashOf(number)) === toHex(hash)) return headerOf(number, lie);
        return undefined;
      },
      safeHeadAtL1Block: (number) =>
        number < derivedFrom.number ? undefined : { l1: derivedFrom, safe: ref(safe) },
      ref: () => undefined,
      block: () => undefined,
      readNode: () => undefined,
      readCode: () => undefined,
    },
  };
  return new Submitter(
    {
      addresses: settlement,
      own: classOf(kind),
      interval: INTERVAL,
      maxBlocks: 43_200n,
      pollIntervalMs: 50,
    },
    {
      ...shared,
      book: new GameBook(l1, settlement),
      node,
      l1: { blockRef: async () => derivedFrom },
      signer: () => ({ key, claims }),
      transactions: createL1Transactions(
        { resubmitAfterMs: 20_000, pollIntervalMs: 20 },
        { ...shared, client: l1, account: devnetAccount(payer) },
      ),
      log: silentLog,
    },
  );
}

async function games() {
  const { addresses } = chain.book;
  const book = new GameBook(client(), {
    disputeGameFactory: addresses.DisputeGameFactoryProxy,
    anchorStateRegistry: addresses.AnchorStateRegistryProxy,
    proverRegistry: addresses.ProverRegistryProxy,
  });
  return book.read();
}

describe("provers on the real contracts", () => {
  let intel: Prover;
  let amd: Prover;
  before(async () => {
    await compileContracts();
    anvil = await startAnvil({ port: 0, chainId: L1_CHAIN_ID });
    chain = await deployChain(folder, anvil.url, () => {});
    const made = genesisBlock(parseGenesis(json(chain.genesisFile)));
    genesis = { hash: made.hash, header: made.block.header };
    // The registry retires the games of its own first second.
    await passTime(2);
    intel = await prover("TDX", ROLES.proverTdx, 1);
    amd = await prover("SEV_SNP", ROLES.proverSevSnp, 2);
  });
  after(async () => {
    await anvil?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("know from the contracts what claims are wanted for", async () => {
    const { addresses, rollupConfigHash } = chain.book;
    const book = new GameBook(client(), {
      disputeGameFactory: addresses.DisputeGameFactoryProxy,
      anchorStateRegistry: addresses.AnchorStateRegistryProxy,
      proverRegistry: addresses.ProverRegistryProxy,
    });
    assert.deepEqual(await book.wanted(), {
      rollupConfigHash,
      proverRegistry: addresses.ProverRegistryProxy.toLowerCase(),
    });
  });

  it("propose from the anchor, support each other, resolve, and move the anchor", async () => {
    await intel.submitter.turn();
    const [created] = (await games()).games;
    assert.ok(created);
    assert.deepEqual(
      [created.rootClaim, created.l2BlockNumber, created.parent],
      [toHex(rootOf(30n)), 30n, undefined],
    );
    assert.deepEqual(created.supporters, [{ key: intel.key, vendor: 1, gpu: false, isValid: true }]);
    await amd.submitter.turn();
    // Both look again: nothing is proven or proposed twice.
    await intel.submitter.turn();
    await amd.submitter.turn();
    const { games: now } = await games();
    assert.equal(now.length, 1);
    assert.deepEqual(
      now[0]?.supporters.map(({ key }) => key),
      [intel.key, amd.key],
    );
    await passTime(10);
    await amd.submitter.turn();
    assert.equal((await games()).games[0]?.status, "defender-wins");
    await passTime(10);
    await intel.submitter.turn();
    const anchored = await games();
    assert.deepEqual(anchored.anchor, { root: toHex(rootOf(30n)), number: 30n });
  });

  it("contradict what a stolen key proposes: a false root, and a block that does not exist", async () => {
    const thief = await prover("SEV_SNP_GPU", ROLES.proverTdxGpu, 3);
    // The first is about a block that L1 does not give, the second about one that it gives otherwise.
    for (const safe of [60n, LAST]) {
      const forged = thief.claims((number) => rootOf(number, 1));
      const submitter = await submitterOf({
        kind: "SEV_SNP_GPU",
        payer: ROLES.proverTdxGpu,
        key: thief.key,
        claims: forged,
        safe,
        lie: 1,
      });
      await assert.doesNotReject(submitter.turn());
    }
    const { games: before } = await games();
    const forged = before.filter(({ status }) => status === "in-progress");
    assert.deepEqual(forged.map(({ l2BlockNumber }) => l2BlockNumber).toSorted(), [40n, 60n]);
    const { key, honest } = intel;
    const setup = { kind: "TDX", payer: ROLES.proverTdx, key, claims: honest, safe: LAST, lie: 0 } as const;
    await (await submitterOf(setup)).turn();
    const { games: after } = await games();
    for (const { address } of forged) {
      const contradicted = await client().readContract({
        address,
        abi: multiProofGameAbi,
        functionName: "contradicted",
      });
      assert.equal(contradicted, true);
    }
    // In the place of the false one stands the right one.
    const open = after.filter(({ status }) => status === "in-progress");
    assert.deepEqual(
      open.map(({ rootClaim }) => rootClaim),
      [toHex(rootOf(40n))],
    );
    const [root] = await client().readContract({
      address: chain.book.addresses.AnchorStateRegistryProxy,
      abi: anchorStateRegistryAbi,
      functionName: "getAnchorRoot",
    });
    assert.equal(root, toHex(rootOf(30n)));
  });
});
