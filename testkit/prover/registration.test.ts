import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { bornKey } from "@phala-l2/enclave/key";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { createPublicClient, http } from "viem";
import { devnetAccount, L1_CHAIN_ID, ROLES, USERS } from "../devnet/accounts.ts";
import { compileContracts, type DeployedChain, deployChain } from "../devnet/deploy.ts";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { registerStolen, type StolenKey } from "../system/register.ts";

const folder = mkdtempSync(join(tmpdir(), "phala-l2-registration-"));
let anvil: Anvil;
let chain: DeployedChain;

before(async () => {
  await compileContracts();
  anvil = await startAnvil({ port: 0, chainId: L1_CHAIN_ID });
  chain = await deployChain(folder, anvil.url, () => {});
});
after(async () => {
  await anvil?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function keyOf(seed: number): StolenKey {
  const { address, sign } = bornKey(() => keccak256(Uint8Array.of(seed)));
  return { address, sign: async (digest: Hash) => sign(digest) };
}

function client() {
  return createPublicClient({ transport: http(anvil.url), cacheTime: 0 });
}

function register(key: StolenKey, kind: ProverKind, payer: number): Promise<void> {
  return registerStolen(key, kind, { l1Url: anvil.url, addresses: chain.book.addresses, payer });
}

function sentBy(payer: number): Promise<number> {
  return client().getTransactionCount({ address: devnetAccount(payer).address });
}

function proverOf({ address }: StolenKey) {
  return client().readContract({
    address: chain.book.addresses.ProverRegistryProxy,
    abi: proverRegistryAbi,
    functionName: "prover",
    args: [toHex(address)],
  });
}

/** A finding about a field, and no transaction that failed on L1. */
function refusedFor(field: RegExp) {
  return (error: unknown) => {
    assert.ok(isRollupError(error, "REGISTRATION_REFUSED"), String(error));
    assert.match(error.message, field);
    return true;
  };
}

describe("registration by evidence, on the real contracts", () => {
  const [tdx, gpu] = [keyOf(1), keyOf(2)];

  it("of two provers at once that need the same certificates: each is brought once, and both count", async () => {
    await Promise.all([register(tdx, "TDX", ROLES.proverTdx), register(gpu, "TDX_GPU", ROLES.proverTdxGpu)]);
    const [first, second] = await Promise.all([proverOf(tdx), proverOf(gpu)]);
    assert.deepEqual([first.kind, second.kind], [1, 3]);
    assert.deepEqual([first.deviceIds.length, second.deviceIds.length], [0, 1]);
    assert.equal(first.registrant, devnetAccount(ROLES.proverTdx).address);
  });

  it("sends nothing for a key that is registered, and two transactions where all else is there", async () => {
    const before = await sentBy(ROLES.proverTdx);
    await register(tdx, "TDX", ROLES.proverTdx);
    assert.equal(await sentBy(ROLES.proverTdx), before);
    await register(keyOf(3), "TDX", ROLES.proverTdx);
    assert.equal(await sentBy(ROLES.proverTdx), before + 2, "the bond allowed, the key registered");
  });

  it("lets a GPU go to whoever shows it over a newer block, which ends the key that had it", async () => {
    const [next, tenant] = [keyOf(4), keyOf(5)];
    const SUPERSEDED = 2;
    await register(next, "TDX_GPU", ROLES.proverTdxGpu);
    assert.equal((await proverOf(gpu)).ending, SUPERSEDED);
    await register(tenant, "TDX_GPU", ROLES.proverTdx);
    assert.equal((await proverOf(next)).ending, SUPERSEDED);
    assert.equal((await proverOf(tenant)).ending, 0);
  });

  it("is refused before anything is spent: without PHA, and under terms that another key signed", async () => {
    const [poor] = USERS;
    await assert.rejects(register(keyOf(6), "TDX", poor), refusedFor(/^bond: PHA.*found 0; send PHA/));
    assert.equal(await sentBy(poor), 0);
    const thief = { address: keyOf(7).address, sign: keyOf(8).sign };
    const before = await sentBy(ROLES.proverTdx);
    const refused = refusedFor(/ProverRegistry_RegistrationNotSigned.*unaltered/);
    await assert.rejects(register(thief, "TDX", ROLES.proverTdx), refused);
    assert.equal(await sentBy(ROLES.proverTdx), before + 1, "the bond is allowed, and not taken");
  });
});
