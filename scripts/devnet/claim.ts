import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RollupError } from "@phala-l2/protocol/errors";

/** In the devnet's folder: the process whose devnet it is. */
const CLAIM = "devnet.pid";
const PROGRAM = join(import.meta.dirname, "../devnet.ts");

function ownerOf(file: string): number | undefined {
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  const commandLine = `/proc/${pid}/cmdline`;
  // An id may have been given to a stranger since.
  const isDevnet = existsSync(commandLine) && readFileSync(commandLine, "utf8").includes(PROGRAM);
  return isDevnet ? pid : undefined;
}

/**
 * Makes the folder this process's own, so that a second devnet touches nothing of a running one. What a killed
 * owner has left is taken over. The returned function gives the folder back.
 * @throws RollupError DEVNET_RUNNING
 */
export function claimFolder(folder: string): () => void {
  const file = join(folder, CLAIM);
  const owner = ownerOf(file);
  if (owner === undefined) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause;
    const message = `a devnet runs in ${folder} already (process ${owner ?? "unknown"}): end it, or choose another --folder`;
    throw new RollupError("DEVNET_RUNNING", message, { data: { folder, owner }, cause });
  }
  return () => rmSync(file, { force: true });
}

/** Removes all that earlier runs have left in a folder that this process owns. */
export function emptyClaimed(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== CLAIM) rmSync(join(folder, name), { recursive: true });
  }
}
