import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { encodeFunctionData } from "viem";
import type { Call } from "../l1-transactions.ts";
import type { CertificatePiece } from "./pieces.ts";
import type { Step } from "./plan.ts";

/** The contracts that hold what vendors say. */
export type Libraries = { readonly certificateCache: Hex; readonly intelCollateral: Hex };

/**
 * Entries of a list that one transaction records: each stores a word, some 47,000 gas with its event, and EIP-7825 leaves
 * 16,777,216. A longer list takes several transactions, each of which goes on where the last one ended.
 */
export const ENTRIES_AT_ONCE = 300n;

function certificateCall({ der, issuer, oddFirst }: CertificatePiece, cache: Hex): Call {
  const abi = certificateCacheAbi;
  const data =
    issuer === undefined
      ? encodeFunctionData({ abi, functionName: "addRoot", args: [toHex(der), oddFirst] })
      : encodeFunctionData({ abi, functionName: "add", args: [toHex(der), issuer, oddFirst] });
  return { to: cache, data };
}

/** The transaction of one step. */
export function stepCall(step: Step, { certificateCache, intelCollateral }: Libraries): Call {
  if (step.kind === "certificate") return certificateCall(step, certificateCache);
  if (step.kind === "list") {
    const { der, oddFirst } = step.list;
    const args = [toHex(der), step.authority, oddFirst, ENTRIES_AT_ONCE] as const;
    const abi = certificateCacheAbi;
    return { to: certificateCache, data: encodeFunctionData({ abi, functionName: "addRevocations", args }) };
  }
  const { json, signature, signer, signerName } = step.statement;
  const args = [toHex(json), toHex(signature), signer, toHex(signerName)] as const;
  const functionName = step.family === undefined ? "recordQeIdentity" : "recordTcbInfo";
  return {
    to: intelCollateral,
    data: encodeFunctionData({ abi: intelCollateralAbi, functionName, args }),
  };
}
