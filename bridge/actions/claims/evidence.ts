import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { signedBytes } from "@phala-l2/sunset/message";
import { secp256k1Recover } from "@polkadot/util-crypto";
import { judgeSignature, KEY_KINDS } from "../../snapshot/signature.ts";
import type { KeySignature, Multisig, Owners } from "./contract.ts";

export type EvidenceReading =
  | { readonly kind: "ok"; readonly evidence: KeySignature }
  | { readonly kind: "invalid"; readonly reason: string };

/** A byte in front of a signature tells its kind (`MultiSignature`); the contract takes it without. */
const BARE_LENGTHS: readonly number[] = [64, 64, 65];

/** The recovery id is 0 or 1, or 27 more. */
const RECOVERY_OFFSET = 27;

/**
 * What the contract needs of a wallet's signature: of which kind it is, whether the wallet wrapped the text, and the public
 * key, which for ecdsa is recovered from the signature. Judged before anything is sent.
 * @param signer account of the key that signed
 */
export async function readEvidence(
  text: string,
  signature: Uint8Array,
  signer: Hash,
): Promise<EvidenceReading> {
  const verdict = await judgeSignature(signedBytes(text, false), signature, signer);
  if (!verdict.valid) return { kind: "invalid", reason: verdict.reason };
  const { wrapped } = verdict;
  const kind = KEY_KINDS.indexOf(verdict.kind);
  const bare = signature.length === BARE_LENGTHS[kind] ? signature : signature.subarray(1);
  if (verdict.kind !== "ecdsa") {
    return { kind: "ok", evidence: { kind, wrapped, publicKey: toHex(signer), signature: toHex(bare) } };
  }
  const recovery = bare[64] ?? 0;
  const id = recovery >= RECOVERY_OFFSET ? recovery - RECOVERY_OFFSET : recovery;
  const key = secp256k1Recover(blake2b256(signedBytes(text, wrapped)), bare, id);
  if (!bytesEqual(blake2b256(key), signer)) {
    return { kind: "invalid", reason: "the signature recovers another key" };
  }
  return { kind: "ok", evidence: { kind, wrapped, publicKey: toHex(key), signature: toHex(bare) } };
}

/** Evidence of keys, and of the multisigs that they make up, the inner ones first. */
export function ownersOf(keys: readonly KeySignature[], multisigs: readonly Multisig[] = []): Owners {
  const ascending = multisigs.map(({ signatories, threshold }) => ({
    signatories: signatories.toSorted(),
    threshold,
  }));
  return { keys, earlier: [], multisigs: ascending };
}
