// `npm run check`: every static check of the project, one after another, all of them even when one fails.
// `npm run check -- --write-abi`: compiles the contracts and writes their ABIs anew instead.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Name, then the command with its arguments, found in the locked dependencies. */
type Check = readonly [string, string, ...string[]];

const COMPILE: Check = ["contracts compile", "hardhat", "build", "--quiet"];

const checks: readonly Check[] = [
  ["format, lint, import direction", "biome", "check", "--error-on-warnings", "."],
  ["types", "tsc", "--noEmit", "--project", "tsconfig.json"],
  ["Solidity lint", "solhint", "--max-warnings", "0", "contracts/{src,test}/**/*.sol"],
  COMPILE,
  ["generated ABIs are fresh", process.execPath, "scripts/abi.ts", "--check"],
];

const writeAbi: readonly Check[] = [COMPILE, ["ABIs are written", process.execPath, "scripts/abi.ts"]];

const [mode, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (mode !== undefined && mode !== "--write-abi")) {
  process.stderr.write("check: only --write-abi can be given\n");
  process.exit(2);
}

const failed: string[] = [];
for (const [name, command, ...args] of mode === undefined ? checks : writeAbi) {
  const started = performance.now();
  const path = command === process.execPath ? command : join(root, "node_modules/.bin", command);
  const { status } = spawnSync(path, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(`${status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
  if (status !== 0) failed.push(name);
  // What the last compilation left is not to be written as what this one made.
  if (failed.length > 0 && mode !== undefined) break;
}
process.exitCode = failed.length === 0 ? 0 : 1;
