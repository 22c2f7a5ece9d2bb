import type { Address } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { addressOfKey } from "@phala-l2/protocol/secp256k1";

/** A key pair of a test, made from its name. */
export type TestAccount = { readonly privateKey: Uint8Array; readonly address: Address };

export function testAccount(name: string): TestAccount {
  const privateKey = keccak256(new TextEncoder().encode(name));
  return { privateKey, address: addressOfKey(privateKey) };
}

export const BATCHER = testAccount("batcher");
/** The batcher that a ConfigUpdate installs. */
export const SECOND_BATCHER = testAccount("second batcher");
export const STRANGER = testAccount("stranger");
export const L2_USER = testAccount("l2 user");
