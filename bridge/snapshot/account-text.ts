import { asHash, fromHex, type Hash } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { decodeSs58 } from "@phala-l2/protocol/substrate/ss58";

export type AccountReading =
  /** `prefix`: the chain that the address was written for; undefined where it was hex. */
  | { readonly kind: "ok"; readonly account: Hash; readonly prefix: number | undefined }
  | { readonly kind: "invalid"; readonly reason: string };

const HEX = /^(?:0x)?((?:[0-9a-f]{2})+)$/i;
const ACCOUNT_LENGTH = 32;
/** A compressed secp256k1 key, whose account is its hash. */
const ECDSA_KEY_LENGTH = 33;

/** Reads an account as people write it: SS58 of any chain, the account or a public key as hex. Never throws. */
export function readAccount(text: string): AccountReading {
  const hex = HEX.exec(text.trim())?.[1];
  const isHex = hex !== undefined && (text.trim().startsWith("0x") || hex.length >= 2 * ACCOUNT_LENGTH);
  if (!isHex) {
    const ss58 = decodeSs58(text.trim());
    if (ss58.kind === "invalid") return { kind: "invalid", reason: `no SS58 address: ${ss58.reason}` };
    return { kind: "ok", account: ss58.account, prefix: ss58.prefix };
  }
  const bytes = fromHex(hex);
  if (bytes.length === ACCOUNT_LENGTH) return { kind: "ok", account: asHash(bytes), prefix: undefined };
  if (bytes.length === ECDSA_KEY_LENGTH && (bytes[0] === 2 || bytes[0] === 3)) {
    return { kind: "ok", account: blake2b256(bytes), prefix: undefined };
  }
  return { kind: "invalid", reason: `an account has ${ACCOUNT_LENGTH} bytes, not ${bytes.length}` };
}
