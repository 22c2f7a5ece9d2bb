import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import type { Certificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { parsePemCertificates } from "@phala-l2/tee-prover/verify/certificates/pem";
import { parseCollateral, type SignedJson } from "@phala-l2/tee-prover/verify/intel/collateral";
import { parseQuote } from "@phala-l2/tee-prover/verify/intel/quote";
import { encodeFunctionData, type Hex, keccak256, toHex } from "viem";

/** More entries than any list of Intel's has. */
const ALL_ENTRIES = 10_000n;

/** The bytes that a transaction carries, by name. */
export type Parts = Readonly<Record<string, Uint8Array>>;

/** One transaction that brings something of Intel's to L1. */
export type Piece = {
  readonly name: string;
  readonly contract: "cache" | "collateral";
  readonly parts: Parts;
  /** The call with these parts, or with others in their place. */
  readonly call: (parts: Parts) => Hex;
};

/** What a quote and its collateral bring, in the order in which L1 takes it. */
export type Pieces = {
  readonly root: Certificate;
  /** The quote's PCK certificate. */
  readonly pck: Certificate;
  /** Intel's TCB signing certificate. */
  readonly signer: Certificate;
  readonly list: readonly Piece[];
};

/** A certificate's id in the cache. */
export function idOf({ signedPart }: Certificate): Hex {
  return keccak256(signedPart);
}

export function certificatesOf(pem: string): readonly Certificate[] {
  const list = parsePemCertificates(pem, "collateral");
  if (list.kind === "certificates") return list.certificates;
  throw new TypeError(`${list.code}: ${list.found}`);
}

function partOf(parts: Parts, name: string): Hex {
  const part = parts[name];
  if (part === undefined) throw new TypeError(`no ${name}`);
  return toHex(part);
}

/** A certificate for the cache, under one that stands there. */
export function certificatePiece(name: string, der: Uint8Array, issuer: Hex): Piece {
  return {
    name,
    contract: "cache",
    parts: { der },
    call: (parts) =>
      encodeFunctionData({
        abi: certificateCacheAbi,
        functionName: "add",
        args: [partOf(parts, "der"), issuer, false],
      }),
  };
}

/** A revocation list of an authority that stands in the cache. */
export function listPiece(name: string, der: Uint8Array, issuer: Hex): Piece {
  return {
    name,
    contract: "cache",
    parts: { der },
    call: (parts) =>
      encodeFunctionData({
        abi: certificateCacheAbi,
        functionName: "addRevocations",
        args: [partOf(parts, "der"), issuer, false, ALL_ENTRIES],
      }),
  };
}

/** A signed statement, and whose signature it is said to bear. */
export function statementPiece(
  functionName: "recordTcbInfo" | "recordQeIdentity",
  { text, signature }: Pick<SignedJson, "text" | "signature">,
  signer: Certificate,
): Piece {
  return {
    name: functionName === "recordTcbInfo" ? "TCB info" : "QE identity",
    contract: "collateral",
    parts: { text: new TextEncoder().encode(text), signature, name: signer.subject.raw },
    call: (parts) => {
      const args = [
        partOf(parts, "text"),
        partOf(parts, "signature"),
        idOf(signer),
        partOf(parts, "name"),
      ] as const;
      return encodeFunctionData({ abi: intelCollateralAbi, functionName, args });
    },
  };
}

/** All that L1 has to know to verify a quote, but the root: it is pinned. */
export function piecesOf(quote: Uint8Array, collateral: string): Pieces {
  const parsed = parseQuote(quote);
  if (parsed.kind === "refused") throw new TypeError(`${parsed.code}: ${parsed.found}`);
  const file = parseCollateral(collateral);
  if (file.kind === "refused") throw new TypeError(`${file.code}: ${file.found}`);
  const { rootCaCrl, pckCrl, tcbInfo, qeIdentity } = file.value;
  const [pck, authority, root] = certificatesOf(parsed.pckChain);
  const [signer] = certificatesOf(tcbInfo.issuerChain);
  if (pck === undefined || authority === undefined || root === undefined || signer === undefined) {
    throw new TypeError("chains are too short");
  }
  return {
    root,
    pck,
    signer,
    list: [
      certificatePiece("PCK CA", authority.der, idOf(root)),
      certificatePiece("PCK certificate", pck.der, idOf(authority)),
      certificatePiece("TCB signing certificate", signer.der, idOf(root)),
      listPiece("root's list", rootCaCrl, idOf(root)),
      listPiece("PCK CA's list", pckCrl, idOf(authority)),
      statementPiece("recordTcbInfo", tcbInfo, signer),
      statementPiece("recordQeIdentity", qeIdentity, signer),
    ],
  };
}
