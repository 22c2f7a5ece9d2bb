import { toHex } from "@phala-l2/protocol/bytes";
import { L2_STANDARD_BRIDGE, OPTIMISM_MINTABLE_ERC20_FACTORY } from "@phala-l2/protocol/predeploys";
import { type Address, encodeAbiParameters, getContractAddress, keccak256 } from "viem";
import type { DeployConfig } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Deterministic } from "./deterministic.ts";

/** PHA's contracts on L2, created by transactions under names of the deployer's. */
export const L2_CONTRACTS = [
  "RewardDistributor",
  "ProviderPledges",
  "VotingPha",
  "GovernanceTimelock",
  "PhaGovernor",
] as const;
export type L2Contract = (typeof L2_CONTRACTS)[number];

/** All of PHA on L2: `Pha` is the bridged token. Known before any of it stands, so that L1 can name it. */
export type L2Addresses = Readonly<Record<L2Contract | "Pha", Address>>;

/** A token on L1 and what wallets show of it on L2. */
export type BridgedPha = { readonly remote: Address; readonly name: string; readonly symbol: string };

/** PHA on L1, or the worthless token that stands for it and must say so. */
export function bridgedPha({ pha }: Pick<DeployConfig, "pha">, remote: Address): BridgedPha {
  return pha === undefined
    ? { remote, name: "TEST Phala (worthless)", symbol: "TEST-PHA" }
    : { remote, name: "Phala", symbol: "PHA" };
}

/** Decimals of createOptimismMintableERC20's tokens. */
const DECIMALS = 18;

/** On L2 the deployer's names begin so; the deployer contract has the same address on both chains. */
const l2Name = (contract: L2Contract) => `l2/${contract}`;

/** Where the L2 contract is or will be. @param make Of either chain. */
export function l2AddressOf(make: Pick<Deterministic, "addressOf">, contract: L2Contract): Address {
  return make.addressOf(l2Name(contract));
}

/** Creation of an L2 contract under its name. */
export function l2Creation(
  make: Deterministic,
  contract: L2Contract,
  initCode: Parameters<Deterministic["named"]>[1],
) {
  return make.named(l2Name(contract), initCode);
}

/** Where OptimismMintableERC20Factory creates PHA's token on L2. */
function l2PhaAddress({ remote, name, symbol }: BridgedPha, code: CreationCode): Address {
  const salt = keccak256(
    encodeAbiParameters(
      [{ type: "address" }, { type: "string" }, { type: "string" }, { type: "uint8" }],
      [remote, name, symbol, DECIMALS],
    ),
  );
  const bytecode = code("bridging/OptimismMintableERC20", [
    toHex(L2_STANDARD_BRIDGE),
    ...[remote, name, symbol, DECIMALS],
  ]);
  return getContractAddress({
    opcode: "CREATE2",
    from: toHex(OPTIMISM_MINTABLE_ERC20_FACTORY),
    salt,
    bytecode,
  });
}

/** All of it. */
export function predictL2Addresses(
  make: Pick<Deterministic, "addressOf">,
  pha: BridgedPha,
  code: CreationCode,
): L2Addresses {
  return {
    Pha: l2PhaAddress(pha, code),
    VotingPha: l2AddressOf(make, "VotingPha"),
    RewardDistributor: l2AddressOf(make, "RewardDistributor"),
    ProviderPledges: l2AddressOf(make, "ProviderPledges"),
    PhaGovernor: l2AddressOf(make, "PhaGovernor"),
    GovernanceTimelock: l2AddressOf(make, "GovernanceTimelock"),
  };
}
