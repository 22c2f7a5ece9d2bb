import { toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { sealGpuReport } from "@phala-l2/tee-prover/attest/gpu-envelope";
import { oddFirstOf } from "@phala-l2/tee-prover/host/registration/hints";
import { goldenOf } from "@phala-l2/tee-prover/verify/nvidia/golden";
import {
  appraiseNvidia,
  RIM_SUBJECTS,
  STRICT_NVIDIA_POLICY,
} from "@phala-l2/tee-prover/verify/nvidia/policy";
import type { Rim } from "@phala-l2/tee-prover/verify/nvidia/rim";
import { type NvidiaInput, verifyNvidiaReport } from "@phala-l2/tee-prover/verify/nvidia/verify";
import { idOf } from "./intel-pieces.ts";
import type { GpuFacts, NvidiaOnL1 } from "./nvidia-on-l1.ts";

/** What both sides are asked: a report, its chain, and the RIMs of a driver and a VBIOS. */
export type GpuQuestion = {
  readonly input: Omit<NvidiaInput, "revocation">;
  readonly rims: readonly Rim[];
};

/** What both sides say. */
export type GpuAnswer = { readonly code: string; readonly facts: GpuFacts | undefined };

const SIGNATURE_BYTES = 96;

function refused(code: string): GpuAnswer {
  return { code, facts: undefined };
}

function goldenFor(rims: readonly Rim[]) {
  const golden = goldenOf(rims);
  if (golden.kind === "golden") return golden;
  throw new TypeError(`${golden.field}: ${golden.found}`);
}

/** Words of the verifier off-chain that L1 has one word for. */
const ON_L1: Readonly<Record<string, string>> = {
  CHAIN_ROOT_UNTRUSTED: "FOREIGN_ROOT",
  CERTIFICATE_IS_A_CA: "LEAF_ROLE",
  CERTIFICATE_KEY_USAGE: "LEAF_ROLE",
};

/** The verifier off-chain, with the policy of L1: both RIMs match; an NVSwitch is no GPU. */
export function answerOffChain({ input, rims }: GpuQuestion): GpuAnswer {
  const evidence = verifyNvidiaReport({ ...input, revocation: undefined });
  if (evidence.kind === "refused") return refused(ON_L1[evidence.code] ?? evidence.code);
  const { report, leaf, deviceId } = evidence;
  if (report.opaque.driverVersion === undefined) return refused("SWITCH_NOT_ACCEPTED");
  const policy = { ...STRICT_NVIDIA_POLICY, rims: RIM_SUBJECTS };
  const { refusal } = appraiseNvidia(evidence, { nonce: undefined, rims, policy });
  if (refusal !== undefined) return refused(refusal.code);
  const facts = {
    nonce: toHex(report.nonce),
    deviceId: toHex(deviceId),
    measurement: toHex(goldenFor(rims).measurement),
    certificate: idOf(leaf),
    reportHash: toHex(keccak256(input.report)),
  };
  return { code: "genuine", facts };
}

/** `NvidiaReport_NotSpdm` is REPORT_NOT_SPDM, `NvidiaReportVerifier_DeviceDebug` is DEVICE_DEBUG. */
function codeOf(error: string): string {
  const [contract = "", name = ""] = error.split("_");
  const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  // What DICE's extension cannot be read as is one word off-chain; certificates there are those of the cache.
  if (contract === "NvidiaFirmwareId" || contract === "Der") return "FIRMWARE_ID_MISSING";
  return contract === "NvidiaReport" ? `REPORT_${words}` : words;
}

/** The evidence that L1 takes, with the right hint where there is one. */
export function sealQuestion({ input, rims }: GpuQuestion): Uint8Array {
  const { report, chain } = input;
  const [leaf] = chain;
  if (leaf === undefined) throw new TypeError("a chain without a leaf");
  const [message, signature] = [report.subarray(0, -SIGNATURE_BYTES), report.subarray(-SIGNATURE_BYTES)];
  const oddFirst = oddFirstOf(leaf.publicKey, message, signature);
  return sealGpuReport({ golden: goldenFor(rims).bytes, report, certificate: leaf.der, oddFirst });
}

export async function answerOnChain(
  l1: Pick<NvidiaOnL1, "verify">,
  envelope: Uint8Array,
): Promise<GpuAnswer> {
  const answer = await l1.verify(envelope);
  return answer.kind === "reverted"
    ? refused(codeOf(answer.error))
    : { code: "genuine", facts: answer.facts };
}
