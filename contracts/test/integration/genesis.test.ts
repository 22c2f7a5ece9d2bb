import assert from "node:assert/strict";
import { before, test } from "node:test";
import { addressFromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import hre from "hardhat";
import {
  encodeFunctionData,
  getAddress,
  getContract,
  keccak256,
  parseAbi,
  stringToHex,
  zeroAddress,
} from "viem";
import { hardhatArtifacts } from "../../artifact.ts";
import { type GenesisAccount, implementationAddress, word } from "../../genesis/account.ts";
import { aliasOf } from "../../genesis/alias.ts";
import { buildGenesisAllocation, type GenesisInput } from "../../genesis/allocation.ts";
import type { FeeVaultSettings } from "../../genesis/layout.ts";

const PROXY_ADMIN = "0x4200000000000000000000000000000000000018";
const UNASSIGNED = "0x4200000000000000000000000000000000000099";
// Computed as EIP-1967 and ERC-7201 say, not taken from the code under test.
const IMPLEMENTATION_SLOT = slotBelow("eip1967.proxy.implementation");
const ADMIN_SLOT = slotBelow("eip1967.proxy.admin");
const INITIALIZABLE_SLOT = word(BigInt(keccak256(slotBelow("openzeppelin.storage.Initializable"))) & ~0xffn);
/** More slots than any of the contracts uses for plain variables. */
const PLAIN_SLOTS = 12;

const L1_MESSENGER = "0x00000000000000000000000000000000000a1007";
const L1_BRIDGE = "0x00000000000000000000000000000000000a1010";
const TIMELOCK = "0x00000000000000000000000000000000000a1018";
const HOLDER = "0x00000000000000000000000000000000000b0b0b";

function vault(low: string, withdrawalNetwork: "l1" | "l2"): FeeVaultSettings {
  const recipient = addressFromHex(`0x${"00".repeat(19)}${low}`);
  return { recipient, minWithdrawalAmount: 10n ** 18n, withdrawalNetwork };
}

function genesisInput(changes: Partial<GenesisInput> = {}): GenesisInput {
  return {
    chainId: 901n,
    l1CrossDomainMessenger: addressFromHex(L1_MESSENGER),
    l1StandardBridge: addressFromHex(L1_BRIDGE),
    proxyAdminOwner: aliasOf(addressFromHex(TIMELOCK)),
    feeVaults: {
      sequencer: vault("f1", "l1"),
      base: vault("f2", "l2"),
      l1: vault("f3", "l1"),
      operator: vault("f4", "l2"),
    },
    prefunded: [{ address: addressFromHex(HOLDER), balance: 5n }],
    artifacts: hardhatArtifacts(hre.config.paths.artifacts),
    ...changes,
  };
}

const allocation = buildGenesisAllocation(genesisInput());
const { viem, networkHelpers } = await hre.network.create({ network: "l1" });
const client = await viem.getPublicClient();
const wallet = (await viem.getWalletClients())[0] ?? assert.fail("the test chain has no account");

const ABI = parseAbi([
  "function otherMessenger() view returns (address)",
  "function otherBridge() view returns (address)",
  "function messenger() view returns (address)",
  "function bridge() view returns (address)",
  "function owner() view returns (address)",
  "function initialize(address)",
  "function upgradeAndCall(address,address,bytes) payable",
  "function isJovian() view returns (bool)",
  "function l1BaseFee() view returns (uint256)",
  "function getL1Fee(bytes) view returns (uint256)",
  "error InvalidInitialization()",
  "error OwnableUnauthorizedAccount(address)",
  "error UnassignedPredeploy_NoImplementation()",
]);

function slotBelow(name: string): Hex {
  return word(BigInt(keccak256(stringToHex(name))) - 1n);
}

function predeploy(index: number): Hex {
  return `0x42${index.toString(16).padStart(38, "0")}`;
}

/** The contract at an address, with the functions and errors that these tests use. */
function at(address: Hex) {
  return getContract({ address, abi: ABI, client: { public: client, wallet } });
}

function account(address: Hex): GenesisAccount {
  const found = allocation.get(address);
  assert.ok(found, `no account ${address}`);
  return found;
}

async function slotsOf(address: Hex): Promise<ReadonlyMap<Hex, Hex>> {
  const slots = [
    ...Array.from({ length: PLAIN_SLOTS }, (_, slot) => word(BigInt(slot))),
    INITIALIZABLE_SLOT,
  ] as const;
  const words = await Promise.all(slots.map((slot) => client.getStorageAt({ address, slot })));
  return new Map(
    slots.flatMap((slot, at) => {
      const value = words[at] ?? "0x";
      return BigInt(value) === 0n ? [] : [[slot, word(BigInt(value))] as const];
    }),
  );
}

/** Places a genesis account, and what its proxy points to, on the test chain. */
async function install(address: Hex): Promise<void> {
  const { code, storage } = account(address);
  await networkHelpers.setCode(address, code);
  for (const [slot, value] of storage) await networkHelpers.setStorageAt(address, slot, value);
  const implementation = storage.get(IMPLEMENTATION_SLOT);
  if (implementation === undefined) return;
  await install(`0x${implementation.slice(-40)}`);
}

const INITIALISED: readonly (readonly [index: number, contract: string, initialize: Hex])[] = [
  [
    0x07,
    "L2CrossDomainMessenger",
    encodeFunctionData({ abi: ABI, functionName: "initialize", args: [L1_MESSENGER] }),
  ],
  [0x10, "L2StandardBridge", encodeFunctionData({ abi: ABI, functionName: "initialize", args: [L1_BRIDGE] })],
  [
    0x12,
    "OptimismMintableERC20Factory",
    encodeFunctionData({ abi: ABI, functionName: "initialize", args: [predeploy(0x10)] }),
  ],
  ...([0x11, 0x19, 0x1a, 0x1b] as const).map((index, at) => {
    const args = [`0x${"00".repeat(19)}f${at + 1}`, 10n ** 18n, at % 2] as const;
    const abi = parseAbi(["function initialize(address,uint256,uint8)"]);
    return [index, "FeeVault", encodeFunctionData({ abi, args })] as const;
  }),
];

const PLAIN: readonly (readonly [index: number, contract: string])[] = [
  [0x0f, "GasPriceOracle"],
  [0x15, "L1Block"],
  [0x16, "L2ToL1MessagePasser"],
];

before(async () => {
  for (const index of [0x07, 0x0f, 0x10, 0x11, 0x12, 0x15, 0x16, 0x18]) await install(predeploy(index));
  await install(UNASSIGNED);
  await install(predeploy(0x06));
});

test("2048 predeploy addresses, all proxies but WETH and the absent governance token", () => {
  const predeploys = [...allocation].filter(([address]) => address.startsWith(`0x42${"0".repeat(35)}`));
  const proxyCode = account(UNASSIGNED).code;
  const proxies = predeploys.filter(([, { code }]) => code === proxyCode);
  assert.equal(predeploys.length, 2047);
  assert.equal(proxies.length, 2046);
  assert.equal(allocation.has(predeploy(0x42)), false);
  for (const [, { storage }] of proxies) {
    assert.equal(BigInt(storage.get(ADMIN_SLOT) ?? "0x0"), BigInt(PROXY_ADMIN));
    const implementation = storage.get(IMPLEMENTATION_SLOT) ?? "0x";
    assert.ok(account(`0x${implementation.slice(-40)}`).code.length > 2);
  }
});

test("storage is what each initialiser leaves, and code what each constructor leaves", async () => {
  for (const [index, contract, initialize] of INITIALISED) {
    const implementation = await viem.deployContract(contract);
    const proxy = await viem.deployContract("PredeployProxy", [implementation.address, TIMELOCK, initialize]);

    const genesisProxy = new Map(account(predeploy(index)).storage);
    genesisProxy.delete(IMPLEMENTATION_SLOT);
    genesisProxy.delete(ADMIN_SLOT);
    assert.deepEqual(genesisProxy, await slotsOf(proxy.address), contract);

    const genesisImplementation = account(toHex(implementationAddress(index)));
    assert.equal(genesisImplementation.code, await client.getCode({ address: implementation.address }));
    assert.deepEqual(genesisImplementation.storage, await slotsOf(implementation.address), contract);
  }
  for (const [index, contract] of PLAIN) {
    const implementation = await viem.deployContract(contract);
    const genesis = account(toHex(implementationAddress(index)));
    assert.equal(genesis.code, await client.getCode({ address: implementation.address }));
    assert.deepEqual(genesis.storage, await slotsOf(implementation.address), contract);
  }
  const weth = await viem.deployContract("WETH");
  assert.equal(account(predeploy(0x06)).code, await client.getCode({ address: weth.address }));
  assert.deepEqual(account(predeploy(0x06)).storage, await slotsOf(weth.address));
});

test("the proxy's code is a deployed one with the ProxyAdmin predeploy in place of its own admin", async () => {
  const [, contract, initialize] = INITIALISED[0] ?? assert.fail("nothing to initialise");
  const implementation = await viem.deployContract(contract);
  const proxy = await viem.deployContract("PredeployProxy", [implementation.address, TIMELOCK, initialize]);
  const admin = await client.getStorageAt({ address: proxy.address, slot: ADMIN_SLOT });
  const code = await client.getCode({ address: proxy.address });
  assert.ok(admin);
  assert.ok(code);
  assert.ok(code.includes(admin.slice(-40)));
  assert.equal(account(UNASSIGNED).code, code.replaceAll(admin.slice(-40), PROXY_ADMIN.slice(2)));
});

test("the messenger, bridge and factory know their counterparts and refuse a second initialisation", async () => {
  const messenger = at(predeploy(0x07));
  const bridge = at(predeploy(0x10));
  assert.equal(await messenger.read.otherMessenger(), getAddress(L1_MESSENGER));
  assert.equal(await bridge.read.otherBridge(), getAddress(L1_BRIDGE));
  assert.equal(await bridge.read.messenger(), getAddress(predeploy(0x07)));
  assert.equal(await at(predeploy(0x12)).read.bridge(), getAddress(predeploy(0x10)));

  for (const contract of [messenger, at(toHex(implementationAddress(0x07)))]) {
    await viem.assertions.revertWithCustomError(
      contract.write.initialize([HOLDER]),
      contract,
      "InvalidInitialization",
    );
  }
});

test("only the alias of the timelock upgrades a predeploy, the ProxyAdmin itself included", async () => {
  const admin = at(PROXY_ADMIN);
  const owner = toHex(aliasOf(addressFromHex(TIMELOCK)));
  assert.equal(await admin.read.owner(), getAddress(owner));
  await viem.assertions.revertWithCustomError(
    admin.write.upgradeAndCall([UNASSIGNED, toHex(implementationAddress(0x15)), "0x"]),
    admin,
    "OwnableUnauthorizedAccount",
  );

  await networkHelpers.impersonateAccount(owner);
  await networkHelpers.setBalance(owner, 10n ** 18n);
  const next = await viem.deployContract("L2ProxyAdmin", [HOLDER]);
  for (const [proxy, implementation] of [
    [UNASSIGNED, toHex(implementationAddress(0x15))],
    [PROXY_ADMIN, next.address],
  ] as const) {
    await admin.write.upgradeAndCall([proxy, implementation, "0x"], { account: owner });
    const slot = await client.getStorageAt({ address: proxy, slot: IMPLEMENTATION_SLOT });
    assert.equal(BigInt(slot ?? "0x0"), BigInt(implementation));
  }
  assert.equal(
    await admin.read.owner(),
    getAddress(owner),
    "the owner is the proxy's, not the implementation's",
  );
  await install(UNASSIGNED);
});

test("an unassigned predeploy refuses calls and ether by name", async () => {
  for (const request of [
    { to: UNASSIGNED, value: 1n },
    { to: UNASSIGNED, data: "0x12345678" },
  ] as const) {
    await viem.assertions.revertWithCustomError(
      wallet.sendTransaction(request),
      at(UNASSIGNED),
      "UnassignedPredeploy_NoImplementation",
    );
  }
});

test("the fee oracle reads L1Block through the proxies", async () => {
  const oracle = at(predeploy(0x0f));
  assert.equal(await oracle.read.isJovian(), true);
  assert.equal(await oracle.read.l1BaseFee(), 0n);
  assert.equal(await oracle.read.getL1Fee(["0x02"]), 0n);
});

test("prefunded accounts have their ether, and nobody else any", () => {
  const funded = [...allocation].filter(([, { balance }]) => balance !== 0n);
  assert.deepEqual(
    funded.map(([address, { balance, nonce, code }]) => ({ address, balance, nonce, code })),
    [{ address: HOLDER, balance: 5n, nonce: 0n, code: "0x" }],
  );
});

test("the allocation is deterministic and in order of address", () => {
  const again = buildGenesisAllocation(genesisInput());
  assert.deepEqual([...again], [...allocation]);
  const addresses = [...allocation.keys()];
  assert.deepEqual(addresses, [...addresses].sort());
});

test("no account can be given twice", () => {
  for (const taken of [predeploy(0x07), predeploy(0x7ff), toHex(implementationAddress(0x07))]) {
    const prefunded = [{ address: addressFromHex(taken), balance: 1n }];
    assert.throws(
      () => buildGenesisAllocation(genesisInput({ prefunded })),
      (error) => isRollupError(error, "GENESIS_COLLISION"),
    );
  }
});

test("zero addresses are refused where they would lock the chain", () => {
  const zero = addressFromHex(zeroAddress);
  const { feeVaults } = genesisInput();
  for (const changes of [
    { l1CrossDomainMessenger: zero },
    { l1StandardBridge: zero },
    { proxyAdminOwner: zero },
    { feeVaults: { ...feeVaults, operator: { ...feeVaults.operator, recipient: zero } } },
  ]) {
    assert.throws(
      () => buildGenesisAllocation(genesisInput(changes)),
      (error) => isRollupError(error, "GENESIS_INPUT"),
    );
  }
});
