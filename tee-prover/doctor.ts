import { readFileSync } from "node:fs";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { coreOptions } from "@phala-l2/node/core-settings";
import { asAddress, asHash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { mayHoldValue } from "@phala-l2/protocol/config/development";
import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { createPublicClient, fallback, http, type PublicClient } from "viem";
import { appraiseEvidence } from "./attest/appraisal.ts";
import type { KeyBinding } from "./attest/commitments.ts";
import { configuredEvidence, wantedGpus } from "./attest/configured.ts";
import type { Evidence } from "./attest/evidence.ts";
import { expiriesOf } from "./attest/expiry.ts";
import { hostFacts } from "./attest/measurement.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "./attest/trust.ts";
import type { ProverSettings } from "./main.ts";
import { type EvidencePolicy, parsePolicy, STRICT_POLICY } from "./verify/policy.ts";

/** One check and what it found; `remedy` is null where it holds. */
export type DoctorCheck = {
  readonly check: string;
  readonly ok: boolean;
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
  readonly remedy: string | null;
  /** Whole days until it expires, below zero after it; null for what does not. */
  readonly days: number | null;
};

export type Diagnosis = {
  readonly ok: boolean;
  readonly simulated: boolean;
  /** Of the image, as the registry keeps it; null when there is no evidence. */
  readonly measurement: Hex | null;
  readonly checks: readonly DoctorCheck[];
};

export type DoctorSurroundings = {
  readonly log: Log;
  /** File with what to accept of evidence (docs/operate/evidence.md); strict where there is none. */
  readonly policy: string | undefined;
  /** Unix seconds. */
  readonly now: () => bigint;
};

const DAY = 86_400n;
/** A renewal through governance takes days: what ends sooner is a fault today. */
export const DAYS_LEFT = 7;

function held(check: string, field: string, found: string): DoctorCheck {
  return { check, ok: true, field, wanted: found, found, remedy: null, days: null };
}

/** A check that threw: what it says, and where the remedy stands. */
function failed(check: string, field: string, wanted: string, error: unknown): DoctorCheck {
  const message = error instanceof Error ? withoutUrlSecrets(error.message) : String(error);
  const remedy = error instanceof RollupError ? `see ${error.docs}` : "see that the service answers";
  const found = isRollupError(error) ? `${error.code}: ${message}` : (message.split("\n")[0] ?? "");
  return { check, ok: false, field, wanted, found, remedy, days: null };
}

function compared(check: string, field: string, wanted: string, found: string, remedy: string): DoctorCheck {
  const ok = wanted === found;
  return { check, ok, field, wanted, found, remedy: ok ? null : remedy, days: null };
}

/** The L1 chain is the configured one, and the registry there counts evidence of this sort. */
async function checkL1(settings: ProverSettings, chainId: bigint): Promise<readonly DoctorCheck[]> {
  const transports = settings.l1RpcUrls.map((url) => http(url, { timeout: settings.l1Timeout * 1000 }));
  const client: PublicClient = createPublicClient({ transport: fallback(transports) });
  try {
    const found = await client.getChainId();
    const remedy = "give URLs of the L1 chain that rollup.json names";
    const chain = compared("L1", "chain id", `${chainId}`, `${found}`, remedy);
    if (!chain.ok) return [chain];
    const simulated = await client.readContract({
      address: toHex(settings.proverRegistry),
      abi: proverRegistryAbi,
      functionName: "dangerouslyAcceptsSimulated",
    });
    const counts = settings.dangerouslySimulate ? `${simulated}` : "true";
    const registry = compared(
      "registry",
      settings.dangerouslySimulate ? "counts simulated keys" : "is a prover registry",
      "true",
      counts,
      "a registry of production counts keys of real hardware only",
    );
    return [chain, registry];
  } catch (error) {
    return [failed("L1", "l1RpcUrls, proverRegistry", "an L1 node, and the registry's contract", error)];
  }
}

/** Simulated evidence belongs where nothing has a price. */
function checkHardware({ dangerouslySimulate }: ProverSettings, chainId: bigint): DoctorCheck {
  const found = dangerouslySimulate ? "simulated" : "hardware";
  const wanted = mayHoldValue(chainId) ? "hardware" : found;
  const remedy = "take dangerouslySimulate out of the configuration";
  return compared("hardware", "dangerouslySimulate", wanted, found, remedy);
}

/**
 * What evidence commits to that nobody can register: the key of no one, and no L1 block.
 */
function trialBinding({ proverRegistry, policyVersion }: ProverSettings, chainId: bigint): KeyBinding {
  return {
    domain: { chainId, verifyingContract: proverRegistry },
    key: asAddress(new Uint8Array(20)),
    l1Block: asHash(new Uint8Array(32)),
    policyVersion,
  };
}

/** @throws RollupError SETTING_INVALID, CONFIG_INVALID */
function readPolicy(file: string | undefined): EvidencePolicy {
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
async function checkEvidence(
  settings: ProverSettings,
  chainId: bigint,
  surroundings: DoctorSurroundings,
): Promise<Pick<Diagnosis, "checks" | "measurement">> {
  const source = settings.dangerouslySimulate ? "simulation" : settings.evidence;
  const binding = trialBinding(settings, chainId);
  let evidence: Evidence;
  try {
    evidence = await configuredEvidence(settings, surroundings).evidence(binding);
  } catch (error) {
    const check = failed("evidence source", source, `evidence of ${settings.kind}`, error);
    return { checks: [check], measurement: null };
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
      ({ name, refusal }): DoctorCheck =>
        refusal === undefined
          ? held(name, "policy", "genuine, and accepted")
          : { check: name, ok: false, ...pick(refusal), days: null },
    );
    const checks = [got, ...appraised, ...checkExpiries(evidence, surroundings.now())];
    return { checks, measurement: toHex(hostFacts(evidence.host).measurement) };
  } catch (error) {
    return {
      checks: [got, failed("evidence", source, "evidence that can be read", error)],
      measurement: null,
    };
  }
}

type Finding = Pick<DoctorCheck, "field" | "wanted" | "found"> & { readonly remedy: string };

function pick({ field, wanted, found, remedy }: Finding): Finding {
  return { field, wanted, found, remedy };
}

/**
 * Looks at a prover's surroundings without starting it: chain files, L1, registry, TEE, and whether its evidence would be
 * accepted and for how long. No key is made, and nothing is sent.
 */
export async function diagnoseProver(
  settings: ProverSettings,
  surroundings: DoctorSurroundings,
): Promise<Diagnosis> {
  const simulated = settings.dangerouslySimulate;
  let chainId: bigint;
  try {
    chainId = (await coreOptions(settings)).rollup.l1ChainId;
  } catch (error) {
    const check = failed("configuration", "rollup, genesis", "the chain's files", error);
    return { ok: false, simulated, measurement: null, checks: [check] };
  }
  const [l1, evidence] = await Promise.all([
    checkL1(settings, chainId),
    checkEvidence(settings, chainId, surroundings),
  ]);
  const files = held("configuration", "rollup, genesis", `a chain on L1 ${chainId}`);
  const checks = [files, ...l1, checkHardware(settings, chainId), ...evidence.checks];
  return { ok: checks.every(({ ok }) => ok), simulated, measurement: evidence.measurement, checks };
}
