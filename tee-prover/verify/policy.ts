import { configInvalid, JsonObject } from "@phala-l2/protocol/config/json-reader";
import { type AmdPolicy, STRICT_AMD_POLICY } from "./amd/policy.ts";
import { readAmdPolicy } from "./amd/policy-file.ts";
import { type DstackPolicy, readDstackPolicy, STRICT_DSTACK_POLICY } from "./dstack/policy.ts";
import {
  type BitRule,
  type Grace,
  type IntelPolicy,
  STRICT_INTEL_POLICY,
  TD_MEASUREMENTS,
  type TdMeasurement,
} from "./intel/policy.ts";
import { TCB_STATUSES } from "./intel/tcb-status.ts";
import { type NvidiaPolicy, STRICT_NVIDIA_POLICY } from "./nvidia/policy.ts";
import { readNvidiaPolicy } from "./nvidia/policy-file.ts";
import { hexList, number, onlyKnown, section } from "./policy-fields.ts";

/** What is accepted of genuine evidence, one section a vendor. */
export type EvidencePolicy = {
  readonly intel: IntelPolicy;
  readonly amd: AmdPolicy;
  readonly nvidia: NvidiaPolicy;
  readonly dstack: DstackPolicy;
};

/** Holds where no file says otherwise. */
export const STRICT_POLICY: EvidencePolicy = {
  intel: STRICT_INTEL_POLICY,
  amd: STRICT_AMD_POLICY,
  nvidia: STRICT_NVIDIA_POLICY,
  dstack: STRICT_DSTACK_POLICY,
};

const U16_MAX = 65_535n;
const U32_MAX = 0xffff_ffffn;
const MEASUREMENT_BYTES = 48;

function bitRule(json: JsonObject | undefined, name: string, fallback: BitRule): BitRule {
  if (json === undefined || !json.has(name)) return fallback;
  const rule = onlyKnown(json.object(name), ["mask", "value"]);
  return { mask: rule.bytes("mask", 8), value: rule.bytes("value", 8) };
}

/** Statuses that no grace is for: the one needs none, the other gets none. */
function isGraceStatus(status: (typeof TCB_STATUSES)[number]): status is Grace["status"] {
  return status !== "UpToDate" && status !== "Revoked";
}

function readGrace(json: JsonObject): Grace {
  onlyKnown(json, ["status", "until", "advisoryIds"]);
  const allowed = TCB_STATUSES.filter(isGraceStatus);
  const status = allowed.find((each) => each === json.text("status"));
  if (status === undefined)
    throw configInvalid(json.pathOf("status"), `one of ${allowed.join(", ")} is wanted`);
  const advisoryIds = json.has("advisoryIds") ? json.texts("advisoryIds") : undefined;
  return { status, until: json.integer("until"), advisoryIds };
}

function readMeasurements(tdx: JsonObject | undefined): IntelPolicy["tdMeasurements"] {
  const lists: Partial<Record<TdMeasurement, readonly string[]>> = { ...STRICT_INTEL_POLICY.tdMeasurements };
  for (const name of TD_MEASUREMENTS) {
    const list = hexList(tdx, name, MEASUREMENT_BYTES);
    if (list !== undefined) lists[name] = list;
  }
  return lists;
}

function readIntel(root: JsonObject): IntelPolicy {
  const strict = STRICT_INTEL_POLICY;
  const intel = section(root, "intel", ["grace", "minimumTcbEvaluationDataNumber", "ppids"]);
  const tdx = section(root, "tdx", ["attributes", "xfam", ...TD_MEASUREMENTS]);
  const sgx = section(root, "sgx", ["mrEnclave", "mrSigner", "isvProdId", "minimumIsvSvn"]);
  return {
    grace: intel?.has("grace") === true ? intel.objects("grace").map(readGrace) : strict.grace,
    minimumTcbEvaluationDataNumber:
      number(intel, "minimumTcbEvaluationDataNumber", U32_MAX) ?? strict.minimumTcbEvaluationDataNumber,
    ppids: hexList(intel, "ppids", 16),
    tdAttributes: bitRule(tdx, "attributes", strict.tdAttributes),
    xfam: bitRule(tdx, "xfam", strict.xfam),
    tdMeasurements: readMeasurements(tdx),
    mrEnclaves: hexList(sgx, "mrEnclave", 32),
    mrSigners: hexList(sgx, "mrSigner", 32),
    isvProdId: number(sgx, "isvProdId", U16_MAX),
    minimumIsvSvn: number(sgx, "minimumIsvSvn", U16_MAX) ?? strict.minimumIsvSvn,
  };
}

/**
 * Reads a policy file (docs/operate/evidence.md). What it does not mention stays as strict as the default; a field
 * that is not known is an error. @throws RollupError CONFIG_INVALID with the field's path; SyntaxError when it is no JSON
 */
export function parsePolicy(text: string): EvidencePolicy {
  const sections = ["intel", "tdx", "sgx", "amd", "sevSnp", "nvidia", "dstack"];
  const root = onlyKnown(new JsonObject(JSON.parse(text), ""), sections);
  return {
    intel: readIntel(root),
    amd: readAmdPolicy(root),
    nvidia: readNvidiaPolicy(root),
    dstack: readDstackPolicy(root),
  };
}
