import {
  type ResolvedSettings,
  resolveSettings,
  type SettingSources,
  type SettingsOf,
  type SettingsTable,
} from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";

/** What a command gets besides its settings. */
export type CommandContext = {
  readonly log: Log;
  /** Words of the command line that are no flags: files, an action's name. */
  readonly words: readonly string[];
  /** Prints one JSON document as one line on stdout. */
  readonly print: (document: unknown) => void;
  /** Aborted by SIGINT or SIGTERM; a long-running command then stops cleanly. */
  readonly stop: AbortSignal;
};

/** Exit status of a command: what it checks holds; it does not hold; it was called wrongly. */
export const HOLDS = 0;
export const DOES_NOT_HOLD = 1;
export const BAD_USAGE = 2;
export type ExitStatus = typeof HOLDS | typeof DOES_NOT_HOLD | typeof BAD_USAGE;

type CommandDefinition<Table extends SettingsTable> = {
  readonly name: string;
  readonly summary: string;
  /** How `--help` shows the words that are no flags; absent when the command takes none. */
  readonly words?: string;
  readonly settings: Table;
  readonly run: (settings: SettingsOf<Table>, context: CommandContext) => Promise<ExitStatus>;
};

export type Command = {
  readonly name: string;
  readonly summary: string;
  readonly words: string | undefined;
  readonly settings: SettingsTable;
  /** Resolves the settings first; problems come back instead of a status. */
  readonly run: (
    sources: SettingSources,
    context: CommandContext,
  ) => Promise<ExitStatus | Extract<ResolvedSettings<SettingsTable>, { kind: "invalid" }>>;
};

/** Ties a command's body to its table of settings. */
export function defineCommand<Table extends SettingsTable>(definition: CommandDefinition<Table>): Command {
  return {
    name: definition.name,
    summary: definition.summary,
    words: definition.words,
    settings: definition.settings,
    run: async (sources, context) => {
      const resolved = resolveSettings(definition.settings, sources);
      return resolved.kind === "invalid" ? resolved : definition.run(resolved.settings, context);
    },
  };
}

/** Resolves when the command is told to stop; what long-running commands wait for. */
export function untilStopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
}
