/** What Intel says of a platform's TCB (PCS API version 4, `tcbStatus`). */
export const PLATFORM_STATUSES = [
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDate",
  "OutOfDateConfigurationNeeded",
  "Revoked",
] as const;
export type PlatformStatus = (typeof PLATFORM_STATUSES)[number];

/** What Intel says of the quoting enclave and of TDX modules. */
export const ENCLAVE_STATUSES = ["UpToDate", "OutOfDate", "Revoked"] as const;
export type EnclaveStatus = (typeof ENCLAVE_STATUSES)[number];

/**
 * The status of all parts together. A TD 1.5 whose platform was updated under it is told to start again
 * ("TD relaunch advised"): its keys were born on the old module.
 */
export const TCB_STATUSES = [
  ...PLATFORM_STATUSES,
  "TDRelaunchAdvised",
  "TDRelaunchAdvisedConfigurationNeeded",
] as const;
export type TcbStatus = (typeof TCB_STATUSES)[number];

const CONFIGURATION_STATUSES: readonly TcbStatus[] = [
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDateConfigurationNeeded",
  "TDRelaunchAdvisedConfigurationNeeded",
];

export function needsConfiguration(status: TcbStatus): boolean {
  return CONFIGURATION_STATUSES.includes(status);
}

/**
 * A platform's status together with that of the QE or of the TDX module (Intel's verification library,
 * convergeTcbStatusWithQeTcbStatus and convergeTcbStatusWithTdxModuleStatus: steps 4.1.2.4.17.4 and .5).
 */
export function mergeStatus(status: TcbStatus, part: EnclaveStatus): TcbStatus {
  if (part === "Revoked") return "Revoked";
  if (part === "UpToDate") return status;
  if (status === "UpToDate" || status === "SWHardeningNeeded") return "OutOfDate";
  if (status === "ConfigurationNeeded" || status === "ConfigurationAndSWHardeningNeeded") {
    return "OutOfDateConfigurationNeeded";
  }
  return status;
}
