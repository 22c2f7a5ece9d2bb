import type { Hex } from "@phala-l2/protocol/bytes";
import type { AbiParameter } from "viem";
import { AMD_EXPLANATIONS } from "../../verify/amd/refusals.ts";
import { CERTIFICATE_EXPLANATIONS } from "../../verify/certificates/refusals.ts";
import { INTEL_EXPLANATIONS } from "../../verify/intel/refusals.ts";
import { NVIDIA_EXPLANATIONS } from "../../verify/nvidia/refusals.ts";
import type { Explanation } from "../../verify/refusal.ts";
import { contractError } from "../contract-errors.ts";
import type { Finding } from "./refusal.ts";

/** The verifiers on L1 say no in the words of those off-chain. */
const OF_VENDORS: Readonly<Record<string, Explanation>> = {
  ...CERTIFICATE_EXPLANATIONS,
  ...INTEL_EXPLANATIONS,
  ...AMD_EXPLANATIONS,
  ...NVIDIA_EXPLANATIONS,
};

const RENEW = "take new evidence: restart the prover, and look at the clocks and the endpoint of L1";
const ALTERED = "evidence and terms of two keys were mixed: hand over what one prover printed, unaltered";
const GOVERNANCE = "have governance accept it (docs/operate/prover-image.md), or run what is accepted";

/** What the registry and the policy say no to. */
const OF_ADMISSION: Readonly<Record<string, Explanation>> = {
  ProverRegistry_AlreadyRegistered: {
    message: "the key was registered before",
    remedy: "a key that ended never returns: restart the prover, which bears another",
  },
  ProverRegistry_EvidenceAge: { message: "the evidence is too old, or of the future", remedy: RENEW },
  ProverRegistry_BlockHashUnavailable: { message: "L1 does not remember the block", remedy: RENEW },
  ProverRegistry_RegistrationNotSigned: { message: "another key signed the terms", remedy: ALTERED },
  ProverRegistry_ReportDataMismatch: { message: "the evidence is for something else", remedy: ALTERED },
  ProverRegistry_GpuNonceMismatch: { message: "the GPU was asked for something else", remedy: ALTERED },
  ProverRegistry_EvidenceTooDear: { message: "the evidence takes too much gas to verify", remedy: ALTERED },
  ProverRegistry_VendorMismatch: {
    message: "another vendor's CPU",
    remedy: "set kind to what the machine is",
  },
  ProverRegistry_GpuCount: {
    message: "the number of GPUs",
    remedy: "set kind and gpus to what the machine has",
  },
  ProverRegistry_DuplicateDevice: { message: "one GPU twice", remedy: "collect one report of each GPU" },
  ProverRegistry_DeviceInUse: {
    message: "the GPU stands behind another live key",
    remedy: "collect evidence over a newer L1 block: who shows the GPU last has it",
  },
  AttestationPolicy_KindMismatch: {
    message: "the image is accepted for another kind, or for none",
    remedy: GOVERNANCE,
  },
  AttestationPolicy_TcbStatusNotAccepted: {
    message: "the vendor has something against the platform's TCB",
    remedy: "update firmware and microcode; governance can grant time",
  },
  AttestationPolicy_TcbEvaluationOutdated: {
    message: "judged by an older evaluation of TCBs",
    remedy: "fetch Intel's newest collateral",
  },
  AttestationPolicy_TooFewGpus: { message: "too few GPUs", remedy: "give the prover more GPUs" },
  AttestationPolicy_GpuMeasurementNotAccepted: {
    message: "the GPU's driver and VBIOS are not accepted",
    remedy: GOVERNANCE,
  },
};

/** Why the policy shuts a key out: `IAttestationPolicy.Standing`, in its order. */
const OF_STANDING: readonly Explanation[] = [
  { message: "it is allowed", remedy: RENEW },
  { message: "the policy's version is outdated", remedy: RENEW },
  { message: "the host vendor is nullified", remedy: "wait until governance restores the vendor" },
  { message: "the image (measurement) is not accepted, or was removed", remedy: GOVERNANCE },
  {
    message: "the image's GPU does no work of the proof, and presence alone is not accepted",
    remedy: GOVERNANCE,
  },
  { message: "the platform is denied", remedy: "have governance allow the platform, or use another" },
  { message: "the platform is not listed", remedy: "have governance list the platform, or use another" },
];

/** The rule that says no, in words; `standing` is the contracts' number. */
export function standingInWords(standing: number): string {
  return OF_STANDING[standing]?.message ?? `the policy's standing ${standing}`;
}

const UNKNOWN: Explanation = {
  message: "the contract refuses it",
  remedy: "see docs/operate/evidence.md, and the error in the contract's interface",
};

/** `TcbInfoExpired` is TCB_INFO_EXPIRED. */
function codeOf(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toUpperCase();
}

function explanationOf(errorName: string): Explanation {
  const [contract = "", name = errorName] = errorName.split("_");
  const code = codeOf(name);
  // Forms of quotes and reports have their own contracts, which do not repeat what they read.
  const prefixed = contract === "TdxQuote" ? `QUOTE_${code}` : `REPORT_${code}`;
  return OF_ADMISSION[errorName] ?? OF_VENDORS[code] ?? OF_VENDORS[prefixed] ?? UNKNOWN;
}

/** Arguments in words, with their names: `wanted 3, found 2`. */
function inWords(inputs: readonly AbiParameter[], args: readonly unknown[]): string {
  const words = inputs.map(({ name = "value" }, i) => `${name} ${String(args[i])}`);
  return words.join(", ") || "it does not hold";
}

/**
 * A contract's error in words. Where the error tells what it wanted and found, so does the finding.
 * @param what The transaction that it stopped. @param error The error's bytes.
 */
export function explainError(what: string, error: Hex): Finding {
  const decoded = contractError(error);
  if (decoded === undefined) {
    const { remedy } = UNKNOWN;
    return { check: what, field: "call", wanted: "accepted by the contract", found: error, remedy };
  }
  const { name: errorName, inputs, args } = decoded;
  const argument = (name: string) => {
    const at = inputs.findIndex((input) => input.name === name);
    return at === -1 ? undefined : String(args[at]);
  };
  if (errorName === "AttestationPolicy_NotAllowed") {
    const { message, remedy } = OF_STANDING[Number(args[0])] ?? UNKNOWN;
    const found = `${message} (${inWords(inputs, args)})`;
    return { check: what, field: errorName, wanted: "allowed by the policy on L1", found, remedy };
  }
  const { message, remedy } = explanationOf(errorName);
  return {
    check: what,
    field: errorName,
    wanted: argument("wanted") ?? argument("minimum") ?? "that it holds",
    found: argument("found") ?? `${message}: ${inWords(inputs, args)}`,
    remedy,
  };
}
