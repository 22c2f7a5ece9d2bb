import type { Certificate } from "../certificates/certificate.ts";
import { contextTag, DerReader, TAG } from "../certificates/der.ts";

/**
 * TCG DICE: what firmware a certificate's key was made for. Hopper and LS10 put a composite device id there, Blackwell
 * DiceTcbInfo, under an identifier one arc longer.
 */
const COMPOSITE_DEVICE_ID = "2.23.133.5.4.1";
const TCB_INFO = "2.23.133.5.4.1.1";
const SHA384 = "2.16.840.1.101.3.4.2.2";
const FIRMWARE_ID_BYTES = 48;

/** Operational flags of DiceTcbInfo ("DICE Attestation Architecture", section 6.1.1). */
const OPERATIONAL_FLAGS = { notSecure: 1, recovery: 2, debug: 3 } as const;
export type OperationalFlag = keyof typeof OPERATIONAL_FLAGS;

export type FirmwareId = {
  readonly kind: "firmware id";
  readonly digest: Uint8Array;
  /** Flags that are set; empty where the certificate has none to tell. */
  readonly flags: readonly OperationalFlag[];
};

/** FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING } */
function readFwid(reader: DerReader): Uint8Array {
  const fwid = reader.sequence("fwid");
  if (fwid.objectIdentifier("fwid.hashAlg") !== SHA384) fwid.fail("fwid.hashAlg: SHA-384 is wanted");
  const digest = fwid.octets("fwid.digest", FIRMWARE_ID_BYTES);
  fwid.end("fwid");
  return digest;
}

/** Hopper, LS10: SEQUENCE { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID } */
function readCompositeDeviceId(reader: DerReader): FirmwareId {
  reader.small("version", 1);
  reader.element(TAG.sequence, "deviceID");
  return { kind: "firmware id", digest: readFwid(reader), flags: [] };
}

const FWIDS = contextTag(6);
/** [7] IMPLICIT BIT STRING, primitive. */
const FLAGS = 0x87;

function readFlags(content: Uint8Array): readonly OperationalFlag[] {
  const bits = content.subarray(1);
  const isSet = (bit: number) => (((bits[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
  const names: readonly OperationalFlag[] = ["notSecure", "recovery", "debug"];
  return names.filter((name) => isSet(OPERATIONAL_FLAGS[name]));
}

/** Blackwell: DiceTcbInfo, a SEQUENCE of tagged fields; the first of its firmware ids is the reporting firmware's. */
function readTcbInfo(reader: DerReader): FirmwareId | undefined {
  let digest: Uint8Array | undefined;
  let flags: readonly OperationalFlag[] = [];
  let lastTag = -1;
  while (!reader.done) {
    const { tag, content } = reader.any("tcbInfo");
    const number = tag & 0x1f;
    if (number <= lastTag) reader.fail("tcbInfo: fields out of order");
    lastTag = number;
    if (tag === FWIDS) digest = readFwid(reader.of(content));
    if (tag === FLAGS) flags = readFlags(content);
  }
  return digest === undefined ? undefined : { kind: "firmware id", digest, flags };
}

/** The firmware id of a device's certificate; undefined when it has none, two, or none that can be read. */
export function firmwareIdOf({ extensions }: Certificate): FirmwareId | undefined {
  const composite = extensions.get(COMPOSITE_DEVICE_ID);
  const tcbInfo = extensions.get(TCB_INFO);
  const extension = composite ?? tcbInfo;
  if (extension === undefined || (composite !== undefined && tcbInfo !== undefined)) return undefined;
  const outer = new DerReader(extension.value);
  const inside = outer.sequence("tcbInfo");
  outer.end("tcbInfo");
  const firmwareId = composite === undefined ? readTcbInfo(inside) : readCompositeDeviceId(inside);
  inside.end("tcbInfo");
  return outer.fault === undefined ? firmwareId : undefined;
}
