import type { Hex } from "@phala-l2/protocol/bytes";
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
    certificateId: "0x08a9e3f0f683727ff70e2631d9a4fc0c6305d1220b8466a60eedb870379dee39",
  },
  amd: {
    name: "DANGEROUSLY SIMULATED ARK-Genoa",
    product: "Genoa",
    keyHash: "d9abafbd0512c13d7b0f34db88e26780cc84fef964f54a1ee01cda75268d5af7",
    certificateId: "0xfbc5d619c1e50ed57a5a57365104b80812499df35d7df559f2b707607b101cbb",
  },
  nvidiaDevice: {
    name: "DANGEROUSLY SIMULATED Device Identity CA",
    keyHash: "0031d5e64ba0d5f8732f544efd397c5e2037cb787bf6715f51eaf3f69f8b77da",
    certificateId: "0x161a1feb96dc4e1c569d8f48715481ae3efef0213ce918b648de3276f48101f7",
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
