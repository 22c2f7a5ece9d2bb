import { createHash } from "node:crypto";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { isP384PointOdd } from "@phala-l2/protocol/p384";
import {
  type PublicKey,
  rawSignature,
  type SignatureAlgorithm,
} from "../../verify/certificates/signature.ts";

/** A P-384 key's x | y. */
function coordinatesOf({ key }: PublicKey): Uint8Array {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return concatBytes(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
}

/**
 * The hint `oddFirst` for a message and r | s. Keys that are not of P-384 need none; where the signature is wrong there is
 * none either, and the contract will say so.
 */
export function oddFirstOf(signer: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signer.type !== "P-384") return false;
  const digest = createHash("sha384").update(message).digest();
  return isP384PointOdd(coordinatesOf(signer), signature, digest) ?? false;
}

/** What certificates and revocation lists have in common. */
type Signed = {
  readonly signedPart: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  /** As it stands there: of ECDSA in DER. */
  readonly signature: Uint8Array;
};

/** The same for a certificate or a revocation list. */
export function oddFirstOfSigned(signer: PublicKey, { signedPart, algorithm, signature }: Signed): boolean {
  if (algorithm !== "ecdsa-sha384") return false;
  const raw = rawSignature(signature, "P-384");
  return raw !== undefined && oddFirstOf(signer, signedPart, raw);
}
