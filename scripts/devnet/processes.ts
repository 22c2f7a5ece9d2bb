import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { RollupError } from "@phala-l2/protocol/errors";
import { anvilBinary } from "@phala-l2/testkit/l1/anvil";

/** A part of the system that runs as a process of its own: one `l2` command with its configuration file. */
export type Part = { readonly name: string; readonly command: string; readonly configFile: string };

/** What a part prints on stdout once it serves: one JSON line. */
export type Ready = Readonly<Record<string, unknown>>;

export type OnReady = (ready: Ready) => Promise<void>;

export type Processes = {
  /**
   * Starts a part and waits for its ready line; from then on it is started again whenever it dies. `onReady` is
   * called with each ready line, the first included.
   */
  start(part: Part, onReady?: OnReady): Promise<Ready>;
  /** Remembers a process that somebody else runs, so that a later run can end it. */
  remember(name: string, pid: number): void;
  /** The running process of each part, by name. */
  pids(): Readonly<Record<string, number>>;
  /** Ends all parts at once: none needs another to stop cleanly. */
  stop(): Promise<void>;
};

const PROGRAM = join(import.meta.dirname, "../l2.ts");
/** A part that does not serve by then is broken; loading the code takes about two seconds on a slow machine. */
const READY_TIMEOUT_MS = 60_000;
/** Pause before a dead part is started again, so that a part that dies at once does not spin. */
const RESTART_DELAY_MS = 500;
/** Time for a clean stop before the part is killed. */
const STOP_TIMEOUT_MS = 10_000;

/** Pause between looks whether a left-over process has ended. */
const LEFTOVER_POLL_MS = 50;

function alive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** True if that process exists and is one of ours: an id may have been given to a stranger since. */
function isOurs(pid: number): boolean {
  const path = `/proc/${pid}/cmdline`;
  if (!existsSync(path)) return false;
  const commandLine = readFileSync(path, "utf8");
  return [PROGRAM, anvilBinary()].some((program) => commandLine.includes(program));
}

function pidFile(folder: string): string {
  return join(folder, "processes.json");
}

/**
 * Ends what a killed earlier run has left behind, by the ids that it wrote down. They get the time to save
 * what they hold.
 */
export async function endLeftovers(folder: string): Promise<void> {
  const file = pidFile(folder);
  if (!existsSync(file)) return;
  const remembered: unknown = JSON.parse(readFileSync(file, "utf8"));
  const ours = Object.values(remembered ?? {}).filter((pid) => typeof pid === "number" && isOurs(pid));
  for (const pid of ours) process.kill(pid, "SIGTERM");
  await untilEnded(ours);
  for (const pid of ours.filter(isOurs)) process.kill(pid, "SIGKILL");
  await untilEnded(ours);
}

/** Whether a process holds nothing any more: its command line is gone before its ports are. */
function hasEnded(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return true;
  const stat = readFileSync(path, "utf8");
  // The state stands behind the name, which may hold anything in its parentheses.
  return ["Z", "X"].includes(stat.charAt(stat.lastIndexOf(")") + 2));
}

async function untilEnded(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (!pids.every(hasEnded) && Date.now() < deadline) await sleep(LEFTOVER_POLL_MS);
}

async function end(child: ChildProcess): Promise<void> {
  if (!alive(child)) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  child.kill("SIGTERM");
  await once(child, "exit");
  clearTimeout(timer);
}

function firstLine(child: ChildProcess, name: string, logFile: string): Promise<Ready> {
  const failed = (why: string) =>
    new RollupError("DEVNET_PART_FAILED", `the ${name} ${why}; its log is ${logFile}`, {
      data: { name, logFile },
    });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failed("does not get ready")), READY_TIMEOUT_MS);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(failed(`ended with ${code ?? signal} before it was ready`));
    });
    if (child.stdout === null) throw failed("has no stdout");
    createInterface(child.stdout).once("line", (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
}

/**
 * Runs the parts of a system on this machine. Logs go to `<folder>/<part>.log`, the process ids to
 * `<folder>/processes.json`; `onChange` is told when they are others. Children are in process groups of their own: the terminal's Ctrl-C reaches only
 * the caller, which stops them in order.
 */
export function createProcesses(
  folder: string,
  { report, onChange }: { readonly report: (line: string) => void; readonly onChange: () => void },
): Processes {
  const children = new Map<string, ChildProcess>();
  const others = new Map<string, number>();
  let stopping = false;

  const pids = () => ({
    ...Object.fromEntries(others),
    ...Object.fromEntries([...children].map(([name, child]) => [name, child.pid ?? 0])),
  });
  const save = () => {
    writeFileSync(pidFile(folder), JSON.stringify(pids()));
    onChange();
  };

  async function launch(part: Part, onReady: OnReady): Promise<Ready> {
    if (stopping) throw new RollupError("DEVNET_STOPPED", `the devnet stops: no ${part.name} is started`);
    const logFile = join(folder, `${part.name}.log`);
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", PROGRAM, part.command, "--config", part.configFile],
      {
        // What is exported for one command is not meant for every part.
        env: Object.fromEntries(
          Object.entries(process.env).filter(([name]) => !name.startsWith("PHALA_L2_")),
        ),
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    child.stderr?.pipe(createWriteStream(logFile, { flags: "a" }));
    children.set(part.name, child);
    save();
    const ready = await firstLine(child, part.name, logFile);
    child.once("exit", (code, signal) => {
      if (!stopping) restart(part, onReady, code ?? signal);
    });
    await onReady(ready);
    return ready;
  }

  function restart(part: Part, onReady: OnReady, how: unknown): void {
    report(`the ${part.name} ended (${how}); starting it again`);
    setTimeout(() => {
      if (stopping) return;
      launch(part, onReady).then(
        () => report(`the ${part.name} is back`),
        (error: Error) => {
          report(error.message);
          if (!stopping) restart(part, onReady, "start failed");
        },
      );
    }, RESTART_DELAY_MS);
  }

  return {
    start: (part, onReady = async () => {}) => launch(part, onReady),
    remember: (name, pid) => {
      others.set(name, pid);
      save();
    },
    pids,
    stop: async () => {
      stopping = true;
      await Promise.all([...children.values()].map(end));
      children.clear();
      save();
    },
  };
}
