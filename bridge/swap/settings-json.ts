import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { configInvalid, JsonObject, type JsonValue } from "@phala-l2/protocol/config/json-reader";
import { isRollupError } from "@phala-l2/protocol/errors";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import type { KnownRuntime, SwapDomain, SwapSettings } from "@phala-l2/protocol/swap-release";

/** A swap's file: what its settings are, where it pays, and the metadata that the settings name. */
export type SwapDescription = {
  readonly settings: SwapSettings;
  readonly domain: SwapDomain;
  /** Of each runtime, as `state_getMetadata` gives them. */
  readonly metadata: readonly Uint8Array[];
};

const U32_MAX = 2n ** 32n - 1n;
const U128_MAX = 2n ** 128n - 1n;

function readMetadata(runtime: JsonObject): Uint8Array {
  const text = runtime.text("metadata");
  try {
    return fromHex(text);
  } catch (error) {
    if (isRollupError(error, "HEX_INVALID"))
      throw configInvalid(runtime.pathOf("metadata"), "0x hex is wanted");
    throw error;
  }
}

/**
 * Reads a swap's file. Metadata stand in it whole, so that the one file is all that a relayer and a prover need; their hashes
 * are computed, and what the contract pinned is compared by whoever uses them.
 * @throws RollupError CONFIG_INVALID
 */
export function parseSwapDescription(json: unknown): SwapDescription {
  const root = new JsonObject(json, "");
  const runtimes = root.objects("runtimes").map((runtime) => {
    const bytes = readMetadata(runtime);
    const known: KnownRuntime = {
      specVersion: Number(runtime.integer("specVersion", U32_MAX)),
      metadataHash: blake2b256(bytes),
    };
    return { known, bytes };
  });
  return {
    settings: {
      genesisHash: root.hash("genesisHash"),
      firstHeight: root.integer("firstHeight"),
      lastHeight: root.integer("lastHeight"),
      minimum: root.integer("minimum", U128_MAX),
      runtimes: runtimes.map(({ known }) => known),
      token: root.address("token"),
      finalityAnchor: root.hash("finalityAnchor"),
    },
    domain: { chainId: root.integer("chainId"), contract: root.address("contract") },
    metadata: runtimes.map(({ bytes }) => bytes),
  };
}

/** The file's content. */
export function formatSwapDescription({ settings, domain, metadata }: SwapDescription): JsonValue {
  return {
    chainId: domain.chainId.toString(),
    contract: toHex(domain.contract),
    token: toHex(settings.token),
    genesisHash: toHex(settings.genesisHash),
    firstHeight: settings.firstHeight.toString(),
    lastHeight: settings.lastHeight.toString(),
    minimum: settings.minimum.toString(),
    finalityAnchor: toHex(settings.finalityAnchor),
    runtimes: settings.runtimes.map(({ specVersion }, i) => ({
      specVersion,
      metadata: toHex(metadata[i] ?? new Uint8Array(0)),
    })),
  };
}
