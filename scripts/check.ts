// `npm run check`: every static check of the project, two side by side, all of them even when one fails.
// `npm run check -- --write-abi`: compiles the contracts and writes their ABIs anew instead.
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Name, then the command with its arguments, found in the locked dependencies. */
type Check = readonly [string, string, ...string[]];

const COMPILE: Check = ["contracts compile", "hardhat", "build", "--quiet"];

/** Two rows of about the same length; in each one check after the other. The compiler of types takes what cores there are. */
const rows: readonly (readonly Check[])[] = [
  [
    COMPILE,
    ["generated ABIs are fresh", process.execPath, "scripts/abi.ts", "--check"],
    ["types", "tsc", "--noEmit", "--project", "tsconfig.json"],
  ],
  [
    ["Solidity lint", "solhint", "--max-warnings", "0", "contracts/{src,test}/**/*.sol"],
    ["format, lint, import direction", "biome", "check", "--error-on-warnings", "."],
  ],
];

const writeAbi: readonly Check[] = [COMPILE, ["ABIs are written", process.execPath, "scripts/abi.ts"]];

const [mode, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (mode !== undefined && mode !== "--write-abi")) {
  process.stderr.write("check: only --write-abi can be given\n");
  process.exit(2);
}

/** Runs one check; what it says is shown when it ends, so that two do not mix. */
async function holds([name, command, ...args]: Check): Promise<boolean> {
  const started = performance.now();
  const path = command === process.execPath ? command : join(root, "node_modules/.bin", command);
  const child = spawn(path, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => said.push(bytes));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(Buffer.concat(said));
  process.stderr.write(`${status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
  return status === 0;
}

/** All of a row. */
async function allHold(row: readonly Check[]): Promise<boolean> {
  const results: boolean[] = [];
  for (const check of row) results.push(await holds(check));
  return results.every(Boolean);
}

/** One after the other until one fails: what the last compilation left is not to be written as what this one made. */
async function written(): Promise<boolean> {
  for (const check of writeAbi) if (!(await holds(check))) return false;
  return true;
}

const results = mode === undefined ? await Promise.all(rows.map(allHold)) : [await written()];
process.exitCode = results.every(Boolean) ? 0 : 1;
