// The program: `npm run -s l2 -- <command> …`. Results are JSON on stdout, logs go to stderr.
// Exit 0: what the command checks holds; 1: it does not; 2: bad usage, with one line that says the mend.
import { readFileSync } from "node:fs";
import { VERSION } from "@phala-l2/node/version";
import {
  environmentName,
  flagName,
  LIST_ENDING,
  type Setting,
  SWITCH_PLACEHOLDER,
} from "@phala-l2/protocol/config/settings";
import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError } from "@phala-l2/protocol/errors";
import { CommanderError, Command as CommandLine } from "commander";
import { type Logger, pino } from "pino";
import { BAD_USAGE, type Command, DOES_NOT_HOLD, type LogLevel } from "./commands/command.ts";
import { faultFacts } from "./fault-facts.ts";
import { refusalDocument, refusalLines } from "./refusal.ts";

/** Loaded when called for: a process has only the code of its own command. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  node: async () => (await import("./commands/node.ts")).nodeCommand,
  sequencer: async () => (await import("./commands/sequencer.ts")).sequencerCommand,
  batcher: async () => (await import("./commands/batcher.ts")).batcherCommand,
  prover: async () => (await import("./commands/prover.ts")).proverCommand,
  "register-prover": async () => (await import("./commands/register-prover.ts")).registerProverCommand,
  relayer: async () => (await import("./commands/relayer.ts")).relayerCommand,
  finality: async () => (await import("./commands/finality.ts")).finalityCommand,
  swap: async () => (await import("./commands/swap.ts")).swapCommand,
  bridge: async () => (await import("./commands/bridge.ts")).bridgeCommand,
  stake: async () => (await import("./commands/stake.ts")).stakeCommand,
  provider: async () => (await import("./commands/provider.ts")).providerCommand,
  claims: async () => (await import("./commands/claims.ts")).claimsCommand,
  claim: async () => (await import("./commands/claim.ts")).claimCommand,
  governance: async () => (await import("./commands/governance.ts")).governanceCommand,
  genesis: async () => (await import("./commands/genesis.ts")).genesisCommand,
  execute: async () => (await import("./commands/execute.ts")).executeCommand,
  decode: async () => (await import("./commands/decode.ts")).decodeCommand,
  encode: async () => (await import("./commands/encode.ts")).encodeCommand,
  "state-tests": async () => (await import("./commands/state-tests.ts")).stateTestsCommand,
  bench: async () => (await import("./commands/bench.ts")).benchCommand,
  "rpc-compat": async () => (await import("./commands/rpc-compat.ts")).rpcCompatCommand,
  fuzz: async () => (await import("./commands/fuzz.ts")).fuzzCommand,
  "kill-relayer": async () => (await import("./commands/kill-relayer.ts")).killRelayerCommand,
  "development-parachain": async () =>
    (await import("./commands/development-parachain.ts")).developmentParachainCommand,
  provers: async () => (await import("./commands/provers.ts")).proversCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  "verify-evidence": async () => (await import("./commands/verify-evidence.ts")).verifyEvidenceCommand,
  image: async () => (await import("./commands/image.ts")).imageCommand,
  measure: async () => (await import("./commands/measure.ts")).measureCommand,
  sunset: async () => (await import("./commands/sunset.ts")).sunsetCommand,
  "pack-blocks": async () => (await import("./commands/pack-blocks.ts")).packBlocksCommand,
  "pack-state": async () => (await import("./commands/pack-state.ts")).packStateCommand,
  "clear-signing": async () => (await import("./commands/clear-signing.ts")).clearSigningCommand,
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

function createLog(level: LogLevel): Logger {
  // Whatever a part or a library puts into a line, keys of URLs do not leave the program.
  const hooks = { streamWrite: withoutUrlSecrets };
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null, hooks }, pino.destination(2));
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => controller.abort(signal));
  return controller.signal;
}

async function run(command: Command, words: readonly string[], flags: Record<string, string>): Promise<void> {
  let file: Record<string, unknown> | undefined;
  try {
    file = hasSettingsFile(command) ? readSettingsFile(flags.config) : undefined;
  } catch (error) {
    fail(`--config ${flags.config}: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  const print = (document: unknown) => process.stdout.write(`${JSON.stringify(document, plain)}\n`);
  const say = (line: string) => process.stderr.write(`${withoutUrlSecrets(line)}\n`);
  // Until the settings are read there is nothing to log.
  let log = createLog("info");
  const open = (level: LogLevel) => {
    log = createLog(level);
    const tell = (line: string) => {
      if (log.isLevelEnabled("info")) say(line);
    };
    return { log, print, tell, stop: stopSignal() };
  };
  try {
    const outcome = await command.run({ flags, environment: process.env, file }, words, open);
    if (typeof outcome === "number") process.exitCode = outcome;
    else fail(outcome.problems.join("; "));
  } catch (error) {
    if (isRollupError(error, "SETTING_INVALID")) {
      fail(error.message);
      return;
    }
    process.exitCode = DOES_NOT_HOLD;
    const isWhole = log.isLevelEnabled("debug");
    if (command.answers && isRollupError(error)) {
      print(refusalDocument(error));
      for (const line of refusalLines(error)) say(line);
      if (!isWhole) return;
    }
    const { facts, message } = faultFacts(error, isWhole);
    log.error(facts, message);
  }
}

/** One line, as all mistakes of usage; a wrong flag is quoted with its value, which may hold a key. */
const OUTPUT = {
  outputError: (text: string, write: (text: string) => void) => {
    const line = text
      .replace(/^error: /, "")
      .trim()
      .replaceAll("\n", " ");
    write(`l2: ${withoutUrlSecrets(line)}\n`);
  },
};

/** What holds of a setting that is not given. */
function fallbackOf({ defaultText, presence, neededBy }: Setting<unknown>): string {
  if (neededBy !== undefined) return `needed by ${neededBy}`;
  if (defaultText === undefined) return presence === "optional" ? "optional" : "needed";
  return `default ${defaultText === "" ? "none" : defaultText}`;
}

/** The value of a flag so far, and one more. Of a list all count; else the last. */
function withValue({ placeholder }: Setting<unknown>) {
  return (value: string, before: string | undefined) =>
    before === undefined || !placeholder.endsWith(LIST_ENDING) ? value : `${before},${value}`;
}

function describe(command: Command): CommandLine {
  const line = new CommandLine(command.name)
    .description(command.summary)
    .exitOverride()
    .configureOutput(OUTPUT)
    .allowExcessArguments();
  if (command.words !== undefined) line.argument(`[${command.words.name}...]`, command.words.help);
  if (hasSettingsFile(command)) {
    line.option("--config <FILE>", "JSON file with settings; each entry has the setting's name");
  }
  for (const [name, setting] of Object.entries(command.settings)) {
    line.option(
      `${flagName(name)} <${setting.placeholder}>`,
      `${setting.help} (${fallbackOf(setting)}; env ${environmentName(name)})`,
      withValue(setting),
    );
  }
  return line.action(async () => {
    await run(command, line.args, line.opts<Record<string, string>>());
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

/** What may stand in place of a command, and how many commands it is about. */
const GENERAL: Readonly<Record<string, "all" | "none">> = {
  "-h": "all",
  "--help": "all",
  help: "all",
  "-V": "none",
  "--version": "none",
};

async function main(given: readonly string[]): Promise<void> {
  const [first] = given;
  const names = Object.keys(commands);
  const hint = `${names.join(", ")}; 'l2 --help' tells what each does`;
  if (first === undefined) return fail(`a command is wanted: ${hint}`);
  const wanted = Object.hasOwn(commands, first) ? commands[first] : undefined;
  const about = Object.hasOwn(GENERAL, first) ? GENERAL[first] : undefined;
  if (wanted === undefined && about === undefined) {
    return fail(`there is no command '${first}', only ${hint}`);
  }
  const program = new CommandLine("l2")
    .description("phala-l2: an Ethereum L2 proven by several TEE vendors")
    .version(VERSION)
    .exitOverride()
    .configureOutput(OUTPUT);
  let words = given;
  const all = about === "all" ? Object.values(commands) : [];
  for (const load of wanted === undefined ? all : [wanted]) {
    const command = await load();
    if (load === wanted) words = withSwitches(given, command);
    program.addCommand(describe(command));
  }
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE;
  }
}

await main(process.argv.slice(2));
