import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  contradictSunset,
  finalizeSunset,
  proposeSunset,
  readSunsetTerms,
  sunsetStatus,
} from "@phala-l2/bridge/actions/sunset/propose";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { systemConfigAbi } from "@phala-l2/contracts/abi/system-config";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { asHash, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { type SunsetStatement, sunsetDigest, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { type Address, encodeDeployData, encodeFunctionData, parseEther, zeroAddress } from "viem";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "../devnet/accounts.ts";
import { type ProverKey, proverKey, signWith } from "../relayer/signing-prover.ts";
import { type SwapL1, startSwapL1 } from "../relayer/swap-world.ts";
import { registerStolen } from "../system/register.ts";

const hash = (fill: number): Hash => asHash(new Uint8Array(32).fill(fill));
const SETTINGS = { finalityAnchor: hash(0xa), rules: 2, registrationsFrom: 90n };
const PERIOD = 3600;
const STATEMENT: SunsetStatement = {
  genesisHash: hash(1),
  height: 100n,
  blockHash: hash(2),
  stateRoot: hash(3),
  claimsRoot: hash(4),
  issuance: 1000n,
  claimable: 900n,
  excluded: 93n,
  rounding: 7n,
};
const OTHER = { ...STATEMENT, claimsRoot: hash(5) };

/** A refusal of the chain whose words name the contract's error. */
const refusedBy = (name: string) => (error: unknown) =>
  isRollupError(error, "BRIDGE_TRANSACTION_REVERTED") && Object(error.data).error === name;

describe("a sunset, from a proposal to its end,", () => {
  const folder = mkdtempSync(join(tmpdir(), "sunset-registry-"));
  const stranger = proverKey(0x99);
  let l1: SwapL1;
  let bridge: Bridge;
  let registry: Address;
  let tdx: ProverKey;
  let snp: ProverKey;

  before(async () => {
    l1 = await startSwapL1(folder);
    [tdx = stranger, snp = stranger] = l1.keys;
    const none = { portal: zeroAddress, disputeGameFactory: zeroAddress, l1StandardBridge: zeroAddress };
    const [l1RpcUrl, l2RpcUrl] = [l1.anvil.url, l1.anvil.url];
    const chains = { l1ChainId: L1_CHAIN_ID, l2ChainId: L1_CHAIN_ID, l1RpcUrl, l2RpcUrl };
    bridge = createBridge({ ...chains, ...none, multicall3: zeroAddress }, devnetAccount(ROLES.smoke));
    const { abi, bytecode } = hardhatArtifacts()("pha/sunset/SunsetRegistry");
    const terms = {
      proverRegistry: l1.addresses.ProverRegistryProxy,
      systemConfig: l1.addresses.SystemConfigProxy,
      minHostVendors: 2,
      genesisHash: toHex(STATEMENT.genesisHash),
      finalityAnchor: toHex(SETTINGS.finalityAnchor),
      rules: SETTINGS.rules,
      registrationsFrom: SETTINGS.registrationsFrom,
      height: STATEMENT.height,
      challengePeriod: BigInt(PERIOD),
    };
    const data = encodeDeployData({ abi, bytecode, args: [terms] });
    const deployed = await bridge.l1.waitForTransactionReceipt({
      hash: await bridge.l1.sendTransaction({ data }),
      pollingInterval: 20,
    });
    registry = deployed.contractAddress ?? assert.fail("it was not deployed");
  });
  after(async () => {
    await l1?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function signed(statement: SunsetStatement, ...keys: readonly ProverKey[]) {
    const { domain, settingsHash } = await readSunsetTerms(bridge, registry);
    const digest = sunsetDigest(domain, settingsHash, statement);
    const signatures = await Promise.all(
      keys.map(async (key) => {
        const signature = toHex(await signWith(key, digest));
        return { endpoint: "a prover", key: toHex(key.address), signature };
      }),
    );
    return { statement, signatures };
  }

  async function pass(seconds: number): Promise<void> {
    await l1.l1.increaseTime({ seconds });
    await l1.l1.mine({ blocks: 1 });
  }

  it("is judged by what the contract was made for", async () => {
    const { settingsHash } = await readSunsetTerms(bridge, registry);
    assert.equal(toHex(settingsHash), toHex(sunsetSettingsHash(SETTINGS)));
  });

  it("is voided by one prover's other word, and by nothing less", async () => {
    const other = await signed(OTHER, snp);
    await assert.rejects(contradictSunset(bridge, registry, other), refusedBy("SunsetRegistry_NotProposed"));
    await proposeSunset(bridge, registry, await signed(STATEMENT, tdx, snp));
    await assert.rejects(
      contradictSunset(bridge, registry, await signed(STATEMENT, snp)),
      refusedBy("SunsetRegistry_NoContradiction"),
    );
    await assert.rejects(
      contradictSunset(bridge, registry, await signed(OTHER, stranger)),
      refusedBy("SunsetRegistry_KeyDoesNotCount"),
    );
    await assert.rejects(
      contradictSunset(bridge, registry, await signed({ ...OTHER, height: 101n }, snp)),
      refusedBy("SunsetRegistry_OtherHeight"),
    );
    assert.equal((await sunsetStatus(bridge, registry)).status, "proposed");
    await contradictSunset(bridge, registry, other);
    const { status, reopensAt } = await sunsetStatus(bridge, registry);
    assert.equal(status, "none");
    assert.ok(reopensAt > (await bridge.l1.getBlock()).timestamp);
    await assert.rejects(
      proposeSunset(bridge, registry, await signed(STATEMENT, tdx, snp)),
      refusedBy("SunsetRegistry_Closed"),
    );
  });

  it("is final by provers that say the same, where those that proposed it have ended", async () => {
    await pass(PERIOD);
    await proposeSunset(bridge, registry, await signed(STATEMENT, tdx, snp));
    await assert.rejects(finalizeSunset(bridge, registry), refusedBy("SunsetRegistry_TooEarly"));
    await pass(PERIOD);
    await endKey(tdx);
    await assert.rejects(finalizeSunset(bridge, registry), refusedBy("SunsetRegistry_TooFewVendors"));
    const fresh = proverKey(0x73);
    await registerStolen({ address: fresh.address, sign: (digest) => signWith(fresh, digest) }, "TDX", {
      l1Url: l1.anvil.url,
      addresses: l1.addresses,
      payer: ROLES.proverTdx,
    });
    const wrong = await signed(OTHER, fresh);
    await assert.rejects(
      finalizeSunset(
        bridge,
        registry,
        wrong.signatures.map(({ signature }) => signature),
      ),
      refusedBy("SunsetRegistry_TooFewVendors"),
    );
    const { signatures } = await signed(STATEMENT, fresh);
    await finalizeSunset(
      bridge,
      registry,
      signatures.map(({ signature }) => signature),
    );
    const { status, claimsRoot } = await sunsetStatus(bridge, registry);
    assert.deepEqual([status, claimsRoot], ["final", toHex(STATEMENT.claimsRoot)]);
    await assert.rejects(
      contradictSunset(bridge, registry, await signed(OTHER, snp)),
      refusedBy("SunsetRegistry_NotProposed"),
    );
  });

  /** The guardian ends a key at once. */
  async function endKey({ address }: ProverKey): Promise<void> {
    const guardian = await l1.l1.readContract({
      address: l1.addresses.SystemConfigProxy,
      abi: systemConfigAbi,
      functionName: "guardian",
    });
    await l1.l1.impersonateAccount({ address: guardian });
    await l1.l1.setBalance({ address: guardian, value: parseEther("1") });
    const args = [toHex(address)] as const;
    const sent = await l1.l1.sendUnsignedTransaction({
      from: guardian,
      to: l1.addresses.ProverRegistryProxy,
      data: encodeFunctionData({ abi: proverRegistryAbi, functionName: "revoke", args }),
    });
    await l1.l1.waitForTransactionReceipt({ hash: sent });
  }
});
