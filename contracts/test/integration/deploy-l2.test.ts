import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { addressFromHex, asAddress, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import {
  L2_STANDARD_BRIDGE,
  OPTIMISM_MINTABLE_ERC20_FACTORY,
  PROXY_ADMIN,
} from "@phala-l2/protocol/predeploys";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { voter } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { SNAPSHOT_RULES } from "@phala-l2/protocol/sunset-statement";
import type { SwapSettings } from "@phala-l2/protocol/swap-release";
import hre from "hardhat";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  custom,
  getAddress,
  type Hex,
  keccak256,
  type PublicClient,
  pad,
  parseAbi,
  parseEther,
  slice,
  type Transport,
  zeroAddress,
  zeroHash,
} from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { optimismMintableERC20FactoryAbi } from "../../abi/optimism-mintable-erc20-factory.ts";
import { phaGovernorAbi } from "../../abi/pha-governor.ts";
import { hardhatArtifacts } from "../../artifact.ts";
import { type AddressBook, readAddressBook, writeAddressBook } from "../../deploy/address-book.ts";
import { type DeployConfig, devnetDeployConfig } from "../../deploy/config.ts";
import { deployL1 } from "../../deploy/l1.ts";
import { deployL2 } from "../../deploy/l2.ts";
import { deploySource, withSource } from "../../deploy/source.ts";
import {
  requireSafeTerms,
  type SourceTerms,
  type SunsetTerms,
  type SwapTerms,
} from "../../deploy/source-terms.ts";
import { verifySource } from "../../deploy/verify-source.ts";
import { aliasOf } from "../../genesis/alias.ts";
import { createChain } from "../../genesis/chain.ts";
import { runtimeCode } from "../../genesis/runtime-code.ts";
import { tellsOfOtherGovernance, tellsOfOtherPowers } from "./other-governance.ts";

const COMMITMENT = { outputRoot: keccak256("0x01"), rollupConfigHash: keccak256("0x02") } as const;
const CHAIN = 900;
/** EIP-1967. */
const ADMIN_SLOT: Hex = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

/** A chain that is both layers: L1's contracts, and the predeploy that makes PHA's token. */
type Setting = {
  readonly client: PublicClient;
  readonly deployer: PrivateKeyAccount;
  readonly config: DeployConfig;
  readonly book: AddressBook;
  readonly transport: Transport;
  /** A node that takes so many transactions, and is gone. */
  transportFor(transactions: number): Transport;
  close(): Promise<void>;
};

async function setUp(folder: string): Promise<Setting> {
  const connection = await hre.network.create("l1");
  const { provider, networkHelpers } = connection;
  const transport = custom(provider, { retryCount: 0 });
  const client = createPublicClient({ transport, cacheTime: 0 });
  const deployer = privateKeyToAccount(generatePrivateKey());
  await networkHelpers.setBalance(deployer.address, parseEther("100"));
  const { address } = deployer;
  const config = devnetDeployConfig({
    deployer: address,
    batcher: address,
    unsafeBlockSigner: address,
    l1ChainId: CHAIN,
    l2ChainId: BigInt(CHAIN),
  });
  const book = await deployL1(config, {
    transport,
    deployer,
    addressBookFile: join(folder, "book.json"),
    genesis: async () => COMMITMENT,
  });
  const factory = toHex(OPTIMISM_MINTABLE_ERC20_FACTORY);
  const artifacts = hardhatArtifacts(hre.config.paths.artifacts);
  await networkHelpers.setCode(factory, runtimeCode(artifacts("bridging/OptimismMintableERC20Factory")));
  await createWalletClient({ account: deployer, transport }).writeContract({
    address: factory,
    abi: optimismMintableERC20FactoryAbi,
    chain: null,
    functionName: "initialize",
    args: [toHex(L2_STANDARD_BRIDGE)],
  });
  const transportFor = (transactions: number) => {
    let left = transactions;
    return custom(
      {
        request: async (request: { readonly method: string }) => {
          if (request.method === "eth_sendRawTransaction" && left-- <= 0) throw new Error("killed");
          return provider.request(request);
        },
      },
      { retryCount: 0 },
    );
  };
  return { client, deployer, config, book, transport, transportFor, close: () => connection.close() };
}

function code(wanted: string): (error: unknown) => boolean {
  return (error) => isRollupError(error, wanted);
}

function refused(words: RegExp, wanted = "DEPLOY_CONFIG_INVALID"): (error: unknown) => boolean {
  return (error) => isRollupError(error, wanted) && words.test(error.message);
}

describe("deployL2, and then a parachain's contracts", () => {
  let folder: string;
  let setting: Setting;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "deploy-l2-"));
    setting = await setUp(folder);
  });
  after(async () => {
    await setting.close();
    rmSync(folder, { recursive: true });
  });

  it("refuses an account that has no ether, or that L1 does not know", async () => {
    const { config, book, transport } = setting;
    const stranger = privateKeyToAccount(generatePrivateKey());
    await assert.rejects(deployL2(config, book, { transport, deployer: stranger }), code("DEPLOY_UNFUNDED"));
    const wallet = createWalletClient({ account: setting.deployer, transport });
    await wallet.sendTransaction({ to: stranger.address, value: parseEther("1"), chain: null });
    await assert.rejects(deployL2(config, book, { transport, deployer: stranger }), code("DEPLOY_MISMATCH"));
  });

  it("refuses another chain than the configured one", async () => {
    const { config, book, transport, deployer } = setting;
    const other = { ...config, l2ChainId: 901n };
    await assert.rejects(deployL2(other, book, { transport, deployer }), code("DEPLOY_WRONG_CHAIN"));
  });

  it("goes on after a kill at each of its transactions, to where L1 was told", async () => {
    const { client, config, book, deployer, transport, transportFor } = setting;
    let kills = 0;
    for (;;) {
      try {
        await deployL2(config, book, { transport: transportFor(1), deployer });
        break;
      } catch (error) {
        assert.match(String(error), /killed/);
        kills++;
      }
    }
    assert.ok(kills >= 2, `killed ${kills} times`);
    for (const [name, address] of Object.entries(book.l2)) {
      assert.notEqual(await client.getCode({ address }), undefined, name);
    }
    const nonce = await client.getTransactionCount({ address: deployer.address });
    await deployL2(config, book, { transport, deployer });
    assert.equal(await client.getTransactionCount({ address: deployer.address }), nonce);
  });

  describe("deploySource", () => {
    const genesisHash = keccak256("0x03");
    const inThreeYears = BigInt(Math.floor(Date.now() / 1000)) + 3n * 365n * 86_400n;
    const sunset: SunsetTerms = {
      settings: { finalityAnchor: ZERO_HASH, rules: SNAPSHOT_RULES, registrationsFrom: 90n },
      height: 100n,
      challengePeriod: 1n,
      secondsPerBlock: 12,
      closesAt: inThreeYears,
    };
    const settings: SwapSettings = {
      genesisHash: hashFromHex(genesisHash),
      firstHeight: 1n,
      lastHeight: 100n,
      minimum: 10n ** 10n,
      runtimes: [{ specVersion: 1230, metadataHash: hashFromHex(keccak256("0x04")) }],
      token: asAddress(new Uint8Array(20)),
      finalityAnchor: ZERO_HASH,
    };
    /** With the token, which is known when the deployment stands. */
    const swapOf = (change: Partial<SwapSettings> = {}): SwapTerms => ({
      settings: { ...settings, token: addressFromHex(setting.book.addresses.Pha), ...change },
      perDay: parseEther("1000"),
      closesAt: inThreeYears,
    });
    const termsOf = (): SourceTerms => ({ genesisHash, sunset, swap: swapOf() });
    const deploy = (given: SourceTerms, l1 = setting.transport, book = setting.book) => {
      const { config, deployer, transport } = setting;
      return deploySource(config, book, given, { l1, l2: transport, deployer });
    };

    it("refuses a swap beyond the snapshot: its deposits would be owed twice", async () => {
      await assert.rejects(
        deploy({ ...termsOf(), swap: swapOf({ lastHeight: 101n }) }),
        refused(/owed twice/),
      );
    });

    it("refuses settings that are not this parachain's, this deployment's, or no settings at all", async () => {
      const other = hashFromHex(keccak256("0x05"));
      const wrong: readonly (readonly [Partial<SwapSettings>, RegExp])[] = [
        [{ genesisHash: other }, /another parachain/],
        [{ token: asAddress(new Uint8Array(20).fill(1)) }, /this deployment's PHA/],
        [{ firstHeight: 100n, lastHeight: 99n }, /before the first/],
        [{ runtimes: [] }, /runtimes/],
        [{ runtimes: [...settings.runtimes, ...settings.runtimes] }, /runtimes/],
      ];
      for (const [change, words] of wrong) {
        await assert.rejects(deploy({ ...termsOf(), swap: swapOf(change) }), refused(words));
      }
      const late = { ...sunset, settings: { ...sunset.settings, registrationsFrom: 101n } };
      await assert.rejects(deploy({ genesisHash, sunset: late }), refused(/registrationsFrom/));
    });

    it("refuses, where value may be held, a short time to contradict", () => {
      const { config, book } = setting;
      const check = (given: SourceTerms, l1ChainId = 1) =>
        requireSafeTerms({ ...config, l1ChainId }, book, given);
      const authorities = [{ key: voter().key, weight: 1n }];
      const finality = { set: { id: 3n, authorities }, paraId: 2035 };
      const challengePeriod = 3n * 86_400n;
      const inForce = { ...sunset.settings, finalityAnchor: finalityAnchor(finality) };
      const anchored = { ...sunset, challengePeriod, settings: inForce, finality };
      check({ genesisHash, sunset: anchored });
      const short = { ...anchored, challengePeriod: challengePeriod - 1n };
      assert.throws(() => check({ genesisHash, sunset: short }), refused(/challengePeriod/));
      check({ genesisHash, sunset: short }, config.l1ChainId);
    });

    it("goes on after a kill, and its addresses are in the book for ever", async () => {
      const { client, book, config, deployer, transport } = setting;
      const terms = termsOf();
      await assert.rejects(deploy(terms, setting.transportFor(0)), /killed/);
      const source = await deploy(terms);
      const places = [...Object.values(source.sunset ?? {}), source.ParachainSwap];
      assert.equal(places.length, 5);
      for (const address of places) {
        assert.ok(address);
        assert.notEqual(await client.getCode({ address }), undefined);
      }
      const nonce = await client.getTransactionCount({ address: deployer.address });
      assert.deepEqual(await deploy(terms), source);
      assert.equal(await client.getTransactionCount({ address: deployer.address }), nonce);

      const file = join(folder, "book.json");
      writeAddressBook(file, withSource(withSource(book, source), source));
      assert.deepEqual(readAddressBook(file)?.sources, [source]);
      const again = await deployL1(config, {
        transport,
        deployer,
        addressBookFile: file,
        genesis: async () => COMMITMENT,
      });
      assert.deepEqual(again.sources, [source]);
    });

    it("tells of contracts that were made for other terms", async () => {
      const { client: l1, book } = setting;
      const terms = termsOf();
      const source = await deploy(terms);
      const verify = (given: SourceTerms) => verifySource({ l1, l2: l1 }, book, given, source);
      await verify(terms);
      const later = { ...sunset, settings: { ...sunset.settings, registrationsFrom: 91n } };
      const runtimes = [{ specVersion: 1231, metadataHash: hashFromHex(keccak256("0x04")) }];
      for (const [given, what] of [
        [{ ...terms, genesisHash: keccak256("0x05") }, /genesisHash/],
        [{ ...terms, sunset: later }, /settingsHash/],
        [{ ...terms, sunset: { ...sunset, height: 101n } }, /height/],
        [{ ...terms, sunset: { ...sunset, challengePeriod: 2n } }, /challengePeriod/],
        [{ ...terms, swap: swapOf({ minimum: 0n }) }, /rulesHash/],
        [{ ...terms, swap: swapOf({ runtimes }) }, /accepts/],
      ] as const) {
        await assert.rejects(verify(given), refused(what, "DEPLOY_MISMATCH"));
      }
    });

    it("is for another parachain another set, or the swap alone", async () => {
      const other = keccak256("0x05");
      const swap = swapOf({ genesisHash: hashFromHex(other) });
      const alone = await deploy({ genesisHash: other, swap });
      assert.equal(alone.sunset, undefined);
      const first = await deploy(termsOf());
      assert.notEqual(alone.ParachainSwap, first.ParachainSwap);
    });

    it("asks what stands of the parachain already, and the book names both in the end", async () => {
      const { book, client, deployer } = setting;
      const swap = await deploy({ genesisHash, swap: swapOf() });
      const withSwap = withSource(book, swap);
      const nonce = await client.getTransactionCount({ address: deployer.address });
      const below = { ...sunset, height: 99n };
      await assert.rejects(
        deploy({ genesisHash, sunset: below }, setting.transport, withSwap),
        refused(/owed twice/),
      );
      const withSunset = withSource(book, await deploy({ genesisHash, sunset }));
      const beyond = swapOf({ lastHeight: 101n });
      await assert.rejects(
        deploy({ genesisHash, swap: beyond }, setting.transport, withSunset),
        refused(/owed twice/),
      );
      assert.equal(await client.getTransactionCount({ address: deployer.address }), nonce);
      const [both] = withSource(
        withSwap,
        await deploy({ genesisHash, sunset }, setting.transport, withSwap),
      ).sources;
      assert.deepEqual(both, await deploy(termsOf()));
    });
  });

  it("leaves the deployer no power over the votes", async () => {
    const { client, book, deployer } = setting;
    await assert.rejects(
      client.simulateContract({
        account: deployer,
        address: book.l2.PhaGovernor,
        abi: phaGovernorAbi,
        functionName: "setVotingDelay",
        args: [0],
      }),
      /GovernorOnlyExecutor/,
    );
  });

  describe("everything that has an owner is the timelock's", () => {
    const ownableAbi = parseAbi(["function owner() view returns (address)"]);
    const rolesAbi = parseAbi([
      "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
      "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
    ]);

    /** Undefined of a contract that has none. */
    async function ownerOf(address: Address): Promise<Address | undefined> {
      const read = { address, abi: ownableAbi, functionName: "owner" } as const;
      return setting.client.readContract(read).catch(() => undefined);
    }

    /** Owner of what may upgrade a proxy; undefined of what is none. */
    async function upgraderOf(address: Address): Promise<Address | undefined> {
      const word = await setting.client.getStorageAt({ address, slot: ADMIN_SLOT });
      return word === undefined || BigInt(word) === 0n ? undefined : ownerOf(getAddress(slice(word, 12)));
    }

    /** Of each contract that has an owner or an upgrader, these two. */
    async function walk(contracts: Readonly<Record<string, Address | undefined>>) {
      const found: Record<string, readonly (Address | undefined)[]> = {};
      for (const [name, address] of Object.entries(contracts)) {
        if (address === undefined) continue;
        const powers = [await ownerOf(address), await upgraderOf(address)];
        if (powers.some((power) => power !== undefined)) found[name] = powers;
      }
      return found;
    }

    it("on L1, proxies and what they are owned by", async () => {
      const { Timelock, ...addresses } = setting.book.addresses;
      const owned = [Timelock, undefined];
      const upgraded = [undefined, Timelock];
      const both = [Timelock, Timelock];
      assert.deepEqual(await walk(addresses), {
        OptimismPortalProxy: upgraded,
        AnchorStateRegistryProxy: upgraded,
        L1CrossDomainMessengerProxy: upgraded,
        L1StandardBridgeProxy: upgraded,
        OptimismMintableERC20FactoryProxy: upgraded,
        SystemConfigProxy: both,
        DisputeGameFactoryProxy: both,
        ProverRegistryProxy: both,
        AttestationPolicyProxy: both,
        CertificateCache: owned,
        IntelCollateral: owned,
        WithdrawalQuota: owned,
        ProverRewards: owned,
      });
    });

    it("on L2, staking and rewards; the token and the votes have no owner", async () => {
      const { GovernanceTimelock, ...l2 } = setting.book.l2;
      const owned = [GovernanceTimelock, undefined];
      assert.deepEqual(await walk(l2), {
        VotingPha: owned,
        RewardDistributor: owned,
        ProviderPledges: owned,
      });
    });

    it("of a parachain's contracts, none", async () => {
      const { sources } = readAddressBook(join(folder, "book.json")) ?? assert.fail("there is a book");
      assert.equal(sources.length, 1);
      for (const { sunset, ParachainSwap } of sources) {
        assert.deepEqual(await walk({ ...sunset, ParachainSwap }), {});
      }
    });

    it("in L2's genesis, every predeploy by the alias of L1's timelock", () => {
      const { config, book } = setting;
      const timing = { blockTime: 1n, seqWindowSize: 3600n };
      const artifacts = hardhatArtifacts(hre.config.paths.artifacts);
      const { genesis } = createChain(config, timing, book.addresses, book.startBlock, artifacts);
      const proxyAdmin = toHex(PROXY_ADMIN);
      const admins = Object.values(genesis.alloc)
        .map(({ storage }) => storage?.[ADMIN_SLOT])
        .filter((admin) => admin !== undefined);
      assert.ok(admins.length > 20, `${admins.length} proxies`);
      assert.deepEqual(new Set(admins), new Set([pad(proxyAdmin)]));
      const owner = genesis.alloc[proxyAdmin]?.storage?.[zeroHash];
      assert.equal(owner, pad(toHex(aliasOf(addressFromHex(book.addresses.Timelock)))));
    });

    it("nobody but whom the documents name holds a role of a timelock", async () => {
      const { client, book, config } = setting;
      const { Timelock, L1Executor } = book.addresses;
      const { GovernanceTimelock, PhaGovernor } = book.l2;
      const holders = async (address: Address) => {
        const logs = await client.getLogs({ address, events: rolesAbi, fromBlock: 0n });
        assert.ok(logs.every(({ eventName }) => eventName === "RoleGranted"));
        return new Set(logs.map(({ args }) => args.account));
      };
      const proposers = config.timelock.dangerouslyDevelopmentProposers;
      assert.deepEqual(await holders(Timelock), new Set([Timelock, L1Executor, ...proposers, zeroAddress]));
      assert.deepEqual(
        await holders(GovernanceTimelock),
        new Set([GovernanceTimelock, PhaGovernor, zeroAddress]),
      );
    });
  });

  it("tells of contracts that another configuration has made", async () => {
    const { config, book, transport, deployer } = setting;
    const other = { ...config, governance: { ...config.governance, l2Delay: 77n } };
    await assert.rejects(deployL2(other, book, { transport, deployer }), code("DEPLOY_MISMATCH"));
    const guarded = { ...config, guardian: book.addresses.Timelock };
    await assert.rejects(deployL2(guarded, book, { transport, deployer }), code("DEPLOY_MISMATCH"));
  });

  describe("tells of governance that is another than configured, by what differs", () => {
    tellsOfOtherGovernance(() => setting);
    tellsOfOtherPowers(() => setting);
  });
});
