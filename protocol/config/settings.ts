import { type Address, addressFromHex, fromHex } from "../bytes.ts";
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
type Optional = { readonly help: string; readonly optional: true };

function isOptional(use: Use | Optional): use is Optional {
  return "optional" in use;
}

function invalid(wanted: string, text: string): RollupError<"SETTING_INVALID"> {
  return new RollupError("SETTING_INVALID", `${wanted}, not '${text}'`, { data: { text } });
}

/** Makes the constructor of one kind of setting from its placeholder and its reader. */
function kind<Value>(placeholder: string, parse: (text: string) => Value) {
  function setting(use: Use): Setting<Value, "given">;
  function setting(use: Optional): Setting<Value, "optional">;
  function setting(use: Use | Optional): Setting<Value> {
    return isOptional(use)
      ? { parse, placeholder, help: use.help, defaultText: undefined, presence: "optional" }
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
  const value = parseInteger(text);
  if (value > 65_535) throw invalid("a port from 0 (any free one) to 65535 is wanted", text);
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

export const textSetting = kind("TEXT", (text) => text);
export const fileSetting = kind("FILE", (text) => text);
export const folderSetting = kind("FOLDER", (text) => text);
export const urlSetting = kind("URL", parseUrl);
/** Several URLs separated by commas. */
export const urlsSetting = kind("URL,…", (text) => parseList(text).map(parseUrl));
/** Several values separated by commas. */
export const listSetting = kind("TEXT,…", parseList);
export const portSetting = kind("PORT", parsePort);
export const integerSetting = kind("NUMBER", parseInteger);
/** A duration; fractions are allowed. */
export const secondsSetting = kind("SECONDS", parseNumber);
/** An amount of wei, gas or blocks of any size. */
export const bigintSetting = kind("NUMBER", parseUnsigned);
/** What tells settings that a flag may stand for without a value. */
export const SWITCH_PLACEHOLDER = "true|false";
export const booleanSetting = kind(SWITCH_PLACEHOLDER, parseBoolean);
export const addressSetting = kind<Address>("ADDRESS", addressFromHex);
export const hexSetting = kind<Uint8Array>("HEX", fromHex);

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
  /** The parsed JSON object of the configuration file. */
  readonly file: Readonly<Record<string, unknown>>;
};

export type SettingProblem = { readonly setting: string; readonly source: string; readonly message: string };

export type ResolvedSettings<Table extends SettingsTable> =
  | { readonly kind: "ok"; readonly settings: SettingsOf<Table> }
  | { readonly kind: "invalid"; readonly problems: readonly SettingProblem[] };

function fileText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(String).join(",") : String(value);
}

function findText(name: string, setting: Setting<unknown>, sources: SettingSources) {
  const candidates = [
    { source: `flag ${flagName(name)}`, text: sources.flags[name] },
    { source: `environment ${environmentName(name)}`, text: sources.environment[environmentName(name)] },
    { source: `file entry '${name}'`, text: fileText(sources.file[name]) },
    { source: "default", text: setting.defaultText },
  ];
  return candidates.find((candidate) => candidate.text !== undefined);
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
  for (const [name, setting] of Object.entries(table)) {
    const found = findText(name, setting, sources);
    if (found?.text === undefined) {
      if (setting.presence === "given") {
        const message = `is needed: give ${flagName(name)}, ${environmentName(name)} or '${name}' in the file`;
        problems.push({ setting: name, source: "nowhere", message });
      }
      continue;
    }
    try {
      values[name] = setting.parse(found.text);
    } catch (error) {
      if (!isRollupError(error)) throw error;
      problems.push({ setting: name, source: found.source, message: error.message });
    }
  }
  for (const name of Object.keys(sources.file)) {
    if (!Object.hasOwn(table, name)) {
      problems.push({
        setting: name,
        source: `file entry '${name}'`,
        message: "is not a setting of this command",
      });
    }
  }
  if (problems.length > 0) return { kind: "invalid", problems };
  return { kind: "ok", settings: values as SettingsOf<Table> };
}
