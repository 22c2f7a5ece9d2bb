import { createHash } from "node:crypto";
import { bytesEqual, concatBytes, toHex } from "@phala-l2/protocol/bytes";
import type { JsonObject } from "@phala-l2/protocol/config/json-reader";
import type { Certificate } from "../certificates/certificate.ts";
import { type PinnedRoot, type VerifiedChain, verifyChain } from "../certificates/chain.ts";
import { type Crl, checkNotRevoked, parseCrl, verifyCrl } from "../certificates/crl.ts";
import { parsePemCertificates } from "../certificates/pem.ts";
import type { CertificateRefusal } from "../certificates/refusals.ts";
import { publicKeyOfPoint, verifyEcdsa } from "../certificates/signature.ts";
import { timeText } from "../certificates/time.ts";
import {
  type Collateral,
  parseCollateral,
  type ReadJson,
  readEvidenceJson,
  type SignedJson,
} from "./collateral.ts";
import { type PckExtensions, readPckExtensions } from "./pck.ts";
import { parseQuote, type Quote, type Tee } from "./quote.ts";
import { type IntelCode, type IntelRefusal, type IntelStep, refuseIntel } from "./refusals.ts";
import { isDebugEnclave, type TdReport } from "./reports.ts";
import { appraiseTcb, moduleIdentity, moduleVersion, type TcbAppraisal } from "./tcb.ts";
import { type QeIdentity, readQeIdentity, readTcbInfo, type TcbInfo, type Validity } from "./tcb-info.ts";

/** Intel SGX Root CA, by its key: the root of SGX and TDX alike. */
export const INTEL_ROOT: PinnedRoot = {
  name: "Intel SGX Root CA",
  keyHash: "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
};

/** Evidence whose signatures, chains and revocation hold. Whether it is good enough is for a policy to say. */
export type IntelEvidence = {
  readonly kind: "genuine";
  readonly quote: Quote;
  readonly pck: PckExtensions;
  readonly tcb: TcbAppraisal;
  /** The lower of the numbers of TCB information and QE identity. */
  readonly tcbEvaluationDataNumber: number;
};

export type IntelInput = {
  readonly tee: Tee;
  readonly quote: Uint8Array;
  /** The collateral file's text. */
  readonly collateral: string;
  /** Unix seconds. */
  readonly at: bigint;
  readonly roots: readonly PinnedRoot[];
};

type Refused = IntelRefusal | CertificateRefusal;
type Trust = Pick<IntelInput, "roots" | "at">;

/** What each chain's certificates are called (Intel's PCK certificate and CRL profile, sections 1.2 and 1.3). */
const PCK_NAMES = ["Intel SGX PCK Certificate"];
const PCK_CA_NAMES = ["Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"];
const TCB_SIGNING_NAMES = ["Intel SGX TCB Signing"];

/** A chain of Intel's: verified, and each certificate below the root has the name of its role. */
function verifyRoles(
  pem: string,
  roles: readonly (readonly string[])[],
  end: "leaf" | "authority",
  trust: Trust,
  step: IntelStep,
): VerifiedChain | Refused {
  const list = parsePemCertificates(pem, step);
  if (list.kind === "refused") return list;
  const { certificates } = list;
  const chain = verifyChain(certificates, { ...trust, end }, step);
  if (chain.kind === "refused") return chain;
  for (const [i, names] of [...roles, ["the root"]].entries()) {
    const found = certificates[i]?.subject.commonName ?? "none";
    if (i < roles.length ? names.includes(found) : certificates[i] === chain.root) continue;
    return refuseIntel("PCK_ISSUER", step, {
      field: `certificate ${i + 1}`,
      wanted: names.join(" or "),
      found,
    });
  }
  return chain;
}

/** Where the collateral repeats the PCK chain, it is the quote's. */
function checkRepeatedChain(
  repeated: string | undefined,
  trust: Trust,
  { leaf }: VerifiedChain,
): Refused | undefined {
  if (repeated === undefined) return undefined;
  const chain = verifyRoles(repeated, [PCK_NAMES, PCK_CA_NAMES], "leaf", trust, "3 PCK chain");
  if (chain.kind === "refused") return chain;
  if (bytesEqual(chain.leaf.der, leaf.der)) return undefined;
  const finding = { field: "pck_certificate_chain", wanted: leaf.serial, found: chain.leaf.serial };
  return refuseIntel("PCK_CHAIN_MISMATCH", "3 PCK chain", finding);
}

type Revocation = { readonly kind: "revocation"; readonly rootCrl: Crl };

/** Step 4: both lists are current and signed by the right authority; neither lists a certificate of the PCK chain. */
function verifyRevocation(
  pckChain: VerifiedChain,
  collateral: Collateral,
  trust: Trust,
): Revocation | Refused {
  const step = "4 revocation";
  const rootCrl = parseCrl(collateral.rootCaCrl, step);
  if (rootCrl.kind === "refused") return rootCrl;
  const pckCrl = parseCrl(collateral.pckCrl, step);
  if (pckCrl.kind === "refused") return pckCrl;
  const lister = verifyRoles(collateral.pckCrlIssuerChain, [PCK_CA_NAMES], "authority", trust, step);
  if (lister.kind === "refused") return lister;
  const { leaf, issuer, root } = pckChain;
  if (lister.leaf.keyHash !== issuer.keyHash) {
    const finding = { field: "pck_crl_issuer_chain", wanted: issuer.keyHash, found: lister.leaf.keyHash };
    return refuseIntel("PCK_CRL_ISSUER", step, finding);
  }
  const problem =
    verifyCrl(rootCrl, root, trust.at, step) ??
    verifyCrl(pckCrl, issuer, trust.at, step) ??
    checkNotRevoked(root, rootCrl, step) ??
    checkNotRevoked(issuer, rootCrl, step) ??
    checkNotRevoked(lister.leaf, rootCrl, step) ??
    checkNotRevoked(leaf, pckCrl, step);
  return problem ?? { kind: "revocation", rootCrl };
}

/** The codes of one signed statement. */
type Statement = {
  readonly step: IntelStep;
  readonly field: string;
  readonly forged: IntelCode;
  readonly malformed: IntelCode;
  readonly early: IntelCode;
  readonly expired: IntelCode;
};

const TCB_INFO: Statement = {
  step: "5 TCB info",
  field: "tcb_info",
  forged: "TCB_INFO_SIGNATURE_INVALID",
  malformed: "TCB_INFO_MALFORMED",
  early: "TCB_INFO_NOT_YET_VALID",
  expired: "TCB_INFO_EXPIRED",
};
const QE_IDENTITY: Statement = {
  step: "6 QE identity",
  field: "qe_identity",
  forged: "QE_IDENTITY_SIGNATURE_INVALID",
  malformed: "QE_IDENTITY_MALFORMED",
  early: "QE_IDENTITY_NOT_YET_VALID",
  expired: "QE_IDENTITY_EXPIRED",
};

function checkCurrent(statement: Statement, { issueDate, nextUpdate }: Validity, at: bigint) {
  const { step, field, early, expired } = statement;
  if (at < issueDate) {
    const finding = {
      field: `${field}.issueDate`,
      wanted: `at most ${timeText(at)}`,
      found: timeText(issueDate),
    };
    return refuseIntel(early, step, finding);
  }
  if (at > nextUpdate) {
    const finding = {
      field: `${field}.nextUpdate`,
      wanted: `at least ${timeText(at)}`,
      found: timeText(nextUpdate),
    };
    return refuseIntel(expired, step, finding);
  }
  return undefined;
}

/** Steps 5 and 6: Intel's TCB signing certificate, not revoked, signed exactly this text, and it holds now. */
function verifyStatement<Value extends Validity>(
  statement: Statement,
  { text, signature, issuerChain }: SignedJson,
  read: (json: JsonObject) => Value,
  trust: Trust,
  rootCrl: Crl,
): ReadJson<Value> | Refused {
  const { step, field, forged, malformed } = statement;
  const chain = verifyRoles(issuerChain, [TCB_SIGNING_NAMES], "leaf", trust, step);
  if (chain.kind === "refused") return chain;
  const revoked = checkNotRevoked(chain.leaf, rootCrl, step);
  if (revoked !== undefined) return revoked;
  if (!verifyEcdsa(chain.leaf.publicKey, "sha256", Buffer.from(text), signature)) {
    const finding = { field, wanted: "a signature of Intel SGX TCB Signing", found: toHex(signature) };
    return refuseIntel(forged, step, finding);
  }
  const json = readEvidenceJson(text, read, (found) =>
    refuseIntel(malformed, step, { field, wanted: "JSON of Intel's PCS, version 4", found }),
  );
  return json.kind === "refused" ? json : (checkCurrent(statement, json.value, trust.at) ?? json);
}

/** TCB information is published per TEE and family of platforms (4.1.2.4.9, 4.1.2.4.10). */
function checkTcbInfoFor(
  { id, fmspc, pceId }: TcbInfo,
  tee: Tee,
  pck: PckExtensions,
): IntelRefusal | undefined {
  const wantedId = tee === "tdx" ? "TDX" : "SGX";
  for (const [field, wanted, found] of [
    ["id", wantedId, id],
    ["fmspc", pck.fmspc, fmspc],
    ["pceId", pck.pceId, pceId],
  ] as const) {
    if (wanted === found) continue;
    return refuseIntel("TCB_INFO_MISMATCH", "5 TCB info", { field: `tcb_info.${field}`, wanted, found });
  }
  return undefined;
}

/** The masked bits are the wanted ones. */
function matchesMasked(found: Uint8Array, mask: Uint8Array, wanted: Uint8Array): boolean {
  return found.every((byte, i) => (byte & (mask[i] ?? 0xff)) === wanted[i]);
}

/** The QE's report is of the enclave that Intel names (4.1.2.4.14, 4.1.2.9). */
function checkQeIdentity({ tee, qeReport }: Quote, identity: QeIdentity): IntelRefusal | undefined {
  const { miscSelect, attributes, mrSigner, isvProdId } = qeReport;
  const checks: readonly (readonly [string, boolean, string, string])[] = [
    ["id", identity.id === (tee === "tdx" ? "TD_QE" : "QE"), tee === "tdx" ? "TD_QE" : "QE", identity.id],
    [
      "miscselect",
      matchesMasked(miscSelect, identity.miscSelectMask, identity.miscSelect),
      toHex(identity.miscSelect),
      toHex(miscSelect),
    ],
    [
      "attributes",
      matchesMasked(attributes, identity.attributesMask, identity.attributes) && !isDebugEnclave(qeReport),
      `${toHex(identity.attributes)} under ${toHex(identity.attributesMask)}, no debug`,
      toHex(attributes),
    ],
    ["mrsigner", bytesEqual(mrSigner, identity.mrSigner), toHex(identity.mrSigner), toHex(mrSigner)],
    ["isvprodid", isvProdId === identity.isvProdId, `${identity.isvProdId}`, `${isvProdId}`],
  ];
  const failed = checks.find(([, holds]) => !holds);
  if (failed === undefined) return undefined;
  const [field, , wanted, found] = failed;
  return refuseIntel("QE_IDENTITY_MISMATCH", "7 QE report", { field: `QE ${field}`, wanted, found });
}

/** Step 7: the platform vouches for the QE (4.1.2.4.12). */
function checkQeReport(quote: Quote, pck: Certificate): IntelRefusal | undefined {
  if (verifyEcdsa(pck.publicKey, "sha256", quote.qeReportBytes, quote.qeReportSignature)) return undefined;
  return refuseIntel("QE_REPORT_SIGNATURE_INVALID", "7 QE report", {
    field: "QE report signature",
    wanted: "a signature of the PCK certificate's key",
    found: toHex(quote.qeReportSignature),
  });
}

/** Step 8: the QE vouches for the attestation key: SHA-256(key | data) and 32 zeros (4.1.2.4.13). */
function checkAttestationKey(quote: Quote): IntelRefusal | undefined {
  const { attestationKey, qeAuthenticationData, qeReport } = quote;
  const hash = createHash("sha256").update(attestationKey).update(qeAuthenticationData).digest();
  const wanted = concatBytes(hash, new Uint8Array(32));
  if (bytesEqual(qeReport.reportData, wanted)) return undefined;
  const finding = { field: "QE report data", wanted: toHex(wanted), found: toHex(qeReport.reportData) };
  return refuseIntel("ATTESTATION_KEY_UNBOUND", "8 attestation key", finding);
}

/** Step 9: the attestation key vouches for header and body (4.1.2.4.16). */
function checkQuoteSignature({ attestationKey, signedPart, signature }: Quote): IntelRefusal | undefined {
  const key = publicKeyOfPoint("P-256", attestationKey);
  if (key === undefined) {
    const finding = { field: "attestation key", wanted: "a point of P-256", found: toHex(attestationKey) };
    return refuseIntel("ATTESTATION_KEY_INVALID", "8 attestation key", finding);
  }
  if (verifyEcdsa(key, "sha256", signedPart, signature)) return undefined;
  const finding = {
    field: "quote signature",
    wanted: "a signature of the attestation key",
    found: toHex(signature),
  };
  return refuseIntel("QUOTE_SIGNATURE_INVALID", "9 quote signature", finding);
}

/** Step 10: the module under the TD is Intel's (4.1.2.4.11): its signer, and no attribute set. */
function checkTdxModule(report: TdReport, tcbInfo: TcbInfo): IntelRefusal | undefined {
  const version = moduleVersion(report);
  const module = version === 0 ? tcbInfo.tdxModule : moduleIdentity(tcbInfo, report);
  const refuse = (field: string, wanted: string, found: string) =>
    refuseIntel("TDX_MODULE_MISMATCH", "10 TDX module", { field, wanted, found });
  if (module === undefined) {
    const known = tcbInfo.tdxModuleIdentities.map(({ id }) => id).join(", ");
    return refuse("TDX module version", `one of ${known}`, `${version}`);
  }
  const { mrSignerSeam, seamAttributes } = report;
  if (!bytesEqual(mrSignerSeam, module.mrSigner)) {
    return refuse("MRSIGNERSEAM", toHex(module.mrSigner), toHex(mrSignerSeam));
  }
  const zero = seamAttributes.every((byte) => byte === 0);
  if (!zero || !matchesMasked(seamAttributes, module.attributesMask, module.attributes)) {
    return refuse("SEAMATTRIBUTES", `zero, and ${toHex(module.attributes)}`, toHex(seamAttributes));
  }
  return undefined;
}

/**
 * Verifies a quote with its collateral at a time, in numbered steps; the first that fails is the answer. The order is
 * that of trust: nothing is judged by a statement that has not been verified itself. The numbers 4.1.2 in
 * comments are those of Intel's verification library.
 */
export function verifyIntelQuote(input: IntelInput): IntelEvidence | Refused {
  const quote = parseQuote(input.quote); // 1
  if (quote.kind === "refused") return quote;
  if (quote.tee !== input.tee) {
    const finding = { field: "header.teeType", wanted: input.tee, found: quote.tee };
    return refuseIntel("QUOTE_TEE_TYPE", "1 quote", finding);
  }
  const parsed = parseCollateral(input.collateral); // 2
  if (parsed.kind === "refused") return parsed;
  const collateral = parsed.value;
  const pckChain = verifyRoles(quote.pckChain, [PCK_NAMES, PCK_CA_NAMES], "leaf", input, "3 PCK chain");
  if (pckChain.kind === "refused") return pckChain;
  const repeated = checkRepeatedChain(collateral.repeatedPckChain, input, pckChain);
  if (repeated !== undefined) return repeated;
  const pck = readPckExtensions(pckChain.leaf);
  if (pck.kind === "refused") return pck;
  const revocation = verifyRevocation(pckChain, collateral, input); // 4
  if (revocation.kind === "refused") return revocation;
  const { rootCrl } = revocation;
  const tcbInfo = verifyStatement(TCB_INFO, collateral.tcbInfo, readTcbInfo, input, rootCrl); // 5
  if (tcbInfo.kind === "refused") return tcbInfo;
  const qeIdentity = verifyStatement(QE_IDENTITY, collateral.qeIdentity, readQeIdentity, input, rootCrl); // 6
  if (qeIdentity.kind === "refused") return qeIdentity;
  const problem =
    checkTcbInfoFor(tcbInfo.value, quote.tee, pck) ??
    checkQeReport(quote, pckChain.leaf) ?? // 7
    checkQeIdentity(quote, qeIdentity.value) ??
    checkAttestationKey(quote) ?? // 8
    checkQuoteSignature(quote) ?? // 9
    (quote.body.type === "sgx" ? undefined : checkTdxModule(quote.body, tcbInfo.value)); // 10
  if (problem !== undefined) return problem;
  const { body, qeReport } = quote;
  const qeLevels = qeIdentity.value.levels;
  const tcb = appraiseTcb({ tcbInfo: tcbInfo.value, qeLevels, qeReport, pck, body }); // 11
  const tcbEvaluationDataNumber = Math.min(
    tcbInfo.value.evaluationDataNumber,
    qeIdentity.value.evaluationDataNumber,
  );
  return { kind: "genuine", quote, pck, tcb, tcbEvaluationDataNumber };
}
