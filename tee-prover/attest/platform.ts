import { fromHex, type Hash } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { readLeaf } from "../verify/amd/leaf.ts";
import { PRODUCTS } from "../verify/amd/product.ts";
import { parseReport } from "../verify/amd/report.ts";
import { readPckExtensions } from "../verify/intel/pck.ts";
import { parseQuote } from "../verify/intel/quote.ts";
import { certificatesOf, malformed, pemCertificates } from "./certificate-files.ts";
import type { HostEvidence } from "./evidence.ts";

function ofTdx(quote: Uint8Array): Hash | undefined {
  const parsed = parseQuote(quote);
  if (parsed.kind === "refused") throw malformed(parsed);
  const [leaf] = pemCertificates(parsed.pckChain);
  if (leaf === undefined) return undefined;
  const pck = readPckExtensions(leaf);
  if (pck.kind === "refused") throw malformed(pck);
  return keccak256(fromHex(pck.ppid));
}

function ofSnp({ report, leaf: file }: Extract<HostEvidence, { kind: "SEV_SNP" }>): Hash | undefined {
  const parsed = parseReport(report);
  if (parsed.kind === "refused") throw malformed(parsed);
  const [certificate] = file === undefined ? [] : certificatesOf(file);
  if (certificate === undefined) return undefined;
  for (const product of PRODUCTS) {
    const leaf = readLeaf(certificate, parsed.signingKey, product);
    if (leaf.kind !== "leaf") continue;
    return keccak256(leaf.hardwareId ?? new TextEncoder().encode(leaf.cloudProvider));
  }
  return undefined;
}

/**
 * Identity of the machine as L1 knows it: keccak256 of a TD's PPID, of an EPYC's chip id, or of the name of the cloud that a
 * VLEK was lent to. Nothing is verified; undefined where the evidence has no certificate that says it.
 * @throws RollupError EVIDENCE_MALFORMED
 */
export function platformIdOf(host: HostEvidence): Hash | undefined {
  return host.kind === "TDX" ? ofTdx(host.quote) : ofSnp(host);
}
