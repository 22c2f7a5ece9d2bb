import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareBytes } from "@phala-l2/protocol/bytes";

export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Entries up to so many bytes are sorted in memory; more go to disk in sorted runs of that size. */
const RUN_BYTES = 192 * 2 ** 20;
/** What of a run is in memory while runs are merged. */
const WINDOW_BYTES = 2 ** 20;
/** Lengths of key and value in front of a record. */
const RECORD_HEAD = 8;

/** Entries side by side in one array, in the order in which they came. */
type Run = {
  bytes: Buffer;
  used: number;
  /** Three numbers an entry: where its key begins, the key's length, the value's. */
  places: number[];
};

/**
 * Puts entries in the order of their keys in bounded memory, whatever their number and order. A class because it
 * has files to leave behind or take away: `dispose` ends it.
 */
export class EntrySorter {
  private readonly runBytes: number;
  private run: Run;
  private readonly files: string[] = [];
  private folder: string | undefined;
  count = 0;

  constructor(runBytes: number = RUN_BYTES) {
    this.runBytes = runBytes;
    this.run = { bytes: Buffer.allocUnsafe(Math.min(runBytes, WINDOW_BYTES)), used: 0, places: [] };
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const length = key.length + value.length;
    if (this.run.used > 0 && this.run.used + length > this.runBytes) this.spill();
    this.reserve(this.run.used + length);
    const { bytes, used, places } = this.run;
    bytes.set(key, used);
    bytes.set(value, used + key.length);
    places.push(used, key.length, value.length);
    this.run.used += length;
    this.count += 1;
  }

  private reserve(wanted: number): void {
    const { bytes, used } = this.run;
    if (wanted <= bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(wanted, Math.min(2 * bytes.length, this.runBytes)));
    bytes.copy(grown, 0, 0, used);
    this.run.bytes = grown;
  }

  private spill(): void {
    this.folder ??= mkdtempSync(join(tmpdir(), "phala-l2-sort-"));
    const path = join(this.folder, String(this.files.length));
    writeRun(path, this.run);
    this.files.push(path);
    this.run = { bytes: this.run.bytes, used: 0, places: [] };
  }

  /** All entries in order; of one key all, next to each other. The arrays are the caller's. */
  *entries(): Generator<Entry> {
    if (this.files.length === 0) {
      yield* inMemory(this.run);
      return;
    }
    if (this.run.places.length > 0) this.spill();
    yield* merge(this.files.map(readRun));
  }

  dispose(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }
}

function orderOf({ bytes, places }: Run): Uint32Array {
  const order = Uint32Array.from({ length: places.length / 3 }, (_, i) => 3 * i);
  const compare = (a: number, b: number): number => {
    const [atA, atB] = [places[a] ?? 0, places[b] ?? 0];
    return bytes.compare(bytes, atB, atB + (places[b + 1] ?? 0), atA, atA + (places[a + 1] ?? 0));
  };
  // Most dumps are in order already.
  const isSorted = order.every((place, i) => i === 0 || compare(order[i - 1] ?? 0, place) <= 0);
  return isSorted ? order : order.sort(compare);
}

function* inMemory(run: Run): Generator<Entry> {
  const { bytes, places } = run;
  for (const place of orderOf(run)) {
    const at = places[place] ?? 0;
    const end = at + (places[place + 1] ?? 0);
    yield [plain(bytes, at, end), plain(bytes, end, end + (places[place + 2] ?? 0))];
  }
}

/** A copy that is a plain array, not a Buffer, whose methods of the same name do something else. */
function plain(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to));
}

function writeRun(path: string, run: Run): void {
  const file = openSync(path, "wx", 0o600);
  try {
    const out = Buffer.allocUnsafe(WINDOW_BYTES);
    let used = 0;
    const flush = (): void => {
      writeAll(file, out.subarray(0, used));
      used = 0;
    };
    for (const place of orderOf(run)) {
      const at = run.places[place] ?? 0;
      const [keyLength, valueLength] = [run.places[place + 1] ?? 0, run.places[place + 2] ?? 0];
      const length = RECORD_HEAD + keyLength + valueLength;
      if (used + length > out.length) flush();
      const record = run.bytes.subarray(at, at + keyLength + valueLength);
      const head = length > out.length ? Buffer.alloc(RECORD_HEAD) : out.subarray(used, used + RECORD_HEAD);
      head.writeUInt32LE(keyLength, 0);
      head.writeUInt32LE(valueLength, 4);
      if (length > out.length) {
        writeAll(file, head);
        writeAll(file, record);
      } else {
        out.set(record, used + RECORD_HEAD);
        used += length;
      }
    }
    flush();
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function* readRun(path: string): Generator<Entry> {
  const file = openSync(path, "r");
  try {
    let window = Buffer.alloc(0);
    let at = 0;
    /** Makes sure that so many bytes are in the window; false at the file's end. */
    const have = (length: number): boolean => {
      while (window.length - at < length) {
        const more = Buffer.allocUnsafe(Math.max(WINDOW_BYTES, length));
        const read = readSync(file, more);
        if (read === 0) return false;
        window = Buffer.concat([window.subarray(at), more.subarray(0, read)]);
        at = 0;
      }
      return true;
    };
    while (have(RECORD_HEAD)) {
      const keyLength = window.readUInt32LE(at);
      const valueLength = window.readUInt32LE(at + 4);
      have(RECORD_HEAD + keyLength + valueLength);
      const start = at + RECORD_HEAD;
      const end = start + keyLength + valueLength;
      yield [plain(window, start, start + keyLength), plain(window, start + keyLength, end)];
      at = end;
    }
  } finally {
    closeSync(file);
  }
}

/** Runs are few (a gigabyte has six), so the least head is looked for among all. */
function* merge(runs: readonly Generator<Entry>[]): Generator<Entry> {
  const heads = runs.map((run) => run.next());
  for (;;) {
    let least = -1;
    let leastKey: Uint8Array | undefined;
    for (const [i, head] of heads.entries()) {
      if (head.done === true) continue;
      if (leastKey === undefined || compareBytes(head.value[0], leastKey) < 0)
        [least, leastKey] = [i, head.value[0]];
    }
    const head = heads[least];
    const run = runs[least];
    if (head === undefined || run === undefined || head.done === true) return;
    yield head.value;
    heads[least] = run.next();
  }
}
