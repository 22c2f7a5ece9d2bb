import { parachainSwapAbi } from "@phala-l2/contracts/abi/parachain-swap";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { type Address, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Release, swapRulesHash, swapSettingsHash } from "@phala-l2/protocol/swap-release";
import type { SwapDescription } from "@phala-l2/swap/settings-json";
import {
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  encodeFunctionData,
  type PublicClient,
} from "viem";

/** What L1 says of a release that it would not take. */
export type Refusal = { readonly error: string; readonly args: readonly unknown[] };

/** What has been paid of a deposit, in wei. */
export type Paid = { readonly latest: bigint; readonly finalized: bigint };

/** The contract as the relayer asks it. */
export interface SwapContract {
  readonly address: Hex;
  readonly minHostVendors: number;
  /** @throws RollupError RELAYER_SETTINGS unless the contract is this swap's and accepts these settings */
  requireSwap(description: SwapDescription): Promise<void>;
  paidOf(id: Hex): Promise<Paid>;
  /** The host vendor of a key whose signatures count now; undefined if they do not. */
  vendorOf(key: Hex): Promise<number | undefined>;
  /** What the contract would refuse it with; undefined when it would pay. */
  refusalOf(call: ReleaseCall): Promise<Refusal | undefined>;
  gasOf(call: ReleaseCall): Promise<bigint>;
}

export type ReleaseCall = {
  readonly release: Release;
  /** What all signatures judged it by. */
  readonly settingsHash: Hex;
  readonly signatures: readonly Hex[];
  readonly from: Address;
};

/** A block between estimate and inclusion may change what a release costs. */
const GAS_MARGIN_PERCENT = 130n;

function argsOf({ release, settingsHash, signatures }: Omit<ReleaseCall, "from">) {
  const { height, extrinsicIndex, eventIndex, planck } = release;
  const deposit = {
    genesisHash: toHex(release.genesisHash),
    height,
    blockHash: toHex(release.blockHash),
    extrinsicIndex,
    eventIndex,
    sender: toHex(release.sender),
    receiver: toHex(release.receiver),
    planck,
  };
  return [deposit, settingsHash, [...signatures]] as const;
}

export function encodeRelease(call: Omit<ReleaseCall, "from">): Hex {
  return encodeFunctionData({ abi: parachainSwapAbi, functionName: "release", args: argsOf(call) });
}

function isAbsent(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  return error.walk((each) => each instanceof ContractFunctionZeroDataError) instanceof BaseError;
}

function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const reverted = error.walk((each) => each instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) return undefined;
  const { data, signature, reason } = reverted;
  return { error: data?.errorName ?? signature ?? reason ?? "reverted", args: data?.args ?? [] };
}

/**
 * Whether this is the contract that the description names, and governance has named its runtimes.
 * @throws RollupError RELAYER_SETTINGS when it is not
 */
export async function requireSwapAt(
  l1: PublicClient,
  address: Hex,
  { settings, domain }: SwapDescription,
): Promise<void> {
  const swap = { address, abi: parachainSwapAbi } as const;
  const settingsHash = toHex(swapSettingsHash(settings));
  const [chainId, found, isAccepted] = await Promise.all([
    l1.getChainId(),
    l1.readContract({ ...swap, functionName: "rulesHash" }),
    l1.readContract({ ...swap, functionName: "accepts", args: [settingsHash] }),
  ]);
  const wanted = toHex(swapRulesHash(settings));
  const isSame = BigInt(chainId) === domain.chainId && toHex(domain.contract) === address;
  if (!isSame || found !== wanted) {
    const message = `the swap's file is not of the contract ${address} on chain ${chainId}: rules ${wanted}, not ${found}`;
    throw new RollupError("RELAYER_SETTINGS", message, { data: { wanted, found, chainId } });
  }
  if (isAccepted) return;
  const message = `governance has not named the runtimes in the swap's file: settings ${settingsHash} are not accepted`;
  throw new RollupError("RELAYER_SETTINGS", message, { data: { settingsHash } });
}

/**
 * Finds the contract of a swap, and whether it is the one that the swap's file describes.
 * @throws RollupError RELAYER_SETTINGS when it is another
 */
export async function createSwapContract(
  l1: PublicClient,
  description: SwapDescription,
): Promise<SwapContract> {
  const address = toHex(description.domain.contract);
  const swap = { address, abi: parachainSwapAbi } as const;
  const requireSwap = (found: SwapDescription) => requireSwapAt(l1, address, found);
  await requireSwap(description);
  const [registry, minHostVendors] = await Promise.all([
    l1.readContract({ ...swap, functionName: "registry" }),
    l1.readContract({ ...swap, functionName: "minHostVendors" }),
  ]);
  const provers = { address: registry, abi: proverRegistryAbi } as const;
  const paid = (id: Hex, blockTag: "latest" | "finalized") =>
    l1.readContract({ ...swap, functionName: "paidOf", args: [id], blockTag });
  const paidAtFinal = async (id: Hex): Promise<bigint> => {
    try {
      return await paid(id, "finalized");
    } catch (error) {
      // The contract may be younger than the last final block.
      if (isAbsent(error)) return 0n;
      throw error;
    }
  };
  return {
    address,
    minHostVendors,
    requireSwap,
    paidOf: async (id) => {
      const latest = await paid(id, "latest");
      return { latest, finalized: latest === 0n ? 0n : await paidAtFinal(id) };
    },
    vendorOf: async (key) => {
      const [isValid, { kind }] = await Promise.all([
        l1.readContract({ ...provers, functionName: "isValid", args: [key] }),
        l1.readContract({ ...provers, functionName: "prover", args: [key] }),
      ]);
      if (!isValid) return undefined;
      return l1.readContract({ ...provers, functionName: "hostVendor", args: [kind] });
    },
    refusalOf: async (call) => {
      try {
        const account = toHex(call.from);
        await l1.simulateContract({ ...swap, functionName: "release", args: argsOf(call), account });
        return undefined;
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal === undefined) throw error;
        return refusal;
      }
    },
    gasOf: async (call) => {
      const estimate = await l1.estimateContractGas({
        ...swap,
        functionName: "release",
        args: argsOf(call),
        account: toHex(call.from),
      });
      return (estimate * GAS_MARGIN_PERCENT) / 100n;
    },
  };
}
