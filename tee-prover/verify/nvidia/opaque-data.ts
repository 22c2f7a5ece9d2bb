import { ByteCursor } from "../byte-cursor.ts";
import { type NvidiaRefusal, refuseNvidia } from "./refusals.ts";

/** Types of fields that this verifier reads (public sources of NVIDIA/nvtrust and NVIDIA/attestation-sdk). */
export const OPAQUE_FIELD = {
  driverVersion: 3,
  vbiosVersion: 6,
  nvdec0Status: 11,
  chipSku: 15,
  project: 17,
  projectSku: 18,
  firmwareId: 20,
  protectedPcieStatus: 21,
  pdis: 22,
  opaqueDataVersion: 34,
  chipInfo: 35,
  featureFlag: 36,
} as const;

/** What a device says of itself beside its measurements; the signature covers it. */
export type OpaqueData = {
  readonly kind: "opaque data";
  /** Undefined for an NVSwitch. */
  readonly driverVersion: string | undefined;
  /** As people write it: 96.00.74.00.20 */
  readonly vbiosVersion: string;
  readonly project: string | undefined;
  readonly projectSku: string | undefined;
  readonly chipSku: string | undefined;
  readonly chipInfo: string | undefined;
  /** SHA-384 of the firmware that holds the key; old firmware does not tell it. */
  readonly firmwareId: Uint8Array | undefined;
  /** Which of its confidential modes the GPU is in; old firmware does not tell it. */
  readonly mode: number | undefined;
  readonly protectedPcie: number | undefined;
  /** NVDEC0 is there: its microcode is measured. */
  readonly nvdec0: boolean | undefined;
  /** Identifiers of the NVSwitches that a GPU is linked to, or of the switch itself. */
  readonly pdis: readonly Uint8Array[];
  /** Every field by its type, as it stands there. */
  readonly raw: ReadonlyMap<number, Uint8Array>;
};

const FIRMWARE_ID_BYTES = 48;
const PDI_BYTES = 8;
const NVDEC0_ENABLED = 0xaa;
const NVDEC0_DISABLED = 0x55;
/** Lengths of the fields that have one. */
const LENGTHS: Readonly<Record<number, number>> = {
  [OPAQUE_FIELD.nvdec0Status]: 1,
  [OPAQUE_FIELD.firmwareId]: FIRMWARE_ID_BYTES,
  [OPAQUE_FIELD.protectedPcieStatus]: 1,
  [OPAQUE_FIELD.opaqueDataVersion]: 2,
  [OPAQUE_FIELD.featureFlag]: 2,
};
/** Printable ASCII: what NVIDIA's texts are of, and all that may be shown or compared. */
const PRINTABLE = /^[\x20-\x7e]{1,64}$/;

function refuse(field: string, wanted: string, found: string | number): NvidiaRefusal {
  return refuseNvidia("REPORT_OPAQUE_DATA_MALFORMED", "1 report", `opaque data: ${field}`, wanted, found);
}

/** `type 2 | size 2 | data`, little-endian, until the end; no type twice. */
function readFields(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | NvidiaRefusal {
  const fields = new Map<number, Uint8Array>();
  const cursor = new ByteCursor(bytes);
  while (cursor.at < bytes.length) {
    const type = cursor.u16();
    const size = cursor.u16();
    const data = cursor.take(size);
    if (cursor.overrun) return refuse(`field ${type}`, `${size} bytes`, "the end");
    if (fields.has(type)) return refuse(`field ${type}`, "once", "twice");
    const length = LENGTHS[type];
    if (length !== undefined && size !== length) return refuse(`field ${type}`, `${length} bytes`, size);
    fields.set(type, data);
  }
  return fields;
}

/** A text that ends with zeros, as C has it; undefined when it is none. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const text = String.fromCharCode(...bytes.subarray(0, end));
  return PRINTABLE.test(text) ? text : undefined;
}

/**
 * A VBIOS version. GPUs have a number of 8 bytes, little-endian, whose low four bytes stand before the fifth;
 * NVSwitches have text.
 */
function vbiosVersionOf(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 8) return textOf(bytes)?.toUpperCase();
  const [d = 0, c = 0, b = 0, a = 0, e = 0, ...rest] = bytes;
  if (rest.some((byte) => byte !== 0)) return undefined;
  return [a, b, c, d, e].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(".");
}

function u16Of(bytes: Uint8Array | undefined): number | undefined {
  return bytes === undefined ? undefined : (bytes[0] ?? 0) + (bytes[1] ?? 0) * 256;
}

function pdisOf(bytes: Uint8Array | undefined): readonly Uint8Array[] | undefined {
  if (bytes === undefined) return [];
  if (bytes.length % PDI_BYTES !== 0) return undefined;
  return Array.from({ length: bytes.length / PDI_BYTES }, (_, i) =>
    bytes.subarray(i * PDI_BYTES, (i + 1) * PDI_BYTES),
  );
}

/** Reads the opaque data of a report. A field of a type that is not known is kept and means nothing here. */
export function parseOpaqueData(bytes: Uint8Array): OpaqueData | NvidiaRefusal {
  const raw = readFields(bytes);
  if ("kind" in raw) return raw;
  const driverBytes = raw.get(OPAQUE_FIELD.driverVersion);
  const driverVersion = textOf(driverBytes);
  if (driverBytes !== undefined && driverVersion === undefined) {
    return refuse("driver version", "text", "something else");
  }
  const vbiosVersion = vbiosVersionOf(raw.get(OPAQUE_FIELD.vbiosVersion) ?? new Uint8Array(0));
  if (vbiosVersion === undefined) return refuse("VBIOS version", "a version", "none");
  const nvdec0 = raw.get(OPAQUE_FIELD.nvdec0Status)?.[0];
  if (nvdec0 !== undefined && nvdec0 !== NVDEC0_ENABLED && nvdec0 !== NVDEC0_DISABLED) {
    return refuse("NVDEC0 status", `${NVDEC0_ENABLED} or ${NVDEC0_DISABLED}`, nvdec0);
  }
  const pdis = pdisOf(raw.get(OPAQUE_FIELD.pdis));
  if (pdis === undefined) return refuse("PDIs", `a multiple of ${PDI_BYTES} bytes`, "other bytes");
  return {
    kind: "opaque data",
    driverVersion,
    vbiosVersion,
    pdis,
    raw,
    project: textOf(raw.get(OPAQUE_FIELD.project)),
    projectSku: textOf(raw.get(OPAQUE_FIELD.projectSku)),
    chipSku: textOf(raw.get(OPAQUE_FIELD.chipSku)),
    chipInfo: textOf(raw.get(OPAQUE_FIELD.chipInfo)),
    firmwareId: raw.get(OPAQUE_FIELD.firmwareId),
    mode: u16Of(raw.get(OPAQUE_FIELD.featureFlag)),
    protectedPcie: raw.get(OPAQUE_FIELD.protectedPcieStatus)?.[0],
    nvdec0: nvdec0 === undefined ? undefined : nvdec0 === NVDEC0_ENABLED,
  };
}
