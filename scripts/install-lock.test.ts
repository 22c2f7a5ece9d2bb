import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { takeInstallLock } from "./install-lock.mjs";

const MODULE = pathToFileURL(join(import.meta.dirname, "install-lock.mjs")).href;
/** Takes the lock, writes two lines while it has it, and gives it up. */
const INSTALLER = `
  import { appendFileSync } from "node:fs";
  import { takeInstallLock } from ${JSON.stringify(MODULE)};
  const [, file, log, milliseconds] = process.argv;
  const giveUp = takeInstallLock(file, (line) => process.stderr.write(line + "\\n"));
  appendFileSync(log, "begin " + process.pid + "\\n");
  await new Promise((resolve) => setTimeout(resolve, Number(milliseconds)));
  appendFileSync(log, "end " + process.pid + "\\n");
  giveUp();
`;

describe("the lock around installing", () => {
  let folder: string;
  let lock: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "install-lock-"));
    lock = join(folder, ".installing");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const never = (line: string) => assert.fail(line);
  const argsOf = (milliseconds: number) => [
    ...["--input-type=module", "-e", INSTALLER],
    ...[lock, join(folder, "log"), `${milliseconds}`],
  ];

  it("names its owner, and leaves nothing behind", () => {
    const giveUp = takeInstallLock(lock, never);
    assert.equal(readFileSync(lock, "utf8"), `${process.pid}`);
    giveUp();
    assert.deepEqual(readdirSync(folder), []);
  });

  it("lets each of several wait for the others, who say whom they wait for", async () => {
    const installers = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, argsOf(100), { stdio: ["ignore", "ignore", "pipe"] });
      const told: Buffer[] = [];
      child.stderr.on("data", (part: Buffer) => told.push(part));
      return { ended: once(child, "close"), told };
    });
    for (const { ended } of installers) assert.deepEqual(await ended, [0, null]);
    const lines = readFileSync(join(folder, "log"), "utf8").trim().split("\n");
    const pids = lines.map((line) => line.split(" ")[1]);
    assert.equal(new Set(pids).size, 4);
    for (let at = 0; at < lines.length; at += 2) {
      assert.deepEqual(lines.slice(at, at + 2), [`begin ${pids[at]}`, `end ${pids[at]}`]);
    }
    for (const { told } of installers) {
      const words = Buffer.concat(told).toString();
      assert.match(words, /^(waiting: process \d+ installs already; if it does not, remove .*\n)*$/);
    }
    assert.deepEqual(readdirSync(folder), ["log"]);
  });

  it("waits while its owner lives, and takes over once it was killed", async () => {
    const owner = spawn(process.execPath, argsOf(60_000), { stdio: ["ignore", "ignore", "inherit"] });
    const ended = once(owner, "exit");
    try {
      while (!readdirSync(folder).includes("log")) await new Promise((resolve) => setTimeout(resolve, 20));
      const waiter = spawnSync(process.execPath, argsOf(0), { timeout: 1_000, encoding: "utf8" });
      assert.notEqual(waiter.status, 0);
      assert.match(waiter.stderr, new RegExp(`^waiting: process ${owner.pid} installs already`));
    } finally {
      owner.kill("SIGKILL");
      await ended;
    }
    takeInstallLock(lock, never)();
    assert.deepEqual(readdirSync(folder), ["log"]);
  });

  it("is taken over from a process that is none", () => {
    for (const left of ["", "text", "-1", "0", "4194305", "1e99"]) {
      writeFileSync(lock, left);
      takeInstallLock(lock, never)();
      assert.deepEqual(readdirSync(folder), []);
    }
  });
});
