import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Log } from "@phala-l2/protocol/log";
import type { EvidenceSource } from "./evidence.ts";

const LABEL = "phala-l2 DANGEROUSLY SIMULATED prover";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * Evidence without hardware, for development chains: the key is in this process's memory, where whoever runs the
 * machine can read it. The measurement is the hash of a label that says so, and the evidence is that label: no
 * verifier of real evidence can take one for the other.
 */
export function dangerouslySimulatedEvidence(
  kind: ProverKind,
  { log }: { readonly log: Log },
): EvidenceSource {
  const label = `${LABEL} ${kind}`;
  const measurement = keccak256(bytesOf(label));
  log.warn(
    { kind, measurement: toHex(measurement) },
    "DANGER: this prover is SIMULATED; no TEE protects its key, and its proofs are worth nothing outside a development chain",
  );
  return {
    kind,
    simulated: true,
    measurement,
    evidence: async (reportData) => bytesOf(`${label}\n${toHex(reportData)}\n`),
  };
}
