import { setImmediate as nextTurn } from "node:timers/promises";
import { createPipeline, type Pipeline } from "@phala-l2/derivation/pipeline";
import type { DerivedAttributes, Dropped } from "@phala-l2/derivation/step";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Clock } from "../clock.ts";
import type { ReadAhead } from "../l1/read-ahead.ts";
import type { L1Watch } from "../l1/watch.ts";
import type { DerivationEngine } from "./derivation-engine.ts";
import { decide } from "./fault-policy.ts";
import { createProgress, type Progress } from "./progress.ts";
import { isOnAnotherBranch } from "./reset-plan.ts";

export type DriverOptions = {
  /** L1 blocks to stay behind L1's head: fewer L1 reorgs reach the node, and blocks become safe later. */
  readonly l1Confirmations: bigint;
};
export type DriverDependencies = {
  readonly engine: DerivationEngine;
  readonly l1: ReadAhead;
  readonly watch: L1Watch;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Pause after a failure of L1; each further one in a row doubles it. */
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Steps that need nothing from outside, after which others get the processor. */
const STEPS_PER_TURN = 64;
/** While far behind, the check that what was read is final costs a round trip: once in so many L1 blocks. */
const FINALITY_STRIDE = 32n;

/**
 * Derives the safe chain from L1 until the signal aborts or the engine halts: the loop around the pure
 * pipeline that fetches what it asks for. The promise resolves when the loop has ended.
 */
export async function runDriver(options: DriverOptions, dependencies: DriverDependencies): Promise<void> {
  const driver = new Driver(options, dependencies);
  await driver.run();
}

class Driver {
  readonly #options: DriverOptions;
  readonly #engine: DerivationEngine;
  readonly #l1: ReadAhead;
  readonly #watch: L1Watch;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;
  /** How often L1's heads have changed. */
  #l1Changes = 0;

  constructor(options: DriverOptions, { engine, l1, watch, clock, log, signal }: DriverDependencies) {
    const { l1Confirmations } = options;
    const l1Genesis = engine.config.genesis.l1.number;
    this.#options = options;
    this.#engine = engine;
    this.#l1 = l1;
    this.#watch = watch;
    this.#clock = clock;
    this.#log = log;
    this.#signal = signal;
    this.#progress = createProgress({ clock, log, l1Genesis, l1Confirmations });
  }

  async run(): Promise<void> {
    const unsubscribe = this.#watch.subscribe(({ heads, mayBeReorg }) => {
      this.#l1Changes += 1;
      this.#engine.noteL1(heads);
      if (mayBeReorg) this.#log.info({ l1Block: heads.latest.number }, "L1's head is on another branch");
    });
    let pipeline: Pipeline | undefined;
    let pause = FIRST_RETRY_MS;
    while (!this.#signal.aborted && this.#engine.halted === undefined) {
      try {
        pipeline = pipeline === undefined ? await this.#reset() : await this.#turn(pipeline);
        pause = FIRST_RETRY_MS;
      } catch (error) {
        pipeline = await this.#afterFailure(error, pipeline, pause);
        pause = Math.min(2 * pause, MAX_RETRY_MS);
      }
    }
    unsubscribe();
  }

  /** @returns the pipeline to go on with; undefined asks for a reset */
  async #afterFailure(
    error: unknown,
    pipeline: Pipeline | undefined,
    pause: number,
  ): Promise<Pipeline | undefined> {
    const decision = decide(error);
    if (decision.kind === "stop" || this.#signal.aborted) return undefined;
    if (decision.kind === "halt") {
      this.#engine.halt(decision.error);
      return undefined;
    }
    if (isRollupError(error)) {
      this.#log.warn(
        { code: error.code, data: error.data, retryInMs: pause },
        `derivation waits: ${error.message}`,
      );
    }
    this.#l1.forget();
    await this.#clock.sleep(pause, this.#signal);
    const origin = decision.kind === "reset" ? undefined : pipeline?.origin();
    if (origin === undefined) return undefined;
    // What L1 failed to give may be of a branch that is gone (a blob of a reorged block never comes).
    const still = await this.#isCanonical(origin);
    return still ? pipeline : undefined;
  }

  async #isCanonical(origin: BlockId): Promise<boolean> {
    try {
      const found = await this.#l1.blockRef(origin.number);
      return found === undefined || bytesEqual(found.hash, origin.hash);
    } catch (error) {
      if (isRollupError(error)) return true;
      throw error;
    }
  }

  /** Brings the heads in line with L1 and makes a pipeline that goes on from the safe head. */
  async #reset(): Promise<Pipeline> {
    this.#l1.forget();
    const { start, reader } = await this.#engine.resume(this.#l1);
    const { unsafe, safe } = this.#engine.heads();
    const facts = { safe: safe.number, unsafe: unsafe.number, l1Start: start.l1Start.number };
    this.#log.info(facts, "derivation starts");
    return createPipeline(this.#engine.config, start, reader);
  }

  /** Steps the pipeline until it has waited for something once. @returns undefined to ask for a reset */
  async #turn(pipeline: Pipeline): Promise<Pipeline | undefined> {
    for (let steps = 0; steps < STEPS_PER_TURN; steps++) {
      const step = pipeline.step(this.#safe());
      switch (step.kind) {
        case "need-l1-block":
          return (await this.#nextL1Block(pipeline, step.number)) ? pipeline : undefined;
        case "need-blobs":
          pipeline.provideBlobs(await this.#l1.blobs(step.block, step.hashes));
          return pipeline;
        case "attributes":
          return (await this.#apply(pipeline, step)) ? pipeline : undefined;
        case "dropped":
          this.#noteDropped(step);
          break;
        case "advanced":
          break;
      }
    }
    await nextTurn();
    return pipeline;
  }

  #safe(): L2BlockRef {
    return this.#engine.heads().safe;
  }

  #noteDropped({ stage, reason, count, origin }: Dropped): void {
    const facts = { stage, reason, count, l1Block: origin.number, l1Hash: toHex(origin.hash) };
    this.#log.debug(facts, "derivation ignores L1 data that the rules discard");
  }

  /** @returns false when the safe head below rests on L1 blocks that are gone */
  async #apply(pipeline: Pipeline, { attributes, parent, derivedFrom }: DerivedAttributes): Promise<boolean> {
    const { safeDerivedFrom } = this.#engine.heads();
    // Blocks that are read again hold no news about a safe head that L1 still supports, or this is a rare engine
    // that has no record of what gave its safe head.
    if (derivedFrom.number < safeDerivedFrom.number && !(await this.#isCanonical(safeDerivedFrom)))
      return false;
    const result = await this.#engine.applyDerived({ attributes, parent, derivedFrom });
    if (result.kind === "invalid") {
      const facts = { number: parent.number + 1n, reason: result.reason, l1Block: derivedFrom.number };
      this.#log.warn(facts, "a batch holds an invalid transaction; its block gets deposits only");
      pipeline.rejectAttributes();
      return true;
    }
    this.#noteProgress(derivedFrom);
    return true;
  }

  #noteProgress(l1: BlockRef): void {
    const l1Head = this.#watch.heads().latest.number;
    this.#progress.note({ safe: this.#safe().number, l1: l1.number, l1Head });
  }

  /**
   * Everything that L1 up to the pipeline's origin says has been derived; notes that, and brings the next L1
   * block. @returns false when it does not connect: L1 has reorganised
   */
  async #nextL1Block(pipeline: Pipeline, number: bigint): Promise<boolean> {
    const origin = pipeline.origin();
    if (origin !== undefined) {
      this.#engine.noteCurrentL1(origin);
      this.#noteProgress(origin);
      await this.#engine.recordSafeHead(origin);
      await this.#finalize(origin);
      if (!(await this.#waitForL1(origin, number))) return false;
    }
    if (this.#signal.aborted) return true;
    this.#l1.setHead(this.#reachable());
    const block = await this.#l1.block(number);
    if (this.#contradictsHeads({ number, hash: block.hash })) {
      this.#log.warn({ l1Block: number }, "L1 has reorganised while it was read again");
      return false;
    }
    const verdict = pipeline.provideL1Block(block);
    if (verdict.kind === "accepted") return true;
    this.#l1.forget();
    if (origin === undefined || (await this.#isCanonical(origin))) {
      const message = `L1's servers disagree about block ${number}: its parent is not the block that they have there`;
      throw new RollupError("L1_BEHIND", message, { data: { number } });
    }
    this.#log.warn({ l1Block: number }, "L1 has reorganised");
    return false;
  }

  /**
   * The block stands in the place of another that a head rests on. A reset compared the heads with L1, but begins to
   * read far below: L1 may have changed its branch in between, and still every block follows the one before.
   */
  #contradictsHeads({ number, hash }: BlockId): boolean {
    const { unsafe, safeDerivedFrom } = this.#engine.heads();
    const isAnother = (known: BlockId) => known.number === number && !bytesEqual(known.hash, hash);
    if (isAnother(safeDerivedFrom) || isAnother(unsafe.l1Origin)) return true;
    return number < safeDerivedFrom.number && isOnAnotherBranch(this.#engine, { number, hash });
  }

  /** The highest L1 block to read. */
  #reachable(): bigint {
    return this.#watch.heads().latest.number - this.#options.l1Confirmations;
  }

  /** Waits until L1 has the block. @returns false when L1 has another block in the place of one that was read */
  async #waitForL1(origin: BlockRef, number: bigint): Promise<boolean> {
    while (!this.#signal.aborted && this.#reachable() < number) {
      const { latest } = this.#watch.heads();
      if (latest.number === origin.number && !bytesEqual(latest.hash, origin.hash)) return false;
      if (latest.number < origin.number && isOnAnotherBranch(this.#engine, latest)) return false;
      const seen = this.#l1Changes;
      await this.#finalize(origin);
      // What changed meanwhile is not waited for again.
      if (this.#l1Changes === seen) await this.#l1Change();
    }
    return true;
  }

  /** Resolves at L1's next change, or when the node stops. */
  #l1Change(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        unsubscribe();
        this.#signal.removeEventListener("abort", done);
        resolve();
      };
      const unsubscribe = this.#watch.subscribe(done);
      this.#signal.addEventListener("abort", done);
    });
  }

  /**
   * Source: specs/protocol/derivation.md "Finalization": an L2 block is final when all L1 data that it was
   * derived from is.
   */
  async #finalize(origin: BlockRef): Promise<void> {
    const { finalizedFrom } = this.#engine.heads();
    const final = this.#watch.heads().finalized;
    if (final.number <= finalizedFrom.number) return;
    if (origin.number >= final.number) return this.#makeFinal(final);
    if (origin.number <= finalizedFrom.number || origin.number % FINALITY_STRIDE !== 0n) return;
    if (await this.#isFinal(origin)) await this.#makeFinal(origin);
  }

  /**
   * What L1 up to this block has given is final. The record tells what that is: the safe head of now may rest on
   * later blocks, when these are read again after a start.
   */
  async #makeFinal(l1: BlockId): Promise<void> {
    const recorded = this.#engine.safeHeadAtL1Block(l1.number);
    const ref = recorded === undefined ? undefined : this.#engine.ref(recorded.safe.hash);
    // Another hash: this pipeline is on a branch of L1 that is gone, and is about to find that out.
    if (recorded === undefined || ref === undefined || !bytesEqual(recorded.l1.hash, l1.hash)) return;
    if (ref.number >= this.#engine.heads().finalized.number) await this.#engine.finalize(ref, recorded.l1);
  }

  /** For a block below L1's final one: it is final if it is canonical. */
  async #isFinal(block: BlockRef): Promise<boolean> {
    const found = await this.#l1.blockRef(block.number);
    return found !== undefined && bytesEqual(found.hash, block.hash);
  }
}
