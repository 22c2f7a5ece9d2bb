import { copyFileSync, existsSync, readFileSync, renameSync } from "node:fs";

/** Between two copies: as often as anvil writes. */
const COPY_INTERVAL_MS = 2_000;

function generations(stateFile: string): readonly [newest: string, older: string] {
  return [`${stateFile}.1`, `${stateFile}.2`];
}

function copy(stateFile: string): void {
  if (!existsSync(stateFile)) return;
  const [newest, older] = generations(stateFile);
  if (existsSync(newest)) renameSync(newest, older);
  copyFileSync(stateFile, newest);
}

/**
 * Copies anvil's state file now and then, two generations of it: anvil writes it in place, so that a kill at the
 * wrong moment leaves half a file, and a copy of that moment is half too. The returned function ends it.
 */
export function keepCopies(stateFile: string): () => void {
  const timer = setInterval(() => copy(stateFile), COPY_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function isWhole(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Puts the newest whole copy in the place of a state file that was left half written; true if it had to. */
export function mendState(stateFile: string): boolean {
  if (!existsSync(stateFile) || isWhole(stateFile)) return false;
  const whole = generations(stateFile).find(isWhole);
  if (whole === undefined) return false;
  copyFileSync(whole, stateFile);
  return true;
}
