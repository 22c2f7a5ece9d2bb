import { PROVER_KINDS, type ProverKind } from "@phala-l2/contracts/deploy/config";
import { RollupError } from "@phala-l2/protocol/errors";

/** What a proof counts as in a game: its host vendor, and whether a GPU stands beside the CPU. */
export type ProverClass = {
  /** The contracts' `HostVendor`: 1 Intel, 2 AMD. */
  readonly vendor: number;
  readonly gpu: boolean;
};

const INTEL = 1;
const AMD = 2;

const CLASSES: Readonly<Record<ProverKind, ProverClass>> = {
  TDX: { vendor: INTEL, gpu: false },
  SEV_SNP: { vendor: AMD, gpu: false },
  TDX_GPU: { vendor: INTEL, gpu: true },
  SEV_SNP_GPU: { vendor: AMD, gpu: true },
};

/** The same table as ProverRegistry's `hostVendor` and `hasGpu`. */
export function classOf(kind: ProverKind): ProverClass {
  return CLASSES[kind];
}

/** Reads `tdx`, `sev-snp`, `tdx+gpu`, `sev-snp+gpu` or the contracts' names. @throws RollupError SETTING_INVALID */
export function parseKind(text: string): ProverKind {
  const name = text.toUpperCase().replaceAll(/[-+]/g, "_");
  const kind = PROVER_KINDS.find((each) => each === name);
  if (kind !== undefined) return kind;
  throw new RollupError(
    "SETTING_INVALID",
    `tdx, sev-snp, tdx+gpu or sev-snp+gpu is wanted as kind, not '${text}'`,
    {
      data: { text },
    },
  );
}
