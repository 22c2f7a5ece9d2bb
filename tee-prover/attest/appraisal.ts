import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { judgeSnpReport } from "../verify/amd/verdict.ts";
import { judgeDstackReport } from "../verify/dstack/verdict.ts";
import { judgeIntelQuote } from "../verify/intel/verdict.ts";
import { RIM_SUBJECTS } from "../verify/nvidia/policy.ts";
import { judgeNvidiaReport } from "../verify/nvidia/verdict.ts";
import type { EvidencePolicy } from "../verify/policy.ts";
import type { Refusal } from "../verify/refusal.ts";
import type { Verdict } from "../verify/verdict.ts";
import { gpuNonce, type KeyBinding, reportDataOf } from "./commitments.ts";
import type { Evidence, GpuEvidence, HostEvidence } from "./evidence.ts";
import { hostFacts } from "./measurement.ts";
import type { EvidenceRoots } from "./trust.ts";

/** One check of the evidence: `refusal` is undefined where it holds. */
export type EvidenceCheck = {
  readonly name: string;
  /** What was found where it holds. */
  readonly holds: string;
  readonly refusal: Pick<Refusal, "field" | "wanted" | "found" | "remedy"> | undefined;
};

export type AppraisalInput = {
  readonly binding: KeyBinding;
  readonly roots: EvidenceRoots;
  readonly policy: EvidencePolicy;
  /** GPUs that the prover must have; 0 for a kind without. */
  readonly gpus: number;
  /** Unix seconds. */
  readonly at: bigint;
};

const GENUINE = "genuine, and accepted";

function fromVerdict(name: string, verdict: Verdict): EvidenceCheck {
  return { name, holds: GENUINE, refusal: verdict.refusal ?? undefined };
}

/** What is missing of the evidence before it can be verified at all. */
function missing(name: string, field: string, remedy: string): EvidenceCheck {
  return { name, holds: "given", refusal: { field, wanted: "given", found: "missing", remedy } };
}

const FETCH_COLLATERAL =
  "fetch Intel's collateral for this platform (a PCCS, or Intel's own service) and give its file";
const FETCH_VCEK =
  "fetch the VCEK and the chain for this chip and TCB from AMD's KDS, or have the host provide its certificates";

function judgeTdx(host: Extract<HostEvidence, { kind: "TDX" }>, input: AppraisalInput): EvidenceCheck {
  const name = "TDX quote";
  const { quote, collateral, eventLog, compose } = host;
  if (collateral === undefined) return missing(name, "collateral", FETCH_COLLATERAL);
  const { at, roots, policy } = input;
  const shared = { collateral, at, roots: roots.intel };
  if (eventLog === undefined)
    return fromVerdict(name, judgeIntelQuote({ ...shared, tee: "tdx", quote }, policy.intel));
  const report = JSON.stringify({ quote: toHex(quote).slice(2), event_log: eventLog });
  const bytes = compose === undefined ? undefined : new TextEncoder().encode(compose);
  return fromVerdict(name, judgeDstackReport({ ...shared, report, compose: bytes }, policy));
}

function judgeHost(host: HostEvidence, input: AppraisalInput): EvidenceCheck {
  if (host.kind === "TDX") return judgeTdx(host, input);
  const name = "SEV-SNP report";
  const { report, leaf, chain, crl } = host;
  if (leaf === undefined || chain === undefined) return missing(name, "VCEK and its chain", FETCH_VCEK);
  const { at, roots, policy } = input;
  return fromVerdict(name, judgeSnpReport({ report, leaf, chain, crl, at, roots: roots.amd }, policy.amd));
}

/** The host's report commits to the binding and to the GPUs' reports, in all its 64 bytes. */
function checkReportData({ host, gpus }: Evidence, { binding }: AppraisalInput): EvidenceCheck {
  const name = "report data";
  const reports = gpus.map(({ report }) => report);
  const wanted = reportDataOf(binding, reports);
  const found = hostFacts(host).reportData;
  const holds = "of this key, chain, registry, L1 block and policy";
  if (bytesEqual(wanted, found)) return { name, holds, refusal: undefined };
  const remedy =
    "ask for new evidence: this one is for another key, chain, registry, L1 block, policy or GPU";
  const finding = { field: "report data", wanted: toHex(wanted), found: toHex(found), remedy };
  return { name, holds, refusal: finding };
}

type JudgedGpu = { readonly gpu: GpuEvidence; readonly verdict: Verdict };

/** As many GPUs as the prover must have, in the order of their indices, none twice: L1 knows each by its boot ROM's key. */
function checkCount(gpus: readonly JudgedGpu[], wanted: number): EvidenceCheck {
  const name = "GPUs";
  const inOrder = gpus.every(({ gpu }, i) => gpu.index === i);
  // What is not genuine has no fields; it is refused for that.
  const distinct = new Set(
    gpus.map(({ gpu, verdict }) => verdict.fields.device_id ?? gpu.certificates.replaceAll(/\s/g, "")),
  );
  const holds = wanted === 0 ? "none, and none is wanted" : `${wanted}, each once`;
  if (gpus.length === wanted && inOrder && distinct.size === gpus.length)
    return { name, holds, refusal: undefined };
  const found = `${distinct.size} devices with indices ${gpus.map(({ gpu }) => gpu.index).join(", ") || "none"}`;
  const remedy = "see that every GPU is there once, in confidential mode, and answers";
  return { name, holds, refusal: { field: "devices", wanted: `${wanted}`, found, remedy } };
}

/** As L1 judges a GPU: with the RIMs of driver and VBIOS, whether or not the policy asks for them. */
function judgeGpu(gpu: GpuEvidence, { binding, roots, policy, at }: AppraisalInput): Verdict {
  const files = {
    report: gpu.report,
    chain: new TextEncoder().encode(gpu.certificates),
    nonce: gpuNonce(binding, gpu.index),
    rims: gpu.rims,
    at,
    deviceRoots: roots.nvidiaDevice,
    rimRoots: roots.nvidiaRim,
  };
  return judgeNvidiaReport(files, { ...policy.nvidia, rims: RIM_SUBJECTS });
}

/** An NVSwitch answers like a GPU, and computes nothing. */
function checkGpu({ gpu, verdict }: JudgedGpu): EvidenceCheck {
  const name = `GPU ${gpu.index}`;
  const { device } = verdict.fields;
  if (!verdict.ok || device === "gpu") return fromVerdict(name, verdict);
  const remedy = "collect evidence of GPUs only";
  return { name, holds: GENUINE, refusal: { field: "device", wanted: "gpu", found: `${device}`, remedy } };
}

/**
 * Verifies all evidence of one key by a policy, as whoever admits the key will: every check, whether the ones before it
 * hold or not. @throws RollupError EVIDENCE_MALFORMED when a report cannot be read
 */
export function appraiseEvidence(evidence: Evidence, input: AppraisalInput): readonly EvidenceCheck[] {
  const gpus = evidence.gpus.map((gpu) => ({ gpu, verdict: judgeGpu(gpu, input) }));
  return [
    judgeHost(evidence.host, input),
    checkReportData(evidence, input),
    checkCount(gpus, input.gpus),
    ...gpus.map(checkGpu),
  ];
}
