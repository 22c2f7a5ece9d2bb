import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { coreOptions } from "@phala-l2/node/core-settings";
import { loadAccount } from "@phala-l2/node/keys/account";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { mayHoldValue } from "@phala-l2/protocol/config/development";
import { createPublicClient, fallback, http, type PublicClient } from "viem";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "./attest/trust.ts";
import { checkAdmission } from "./doctor/admission.ts";
import { compared, type DoctorCheck, failed, held } from "./doctor/check.ts";
import { checkEvidence, type EvidenceFindings, type EvidenceSurroundings } from "./doctor/evidence.ts";
import { checkGpuWork } from "./doctor/gpu-work.ts";
import { checkGpus } from "./doctor/gpus.ts";
import { checkProgram } from "./doctor/program.ts";
import type { ProverSettings } from "./main.ts";

export type Diagnosis = {
  readonly ok: boolean;
  readonly simulated: boolean;
  /** Of the image, as the registry keeps it; null when there is no evidence. */
  readonly measurement: Hex | null;
  /** SHA-384 of the enclave's program; null when it runs from the sources, or cannot be loaded. */
  readonly program: string | null;
  readonly checks: readonly DoctorCheck[];
};

const MILLISECONDS = 1000;

function l1Client({ l1RpcUrls, l1Timeout }: ProverSettings): PublicClient {
  const timeout = l1Timeout * MILLISECONDS;
  return createPublicClient({ transport: fallback(l1RpcUrls.map((url) => http(url, { timeout }))) });
}

/** The L1 chain is the configured one, and the registry there counts evidence of this sort. */
async function checkL1(
  client: PublicClient,
  settings: ProverSettings,
  chainId: bigint,
): Promise<readonly DoctorCheck[]> {
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

/** Whether the account that pays can be used, and whether the registry would admit what was found. */
async function checkRegistration(
  client: PublicClient,
  settings: ProverSettings,
  found: {
    readonly chainId: bigint;
    readonly findings: EvidenceFindings;
    readonly recomputes: boolean;
    readonly at: bigint;
  },
): Promise<readonly DoctorCheck[]> {
  const { chainId, findings, recomputes, at } = found;
  const { account, passwordFile, kind, registers, dangerouslySimulate } = settings;
  let payer: Hex;
  try {
    payer = (await loadAccount({ account, passwordFile, l1ChainId: chainId })).address;
  } catch (error) {
    return [failed("account", "account, passwordFile", "an account that can be opened", error)];
  }
  const { evidence, measurement } = findings;
  const opened = held("account", "account", payer);
  if (evidence === undefined || measurement === null) return [opened];
  const roots = dangerouslySimulate ? DANGEROUS_ROOTS : VENDOR_ROOTS;
  const registry = toHex(settings.proverRegistry);
  const applicant = { kind, evidence, measurement, recomputes };
  const parts = { client, registry, payer: registers ? payer : undefined, roots, at };
  return [opened, ...(await checkAdmission(applicant, parts))];
}

/**
 * Looks at a prover's surroundings without starting it: chain files, L1, registry, the enclave's program, GPUs and their work, TEE,
 * whether its evidence would be accepted and for how long, and whether the registry would admit it. No key is made, and nothing
 * is sent.
 */
export async function diagnoseProver(
  settings: ProverSettings,
  surroundings: EvidenceSurroundings,
): Promise<Diagnosis> {
  const simulated = settings.dangerouslySimulate;
  let chainId: bigint;
  try {
    chainId = (await coreOptions(settings)).rollup.l1ChainId;
  } catch (error) {
    const check = failed("configuration", "rollup, genesis", "the chain's files", error);
    return { ok: false, simulated, measurement: null, program: null, checks: [check] };
  }
  const client = l1Client(settings);
  const [l1, { check, program }, gpus, work, findings] = await Promise.all([
    checkL1(client, settings, chainId),
    checkProgram(settings, chainId),
    checkGpus(settings),
    checkGpuWork(settings),
    checkEvidence(settings, chainId, surroundings),
  ]);
  const files = held("configuration", "rollup, genesis", `a chain on L1 ${chainId}`);
  const hardware = checkHardware(settings, chainId);
  const { recomputes } = work;
  const isThere = l1.every(({ ok }) => ok);
  const about = { chainId, findings, recomputes, at: surroundings.now() };
  const registration = isThere ? await checkRegistration(client, settings, about) : [];
  const seen = [...gpus, ...work.checks, ...findings.checks];
  const checks = [files, ...l1, hardware, check, ...seen, ...registration];
  const { measurement } = findings;
  return { ok: checks.every(({ ok }) => ok), simulated, measurement, program, checks };
}
