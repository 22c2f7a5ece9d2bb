import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  DANGEROUS_DEVELOPMENT_ROOTS,
  rootIdsOf,
  VENDOR_ATTESTATION_ROOTS,
} from "@phala-l2/protocol/config/attestation-roots";
import { isRollupError } from "@phala-l2/protocol/errors";
import { network } from "hardhat";
import {
  createPublicClient,
  custom,
  type Hex,
  keccak256,
  type PublicClient,
  parseEther,
  type Transport,
  toHex,
  zeroHash,
} from "viem";
import {
  generatePrivateKey,
  mnemonicToAccount,
  type PrivateKeyAccount,
  privateKeyToAccount,
} from "viem/accounts";
import { attestationPolicyAbi } from "../../abi/attestation-policy.ts";
import { certificateCacheAbi } from "../../abi/certificate-cache.ts";
import { systemConfigAbi } from "../../abi/system-config.ts";
import { parseAddressBook, readAddressBook } from "../../deploy/address-book.ts";
import {
  type AttestationConfig,
  batchInboxOf,
  type DeployConfig,
  devnetDeployConfig,
  kindNumber,
  requireSafeConfig,
} from "../../deploy/config.ts";
import {
  DANGEROUS_DEVELOPMENT_GOVERNANCE,
  type GovernanceConfig,
  ONE_VOTE,
} from "../../deploy/governance-config.ts";
import { type DeployDependencies, deployL1 } from "../../deploy/l1.ts";

const MEASUREMENT = keccak256(toHex("image"));
const COMMITMENT = { outputRoot: keccak256("0x01"), rollupConfigHash: keccak256("0x02") } as const;

type Setting = {
  readonly client: PublicClient;
  readonly transport: Transport;
  readonly deployer: PrivateKeyAccount;
  readonly config: DeployConfig;
  readonly dependencies: DeployDependencies;
  mine(seconds: bigint): Promise<void>;
  close(): Promise<void>;
};

async function setUp(directory: string): Promise<Setting> {
  const connection = await network.create("l1");
  const transport = custom(connection.provider, { retryCount: 0 });
  const client = createPublicClient({ transport, cacheTime: 0 });
  const deployer = privateKeyToAccount(generatePrivateKey());
  await connection.provider.request({
    method: "hardhat_setBalance",
    params: [deployer.address, toHex(parseEther("100"))],
  });
  const config = devnetDeployConfig({
    deployer: deployer.address,
    batcher: deployer.address,
    unsafeBlockSigner: deployer.address,
    images: [{ measurement: MEASUREMENT, kind: "SEV_SNP", presenceOnly: false }],
  });
  return {
    client,
    transport,
    deployer,
    config,
    dependencies: {
      transport,
      deployer,
      addressBookFile: join(directory, "book.json"),
      genesis: async () => COMMITMENT,
    },
    mine: async (seconds) => {
      await connection.provider.request({ method: "evm_increaseTime", params: [Number(seconds)] });
      await connection.provider.request({ method: "evm_mine", params: [] });
    },
    close: () => connection.close(),
  };
}

function code(wanted: string): (error: unknown) => boolean {
  return (error) => isRollupError(error, wanted);
}

describe("deployL1", () => {
  let directory: string;
  let setting: Setting;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "deploy-"));
    setting = await setUp(directory);
  });

  afterEach(async () => {
    await setting.close();
    rmSync(directory, { recursive: true });
  });

  it("deploys, and writes a book that reads back", async () => {
    const { config, dependencies } = setting;
    const book = await deployL1(config, dependencies);
    assert.deepEqual(readAddressBook(dependencies.addressBookFile), book);
  });

  it("begins with the configured rules of attestation, as version 1", async () => {
    const { client, config, dependencies } = setting;
    const { addresses } = await deployL1(config, dependencies);
    const policy = { address: addresses.AttestationPolicyProxy, abi: attestationPolicyAbi } as const;
    const { readContract } = client;
    assert.equal(await readContract({ ...policy, functionName: "version" }), 1n);
    assert.equal(await readContract({ ...policy, functionName: "bond" }), config.attestation.bond);
    assert.equal(
      await readContract({ ...policy, functionName: "kindOf", args: [MEASUREMENT] }),
      kindNumber("SEV_SNP"),
    );
    assert.equal(await readContract({ ...policy, functionName: "kindOf", args: [zeroHash] }), 0);
  });

  it("trusts the configured roots of attestation, and no others", async () => {
    const { client, config, dependencies } = setting;
    const { addresses } = await deployL1(config, dependencies);
    const cache = { address: addresses.CertificateCache, abi: certificateCacheAbi } as const;
    const isPinned = (id: Hex) => client.readContract({ ...cache, functionName: "isPinned", args: [id] });
    for (const id of rootIdsOf(DANGEROUS_DEVELOPMENT_ROOTS)) assert.equal(await isPinned(id), true);
    for (const id of rootIdsOf(VENDOR_ATTESTATION_ROOTS)) assert.equal(await isPinned(id), false);
  });

  it("makes bonds of the configured PHA, else of the test token, and of nothing else", async () => {
    const { config, dependencies } = setting;
    const { addresses } = await deployL1(config, dependencies);
    assert.equal(addresses.Pha, addresses.PhaTestToken);
    await assert.rejects(
      deployL1({ ...config, phaTestToken: undefined }, dependencies),
      code("DEPLOY_CONFIG_INVALID"),
    );
  });

  it("starts L2 from the block before the portal, so that no deposit is lost", async () => {
    const { client, config, dependencies } = setting;
    const { startBlock, addresses } = await deployL1(config, dependencies);
    const at = (blockNumber: bigint) =>
      client.getCode({ address: addresses.OptimismPortalProxy, blockNumber });
    assert.equal(await at(startBlock.number), undefined);
    assert.equal((await client.getBlock({ blockNumber: startBlock.number })).hash, startBlock.hash);
  });

  it("sends nothing when all of it stands, even without its file", async () => {
    const { client, config, dependencies, deployer } = setting;
    const first = await deployL1(config, dependencies);
    const nonce = await client.getTransactionCount({ address: deployer.address });
    rmSync(dependencies.addressBookFile);
    assert.deepEqual(await deployL1(config, dependencies), first);
    assert.equal(await client.getTransactionCount({ address: deployer.address }), nonce);
  });

  it("continues after a stop between the phases", async () => {
    const { config, dependencies } = setting;
    const stop = new Error("stopped");
    const genesis = () => Promise.reject(stop);
    await assert.rejects(deployL1(config, { ...dependencies, genesis }), stop);
    assert.equal(readAddressBook(dependencies.addressBookFile), undefined);
    const seen: unknown[] = [];
    const book = await deployL1(config, {
      ...dependencies,
      genesis: async (addresses, startBlock) => {
        seen.push(addresses.OptimismPortalProxy, startBlock);
        return COMMITMENT;
      },
    });
    assert.deepEqual(seen, [book.addresses.OptimismPortalProxy, book.startBlock]);
  });

  it("refuses to go on with another genesis", async () => {
    const { config, dependencies } = setting;
    await deployL1(config, dependencies);
    const other = { ...COMMITMENT, rollupConfigHash: keccak256("0x03") };
    await assert.rejects(
      deployL1(config, { ...dependencies, genesis: async () => other }),
      code("DEPLOY_MISMATCH"),
    );
  });

  it("refuses to overwrite the book of another deployment", async () => {
    const { config, dependencies } = setting;
    await deployL1(config, dependencies);
    await assert.rejects(
      deployL1({ ...config, deployment: "another" }, dependencies),
      code("DEPLOY_MISMATCH"),
    );
  });

  it("refuses another chain than the configured one", async () => {
    const { config, dependencies } = setting;
    await assert.rejects(deployL1({ ...config, l1ChainId: 1337 }, dependencies), code("DEPLOY_WRONG_CHAIN"));
  });

  it("leaves no power with the deployer: the configuration is the timelock's", async () => {
    const { client, config, dependencies, deployer } = setting;
    const { addresses } = await deployL1(config, dependencies);
    await assert.rejects(
      client.simulateContract({
        account: deployer,
        address: addresses.SystemConfigProxy,
        abi: systemConfigAbi,
        functionName: "setGasLimit",
        args: [30_000_000n],
      }),
      /OwnableUnauthorizedAccount/,
    );
  });
});

describe("requireSafeConfig", () => {
  const own = privateKeyToAccount(generatePrivateKey()).address;
  const known = mnemonicToAccount("test test test test test test test test test test test junk", {
    addressIndex: 3,
  }).address;
  const devnet = devnetDeployConfig({ deployer: own, batcher: own, unsafeBlockSigner: own, l1ChainId: 1 });
  const timelock = { minDelay: 100n, dangerouslyDevelopmentProposers: [] };
  const day = 86_400;
  const governance: GovernanceConfig = {
    votingDelay: day,
    votingPeriod: 7 * day,
    proposalThreshold: 100_000n * ONE_VOTE,
    quorumPercent: 4n,
    quorumFloor: 20_000_000n * ONE_VOTE,
    lateQuorumExtension: 2 * day,
    guardianWindow: 2 * day,
    l2Delay: BigInt(2 * day),
    exitMargin: BigInt(15 * day),
    vetoWindow: BigInt(3 * day),
  };
  const attestation: AttestationConfig = {
    ...devnet.attestation,
    roots: VENDOR_ATTESTATION_ROOTS,
    minimumTcb: { genoa: 0x09_00_17_48, turin: 0x01_01_01_01_4a },
    minimumTcbEvaluation: 19,
  };
  const base: DeployConfig = {
    ...devnet,
    attestation,
    dangerouslyAcceptsSimulated: false,
    timelock,
    governance,
    pha: own,
    staking: { rewardRate: 1n, admitter: undefined },
  };

  it("accepts own keys on any chain and known ones on development chains", () => {
    requireSafeConfig(base, own);
    for (const l1ChainId of [900, 1337, 31337]) requireSafeConfig({ ...base, l1ChainId }, known);
  });

  it("refuses a known key in any role elsewhere", () => {
    assert.throws(() => requireSafeConfig(base, known), code("DEPLOY_TEST_KEY"));
    assert.throws(() => requireSafeConfig({ ...base, guardian: known }, own), code("DEPLOY_TEST_KEY"));
    const systemConfig = { ...base.systemConfig, batcher: known };
    assert.throws(() => requireSafeConfig({ ...base, systemConfig }, own), code("DEPLOY_TEST_KEY"));
    const proposing = { ...base, timelock: { ...timelock, dangerouslyDevelopmentProposers: [known] } };
    const testnet = { ...proposing, l1ChainId: 11_155_111 };
    assert.throws(() => requireSafeConfig(testnet, own), code("DEPLOY_TEST_KEY"));
    const staking = { ...base.staking, admitter: known };
    assert.throws(() => requireSafeConfig({ ...base, staking }, own), code("DEPLOY_TEST_KEY"));
  });

  it("refuses provers without hardware and governance without delay where value may be held", () => {
    const simulated = { ...base, dangerouslyAcceptsSimulated: true };
    const hasty = { ...base, timelock: { ...timelock, minDelay: 0n } };
    for (const l1ChainId of [1, 100, 10]) {
      assert.throws(
        () => requireSafeConfig({ ...simulated, l1ChainId }, own),
        code("DEPLOY_SIMULATED_PROVERS"),
      );
      assert.throws(() => requireSafeConfig({ ...hasty, l1ChainId }, own), code("DEPLOY_CONFIG_INVALID"));
    }
    for (const l1ChainId of [900, 11_155_111, 560_048]) requireSafeConfig({ ...devnet, l1ChainId }, own);
  });

  it("refuses everybody but the votes, and votes in haste, where value may be held", () => {
    const proposing = { ...base, timelock: { ...timelock, dangerouslyDevelopmentProposers: [own] } };
    assert.throws(() => requireSafeConfig(proposing, own), code("DEPLOY_CONFIG_INVALID"));
    requireSafeConfig({ ...proposing, l1ChainId: 11_155_111 }, own);
    for (const [field, value] of Object.entries(DANGEROUS_DEVELOPMENT_GOVERNANCE)) {
      if (field === "quorumPercent") continue;
      const hasty = { ...base, governance: { ...governance, [field]: value } };
      assert.throws(() => requireSafeConfig(hasty, own), code("DEPLOY_CONFIG_INVALID"), field);
    }
    for (const change of [
      { proposalThreshold: 0n },
      { quorumPercent: 1n },
      { quorumFloor: 9_999_999n * ONE_VOTE },
      { exitMargin: 14n * 86_400n },
    ]) {
      const lax = { ...base, governance: { ...governance, ...change } };
      assert.throws(() => requireSafeConfig(lax, own), code("DEPLOY_CONFIG_INVALID"));
    }
    requireSafeConfig({ ...base, governance: DANGEROUS_DEVELOPMENT_GOVERNANCE, l1ChainId: 900 }, own);
  });

  it("refuses everywhere what the contracts of governance would refuse", () => {
    const wrong: readonly Partial<GovernanceConfig>[] = [
      { votingPeriod: 0 },
      { lateQuorumExtension: 7 },
      { quorumPercent: 0n },
      { quorumPercent: 101n },
      { quorumFloor: 0n },
      { exitMargin: 0n },
      { vetoWindow: 0n },
      { vetoWindow: 2n },
      { guardianWindow: 30 * day },
    ];
    for (const change of wrong) {
      const config = { ...devnet, l1ChainId: 900, governance: { ...devnet.governance, ...change } };
      assert.throws(() => requireSafeConfig(config, own), code("DEPLOY_CONFIG_INVALID"));
    }
  });

  it("refuses every root of attestation that is not the vendor's, but where simulated provers are accepted", () => {
    for (const field of ["intel", "intelKey", "amdGenoa", "amdTurin", "nvidiaDevice"] as const) {
      const roots = { ...VENDOR_ATTESTATION_ROOTS, [field]: DANGEROUS_DEVELOPMENT_ROOTS[field] };
      const foreign = { ...base, attestation: { ...attestation, roots } };
      assert.throws(() => requireSafeConfig(foreign, own), code("DEPLOY_FOREIGN_ROOT"));
      const simulated = { ...foreign, l1ChainId: 11_155_111, dangerouslyAcceptsSimulated: true };
      requireSafeConfig(simulated, own);
    }
  });

  it("refuses bonds of a worthless token where value may be held", () => {
    assert.throws(() => requireSafeConfig({ ...base, pha: undefined }, own), code("DEPLOY_CONFIG_INVALID"));
    requireSafeConfig({ ...base, pha: undefined, l1ChainId: 900 }, own);
  });

  it("refuses minimums of evidence and bonds that accept anything where value may be held", () => {
    const minimumTcb = attestation.minimumTcb;
    const lax: readonly Partial<AttestationConfig>[] = [
      { bond: 0n },
      { minimumTcbEvaluation: 0 },
      { minimumTcb: { ...minimumTcb, genoa: 0 } },
      { minimumTcb: { ...minimumTcb, turin: 0 } },
    ];
    for (const change of lax) {
      const config = { ...base, attestation: { ...attestation, ...change } };
      assert.throws(() => requireSafeConfig(config, own), code("DEPLOY_CONFIG_INVALID"));
      requireSafeConfig({ ...config, l1ChainId: 11_155_111 }, own);
    }
  });

  it("refuses a quota that could stop ether", () => {
    for (const etherQuota of [
      { perDay: 10n, floor: 0n },
      { perDay: 9n, floor: 10n },
    ]) {
      assert.throws(() => requireSafeConfig({ ...base, etherQuota }, own), code("DEPLOY_CONFIG_INVALID"));
    }
  });

  it("refuses a maturity that would make waiting wallets believe a lie", () => {
    assert.throws(
      () => requireSafeConfig({ ...base, proofMaturityDelay: 1n }, own),
      code("DEPLOY_CONFIG_INVALID"),
    );
  });
});

describe("address book", () => {
  it("refuses what is not one, naming the field", () => {
    const directory = mkdtempSync(join(tmpdir(), "book-"));
    const file = join(directory, "book.json");
    writeFileSync(file, "{");
    assert.throws(() => readAddressBook(file), code("ADDRESS_BOOK_INVALID"));
    assert.equal(readFileSync(file, "utf8"), "{");
    rmSync(directory, { recursive: true });
    for (const json of [
      null,
      [],
      {},
      { startBlock: {} },
      { startBlock: {}, addresses: {}, l1ChainId: 900 },
    ]) {
      assert.throws(() => parseAddressBook(json), code("ADDRESS_BOOK_INVALID"));
    }
  });

  it("the batch inbox follows from the chain id", () => {
    assert.equal(batchInboxOf(2035n).toLowerCase(), "0xff000000000000000000000000000000000007f3");
  });
});
