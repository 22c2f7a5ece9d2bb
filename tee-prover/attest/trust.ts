import { RollupError } from "@phala-l2/protocol/errors";
import { AMD_ROOTS, type ProductRoot } from "../verify/amd/product.ts";
import type { PinnedRoot } from "../verify/certificates/chain.ts";
import { DEVELOPMENT_ROOTS, isDevelopmentKey } from "../verify/development-roots.ts";
import { INTEL_ROOT } from "../verify/intel/verify.ts";
import { NVIDIA_RIM_ROOT } from "../verify/nvidia/rim.ts";
import { NVIDIA_DEVICE_ROOT } from "../verify/nvidia/verify.ts";

/** Whose word is taken, a list a vendor. */
export type EvidenceRoots = {
  readonly intel: readonly PinnedRoot[];
  readonly amd: readonly ProductRoot[];
  readonly nvidiaDevice: readonly PinnedRoot[];
  readonly nvidiaRim: readonly PinnedRoot[];
};

/** Roots of hardware only. @throws RollupError EVIDENCE_ROOT_DANGEROUS when one of them is a development root */
export function productionRoots(roots: EvidenceRoots): EvidenceRoots {
  const all: readonly PinnedRoot[] = Object.values(roots).flat();
  const development = all.find(({ keyHash }) => isDevelopmentKey(keyHash));
  if (development === undefined) return roots;
  throw new RollupError(
    "EVIDENCE_ROOT_DANGEROUS",
    `${development.name} is a development root, whose key everybody has`,
    { data: { keyHash: development.keyHash } },
  );
}

/** The vendors' own roots: all that production trusts. */
export const VENDOR_ROOTS: EvidenceRoots = productionRoots({
  intel: [INTEL_ROOT],
  amd: AMD_ROOTS,
  nvidiaDevice: [NVIDIA_DEVICE_ROOT],
  nvidiaRim: [NVIDIA_RIM_ROOT],
});

/** Roots of simulated evidence, and no other: a development chain counts no real machine by mistake either. */
export const DANGEROUS_ROOTS: EvidenceRoots = {
  intel: [DEVELOPMENT_ROOTS.intel],
  amd: [DEVELOPMENT_ROOTS.amd],
  nvidiaDevice: [DEVELOPMENT_ROOTS.nvidiaDevice],
  nvidiaRim: [DEVELOPMENT_ROOTS.nvidiaRim],
};
