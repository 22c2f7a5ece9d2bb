// `npm run devnet`: the whole system on this machine. `--smoke` runs one cycle and ends; `--fresh` forgets the last
// run. Progress and the table go to stderr, `--smoke` prints its result as JSON on stdout.
import { environmentName, flagName, resolveSettings } from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import { Command, CommanderError } from "commander";
import { devnetSettings } from "./devnet/settings.ts";
import { runSmoke } from "./devnet/smoke.ts";
import { type Devnet, type Step, startDevnet } from "./devnet/start.ts";
import { describeDevnet } from "./devnet/table.ts";

const BAD_USAGE = 2;

type Flags = { readonly smoke?: true; readonly fresh?: true } & Readonly<Record<string, string | true>>;

function readCommandLine(): Flags {
  const line = new Command("devnet").description("runs the whole system on this machine").exitOverride();
  line.option("--smoke", "run one whole cycle, print the seconds of each step as JSON, and end");
  line.option("--fresh", "forget the last run's data");
  for (const [name, setting] of Object.entries(devnetSettings)) {
    const help = `${setting.help} (default ${setting.defaultText}; env ${environmentName(name)})`;
    line.option(`${flagName(name)} <${setting.placeholder}>`, help);
  }
  return line.parse().opts<Flags>();
}

const report = (line: string) => process.stderr.write(`${line}\n`);

/** Tells of each step as it ends, and keeps its seconds. */
function stepTimer(seconds: Record<string, number>): Step {
  return async (name, run) => {
    const started = performance.now();
    const result = await run();
    const took = Math.round((performance.now() - started) / 100) / 10;
    seconds[name] = took;
    report(`${took.toFixed(1).padStart(6)} s  ${name}`);
    return result;
  };
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

async function smoke(devnet: Devnet, seconds: Record<string, number>): Promise<void> {
  const { network, endpoints } = devnet;
  const complete = devnet.complete();
  const options = { network, verifierUrl: endpoints.verifier ?? "", complete, step: stepTimer(seconds) };
  const [result] = await Promise.all([runSmoke(options), complete]);
  const total = Math.round(performance.now() / 100) / 10;
  process.stdout.write(`${JSON.stringify({ ok: true, seconds: { ...seconds, total }, ...result })}\n`);
}

async function main(): Promise<void> {
  const { smoke: wantsSmoke, fresh, ...given } = readCommandLine();
  const flags = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const resolved = resolveSettings(devnetSettings, { flags, environment: process.env, file: {} });
  if (resolved.kind === "invalid") {
    for (const { source, message } of resolved.problems) report(`devnet: ${source}: ${message}`);
    process.exitCode = BAD_USAGE;
    return;
  }
  const stopped = untilSignal();
  const seconds: Record<string, number> = {};
  const devnet = await startDevnet(resolved.settings, {
    fresh: fresh === true,
    step: stepTimer(seconds),
    report,
  });
  try {
    if (wantsSmoke) await smoke(devnet, seconds);
    else {
      await devnet.complete();
      report(describeDevnet(devnet));
      await stopped;
      report("stopping …");
    }
  } finally {
    await devnet.stop();
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE;
  else {
    report(isRollupError(error) ? `devnet: ${error.code}: ${error.message}` : String(error));
    if (isRollupError(error, "DEPLOY_MISMATCH"))
      report("devnet: this code deploys other contracts: start with --fresh");
    process.exitCode = 1;
  }
}
