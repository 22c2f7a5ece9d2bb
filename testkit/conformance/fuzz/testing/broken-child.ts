// The process of a target that breaks at its seventh case, in the way that its name says.
import { openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { blackBox } from "../black-box.ts";
import type { FuzzJob } from "../child.ts";

const BREAKS_AT = 7;

const [, , argument = "{}"] = process.argv;
const job: FuzzJob = JSON.parse(argument);
const onCase = blackBox(openSync(job.file, "r+"));
for (let index = 0; index <= BREAKS_AT; index++) onCase(index, Uint8Array.of(index, 0xab));
switch (job.target) {
  case "busy":
    for (;;) {
      // Not even a signal handler of this process would be heard.
    }
  case "waiting":
    await sleep(600_000);
    break;
  case "killed":
    process.kill(process.pid, "SIGSEGV");
    await sleep(600_000);
    break;
  case "unhandled":
    Promise.reject(new Error("nobody listens"));
    break;
  case "memory": {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => i * 1.5));
  }
  default:
    process.exitCode = 3;
}
