import { type Address, asAddress } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";

/** Where a transaction of this sender and nonce (before it runs) creates its contract. Yellow Paper 7. */
export function contractAddress(sender: Address, nonce: bigint): Address {
  return asAddress(keccak256(encodeRlp([sender, nonce])).subarray(12));
}
