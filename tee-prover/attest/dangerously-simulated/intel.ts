import { createHash } from "node:crypto";
import { concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import type { PinnedRoot } from "../../verify/certificates/chain.ts";
import {
  CA_USAGE,
  type CertificateDraft,
  type CrlDraft,
  DAY,
  type Issued,
  issueCertificate,
  issueCrl,
  type Key,
  LEAF_USAGE,
  NOW,
  newKey,
  pemOf,
  pinned,
  pointOf,
  signRaw,
} from "./authority.ts";
import { element, integer, objectIdentifier, octets, sequence } from "./der-writer.ts";

const SGX = "1.2.840.113741.1.13.1";
export const FMSPC = "00a1b2c3d4e5";
export const PPID = "0123456789abcdef0123456789abcdef";
/** Security versions of the development platform. */
export const COMPONENTS: readonly number[] = [7, 7, 2, 2, 3, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];
export const TDX_COMPONENTS: readonly number[] = [5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
export const PCE_SVN = 11;
export const QE_ISV_SVN = 8;
const QE_MR_SIGNER = "11".repeat(32);
const QE_ATTRIBUTES = "11000000000000000000000000000000";

export type PckDraft = {
  readonly components?: readonly number[];
  readonly pceSvn?: number;
  readonly fmspc?: string;
  readonly pceId?: string;
  readonly ppid?: string;
  /** What stands in the extension instead of all this. */
  readonly extension?: Uint8Array;
};

/** Intel's extension of a PCK certificate. */
export function pckExtension(draft: PckDraft = {}): Uint8Array {
  const { components = COMPONENTS, pceSvn = PCE_SVN, fmspc = FMSPC, pceId = "0000", ppid = PPID } = draft;
  const entry = (path: string, value: Uint8Array) => sequence(objectIdentifier(`${SGX}.${path}`), value);
  const tcb = sequence(
    ...components.map((svn, i) => entry(`2.${i + 1}`, integer(svn))),
    entry("2.17", integer(pceSvn)),
    entry("2.18", octets(Uint8Array.from(components))),
  );
  return sequence(
    entry("1", octets(fromHex(ppid))),
    entry("2", tcb),
    entry("3", octets(fromHex(pceId))),
    entry("4", octets(fromHex(fmspc))),
    entry("5", element(0x0a, Uint8Array.of(1))),
  );
}

export type WorldDraft = {
  readonly root?: Partial<CertificateDraft>;
  readonly pckCa?: Partial<CertificateDraft>;
  readonly tcbSigner?: Partial<CertificateDraft>;
  readonly pck?: Partial<CertificateDraft>;
  readonly platform?: PckDraft;
  /** By name; a key that is not given is new. */
  readonly keys?: Readonly<Partial<Record<IntelKeyName, Key>>>;
};

export type IntelKeyName = "root" | "pckCa" | "tcbSigner" | "pck" | "attestation";

/** A development Intel: certificates in the real format under a root of its own. */
export type World = {
  readonly root: Issued;
  readonly pckCa: Issued;
  readonly tcbSigner: Issued;
  readonly pck: Issued;
  readonly attestationKey: Key;
  readonly roots: readonly PinnedRoot[];
};

export function issueWorld(draft: WorldDraft = {}): World {
  const authority = { ca: true, keyUsage: CA_USAGE };
  const leaf = { ca: false, keyUsage: LEAF_USAGE };
  const { keys = {} } = draft;
  const root = issueCertificate(
    { subject: "Intel SGX Root CA", ...authority, pathLength: 1, ...draft.root },
    undefined,
    keys.root,
  );
  const pckCa = issueCertificate(
    { subject: "Intel SGX PCK Platform CA", ...authority, pathLength: 0, ...draft.pckCa },
    root,
    keys.pckCa,
  );
  const tcbSigner = issueCertificate(
    { subject: "Intel SGX TCB Signing", ...leaf, ...draft.tcbSigner },
    root,
    keys.tcbSigner,
  );
  const extension = draft.platform?.extension ?? pckExtension(draft.platform);
  const pck = issueCertificate(
    {
      subject: "Intel SGX PCK Certificate",
      ...leaf,
      extensions: [{ oid: SGX, critical: false, value: extension }],
      ...draft.pck,
    },
    pckCa,
    keys.pck,
  );
  const attestationKey = keys.attestation ?? newKey();
  return { root, pckCa, tcbSigner, pck, attestationKey, roots: [pinned(root)] };
}

/** Fields at their places; the rest is zero. */
function layout(length: number, fields: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const [at, field] of fields) bytes.set(field, at);
  return bytes;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function u32(value: number): Uint8Array {
  return concatBytes(u16(value & 0xffff), u16(value >>> 16));
}

export type EnclaveDraft = {
  readonly attributes?: string;
  readonly miscSelect?: string;
  readonly mrEnclave?: string;
  readonly mrSigner?: string;
  readonly isvProdId?: number;
  readonly isvSvn?: number;
  readonly reportData?: Uint8Array;
};

export function enclaveReport(draft: EnclaveDraft): Uint8Array {
  return layout(384, [
    [0, Uint8Array.from(COMPONENTS)],
    [16, fromHex(draft.miscSelect ?? "00000000")],
    [48, fromHex(draft.attributes ?? "0500000000000000e700000000000000")],
    [64, fromHex(draft.mrEnclave ?? "a1".repeat(32))],
    [128, fromHex(draft.mrSigner ?? "a2".repeat(32))],
    [256, u16(draft.isvProdId ?? 0)],
    [258, u16(draft.isvSvn ?? 0)],
    [320, draft.reportData ?? new Uint8Array(64).fill(0xa3)],
  ]);
}

export type TdDraft = {
  readonly teeTcbSvn?: readonly number[];
  readonly mrSignerSeam?: string;
  readonly seamAttributes?: string;
  readonly tdAttributes?: string;
  readonly xfam?: string;
  readonly teeTcbSvn2?: readonly number[];
  readonly mrServiceTd?: string;
  readonly mrTd?: Uint8Array;
  readonly mrConfigId?: Uint8Array;
  readonly mrOwner?: Uint8Array;
  readonly mrOwnerConfig?: Uint8Array;
  readonly reportData?: Uint8Array;
  readonly rtmr?: readonly Uint8Array[];
};

export function tdReport(type: "td10" | "td15", draft: TdDraft = {}): Uint8Array {
  // MRTD, MRCONFIGID, MROWNER, MROWNERCONFIG, then the four RTMRs.
  const { mrTd, mrConfigId, mrOwner, mrOwnerConfig, rtmr = [] } = draft;
  const given = [mrTd, mrConfigId, mrOwner, mrOwnerConfig, ...rtmr];
  const measurements = Array.from({ length: 8 }, (_, i) => given[i] ?? new Uint8Array(48).fill(0xb0 + i));
  return layout(type === "td10" ? 584 : 648, [
    [0, Uint8Array.from(draft.teeTcbSvn ?? TDX_COMPONENTS)],
    [16, new Uint8Array(48).fill(0xbb)],
    [64, fromHex(draft.mrSignerSeam ?? "00".repeat(48))],
    [112, fromHex(draft.seamAttributes ?? "0000000000000000")],
    [120, fromHex(draft.tdAttributes ?? "0000001000000000")],
    [128, fromHex(draft.xfam ?? "e700060000000000")],
    [136, concatBytes(...measurements)],
    [520, draft.reportData ?? new Uint8Array(64).fill(0xbc)],
    ...(type === "td10"
      ? []
      : ([
          [584, Uint8Array.from(draft.teeTcbSvn2 ?? TDX_COMPONENTS)],
          [600, fromHex(draft.mrServiceTd ?? "00".repeat(48))],
        ] as const)),
  ]);
}

export type QuoteDraft = {
  readonly format: "sgx" | "td10" | "td15";
  /** A TD 1.0 fits version 4 (default) and 5. */
  readonly version?: number;
  readonly keyType?: number;
  readonly teeType?: number;
  readonly vendor?: string;
  readonly enclave?: EnclaveDraft;
  readonly td?: TdDraft;
  readonly qe?: EnclaveDraft;
  readonly authenticationData?: Uint8Array;
  /** x | y that stands for the attestation key. */
  readonly attestationPoint?: Uint8Array;
  readonly chain?: string;
  readonly certificationType?: number;
  readonly padding?: Uint8Array;
  readonly bodyType?: number;
  readonly bodySize?: number;
};

const QE_ID = "939a7233f79c4ca9940a0db3957f0607";

function certified(type: number, data: Uint8Array): Uint8Array {
  return concatBytes(u16(type), u32(data.length), data);
}

/** A quote in the real format, signed by the world's keys. */
export function issueQuote(world: World, draft: QuoteDraft): Uint8Array {
  const { format } = draft;
  const version = draft.version ?? { sgx: 3, td10: 4, td15: 5 }[format];
  const body = format === "sgx" ? enclaveReport(draft.enclave ?? {}) : tdReport(format, draft.td);
  const header = layout(48, [
    [0, u16(version)],
    [2, u16(draft.keyType ?? 2)],
    [4, u32(draft.teeType ?? (format === "sgx" ? 0 : 0x81))],
    [12, fromHex(draft.vendor ?? QE_ID)],
  ]);
  const descriptor = concatBytes(
    u16(draft.bodyType ?? (format === "td15" ? 3 : 2)),
    u32(draft.bodySize ?? body.length),
  );
  const signed = concatBytes(header, ...(version === 5 ? [descriptor] : []), body);
  const data = draft.authenticationData ?? Uint8Array.from({ length: 32 }, (_, i) => i);
  const point = draft.attestationPoint ?? pointOf(world.attestationKey);
  const reportData = new Uint8Array(64);
  reportData.set(createHash("sha256").update(point).update(data).digest());
  const qe = enclaveReport({
    attributes: QE_ATTRIBUTES,
    mrSigner: QE_MR_SIGNER,
    isvSvn: QE_ISV_SVN,
    reportData,
    isvProdId: format === "sgx" ? 1 : 2,
    ...draft.qe,
  });
  const chain = new TextEncoder().encode(draft.chain ?? `${pemOf(world.pck, world.pckCa, world.root)}\0`);
  const report = concatBytes(
    ...[qe, signRaw(world.pck.key, qe), u16(data.length), data],
    certified(draft.certificationType ?? 5, chain),
  );
  const authentication = concatBytes(
    ...[signRaw(world.attestationKey, signed), point],
    version === 3 ? report : certified(6, report),
  );
  const padding = draft.padding ?? new Uint8Array(0);
  return concatBytes(signed, u32(authentication.length), authentication, padding);
}

type Json = Record<string, unknown>;

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

const WINDOW = { issueDate: iso(NOW - DAY), nextUpdate: iso(NOW + 29n * DAY), tcbEvaluationDataNumber: 19 };

export type LevelDraft = {
  readonly components?: readonly number[];
  readonly tdxComponents?: readonly number[];
  readonly pceSvn?: number;
  readonly status?: string;
  readonly advisoryIds?: readonly string[];
};

/** One level of TCB information, in Intel's JSON. */
export function levelOf(tee: "sgx" | "tdx", draft: LevelDraft = {}): Json {
  const svns = (list: readonly number[]) => list.map((svn) => ({ svn }));
  return {
    tcb: {
      sgxtcbcomponents: svns(draft.components ?? COMPONENTS),
      pcesvn: draft.pceSvn ?? PCE_SVN,
      ...(tee === "tdx" ? { tdxtcbcomponents: svns(draft.tdxComponents ?? TDX_COMPONENTS) } : {}),
    },
    tcbDate: "2025-05-14T00:00:00Z",
    tcbStatus: draft.status ?? "UpToDate",
    ...(draft.advisoryIds === undefined ? {} : { advisoryIDs: draft.advisoryIds }),
  };
}

const MODULE = { mrsigner: "00".repeat(48), attributes: "00".repeat(8), attributesMask: "FF".repeat(8) };

/** An identity of TDX modules, in Intel's JSON; levels as (isvsvn, status). */
export function moduleOf(id: string, levels: readonly (readonly [number, string])[]): Json {
  const tcbLevels = levels.map(([isvsvn, tcbStatus]) => ({
    tcb: { isvsvn },
    tcbDate: "2025-05-14T00:00:00Z",
    tcbStatus,
  }));
  return { id, ...MODULE, tcbLevels };
}

export function tcbInfoOf(tee: "sgx" | "tdx", changes: Json = {}): Json {
  const tdx = {
    tdxModule: MODULE,
    tdxModuleIdentities: [
      moduleOf("TDX_03", [[3, "UpToDate"]]),
      moduleOf("TDX_01", [
        [5, "UpToDate"],
        [4, "OutOfDate"],
        [2, "Revoked"],
      ]),
    ],
  };
  return {
    id: tee.toUpperCase(),
    version: 3,
    ...WINDOW,
    fmspc: FMSPC.toUpperCase(),
    pceId: "0000",
    tcbType: 0,
    ...(tee === "tdx" ? tdx : {}),
    tcbLevels: [levelOf(tee)],
    ...changes,
  };
}

export function qeIdentityOf(tee: "sgx" | "tdx", changes: Json = {}): Json {
  return {
    id: tee === "sgx" ? "QE" : "TD_QE",
    version: 2,
    ...WINDOW,
    miscselect: "00000000",
    miscselectMask: "FFFFFFFF",
    attributes: QE_ATTRIBUTES,
    attributesMask: "FBFFFFFFFFFFFFFF0000000000000000",
    mrsigner: QE_MR_SIGNER,
    isvprodid: tee === "sgx" ? 1 : 2,
    tcbLevels: [
      { tcb: { isvsvn: QE_ISV_SVN }, tcbDate: "2025-05-14T00:00:00Z", tcbStatus: "UpToDate" },
      { tcb: { isvsvn: 6 }, tcbDate: "2024-05-14T00:00:00Z", tcbStatus: "OutOfDate", advisoryIDs: ["QE-1"] },
      { tcb: { isvsvn: 4 }, tcbDate: "2023-05-14T00:00:00Z", tcbStatus: "Revoked" },
    ],
    ...changes,
  };
}

export type CollateralDraft = {
  readonly tcbInfo?: Json;
  readonly qeIdentity?: Json;
  readonly rootCrl?: CrlDraft;
  readonly pckCrl?: CrlDraft;
  /** Fields of the file as they shall be, after everything was signed. */
  readonly fields?: Readonly<Record<string, unknown>>;
};

/** The fields of a collateral file, signed by the world's keys. */
export function collateralFields(world: World, tee: "sgx" | "tdx", draft: CollateralDraft = {}) {
  const tcbInfo = JSON.stringify(tcbInfoOf(tee, draft.tcbInfo));
  const qeIdentity = JSON.stringify(qeIdentityOf(tee, draft.qeIdentity));
  const signature = (json: string) =>
    toHex(signRaw(world.tcbSigner.key, new TextEncoder().encode(json))).slice(2);
  return {
    root_ca_crl: toHex(issueCrl(world.root, draft.rootCrl)).slice(2),
    pck_crl: toHex(issueCrl(world.pckCa, draft.pckCrl)).slice(2),
    pck_crl_issuer_chain: pemOf(world.pckCa, world.root),
    tcb_info: tcbInfo,
    tcb_info_signature: signature(tcbInfo),
    tcb_info_issuer_chain: pemOf(world.tcbSigner, world.root),
    qe_identity: qeIdentity,
    qe_identity_signature: signature(qeIdentity),
    qe_identity_issuer_chain: pemOf(world.tcbSigner, world.root),
    ...draft.fields,
  };
}

export function issueCollateral(world: World, tee: "sgx" | "tdx", draft: CollateralDraft = {}): string {
  return JSON.stringify(collateralFields(world, tee, draft));
}
