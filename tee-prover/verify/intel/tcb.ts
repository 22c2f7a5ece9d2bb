import { advisoriesDigest } from "./advisories.ts";
import type { PckExtensions } from "./pck.ts";
import type { EnclaveReport, TdReport } from "./reports.ts";
import type { EnclaveTcbLevel, TcbInfo, TcbLevel, TdxModuleIdentity } from "./tcb-info.ts";
import {
  type EnclaveStatus,
  mergeStatus,
  needsConfiguration,
  type PlatformStatus,
  type TcbStatus,
} from "./tcb-status.ts";

/** The verdict on the TCB, which policy judges; it says nothing about signatures. */
export type TcbAppraisal = {
  /** Undefined when the TCB is older than every level that Intel lists; `reason` says which part. */
  readonly status: TcbStatus | undefined;
  readonly reason: string | undefined;
  readonly advisoryIds: readonly string[];
  /** As L1 tells the advisories, 32 bytes. */
  readonly advisoriesDigest: Uint8Array;
  /** Status of each part by itself; undefined where it is older than every level. */
  readonly platformStatus: PlatformStatus | undefined;
  readonly qeStatus: EnclaveStatus | undefined;
  /** Of TDX modules from 1.5 on; earlier ones, and enclaves, have none. */
  readonly tdxModule: TdxModuleStatus | undefined;
  /** What Intel's own library says, where it differs: see `TDX_COMPONENTS_FROM`. */
  readonly intelStatus: TcbStatus | undefined;
};

export type TdxModuleStatus = {
  readonly id: string;
  readonly isvSvn: number;
  readonly status: EnclaveStatus | undefined;
};

export type TcbParts = {
  readonly tcbInfo: TcbInfo;
  readonly qeLevels: readonly EnclaveTcbLevel[];
  readonly qeReport: EnclaveReport;
  readonly pck: PckExtensions;
  readonly body: EnclaveReport | TdReport;
};

/**
 * The first component of a TD's TCB that is compared with a level's. Intel's library leaves out the first two,
 * the module's own version, when the module's major version is not 0, and judges them by the module's
 * identity only. dcap-qvl compares all. Here both must hold: all are compared, and the module's identity counts too.
 */
const TDX_COMPONENTS_FROM = { strict: 0, intel: 2 } as const;

function atLeast(found: ArrayLike<number>, wanted: readonly number[], from: number): boolean {
  return wanted.every((svn, i) => i < from || (found[i] ?? -1) >= svn);
}

/** Major version of the TDX module: 0 for modules before 1.5. */
export function moduleVersion({ teeTcbSvn }: TdReport): number {
  return teeTcbSvn[1] ?? 0;
}

/** `TDX_01` for major version 1. */
function identityOf(tcbInfo: TcbInfo, version: number): TdxModuleIdentity | undefined {
  const id = `TDX_${version.toString(16).toUpperCase().padStart(2, "0")}`;
  return tcbInfo.tdxModuleIdentities.find((identity) => identity.id === id);
}

/** The identity that Intel publishes for the module a TD was started on; undefined when there is none. */
export function moduleIdentity(tcbInfo: TcbInfo, report: TdReport): TdxModuleIdentity | undefined {
  return identityOf(tcbInfo, moduleVersion(report));
}

/** Best level first: the first one that the security version reaches. */
function enclaveLevel(levels: readonly EnclaveTcbLevel[], isvSvn: number): EnclaveTcbLevel | undefined {
  return levels.find((level) => isvSvn >= level.isvSvn);
}

type PlatformLevels = { readonly sgx: TcbLevel | undefined; readonly matched: TcbLevel | undefined };

/** Steps 4.1.2.4.17.1 to .3: the first level that every component, the PCE and, on TDX, the TD's TCB reach. */
function platformLevels({ tcbInfo, pck, body }: TcbParts, tdxFrom: number): PlatformLevels {
  const sgx = tcbInfo.levels.filter(
    (level) => atLeast(pck.components, level.components, 0) && pck.pceSvn >= level.pceSvn,
  );
  const matched =
    body.type === "sgx" ? sgx[0] : sgx.find((level) => atLeast(body.teeTcbSvn, level.tdxComponents, tdxFrom));
  return { sgx: sgx[0], matched };
}

/** The TDX module's level; modules before 1.5 are judged by the platform's level alone (4.1.2.4.17.4.1). */
function moduleLevel({ tcbInfo, body }: TcbParts): EnclaveTcbLevel | undefined {
  if (body.type === "sgx" || moduleVersion(body) === 0)
    return { isvSvn: 0, status: "UpToDate", advisoryIds: [] };
  return enclaveLevel(moduleIdentity(tcbInfo, body)?.levels ?? [], body.teeTcbSvn[0] ?? 0);
}

const CURRENT_STATUSES: readonly PlatformStatus[] = [
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
];

/** The module that runs now is Intel's newest, though the TD was started on an older one. */
function runsOnNewest({ tcbInfo }: TcbParts, teeTcbSvn2: Uint8Array): boolean {
  const newest = tcbInfo.levels[0]?.tdxComponents;
  const [svn = 0, version = 0, late = 0] = teeTcbSvn2;
  if (newest === undefined || late < (newest[2] ?? 0)) return false;
  if (version === 0) return svn >= (newest[0] ?? 0);
  const module = identityOf(tcbInfo, version)?.levels[0];
  return module !== undefined && svn >= module.isvSvn;
}

/** Step 4.1.2.4.17.4.3: a TD 1.5 that only has to be started again says so by its own status. */
function adviseRelaunch(
  parts: TcbParts,
  status: TcbStatus,
  sgxStatus: PlatformStatus,
  module: EnclaveStatus,
  qe: EnclaveStatus,
): TcbStatus {
  const { body } = parts;
  if (body.type === "sgx" || body.extended === undefined || qe !== "UpToDate" || module !== "OutOfDate") {
    return status;
  }
  const outOfDate = status === "OutOfDate" || status === "OutOfDateConfigurationNeeded";
  if (!outOfDate || !CURRENT_STATUSES.includes(sgxStatus)) return status;
  if (!runsOnNewest(parts, body.extended.teeTcbSvn2)) return status;
  return needsConfiguration(sgxStatus) || needsConfiguration(status)
    ? "TDRelaunchAdvisedConfigurationNeeded"
    : "TDRelaunchAdvised";
}

type Verdict = Omit<TcbAppraisal, "intelStatus" | "tdxModule">;

function verdict(parts: TcbParts, tdxFrom: number): Verdict {
  const { sgx, matched } = platformLevels(parts, tdxFrom);
  const module = moduleLevel(parts);
  const qe = enclaveLevel(parts.qeLevels, parts.qeReport.isvSvn);
  const statuses = { platformStatus: matched?.status, qeStatus: qe?.status };
  if (sgx === undefined || matched === undefined || module === undefined || qe === undefined) {
    const part = matched === undefined ? "platform" : module === undefined ? "TDX module" : "QE";
    const reason = `the ${part} is older than every level that Intel lists`;
    const none = { platform: [], module: [], qe: [] };
    return {
      status: undefined,
      reason,
      advisoryIds: [],
      advisoriesDigest: advisoriesDigest(none),
      ...statuses,
    };
  }
  const lists = { platform: matched.advisoryIds, module: module.advisoryIds, qe: qe.advisoryIds };
  const advisoryIds = [...new Set([...lists.platform, ...lists.module, ...lists.qe])];
  const onModule = mergeStatus(matched.status, module.status);
  const relaunch = adviseRelaunch(parts, onModule, sgx.status, module.status, qe.status);
  const status = mergeStatus(relaunch, qe.status);
  return { status, reason: undefined, advisoryIds, advisoriesDigest: advisoriesDigest(lists), ...statuses };
}

function tdxModuleStatus(parts: TcbParts): TdxModuleStatus | undefined {
  const { tcbInfo, body } = parts;
  const identity =
    body.type === "sgx" || moduleVersion(body) === 0 ? undefined : moduleIdentity(tcbInfo, body);
  if (body.type === "sgx" || identity === undefined) return undefined;
  return { id: identity.id, isvSvn: body.teeTcbSvn[0] ?? 0, status: moduleLevel(parts)?.status };
}

/** Step 11: the levels of platform, TDX module and QE, and the one status that they make together. */
export function appraiseTcb(parts: TcbParts): TcbAppraisal {
  const { body } = parts;
  const strict = verdict(parts, TDX_COMPONENTS_FROM.strict);
  const intelFrom =
    body.type !== "sgx" && moduleVersion(body) > 0 ? TDX_COMPONENTS_FROM.intel : TDX_COMPONENTS_FROM.strict;
  return { ...strict, tdxModule: tdxModuleStatus(parts), intelStatus: verdict(parts, intelFrom).status };
}
