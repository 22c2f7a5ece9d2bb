import { readSync, writeSync } from "node:fs";

/** What a child process was doing last, in a file: it outlives the child, however that ended. */

/** Bytes of an input that are kept; longer ones are cut off. */
const MOST_INPUT = 4_096;
/** Index and length, u32 each, then the input. */
const HEAD = 8;

export type LastCase = { readonly index: number; readonly input: Uint8Array };

/** Notes each case before it runs. @param file descriptor open for writing */
export function blackBox(file: number): (index: number, input: Uint8Array) => void {
  const record = Buffer.alloc(HEAD + MOST_INPUT);
  return (index, input) => {
    const kept = input.subarray(0, MOST_INPUT);
    record.writeUInt32LE(index, 0);
    record.writeUInt32LE(kept.length, 4);
    record.set(kept, HEAD);
    writeSync(file, record, 0, HEAD + kept.length, 0);
  };
}

/** The last case that was noted; undefined before the first. @param file descriptor open for reading */
export function readBlackBox(file: number): LastCase | undefined {
  const record = Buffer.alloc(HEAD + MOST_INPUT);
  const length = readSync(file, record, 0, record.length, 0);
  if (length < HEAD) return undefined;
  const end = Math.min(length, HEAD + record.readUInt32LE(4));
  return { index: record.readUInt32LE(0), input: Uint8Array.from(record.subarray(HEAD, end)) };
}
