// The program: `npm run -s l2 -- <command> …`. Results are JSON on stdout, logs go to stderr.
// Exit 0: what the command checks holds; 1: it does not; 2: bad usage, with one line that says the mend.
import { readFileSync } from "node:fs";
import { environmentName, flagName } from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import { CommanderError, Command as CommandLine } from "commander";
import { type Logger, pino } from "pino";
import { batcherCommand } from "./commands/batcher.ts";
import { bridgeCommand } from "./commands/bridge.ts";
import { BAD_USAGE, type Command, DOES_NOT_HOLD } from "./commands/command.ts";
import { genesisCommand } from "./commands/genesis.ts";
import { nodeCommand } from "./commands/node.ts";
import { proverCommand } from "./commands/prover.ts";
import { sequencerCommand } from "./commands/sequencer.ts";

const commands = [
  nodeCommand,
  sequencerCommand,
  batcherCommand,
  proverCommand,
  bridgeCommand,
  genesisCommand,
];

function fail(message: string): void {
  process.stderr.write(`l2: ${message}\n`);
  process.exitCode = BAD_USAGE;
}

/** Commands read their settings from the file of `--config`, but for those to which the word means something else. */
function hasSettingsFile({ settings }: Command): boolean {
  return settings.config === undefined;
}

function readSettingsFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError("a JSON object of settings is wanted");
  }
  return Object.fromEntries(Object.entries(parsed));
}

function createLog(level: string): Logger {
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null }, pino.destination(2));
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => controller.abort(signal));
  return controller.signal;
}

async function run(
  command: Command,
  words: readonly string[],
  options: Record<string, string>,
): Promise<void> {
  const { logLevel = "info", ...flags } = options;
  let file: Record<string, unknown>;
  try {
    file = hasSettingsFile(command) ? readSettingsFile(flags.config) : {};
  } catch (error) {
    fail(`--config ${flags.config}: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  const log = createLog(logLevel);
  const print = (document: unknown) => process.stdout.write(`${JSON.stringify(document)}\n`);
  try {
    const context = { log, words, print, stop: stopSignal() };
    const outcome = await command.run({ flags, environment: process.env, file }, context);
    if (typeof outcome === "number") process.exitCode = outcome;
    else
      fail(
        outcome.problems
          .map(({ setting, source, message }) => `${setting} (${source}) ${message}`)
          .join("; "),
      );
  } catch (error) {
    if (isRollupError(error, "SETTING_INVALID")) {
      fail(error.message);
      return;
    }
    if (isRollupError(error))
      log.error({ code: error.code, data: error.data, docs: error.docs, cause: error.cause }, error.message);
    else log.error({ error }, error instanceof Error ? error.message : String(error));
    process.exitCode = DOES_NOT_HOLD;
  }
}

function describe(command: Command): CommandLine {
  const line = new CommandLine(command.name).description(command.summary).exitOverride();
  if (command.words !== undefined) line.argument("[words...]", command.words);
  if (hasSettingsFile(command)) {
    line.option("--config <FILE>", "JSON file with settings; each entry has the setting's name");
  }
  line.option("--log-level <LEVEL>", "debug, info, warn, error or silent", "info");
  for (const [name, setting] of Object.entries(command.settings)) {
    const fallback =
      setting.defaultText === undefined
        ? setting.presence === "optional"
          ? "optional"
          : "needed"
        : `default ${setting.defaultText}`;
    line.option(
      `${flagName(name)} <${setting.placeholder}>`,
      `${setting.help} (${fallback}; env ${environmentName(name)})`,
    );
  }
  return line.action(async (...given: unknown[]) => {
    const words = Array.isArray(given[0]) ? given[0].map(String) : [];
    await run(command, words, line.opts<Record<string, string>>());
  });
}

const program = new CommandLine("l2")
  .description("phala-l2: an Ethereum L2 proven by several TEE vendors")
  .exitOverride();
for (const command of commands) program.addCommand(describe(command));
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE;
}
