import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { Certificate } from "../certificates/certificate.ts";
import { type PinnedRoot, verifyChain } from "../certificates/chain.ts";
import { verifyEcdsa } from "../certificates/signature.ts";
import { timeText } from "../certificates/time.ts";
import type { Refusal } from "../refusal.ts";
import { deviceIdOf } from "./device-id.ts";
import { type FirmwareId, firmwareIdOf } from "./firmware-id.ts";
import { type NvidiaRefusal, refuseNvidia } from "./refusals.ts";
import { type NvidiaReport, parseReport } from "./report.ts";

/** "NVIDIA Device Identity CA", valid to the year 9999. */
export const NVIDIA_DEVICE_ROOT: PinnedRoot = {
  name: "NVIDIA Device Identity CA",
  keyHash: "a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4",
};

/** Root, architecture, provisioner, the device's boot ROM, its firmware. */
const CHAIN_LENGTH = 5;

/**
 * Serial numbers that are revoked, by a decision of governance: NVIDIA's device certificates never expire, and tell
 * of revocation over OCSP only, which a verifier that must repeat its verdict cannot ask.
 */
export type Revocation = {
  /** Lower-case hex without leading zeros. */
  readonly serials: readonly string[];
  /** Unix seconds; after it nobody may rely on the list. */
  readonly nextUpdate: bigint;
};

export type NvidiaInput = {
  readonly report: Uint8Array;
  /** Leaf first, root last. */
  readonly chain: readonly Certificate[];
  /** Unix seconds. */
  readonly at: bigint;
  readonly roots: readonly PinnedRoot[];
  readonly revocation: Revocation | undefined;
};

/** A report that a genuine device signed; what it says is judged by the policy. */
export type NvidiaEvidence = {
  readonly kind: "genuine";
  readonly report: NvidiaReport;
  readonly leaf: Certificate;
  /** The chip and its boot ROM, as the chain names them: "GH100 A01 GSP BROM". */
  readonly model: string;
  /** Which device: that of the boot ROM's certificate, whatever firmware runs. */
  readonly deviceId: Hash;
  /** Undefined when old firmware does not report one. */
  readonly firmwareId: FirmwareId | undefined;
};

function checkRevocation(
  chain: readonly Certificate[],
  { revocation, at }: NvidiaInput,
): NvidiaRefusal | undefined {
  if (revocation === undefined) return undefined;
  const step = "3 revocation";
  if (at > revocation.nextUpdate) {
    const wanted = `nextUpdate of at least ${timeText(at)}`;
    return refuseNvidia(
      "REVOCATION_LIST_EXPIRED",
      step,
      "revocation list",
      wanted,
      timeText(revocation.nextUpdate),
    );
  }
  const revoked = chain.find(({ serial }) => revocation.serials.includes(serial));
  if (revoked === undefined) return undefined;
  const field = revoked.subject.commonName ?? "certificate";
  return refuseNvidia("DEVICE_REVOKED", step, field, "a serial number that is not revoked", revoked.serial);
}

/**
 * The firmware that signs is the one that the boot ROM certified the key for. Firmware of 2023 does not report its
 * id; the signature then still is the certified key's.
 */
function checkFirmwareId(
  { opaque }: NvidiaReport,
  certified: FirmwareId | undefined,
): NvidiaRefusal | undefined {
  const reported = opaque.firmwareId;
  if (reported === undefined) return undefined;
  const step = "5 firmware id";
  const wanted = toHex(reported).slice(2);
  if (certified === undefined) return refuseNvidia("FIRMWARE_ID_MISSING", step, "leaf", wanted, "none");
  if (bytesEqual(certified.digest, reported)) return undefined;
  return refuseNvidia("FIRMWARE_ID_MISMATCH", step, "leaf", wanted, toHex(certified.digest).slice(2));
}

/** Verifies that a genuine device signed the report: everything but nonce, measurements and policy. */
export function verifyNvidiaReport(input: NvidiaInput): NvidiaEvidence | Refusal {
  const report = parseReport(input.report);
  if (report.kind === "refused") return report;
  const step = "2 device chain";
  if (input.chain.length !== CHAIN_LENGTH) {
    const wanted = `${CHAIN_LENGTH} certificates`;
    return refuseNvidia("DEVICE_CHAIN_LENGTH", step, "chain", wanted, input.chain.length);
  }
  const chain = verifyChain(input.chain, { roots: input.roots, at: input.at }, step);
  if (chain.kind === "refused") return chain;
  const { leaf, issuer } = chain;
  if (leaf.publicKey.type !== "P-384") {
    return refuseNvidia("DEVICE_KEY_TYPE", step, "leaf", "P-384", leaf.publicKey.type);
  }
  const revoked = checkRevocation(input.chain, input);
  if (revoked !== undefined) return revoked;
  if (!verifyEcdsa(leaf.publicKey, "sha384", report.signedPart, report.signature)) {
    const wanted = `a signature of ${leaf.subject.commonName ?? "the leaf"} (serial ${leaf.serial})`;
    return refuseNvidia(
      "DEVICE_SIGNATURE_INVALID",
      "4 report signature",
      "signature",
      wanted,
      "another signature",
    );
  }
  const firmwareId = firmwareIdOf(leaf);
  const mismatch = checkFirmwareId(report, firmwareId);
  if (mismatch !== undefined) return mismatch;
  const model = issuer.subject.commonName ?? "";
  return { kind: "genuine", report, leaf, model, deviceId: deviceIdOf(issuer), firmwareId };
}
