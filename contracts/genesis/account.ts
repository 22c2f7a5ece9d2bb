import {
  type Address,
  addressFromHex,
  bigintFromBytes,
  bigintToBytes,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";

/** One account of a genesis state. Storage maps 32-byte slots to 32-byte words; zero words are absent. */
export type GenesisAccount = {
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly code: Hex;
  readonly storage: ReadonlyMap<Hex, Hex>;
};

/** All accounts of a genesis state by address (lower-case hex), in ascending order of address. */
export type GenesisAllocation = ReadonlyMap<Hex, GenesisAccount>;

/** Where a contract's state stands: slot and word, both as unsigned 256-bit integers. */
export type Slot = readonly [slot: bigint, word: bigint];

const NO_STORAGE: ReadonlyMap<Hex, Hex> = new Map();

/** A 32-byte word as hex. @throws RollupError INTEGER_RANGE */
export function word(value: bigint): Hex {
  return toHex(bigintToBytes(value, 32));
}

/** An address as an integer, as Solidity stores it in the low bytes of a slot. */
export function addressWord(address: Address): bigint {
  return bigintFromBytes(address);
}

/** A contract as its creation would leave it: nonce 1 (EIP-161). */
export function contractAccount(code: Hex, slots: readonly Slot[] = []): GenesisAccount {
  const storage = new Map(
    slots.filter(([, value]) => value !== 0n).map(([slot, value]) => [word(slot), word(value)] as const),
  );
  return { balance: 0n, nonce: 1n, code, storage };
}

/** An account with a key. */
export function plainAccount(balance: bigint, nonce = 0n): GenesisAccount {
  return { balance, nonce, code: "0x", storage: NO_STORAGE };
}

/**
 * Address of the implementation behind the predeploy of this index: the code namespace of the OP Stack
 * (specs/protocol/predeploys.md), 0xc0d3…c0d3 followed by the index.
 */
export function implementationAddress(index: number): Address {
  return addressFromHex(`0x${"c0d3".repeat(9)}${index.toString(16).padStart(4, "0")}`);
}
