import type { TsmFiles } from "../configfs-tsm.ts";
import type { HostEvidence } from "../evidence.ts";

/** An error as Node gives it for a system call. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: a system call`), { code });
}

export type KernelOptions = {
  readonly provider?: string;
  /** What the hardware signs; without one the driver fails as it does when the host's side is missing. */
  readonly report: (inblob: Uint8Array, privilegeLevel: number) => Promise<Uint8Array>;
  readonly auxblob?: Uint8Array;
  /** Lowest privilege level that the guest may ask for. */
  readonly floor?: number;
  /** Called before each access, with what is accessed; may throw or interfere. */
  readonly before?: (access: string, kernel: KernelTsm) => void;
};

type Entry = {
  inblob: Uint8Array;
  privilegeLevel: number;
  written: bigint;
  read: bigint;
  outblob: Uint8Array | undefined;
};

const INBLOB_MAX = 64;

/**
 * The kernel's side of configfs-tsm (drivers/virt/coco/guest/report.c), in memory: an entry's attributes come with its
 * folder; each write counts up the generation; a read of `outblob` asks the hardware once a generation; binary
 * attributes are taken at their closing, so that what is wrong with them is told nobody.
 */
export class KernelTsm implements TsmFiles {
  readonly #options: KernelOptions;
  readonly #root: string;
  readonly #entries = new Map<string, Entry>();
  /** Folders that were made, in order. */
  readonly made: string[] = [];

  constructor(root: string, options: KernelOptions) {
    this.#root = root;
    this.#options = options;
  }

  get left(): number {
    return this.#entries.size;
  }

  /** Another process, which writes into every entry that there is. */
  interfere(bytes: Uint8Array): void {
    for (const entry of this.#entries.values()) this.#take(entry, bytes);
  }

  async make(folder: string): Promise<void> {
    this.#options.before?.("make", this);
    if (!folder.startsWith(`${this.#root}/`)) throw systemError("ENOENT");
    if (this.#options.provider === "") throw systemError("ENXIO");
    if (this.#entries.has(folder)) throw systemError("EEXIST");
    this.#entries.set(folder, {
      inblob: new Uint8Array(0),
      privilegeLevel: 0,
      written: 0n,
      read: 0n,
      outblob: undefined,
    });
    this.made.push(folder);
  }

  async remove(folder: string): Promise<void> {
    if (!this.#entries.delete(folder)) throw systemError("ENOENT");
  }

  #find(file: string): { readonly entry: Entry; readonly name: string } {
    const at = file.lastIndexOf("/");
    const entry = this.#entries.get(file.slice(0, at));
    if (entry === undefined) throw systemError("ENOENT");
    return { entry, name: file.slice(at + 1) };
  }

  #take(entry: Entry, bytes: Uint8Array): void {
    entry.inblob = bytes;
    entry.written += 1n;
  }

  async write(file: string, bytes: Uint8Array): Promise<void> {
    const { entry, name } = this.#find(file);
    this.#options.before?.(`write ${name}`, this);
    if (name === "inblob") {
      // Too long: refused when the file is closed, which nobody sees.
      if (bytes.length <= INBLOB_MAX) this.#take(entry, bytes);
      return;
    }
    if (name !== "privlevel") throw systemError("EACCES");
    const level = Number(new TextDecoder().decode(bytes));
    if (level > 3 || level < (this.#options.floor ?? 0)) throw systemError("EINVAL");
    entry.privilegeLevel = level;
    entry.written += 1n;
  }

  async read(file: string): Promise<Uint8Array> {
    const { entry, name } = this.#find(file);
    this.#options.before?.(`read ${name}`, this);
    const { provider = "tdx_guest" } = this.#options;
    if (name === "provider") return new TextEncoder().encode(`${provider}\n`);
    if (name === "generation") return new TextEncoder().encode(`${entry.written}\n`);
    if (name === "outblob") return this.#report(entry);
    if (name === "auxblob" && provider === "sev_guest") return this.#options.auxblob ?? new Uint8Array(0);
    throw systemError(name === "inblob" || name === "privlevel" ? "EACCES" : "ENOENT");
  }

  async #report(entry: Entry): Promise<Uint8Array> {
    if (entry.inblob.length === 0) throw systemError("EINVAL");
    if (entry.privilegeLevel < (this.#options.floor ?? 0)) throw systemError("EINVAL");
    if (entry.outblob === undefined || entry.read !== entry.written) {
      entry.outblob = await this.#options.report(entry.inblob, entry.privilegeLevel);
      entry.read = entry.written;
    }
    return entry.outblob;
  }
}

/** The bytes that the hardware signs, of evidence that was made. */
export function reportOf(evidence: HostEvidence): Uint8Array {
  return evidence.kind === "TDX" ? evidence.quote : evidence.report;
}

export type TableEntry = readonly [guid: Uint8Array, certificate: Uint8Array];

/** A certificate table as a host lays it out: entries, one of zeros, then the certificates. */
export function certificateTable(entries: readonly TableEntry[]): Uint8Array {
  const head = (entries.length + 1) * 24;
  const total = entries.reduce((sum, [, { length }]) => sum + length, head);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let offset = head;
  for (const [i, [guid, certificate]] of entries.entries()) {
    bytes.set(guid, i * 24);
    view.setUint32(i * 24 + 16, offset, true);
    view.setUint32(i * 24 + 20, certificate.length, true);
    bytes.set(certificate, offset);
    offset += certificate.length;
  }
  return bytes;
}
