// `npm run devnet`: the whole system on this machine. `--smoke` runs one cycle and ends; `--fresh` forgets the last
// run. Progress and the table go to stderr, `--smoke` prints its result as JSON on stdout.
import { once } from "node:events";
import { environmentName, flagName, resolveSettings } from "@phala-l2/protocol/config/settings";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { Command, CommanderError } from "commander";
import { devnetSettings } from "./devnet/settings.ts";
import { runSmoke } from "./devnet/smoke.ts";
import { type Devnet, type Step, startDevnet } from "./devnet/start.ts";
import { describeDevnet, describeParachains, SEEDED } from "./devnet/table.ts";

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

/** Tells of each step as it ends, and keeps its seconds; after a signal no further one begins. */
function stepTimer(seconds: Record<string, number>, stopped: AbortSignal): Step {
  return async (name, run) => {
    stopped.throwIfAborted();
    const started = performance.now();
    const result = await run().catch((error: unknown) => {
      // A signal from the terminal reaches what the step has started, too: that it fails is the stop, not a fault.
      stopped.throwIfAborted();
      throw error;
    });
    const took = Math.round((performance.now() - started) / 100) / 10;
    seconds[name] = took;
    report(`${took.toFixed(1).padStart(6)} s  ${name}`);
    return result;
  };
}

/** A signal may come twice, from the terminal and from the parent: the first begins the stop, all others wait for it. */
function onSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!controller.signal.aborted) report("stopping …");
      controller.abort(new RollupError("DEVNET_STOPPED", `stopped by ${signal}`));
    });
  }
  return controller.signal;
}

/** Rejects at the signal, with its reason. */
async function signalled(stopped: AbortSignal): Promise<never> {
  if (!stopped.aborted) await once(stopped, "abort");
  throw stopped.reason;
}

async function smoke(devnet: Devnet, seconds: Record<string, number>, step: Step): Promise<void> {
  const { network, endpoints } = devnet;
  const complete = devnet.complete();
  const options = { network, verifierUrl: endpoints.verifier ?? "", complete, step };
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
  const stopped = onSignal();
  const seconds: Record<string, number> = {};
  const step = stepTimer(seconds, stopped);
  const devnet = await startDevnet(resolved.settings, { fresh: fresh === true, step, report });
  const use = async () => {
    if (wantsSmoke) return smoke(devnet, seconds, step);
    await devnet.complete();
    report(describeDevnet(devnet));
    // In the background: the chain is in use already, and what is not there yet comes.
    devnet.seed(stopped).then(
      () => report(`${describeParachains(devnet)}\n${SEEDED}`),
      (error: Error) => {
        if (!stopped.aborted) report(`seed: ${error.message} (the next start goes on from here)`);
      },
    );
    return signalled(stopped);
  };
  try {
    await Promise.race([use(), signalled(stopped)]);
  } catch (error) {
    if (wantsSmoke || !isRollupError(error, "DEVNET_STOPPED")) throw error;
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
// A cycle that was stopped still waits for what will not come.
process.exit();
