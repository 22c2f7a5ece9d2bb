import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { configInvalid, type JsonObject } from "@phala-l2/protocol/config/json-reader";
import { parseIsoTime } from "../certificates/time.ts";
import { COMPONENTS } from "./pck.ts";
import {
  ENCLAVE_STATUSES,
  type EnclaveStatus,
  PLATFORM_STATUSES,
  type PlatformStatus,
} from "./tcb-status.ts";

/** How long Intel's statement holds: Unix seconds, both ends included. */
export type Validity = { readonly issueDate: bigint; readonly nextUpdate: bigint };

export type TcbLevel = {
  readonly components: readonly number[];
  readonly pceSvn: number;
  /** Of TDX platforms. */
  readonly tdxComponents: readonly number[];
  readonly status: PlatformStatus;
  readonly advisoryIds: readonly string[];
};

/** A level of one enclave or module, by its security version. */
export type EnclaveTcbLevel = {
  readonly isvSvn: number;
  readonly status: EnclaveStatus;
  readonly advisoryIds: readonly string[];
};

/** What a TDX module's identity must be. */
export type TdxModule = {
  readonly mrSigner: Uint8Array;
  readonly attributes: Uint8Array;
  readonly attributesMask: Uint8Array;
};

export type TdxModuleIdentity = TdxModule & {
  /** `TDX_01`: the module's major version in hex. */
  readonly id: string;
  readonly levels: readonly EnclaveTcbLevel[];
};

/** TCB information, version 3 (Intel PCS API version 4, "Get SGX TCB Info", "Get TDX TCB Info"). */
export type TcbInfo = Validity & {
  readonly id: "SGX" | "TDX";
  readonly fmspc: string;
  readonly pceId: string;
  readonly evaluationDataNumber: number;
  readonly tdxModule: TdxModule | undefined;
  readonly tdxModuleIdentities: readonly TdxModuleIdentity[];
  /** Best first, as Intel publishes them. */
  readonly levels: readonly TcbLevel[];
};

const BYTE_MAX = 255n;
const U16_MAX = 65_535n;
const U32_MAX = 0xffff_ffffn;

export function readNumber(json: JsonObject, name: string, max: bigint): number {
  return Number(json.integer(name, max));
}

/** One of a closed list of words. */
export function readWord<Word extends string>(json: JsonObject, name: string, words: readonly Word[]): Word {
  const text = json.text(name);
  const word = words.find((each) => each === text);
  if (word === undefined) throw configInvalid(json.pathOf(name), `one of ${words.join(", ")} is wanted`);
  return word;
}

function readDate(json: JsonObject, name: string): bigint {
  const seconds = parseIsoTime(json.text(name));
  if (seconds === undefined)
    throw configInvalid(json.pathOf(name), "a time like 2026-01-31T12:00:00Z is wanted");
  return seconds;
}

export function readValidity(json: JsonObject): Validity {
  return { issueDate: readDate(json, "issueDate"), nextUpdate: readDate(json, "nextUpdate") };
}

export function readEvaluationDataNumber(json: JsonObject): number {
  return readNumber(json, "tcbEvaluationDataNumber", U32_MAX);
}

function readAdvisoryIds(json: JsonObject): readonly string[] {
  return json.has("advisoryIDs") ? json.texts("advisoryIDs") : [];
}

/** Levels of the QE and of TDX modules. */
export function readEnclaveLevels(json: JsonObject): readonly EnclaveTcbLevel[] {
  return json.objects("tcbLevels").map((level) => ({
    isvSvn: readNumber(level.object("tcb"), "isvsvn", U16_MAX),
    status: readWord(level, "tcbStatus", ENCLAVE_STATUSES),
    advisoryIds: readAdvisoryIds(level),
  }));
}

function readComponents(tcb: JsonObject, name: string): readonly number[] {
  const components = tcb.objects(name).map((component) => readNumber(component, "svn", BYTE_MAX));
  if (components.length !== COMPONENTS) {
    throw configInvalid(tcb.pathOf(name), `${COMPONENTS} components are wanted`);
  }
  return components;
}

function readModule(json: JsonObject): TdxModule {
  return {
    mrSigner: json.bytes("mrsigner", 48),
    attributes: json.bytes("attributes", 8),
    attributesMask: json.bytes("attributesMask", 8),
  };
}

function readLevel(json: JsonObject, id: TcbInfo["id"]): TcbLevel {
  const tcb = json.object("tcb");
  return {
    components: readComponents(tcb, "sgxtcbcomponents"),
    pceSvn: readNumber(tcb, "pcesvn", U16_MAX),
    tdxComponents: id === "TDX" ? readComponents(tcb, "tdxtcbcomponents") : [],
    status: readWord(json, "tcbStatus", PLATFORM_STATUSES),
    advisoryIds: readAdvisoryIds(json),
  };
}

function hexField(json: JsonObject, name: string, length: number): string {
  return toHex(json.bytes(name, length)).slice(2);
}

/** Reads TCB information of version 3. @throws RollupError CONFIG_INVALID with the field's path */
export function readTcbInfo(json: JsonObject): TcbInfo {
  if (json.integer("version") !== 3n) throw configInvalid("version", "version 3 is wanted");
  // The only way of comparing levels that Intel has defined.
  if (json.integer("tcbType") !== 0n) throw configInvalid("tcbType", "type 0 is wanted");
  const id = readWord(json, "id", ["SGX", "TDX"]);
  const identities =
    id === "TDX" && json.has("tdxModuleIdentities") ? json.objects("tdxModuleIdentities") : [];
  return {
    ...readValidity(json),
    id,
    fmspc: hexField(json, "fmspc", 6),
    pceId: hexField(json, "pceId", 2),
    evaluationDataNumber: readEvaluationDataNumber(json),
    tdxModule: id === "TDX" ? readModule(json.object("tdxModule")) : undefined,
    tdxModuleIdentities: identities.map((identity) => ({
      id: identity.text("id").toUpperCase(),
      ...readModule(identity),
      levels: readEnclaveLevels(identity),
    })),
    levels: json.objects("tcbLevels").map((level) => readLevel(level, id)),
  };
}

/** Identity of the quoting enclave, version 2 (Intel PCS API version 4, "Get SGX/TDX QE Identity"). */
export type QeIdentity = Validity & {
  readonly id: "QE" | "TD_QE";
  readonly evaluationDataNumber: number;
  /** Little-endian, as in a report: Intel's JSON has it as a number in hex. */
  readonly miscSelect: Uint8Array;
  readonly miscSelectMask: Uint8Array;
  readonly attributes: Uint8Array;
  readonly attributesMask: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly isvProdId: number;
  readonly levels: readonly EnclaveTcbLevel[];
};

/** Reads a QE identity of version 2. @throws RollupError CONFIG_INVALID with the field's path */
export function readQeIdentity(json: JsonObject): QeIdentity {
  if (json.integer("version") !== 2n) throw configInvalid("version", "version 2 is wanted");
  return {
    ...readValidity(json),
    id: readWord(json, "id", ["QE", "TD_QE"]),
    evaluationDataNumber: readEvaluationDataNumber(json),
    miscSelect: fromHex(hexField(json, "miscselect", 4)).toReversed(),
    miscSelectMask: fromHex(hexField(json, "miscselectMask", 4)).toReversed(),
    attributes: json.bytes("attributes", 16),
    attributesMask: json.bytes("attributesMask", 16),
    mrSigner: json.bytes("mrsigner", 32),
    isvProdId: readNumber(json, "isvprodid", U16_MAX),
    levels: readEnclaveLevels(json),
  };
}
