import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterEach, describe, it } from "node:test";
import { asAddress, asHash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { createPublicClient, http, keccak256 } from "viem";
import { hostFacts } from "../attest/measurement.ts";
import { platformIdOf } from "../attest/platform.ts";
import { dangerouslySimulatedEvidence } from "../attest/simulated.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "../attest/trust.ts";
import { evidenceCalldata } from "../host/registration/calldata.ts";
import { askEvidence } from "../rpc/ask.ts";
import { type EvidenceAnswer, formatEvidenceAnswer } from "../rpc/evidence-answer.ts";
import { STRICT_POLICY } from "../verify/policy.ts";
import { type RegisteredProver, readProvers } from "./provers.ts";
import { type ReverifyInput, reverify } from "./reverify.ts";
import { ACCEPTING, ADDRESSES, type Answers, registryOnL1 } from "./testing/registry-on-l1.ts";

const NOW = 1_795_000_000n;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function l1(answers: Answers = {}) {
  const node = await registryOnL1({ ...ACCEPTING, ...answers });
  stops.push(node.stop);
  return createPublicClient({ transport: http(node.url, { batch: true, retryCount: 0 }) });
}

/** An entry as the contract's ABI has it. */
const ENTRY = {
  kind: 2,
  ending: 4,
  bondState: 1,
  tcbStatus: 1,
  policyVersion: 3n,
  registeredAt: 5n,
  expiresAt: 9n,
  measurement: `0x${"0a".repeat(32)}`,
  platformId: `0x${"0b".repeat(32)}`,
  endedAt: 7n,
  tcbEvaluation: 17,
  beneficiary: ADDRESSES.token,
  bond: 10n ** 21n,
  registrant: ADDRESSES.policy,
  advisories: `0x${"00".repeat(32)}`,
  evidenceHash: `0x${"0c".repeat(32)}`,
  certificates: [],
  deviceIds: [`0x${"0d".repeat(32)}`],
};
const keyAt = (index: bigint): Hex => `0x${(index + 1n).toString(16).padStart(40, "0")}`;

describe("the keys that the registry has", () => {
  it("are read in their order, however many, each with its standing", async () => {
    const client = await l1({ proverCount: 120n, proverAt: keyAt, prover: ENTRY, isValid: false });
    const provers = await readProvers(client, ADDRESSES.registry);
    assert.deepEqual(
      provers.map(({ key }) => BigInt(key)),
      Array.from({ length: 120 }, (_, i) => BigInt(i + 1)),
    );
    const [first] = provers;
    assert.deepEqual(
      [first?.kind, first?.ending, first?.bondState, first?.isValid, first?.bond],
      ["SEV_SNP", "revoked", "held", false, 10n ** 21n],
    );
    assert.deepEqual(first?.deviceIds, ENTRY.deviceIds);
  });

  it("are told with the one rule that shuts them out, where nobody ended them", async () => {
    const live = { ...ENTRY, kind: 1, ending: 0, expiresAt: ACCEPTING.now, policyVersion: 7n };
    const asked: unknown[] = [];
    const standingOf = (...args: readonly unknown[]) => {
      asked.push(args.slice(0, 4));
      return 3;
    };
    const one = { proverCount: 1n, proverAt: keyAt, isValid: false, standingOf };
    const expired = await readProvers(await l1({ ...one, prover: live }), ADDRESSES.registry);
    assert.equal(expired[0]?.shutOutBy, "it has expired");
    const later = { ...live, expiresAt: 2n ** 40n };
    const removed = await readProvers(await l1({ ...one, prover: later }), ADDRESSES.registry);
    assert.match(removed[0]?.shutOutBy ?? "", /^the image \(measurement\) is not accepted, or was removed$/);
    assert.deepEqual(asked, [[ENTRY.measurement, ENTRY.platformId, 1, 7n]]);
    const revoked = await readProvers(await l1({ ...one, prover: ENTRY }), ADDRESSES.registry);
    assert.deepEqual([revoked[0]?.ending, revoked[0]?.shutOutBy], ["revoked", undefined]);
    const valid = await readProvers(await l1({ ...one, prover: later, isValid: true }), ADDRESSES.registry);
    assert.equal(valid[0]?.shutOutBy, undefined);
  });

  it("are none at first, and are told as they are where the contracts know more than this version", async () => {
    assert.deepEqual(await readProvers(await l1(), ADDRESSES.registry), []);
    const newer = { ...ENTRY, kind: 200, ending: 100, bondState: 50 };
    const client = await l1({ proverCount: 1n, proverAt: keyAt, prover: newer });
    const [only] = await readProvers(client, ADDRESSES.registry);
    assert.deepEqual([only?.kind, only?.ending, only?.bondState], [undefined, "100", "50"]);
  });

  it("are not known without a registry", async () => {
    await assert.rejects(readProvers(await l1(), ADDRESSES.policy));
  });
});

async function answerOf(kind: "TDX" | "SEV_SNP" | "TDX_GPU"): Promise<EvidenceAnswer> {
  const source = dangerouslySimulatedEvidence(kind, { log: silentLog, now: () => NOW, gpus: 2 });
  const binding = {
    domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(0x11)) },
    key: asAddress(new Uint8Array(20).fill(2)),
    l1Block: asHash(new Uint8Array(32).fill(3)),
    policyVersion: 1n,
  };
  return { binding, evidence: await source.evidence(binding) };
}

/** What the registry has of a key that this evidence registered. */
function registeredBy(
  { binding, evidence }: EvidenceAnswer,
  kind: RegisteredProver["kind"],
): RegisteredProver {
  const { host, gpus } = evidence;
  return {
    key: toHex(binding.key),
    kind,
    isValid: true,
    ending: "none",
    shutOutBy: undefined,
    tcbStatus: 0,
    tcbEvaluation: 1,
    measurement: toHex(hostFacts(host).measurement),
    platformId: toHex(platformIdOf(host) ?? new Uint8Array()),
    registeredAt: NOW,
    expiresAt: NOW + 1000n,
    beneficiary: ADDRESSES.token,
    registrant: ADDRESSES.token,
    evidenceHash: keccak256(evidenceCalldata(evidence, NOW).evidence),
    deviceIds: gpus.map((_, index) => `0x${index.toString(16).padStart(64, "0")}` as const),
    bond: 0n,
    bondState: "held",
  };
}

describe("a prover, verified again by its own word", () => {
  const world = {
    registry: ADDRESSES.registry,
    l1ChainId: 900n,
    roots: DANGEROUS_ROOTS,
    policy: STRICT_POLICY,
    at: NOW,
  };
  const faults = async (input: Pick<ReverifyInput, "answer" | "registered"> & Partial<ReverifyInput>) =>
    (await reverify(await l1(), { ...world, ...input }))
      .filter(({ ok }) => !ok)
      .map(({ check, field }) => `${check}: ${field}`);

  for (const kind of ["TDX", "SEV_SNP", "TDX_GPU"] as const) {
    it(`holds for one of kind ${kind} whose evidence L1 has verified`, async () => {
      const answer = await answerOf(kind);
      assert.deepEqual(await faults({ answer, registered: registeredBy(answer, kind) }), []);
    });
  }

  it("does not hold where the registry has other evidence, another machine or image", async () => {
    const answer = await answerOf("TDX");
    const own = registeredBy(answer, "TDX");
    const other = `0x${"99".repeat(32)}` as const;
    for (const [change, field] of [
      [{ evidenceHash: other }, "registry: evidence"],
      [{ platformId: other }, "registry: platform"],
      [{ measurement: other }, "registry: measurement"],
      [{ isValid: false }, "registry: counts"],
      [{ deviceIds: [other] }, "GPUs: devices"],
    ] as const) {
      assert.deepEqual(await faults({ answer, registered: { ...own, ...change } }), [field]);
    }
    assert.deepEqual(await faults({ answer, registered: undefined }), ["registry: key"]);
  });

  it("does not hold for another registry or chain, by other roots, or later than its lists", async () => {
    const answer = await answerOf("TDX");
    const registered = registeredBy(answer, "TDX");
    const place = "binding: registry, chain id";
    assert.deepEqual(await faults({ answer, registered, registry: ADDRESSES.policy }), [place]);
    assert.deepEqual(await faults({ answer, registered, l1ChainId: 1n }), [place]);
    for (const change of [{ roots: VENDOR_ROOTS }, { at: NOW + 60n * 86_400n }]) {
      assert.notDeepEqual(await faults({ answer, registered, ...change }), []);
    }
  });

  it("does not hold for evidence that another key was bound to", async () => {
    const answer = await answerOf("TDX");
    const binding = { ...answer.binding, key: asAddress(new Uint8Array(20).fill(9)) };
    const stolen = { ...answer, binding };
    const fields = await faults({ answer: stolen, registered: registeredBy(answer, "TDX") });
    assert.deepEqual(fields, ["report data: report data"]);
  });
});

describe("asking a prover", () => {
  async function serving(body: string, status = 200): Promise<string> {
    const server = createServer((_request, response) => {
      response.writeHead(status, { location: "http://127.0.0.1:1/" });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    return `http://127.0.0.1:${address.port}`;
  }

  it("gives what it says", async () => {
    const answer = await answerOf("TDX");
    const url = await serving(`{"jsonrpc":"2.0","id":1,"result":${formatEvidenceAnswer(answer)}}`);
    assert.deepEqual((await askEvidence(url)).binding, answer.binding);
  });

  it("is refused where it says nothing that can be read, or sends one elsewhere", async () => {
    for (const [body, status, code] of [
      ["", 200, "PROVER_UNREACHABLE"],
      ["<html>", 502, "PROVER_UNREACHABLE"],
      ["{}", 200, "PROVER_UNREACHABLE"],
      ["", 302, "PROVER_UNREACHABLE"],
      ['{"error":{"code":-32601,"message":"none"}}', 200, "PROVER_UNREACHABLE"],
      ['{"result":{}}', 200, "EVIDENCE_MALFORMED"],
    ] as const) {
      await assert.rejects(askEvidence(await serving(body, status)), { code });
    }
    await assert.rejects(askEvidence("http://127.0.0.1:1/v1/0123456789abcdef"), (error) => {
      assert.ok(!String(error).includes("0123456789abcdef"));
      return true;
    });
  });
});
