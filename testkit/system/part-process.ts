import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PartSettings } from "./part-settings.ts";

/** What a part prints when it serves. */
export type Ready = Readonly<Record<string, unknown>>;

const PROGRAM = join(import.meta.dirname, "../../scripts/l2.ts");
/** What is shown of the log of a part that does not start. */
const LOG_TAIL = 2000;

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** One part as the process that an operator runs: `l2 <command> --config FILE`. */
export class PartProcess {
  readonly #command: string;
  readonly #configFile: string;
  #child: ChildProcess | undefined;

  constructor(command: string, folder: string) {
    this.#command = command;
    this.#configFile = join(folder, `${command}.json`);
  }

  /** Starts the process and waits for its ready line. */
  async start(settings: PartSettings): Promise<Ready> {
    writeFileSync(this.#configFile, JSON.stringify(settings));
    const words = [this.#command, "--config", this.#configFile, "--log-level", "warn"];
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_TAIL);
    });
    const line = new Promise<string>((resolve) => {
      createInterface(child.stdout).once("line", resolve);
    });
    const ended = once(child, "exit").then(() => undefined);
    const ready = await Promise.race([line, ended]);
    assert.ok(ready !== undefined, `the ${this.#command} ended before it was ready: ${log}`);
    return JSON.parse(ready);
  }

  /** Ends the process in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends the process as an operator would; it cleans up and exits with 0. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !isAlive(child)) return;
    await this.#end("SIGTERM");
    assert.equal(child.exitCode, 0, `the ${this.#command} stops cleanly`);
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === undefined || !isAlive(child)) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
