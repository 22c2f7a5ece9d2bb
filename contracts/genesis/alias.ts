import { type Address, asAddress, bigintFromBytes, bigintToBytes } from "@phala-l2/protocol/bytes";

const OFFSET = 0x1111000000000000000000000000000000001111n;
const ADDRESS_SPACE = 1n << 160n;

/** The address as which a contract of L1 acts on L2 (specs/protocol/deposits.md, "Address Aliasing"). */
export function aliasOf(l1Contract: Address): Address {
  return asAddress(bigintToBytes((bigintFromBytes(l1Contract) + OFFSET) % ADDRESS_SPACE, l1Contract.length));
}
