import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { type CertificateTable, readCertificateTable } from "./certificate-table.ts";
import { REPORT_DATA_BYTES } from "./commitments.ts";
import type { HostEvidence, HostSource } from "./evidence.ts";
import { requireReportData } from "./measurement.ts";

/** Where Linux 6.7 and later has it (Documentation/ABI/testing/configfs-tsm). */
export const TSM_REPORTS = "/sys/kernel/config/tsm/report";

/** The few calls that this interface takes; errors are Node's, with `code` (ENOENT, EBUSY …). */
export type TsmFiles = {
  /** Makes an entry; the kernel puts its attributes there. */
  make(folder: string): Promise<void>;
  read(file: string): Promise<Uint8Array>;
  write(file: string, bytes: Uint8Array): Promise<void>;
  remove(folder: string): Promise<void>;
};

/** Quotes have 5 kB, and with padding 8; the kernel's own limit is 32 kB and more in later versions. */
const READ_BYTES_MAX = 1 << 20;
const READ_CHUNK = 1 << 16;

/** Reads until the end: the kernel gives its attributes a size that says nothing. */
async function readAttribute(file: string): Promise<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY);
  try {
    const parts: Uint8Array[] = [];
    for (let total = 0; ; ) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(READ_CHUNK), 0, READ_CHUNK, null);
      if (bytesRead === 0) return concatBytes(...parts);
      parts.push(buffer.subarray(0, bytesRead));
      total += bytesRead;
      if (total > READ_BYTES_MAX) {
        throw new RollupError("EVIDENCE_MALFORMED", `${file} has more than ${READ_BYTES_MAX} bytes`);
      }
    }
  } finally {
    await handle.close();
  }
}

/** One write, which creates and truncates nothing: some attributes can only be written. */
async function writeAttribute(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, constants.O_WRONLY);
  try {
    await handle.write(bytes);
  } finally {
    await handle.close();
  }
}

export const kernelFiles: TsmFiles = {
  make: async (folder) => {
    await mkdir(folder, { mode: 0o700 });
  },
  read: readAttribute,
  write: writeAttribute,
  // The attributes are the kernel's, and go with the folder.
  remove: (folder) => rmdir(folder),
};

const PROVIDERS = { TDX: "tdx_guest", SEV_SNP: "sev_guest" } as const satisfies Record<
  HostEvidence["kind"],
  string
>;

export type TsmOptions = {
  readonly kind: HostEvidence["kind"];
  /** SEV-SNP: the VMPL to ask for, 0 (the default) to 3; below a paravisor only higher ones are given. */
  readonly privilegeLevel?: number | undefined;
  readonly root?: string;
  readonly files?: TsmFiles;
  /** Between two attempts. */
  readonly retryMs?: number;
};

/** Others may use the same TEE: an entry that was disturbed, and a TEE that is busy, are tried again. */
const ATTEMPTS = 5;
const RETRY_MS = 200;
const BUSY: readonly string[] = ["EBUSY", "EAGAIN", "EINTR", "ETIMEDOUT"];

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function isBusy(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno !== undefined && BUSY.includes(errno);
}

/** What an error of the file system means here. */
function inTerms(error: unknown, step: string, file: string): RollupError {
  if (error instanceof RollupError) return error;
  const errno = errnoOf(error) ?? "unknown";
  const data = { step, file, errno };
  if (isBusy(error)) {
    return new RollupError("EVIDENCE_TSM_BUSY", `${file} is busy (${errno})`, { data, cause: error });
  }
  const message = `${step} ${file} failed (${errno})`;
  return new RollupError("EVIDENCE_TSM_REFUSED", message, { data, cause: error });
}

/** The entry could not be made at all: there is no such interface, or no TEE behind it. */
function noEntry(error: unknown, root: string): RollupError {
  const errno = errnoOf(error);
  if (errno !== "ENOENT" && errno !== "ENXIO" && errno !== "ENOTDIR") return inTerms(error, "making", root);
  const why =
    errno === "ENXIO"
      ? "the kernel has no TEE's driver loaded (tdx_guest, sev_guest)"
      : "it takes Linux 6.7 or later with configfs mounted on /sys/kernel/config";
  return new RollupError("EVIDENCE_NO_TSM", `${root} gives no reports: ${why}`, {
    data: { root, errno },
    cause: error,
  });
}

/** One entry of the interface, followed by its generation: the kernel counts each write. */
class TsmEntry {
  readonly #files: TsmFiles;
  readonly #folder: string;
  #generation = -1n;

  constructor(files: TsmFiles, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  async read(name: string): Promise<Uint8Array> {
    const file = join(this.#folder, name);
    return this.#files.read(file).catch((error: unknown) => {
      throw inTerms(error, "reading", file);
    });
  }

  async text(name: string): Promise<string> {
    return new TextDecoder().decode(await this.read(name)).trim();
  }

  async #currentGeneration(): Promise<bigint> {
    const text = await this.text("generation");
    if (/^\d{1,20}$/.test(text)) return BigInt(text);
    throw new RollupError("EVIDENCE_MALFORMED", `generation is a number, not '${text}'`);
  }

  async begin(): Promise<void> {
    this.#generation = await this.#currentGeneration();
  }

  /**
   * Writes, and sees that this write and no other was counted. The kernel takes a binary attribute when it is closed
   * and tells no error then: the generation is the only answer.
   */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.#folder, name);
    await this.#files.write(file, bytes).catch((error: unknown) => {
      throw inTerms(error, "writing", file);
    });
    this.#generation += 1n;
    await this.check(name);
  }

  /** @throws RollupError EVIDENCE_TSM_RACE */
  async check(after: string): Promise<void> {
    const found = await this.#currentGeneration();
    if (found === this.#generation) return;
    const message = `another process used ${this.#folder}, or the kernel did not take what was written: after ${after} its generation is ${found}, not ${this.#generation}`;
    throw new RollupError("EVIDENCE_TSM_RACE", message, { data: { found, wanted: this.#generation } });
  }
}

/** DER certificates one after another; of a fleet's leaf AMD names no entry for its ASVK but the ASK's. */
function chainOf({ ask, ark }: CertificateTable): Uint8Array | undefined {
  return ask === undefined ? undefined : concatBytes(ask, ark ?? new Uint8Array(0));
}

/**
 * Evidence of a TD or of a guest under SEV-SNP, through the kernel's one interface for both. Each report has an entry
 * of its own, which is removed again.
 */
export function configfsTsm(options: TsmOptions): HostSource {
  const { kind, privilegeLevel, root = TSM_REPORTS, files = kernelFiles, retryMs = RETRY_MS } = options;

  async function report(entry: TsmEntry, reportData: Uint8Array): Promise<HostEvidence> {
    const provider = await entry.text("provider");
    const wanted = PROVIDERS[kind];
    if (provider !== wanted) {
      const message = `this machine's TEE is '${provider}', and ${kind} is '${wanted}'; correct the prover's kind`;
      throw new RollupError("EVIDENCE_PROVIDER_MISMATCH", message, { data: { wanted, found: provider } });
    }
    await entry.begin();
    if (privilegeLevel !== undefined) {
      await entry.write("privlevel", new TextEncoder().encode(`${privilegeLevel}`));
    }
    await entry.write("inblob", reportData);
    const outblob = await entry.read("outblob");
    // An attribute of this provider alone; it may be empty.
    const auxblob = kind === "SEV_SNP" ? await entry.read("auxblob") : new Uint8Array(0);
    await entry.check("outblob");
    return evidenceOf(kind, outblob, auxblob);
  }

  async function attempt(reportData: Uint8Array): Promise<HostEvidence> {
    const folder = join(root, `phala-l2-${randomBytes(8).toString("hex")}`);
    await files.make(folder).catch((error: unknown) => {
      throw noEntry(error, root);
    });
    try {
      const evidence = await report(new TsmEntry(files, folder), reportData);
      requireReportData(evidence, reportData);
      return evidence;
    } finally {
      await files.remove(folder);
    }
  }

  return {
    kind,
    simulated: false,
    evidence: async (reportData) => {
      requireLength(reportData);
      for (let left = ATTEMPTS; ; left--) {
        try {
          return await attempt(reportData);
        } catch (error) {
          if (left === 1 || !isPassing(error)) throw error;
          await delay(retryMs);
        }
      }
    },
  };
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof RollupError && (error.code === "EVIDENCE_TSM_BUSY" || error.code === "EVIDENCE_TSM_RACE")
  );
}

function requireLength(reportData: Uint8Array): void {
  if (reportData.length === REPORT_DATA_BYTES) return;
  const message = `report data has ${REPORT_DATA_BYTES} bytes, not ${reportData.length}`;
  throw new RollupError("BYTES_LENGTH", message);
}

function evidenceOf(kind: HostEvidence["kind"], outblob: Uint8Array, auxblob: Uint8Array): HostEvidence {
  if (kind === "TDX") {
    return { kind, quote: outblob, collateral: undefined, eventLog: undefined, compose: undefined };
  }
  const table = readCertificateTable(auxblob);
  const leaf = table.vcek ?? table.vlek;
  return { kind, report: outblob, leaf, chain: chainOf(table), crl: table.crl };
}
