import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256, type PublicClient } from "viem";
import { appraiseEvidence } from "../attest/appraisal.ts";
import { hostFacts } from "../attest/measurement.ts";
import { platformIdOf } from "../attest/platform.ts";
import type { EvidenceRoots } from "../attest/trust.ts";
import { compared, type DoctorCheck, failed, held } from "../doctor/check.ts";
import { evidenceCalldata } from "../host/registration/calldata.ts";
import type { EvidenceAnswer } from "../rpc/evidence-answer.ts";
import type { EvidencePolicy } from "../verify/policy.ts";
import type { RegisteredProver } from "./provers.ts";

export type ReverifyInput = {
  /** What a prover said of itself. */
  readonly answer: EvidenceAnswer;
  /** What the registry has of its key; undefined when it has nothing. */
  readonly registered: RegisteredProver | undefined;
  readonly registry: Hex;
  readonly l1ChainId: bigint;
  readonly roots: EvidenceRoots;
  readonly policy: EvidencePolicy;
  /** Unix seconds. */
  readonly at: bigint;
};

const ON_L1 = "registry";
const LIE = "do not believe this prover: it shows other evidence than it was registered by";

/** The evidence shown is that which L1 has verified. */
function sameAsRegistered(
  answer: EvidenceAnswer,
  prover: RegisteredProver,
  at: bigint,
): readonly DoctorCheck[] {
  const { host } = answer.evidence;
  const platform = platformIdOf(host);
  const hash = keccak256(evidenceCalldata(answer.evidence, at).evidence);
  return [
    compared(ON_L1, "measurement", prover.measurement, toHex(hostFacts(host).measurement), LIE),
    compared(ON_L1, "platform", prover.platformId, platform === undefined ? "unknown" : toHex(platform), LIE),
    compared(ON_L1, "evidence", prover.evidenceHash, hash, LIE),
    compared(ON_L1, "counts", "true", `${prover.isValid}`, "its proofs count for nothing; renew its key"),
  ];
}

/** The evidence is not older than a block that L1 has. */
async function checkAge(client: PublicClient, { binding }: EvidenceAnswer): Promise<DoctorCheck> {
  const blockHash = toHex(binding.l1Block);
  try {
    const { number } = await client.getBlock({ blockHash });
    return held("L1 block", "l1Block", `${number}`);
  } catch (error) {
    return failed("L1 block", "l1Block", "a block of L1", error);
  }
}

/**
 * Verifies a prover again, off-chain, by its own answer of `tee_evidence`: genuine and accepted by the policy as of now, for
 * this registry and chain, and the very evidence that L1 knows the key by.
 */
export async function reverify(client: PublicClient, input: ReverifyInput): Promise<readonly DoctorCheck[]> {
  const { answer, registered, registry, l1ChainId, roots, policy, at } = input;
  const { binding, evidence } = answer;
  const own = `${toHex(binding.domain.verifyingContract)} on ${binding.domain.chainId}`;
  const place = compared("binding", "registry, chain id", `${registry} on ${l1ChainId}`, own, LIE);
  const known = registered === undefined ? "not registered" : "registered";
  const listed = compared(ON_L1, "key", "registered", known, "have the key registered");
  try {
    const gpus = registered?.deviceIds.length ?? evidence.gpus.length;
    const appraised = appraiseEvidence(evidence, { binding, roots, policy, gpus, at }).map(
      ({ name, holds, refusal }): DoctorCheck =>
        refusal === undefined
          ? held(name, "policy", holds)
          : { check: name, ok: false, ...refusal, days: null },
    );
    const same = registered === undefined ? [] : sameAsRegistered(answer, registered, at);
    return [place, listed, ...same, await checkAge(client, answer), ...appraised];
  } catch (error) {
    return [place, listed, failed("evidence", "tee_evidence", "evidence that can be read", error)];
  }
}
