import { ByteCursor } from "../byte-cursor.ts";
import type { Cpuid } from "./product.ts";
import { type AmdRefusal, refuseAmd } from "./refusals.ts";
import { TCB_BYTES } from "./tcb.ts";

/** ATTESTATION_REPORT (table 23): what is signed, then the signature. */
export const REPORT_BYTES = 0x4a0;
export const SIGNED_BYTES = 0x2a0;
/** A number of a signature or key: little-endian, 72 bytes for every curve (chapter 10). */
export const NUMBER_BYTES = 72;

/** The only algorithm that is not reserved (chapter 10). */
const ECDSA_P384_SHA384 = 1;

/** 2: firmware 1.51 and later; 3 adds the processor's CPUID; 5 the vectors of mitigations. */
export const REPORT_VERSIONS = [2, 3, 5] as const;
export type ReportVersion = (typeof REPORT_VERSIONS)[number];

/** Which key signed: the chip's own, or one that AMD lent to a cloud's whole fleet. */
export type EndorsementKey = "VCEK" | "VLEK";

export type FirmwareVersion = { readonly major: number; readonly minor: number; readonly build: number };

/** A parsed report. Nothing of it is verified yet; TCB versions are raw, since their order depends on the product. */
export type SnpReport = {
  readonly kind: "report";
  readonly signedPart: Uint8Array;
  /** r and s, little-endian, 72 bytes each. */
  readonly signature: { readonly r: Uint8Array; readonly s: Uint8Array };
  readonly version: ReportVersion;
  readonly guestSvn: number;
  readonly guestPolicy: bigint;
  readonly familyId: Uint8Array;
  readonly imageId: Uint8Array;
  readonly vmpl: number;
  readonly platformInfo: bigint;
  readonly authorKeyEnabled: boolean;
  readonly chipKeyMasked: boolean;
  readonly signingKey: EndorsementKey;
  readonly reportData: Uint8Array;
  readonly measurement: Uint8Array;
  readonly hostData: Uint8Array;
  readonly idKeyDigest: Uint8Array;
  readonly authorKeyDigest: Uint8Array;
  readonly reportId: Uint8Array;
  readonly reportIdMa: Uint8Array;
  readonly currentTcb: Uint8Array;
  readonly reportedTcb: Uint8Array;
  readonly committedTcb: Uint8Array;
  readonly launchTcb: Uint8Array;
  /** Versions 3 and later. */
  readonly cpuid: Cpuid | undefined;
  readonly chipId: Uint8Array;
  readonly currentFirmware: FirmwareVersion;
  readonly committedFirmware: FirmwareVersion;
  /** Version 5: bits of mitigations that the firmware verified at launch, and now. */
  readonly mitigations: { readonly launch: bigint; readonly current: bigint } | undefined;
};

/** Bits of GUEST_POLICY (table 9). */
export const GUEST_POLICY = {
  smt: 16n,
  migrationAgent: 18n,
  debug: 19n,
  singleSocket: 20n,
  cxl: 21n,
  aes256Xts: 22n,
  raplDisabled: 23n,
  ciphertextHiding: 24n,
  pageSwapDisabled: 25n,
} as const;
export type GuestPolicyFlag = keyof typeof GUEST_POLICY;
const GUEST_POLICY_ONE = 17n;
const GUEST_POLICY_RESERVED = 26n;

/** Bits of PLATFORM_INFO (table 24). */
export const PLATFORM_INFO = {
  smt: 0n,
  tsme: 1n,
  ecc: 2n,
  raplDisabled: 3n,
  ciphertextHiding: 4n,
  aliasCheckComplete: 5n,
  trustedIo: 7n,
} as const;
export type PlatformFlag = keyof typeof PLATFORM_INFO;

export function hasBit(bits: bigint, bit: bigint): boolean {
  return ((bits >> bit) & 1n) === 1n;
}

function u64(cursor: ByteCursor): bigint {
  return BigInt(cursor.u32()) + (BigInt(cursor.u32()) << 32n);
}

function u8(cursor: ByteCursor): number {
  return cursor.take(1)[0] ?? 0;
}

function firmware(cursor: ByteCursor): FirmwareVersion {
  const [build, minor, major] = [u8(cursor), u8(cursor), u8(cursor)];
  return { major, minor, build };
}

type Refuse = (code: AmdRefusal["code"], field: string, wanted: string, found: string | number) => AmdRefusal;
const refuse: Refuse = (code, field, wanted, found) => refuseAmd(code, "1 report", field, wanted, found);

/** Collects what must be zero while the fields are read, and names the first that is not. */
class Reserved {
  #field: string | undefined;

  zero(bytes: Uint8Array, field: string): void {
    if (bytes.some((byte) => byte !== 0)) this.#field ??= field;
  }

  check(holds: boolean, field: string): void {
    if (!holds) this.#field ??= field;
  }

  get refusal(): AmdRefusal | undefined {
    return this.#field === undefined
      ? undefined
      : refuse("REPORT_RESERVED", this.#field, "as the format demands", "other bits");
  }
}

/** SIGNING_KEY, MASK_CHIP_KEY and AUTHOR_KEY_EN (table 23, offset 48h). */
function readKeyInfo(keyInfo: number, reserved: Reserved) {
  reserved.check(keyInfo >>> 5 === 0, "key information, bits 5 to 31");
  const signingKeys: readonly (EndorsementKey | undefined)[] = ["VCEK", "VLEK"];
  return {
    authorKeyEnabled: (keyInfo & 1) === 1,
    chipKeyMasked: (keyInfo & 2) === 2,
    signingKeyNumber: (keyInfo >>> 2) & 7,
    signingKey: signingKeys[(keyInfo >>> 2) & 7],
  };
}

/** Offsets 188h to 19Fh: the processor, in versions that tell it. */
function readCpuid(cursor: ByteCursor, version: ReportVersion, reserved: Reserved): Cpuid | undefined {
  const [family, model, stepping] = [u8(cursor), u8(cursor), u8(cursor)];
  reserved.zero(cursor.take(21), "offset 18bh");
  if (version >= 3) return { family, model, stepping };
  reserved.check(family === 0 && model === 0 && stepping === 0, "offset 188h");
  return undefined;
}

/** Offsets 1F8h to 29Fh. */
function readMitigations(cursor: ByteCursor, version: ReportVersion, reserved: Reserved) {
  const [launch, current] = [u64(cursor), u64(cursor)];
  reserved.zero(cursor.take(152), "offset 208h");
  if (version >= 5) return { launch, current };
  reserved.check(launch === 0n && current === 0n, "offset 1f8h");
  return undefined;
}

/** Parses a report. Every byte has a meaning or must be zero; the bytes that nobody signed, too. */
export function parseReport(bytes: Uint8Array): SnpReport | AmdRefusal {
  if (bytes.length !== REPORT_BYTES) {
    return refuse("REPORT_LENGTH", "report", `${REPORT_BYTES} bytes`, bytes.length);
  }
  const cursor = new ByteCursor(bytes);
  const reserved = new Reserved();
  const number = cursor.u32();
  const version = REPORT_VERSIONS.find((each) => each === number);
  if (version === undefined) return refuse("REPORT_VERSION", "version", REPORT_VERSIONS.join(" or "), number);
  const guestSvn = cursor.u32();
  const guestPolicy = u64(cursor);
  reserved.check(hasBit(guestPolicy, GUEST_POLICY_ONE), "guest policy, bit 17");
  reserved.check(guestPolicy >> GUEST_POLICY_RESERVED === 0n, "guest policy, bits 26 to 63");
  const [familyId, imageId] = [cursor.take(16), cursor.take(16)];
  const vmpl = cursor.u32();
  const algorithm = cursor.u32();
  const currentTcb = cursor.take(TCB_BYTES);
  const platformInfo = u64(cursor);
  const { signingKey, signingKeyNumber, ...keyInfo } = readKeyInfo(cursor.u32(), reserved);
  reserved.zero(cursor.take(4), "offset 4ch");
  const [reportData, measurement, hostData] = [cursor.take(64), cursor.take(48), cursor.take(32)];
  const [idKeyDigest, authorKeyDigest] = [cursor.take(48), cursor.take(48)];
  const [reportId, reportIdMa] = [cursor.take(32), cursor.take(32)];
  const reportedTcb = cursor.take(TCB_BYTES);
  const cpuid = readCpuid(cursor, version, reserved);
  const [chipId, committedTcb] = [cursor.take(64), cursor.take(TCB_BYTES)];
  const currentFirmware = firmware(cursor);
  reserved.zero(cursor.take(1), "offset 1ebh");
  const committedFirmware = firmware(cursor);
  reserved.zero(cursor.take(1), "offset 1efh");
  const launchTcb = cursor.take(TCB_BYTES);
  const mitigations = readMitigations(cursor, version, reserved);
  const signature = { r: cursor.take(NUMBER_BYTES), s: cursor.take(NUMBER_BYTES) };
  reserved.zero(cursor.rest(), "offset 330h");
  if (algorithm !== ECDSA_P384_SHA384) {
    return refuse("REPORT_SIGNATURE_ALGORITHM", "SIGNATURE_ALGO", `${ECDSA_P384_SHA384}`, algorithm);
  }
  if (signingKey === undefined) {
    return refuse("REPORT_SIGNING_KEY", "SIGNING_KEY", "0 (VCEK) or 1 (VLEK)", signingKeyNumber);
  }
  if (reserved.refusal !== undefined) return reserved.refusal;
  return {
    kind: "report",
    signedPart: bytes.subarray(0, SIGNED_BYTES),
    signature,
    version,
    guestSvn,
    guestPolicy,
    familyId,
    imageId,
    vmpl,
    platformInfo,
    ...keyInfo,
    signingKey,
    reportData,
    measurement,
    hostData,
    idKeyDigest,
    authorKeyDigest,
    reportId,
    reportIdMa,
    currentTcb,
    reportedTcb,
    committedTcb,
    launchTcb,
    cpuid,
    chipId,
    currentFirmware,
    committedFirmware,
    mitigations,
  };
}
