// `npm test`: the static checks, the contracts' tests, then the tests of every package.
// `npm test -- PATTERN…` runs only the TypeScript tests whose files match. The contracts' invariants alone, and long: `npm run fuzz`.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");

/** Test files run side by side; the end-to-end scenarios start servers of their own and run alone, after. */
const UNIT_CONCURRENCY = 2;

/** The longest test takes less than two minutes on a busy machine: what takes this long has hung, and is named. */
const TEST_TIMEOUT_MS = 15 * 60_000;

function run(name: string, command: string, args: readonly string[]): boolean {
  process.stderr.write(`\n— ${name}\n`);
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(`— ${name}: ${status === 0 ? "passed" : "FAILED"} in ${seconds} s\n`);
  return status === 0;
}

function testFiles(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: root, exclude: (path) => path.includes("node_modules") }).sort();
}

function nodeTests(name: string, files: readonly string[], concurrency: number): boolean {
  if (files.length === 0) return false;
  return run(name, process.execPath, [
    "--test",
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    "--test-reporter=spec",
    ...files,
  ]);
}

const patterns = process.argv.slice(2);
const isScenario = (file: string) => file.startsWith("testkit/e2e/");
// Hardhat runs what is in contracts/test.
const files = testFiles([
  "{protocol,node,sequencer,bridge,tee-prover,testkit,scripts}/**/*.test.ts",
  "contracts/{*,deploy/**,genesis/**}/*.test.ts",
  "contracts/*.test.ts",
]);
const results =
  patterns.length > 0
    ? [
        nodeTests(
          "chosen tests",
          files.filter((file) => patterns.some((pattern) => file.includes(pattern))),
          1,
        ),
      ]
    : [
        run("checks", process.execPath, ["scripts/check.ts"]),
        run("contracts", join(bin, "hardhat"), ["test"]),
        nodeTests(
          "packages",
          files.filter((file) => !isScenario(file)),
          UNIT_CONCURRENCY,
        ),
        nodeTests("end-to-end scenarios", files.filter(isScenario), 1),
      ];
process.exitCode = results.every(Boolean) ? 0 : 1;
