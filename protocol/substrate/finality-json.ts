import { fromHex, toHex } from "../bytes.ts";
import { configInvalid, JsonObject, type JsonValue, jsonInteger } from "../config/json-reader.ts";
import { isRollupError } from "../errors.ts";
import type { FinalitySource } from "./finality.ts";

/** Where following a chain's finality starts, and how it went on: what a prover's `finality` file says of one chain. */
export type FinalityDescription = {
  readonly source: FinalitySource;
  /** The block whose state named the first set; that set votes on the blocks above it. Who only verifies does not need it. */
  readonly from: bigint | undefined;
  /** As `encodeHandOver` writes them, in their order. */
  readonly handOvers: readonly Uint8Array[];
};

const MAX_U32 = 2n ** 32n - 1n;

function handOverOf(text: string, path: string): Uint8Array {
  try {
    return fromHex(text);
  } catch (error) {
    if (isRollupError(error, "HEX_INVALID")) throw configInvalid(path, "0x hex is wanted");
    throw error;
  }
}

/** @throws RollupError CONFIG_INVALID */
export function parseFinalityDescriptions(json: unknown): readonly FinalityDescription[] {
  return new JsonObject(json, "").objects("chains").map((chain) => ({
    source: {
      set: {
        id: chain.integer("setId"),
        authorities: chain.objects("authorities").map((authority) => ({
          key: authority.bytes("key", 32),
          weight: authority.integer("weight"),
        })),
      },
      paraId: chain.has("paraId") ? Number(chain.integer("paraId", MAX_U32)) : undefined,
    },
    from: chain.has("from") ? chain.integer("from") : undefined,
    handOvers: chain.texts("handOvers").map((text, i) => handOverOf(text, chain.pathOf(`handOvers[${i}]`))),
  }));
}

/** The file that `parseFinalityDescriptions` reads. */
export function formatFinalityDescriptions(chains: readonly FinalityDescription[]): JsonValue {
  return {
    chains: chains.map(({ source: { set, paraId }, from, handOvers }) => ({
      setId: jsonInteger(set.id),
      ...(paraId === undefined ? {} : { paraId }),
      ...(from === undefined ? {} : { from: jsonInteger(from) }),
      authorities: set.authorities.map(({ key, weight }) => ({
        key: toHex(key),
        weight: jsonInteger(weight),
      })),
      handOvers: handOvers.map(toHex),
    })),
  };
}
