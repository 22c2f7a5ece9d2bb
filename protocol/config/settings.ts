import { type Address, fromHex, type Hash, hashFromHex } from "../bytes.ts";
import { readChecksumAddress } from "../checksum-address.ts";
import { isRollupError, RollupError } from "../errors.ts";

/**
 * One setting of a command: how its text is read, what it is for, and what holds when it is not given.
 * The text has the same form in a flag, in the environment and in the file.
 */
export type Setting<Value, Presence extends "given" | "optional" = "given" | "optional"> = {
  readonly parse: (text: string) => Value;
  /** What it is for, with its unit. */
  readonly help: string;
  /** What stands for the value in `--help`: URL, FILE, SECONDS … */
  readonly placeholder: string;
  /** The default as text; absent means that it must be given, or that it is optional. */
  readonly defaultText: string | undefined;
  readonly presence: Presence;
  /** Of an optional setting: what can't do without it, for `--help`. */
  readonly neededBy?: string | undefined;
};

export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

/** The values of a table: an optional setting may be undefined, every other is there. */
export type SettingsOf<Table extends SettingsTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value, infer Presence>
    ? "optional" extends Presence
      ? Value | undefined
      : Value
    : never;
};

type Use = { readonly help: string; readonly default?: string };
type Optional = { readonly help: string; readonly optional: true; readonly neededBy?: string };

function isOptional(use: Use | Optional): use is Optional {
  return "optional" in use;
}

function invalid(wanted: string, text: string): RollupError<"SETTING_INVALID"> {
  return new RollupError("SETTING_INVALID", `${wanted}, not '${text}'`, { data: { text } });
}

/**
 * Makes the constructor of one kind of setting from its placeholder and its reader, which throws a RollupError. All
 * that can be said of a value alone belongs into its reader: what readers refuse is reported at once.
 */
export function settingKind<Value>(placeholder: string, parse: (text: string) => Value) {
  function setting(use: Use): Setting<Value, "given">;
  function setting(use: Optional): Setting<Value, "optional">;
  function setting(use: Use | Optional): Setting<Value> {
    return isOptional(use)
      ? {
          parse,
          placeholder,
          help: use.help,
          defaultText: undefined,
          presence: "optional",
          neededBy: use.neededBy,
        }
      : { parse, placeholder, help: use.help, defaultText: use.default, presence: "given" };
  }
  return setting;
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw invalid("a whole number >= 0 is wanted", text);
  return value;
}

function parsePort(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw invalid("a port from 0 (any free one) to 65535 is wanted", text);
  return value;
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw invalid("a number >= 0 is wanted", text);
  return value;
}

function parseUnsigned(text: string): bigint {
  if (!/^\d+$/.test(text)) throw invalid("a whole number >= 0 is wanted", text);
  return BigInt(text);
}

/** Reads what `parse` reads, within bounds; both are inside. */
function within<Value extends number | bigint>(
  parse: (text: string) => Value,
  [least, most]: readonly [Value, Value],
) {
  return (text: string): Value => {
    const value = parse(text);
    if (value < least || value > most) throw invalid(`a number from ${least} to ${most} is wanted`, text);
    return value;
  };
}

function parseBoolean(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw invalid("true or false is wanted", text);
}

const HTTP = new Set(["http:", "https:"]);

/** What is wrong is not repeated: a URL may hold a key, and more so one that is not understood. */
function parseUrl(text: string): string {
  if (URL.canParse(text) && HTTP.has(new URL(text).protocol)) return text;
  throw new RollupError("SETTING_INVALID", "a URL that begins with http:// or https:// is wanted");
}

function parseList(text: string): readonly string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

export const textSetting = settingKind("TEXT", (text) => text);
export const fileSetting = settingKind("FILE", (text) => text);
export const folderSetting = settingKind("FOLDER", (text) => text);
export const urlSetting = settingKind("URL", parseUrl);
/** What tells settings that are lists: their flag may stand several times. */
export const LIST_ENDING = ",…";
/** Several URLs separated by commas. */
export const urlsSetting = settingKind(`URL${LIST_ENDING}`, (text) => parseList(text).map(parseUrl));
/** Several values separated by commas. */
export const listSetting = settingKind(`TEXT${LIST_ENDING}`, parseList);
export const portSetting = settingKind("PORT", parsePort);
export const integerSetting = settingKind("NUMBER", parseInteger);
/** A duration; fractions are allowed. */
export const secondsSetting = settingKind("SECONDS", parseNumber);
/** An amount of wei, gas or blocks of any size. */
export const bigintSetting = settingKind("NUMBER", parseUnsigned);
/** What tells settings that a flag may stand for without a value. */
export const SWITCH_PLACEHOLDER = "true|false";
export const booleanSetting = settingKind(SWITCH_PLACEHOLDER, parseBoolean);
export const addressSetting = settingKind<Address>("ADDRESS", readChecksumAddress);
export const hexSetting = settingKind<Uint8Array>("HEX", fromHex);

/** A hash as 32 bytes of hex. */
export const hashSetting = settingKind<Hash>("HASH", (text) => {
  if (!/^0x[0-9a-f]{64}$/i.test(text)) throw invalid("0x and 64 hex digits are wanted", text);
  return hashFromHex(text);
});

/** A whole number from `least` to `most`. */
export const integerWithin = (least: number, most: number) =>
  settingKind("NUMBER", within(parseInteger, [least, most]));
/** A whole number from `least` to `most`. */
export const bigintWithin = (least: bigint, most: bigint) =>
  settingKind("NUMBER", within(parseUnsigned, [least, most]));

/** One of some words. */
export function choiceOf<const Choice extends string>(...choices: readonly Choice[]) {
  return settingKind<Choice>(choices.join("|"), (text) => {
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) throw invalid(`one of ${choices.join(", ")} is wanted`, text);
    return chosen;
  });
}

/** `l1RpcUrl` -> `--l1-rpc-url`. */
export function flagName(name: string): string {
  return `--${name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()}`;
}

/** `l1RpcUrl` -> `PHALA_L2_L1_RPC_URL`. */
export function environmentName(name: string): string {
  return `PHALA_L2_${flagName(name).slice(2).replaceAll("-", "_").toUpperCase()}`;
}

/** Where values come from, strongest first: flag, environment, file, default. */
export type SettingSources = {
  /** By setting name, as the command line gave them. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON object of the configuration file; undefined where none can be given. */
  readonly file: Readonly<Record<string, unknown>> | undefined;
};

export type SettingProblem = {
  readonly setting: string;
  /** Where the value came from; undefined when none was given. */
  readonly source: string | undefined;
  readonly message: string;
};

export type ResolvedSettings<Table extends SettingsTable> = {
  /** Names of the settings that have a text that is not empty, readable or not. */
  readonly given: ReadonlySet<string>;
} & (
  | { readonly kind: "ok"; readonly settings: SettingsOf<Table> }
  | { readonly kind: "invalid"; readonly problems: readonly SettingProblem[] }
);

/** A problem in words for whoever gave the settings. */
export function describeProblem({ source, message }: SettingProblem): string {
  return source === undefined ? message : `${source}: ${message}`;
}

function fileText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(String).join(",") : String(value);
}

function findText(name: string, setting: Setting<unknown>, sources: SettingSources) {
  const candidates = [
    { source: `flag ${flagName(name)}`, text: sources.flags[name] },
    { source: `environment ${environmentName(name)}`, text: sources.environment[environmentName(name)] },
    { source: `file entry '${name}'`, text: fileText(sources.file?.[name]) },
    { source: "default", text: setting.defaultText },
  ];
  return candidates.find((candidate) => candidate.text !== undefined);
}

function missing(name: string, { file }: SettingSources): SettingProblem {
  const inFile = file === undefined ? "" : `, or '${name}' in the file`;
  const message = `${flagName(name)} is needed (or ${environmentName(name)}${inFile})`;
  return { setting: name, source: undefined, message };
}

function unknownEntries(table: SettingsTable, { file = {} }: SettingSources): readonly SettingProblem[] {
  return Object.keys(file)
    .filter((name) => !Object.hasOwn(table, name))
    .map((name) => ({
      setting: name,
      source: `file entry '${name}'`,
      message: "is not a setting of this command",
    }));
}

/**
 * Reads a table's values from their sources by the one precedence flag > environment > file > default.
 * Every problem is reported at once: a missing value, text that does not parse, an entry of the file that
 * the table does not know.
 */
export function resolveSettings<Table extends SettingsTable>(
  table: Table,
  sources: SettingSources,
): ResolvedSettings<Table> {
  const problems: SettingProblem[] = [];
  const values: Record<string, unknown> = {};
  const given = new Set<string>();
  for (const [name, setting] of Object.entries(table)) {
    const found = findText(name, setting, sources);
    if (found?.text === undefined) {
      if (setting.presence === "given") problems.push(missing(name, sources));
      continue;
    }
    if (found.text !== "") given.add(name);
    try {
      values[name] = setting.parse(found.text);
    } catch (error) {
      if (!isRollupError(error)) throw error;
      problems.push({ setting: name, source: found.source, message: error.message });
    }
  }
  problems.push(...unknownEntries(table, sources));
  if (problems.length > 0) return { kind: "invalid", given, problems };
  return { kind: "ok", given, settings: values as SettingsOf<Table> };
}
