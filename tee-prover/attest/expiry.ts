import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Certificate } from "../verify/certificates/certificate.ts";
import { parseCollateral } from "../verify/intel/collateral.ts";
import { parseQuote } from "../verify/intel/quote.ts";
import { readValidity } from "../verify/intel/tcb-info.ts";
import { certificatesOf, listOf, malformed, pemCertificates } from "./certificate-files.ts";
import type { Evidence, HostEvidence } from "./evidence.ts";

/** Something in the evidence that is no longer valid after a time, in Unix seconds. */
export type Expiry = { readonly what: string; readonly at: bigint };

function ofCertificates(certificates: readonly Certificate[]): readonly Expiry[] {
  return certificates.map(({ subject, notAfter }) => ({
    what: `certificate ${subject.commonName ?? "without a name"}`,
    at: notAfter,
  }));
}

function ofList(what: string, der: Uint8Array): Expiry {
  return { what, at: listOf(der).nextUpdate };
}

function ofPem(text: string): readonly Expiry[] {
  return ofCertificates(pemCertificates(text));
}

function ofJson(what: string, text: string): Expiry {
  try {
    return { what, at: readValidity(new JsonObject(JSON.parse(text), "")).nextUpdate };
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isRollupError(error, "CONFIG_INVALID")) throw error;
    throw new RollupError("EVIDENCE_MALFORMED", `${what} cannot be read`, { cause: error });
  }
}

function ofCollateral(text: string): readonly Expiry[] {
  const collateral = parseCollateral(text);
  if (collateral.kind === "refused") throw malformed(collateral);
  const { rootCaCrl, pckCrl, pckCrlIssuerChain, tcbInfo, qeIdentity } = collateral.value;
  return [
    ofList("list of the root CA", rootCaCrl),
    ofList("list of the PCK CA", pckCrl),
    ofJson("TCB information", tcbInfo.text),
    ofJson("QE identity", qeIdentity.text),
    ...[pckCrlIssuerChain, tcbInfo.issuerChain, qeIdentity.issuerChain].flatMap(ofPem),
  ];
}

function ofHost(host: HostEvidence): readonly Expiry[] {
  if (host.kind === "TDX") {
    const quote = parseQuote(host.quote);
    if (quote.kind === "refused") throw malformed(quote);
    const chain = ofPem(quote.pckChain);
    return host.collateral === undefined ? chain : [...chain, ...ofCollateral(host.collateral)];
  }
  const files = [host.leaf, host.chain].filter((file) => file !== undefined);
  const certificates = files.flatMap((file) => ofCertificates(certificatesOf(file)));
  if (host.crl === undefined) return certificates;
  return [...certificates, ofList("AMD's list", host.crl)];
}

/** Each name once, with the earliest of its times; the earliest first. */
function inOrder(expiries: readonly Expiry[]): readonly Expiry[] {
  const earliest = new Map<string, bigint>();
  for (const { what, at } of expiries) {
    const known = earliest.get(what);
    if (known === undefined || at < known) earliest.set(what, at);
  }
  return [...earliest].map(([what, at]) => ({ what, at })).sort((a, b) => (a.at < b.at ? -1 : 1));
}

/**
 * All that expires in the evidence: certificates, revocation lists, collateral; the earliest first. Nothing is
 * verified. @throws RollupError EVIDENCE_MALFORMED
 */
export function expiriesOf({ host, gpus }: Evidence): readonly Expiry[] {
  const devices = gpus.flatMap(({ index, certificates }) =>
    ofPem(certificates).map(({ what, at }) => ({ what: `GPU ${index}: ${what}`, at })),
  );
  return inOrder([...ofHost(host), ...devices]);
}
