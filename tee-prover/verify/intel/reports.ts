import { ByteCursor } from "../byte-cursor.ts";

/** REPORT of an SGX enclave (Intel SDM, volume 3D, "Structure of Report"), the QE's own and an SGX quote's body. */
export type EnclaveReport = {
  readonly type: "sgx";
  readonly cpuSvn: Uint8Array;
  /** Little-endian, as it stands in the report. */
  readonly miscSelect: Uint8Array;
  readonly attributes: Uint8Array;
  readonly mrEnclave: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly configId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly configSvn: number;
  readonly reportData: Uint8Array;
};

/** TDREPORT's fields in a quote (Intel TDX DCAP Quoting Library API, appendix A.3). */
export type TdReport = {
  readonly type: "td10" | "td15";
  readonly teeTcbSvn: Uint8Array;
  readonly mrSeam: Uint8Array;
  readonly mrSignerSeam: Uint8Array;
  readonly seamAttributes: Uint8Array;
  readonly tdAttributes: Uint8Array;
  readonly xfam: Uint8Array;
  readonly mrTd: Uint8Array;
  readonly mrConfigId: Uint8Array;
  readonly mrOwner: Uint8Array;
  readonly mrOwnerConfig: Uint8Array;
  readonly rtmr: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  readonly reportData: Uint8Array;
  /** TD 1.5: the TCB of the present module, and the TDs that serve this one (migration). */
  readonly extended: { readonly teeTcbSvn2: Uint8Array; readonly mrServiceTd: Uint8Array } | undefined;
};

export const ENCLAVE_REPORT_BYTES = 384;
export const TD10_REPORT_BYTES = 584;
export const TD15_REPORT_BYTES = 648;

const MEASUREMENT_BYTES = 48;

/** Reads 384 bytes. */
export function readEnclaveReport(bytes: Uint8Array): EnclaveReport {
  const cursor = new ByteCursor(bytes);
  const cpuSvn = cursor.take(16);
  const miscSelect = cursor.take(4);
  cursor.take(28); // reserved, ISVEXTPRODID
  const attributes = cursor.take(16);
  const mrEnclave = cursor.take(32);
  cursor.take(32);
  const mrSigner = cursor.take(32);
  cursor.take(32);
  const configId = cursor.take(64);
  const isvProdId = cursor.u16();
  const isvSvn = cursor.u16();
  const configSvn = cursor.u16();
  cursor.take(58); // reserved, ISVFAMILYID
  const reportData = cursor.take(64);
  return {
    type: "sgx",
    cpuSvn,
    miscSelect,
    attributes,
    mrEnclave,
    mrSigner,
    configId,
    isvProdId,
    isvSvn,
    configSvn,
    reportData,
  };
}

/** Reads 584 bytes of a TD 1.0, or 648 of a TD 1.5. */
export function readTdReport(bytes: Uint8Array, type: TdReport["type"]): TdReport {
  const cursor = new ByteCursor(bytes);
  const measurement = () => cursor.take(MEASUREMENT_BYTES);
  const teeTcbSvn = cursor.take(16);
  const [mrSeam, mrSignerSeam] = [measurement(), measurement()];
  const [seamAttributes, tdAttributes, xfam] = [cursor.take(8), cursor.take(8), cursor.take(8)];
  const [mrTd, mrConfigId, mrOwner, mrOwnerConfig] = [
    measurement(),
    measurement(),
    measurement(),
    measurement(),
  ];
  const rtmr = [measurement(), measurement(), measurement(), measurement()] as const;
  const reportData = cursor.take(64);
  const extended = type === "td15" ? { teeTcbSvn2: cursor.take(16), mrServiceTd: measurement() } : undefined;
  return {
    type,
    teeTcbSvn,
    mrSeam,
    mrSignerSeam,
    seamAttributes,
    tdAttributes,
    xfam,
    mrTd,
    mrConfigId,
    mrOwner,
    mrOwnerConfig,
    rtmr,
    reportData,
    extended,
  };
}

/** ATTRIBUTES.DEBUG of an enclave (Intel SDM, volume 3D, "ATTRIBUTES"): its memory can be read from outside. */
export function isDebugEnclave({ attributes }: EnclaveReport): boolean {
  return ((attributes[0] ?? 0) & 0x02) !== 0;
}

/** TUD, the low byte of a TD's attributes ("TD Under Debug"): any bit makes it untrusted, bit 0 is DEBUG. */
export function isDebugTd({ tdAttributes }: TdReport): boolean {
  return tdAttributes[0] !== 0;
}
