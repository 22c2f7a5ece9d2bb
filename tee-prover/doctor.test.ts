import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { PROVER_KINDS } from "@phala-l2/contracts/deploy/config";
import { asAddress, asHash } from "@phala-l2/protocol/bytes";
import { formatRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { silentLog } from "@phala-l2/protocol/log";
import { parseKind } from "./attest/kind.ts";
import { type Diagnosis, diagnoseProver } from "./doctor.ts";
import { proverSettings } from "./main.ts";
import { ACCEPTING, ADDRESSES, type Answers, registryOnL1 } from "./registry/testing/registry-on-l1.ts";

const NOW = 1_795_000_000n;
const folder = mkdtempSync(join(tmpdir(), "doctor-"));
const nodes: { stop(): Promise<void> }[] = [];
after(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const genesis = file("genesis.json", {
  config: { chainId: 901 },
  timestamp: "0x0",
  gasLimit: "0x3938700",
  difficulty: "0x0",
  nonce: "0x0",
  extraData: "0x",
  mixHash: `0x${"00".repeat(32)}`,
  coinbase: `0x${"00".repeat(20)}`,
  alloc: {},
});

const blockOf = (fill: number) => ({ number: 0n, hash: asHash(new Uint8Array(32).fill(fill)) });
const ACCOUNT = asAddress(new Uint8Array(20).fill(1));
const l1BlobSchedule = [{ since: 0n, baseFeeUpdateFraction: 5_007_716n }];

function rollupOf(l1ChainId: bigint): string {
  return file(
    `rollup-${l1ChainId}.json`,
    formatRollupConfig(
      testRollup({
        l1ChainId,
        l1BlobSchedule,
        genesis: { l1: blockOf(1), l2: blockOf(2) },
        systemConfig: { batcherAddress: ACCOUNT },
        batchInboxAddress: ACCOUNT,
        depositContractAddress: ACCOUNT,
        l1SystemConfigAddress: ACCOUNT,
      }),
    ),
  );
}

/** An L1 node with a registry whose policy accepts everything of a simulated prover, but for the changes. */
async function l1({ kind = "tdx", ...changes }: Answers & { readonly kind?: string } = {}): Promise<string> {
  const kindOf = PROVER_KINDS.indexOf(parseKind(kind)) + 1;
  const node = await registryOnL1({ ...ACCEPTING, kindOf, isPresenceOnly: kindOf > 2, ...changes });
  nodes.push(node);
  return node.url;
}

type Changes = Readonly<Record<string, unknown>> & { readonly at?: bigint; readonly policy?: string };

async function diagnose(url: string, { at = NOW, policy, ...changes }: Changes = {}): Promise<Diagnosis> {
  const address = ADDRESSES.registry;
  const values = {
    kind: "tdx",
    dangerouslySimulate: true,
    rollup: rollupOf(900n),
    genesis,
    dataDir: folder,
    l1RpcUrls: url,
    l1BeaconUrls: url,
    account: "dev:3",
    l1Timeout: 5,
    disputeGameFactory: address,
    anchorStateRegistry: address,
    proverRegistry: address,
    ...changes,
  };
  const resolved = resolveSettings(proverSettings, { flags: {}, environment: {}, file: values });
  assert.ok(resolved.kind === "ok", "the settings are read");
  return diagnoseProver(resolved.settings, { log: silentLog, now: () => at, policy });
}

/** What does not hold, as `check: field`; each with a remedy. */
function faults({ ok, checks }: Diagnosis): readonly string[] {
  const failing = checks.filter((check) => !check.ok);
  assert.equal(ok, failing.length === 0);
  for (const { remedy, wanted, found } of failing) {
    assert.ok(remedy !== null && remedy !== "" && wanted !== found, found);
  }
  return failing.map(({ check, field }) => `${check}: ${field}`);
}

describe("a doctor's look at a prover", () => {
  for (const kind of ["tdx", "sev-snp", "tdx+gpu"]) {
    it(`finds nothing wrong with a simulated one of kind ${kind} on a development chain`, async () => {
      const diagnosis = await diagnose(await l1({ kind, acceptsPresenceOnly: true }), { kind });
      assert.deepEqual(faults(diagnosis), []);
      assert.equal(diagnosis.simulated, true);
      assert.match(diagnosis.measurement ?? "", /^0x[0-9a-f]{64}$/);
      const days = diagnosis.checks.flatMap((check) => check.days ?? []);
      assert.equal(Math.min(...days), 29);
    });
  }

  it("finds an L1 that is another chain, or is not there", async () => {
    assert.deepEqual(faults(await diagnose(await l1({ chainId: 1 }))), ["L1: chain id"]);
    const nowhere = await diagnose("http://127.0.0.1:1/v3/secret-key");
    assert.deepEqual(faults(nowhere), ["L1: l1RpcUrls, proverRegistry"]);
    assert.ok(!JSON.stringify(nowhere).includes("secret-key"));
  });

  it("finds a registry that counts no simulated keys", async () => {
    const diagnosis = await diagnose(await l1({ dangerouslyAcceptsSimulated: false }));
    assert.deepEqual(faults(diagnosis), ["registry: counts simulated keys"]);
  });

  it("finds a registry that would refuse the image, before gas is spent", async () => {
    const diagnosis = await diagnose(await l1({ kindOf: 0 }));
    assert.deepEqual(faults(diagnosis), ["policy on L1: measurement"]);
    assert.match(JSON.stringify(diagnosis), /acceptMeasurement 0x[0-9a-f]{64}/);
  });

  it("finds a simulation where value may be held", async () => {
    const url = await l1({ chainId: 1 });
    const diagnosis = await diagnose(url, { rollup: rollupOf(1n) });
    assert.deepEqual(faults(diagnosis), [
      "hardware: dangerouslySimulate",
      "enclave program: enclaveProgram",
      // A development account.
      "account: account, passwordFile",
    ]);
  });

  it("finds hardware missing", async () => {
    const real = { dangerouslySimulate: false };
    const url = await l1();
    const none = await diagnose(url, {
      ...real,
      evidence: "dstack",
      dstackSocket: join(folder, "none.sock"),
    });
    assert.deepEqual(faults(none), ["evidence source: dstack"]);
    assert.equal(none.measurement, null);
    const wrong = await diagnose(url, { ...real, kind: "sev-snp", evidence: "dstack" });
    assert.deepEqual(faults(wrong), ["evidence source: dstack"]);
    for (const gpuEvidence of ["nvml", "command"]) {
      const absent = { gpuEvidence, nvmlLibrary: join(folder, "none"), gpuCommand: join(folder, "none") };
      const presence = { kind: "tdx+gpu", requireGpuWork: false };
      const gpu = await diagnose(url, { ...real, ...presence, ...absent });
      const library = gpuEvidence === "nvml" ? ["NVML: nvmlLibrary"] : [];
      assert.deepEqual(faults(gpu), [...library, "evidence source: configfs-tsm"]);
    }
  });

  it("tells the enclave's program by its hash, and finds one that is another", async () => {
    const url = await l1();
    const enclaveProgram = file("program.mjs", "export const createEnclave = () => {};");
    const hash = createHash("sha384").update(readFileSync(enclaveProgram)).digest("hex");
    const named = await diagnose(url, { enclaveProgram, enclaveProgramHash: hash });
    assert.deepEqual([faults(named), named.program], [[], hash]);
    const other = await diagnose(url, { enclaveProgram, enclaveProgramHash: "0".repeat(96) });
    assert.deepEqual(faults(other), ["enclave program: enclaveProgram, enclaveProgramHash"]);
    assert.equal(other.program, null);
  });

  it("finds a program without a name where value may be held, and nothing wrong with it elsewhere", async () => {
    assert.equal((await diagnose(await l1())).program, null);
    const url = await l1({ chainId: 1 });
    const real = { rollup: rollupOf(1n), dangerouslySimulate: false, evidence: "dstack" };
    const diagnosis = await diagnose(url, { ...real, dstackSocket: join(folder, "none.sock") });
    assert.deepEqual(faults(diagnosis), [
      "enclave program: enclaveProgram",
      "evidence source: dstack",
      // A development account.
      "account: account, passwordFile",
    ]);
  });

  it("finds what the policy refuses", async () => {
    const policy = file("policy.json", { tdx: { mrTd: ["00".repeat(48)] } });
    assert.deepEqual(faults(await diagnose(await l1(), { policy })), ["TDX quote: mrTd"]);
  });

  it("finds a policy that is none", async () => {
    for (const content of ["{", '{"tdx":{"mrtd":[]}}']) {
      const policy = file("broken.json", content);
      assert.deepEqual(faults(await diagnose(await l1(), { policy })), ["evidence: simulation"]);
    }
    const policy = join(folder, "none.json");
    assert.deepEqual(faults(await diagnose(await l1(), { policy })), ["evidence: simulation"]);
  });

  it("finds chain files that are none", async () => {
    const rollup = file("no-rollup.json", "{}");
    assert.deepEqual(faults(await diagnose(await l1(), { rollup })), ["configuration: rollup, genesis"]);
  });

  it("counts days to what expires, and below zero after it", async () => {
    // Certificates of the development roots end with the year 2049.
    const end = 2_524_607_999n;
    const url = await l1();
    const soon = await diagnose(url, { at: end - 6n * 86_400n });
    assert.ok(faults(soon).includes("expiry: certificate Intel SGX Root CA"));
    const daysOf = ({ checks }: Diagnosis) =>
      checks.find(({ field }) => field === "certificate Intel SGX Root CA")?.days;
    assert.equal(daysOf(soon), 6);
    assert.equal(daysOf(await diagnose(url, { at: end + 1n })), -1);
    assert.equal(daysOf(await diagnose(url, { at: end })), 0);
  });
});
