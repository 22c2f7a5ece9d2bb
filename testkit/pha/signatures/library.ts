import { toHex } from "@phala-l2/protocol/bytes";
import { ed25519Verify, secp256k1Verify, sr25519Verify } from "@polkadot/util-crypto";
import { SMALL_ORDER } from "./points.ts";
import { hasLengths, type Question, type Verdict } from "./question.ts";

/** What polkadot-js says, and where the contract says otherwise on purpose (docs/spec/pha-keys.md). */
export type LibraryVerdict = {
  readonly library: Verdict;
  /** Why a signature that the library takes is none for the contract. */
  readonly refused?: "key of small order" | "recovery id above 1";
};

/** The last byte of an ECDSA signature up to which R's x is below the group's order. */
const HIGHEST_RECOVERY_ID = 1;
const RECOVERY_ID_AT = 64;

/** The library throws for what it cannot read. */
function isTaken(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}

/**
 * The verdict of @polkadot/util-crypto as a wallet gets it: sr25519 has one backend, ECDSA is verified by the
 * JavaScript one (its other one traps on malformed input), ed25519 by WebAssembly, which checks more than JavaScript.
 * @throws Error when ed25519's stricter backend takes what the other refuses
 */
export function libraryVerdict(question: Question): LibraryVerdict {
  if (!hasLengths(question)) return { library: "length" };
  const { kind, publicKey, message, signature } = question;
  const verdictOf = (isValid: boolean): Verdict => (isValid ? "valid" : "invalid");
  if (kind === "sr25519")
    return { library: verdictOf(isTaken(() => sr25519Verify(message, signature, publicKey))) };
  if (kind === "ecdsa") {
    const library = verdictOf(isTaken(() => secp256k1Verify(message, signature, publicKey, "blake2", true)));
    const isRefused = library === "valid" && (signature[RECOVERY_ID_AT] ?? 0) > HIGHEST_RECOVERY_ID;
    return isRefused ? { library, refused: "recovery id above 1" } : { library };
  }
  const library = verdictOf(isTaken(() => ed25519Verify(message, signature, publicKey)));
  const isRefused = library === "valid" && SMALL_ORDER.includes(toHex(publicKey));
  if (isRefused) return { library, refused: "key of small order" };
  if (library === "valid" && !isTaken(() => ed25519Verify(message, signature, publicKey, true)))
    throw new Error("ed25519 that JavaScript refuses, and WebAssembly takes");
  return { library };
}
