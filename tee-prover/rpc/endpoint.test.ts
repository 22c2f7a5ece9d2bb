import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import type { RpcServer } from "@phala-l2/node/rpc/server";
import { asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { appraiseEvidence } from "../attest/appraisal.ts";
import type { KeyBinding } from "../attest/commitments.ts";
import { classOf } from "../attest/kind.ts";
import { hostFacts } from "../attest/measurement.ts";
import type { Standing } from "../attest/renewal.ts";
import { dangerouslySimulatedEvidence } from "../attest/simulated.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "../attest/trust.ts";
import { STRICT_POLICY } from "../verify/policy.ts";
import { rememberedStanding, startTeeEndpoint } from "./endpoint.ts";
import { formatEvidenceAnswer, readEvidenceAnswer } from "./evidence-answer.ts";
import type { KeyFacts } from "./tee.ts";

const NOW = 1_795_000_000n;
const PROGRAM = "ab".repeat(48);
const STANDING: Standing = { isRegistered: true, isValid: true, expiresAt: NOW + 1000n };

/** What L1 says of settlement is `settlement.test.ts`'s. */
const NO_SETTLEMENT = {
  readPolicyRules: () => Promise.reject(new Error("no L1")),
  readCoverage: () => Promise.reject(new Error("no L1")),
  numberOf: () => 0n,
  desk: undefined,
};

const servers: RpcServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

function bindingOf(key: number): KeyBinding {
  return {
    domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
    key: asAddress(new Uint8Array(20).fill(key)),
    l1Block: asHash(new Uint8Array(32).fill(3)),
    policyVersion: 4n,
  };
}

async function factsOf(kind: ProverKind, key = 2): Promise<KeyFacts> {
  const source = dangerouslySimulatedEvidence(kind, { log: silentLog, now: () => NOW, gpus: 2 });
  const binding = bindingOf(key);
  const evidence = await source.evidence(binding);
  const measurement = toHex(hostFacts(evidence.host).measurement);
  const gpuWork = classOf(kind).gpu ? "presence" : undefined;
  return { kind, simulated: true, measurement, binding, evidence, program: PROGRAM, gpuWork };
}

type Served = { readonly facts: () => KeyFacts; readonly readStanding?: () => Promise<Standing> };

async function serve({ facts, readStanding = async () => STANDING }: Served): Promise<string> {
  const clock = { now: () => 0, sleep: async () => {} };
  const settings = { rpcHost: "127.0.0.1", rpcPort: 0, rpcCorsOrigins: [], rpcReleaseMebibytes: 4 };
  const parts = { facts, readStanding, ...NO_SETTLEMENT, clock, log: silentLog };
  const server = await startTeeEndpoint(settings, parts);
  assert.ok(server);
  servers.push(server);
  return server.url;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}

function request(method: string, params: readonly unknown[] = []): object {
  return { jsonrpc: "2.0", id: 1, method, params };
}

/** The answer's result. */
async function call(url: string, method: string): Promise<unknown> {
  const answer = await post(url, request(method));
  assert.ok(typeof answer === "object" && answer !== null && "result" in answer, JSON.stringify(answer));
  return answer.result;
}

describe("a prover's endpoint", () => {
  for (const kind of ["TDX", "TDX_GPU", "SEV_SNP"] as const) {
    it(`gives evidence of kind ${kind} that anybody verifies again, for no other key`, async () => {
      const url = await serve({ facts: await factsOf(kind).then((facts) => () => facts) });
      const { evidence, binding } = readEvidenceAnswer(await call(url, "tee_evidence"));
      const input = {
        roots: DANGEROUS_ROOTS,
        policy: STRICT_POLICY,
        at: NOW,
        gpus: classOf(kind).gpu ? 2 : 0,
      };
      const faults = (change: Partial<KeyBinding> = {}) =>
        appraiseEvidence(evidence, { ...input, binding: { ...binding, ...change } })
          .filter(({ refusal }) => refusal !== undefined)
          .map(({ name }) => name);
      assert.deepEqual(faults(), []);
      assert.ok(faults({ key: bindingOf(9).key }).includes("report data"));
      assert.ok(faults({ policyVersion: 5n }).includes("report data"));
      const real = appraiseEvidence(evidence, { ...input, binding, roots: VENDOR_ROOTS });
      assert.ok(real.some(({ refusal }) => refusal !== undefined));
    });
  }

  it("tells the facts in short", async () => {
    const facts = await factsOf("TDX_GPU");
    const url = await serve({ facts: () => facts });
    const { firstExpiry, ...rest } = JSON.parse(JSON.stringify(await call(url, "tee_status")));
    assert.deepEqual(rest, {
      kind: "TDX_GPU",
      simulated: true,
      chainId: "0x384",
      registry: `0x${"01".repeat(20)}`,
      key: `0x${"02".repeat(20)}`,
      l1Block: `0x${"03".repeat(32)}`,
      policyVersion: "0x4",
      measurement: facts.measurement,
      program: `0x${PROGRAM}`,
      gpus: { count: "0x2", work: "presence" },
      standing: { isRegistered: true, isValid: true, expiresAt: `0x${(NOW + 1000n).toString(16)}` },
    });
    assert.ok(BigInt(firstExpiry.at) > NOW);
  });

  it("says when the program runs from the sources, and when there are no GPUs", async () => {
    const facts = { ...(await factsOf("TDX")), program: undefined };
    const url = await serve({ facts: () => facts });
    const status = JSON.stringify(await call(url, "tee_status"));
    assert.match(status, /"program":null,"gpus":null/);
  });

  it("tells of the present key after a renewal", async () => {
    const [first, second] = [await factsOf("TDX"), await factsOf("TDX", 7)];
    let present = first;
    const url = await serve({ facts: () => present });
    const keyOf = async () => toHex(readEvidenceAnswer(await call(url, "tee_evidence")).binding.key);
    assert.equal(await keyOf(), toHex(first.binding.key));
    present = second;
    assert.equal(await keyOf(), toHex(second.binding.key));
  });

  it("says that the registry's word is missing when L1 does not answer, and nothing of why", async () => {
    const facts = await factsOf("TDX");
    const readStanding = () => Promise.reject(new Error("http://user:secret@l1"));
    const url = await serve({ facts: () => facts, readStanding });
    const status = JSON.stringify(await call(url, "tee_status"));
    assert.match(status, /"standing":null/);
    assert.ok(!status.includes("secret"));
  });

  it("has no other methods, and takes no parameters of these", async () => {
    const facts = await factsOf("TDX");
    const url = await serve({ facts: () => facts });
    for (const [method, params, code] of [
      ["tee_sign", [], -32601],
      ["eth_chainId", [], -32601],
      ["tee_evidence", ["0x00"], -32602],
      ["tee_status", [{}], -32602],
      ["__proto__", [], -32601],
    ] as const) {
      const { error } = JSON.parse(JSON.stringify(await post(url, request(method, params))));
      assert.equal(error.code, code, method);
    }
  });

  it("takes small bodies and short batches alone", async () => {
    const facts = await factsOf("TDX");
    const url = await serve({ facts: () => facts });
    const headers = { "content-type": "application/json" };
    const large = await fetch(url, { method: "POST", headers, body: " ".repeat(20_000) });
    assert.equal(large.status, 413);
    const many = JSON.stringify(await post(url, Array(9).fill(request("tee_status"))));
    assert.match(many, /batch too large/);
  });

  it("is not there without a port", async () => {
    const settings = { rpcHost: "127.0.0.1", rpcPort: undefined, rpcCorsOrigins: [], rpcReleaseMebibytes: 4 };
    const facts = await factsOf("TDX");
    const clock = { now: () => 0, sleep: async () => {} };
    const given = { facts: () => facts, readStanding: async () => STANDING };
    const parts = { ...given, ...NO_SETTLEMENT, clock, log: silentLog };
    assert.equal(await startTeeEndpoint(settings, parts), undefined);
  });
});

describe("an answer of tee_evidence", () => {
  it("that is none, or has another form, is refused", async () => {
    const facts = await factsOf("TDX");
    const good = JSON.parse(formatEvidenceAnswer(facts));
    const { binding, evidence } = good;
    readEvidenceAnswer(good);
    for (const answer of [
      ...[null, "0x", [], {}, { binding }, { evidence }, { binding, evidence: null }],
      { binding: { ...binding, chainId: -900 }, evidence },
      { binding: { ...binding, chainId: "main" }, evidence },
      { binding: { ...binding, policyVersion: "0x" }, evidence },
      { binding: { ...binding, key: "0x01" }, evidence },
      { binding: { ...binding, l1Block: binding.key }, evidence },
      { binding, evidence: { ...evidence, version: 2 } },
      { binding, evidence: { ...evidence, host: { kind: "SGX" } } },
    ]) {
      assert.throws(() => readEvidenceAnswer(answer), { code: "EVIDENCE_MALFORMED" }, JSON.stringify(answer));
    }
  });
});

describe("the registry's word", () => {
  it("costs L1 one look in a while, however many ask, and one for each key", async () => {
    let [now, looks] = [0, 0];
    const standing = rememberedStanding({
      readStanding: async () => {
        looks += 1;
        return STANDING;
      },
      clock: { now: () => now, sleep: async () => {} },
      log: silentLog,
    });
    await Promise.all(Array.from({ length: 50 }, () => standing("0x01")));
    assert.equal(looks, 1);
    now += 23_999;
    await standing("0x01");
    assert.equal(looks, 1);
    await standing("0x02");
    assert.equal(looks, 2);
    now += 24_000;
    await standing("0x02");
    assert.equal(looks, 3);
  });
});
