// The program: `npm run -s l2 -- <command> …`. Results are JSON on stdout, logs go to stderr.
// Exit 0: what the command checks holds; 1: it does not; 2: bad usage, with one line that says the mend.
import { readFileSync } from "node:fs";
import { environmentName, flagName, SWITCH_PLACEHOLDER } from "@phala-l2/protocol/config/settings";
import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError } from "@phala-l2/protocol/errors";
import { CommanderError, Command as CommandLine } from "commander";
import { type Logger, pino } from "pino";
import { BAD_USAGE, type Command, DOES_NOT_HOLD } from "./commands/command.ts";

/** Loaded when called for: a process has only the code of its own command. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  node: async () => (await import("./commands/node.ts")).nodeCommand,
  sequencer: async () => (await import("./commands/sequencer.ts")).sequencerCommand,
  batcher: async () => (await import("./commands/batcher.ts")).batcherCommand,
  prover: async () => (await import("./commands/prover.ts")).proverCommand,
  bridge: async () => (await import("./commands/bridge.ts")).bridgeCommand,
  genesis: async () => (await import("./commands/genesis.ts")).genesisCommand,
  execute: async () => (await import("./commands/execute.ts")).executeCommand,
  decode: async () => (await import("./commands/decode.ts")).decodeCommand,
  encode: async () => (await import("./commands/encode.ts")).encodeCommand,
  "state-tests": async () => (await import("./commands/state-tests.ts")).stateTestsCommand,
  bench: async () => (await import("./commands/bench.ts")).benchCommand,
  "rpc-compat": async () => (await import("./commands/rpc-compat.ts")).rpcCompatCommand,
  fuzz: async () => (await import("./commands/fuzz.ts")).fuzzCommand,
  "verify-evidence": async () => (await import("./commands/verify-evidence.ts")).verifyEvidenceCommand,
};

function fail(message: string): void {
  process.stderr.write(`l2: ${withoutUrlSecrets(message)}\n`);
  process.exitCode = BAD_USAGE;
}

/** Commands read their settings from the file of `--config`, but for those to which the word means something else. */
function hasSettingsFile({ settings }: Command): boolean {
  return settings.config === undefined;
}

/** The words of a JSON error quote the text, which may hold a key; only the place is passed on. */
function parseSettings(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = error instanceof Error ? /\(line \d+ column \d+\)/.exec(error.message)?.[0] : undefined;
    throw new SyntaxError(`it is not JSON ${place ?? ""}`.trim());
  }
}

function readSettingsFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  const parsed = parseSettings(readFileSync(path, "utf8"));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError("a JSON object of settings is wanted");
  }
  return Object.fromEntries(Object.entries(parsed));
}

function createLog(level: string): Logger {
  // Whatever a part or a library puts into a line, keys of URLs do not leave the program.
  const hooks = { streamWrite: withoutUrlSecrets };
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null, hooks }, pino.destination(2));
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

/** A wrong flag is quoted with its value. */
const OUTPUT = {
  outputError: (text: string, write: (text: string) => void) => write(withoutUrlSecrets(text)),
};

/** What the placeholders of lists end with. */
const LIST_SUFFIX = ",…";

function joinValues(value: string, earlier: string | undefined): string {
  return earlier === undefined ? value : `${earlier},${value}`;
}

function describe(command: Command): CommandLine {
  const line = new CommandLine(command.name)
    .description(command.summary)
    .exitOverride()
    .configureOutput(OUTPUT);
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
    const flags = `${flagName(name)} <${setting.placeholder}>`;
    const help = `${setting.help} (${fallback}; env ${environmentName(name)})`;
    // A list's flag may stand several times.
    if (setting.placeholder.endsWith(LIST_SUFFIX)) line.option(flags, help, joinValues);
    else line.option(flags, help);
  }
  return line.action(async (...given: unknown[]) => {
    const words = Array.isArray(given[0]) ? given[0].map(String) : [];
    await run(command, words, line.opts<Record<string, string>>());
  });
}

/** `--flag` alone means `--flag true`; the word after it is then no value. */
function withSwitches(words: readonly string[], { settings }: Command): readonly string[] {
  const switches = new Set(
    Object.entries(settings)
      .filter(([, { placeholder }]) => placeholder === SWITCH_PLACEHOLDER)
      .map(([name]) => flagName(name)),
  );
  return words.flatMap((word, i) => {
    const next = words[i + 1];
    return switches.has(word) && next !== "true" && next !== "false" ? [word, "true"] : [word];
  });
}

const program = new CommandLine("l2")
  .description("phala-l2: an Ethereum L2 proven by several TEE vendors")
  .exitOverride()
  .configureOutput(OUTPUT);
const wanted = commands[process.argv[2] ?? ""];
let given: readonly string[] = process.argv.slice(2);
for (const load of wanted === undefined ? Object.values(commands) : [wanted]) {
  const command = await load();
  if (load === wanted) given = withSwitches(given, command);
  program.addCommand(describe(command));
}
try {
  await program.parseAsync(given, { from: "user" });
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE;
}
