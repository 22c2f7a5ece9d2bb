import { bigintToBytes, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Certificate } from "../certificates/certificate.ts";
import type { PublicKey } from "../certificates/signature.ts";

/** The kinds of keys as L1 counts them (`KeyKind`). */
const KEY_KINDS = { "P-256": 0n, "P-384": 1n, RSA: 2n } as const satisfies Record<PublicKey["type"], bigint>;
const WORD = 32;

/** x | y, or the modulus. */
function numbersOf({ key }: PublicKey): Uint8Array {
  const { x, y, n } = key.export({ format: "jwk" });
  const parts = [x, y, n].filter((part) => part !== undefined);
  return concatBytes(...parts.map((part) => Buffer.from(part, "base64url")));
}

/**
 * Which device a certificate of its boot ROM belongs to: its key is made of the chip's fuses and certified once, where
 * the chip was made. The leaf's key, and with it the serial number that NVIDIA calls UEID, are those of firmware and may
 * change with it. L1's certificate cache has the same hash as `keyHash`.
 *
 *   keccak256(abi.encode(kind of key, key))
 */
export function deviceIdOf({ publicKey }: Pick<Certificate, "publicKey">): Hash {
  const numbers = numbersOf(publicKey);
  const head = [KEY_KINDS[publicKey.type], 64n, BigInt(numbers.length)].map((word) =>
    bigintToBytes(word, WORD),
  );
  return keccak256(concatBytes(...head, numbers));
}
