import { bytesEqual, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import type { SwapSettings } from "@phala-l2/protocol/swap-release";

/** Asks a node of the parachain. */
type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>;

/**
 * Where a parachain keeps an upgrade to come: code that waits for the relay chain's word, and the hash of code that
 * was authorized and that anybody may bring. Source: cumulus `ParachainSystem`, frame_system.
 */
const PENDING: readonly (readonly [pallet: string, item: string])[] = [
  ["ParachainSystem", "PendingValidationCode"],
  ["ParachainSystem", "AuthorizedUpgrade"],
  ["System", "AuthorizedUpgrade"],
];

function refused(why: string, data: Readonly<Record<string, unknown>> = {}): RollupError<"SWAP_RUNTIME"> {
  return new RollupError("SWAP_RUNTIME", `make no deposit now: ${why}`, { data });
}

function hexOf(value: unknown, what: string): Uint8Array {
  try {
    if (typeof value === "string") return fromHex(value);
  } catch (error) {
    if (!isRollupError(error, "HEX_INVALID")) throw error;
  }
  throw refused(`the parachain's node tells no ${what}`);
}

function specVersionOf(answer: unknown): number {
  if (typeof answer === "object" && answer !== null && "specVersion" in answer) {
    const { specVersion } = answer;
    if (typeof specVersion === "number" && Number.isSafeInteger(specVersion)) return specVersion;
  }
  throw refused("the parachain's node tells no specVersion");
}

/**
 * Whether the parachain, at its best block, is one that this swap can read: its genesis, its runtime's version and metadata
 * are the settings', and no upgrade is under way. A deposit in a block of any other runtime waits until
 * governance names that runtime: nobody has the account's key, and the sunset leaves the account out. The upgrade may still come between this answer and the deposit's block.
 * @throws RollupError SWAP_RUNTIME when a deposit must not be made, RPC_… when the node does not answer
 */
export async function requireKnownRuntime(
  ask: Ask,
  { genesisHash, runtimes }: SwapSettings,
): Promise<{ readonly specVersion: number }> {
  const genesis = hexOf(await ask("chain_getBlockHash", [0]), "genesis hash");
  if (!bytesEqual(genesis, genesisHash)) throw refused("the node is of another chain");
  const specVersion = specVersionOf(await ask("state_getRuntimeVersion", []));
  const known = runtimes.find((runtime) => runtime.specVersion === specVersion);
  if (known === undefined)
    throw refused(`the swap cannot read runtime ${specVersion}`, {
      specVersion,
      known: runtimes.map((runtime) => runtime.specVersion),
    });
  const metadata = hexOf(await ask("state_getMetadata", []), "metadata");
  if (!bytesEqual(blake2b256(metadata), known.metadataHash)) {
    throw refused(`runtime ${specVersion} has other metadata than the swap's`, { specVersion });
  }
  for (const [pallet, item] of PENDING) {
    const value = await ask("state_getStorage", [toHex(storagePrefix(pallet, item))]);
    if (value === null || value === undefined) continue;
    // Without code there is no upgrade: the item is an empty list, where a runtime keeps it so.
    const bytes = hexOf(value, `${pallet}.${item}`);
    if (bytes.length > 1 || (bytes.length === 1 && bytes[0] !== 0)) {
      throw refused(`the parachain is about to be upgraded (${pallet}.${item})`, { pallet, item });
    }
  }
  return { specVersion };
}
