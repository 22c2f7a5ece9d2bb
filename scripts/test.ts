// `npm test`: the static checks, the contracts' tests, then the tests of every package and, beside them, the scenarios.
// `npm test -- PATTERN…` runs only the TypeScript tests whose files match. The contracts' invariants alone, and long: `npm run fuzz`.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");

/** Unit tests run side by side. The end-to-end scenarios, one at a time, mostly wait for blocks: they run beside these. */
const UNIT_CONCURRENCY = 2;

/** The longest test takes less than two minutes on a busy machine: what takes this long has hung, and is named. */
const TEST_TIMEOUT_MS = 15 * 60_000;

/** @param isLater what it says is shown when it has ended, because another run is speaking meanwhile */
async function run(
  name: string,
  command: string,
  args: readonly string[],
  isLater = false,
): Promise<boolean> {
  const said: Buffer[] = [];
  if (!isLater) process.stderr.write(`\n— ${name}\n`);
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    stdio: ["ignore", isLater ? "pipe" : "inherit", "inherit"],
  });
  child.stdout?.on("data", (bytes: Buffer) => said.push(bytes));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (isLater) process.stderr.write(`\n— ${name}\n`);
  for (const bytes of said) process.stdout.write(bytes);
  process.stderr.write(`— ${name}: ${status === 0 ? "passed" : "FAILED"} in ${seconds} s\n`);
  return status === 0;
}

function testFiles(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: root, exclude: (path) => path.includes("node_modules") }).sort();
}

async function nodeTests(
  name: string,
  files: readonly string[],
  { concurrency = 1, isLater = false } = {},
): Promise<boolean> {
  if (files.length === 0) {
    process.stderr.write(`${name}: there are none\n`);
    return false;
  }
  const flags = [`--test-concurrency=${concurrency}`, `--test-timeout=${TEST_TIMEOUT_MS}`];
  return run(name, process.execPath, ["--test", ...flags, "--test-reporter=spec", ...files], isLater);
}

const patterns = process.argv.slice(2);
const isScenario = (file: string) => file.startsWith("testkit/e2e/");
// Hardhat runs what is in contracts/test.
const files = testFiles([
  "{protocol,node,sequencer,bridge,tee-prover,testkit,scripts}/**/*.test.ts",
  "contracts/{*,deploy/**,genesis/**}/*.test.ts",
  "contracts/*.test.ts",
]);
const chosen = files.filter((file) => patterns.some((pattern) => file.includes(pattern)));

async function all(): Promise<readonly boolean[]> {
  const checks = await run("checks", process.execPath, ["scripts/check.ts"]);
  const contracts = await run("contracts", join(bin, "hardhat"), ["test"]);
  const units = files.filter((file) => !isScenario(file));
  const typescript = await Promise.all([
    nodeTests("packages", units, { concurrency: UNIT_CONCURRENCY }),
    nodeTests("end-to-end scenarios", files.filter(isScenario), { isLater: true }),
  ]);
  return [checks, contracts, ...typescript];
}

const results = patterns.length > 0 ? [await nodeTests("chosen tests", chosen)] : await all();
process.exitCode = results.every(Boolean) ? 0 : 1;
