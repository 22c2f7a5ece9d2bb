// `npm run check`: every static check of the project, one after another, all of them even when one fails.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Name, then the command with its arguments, found in the locked dependencies. */
const checks: readonly (readonly [string, string, ...string[]])[] = [
  ["format, lint, import direction", "biome", "check", "--error-on-warnings", "."],
  ["types", "tsc", "--noEmit", "--project", "tsconfig.json"],
  ["Solidity lint", "solhint", "--max-warnings", "0", "contracts/{src,test}/**/*.sol"],
  ["contracts compile", "hardhat", "build", "--quiet"],
  ["generated ABIs are fresh", process.execPath, "scripts/abi.ts", "--check"],
];

const failed: string[] = [];
for (const [name, command, ...args] of checks) {
  const started = performance.now();
  const path = command === process.execPath ? command : join(root, "node_modules/.bin", command);
  const { status } = spawnSync(path, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(`${status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
  if (status !== 0) failed.push(name);
}
process.exitCode = failed.length === 0 ? 0 : 1;
