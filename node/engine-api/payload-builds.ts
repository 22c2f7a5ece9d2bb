import type { InvalidPayload } from "@phala-l2/execution/block/execute";
import type { OpenBlock } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { Hash, Hex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import type { DrivenEngine } from "../engine/driven-engine.ts";
import { createSerial } from "../engine/serial.ts";

/** Bounds on a block's users' transactions in bytes, as a batcher that is behind sets them. */
export type DataLimits = {
  readonly transactionBytes: number;
  readonly blockBytes: number;
};

/** Adds transactions of a pool to an open block until the signal aborts. */
export type FillBlock = (
  open: OpenBlock,
  limits: DataLimits & { readonly signal: AbortSignal },
) => Promise<void>;

export type PayloadBuildsDependencies = {
  readonly engine: Pick<DrivenEngine, "open" | "keepOwn">;
  /** Absent: blocks have the transactions of their attributes alone. */
  readonly fill: FillBlock | undefined;
  readonly log: Log;
};

export type BuildRequest = {
  readonly id: Hex;
  readonly attributes: PayloadAttributes;
  readonly parent: Hash;
  readonly noTxPool: boolean;
};

export type BuildStart = { readonly kind: "started" } | InvalidPayload;

/** Blocks that can be asked for; op-geth's maxTrackedPayloads. */
export const MAX_BUILDS = 10;

type Build = { readonly abort: AbortController; readonly sealed: Promise<SealedBlock> };

/**
 * Blocks under construction for a consensus client. One is filled at a time: the next one to begin, or to be
 * asked for, ends the filling of the one before.
 */
export class PayloadBuilds {
  readonly #on: PayloadBuildsDependencies;
  readonly #serial = createSerial();
  readonly #builds = new Map<Hex, Build>();
  #limits: DataLimits = {
    transactionBytes: Number.POSITIVE_INFINITY,
    blockBytes: Number.POSITIVE_INFINITY,
  };

  constructor(dependencies: PayloadBuildsDependencies) {
    this.#on = dependencies;
  }

  /** For blocks that begin from now on. */
  setLimits(limits: DataLimits): void {
    this.#limits = limits;
  }

  /** Begins a block, unless one with that id has begun already. @throws RollupError of the engine */
  start(request: BuildRequest): Promise<BuildStart> {
    return this.#serial(async () => {
      if (this.#builds.has(request.id)) return { kind: "started" };
      await this.#endAll();
      const opening = await this.#on.engine.open(request.attributes, request.parent);
      if (opening.kind === "invalid") return opening;
      const abort = new AbortController();
      const sealed = this.#produce(opening.block, request, abort.signal);
      // Whoever asks for the block gets the error.
      sealed.catch(() => {});
      this.#builds.set(request.id, { abort, sealed });
      const [oldest] = this.#builds.keys();
      if (this.#builds.size > MAX_BUILDS && oldest !== undefined) this.#builds.delete(oldest);
      return { kind: "started" };
    });
  }

  /** Ends the filling, and gives the block; undefined when there is none of that id. */
  async get(id: Hex): Promise<SealedBlock | undefined> {
    const build = this.#builds.get(id);
    if (build === undefined) return undefined;
    build.abort.abort();
    const sealed = await build.sealed;
    this.#on.engine.keepOwn(sealed);
    return sealed;
  }

  /** Ends all filling. */
  stop(): Promise<void> {
    return this.#serial(() => this.#endAll());
  }

  async #endAll(): Promise<void> {
    for (const { abort } of this.#builds.values()) abort.abort();
    await Promise.allSettled([...this.#builds.values()].map(({ sealed }) => sealed));
  }

  async #produce(open: OpenBlock, request: BuildRequest, signal: AbortSignal): Promise<SealedBlock> {
    const { fill, log, engine } = this.#on;
    if (fill === undefined || request.noTxPool) return open.seal();
    try {
      await fill(open, { ...this.#limits, signal });
      return open.seal();
    } catch (error) {
      // One transaction must not cost the chain its block: what the attributes hold is known to execute.
      log.warn({ number: open.number, error: String(error) }, "a block is made without the pool");
    }
    const again = await engine.open(request.attributes, request.parent);
    if (again.kind === "open") return again.block.seal();
    throw new RollupError("ENGINE_ATTRIBUTES_INVALID", `no block can begin again: ${again.reason}`, {
      data: again,
    });
  }
}
