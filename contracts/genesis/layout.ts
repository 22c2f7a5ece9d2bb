import type { Address } from "@phala-l2/protocol/bytes";
import * as predeploys from "@phala-l2/protocol/predeploys";
import { addressWord, type Slot } from "./account.ts";

// Where the contracts of contracts/src keep what their initialisers set. The integration test runs the initialisers and
// compares.

/** EIP-1967: slots of a proxy's implementation and admin. */
const PROXY_IMPLEMENTATION_SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbcn;
const PROXY_ADMIN_SLOT = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103n;

/** ERC-7201 slot of OpenZeppelin's Initializable: the number of initialisations in the low 8 bytes. */
const INITIALIZABLE_SLOT = 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00n;
/** What `_disableInitializers` leaves there. */
const INITIALIZERS_DISABLED = 2n ** 64n - 1n;

const INITIALIZED: Slot = [INITIALIZABLE_SLOT, 1n];

/** Layer on which a fee vault pays. */
export type WithdrawalNetwork = "l1" | "l2";

/** Settings of a fee vault. */
export type FeeVaultSettings = {
  readonly recipient: Address;
  /** Least amount to pay out, in wei. */
  readonly minWithdrawalAmount: bigint;
  readonly withdrawalNetwork: WithdrawalNetwork;
};

/** EIP-1967 slots of a predeploy proxy. */
export function proxySlots(implementation: Address): readonly Slot[] {
  return [
    [PROXY_IMPLEMENTATION_SLOT, addressWord(implementation)],
    [PROXY_ADMIN_SLOT, addressWord(predeploys.PROXY_ADMIN)],
  ];
}

/** State of an implementation whose constructor disables initialisers. */
export const INITIALIZERS_DISABLED_SLOTS: readonly Slot[] = [[INITIALIZABLE_SLOT, INITIALIZERS_DISABLED]];

/** L2CrossDomainMessenger after `initialize(l1CrossDomainMessenger)`. */
export function messengerSlots(l1CrossDomainMessenger: Address): readonly Slot[] {
  return [[2n, addressWord(l1CrossDomainMessenger)], INITIALIZED];
}

/** L2StandardBridge after `initialize(l1StandardBridge)`. */
export function bridgeSlots(l1StandardBridge: Address): readonly Slot[] {
  return [
    [1n, addressWord(predeploys.L2_CROSS_DOMAIN_MESSENGER)],
    [2n, addressWord(l1StandardBridge)],
    INITIALIZED,
  ];
}

/** OptimismMintableERC20Factory after `initialize(L2StandardBridge)`. */
export function tokenFactorySlots(): readonly Slot[] {
  return [[0n, addressWord(predeploys.L2_STANDARD_BRIDGE)], INITIALIZED];
}

/** L2ProxyAdmin after its constructor. */
export function proxyAdminSlots(owner: Address): readonly Slot[] {
  return [[0n, addressWord(owner)]];
}

/** FeeVault after `initialize(recipient, minWithdrawalAmount, withdrawalNetwork)`. */
export function feeVaultSlots(settings: FeeVaultSettings): readonly Slot[] {
  const network = settings.withdrawalNetwork === "l1" ? 0n : 1n;
  return [
    [1n, (network << 160n) | addressWord(settings.recipient)],
    [2n, settings.minWithdrawalAmount],
    INITIALIZED,
  ];
}
