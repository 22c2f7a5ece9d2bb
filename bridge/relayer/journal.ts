import type { Hex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { BlockProofJson } from "@phala-l2/swap/witness-json";
import { Level } from "level";

/**
 * What the relayer knows, on disk before it acts on it. Each write is whole or not at all, and waits for the disk. A kill at
 * any point loses nothing: blocks after the cursor are read again, a transaction that was written and not sent is sent.
 */

/** Where a deposit is on its way. */
export type Stage = "refused" | "seen" | "signed" | "submitted" | "paid" | "final";

export type RecordedSignature = { readonly key: Hex; readonly signature: Hex };

export type DepositRecord = {
  /** As the contract knows it. */
  readonly id: Hex;
  /** Decimal. */
  readonly height: string;
  readonly blockHash: Hex;
  readonly eventIndex: number;
  readonly sender: Hex;
  /** Decimal, in planck. */
  readonly planck: string;
  readonly stage: Stage;
  /** Why it is not released by itself. */
  readonly refusal?: string;
  /** Whom it is owed to, once that is known. */
  readonly receiver?: Hex;
  /** The later deposit that says so, of one that was refused. */
  readonly repairedBy?: { readonly height: string; readonly eventIndex: number };
  readonly signatures: readonly RecordedSignature[];
  /** Hash of the settings that all of them judged it by. */
  readonly judgedBy?: Hex;
  /** Hashes of all L1 transactions that were written for it. */
  readonly transactions: readonly Hex[];
  /** Wei that L1 has paid, decimal, at the last look. */
  readonly paid: string;
  /** What it waits for, and until when in Unix seconds if that is known. */
  readonly waitsFor?: { readonly what: string; readonly until?: number };
};

/** What shows provers that a deposit's blocks are final. */
export type RecordedFinality = {
  /** Hashes of the deposit's block, and of the repairing one's; and for each, in their order, its proof in hex. */
  readonly blocks: readonly Hex[];
  readonly proofs: readonly Hex[];
  /** The relay chain's block whose votes they are by. */
  readonly by: { readonly height: string; readonly hash: Hex };
};

/** The last parachain block that was read. */
export type Cursor = { readonly height: string; readonly hash: Hex };

/** One sending of a transaction. */
export type Attempt = {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly maxFeePerGas: string;
  readonly maxPriorityFeePerGas: string;
};

/** The one L1 transaction under way: a nonce, and all that was signed for it. */
export type InFlight = {
  readonly depositKey: string;
  readonly nonce: number;
  readonly to: Hex;
  readonly data: Hex;
  readonly gas: string;
  readonly attempts: readonly Attempt[];
};

/** A block's deposits, its proof, and earlier deposits that these repair; written together with the cursor. */
export type RecordedBlock = {
  readonly cursor: Cursor;
  readonly deposits: readonly DepositRecord[];
  readonly proof?: BlockProofJson;
};

const DURABLE = { sync: true } as const;
const CURSOR = "cursor";
const IN_FLIGHT = "in-flight";

/** Deposits in the order of the parachain. */
export function depositKey({
  height,
  eventIndex,
}: {
  readonly height: string;
  readonly eventIndex: number;
}): string {
  return `${height.padStart(20, "0")}-${String(eventIndex).padStart(10, "0")}`;
}

/** Those that still need something done. */
function isOpen({ stage }: DepositRecord): boolean {
  return stage !== "final" && stage !== "refused";
}

function openError(folder: string, error: unknown): RollupError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const data = { folder };
  if (cause instanceof Error && "code" in cause && cause.code === "LEVEL_LOCKED") {
    const message = `another process has the journal '${folder}' open: stop it, or give this one a folder of its own`;
    return new RollupError("STORE_LOCKED", message, { data, cause });
  }
  const message = `the journal '${folder}' can not be opened: check that the folder is writable and the disk has room`;
  return new RollupError("STORE_UNAVAILABLE", message, { data, cause });
}

export class Journal {
  readonly #database: Level<string, unknown>;
  readonly #deposits;
  readonly #open;
  readonly #proofs;
  readonly #finality;
  readonly #cursors;
  readonly #inFlight;

  private constructor(folder: string) {
    this.#database = new Level<string, unknown>(folder, { valueEncoding: "json" });
    const json = { valueEncoding: "json" } as const;
    this.#deposits = this.#database.sublevel<string, DepositRecord>("deposits", json);
    this.#open = this.#database.sublevel<string, true>("open", json);
    this.#proofs = this.#database.sublevel<string, BlockProofJson>("proofs", json);
    this.#finality = this.#database.sublevel<string, RecordedFinality>("finality", json);
    this.#cursors = this.#database.sublevel<string, Cursor>("cursors", json);
    this.#inFlight = this.#database.sublevel<string, InFlight>("in-flight", json);
  }

  /** @throws RollupError STORE_LOCKED, STORE_UNAVAILABLE */
  static async open(folder: string): Promise<Journal> {
    const journal = new Journal(folder);
    try {
      await journal.#database.open();
    } catch (error) {
      throw openError(folder, error);
    }
    return journal;
  }

  cursor(): Promise<Cursor | undefined> {
    return this.#cursors.get(CURSOR);
  }

  deposit(key: string): Promise<DepositRecord | undefined> {
    return this.#deposits.get(key);
  }

  proof(height: string): Promise<BlockProofJson | undefined> {
    return this.#proofs.get(height);
  }

  /** What shows that the blocks of an open deposit are final. */
  finality(key: string): Promise<RecordedFinality | undefined> {
    return this.#finality.get(key);
  }

  inFlight(): Promise<InFlight | undefined> {
    return this.#inFlight.get(IN_FLIGHT);
  }

  /** Keys of deposits that still need something done, in the order of the parachain. */
  openKeys(): Promise<readonly string[]> {
    return this.#open.keys().all();
  }

  /** All deposits in the order of the parachain. */
  deposits(): AsyncIterable<DepositRecord> {
    return this.#deposits.values();
  }

  /** A block that was read: all of it, or it is read again. */
  async recordBlock({ cursor, deposits, proof }: RecordedBlock): Promise<void> {
    const batch = this.#database.batch().put(CURSOR, cursor, { sublevel: this.#cursors });
    if (proof !== undefined) batch.put(cursor.height, proof, { sublevel: this.#proofs });
    for (const record of deposits) this.#stage(batch, record);
    // Without deposits there is nothing that reading again would not find.
    await batch.write(deposits.length > 0 ? DURABLE : {});
  }

  async recordDeposit(record: DepositRecord): Promise<void> {
    const batch = this.#database.batch();
    this.#stage(batch, record);
    await batch.write(DURABLE);
  }

  async recordFinality(key: string, finality: RecordedFinality): Promise<void> {
    await this.#database.batch().put(key, finality, { sublevel: this.#finality }).write(DURABLE);
  }

  /** A transaction that is about to be sent, and the deposit that it is for. */
  async recordInFlight(inFlight: InFlight, record: DepositRecord): Promise<void> {
    const batch = this.#database.batch().put(IN_FLIGHT, inFlight, { sublevel: this.#inFlight });
    this.#stage(batch, record);
    await batch.write(DURABLE);
  }

  async clearInFlight(): Promise<void> {
    await this.#inFlight.del(IN_FLIGHT);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  #stage(batch: ReturnType<Level<string, unknown>["batch"]>, record: DepositRecord): void {
    const key = depositKey(record);
    batch.put(key, record, { sublevel: this.#deposits });
    if (isOpen(record)) batch.put(key, true, { sublevel: this.#open });
    else {
      batch.del(key, { sublevel: this.#open });
      // Some hundred kilobytes that nobody asks for any more.
      batch.del(key, { sublevel: this.#finality });
    }
  }
}
