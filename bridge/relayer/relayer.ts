import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { BaseError } from "viem";
import type { Releaser } from "./releaser.ts";
import type { SwapFile } from "./swap-file.ts";
import type { Watcher, WatchProgress } from "./watcher.ts";

export type RelayerDependencies = {
  readonly swapFile: SwapFile;
  readonly watcher: Watcher;
  readonly releaser: Releaser;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number) => Promise<void>;
};

export type RelayerProgress = {
  /** Parachain heights: read so far, and known to be final. */
  readonly read: string | undefined;
  readonly known: string | undefined;
  /** Deposits that are owed and not finally paid. */
  readonly open: number | undefined;
  /** What is wrong now, in words; nothing where all is well. */
  readonly faults: readonly string[];
};

/** Blocks behind the parachain's last final one from which on the relayer is not ready: two minutes of blocks. */
const MAX_LAG = 20n;
/** Between two lines of progress while it catches up. */
const PROGRESS_MS = 10_000;

/**
 * Watches and releases, side by side, until it is stopped. What a node or a prover does wrong is told, and tried again: neither
 * side ever ends by itself, and neither waits for the other.
 */
export class Relayer {
  readonly #on: RelayerDependencies;
  readonly #pollIntervalMs: number;
  #watched: WatchProgress | undefined;
  #open: number | undefined;
  readonly #faults = new Map<string, string>();

  constructor({ pollIntervalMs }: { readonly pollIntervalMs: number }, dependencies: RelayerDependencies) {
    this.#on = dependencies;
    this.#pollIntervalMs = pollIntervalMs;
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all([this.#follow(), this.#watch(), this.#release()]);
  }

  progress(): RelayerProgress {
    return {
      read: this.#watched?.read.toString(),
      known: this.#watched?.known.toString(),
      open: this.#open,
      faults: [...this.#faults.values(), ...this.#lag()],
    };
  }

  #lag(): readonly string[] {
    if (this.#watched === undefined || this.#open === undefined) return ["starting"];
    const { read, known } = this.#watched;
    return known - read > MAX_LAG ? [`${known - read} final blocks of the parachain are not read yet`] : [];
  }

  async #follow(): Promise<void> {
    await this.#forever("reading the swap's file", async () => {
      await this.#on.swapFile.refresh();
      return false;
    });
  }

  async #watch(): Promise<void> {
    let told = Date.now();
    await this.#forever("watching", async () => {
      const watched = await this.#on.watcher.readNext();
      this.#watched = watched;
      const behind = watched.known - watched.read;
      if (behind > 0n && Date.now() - told >= PROGRESS_MS) {
        told = Date.now();
        this.#on.log.info({ read: watched.read, behind }, "reading the parachain");
      }
      return behind > 0n;
    });
  }

  async #release(): Promise<void> {
    let isResumed = false;
    await this.#forever("releasing", async () => {
      if (!isResumed) await this.#on.releaser.resume();
      isResumed = true;
      this.#open = await this.#on.releaser.round();
      return false;
    });
  }

  /** Does a step again and again; one that says there is more to do is followed by the next at once. */
  async #forever(what: string, step: () => Promise<boolean>): Promise<void> {
    const { signal, log, sleep } = this.#on;
    while (!signal.aborted) {
      let hasMore = false;
      try {
        hasMore = await step();
        this.#faults.delete(what);
      } catch (error) {
        if (signal.aborted) return;
        const message = wordsOf(error);
        // A fault that lasts is told once.
        if (this.#faults.get(what) !== message) log.error({ error: message }, `${what}: trying again`);
        this.#faults.set(what, message);
      }
      if (!hasMore) await sleep(this.#pollIntervalMs);
    }
  }
}

/** @throws what is no fault of a node, a prover or the disk: a fault of the program */
function wordsOf(error: unknown): string {
  if (isRollupError(error)) return `${error.code}: ${error.message}`;
  if (error instanceof BaseError) return error.shortMessage;
  throw error;
}
