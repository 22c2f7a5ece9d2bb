import type { Hex } from "../bytes.ts";

/**
 * Roots under which hardware is signed, as L1 knows them: a certificate by keccak256 of its signed part (tbsCertificate);
 * Intel's also by keccak256 of the kind of key and the key, since its certificate may be renewed.
 */
export type AttestationRoots = {
  readonly intel: Hex;
  readonly intelKey: Hex;
  readonly amdGenoa: Hex;
  readonly amdTurin: Hex;
  readonly nvidiaDevice: Hex;
};

/** No certificate: what is signed under it is trusted by nobody. */
const NONE: Hex = `0x${"00".repeat(32)}`;

/** The vendors' own, as `VendorRoots.sol` has them with the places where they are published. */
export const VENDOR_ATTESTATION_ROOTS: AttestationRoots = {
  intel: "0x0fa74a3f32c80b978c8ad671395dabf24283eef9091bc3919fd39b9915a87f1a",
  intelKey: "0xb01de8a6131f07c4fdabf8ac9f07e8c305529668bb0a12b5501d420797a76ca9",
  amdGenoa: "0xfb2ef3f20009b625ef03aeb2de37f9b3a3e52fc180eea286d80696fca306f197",
  amdTurin: "0xbf5dd0a6c8d5bd65b5178559859aa15e512dfbe15e506177d316de74e25dab8e",
  nvidiaDevice: "0xfac9936c8c9c042e4aca92d7b440583fe99a4320eaf29ce5f1e0d45fb1113630",
};

/**
 * Roots of simulated evidence: their secret keys follow from words in this repository, so that everybody has them. For
 * chains without value only.
 */
export const DANGEROUS_DEVELOPMENT_ROOTS: AttestationRoots = {
  intel: "0x08a9e3f0f683727ff70e2631d9a4fc0c6305d1220b8466a60eedb870379dee39",
  intelKey: "0xd00aecb8b62bd8020115f54cf07d29d07cd29b3dc860d64e5089ff9d0bc078b3",
  amdGenoa: "0xfbc5d619c1e50ed57a5a57365104b80812499df35d7df559f2b707607b101cbb",
  amdTurin: NONE,
  nvidiaDevice: "0xef91e28b1d5cf40a68786190b126f0e33b6a6372d3b62359e3d8b7696d9af099",
};

/** Certificates among the roots, each once. */
export function rootIdsOf({ intel, amdGenoa, amdTurin, nvidiaDevice }: AttestationRoots): readonly Hex[] {
  return [...new Set([intel, amdGenoa, amdTurin, nvidiaDevice])].filter((id) => id !== NONE);
}
