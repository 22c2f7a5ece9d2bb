import {
  choiceOf,
  describeProblem,
  flagName,
  type ResolvedSettings,
  resolveSettings,
  type SettingSources,
  type SettingsOf,
  type SettingsTable,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";

/** What a command gets besides its settings. */
export type CommandContext = {
  readonly log: Log;
  /** Words of the command line that are no flags: files, an action's name. */
  readonly words: readonly string[];
  /** Prints one JSON document as one line on stdout; bigints in decimal digits. */
  readonly print: (document: unknown) => void;
  /** Says something to a person: one line of plain words on stderr, where the log level lets it. */
  readonly tell: (line: string) => void;
  /** Aborted by SIGINT or SIGTERM; a long-running command then stops cleanly. */
  readonly stop: AbortSignal;
};

/** Exit status of a command: what it checks holds; it does not hold; it was called wrongly. */
export const HOLDS = 0;
export const DOES_NOT_HOLD = 1;
export const BAD_USAGE = 2;
export type ExitStatus = typeof HOLDS | typeof DOES_NOT_HOLD | typeof BAD_USAGE;

/** What every command can be told besides its own settings. */
export const commonSettings = {
  logLevel: choiceOf(
    "debug",
    "info",
    "warn",
    "error",
    "silent",
  )({ help: "how much is logged", default: "info" }),
};

export type LogLevel = SettingsOf<typeof commonSettings>["logLevel"];

/** The words of a command line that are no flags. */
export type CommandWords = {
  /** What one of them is: `action`, `file`. */
  readonly name: string;
  readonly help: string;
  /** What is wrong with the given ones, in words for whoever gave them; undefined when nothing is. */
  readonly fault: (words: readonly string[]) => string | undefined;
};

type CommandDefinition<Table extends SettingsTable> = {
  readonly name: string;
  readonly summary: string;
  /** Absent when the command takes none. */
  readonly words?: CommandWords;
  readonly settings: Table;
  /**
   * True of a command that does one thing or answers one question for a person: what stops it is an answer too, a JSON document
   * on stdout and plain words on stderr (`refusal.ts`). What others end with is logged.
   */
  readonly answers?: true;
  /**
   * What is wrong with the settings together: which contradict each other, and which are needed beside others.
   * @param given Names of those that were given, readable or not.
   */
  readonly faults?: (given: ReadonlySet<string>, words: readonly string[]) => readonly string[];
  readonly run: (settings: SettingsOf<Table>, context: CommandContext) => Promise<ExitStatus>;
};

/** What was wrong with a command line, all of it, in words for whoever gave it. */
export type BadUsage = { readonly problems: readonly string[] };

export type Command = {
  readonly name: string;
  readonly summary: string;
  readonly words: CommandWords | undefined;
  readonly answers: boolean;
  /** With those that all commands have. */
  readonly settings: SettingsTable;
  /** Reads words and settings first; nothing is opened, and nothing else begins, when they are wrong. */
  readonly run: (
    sources: SettingSources,
    words: readonly string[],
    open: (level: LogLevel) => Omit<CommandContext, "words">,
  ) => Promise<ExitStatus | BadUsage>;
};

type File = SettingSources["file"];

/** The file's entries that every command knows, or the others. */
function entries(file: File, which: "common" | "own"): File {
  const isWanted = ([name]: [string, unknown]) =>
    Object.hasOwn(commonSettings, name) === (which === "common");
  return file && Object.fromEntries(Object.entries(file).filter(isWanted));
}

/** What is wrong with settings, in words; those that are only missing stand together. */
function inWords(name: string, resolved: ResolvedSettings<SettingsTable>): readonly string[] {
  if (resolved.kind === "ok") return [];
  const missing = resolved.problems.filter(({ source }) => source === undefined);
  const wrong = resolved.problems.filter(({ source }) => source !== undefined).map(describeProblem);
  if (missing.length < 2) return [...missing.map(describeProblem), ...wrong];
  const flags = missing.map(({ setting }) => flagName(setting)).join(", ");
  return [`${flags} are needed ('l2 ${name} --help' tells how else they can be given)`, ...wrong];
}

/** Ties a command's body to its table of settings. */
export function defineCommand<Table extends SettingsTable>(definition: CommandDefinition<Table>): Command {
  const { name, summary, words: wanted, settings, faults } = definition;
  const wordsFault =
    wanted?.fault ??
    (([first]: readonly string[]) =>
      first === undefined ? undefined : `${name} takes flags only, not '${first}'`);
  return {
    name,
    summary,
    words: wanted,
    answers: definition.answers === true,
    settings: { ...settings, ...commonSettings },
    run: async (sources, words, open) => {
      const own = resolveSettings(settings, { ...sources, file: entries(sources.file, "own") });
      const common = resolveSettings(commonSettings, { ...sources, file: entries(sources.file, "common") });
      const problems = [
        wordsFault(words),
        ...inWords(name, own),
        ...inWords(name, common),
        ...(faults?.(own.given, words) ?? []),
      ].filter((problem) => problem !== undefined);
      if (own.kind === "invalid" || common.kind === "invalid" || problems.length > 0) return { problems };
      return definition.run(own.settings, { ...open(common.settings.logLevel), words });
    },
  };
}

/** Resolves when the command is told to stop; what long-running commands wait for. */
export function untilStopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
}

/** The setting's value; an action that needs it can't run without. @throws RollupError SETTING_INVALID */
export function needed<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new RollupError("SETTING_INVALID", `this action needs ${flagName(name)}`);
  return value;
}
