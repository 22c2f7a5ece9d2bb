import cKzg from "c-kzg";

/** What of EIP-4844's polynomial commitments the project uses; the same shape as viem's `Kzg`. */
export interface Kzg {
  /** 48 bytes. @throws when the blob is not 4096 canonical field elements */
  blobToKzgCommitment(blob: Uint8Array): Uint8Array;
  /** 48 bytes. */
  computeBlobKzgProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
  /** EIP-7594: 128 proofs of 48 bytes, one a cell; about half a second of work. */
  computeCellKzgProofs(blob: Uint8Array): readonly Uint8Array[];
}

/** No table beyond the setup itself: faster proofs at the price of 100 MB and more of memory are not needed. */
const NO_PRECOMPUTATION = 0;

let loaded: Kzg | undefined;

/** The native library with Ethereum's trusted setup, loaded at the first call and shared after. */
export function loadKzg(): Kzg {
  if (loaded === undefined) {
    cKzg.loadTrustedSetup(NO_PRECOMPUTATION);
    loaded = {
      blobToKzgCommitment: (blob) => cKzg.blobToKzgCommitment(blob),
      computeBlobKzgProof: (blob, commitment) => cKzg.computeBlobKzgProof(blob, commitment),
      computeCellKzgProofs: (blob) => cKzg.computeCellsAndKzgProofs(blob)[1],
    };
  }
  return loaded;
}
