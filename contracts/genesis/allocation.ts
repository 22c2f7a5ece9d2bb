import { type Address, bytesEqual, type Hex, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import * as predeploys from "@phala-l2/protocol/predeploys";
import type { ArtifactReader } from "../artifact.ts";
import {
  contractAccount,
  type GenesisAccount,
  type GenesisAllocation,
  implementationAddress,
  plainAccount,
  type Slot,
} from "./account.ts";
import {
  bridgeSlots,
  type FeeVaultSettings,
  feeVaultSlots,
  INITIALIZERS_DISABLED_SLOTS,
  messengerSlots,
  proxyAdminSlots,
  proxySlots,
  tokenFactorySlots,
} from "./layout.ts";
import { preinstalls } from "./preinstalls.ts";
import { runtimeCode, runtimeCodeWithAddress } from "./runtime-code.ts";

/** Everything that decides the genesis state of L2, apart from the compiled contracts. */
export type GenesisInput = {
  readonly chainId: bigint;
  /** Proxies on L1. */
  readonly l1CrossDomainMessenger: Address;
  readonly l1StandardBridge: Address;
  /** Account on L2 that owns the ProxyAdmin: the alias of the timelock on L1 (see `aliasOf`). */
  readonly proxyAdminOwner: Address;
  readonly feeVaults: {
    readonly sequencer: FeeVaultSettings;
    readonly base: FeeVaultSettings;
    readonly l1: FeeVaultSettings;
    readonly operator: FeeVaultSettings;
  };
  /** Accounts with ether from the start, in wei. Empty for a chain that holds value. */
  readonly prefunded: readonly { readonly address: Address; readonly balance: bigint }[];
  readonly artifacts: ArtifactReader;
};

/** A predeploy with a contract: its address' index, its source, and the state that its proxy begins with. */
type AssignedPredeploy = {
  readonly index: number;
  readonly contract: string;
  readonly slots: readonly Slot[];
  /** False where the constructor does not disable initialisers, because there are none. */
  readonly initializable: boolean;
};

/** Index of the implementation that refuses calls to unassigned predeploys: beyond all predeploys. */
const UNASSIGNED_INDEX = 0xffff;
/** Predeploys without a proxy (specs/protocol/predeploys.md): WETH, and the governance token, which is absent here. */
const WETH_INDEX = 0x06;
const GOVERNANCE_TOKEN_INDEX = 0x42;

/**
 * The state before the first block of L2: 2048 predeploy addresses (all but two of them proxies), the implementations,
 * preinstalls and prefunded accounts. Pure but for the reader; the same input gives the same accounts in the same order.
 * @throws RollupError GENESIS_INPUT, GENESIS_COLLISION, or what the artifact reader throws
 */
export function buildGenesisAllocation(input: GenesisInput): GenesisAllocation {
  requireAddresses(input);
  const accounts: (readonly [Address, GenesisAccount])[] = [
    ...predeployAccounts(input),
    ...preinstalls(input.chainId),
    ...input.prefunded.map(({ address, balance }) => [address, plainAccount(balance)] as const),
  ];

  const allocation = new Map<Hex, GenesisAccount>();
  for (const [address, account] of accounts) {
    const key = toHex(address);
    if (allocation.has(key)) {
      throw new RollupError("GENESIS_COLLISION", `genesis would define ${key} twice`, {
        data: { address: key },
      });
    }
    allocation.set(key, account);
  }
  return new Map([...allocation].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function assignedPredeploys(input: GenesisInput): readonly AssignedPredeploy[] {
  const vault = (index: number, settings: FeeVaultSettings): AssignedPredeploy => ({
    index,
    contract: "l2/FeeVault",
    slots: feeVaultSlots(settings),
    initializable: true,
  });
  return [
    {
      index: 0x07,
      contract: "bridging/L2CrossDomainMessenger",
      slots: messengerSlots(input.l1CrossDomainMessenger),
      initializable: true,
    },
    { index: 0x0f, contract: "l2/GasPriceOracle", slots: [], initializable: false },
    {
      index: 0x10,
      contract: "bridging/L2StandardBridge",
      slots: bridgeSlots(input.l1StandardBridge),
      initializable: true,
    },
    vault(0x11, input.feeVaults.sequencer),
    {
      index: 0x12,
      contract: "bridging/OptimismMintableERC20Factory",
      slots: tokenFactorySlots(),
      initializable: true,
    },
    { index: 0x15, contract: "l2/L1Block", slots: [], initializable: false },
    { index: 0x16, contract: "l2/L2ToL1MessagePasser", slots: [], initializable: false },
    {
      index: 0x18,
      contract: "l2/L2ProxyAdmin",
      slots: proxyAdminSlots(input.proxyAdminOwner),
      initializable: false,
    },
    vault(0x19, input.feeVaults.base),
    vault(0x1a, input.feeVaults.l1),
    vault(0x1b, input.feeVaults.operator),
  ];
}

function predeployAccounts(input: GenesisInput): (readonly [Address, GenesisAccount])[] {
  const read = input.artifacts;
  const proxyCode = runtimeCodeWithAddress(read("l2/PredeployProxy"), predeploys.PROXY_ADMIN);
  const assigned = new Map(assignedPredeploys(input).map((predeploy) => [predeploy.index, predeploy]));
  const unassigned = implementationAddress(UNASSIGNED_INDEX);

  const accounts: (readonly [Address, GenesisAccount])[] = [
    [predeploys.WETH, contractAccount(runtimeCode(read("l2/WETH")))],
    [unassigned, contractAccount(runtimeCode(read("l2/UnassignedPredeploy")))],
  ];
  for (let index = 0; index < predeploys.PREDEPLOY_COUNT; index++) {
    if (index === WETH_INDEX || index === GOVERNANCE_TOKEN_INDEX) continue;
    const predeploy = assigned.get(index);
    const implementation = predeploy === undefined ? unassigned : implementationAddress(index);
    const slots = [...proxySlots(implementation), ...(predeploy?.slots ?? [])];
    accounts.push([predeploys.predeployAddress(index), contractAccount(proxyCode, slots)]);
    if (predeploy === undefined) continue;
    const own = predeploy.initializable ? INITIALIZERS_DISABLED_SLOTS : [];
    accounts.push([implementation, contractAccount(runtimeCode(read(predeploy.contract)), own)]);
  }
  return accounts;
}

/** Zero addresses here would make a chain that nobody can leave, upgrade, or be paid on. */
function requireAddresses(input: GenesisInput): void {
  const { sequencer, base, l1, operator } = input.feeVaults;
  const needed: Readonly<Record<string, Address>> = {
    l1CrossDomainMessenger: input.l1CrossDomainMessenger,
    l1StandardBridge: input.l1StandardBridge,
    proxyAdminOwner: input.proxyAdminOwner,
    "feeVaults.sequencer.recipient": sequencer.recipient,
    "feeVaults.base.recipient": base.recipient,
    "feeVaults.l1.recipient": l1.recipient,
    "feeVaults.operator.recipient": operator.recipient,
  };
  for (const [name, address] of Object.entries(needed)) {
    if (bytesEqual(address, ZERO_ADDRESS)) {
      throw new RollupError("GENESIS_INPUT", `${name} must not be the zero address`, { data: { name } });
    }
  }
}
