import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { certificatesOf, listOf, malformed, pemCertificates } from "../../attest/certificate-files.ts";
import type { Evidence, HostEvidence } from "../../attest/evidence.ts";
import { AMD_ROOTS } from "../../verify/amd/product.ts";
import type { Certificate } from "../../verify/certificates/certificate.ts";
import { sameName } from "../../verify/certificates/extensions.ts";
import { type Collateral, parseCollateral, type SignedJson } from "../../verify/intel/collateral.ts";
import { readPckExtensions } from "../../verify/intel/pck.ts";
import { parseQuote } from "../../verify/intel/quote.ts";
import { readQeIdentity, readTcbInfo } from "../../verify/intel/tcb-info.ts";
import { oddFirstOfSigned } from "./hints.ts";
import { registrationRefused } from "./refusal.ts";

// What L1 has to hold before evidence can be verified there, read out of the evidence. Nothing of it is verified: the
// contracts do that, and refuse what is not genuine.

/** One certificate of the cache. `id` is keccak256 of its signed part. */
export type CertificatePiece = {
  readonly kind: "certificate";
  readonly name: string;
  readonly id: Hex;
  readonly der: Uint8Array;
  /** Undefined for a root. */
  readonly issuer: Hex | undefined;
  /** See `ISignatureVerifier`. */
  readonly oddFirst: boolean;
};

/** From the root down to what signed the evidence, or a statement. */
export type Chain = readonly CertificatePiece[];

/** The revocation list of an authority. */
export type ListPiece = {
  readonly kind: "list";
  readonly name: string;
  /** Id of the authority's certificate. */
  readonly authority: Hex;
  /** Without it evidence of this authority's certificates counts for nothing. */
  readonly isNeeded: boolean;
  /** Undefined where the evidence has none. */
  readonly list:
    | {
        readonly der: Uint8Array;
        readonly thisUpdate: bigint;
        readonly nextUpdate: bigint;
        readonly entries: number;
        readonly oddFirst: boolean;
      }
    | undefined;
};

/** What Intel says of a family of platforms. */
export type Family = { readonly fmspc: Hex; readonly pceId: Hex };

/** TCB information of a family of platforms, or the identity of Intel's quoting enclave where `family` is undefined. */
export type StatementPiece = {
  readonly kind: "statement";
  readonly name: string;
  readonly family: Family | undefined;
  /** Undefined where the evidence has none. */
  readonly statement:
    | {
        /** The object that Intel signed, to the byte. */
        readonly json: Uint8Array;
        /** r | s. */
        readonly signature: Uint8Array;
        readonly signer: Hex;
        /** The signer's subject as it is encoded. */
        readonly signerName: Uint8Array;
        /** The authority whose list the signer is checked by. */
        readonly root: Hex;
        readonly evaluation: number;
        readonly issueDate: bigint;
        readonly nextUpdate: bigint;
      }
    | undefined;
};

export type Pieces = {
  readonly chains: readonly Chain[];
  readonly lists: readonly ListPiece[];
  readonly statements: readonly StatementPiece[];
};

/** A certificate's id in the cache. */
export function certificateId({ signedPart }: Pick<Certificate, "signedPart">): Hex {
  return toHex(keccak256(signedPart));
}

function nameOf({ subject }: Certificate): string {
  return subject.commonName ?? "without a name";
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return sameName(issuer.raw, subject.raw);
}

/** From the leaf's root down to it, by names; the certificates may stand in any order, and hold others too. */
function chainOf(leaf: Certificate, others: readonly Certificate[]): readonly Certificate[] {
  const chain = [leaf];
  for (let top = leaf; !isSelfIssued(top); ) {
    const issuer = others.find((each) => sameName(each.subject.raw, top.issuer.raw) && !chain.includes(each));
    if (issuer === undefined) {
      throw registrationRefused({
        check: "certificates",
        field: `issuer of ${nameOf(top)}`,
        wanted: top.issuer.commonName ?? "its certificate",
        found: "missing in the evidence",
        remedy: "give the whole chain, up to the vendor's root",
      });
    }
    chain.unshift(issuer);
    top = issuer;
  }
  return chain;
}

function chainPieces(chain: readonly Certificate[]): Chain {
  return chain.map((certificate, depth) => {
    const issuer = chain[depth - 1];
    return {
      kind: "certificate",
      name: nameOf(certificate),
      id: certificateId(certificate),
      der: certificate.der,
      issuer: issuer && certificateId(issuer),
      oddFirst: oddFirstOfSigned((issuer ?? certificate).publicKey, certificate),
    };
  });
}

function listPiece(authority: Certificate, isNeeded: boolean, der: Uint8Array | undefined): ListPiece {
  const common = { kind: "list", authority: certificateId(authority), isNeeded } as const;
  const name = `list of ${nameOf(authority)}`;
  if (der === undefined) return { ...common, name, list: undefined };
  const crl = listOf(der);
  const { thisUpdate, nextUpdate, revoked } = crl;
  const oddFirst = oddFirstOfSigned(authority.publicKey, crl);
  return { ...common, name, list: { der, thisUpdate, nextUpdate, entries: revoked.size, oddFirst } };
}

/** Reads what Intel signed. @throws RollupError EVIDENCE_MALFORMED */
function readStatement<Value>(name: string, { text }: SignedJson, read: (json: JsonObject) => Value): Value {
  try {
    return read(new JsonObject(JSON.parse(text), ""));
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !isRollupError(cause, "CONFIG_INVALID")) throw cause;
    throw new RollupError("EVIDENCE_MALFORMED", `${name} cannot be read`, { cause });
  }
}

type Signed = { readonly chain: Chain; readonly statement: NonNullable<StatementPiece["statement"]> };

function signedStatement(
  name: string,
  signed: SignedJson,
  read: (json: JsonObject) => {
    readonly evaluationDataNumber: number;
    readonly issueDate: bigint;
    readonly nextUpdate: bigint;
  },
): Signed {
  const certificates = pemCertificates(signed.issuerChain);
  const [signer] = certificates;
  if (signer === undefined) throw new RollupError("EVIDENCE_MALFORMED", `${name} has no signer`);
  const chain = chainPieces(chainOf(signer, certificates));
  const { evaluationDataNumber: evaluation, issueDate, nextUpdate } = readStatement(name, signed, read);
  return {
    chain,
    statement: {
      json: new TextEncoder().encode(signed.text),
      signature: signed.signature,
      signer: certificateId(signer),
      signerName: signer.subject.raw,
      root: chain[0]?.id ?? certificateId(signer),
      evaluation,
      issueDate,
      nextUpdate,
    },
  };
}

const TCB_INFO = "TCB information";
const QE_IDENTITY = "QE identity";

function statementPieces(family: Family, collateral: Collateral | undefined) {
  const named = (name: string, of: Family | undefined, signed: Signed | undefined) =>
    ({ kind: "statement", name, family: of, statement: signed?.statement }) as const;
  const tcbInfo = collateral && signedStatement(TCB_INFO, collateral.tcbInfo, readTcbInfo);
  const qeIdentity = collateral && signedStatement(QE_IDENTITY, collateral.qeIdentity, readQeIdentity);
  return {
    chains: [tcbInfo, qeIdentity].flatMap((signed) => (signed === undefined ? [] : [signed.chain])),
    statements: [named(TCB_INFO, family, tcbInfo), named(QE_IDENTITY, undefined, qeIdentity)],
  };
}

function collateralOf(text: string): Collateral {
  const parsed = parseCollateral(text);
  if (parsed.kind === "refused") throw malformed(parsed);
  return parsed.value;
}

/** What Intel's part takes: a quote, with collateral or without. @throws RollupError EVIDENCE_MALFORMED, REGISTRATION_REFUSED */
export function intelPieces(quoteBytes: Uint8Array, collateralText: string | undefined): Pieces {
  const quote = parseQuote(quoteBytes);
  if (quote.kind === "refused") throw malformed(quote);
  const certificates = pemCertificates(quote.pckChain);
  const [leaf] = certificates;
  if (leaf === undefined) throw new RollupError("EVIDENCE_MALFORMED", "the quote has no PCK certificate");
  const pck = readPckExtensions(leaf);
  if (pck.kind === "refused") throw malformed(pck);
  const chain = chainOf(leaf, certificates);
  const collateral = collateralText === undefined ? undefined : collateralOf(collateralText);
  const { chains, statements } = statementPieces(
    { fmspc: `0x${pck.fmspc}`, pceId: `0x${pck.pceId}` },
    collateral,
  );
  const lists = chain
    .slice(0, -1)
    .map((authority) =>
      listPiece(authority, true, isSelfIssued(authority) ? collateral?.rootCaCrl : collateral?.pckCrl),
    );
  return { chains: [chainPieces(chain), ...chains], lists, statements };
}

function amdRoots(): readonly Certificate[] {
  return AMD_ROOTS.flatMap(({ certificate }) =>
    certificate === undefined ? [] : pemCertificates(certificate),
  );
}

/** The certificate of the key that signed a report. @throws RollupError REGISTRATION_REFUSED, EVIDENCE_MALFORMED */
export function amdLeafOf({ leaf }: Extract<HostEvidence, { kind: "SEV_SNP" }>): Certificate {
  const [certificate] = leaf === undefined ? [] : certificatesOf(leaf);
  if (certificate !== undefined) return certificate;
  throw registrationRefused({
    check: "certificates",
    field: "VCEK or VLEK",
    wanted: "the certificate of the key that signed the report",
    found: "none",
    remedy:
      "fetch it for this chip and TCB from AMD's KDS (setting vcek), or have the host hand it to its guests",
  });
}

function amdPieces(host: Extract<HostEvidence, { kind: "SEV_SNP" }>): Pieces {
  const leaf = amdLeafOf(host);
  const others = host.chain === undefined ? [] : certificatesOf(host.chain);
  const chain = chainOf(leaf, [...others, ...amdRoots()]);
  const [root] = chain;
  // AMD's lists name authorities; L1 counts their revocations, and does not ask how new a list is.
  const lists = root === undefined || host.crl === undefined ? [] : [listPiece(root, false, host.crl)];
  return { chains: [chainPieces(chain)], lists, statements: [] };
}

function gpuChain(certificates: string): Chain {
  const all = pemCertificates(certificates);
  const [leaf] = all;
  return leaf === undefined ? [] : chainPieces(chainOf(leaf, all));
}

/**
 * All that L1 has to hold for a key's evidence.
 * @throws RollupError EVIDENCE_MALFORMED, and REGISTRATION_REFUSED where certificates are missing
 */
export function piecesOf({ host, gpus }: Evidence): Pieces {
  const { chains, lists, statements } =
    host.kind === "TDX" ? intelPieces(host.quote, host.collateral) : amdPieces(host);
  return {
    chains: [...chains, ...gpus.map(({ certificates }) => gpuChain(certificates))],
    lists,
    statements,
  };
}
