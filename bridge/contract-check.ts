import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { l1ExecutorAbi } from "@phala-l2/contracts/abi/l1-executor";
import { l1StandardBridgeAbi } from "@phala-l2/contracts/abi/l1-standard-bridge";
import { optimismPortalAbi } from "@phala-l2/contracts/abi/optimism-portal";
import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { type Abi, type Address, BaseError } from "viem";
import { bridgeFault } from "./faults.ts";
import type { Bridge } from "./network.ts";

type Kind = {
  readonly layer: "l1" | "l2";
  readonly abi: Abi;
  /** A view without arguments that no other contract of a deployment has. */
  readonly view: string;
};

const l1 = (abi: Abi, view: string): Kind => ({ layer: "l1", abi, view });
const l2 = (abi: Abi, view: string): Kind => ({ layer: "l2", abi, view });

/** Contracts that holders name by settings, by their names in the address book. */
export const CONTRACT_KINDS = {
  OptimismPortalProxy: l1(optimismPortalAbi, "proofMaturityDelaySeconds"),
  DisputeGameFactoryProxy: l1(disputeGameFactoryAbi, "gameCount"),
  L1StandardBridgeProxy: l1(l1StandardBridgeAbi, "l2TokenBridge"),
  L1Executor: l1(l1ExecutorAbi, "l2Timelock"),
  SunsetClaims: l1(sunsetClaimsAbi, "l2Staker"),
  SunsetRegistry: l1(sunsetRegistryAbi, "reopensAt"),
  VotingPha: l2(votingPhaAbi, "unlockPeriod"),
  PhaGovernor: l2(phaGovernorAbi, "lateQuorumVoteExtension"),
  ProviderPledges: l2(providerPledgesAbi, "admitter"),
} as const satisfies Readonly<Record<string, Kind>>;
export type ContractName = keyof typeof CONTRACT_KINDS;

/** A contract that a setting names. */
export type NamedContract = {
  readonly name: ContractName;
  /** The flag that names it: `--vault`. */
  readonly flag: string;
  readonly address: Address;
};

const PLACES = { l1: "on L1", l2: "on the rollup" } as const;

function wrong({ name, flag, address }: NamedContract, why: string): RollupError<"BRIDGE_WRONG_CONTRACT"> {
  const { layer } = CONTRACT_KINDS[name];
  return new RollupError(
    "BRIDGE_WRONG_CONTRACT",
    `${flag} ${address} is no ${name}: ${why} ${PLACES[layer]}`,
    {
      data: {
        flag,
        address,
        help: `Give the address of ${name} in the deployment's address book (addresses.json), and the endpoint of its chain.`,
      },
    },
  );
}

/** An endpoint of another chain would answer of contracts that are none of this deployment's. */
async function requireChain(bridge: Bridge, layer: Kind["layer"]): Promise<void> {
  const wanted = layer === "l1" ? bridge.network.l1ChainId : bridge.network.l2ChainId;
  const found = await bridge[layer].getChainId();
  if (found === wanted) return;
  throw new RollupError(
    "BRIDGE_WRONG_CHAIN",
    `--${layer}-rpc-url is an endpoint of chain ${found}, not of ${wanted} as --${layer}-chain-id says`,
    { data: { found, wanted, help: "Give the endpoint of the chain, or the chain id of the deployment." } },
  );
}

/**
 * Makes sure that an address is the contract that it is taken for, before anything else is asked or sent: what is sent to
 * another one may do anything, and to nobody does nothing and looks well.
 * @throws RollupError BRIDGE_WRONG_CONTRACT, BRIDGE_WRONG_CHAIN, BRIDGE_… of the chain
 */
export async function requireContract(bridge: Bridge, contract: NamedContract): Promise<void> {
  const { layer, abi, view } = CONTRACT_KINDS[contract.name];
  const { address } = contract;
  try {
    await requireChain(bridge, layer);
    if ((await bridge[layer].getCode({ address })) === undefined) {
      throw wrong(contract, "there is no contract at that address");
    }
  } catch (error) {
    throw bridgeFault(error);
  }
  try {
    await bridge[layer].readContract({ address, abi, functionName: view });
  } catch (error) {
    const fault = bridgeFault(error);
    const isOther = error instanceof BaseError && !isRollupError(fault, "BRIDGE_UNREACHABLE");
    throw isOther ? wrong(contract, "another contract is at that address") : fault;
  }
}
