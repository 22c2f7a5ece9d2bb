import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { PROVER_KINDS, type ProverKind } from "@phala-l2/contracts/deploy/config";
import { asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { createPublicClient, http } from "viem";
import type { Evidence } from "../attest/evidence.ts";
import { hostFacts } from "../attest/measurement.ts";
import { platformIdOf } from "../attest/platform.ts";
import { dangerouslySimulatedEvidence } from "../attest/simulated.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "../attest/trust.ts";
import { ACCEPTING, ADDRESSES, type Answers, registryOnL1 } from "../registry/testing/registry-on-l1.ts";
import { type AdmissionParts, type Applicant, checkAdmission } from "./admission.ts";
import type { DoctorCheck } from "./check.ts";

const NOW = 1_795_000_000n;
const PAYER = `0x${"44".repeat(20)}` as const;
const HASH = `0x${"00".repeat(32)}` as const;
const nodes: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

async function applicantOf(kind: ProverKind): Promise<Applicant> {
  const evidence = await dangerouslySimulatedEvidence(kind, {
    log: silentLog,
    now: () => NOW,
    gpus: 2,
  }).evidence({
    domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20)) },
    key: asAddress(new Uint8Array(20)),
    l1Block: asHash(new Uint8Array(32)),
    policyVersion: 1n,
  });
  const measurement = toHex(hostFacts(evidence.host).measurement);
  return { kind, evidence, measurement, recomputes: false };
}

const TDX = await applicantOf("TDX");
const WITH_GPU: Applicant = { ...(await applicantOf("TDX_GPU")), recomputes: true };

async function look(
  applicant: Applicant,
  changes: Answers = {},
  parts: Partial<AdmissionParts> = {},
): Promise<readonly DoctorCheck[]> {
  const kindOf = PROVER_KINDS.indexOf(applicant.kind) + 1;
  const node = await registryOnL1({ ...ACCEPTING, kindOf, ...changes });
  nodes.push(node);
  const client = createPublicClient({ transport: http(node.url, { retryCount: 0 }) });
  const shared = { client, registry: ADDRESSES.registry, payer: PAYER, roots: DANGEROUS_ROOTS, at: NOW };
  return checkAdmission(applicant, { ...shared, ...parts });
}

/** Fields of what does not hold, each with a remedy. */
function faults(checks: readonly DoctorCheck[]): readonly string[] {
  const failing = checks.filter(({ ok }) => !ok);
  assert.ok(
    failing.every(({ remedy, wanted, found }) => remedy !== null && remedy !== "" && wanted !== found),
  );
  return failing.map(({ field }) => field);
}

describe("whether the registry would admit a prover", () => {
  it("holds where its policy accepts all of it, and the account can pay", async () => {
    assert.deepEqual(faults(await look(TDX)), []);
    const checks = await look(WITH_GPU);
    assert.deepEqual(faults(checks), []);
    assert.ok(checks.some(({ field }) => field === "GPU 1: measurement"));
  });

  for (const [what, changes, fields] of [
    ["its image is not accepted", { kindOf: 0 }, ["measurement"]],
    ["its image is accepted as another kind", { kindOf: 2 }, ["measurement"]],
    ["its image is of a kind that this version does not know", { kindOf: 9 }, ["measurement"]],
    ["its vendor is nullified", { isVendorNullified: true }, ["vendor Intel"]],
    ["its machine is denied", { isPlatformDenied: true }, ["platform"]],
    [
      "its machine is denied, though listed",
      { isPlatformDenied: true, isPlatformListed: true },
      ["platform"],
    ],
    ["only other machines are listed", { platformsListed: true }, ["platform"]],
    ["L1 has revoked a certificate", { statusOf: (id: unknown) => [4, id] }, ["certificates, collateral"]],
    [
      "L1 does not trust the vendor's root",
      { statusOf: [1, HASH], isPinned: false },
      ["certificates, collateral"],
    ],
    ["the account lacks ether", { balance: 10n ** 14n }, ["ether of the account"]],
    ["gas has become dear", { gasPrice: 10n ** 12n }, ["ether of the account"]],
    ["the account lacks PHA", { balanceOf: 999n }, ["PHA of the account"]],
    [
      "all is wrong",
      { kindOf: 0, isVendorNullified: true, balanceOf: 0n },
      ["measurement", "vendor Intel", "PHA of the account"],
    ],
  ] as const) {
    it(`does not when ${what}`, async () => {
      assert.deepEqual(faults(await look(TDX, changes)), fields);
    });
  }

  it("is asked for this image, machine and vendor, and this account", async () => {
    const asked: unknown[] = [];
    const note =
      (answer: unknown) =>
      (...args: readonly unknown[]) => {
        asked.push(...args);
        return answer;
      };
    const answers = { kindOf: note(1), isPlatformDenied: note(false), isVendorNullified: note(false) };
    await look(TDX, { ...answers, balanceOf: note(1000n) });
    const platform = platformIdOf(TDX.evidence.host) ?? new Uint8Array();
    const contracts = [ADDRESSES.policy, ADDRESSES.token];
    assert.deepEqual(new Set(asked), new Set([TDX.measurement, toHex(platform), 1, PAYER, ...contracts]));
  });

  it("holds on a listed machine,", async () => {
    assert.deepEqual(faults(await look(TDX, { platformsListed: true, isPlatformListed: true })), []);
  });

  it("tells how much L1 lacks of certificates, and what the registry may take", async () => {
    const found = (checks: readonly DoctorCheck[], field: string) =>
      checks.find((check) => check.field === field)?.found;
    assert.equal(found(await look(TDX), "transactions"), "all is there");
    const missing = await look(TDX, { statusOf: [1, HASH] });
    assert.match(found(missing, "transactions") ?? "", /^\d+ bring what L1 lacks$/);
    const allowed = await look(TDX, { allowance: 25n * 10n ** 17n });
    assert.equal(found(allowed, "allowance"), "2.5 PHA may be taken by the registry");
  });

  it("is not a matter of funds where somebody else registers the key", async () => {
    const checks = await look(TDX, { balance: 0n, balanceOf: 0n }, { payer: undefined });
    assert.deepEqual(faults(checks), []);
    assert.ok(!checks.some(({ check }) => check === "account on L1"));
  });

  it("names the address where no registry is, or another contract", async () => {
    for (const [registry, found] of [
      [`0x${"0f".repeat(20)}`, "no contract at"],
      [ADDRESSES.policy, "another contract at"],
    ] as const) {
      const [only, ...more] = await look(TDX, {}, { registry });
      assert.deepEqual([more, only?.field, only?.ok], [[], "proverRegistry", false]);
      assert.match(only?.found ?? "", new RegExp(`^${found} ${registry}$`));
      assert.match(only?.remedy ?? "", /address book/);
    }
  });

  it("does not for GPUs that are too few, or of which one measures what nobody accepted", async () => {
    assert.deepEqual(faults(await look(WITH_GPU, { minimumGpus: 3 })), ["GPUs"]);
    const refused = await look(WITH_GPU, { isGpuMeasurementAccepted: false });
    assert.deepEqual(faults(refused), ["GPU 0: measurement", "GPU 1: measurement"]);
    assert.match(JSON.stringify(refused), /acceptGpuMeasurement 0x[0-9a-f]{64}/);
  });

  it("does not for RIMs that are missing, or signed by others than are trusted", async () => {
    const { evidence } = WITH_GPU;
    const [first, second] = evidence.gpus;
    assert.ok(first !== undefined && second !== undefined);
    const without = (rims: readonly string[]): Evidence => ({
      ...evidence,
      gpus: [{ ...first, rims }, second],
    });
    for (const rims of [[], first.rims.slice(1), [...first.rims, ...first.rims], ["<xml/>", "<xml/>"]]) {
      const checks = await look({ ...WITH_GPU, evidence: without(rims) });
      assert.deepEqual(faults(checks), ["GPU 0: RIMs"]);
    }
    const foreign = await look(WITH_GPU, {}, { roots: VENDOR_ROOTS });
    assert.deepEqual(faults(foreign), ["GPU 0: RIMs", "GPU 1: RIMs"]);
  });

  it("needs the GPUs' work as the image was accepted: with it, or as mere presence where the policy takes that", async () => {
    const idle = { ...WITH_GPU, recomputes: false };
    for (const [applicant, isPresenceOnly, acceptsPresenceOnly, fields] of [
      [WITH_GPU, false, false, []],
      [idle, false, true, ["GPU's work"]],
      [idle, true, true, []],
      [idle, true, false, ["GPU's work"]],
      [WITH_GPU, true, false, ["GPU's work"]],
    ] as const) {
      assert.deepEqual(faults(await look(applicant, { isPresenceOnly, acceptsPresenceOnly })), fields);
    }
  });

  it("is not known of a machine that its evidence does not name", async () => {
    const snp = await applicantOf("SEV_SNP");
    assert.deepEqual(faults(await look(snp)), []);
    assert.ok(snp.evidence.host.kind === "SEV_SNP");
    const host = { ...snp.evidence.host, leaf: undefined };
    assert.deepEqual(faults(await look({ ...snp, evidence: { host, gpus: [] } })), [
      "platform",
      "certificates, collateral",
    ]);
  });

  it("is not known without a registry that has a policy", async () => {
    const registry = `0x${"99".repeat(20)}` as const;
    assert.deepEqual(faults(await look(TDX, {}, { registry })), ["proverRegistry"]);
    assert.deepEqual(faults(await look(TDX, { policy: registry })), ["proverRegistry"]);
  });
});
