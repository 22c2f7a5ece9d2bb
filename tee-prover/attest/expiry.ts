import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { type Certificate, parseCertificate } from "../verify/certificates/certificate.ts";
import { parseCrl } from "../verify/certificates/crl.ts";
import { DerReader, TAG } from "../verify/certificates/der.ts";
import { parsePemCertificates } from "../verify/certificates/pem.ts";
import { parseCollateral } from "../verify/intel/collateral.ts";
import { parseQuote } from "../verify/intel/quote.ts";
import { readValidity } from "../verify/intel/tcb-info.ts";
import { type Refusal, refusalText } from "../verify/refusal.ts";
import type { Evidence, HostEvidence } from "./evidence.ts";

/** Something in the evidence that is no longer valid after a time, in Unix seconds. */
export type Expiry = { readonly what: string; readonly at: bigint };

const STEP = "expiry";

/** What was parsed. @throws RollupError EVIDENCE_MALFORMED */
function whole<Value extends { readonly kind: string }>(value: Value | Refusal): Value {
  if ("code" in value) {
    throw new RollupError("EVIDENCE_MALFORMED", refusalText(value), { data: { code: value.code } });
  }
  return value;
}

function ofCertificates(certificates: readonly Certificate[]): readonly Expiry[] {
  return certificates.map(({ subject, notAfter }) => ({
    what: `certificate ${subject.commonName ?? "without a name"}`,
    at: notAfter,
  }));
}

/** PEM blocks, or DER one after another. */
function certificatesOf(bytes: Uint8Array): readonly Certificate[] {
  if (bytes[0] !== TAG.sequence) {
    return whole(parsePemCertificates(new TextDecoder().decode(bytes), STEP)).certificates;
  }
  const reader = new DerReader(bytes);
  const certificates: Certificate[] = [];
  while (!reader.done) {
    certificates.push(whole(parseCertificate(reader.element(TAG.sequence, "certificate").raw, STEP)));
  }
  return certificates;
}

function ofPem(text: string): readonly Expiry[] {
  return ofCertificates(whole(parsePemCertificates(text, STEP)).certificates);
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
  const { value } = whole(parseCollateral(text));
  const { rootCaCrl, pckCrl, pckCrlIssuerChain, tcbInfo, qeIdentity } = value;
  return [
    { what: "list of the root CA", at: whole(parseCrl(rootCaCrl, STEP)).nextUpdate },
    { what: "list of the PCK CA", at: whole(parseCrl(pckCrl, STEP)).nextUpdate },
    ofJson("TCB information", tcbInfo.text),
    ofJson("QE identity", qeIdentity.text),
    ...[pckCrlIssuerChain, tcbInfo.issuerChain, qeIdentity.issuerChain].flatMap(ofPem),
  ];
}

function ofHost(host: HostEvidence): readonly Expiry[] {
  if (host.kind === "TDX") {
    const chain = ofPem(whole(parseQuote(host.quote)).pckChain);
    return host.collateral === undefined ? chain : [...chain, ...ofCollateral(host.collateral)];
  }
  const files = [host.leaf, host.chain].filter((file) => file !== undefined);
  const certificates = files.flatMap((file) => ofCertificates(certificatesOf(file)));
  if (host.crl === undefined) return certificates;
  return [...certificates, { what: "AMD's list", at: whole(parseCrl(host.crl, STEP)).nextUpdate }];
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
