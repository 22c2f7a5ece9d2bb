import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { asAddress, asHash } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { STRICT_POLICY } from "../verify/policy.ts";
import { type AppraisalInput, appraiseEvidence } from "./appraisal.ts";
import { gpuNonce } from "./commitments.ts";
import { NOW, newKey, pemOf, pinned } from "./dangerously-simulated/authority.ts";
import {
  DRIVER_INDICES,
  issueNvidiaWorld,
  issueReport,
  issueRim,
  type NvidiaWorld,
  type ReportDraft,
  rimTrust,
  SWITCH_FIELDS,
  VBIOS,
  VBIOS_INDICES,
} from "./dangerously-simulated/nvidia.ts";
import type { Evidence, GpuEvidence } from "./evidence.ts";
import { dangerouslySimulatedEvidence } from "./simulated.ts";
import { DANGEROUS_ROOTS } from "./trust.ts";

const binding = {
  domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
  key: asAddress(new Uint8Array(20).fill(2)),
  l1Block: asHash(new Uint8Array(32).fill(3)),
  policyVersion: 4n,
};
const world = issueNvidiaWorld();
const keyOf = (name: string) => world.chain.find(({ subject }) => subject === name)?.key ?? newKey("P-384");
/** The same boot ROM's key, with other firmware above it. */
const again = issueNvidiaWorld({ keyOf, leafKey: newKey("P-384") });
const rims = [issueRim(world), issueRim(world, { version: VBIOS, measurements: VBIOS_INDICES })];

function gpuOf(of: NvidiaWorld, index: number, draft: ReportDraft = {}): GpuEvidence {
  const report = issueReport(of, { nonce: gpuNonce(binding, index), ...draft });
  return { index, report, certificates: pemOf(...of.chain), rims };
}

let host: Evidence["host"];

before(async () => {
  const source = dangerouslySimulatedEvidence("TDX", { log: silentLog, now: () => NOW });
  host = (await source.evidence(binding)).host;
});

/** What fails of the GPUs, as `check: field`. */
function failing(gpus: readonly GpuEvidence[]): readonly string[] {
  const roots = {
    ...DANGEROUS_ROOTS,
    nvidiaDevice: [world, again].flatMap(({ chain }) => chain.slice(-1).map(pinned)),
    nvidiaRim: rimTrust(world).roots,
  };
  const input: AppraisalInput = { binding, roots, policy: STRICT_POLICY, gpus: gpus.length, at: NOW };
  return appraiseEvidence({ host, gpus }, input).flatMap(({ name, refusal }) =>
    refusal === undefined || !name.startsWith("GPU") ? [] : [`${name}: ${refusal.field}`],
  );
}

describe("GPUs, as L1 will judge them", () => {
  it("pass with the RIMs of driver and VBIOS", () => {
    assert.deepEqual(failing([gpuOf(world, 0)]), []);
  });

  for (const [what, given] of [
    ["any RIM", []],
    ["the RIM of the VBIOS", rims.slice(0, 1)],
    ["the RIM of the driver", rims.slice(1)],
  ] as const) {
    it(`do not pass without ${what}, whatever the policy file asks for`, () => {
      assert.deepEqual(failing([{ ...gpuOf(world, 0), rims: given }]), ["GPU 0: RIMs"]);
    });
  }

  it("are no NVSwitches, which have a BIOS only", () => {
    const version = "96.10.55.00.01";
    const bios = issueRim(world, { version, measurements: [...VBIOS_INDICES, ...DRIVER_INDICES] });
    const ofSwitch = { ...gpuOf(world, 0, { opaque: SWITCH_FIELDS }), rims: [bios] };
    assert.deepEqual(failing([ofSwitch]), ["GPU 0: device"]);
  });

  it("are different ones: firmware makes no second device of one", () => {
    assert.deepEqual(failing([gpuOf(world, 0), gpuOf(again, 1)]), ["GPUs: devices"]);
    assert.deepEqual(failing([gpuOf(world, 0), gpuOf(world, 1)]), ["GPUs: devices"]);
  });
});
