import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, it } from "node:test";
import {
  ACCEPTING,
  ADDRESSES,
  type Answers,
  registryOnL1,
} from "@phala-l2/tee-prover/registry/testing/registry-on-l1";

const program = join(import.meta.dirname, "../l2.ts");
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const HASH = `0x${"0a".repeat(32)}`;
const ENTRY = {
  kind: 1,
  ending: 0,
  bondState: 1,
  tcbStatus: 0,
  policyVersion: 1n,
  registeredAt: 5n,
  expiresAt: 9n,
  measurement: HASH,
  platformId: HASH,
  endedAt: 0n,
  tcbEvaluation: 17,
  beneficiary: ADDRESSES.token,
  bond: 10n ** 21n,
  registrant: ADDRESSES.policy,
  advisories: HASH,
  evidenceHash: HASH,
  certificates: [],
  deviceIds: [],
};

async function provers(answers: Answers, ...words: readonly string[]) {
  const node = await registryOnL1({ ...ACCEPTING, ...answers });
  stops.push(node.stop);
  const places = ["--l1-rpc-urls", node.url, "--prover-registry", ADDRESSES.registry];
  const child = spawn(process.execPath, [program, "provers", ...places, ...words], {
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const [status] = await once(child, "exit");
  return { stdout: await stdout, stderr: await stderr, status };
}

describe("l2 provers", () => {
  it("prints what the registry has of each key, as JSON", async () => {
    const one = { proverCount: 1n, proverAt: () => ADDRESSES.policy, prover: ENTRY };
    const { status, stdout } = await provers(one);
    const { ok, registry, provers: list, evidence } = JSON.parse(stdout);
    assert.deepEqual([status, ok, registry, evidence], [0, true, ADDRESSES.registry, []]);
    const [{ key, kind, isValid, ending, bond, bondState, expiresAt }] = list;
    assert.deepEqual([key, kind, isValid, ending], [ADDRESSES.policy, "TDX", true, "none"]);
    assert.deepEqual([bond, bondState, expiresAt], ["1000000000000000000000", "held", 9]);
  });

  it("tells that a prover does not answer, without the keys in its URL", async () => {
    const endpoint = "http://127.0.0.1:1/v1/0123456789abcdef";
    const { status, stdout, stderr } = await provers({}, "--endpoints", endpoint);
    assert.equal(status, 1);
    assert.match(stderr, /^l2: http:.*PROVER_UNREACHABLE/);
    assert.ok(!stderr.includes("0123456789abcdef"));
    assert.match(stdout, /"ok":false.*PROVER_UNREACHABLE/);
    assert.ok(!stdout.includes("0123456789abcdef"));
  });

  it("fails where no registry is", async () => {
    const { status, stdout, stderr } = await provers({ proverCount: undefined });
    assert.equal(status, 1);
    const { ok, code, help } = JSON.parse(stdout);
    assert.deepEqual([ok, code], [false, "BRIDGE_WRONG_CONTRACT"]);
    assert.match(help, /address book/);
    assert.match(stderr, /^l2: --prover-registry 0x\w{40} is no ProverRegistry on L1/);
  });
});
