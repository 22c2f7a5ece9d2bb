import type { SigningAccount } from "@phala-l2/node/keys/account";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { Signature } from "@phala-l2/protocol/secp256k1";
import { parseSignature } from "viem";

/** An account's signature over a digest, as the protocol's codecs take it. */
export async function signHash(account: SigningAccount, digest: Hash): Promise<Signature> {
  const { r, s, yParity } = parseSignature(await account.sign({ hash: toHex(digest) }));
  return { r: BigInt(r), s: BigInt(s), yParity: yParity === 0 ? 0 : 1 };
}
