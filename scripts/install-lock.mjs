// Installing is one process's at a time: two at once would remove each other's files. Plain JavaScript for any Node >= 20, as
// `with-node.mjs`, which alone uses it in earnest.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Between looks whether the other has ended: installing lasts minutes. */
const POLL_MS = 200;

const sleepCell = new Int32Array(new SharedArrayBuffer(4));

function sleep(milliseconds) {
  Atomics.wait(sleepCell, 0, 0, milliseconds);
}

/** The text of a file; undefined where it is not there. */
function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether a process of that id lives; another user's does, too. */
function isAlive(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Makes the file with its content in one step, so that nobody ever reads one without an owner. */
function tryLock(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Takes away what a dead owner has left. It is moved aside first, and looked at again: of two that find it dead, the later one
 * may have moved a lock which the earlier one took meanwhile, and gives that back.
 */
function removeStale(file, owner) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  try {
    if (textOf(aside) !== owner) linkSync(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * Waits until no other living process holds the lock, then takes it; what comes back gives it up. `tell` gets one line each time that
 * another owner is waited for. A lock whose owner is dead is taken over.
 */
export function takeInstallLock(file, tell) {
  mkdirSync(dirname(file), { recursive: true });
  let told;
  while (!tryLock(file)) {
    const owner = textOf(file);
    if (owner === undefined) continue;
    if (!isAlive(Number(owner))) {
      removeStale(file, owner);
      continue;
    }
    if (owner !== told) tell(`waiting: process ${owner} installs already; if it does not, remove ${file}`);
    told = owner;
    sleep(POLL_MS);
  }
  return () => rmSync(file, { force: true });
}
