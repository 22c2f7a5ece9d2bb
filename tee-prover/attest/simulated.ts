import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import type { Log } from "@phala-l2/protocol/log";
import { simulatedGpu, simulatedSevSnp, simulatedTdx } from "./dangerously-simulated/platforms.ts";
import {
  type EvidenceSource,
  evidenceSource,
  type GpuSource,
  type HostSource,
  hostKindOf,
} from "./evidence.ts";
import { classOf } from "./kind.ts";

export type SimulationOptions = {
  readonly log: Log;
  /** Unix seconds; lists that expire are issued for this time. */
  readonly now: () => bigint;
  /** Of a kind with GPUs. */
  readonly gpus?: number;
};

function simulatedHost(kind: ProverKind, { now }: SimulationOptions): HostSource {
  const host = hostKindOf(kind);
  const issue = host === "TDX" ? simulatedTdx(kind) : simulatedSevSnp(kind);
  return { kind: host, simulated: true, evidence: async (reportData) => issue(reportData, now()) };
}

function simulatedGpus(count: number, kind: ProverKind): GpuSource {
  const devices = Array.from({ length: count }, (_, index) => simulatedGpu(index, kind));
  return {
    simulated: true,
    evidence: async (nonceOf) => devices.map((issue, index) => issue(nonceOf(index))),
  };
}

/**
 * Evidence without hardware, for development chains: the key is in this process's memory, where whoever runs the
 * machine can read it. The evidence has the vendors' formats, so that every verifier of real evidence runs on it; its
 * roots are development ones, whose keys everybody has and production refuses.
 * @throws RollupError SIMULATION_KEY_BROKEN
 */
export function dangerouslySimulatedEvidence(kind: ProverKind, options: SimulationOptions): EvidenceSource {
  options.log.warn(
    { kind },
    "DANGER: this prover is SIMULATED; no TEE protects its key, and its proofs are worth nothing outside a development chain",
  );
  const gpus = classOf(kind).gpu ? simulatedGpus(options.gpus ?? 1, kind) : undefined;
  return evidenceSource(simulatedHost(kind, options), gpus);
}
