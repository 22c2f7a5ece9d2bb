import { asHash, bytesEqual, concatBytes, type Hash, ZERO_HASH } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";

/** The state of the L2 after a block, as proofs of withdrawals need it. Source: specs/protocol/proposals.md. */
export type OutputV0 = {
  readonly stateRoot: Hash;
  /** Storage root of the L2ToL1MessagePasser; from Isthmus the header's withdrawalsRoot. */
  readonly messagePasserStorageRoot: Hash;
  readonly blockHash: Hash;
};

export type OutputDecoding =
  | { readonly kind: "ok"; readonly output: OutputV0 }
  | { readonly kind: "invalid"; readonly reason: "output-length" | "output-version-unknown" };

// Layout: version 32 (zero) | stateRoot 32 | messagePasserStorageRoot 32 | blockHash 32
const VERSION_0 = ZERO_HASH;
const OUTPUT_LENGTH = 128;

/** The preimage of an output root of version 0. */
export function encodeOutputV0(output: OutputV0): Uint8Array {
  return concatBytes(VERSION_0, output.stateRoot, output.messagePasserStorageRoot, output.blockHash);
}

/** Decodes the preimage of an output root. Never throws. */
export function decodeOutputV0(bytes: Uint8Array): OutputDecoding {
  if (bytes.length !== OUTPUT_LENGTH) return { kind: "invalid", reason: "output-length" };
  if (!bytesEqual(bytes.subarray(0, 32), VERSION_0))
    return { kind: "invalid", reason: "output-version-unknown" };
  const output: OutputV0 = {
    stateRoot: asHash(bytes.subarray(32, 64)),
    messagePasserStorageRoot: asHash(bytes.subarray(64, 96)),
    blockHash: asHash(bytes.subarray(96, 128)),
  };
  return { kind: "ok", output };
}

/** The commitment that a dispute game settles on L1. */
export function outputRootV0(output: OutputV0): Hash {
  return keccak256(encodeOutputV0(output));
}
