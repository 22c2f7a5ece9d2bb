import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { nvidiaReportVerifierAbi } from "@phala-l2/contracts/abi/nvidia-report-verifier";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { snpReportVerifierAbi } from "@phala-l2/contracts/abi/snp-report-verifier";
import { tdxQuoteVerifierAbi } from "@phala-l2/contracts/abi/tdx-quote-verifier";
import type { Hex } from "@phala-l2/protocol/bytes";
import { type Abi, type AbiParameter, decodeErrorResult } from "viem";

/** Errors that any of the contracts may raise that a prover calls, or those behind them. */
const ERRORS: Abi = [
  ...[...disputeGameFactoryAbi, ...multiProofGameAbi, ...anchorStateRegistryAbi],
  ...[...proverRegistryAbi, ...attestationPolicyAbi, ...certificateCacheAbi, ...intelCollateralAbi],
  ...[...tdxQuoteVerifierAbi, ...snpReportVerifierAbi, ...nvidiaReportVerifierAbi, ...phaTestTokenAbi],
].filter(({ type }) => type === "error");

export type ContractError = {
  readonly name: string;
  readonly inputs: readonly AbiParameter[];
  readonly args: readonly unknown[];
};

/** The error that these bytes are; undefined for one of no contract of ours. */
export function contractError(data: Hex): ContractError | undefined {
  try {
    const { errorName: name, abiItem, args } = decodeErrorResult({ abi: ERRORS, data });
    const inputs = abiItem.type === "error" ? abiItem.inputs : [];
    return { name, inputs, args: args ?? [] };
  } catch {
    // viem says "no such error" by throwing.
    return undefined;
  }
}
