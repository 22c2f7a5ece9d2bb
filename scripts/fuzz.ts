// `npm run fuzz [PATTERN…]`: the contracts' invariants on many more random calls than `npm test` makes, file by file. A JSON
// line of results for each file on stdout; progress, and what fails with its calls, on stderr.
// Exit 0: all hold; 1: one does not; 2: no file matches, or an environment variable is none of its kind.
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { invariantResults, readLongRun } from "./fuzz/results.ts";

const root = join(import.meta.dirname, "..");
const hardhat = join(root, "node_modules/.bin/hardhat");
const BAD_USAGE = 2;
/** A file takes hours: who looks must see that it lives. */
const HEARTBEAT_MS = 60_000;

const tell = (line: string) => process.stderr.write(`${line}\n`);
const nameOf = (file: string) => basename(file, ".t.sol");

function filesOf(patterns: readonly string[]): readonly string[] {
  return globSync("contracts/test/unit/*.t.sol", { cwd: root })
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .filter((file) => readFileSync(join(root, file), "utf8").includes("function invariant_"))
    .sort();
}

/** Hardhat's lines as they come; resolves with all of them and its exit status. */
async function runFile(file: string, environment: Readonly<Record<string, string>>) {
  const child = spawn(hardhat, ["test", "solidity", "--grep", "^invariant_", file], {
    ...{ cwd: root, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "inherit"] },
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("close", (status) => resolve(status ?? 1));
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.trim() !== "") tell(`  ${line.trim()}`);
  }
  return { lines, status: await ended };
}

async function main(patterns: readonly string[]): Promise<number> {
  const run = readLongRun(process.env);
  if (run.kind === "invalid") {
    tell(`fuzz: ${run.reason}`);
    return BAD_USAGE;
  }
  const files = filesOf(patterns);
  if (files.length === 0) {
    const known = filesOf([]).map(nameOf).join(", ");
    tell(`fuzz: no file of invariants matches ${patterns.join(", ")}; there are ${known}`);
    return BAD_USAGE;
  }
  const { runs, depth, seed } = run;
  let holds = true;
  for (const [i, file] of files.entries()) {
    tell(`[${i + 1}/${files.length}] ${nameOf(file)}: ${runs} runs of ${depth} calls of each invariant`);
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 100) / 10;
    const beat = setInterval(
      () => tell(`  ${nameOf(file)}: ${Math.round(seconds() / 60)} min`),
      HEARTBEAT_MS,
    );
    const environment = { INVARIANT_RUNS: `${runs}`, INVARIANT_DEPTH: `${depth}`, INVARIANT_SEED: seed };
    const { lines, status } = await runFile(file, environment).finally(() => clearInterval(beat));
    const invariants = invariantResults(lines);
    const ok = status === 0 && invariants.length > 0 && invariants.every((each) => each.ok);
    holds &&= ok;
    const calls = invariants.reduce((sum, each) => sum + each.runs * depth, 0);
    const result = { file, ok, runs, depth, seed, calls, seconds: seconds(), invariants };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    tell(`[${i + 1}/${files.length}] ${nameOf(file)}: ${ok ? "holds" : "DOES NOT HOLD"} (${seconds()} s)`);
  }
  return holds ? 0 : 1;
}

const given = process.argv.slice(2);
if (given.some((word) => word === "--help" || word === "-h")) {
  process.stdout.write(
    [
      "npm run fuzz [-- PATTERN…]   the contracts' invariants, long; of files with PATTERN in their name, or of all",
      "  INVARIANT_RUNS   sequences of calls for each invariant (10000)",
      "  INVARIANT_DEPTH  calls in each sequence (64)",
      "  INVARIANT_SEED   hex; equal seeds give equal calls (0x1234)",
      "One JSON line a file on stdout, progress on stderr. Hostile bytes for decoders and servers: npm run -s l2 -- fuzz\n",
    ].join("\n"),
  );
} else process.exitCode = await main(given);
