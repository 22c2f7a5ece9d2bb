import { RollupError } from "@phala-l2/protocol/errors";
import type { Address, Hex, PublicClient } from "viem";
import { parachainSwapAbi } from "../abi/parachain-swap.ts";
import { sunsetRegistryAbi } from "../abi/sunset-registry.ts";
import type { SourceAddresses } from "./source.ts";
import { requireNothingOwedTwice, type SunsetTerms, type SwapTerms } from "./source-terms.ts";

/** Of terms, what says which deposits are paid and which are owed. */
type Heights = {
  readonly genesisHash: Hex;
  readonly sunset?: Pick<SunsetTerms, "height">;
  readonly swap?: { readonly settings: Pick<SwapTerms["settings"], "lastHeight"> };
};

/** What a book names of one parachain; hashes are the same in either case of letters. */
export function standingSource(
  sources: readonly SourceAddresses[],
  genesisHash: Hex,
): SourceAddresses | undefined {
  const wanted = genesisHash.toLowerCase();
  return sources.find((source) => source.genesisHash.toLowerCase() === wanted);
}

/** What a contract that a book names answers. @throws RollupError DEPLOY_MISMATCH when it does not */
async function standingHeight(what: string, address: Address, asked: Promise<bigint>): Promise<bigint> {
  return asked.catch((cause: unknown) => {
    throw new RollupError("DEPLOY_MISMATCH", `the book's ${address} does not tell its ${what}`, {
      data: { what, address },
      cause,
    });
  });
}

/**
 * No deposit above the snapshot of a parachain is paid by its swap, whichever of both contracts stood first: the heights of those
 * that the book names are read on chain. What a deployment made that did not reach the book is not seen.
 * @throws RollupError DEPLOY_CONFIG_INVALID, DEPLOY_MISMATCH
 */
export async function requireHeightsFit(
  client: PublicClient,
  sources: readonly SourceAddresses[],
  { genesisHash, sunset, swap }: Heights,
): Promise<void> {
  const known = standingSource(sources, genesisHash);
  if (sunset !== undefined && known?.ParachainSwap !== undefined) {
    const address = known.ParachainSwap;
    const asked = client.readContract({ address, abi: parachainSwapAbi, functionName: "lastHeight" });
    requireNothingOwedTwice(await standingHeight("lastHeight", address, asked), sunset.height);
  }
  if (swap !== undefined && known?.sunset !== undefined) {
    const address = known.sunset.SunsetRegistry;
    const asked = client.readContract({ address, abi: sunsetRegistryAbi, functionName: "height" });
    requireNothingOwedTwice(swap.settings.lastHeight, await standingHeight("height", address, asked));
  }
}
