import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { configInvalid, JsonObject } from "@phala-l2/protocol/config/json-reader";
import { hexList, number, section } from "../policy-fields.ts";
import {
  type AmdPolicy,
  type FlagRule,
  NO_MINIMUM,
  SNP_VALUES,
  type SnpValue,
  STRICT_AMD_POLICY,
} from "./policy.ts";
import { chipIdBytes, PRODUCTS, type Product } from "./product.ts";
import {
  type FirmwareVersion,
  GUEST_POLICY,
  type GuestPolicyFlag,
  PLATFORM_INFO,
  type PlatformFlag,
  REPORT_VERSIONS,
} from "./report.ts";
import { partsOf, type TcbPart, type TcbVersion } from "./tcb.ts";

const U32_MAX = 0xffff_ffffn;
const BYTE_MAX = 255n;

/** Lengths of the values that may be pinned. */
const VALUE_BYTES: Readonly<Record<SnpValue, number>> = {
  measurement: 48,
  hostData: 32,
  idKeyDigest: 48,
  authorKeyDigest: 48,
  familyId: 16,
  imageId: 16,
  reportData: 64,
};

const AMD_FIELDS = [
  ...["products", "endorsements", "cloudProviders", "chipIds", "acceptMaskedChipId", "requireCrl"],
  ...["platformInfo", "minimumTcb", "minimumFirmware", "outOfDateUntil", "mitigations"],
];
const SNP_FIELDS = [
  ...["minimumReportVersion", "maximumVmpl", "guestPolicy", "minimumAbi", "minimumGuestSvn", ...SNP_VALUES],
];

/** A list of words, each one of those that are known; undefined when it is absent. */
function words<Word extends string>(
  json: JsonObject | undefined,
  name: string,
  known: readonly Word[],
): readonly Word[] | undefined {
  if (json === undefined || !json.has(name)) return undefined;
  return json.texts(name).map((text) => {
    const word = known.find((each) => each === text);
    if (word === undefined) throw configInvalid(json.pathOf(name), `each is one of ${known.join(", ")}`);
    return word;
  });
}

function flag(json: JsonObject | undefined, name: string, fallback: boolean): boolean {
  return json?.has(name) === true ? json.flag(name) : fallback;
}

/** Naming the one list leaves the other as strict as the default. */
function flagRule<Flag extends string>(
  json: JsonObject | undefined,
  name: string,
  known: readonly Flag[],
  fallback: FlagRule<Flag>,
): FlagRule<Flag> {
  const rule = json === undefined ? undefined : section(json, name, ["required", "forbidden"]);
  return {
    required: words(rule, "required", known) ?? fallback.required,
    forbidden: words(rule, "forbidden", known) ?? fallback.forbidden,
  };
}

/** Chips' identities: 64 bytes, or Turin's 8; the 64 of a Turin report, which end in zeros, mean the same. */
function chipIds(json: JsonObject | undefined): readonly string[] | undefined {
  if (json === undefined || !json.has("chipIds")) return undefined;
  const [full, short] = [chipIdBytes("Genoa"), chipIdBytes("Turin")];
  return json.texts("chipIds").map((text, i) => {
    const digits = text.startsWith("0x") ? text.slice(2) : text;
    const length = digits.length === 2 * short ? short : full;
    const bytes = new JsonObject({ [`${i}`]: text }, json.pathOf("chipIds")).bytes(`${i}`, length);
    const padded = new Uint8Array(full);
    padded.set(bytes.subarray(0, short));
    return toHex(bytesEqual(padded, bytes) ? bytes.subarray(0, short) : bytes).slice(2);
  });
}

function readTcb(json: JsonObject, product: Product): TcbVersion {
  const parts = partsOf(product);
  const tcb = section(json, product, parts);
  const levels: Partial<Record<TcbPart, number>> = {};
  for (const part of parts) levels[part] = number(tcb, part, BYTE_MAX) ?? 0;
  return { ...NO_MINIMUM, ...levels };
}

function readMinimumTcb(amd: JsonObject | undefined): AmdPolicy["minimumTcb"] {
  const json = amd === undefined ? undefined : section(amd, "minimumTcb", PRODUCTS);
  if (json === undefined) return STRICT_AMD_POLICY.minimumTcb;
  return { Milan: readTcb(json, "Milan"), Genoa: readTcb(json, "Genoa"), Turin: readTcb(json, "Turin") };
}

function readVersion(json: JsonObject | undefined, name: string): FirmwareVersion {
  const version = json === undefined ? undefined : section(json, name, ["major", "minor", "build"]);
  const part = (each: string) => number(version, each, BYTE_MAX) ?? 0;
  return { major: part("major"), minor: part("minor"), build: part("build") };
}

function readReportVersion(snp: JsonObject | undefined): AmdPolicy["minimumReportVersion"] {
  const found = number(snp, "minimumReportVersion", U32_MAX);
  if (snp === undefined || found === undefined) return STRICT_AMD_POLICY.minimumReportVersion;
  const version = REPORT_VERSIONS.find((each) => each === found);
  if (version !== undefined) return version;
  throw configInvalid(snp.pathOf("minimumReportVersion"), `one of ${REPORT_VERSIONS.join(", ")} is wanted`);
}

function readValues(snp: JsonObject | undefined): AmdPolicy["values"] {
  const values: Partial<Record<SnpValue, readonly string[]>> = {};
  for (const name of SNP_VALUES) {
    const list = hexList(snp, name, VALUE_BYTES[name]);
    if (list !== undefined) values[name] = list;
  }
  return values;
}

function flagsOf<Flag extends string>(flags: Readonly<Record<Flag, bigint>>): readonly Flag[] {
  const isFlag = (name: string): name is Flag => Object.hasOwn(flags, name);
  return Object.keys(flags).filter(isFlag);
}

const GUEST_FLAGS: readonly GuestPolicyFlag[] = flagsOf(GUEST_POLICY);
const PLATFORM_FLAGS: readonly PlatformFlag[] = flagsOf(PLATFORM_INFO);

/**
 * Reads the sections `amd` (the platform) and `sevSnp` (the guest) of a policy file; what they do not mention stays as
 * strict as the default. @throws RollupError CONFIG_INVALID with the field's path
 */
export function readAmdPolicy(root: JsonObject): AmdPolicy {
  const strict = STRICT_AMD_POLICY;
  const amd = section(root, "amd", AMD_FIELDS);
  const snp = section(root, "sevSnp", SNP_FIELDS);
  const minimumAbi = snp === undefined ? undefined : section(snp, "minimumAbi", ["major", "minor"]);
  return {
    products: words(amd, "products", PRODUCTS) ?? strict.products,
    endorsements: words(amd, "endorsements", ["VCEK", "VLEK"] as const) ?? strict.endorsements,
    cloudProviders: amd?.has("cloudProviders") === true ? amd.texts("cloudProviders") : undefined,
    chipIds: chipIds(amd),
    acceptMaskedChipId: flag(amd, "acceptMaskedChipId", strict.acceptMaskedChipId),
    requireCrl: flag(amd, "requireCrl", strict.requireCrl),
    platformInfo: flagRule(amd, "platformInfo", PLATFORM_FLAGS, strict.platformInfo),
    minimumTcb: readMinimumTcb(amd),
    minimumFirmware: readVersion(amd, "minimumFirmware"),
    outOfDateUntil: amd?.has("outOfDateUntil") === true ? amd.integer("outOfDateUntil") : undefined,
    mitigations: amd?.integerOr("mitigations", strict.mitigations) ?? strict.mitigations,
    minimumReportVersion: readReportVersion(snp),
    maximumVmpl: number(snp, "maximumVmpl", 3n) ?? strict.maximumVmpl,
    guestPolicy: flagRule(snp, "guestPolicy", GUEST_FLAGS, strict.guestPolicy),
    minimumAbi: {
      major: number(minimumAbi, "major", BYTE_MAX) ?? 0,
      minor: number(minimumAbi, "minor", BYTE_MAX) ?? 0,
    },
    minimumGuestSvn: number(snp, "minimumGuestSvn", U32_MAX) ?? strict.minimumGuestSvn,
    values: readValues(snp),
  };
}
