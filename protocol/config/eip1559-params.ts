import { bigintFromBytes, bigintToBytes, concatBytes } from "../bytes.ts";

/**
 * The fee market's parameters, as SystemConfig, payload attributes and headers carry them.
 * Sources: specs/protocol/holocene/exec-engine.md "Dynamic EIP-1559 Parameters", jovian/exec-engine.md
 * "Minimum Base Fee".
 *
 * params    = denominator u32 | elasticity u32                       8 bytes, big-endian
 * extraData = 0 | params                                             9 bytes, Holocene
 *           | 1 | params | minBaseFee u64                            17 bytes, Jovian
 */
export type Eip1559Params = { readonly denominator: bigint; readonly elasticity: bigint };

export type HeaderFeeParams = Eip1559Params & {
  /** Wei; zero before Jovian. */
  readonly minBaseFee: bigint;
};

export type ExtraDataFormat = "holocene" | "jovian";

export type ExtraDataDecoding =
  | { readonly kind: "ok"; readonly params: HeaderFeeParams }
  | {
      readonly kind: "invalid";
      readonly reason: "extra-data-length" | "extra-data-version" | "extra-data-zero";
    };

export const EIP1559_PARAMS_LENGTH = 8;
const LAYOUT = {
  holocene: { version: 0, length: 9 },
  jovian: { version: 1, length: 17 },
} as const;

/** The 8 bytes. @throws RollupError INTEGER_RANGE when a value is no u32 */
export function encodeEip1559Params({ denominator, elasticity }: Eip1559Params): Uint8Array {
  return concatBytes(bigintToBytes(denominator, 4), bigintToBytes(elasticity, 4));
}

/** Reads the 8 bytes; undefined when there are not 8. */
export function decodeEip1559Params(params: Uint8Array): Eip1559Params | undefined {
  if (params.length !== EIP1559_PARAMS_LENGTH) return undefined;
  return {
    denominator: bigintFromBytes(params.subarray(0, 4)),
    elasticity: bigintFromBytes(params.subarray(4)),
  };
}

/**
 * Whether payload attributes and SystemConfig may hold these: both zero (the chain's defaults) or neither.
 * Source: op-geth ValidateHolocene1559Params; a zero denominator would divide by zero.
 */
export function areValidEip1559Params({ denominator, elasticity }: Eip1559Params): boolean {
  return (denominator === 0n) === (elasticity === 0n);
}

/** A header's extraData. @throws RollupError INTEGER_RANGE when a value does not fit */
export function encodeExtraData(params: HeaderFeeParams, format: ExtraDataFormat): Uint8Array {
  const head = concatBytes(Uint8Array.of(LAYOUT[format].version), encodeEip1559Params(params));
  return format === "jovian" ? concatBytes(head, bigintToBytes(params.minBaseFee, 8)) : head;
}

/** Reads a header's extraData: exactly the format's length and version, and neither parameter zero. Never throws. */
export function decodeExtraData(extraData: Uint8Array, format: ExtraDataFormat): ExtraDataDecoding {
  const { version, length } = LAYOUT[format];
  if (extraData.length !== length) return { kind: "invalid", reason: "extra-data-length" };
  if (extraData[0] !== version) return { kind: "invalid", reason: "extra-data-version" };
  const denominator = bigintFromBytes(extraData.subarray(1, 5));
  const elasticity = bigintFromBytes(extraData.subarray(5, 9));
  if (denominator === 0n || elasticity === 0n) return { kind: "invalid", reason: "extra-data-zero" };
  const minBaseFee = bigintFromBytes(extraData.subarray(9));
  return { kind: "ok", params: { denominator, elasticity, minBaseFee } };
}
