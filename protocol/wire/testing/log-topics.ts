import { padHex } from "viem";
import { asHash, fromHex, type Hash, toHex } from "../../bytes.ts";

/** An address as an event's topic has it. */
export function addressWord(address: Uint8Array): Hash {
  return asHash(fromHex(padHex(toHex(address), { size: 32 })));
}
