import cKzg from "c-kzg";

/** What of EIP-4844's polynomial commitments the project uses. */
export interface Kzg {
  /** 48 bytes. @throws when the blob is not 4096 canonical field elements */
  blobToKzgCommitment(blob: Uint8Array): Uint8Array;
  /** EIP-4844: 48 bytes. */
  computeBlobKzgProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
  /** EIP-7594: 128 proofs of 48 bytes, one a cell; about half a second of work. */
  computeCellKzgProofs(blob: Uint8Array): readonly Uint8Array[];
}

/** Commitments by whoever can make them, in this thread or elsewhere. */
export type BlobCommitter = {
  blobToKzgCommitment(blob: Uint8Array): Uint8Array | Promise<Uint8Array>;
};

/** No table beyond the setup itself: faster proofs at the price of 100 MB and more of memory are not needed. */
const NO_PRECOMPUTATION = 0;

let isLoaded = false;

/** The native library; Ethereum's trusted setup, a second of work or two, is loaded at the first use. */
function library(): typeof cKzg {
  if (!isLoaded) cKzg.loadTrustedSetup(NO_PRECOMPUTATION);
  isLoaded = true;
  return cKzg;
}

/** KZG in the calling thread. */
export const nativeKzg: Kzg = {
  blobToKzgCommitment: (blob) => library().blobToKzgCommitment(blob),
  computeBlobKzgProof: (blob, commitment) => library().computeBlobKzgProof(blob, commitment),
  computeCellKzgProofs: (blob) => library().computeCellsAndKzgProofs(blob)[1],
};
