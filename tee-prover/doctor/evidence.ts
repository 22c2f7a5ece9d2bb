import { readFileSync } from "node:fs";
import { asAddress, asHash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { appraiseEvidence } from "../attest/appraisal.ts";
import type { KeyBinding } from "../attest/commitments.ts";
import { configuredEvidence, wantedGpus } from "../attest/configured.ts";
import type { Evidence } from "../attest/evidence.ts";
import { expiriesOf } from "../attest/expiry.ts";
import { hostFacts } from "../attest/measurement.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "../attest/trust.ts";
import type { ProverSettings } from "../main.ts";
import { type EvidencePolicy, parsePolicy, STRICT_POLICY } from "../verify/policy.ts";
import { type DoctorCheck, failed, held } from "./check.ts";

export type EvidenceSurroundings = {
  readonly log: Log;
  /** File with what to accept of evidence (docs/operate/evidence.md); strict where there is none. */
  readonly policy: string | undefined;
  /** Unix seconds. */
  readonly now: () => bigint;
};

/** What was got, and what the checks say of it. */
export type EvidenceFindings = {
  readonly checks: readonly DoctorCheck[];
  /** Undefined when there is none, or none that can be read. */
  readonly evidence: Evidence | undefined;
  readonly measurement: Hex | null;
};

const DAY = 86_400n;
/** People and services fetch collateral and lists anew, which takes them days: what ends sooner is a fault today. */
export const DAYS_LEFT = 7;

/**
 * What evidence commits to that nobody can register: the key of no one, and no L1 block.
 */
function trialBinding({ proverRegistry }: ProverSettings, chainId: bigint): KeyBinding {
  return {
    domain: { chainId, verifyingContract: proverRegistry },
    key: asAddress(new Uint8Array(20)),
    l1Block: asHash(new Uint8Array(32)),
    policyVersion: 0n,
  };
}

/** The policy in a file, strict where none is named. @throws RollupError SETTING_INVALID, CONFIG_INVALID */
export function readPolicy(file: string | undefined): EvidencePolicy {
  if (file === undefined) return STRICT_POLICY;
  try {
    return parsePolicy(readFileSync(file, "utf8"));
  } catch (error) {
    if (isRollupError(error)) throw error;
    throw new RollupError("SETTING_INVALID", `${file} cannot be read as a policy`, { cause: error });
  }
}

function checkExpiries(evidence: Evidence, now: bigint): readonly DoctorCheck[] {
  return expiriesOf(evidence).map(({ what, at }) => {
    // Division rounds towards zero: what ended an hour ago has less than zero days.
    const days = Number((at - now) / DAY) - (at < now ? 1 : 0);
    const ok = days >= DAYS_LEFT;
    const remedy = ok ? null : "fetch it anew (collateral, lists, certificates), and renew the key";
    const wanted = `at least ${DAYS_LEFT} days`;
    return { check: "expiry", ok, field: what, wanted, found: `${days} days`, remedy, days };
  });
}

/** Evidence is got from the source, and stands the test of the policy as on the day of its registration. */
export async function checkEvidence(
  settings: ProverSettings,
  chainId: bigint,
  surroundings: EvidenceSurroundings,
): Promise<EvidenceFindings> {
  const source = settings.dangerouslySimulate ? "simulation" : settings.evidence;
  const binding = trialBinding(settings, chainId);
  let evidence: Evidence;
  try {
    evidence = await configuredEvidence(settings, surroundings).evidence(binding);
  } catch (error) {
    const check = failed("evidence source", source, `evidence of ${settings.kind}`, error);
    return { checks: [check], evidence: undefined, measurement: null };
  }
  const got = held("evidence source", source, `evidence of ${settings.kind}`);
  try {
    const appraised = appraiseEvidence(evidence, {
      binding,
      roots: settings.dangerouslySimulate ? DANGEROUS_ROOTS : VENDOR_ROOTS,
      policy: readPolicy(surroundings.policy),
      gpus: wantedGpus(settings),
      at: surroundings.now(),
    }).map(
      ({ name, holds, refusal }): DoctorCheck =>
        refusal === undefined
          ? held(name, "policy", holds)
          : { check: name, ok: false, ...pick(refusal), days: null },
    );
    const checks = [got, ...appraised, ...checkExpiries(evidence, surroundings.now())];
    return { checks, evidence, measurement: toHex(hostFacts(evidence.host).measurement) };
  } catch (error) {
    const check = failed("evidence", source, "evidence that can be read", error);
    return { checks: [got, check], evidence: undefined, measurement: null };
  }
}

type Finding = Pick<DoctorCheck, "field" | "wanted" | "found"> & { readonly remedy: string };

function pick({ field, wanted, found, remedy }: Finding): Finding {
  return { field, wanted, found, remedy };
}
