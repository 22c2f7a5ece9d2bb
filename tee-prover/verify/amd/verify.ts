import { bigintFromBytes, concatBytes, toHex } from "@phala-l2/protocol/bytes";
import type { Certificate } from "../certificates/certificate.ts";
import type { CertificateRefusal } from "../certificates/refusals.ts";
import { verifyEcdsa } from "../certificates/signature.ts";
import { type ChainInput, checkRevocation, verifyLeafChain } from "./chain.ts";
import { isChip, type Leaf, readLeaf } from "./leaf.ts";
import { chipIdBytes, cpuidsText, isOfProduct, type Product } from "./product.ts";
import { type AmdRefusal, refuseAmd } from "./refusals.ts";
import { parseReport, type SnpReport } from "./report.ts";
import { isAtLeast, readTcb, sameTcb, type TcbVersion, tcbText } from "./tcb.ts";

/** The TCB versions of a report, read in the order of its product. */
export type TcbVersions = Readonly<Record<"current" | "reported" | "committed" | "launch", TcbVersion>>;

/** Evidence whose signatures, chain and revocation hold. Whether it is good enough is for a policy to say. */
export type AmdEvidence = {
  readonly kind: "genuine";
  readonly report: SnpReport;
  readonly product: Product;
  readonly leaf: Leaf;
  readonly tcb: TcbVersions;
  /** A revocation list was given, and held. */
  readonly revocationChecked: boolean;
};

export type AmdInput = ChainInput & {
  /** As the guest got it: 1,184 bytes. */
  readonly report: Uint8Array;
  /** AMD's list of the product, DER. */
  readonly crl?: Uint8Array | undefined;
};

/** Order of P-384's group (FIPS 186-5, SP 800-186, section 3.2.1.4). */
export const P384_ORDER = BigInt(
  "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
);
const P384_BYTES = 48;

/** A number of a signature, big-endian in 48 bytes, from its 72 in little-endian; undefined when out of range. */
function readNumber(littleEndian: Uint8Array): Uint8Array | undefined {
  const bigEndian = Uint8Array.from(littleEndian).reverse();
  const value = bigintFromBytes(bigEndian);
  return value > 0n && value < P384_ORDER ? bigEndian.subarray(-P384_BYTES) : undefined;
}

/** Step 5: r and s are in range, and the leaf's key signed bytes 0 to 29Fh. High s is genuine. */
function checkSignature({ signature, signedPart }: SnpReport, leaf: Certificate): AmdRefusal | undefined {
  const step = "5 report signature";
  const r = readNumber(signature.r);
  const s = readNumber(signature.s);
  if (r === undefined || s === undefined) {
    const [field, found] = r === undefined ? ["r", signature.r] : ["s", signature.s];
    return refuseAmd("REPORT_SIGNATURE_FORM", step, `signature ${field}`, "1 to n - 1", toHex(found));
  }
  if (verifyEcdsa(leaf.publicKey, "sha384", signedPart, concatBytes(r, s))) return undefined;
  const wanted = "a signature of the leaf's key";
  return refuseAmd("REPORT_SIGNATURE_INVALID", step, "report signature", wanted, toHex(concatBytes(r, s)));
}

type ReadVersions = { readonly kind: "versions"; readonly tcb: TcbVersions };

/** All four versions in the product's order; the leaf's is the reported one, which no part of the running one is below. */
function checkTcb(report: SnpReport, product: Product, leaf: Leaf): ReadVersions | AmdRefusal {
  const step = "6 platform";
  const current = readTcb(report.currentTcb, product);
  const reported = readTcb(report.reportedTcb, product);
  const committed = readTcb(report.committedTcb, product);
  const launch = readTcb(report.launchTcb, product);
  if (current === undefined || reported === undefined || committed === undefined || launch === undefined) {
    const raw = [report.currentTcb, report.reportedTcb, report.committedTcb, report.launchTcb];
    const found = raw.map(toHex).join(", ");
    return refuseAmd("REPORT_RESERVED", step, "TCB versions", `reserved bytes of ${product} zero`, found);
  }
  const text = (tcb: TcbVersion) => tcbText(tcb, product);
  if (!sameTcb(reported, leaf.tcb)) {
    return refuseAmd("TCB_MISMATCH", step, "reported TCB", text(leaf.tcb), text(reported));
  }
  for (const [name, tcb] of [
    ["reported", reported],
    ["committed", committed],
  ] as const) {
    if (isAtLeast(current, tcb)) continue;
    const wanted = `at most the current one (${text(current)})`;
    return refuseAmd("TCB_INCONSISTENT", step, `${name} TCB`, wanted, text(tcb));
  }
  return { kind: "versions", tcb: { current, reported, committed, launch } };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** CHIP_ID is zero where the host masks it; whether that is accepted is for a policy. */
export function isChipIdMasked({ chipId }: SnpReport): boolean {
  return isZero(chipId);
}

/** Step 6: chip and processor are those that the leaf and its root are for. */
function checkPlatform(report: SnpReport, product: Product, leaf: Leaf): AmdRefusal | undefined {
  const step = "6 platform";
  const { hardwareId } = leaf;
  if (!isZero(report.chipId.subarray(chipIdBytes(product)))) {
    const wanted = `${chipIdBytes(product)} bytes and zeros`;
    return refuseAmd("REPORT_RESERVED", step, "CHIP_ID", wanted, toHex(report.chipId));
  }
  if (hardwareId !== undefined && !isChipIdMasked(report) && !isChip(report.chipId, hardwareId)) {
    return refuseAmd("CHIP_ID_MISMATCH", step, "CHIP_ID", toHex(hardwareId), toHex(report.chipId));
  }
  const { cpuid } = report;
  if (cpuid !== undefined && !isOfProduct(cpuid, product)) {
    const found = `family 0x${cpuid.family.toString(16)}, model 0x${cpuid.model.toString(16)}`;
    return refuseAmd("CPUID_MISMATCH", step, "CPUID", cpuidsText(product), found);
  }
  return undefined;
}

/** MASK_CHIP_KEY: the chip's key signs nothing then; a key that was lent is not the chip's. */
function checkKeyMask({ chipKeyMasked, signingKey }: SnpReport): AmdRefusal | undefined {
  return chipKeyMasked && signingKey === "VCEK"
    ? refuseAmd("REPORT_KEY_MASKED", "1 report", "MASK_CHIP_KEY", "0", "1")
    : undefined;
}

/**
 * Verifies a report with its leaf and chain at a time, in numbered steps; the first that fails is the answer. The order
 * is that of trust: the report's word of its key is only believed after the signature held under that kind of leaf.
 */
export function verifySnpReport(input: AmdInput): AmdEvidence | AmdRefusal | CertificateRefusal {
  const report = parseReport(input.report); // 1
  if (report.kind === "refused") return report;
  const masked = checkKeyMask(report);
  if (masked !== undefined) return masked;
  const verified = verifyLeafChain(input, report.signingKey); // 2
  if (verified.kind === "refused") return verified;
  const { product } = verified;
  const leaf = readLeaf(verified.leaf, report.signingKey, product); // 3
  if (leaf.kind === "refused") return leaf;
  const revoked = input.crl === undefined ? undefined : checkRevocation(verified, input.crl, input.at); // 4
  if (revoked !== undefined) return revoked;
  const forged = checkSignature(report, verified.leaf); // 5
  if (forged !== undefined) return forged;
  const versions = checkTcb(report, product, leaf); // 6
  if (versions.kind === "refused") return versions;
  const foreign = checkPlatform(report, product, leaf);
  if (foreign !== undefined) return foreign;
  const { tcb } = versions;
  return { kind: "genuine", report, product, leaf, tcb, revocationChecked: input.crl !== undefined };
}
