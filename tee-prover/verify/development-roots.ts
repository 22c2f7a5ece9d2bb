import type { Hex } from "@phala-l2/protocol/bytes";
import { DANGEROUS_DEVELOPMENT_ROOTS as ON_L1 } from "@phala-l2/protocol/config/attestation-roots";
import type { ProductRoot } from "./amd/product.ts";
import type { PinnedRoot } from "./certificates/chain.ts";

type KnownToL1 = { readonly certificateId: Hex };

/**
 * Roots of simulated evidence. Their secret keys follow from words in this repository, so everybody can sign whatever
 * they like: they are for development chains, and no list of production's roots has one of them. `certificateId` is
 * keccak256 of a root certificate's signed part, by which L1 knows certificates.
 */
export const DEVELOPMENT_ROOTS = {
  intel: {
    name: "DANGEROUSLY SIMULATED Intel SGX Root CA",
    keyHash: "02998ae9cbe8f1e85bba5c714beba365d5cea57241e0c8ff52e31ae50f814538",
    certificateId: ON_L1.intel,
  },
  amd: {
    name: "DANGEROUSLY SIMULATED ARK-Genoa",
    product: "Genoa",
    keyHash: "d9abafbd0512c13d7b0f34db88e26780cc84fef964f54a1ee01cda75268d5af7",
    certificateId: ON_L1.amdGenoa,
  },
  nvidiaDevice: {
    name: "DANGEROUSLY SIMULATED Device Identity CA",
    keyHash: "0031d5e64ba0d5f8732f544efd397c5e2037cb787bf6715f51eaf3f69f8b77da",
    certificateId: ON_L1.nvidiaDevice,
  },
  nvidiaRim: {
    name: "DANGEROUSLY SIMULATED RIM Root CA",
    keyHash: "f3772a12223c3effe97df67159d6215839f3fb88b1b88b553b5009ee20e52b28",
  },
} as const satisfies {
  readonly intel: PinnedRoot & KnownToL1;
  readonly amd: ProductRoot & KnownToL1;
  readonly nvidiaDevice: PinnedRoot & KnownToL1;
  readonly nvidiaRim: PinnedRoot;
};

/** True for a key that everybody has. */
export function isDevelopmentKey(keyHash: string): boolean {
  return Object.values(DEVELOPMENT_ROOTS).some((root) => root.keyHash === keyHash);
}
