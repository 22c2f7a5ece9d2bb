import { bigintToBytes, type Hex, toHex } from "@phala-l2/protocol/bytes";

/** A number as geth writes quantities: 0x-hex without leading zeros. */
export function quantityHex(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** A number as 32 bytes of hex: storage values. */
export function wordHex(value: bigint): Hex {
  return toHex(bigintToBytes(value, 32));
}
