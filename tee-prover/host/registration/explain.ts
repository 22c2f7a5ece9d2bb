import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { tdxQuoteVerifierAbi } from "@phala-l2/contracts/abi/tdx-quote-verifier";
import type { Hex } from "@phala-l2/protocol/bytes";
import { type Abi, type AbiParameter, decodeErrorResult } from "viem";
import { AMD_EXPLANATIONS } from "../../verify/amd/refusals.ts";
import { CERTIFICATE_EXPLANATIONS } from "../../verify/certificates/refusals.ts";
import { INTEL_EXPLANATIONS } from "../../verify/intel/refusals.ts";
import { NVIDIA_EXPLANATIONS } from "../../verify/nvidia/refusals.ts";
import type { Explanation } from "../../verify/refusal.ts";
import type { Finding } from "./refusal.ts";

/** Errors that any contract on the way of a registration may raise. */
const ERRORS: Abi = [
  ...proverRegistryAbi,
  ...certificateCacheAbi,
  ...intelCollateralAbi,
  ...tdxQuoteVerifierAbi,
].filter(({ type }) => type === "error");

/** The verifiers on L1 say no in the words of those off-chain. */
const OF_VENDORS: Readonly<Record<string, Explanation>> = {
  ...CERTIFICATE_EXPLANATIONS,
  ...INTEL_EXPLANATIONS,
  ...AMD_EXPLANATIONS,
  ...NVIDIA_EXPLANATIONS,
};

const UNKNOWN: Explanation = {
  message: "the contract refuses it",
  remedy: "see docs/operate/evidence.md, and the error in the contract's interface",
};

/** `TcbInfoExpired` is TCB_INFO_EXPIRED. */
function codeOf(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toUpperCase();
}

function explanationOf(contract: string, name: string): Explanation {
  const code = codeOf(name);
  // Forms of quotes and reports have their own contracts, which do not repeat what they read.
  const prefixed = contract === "TdxQuote" ? `QUOTE_${code}` : `REPORT_${code}`;
  return OF_VENDORS[code] ?? OF_VENDORS[prefixed] ?? UNKNOWN;
}

/** Arguments in words, with their names: `wanted 3, found 2`. */
function inWords(inputs: readonly AbiParameter[], args: readonly unknown[]): string {
  const words = inputs.map(({ name = "value" }, i) => `${name} ${String(args[i])}`);
  return words.join(", ") || "it does not hold";
}

type Decoded = {
  readonly errorName: string;
  readonly inputs: readonly AbiParameter[];
  readonly args: readonly unknown[];
};

/** Undefined for an error of no contract of ours. */
function decode(data: Hex): Decoded | undefined {
  try {
    const { errorName, abiItem, args } = decodeErrorResult({ abi: ERRORS, data });
    const inputs = abiItem.type === "error" ? abiItem.inputs : [];
    return { errorName, inputs, args: args ?? [] };
  } catch {
    return undefined;
  }
}

/**
 * A contract's error in words. Where the error tells what it wanted and found, so does the finding.
 * @param what The transaction that it stopped. @param error The error's bytes.
 */
export function explainError(what: string, error: Hex): Finding {
  const decoded = decode(error);
  if (decoded === undefined) {
    const { remedy } = UNKNOWN;
    return { check: what, field: "call", wanted: "accepted by the contract", found: error, remedy };
  }
  const { errorName, inputs, args } = decoded;
  const argument = (name: string) => {
    const at = inputs.findIndex((input) => input.name === name);
    return at === -1 ? undefined : String(args[at]);
  };
  const [contract = "", name = errorName] = errorName.split("_");
  const { message, remedy } = explanationOf(contract, name);
  return {
    check: what,
    field: errorName,
    wanted: argument("wanted") ?? argument("minimum") ?? "that it holds",
    found: argument("found") ?? `${message}: ${inWords(inputs, args)}`,
    remedy,
  };
}
