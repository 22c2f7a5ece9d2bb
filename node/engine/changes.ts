import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { EngineEvent } from "./engine.ts";
import { createSerial } from "./serial.ts";

/** After these the store must not be written to; see their texts. */
const HALTING_CODES = new Set(["STORE_WRITE_FAILED", "STORE_CORRUPT", "TRIE_NODE_MISSING", "CODE_MISSING"]);

/** The changes that an engine makes: one after another, told to whoever listens, none once it has halted. */
export class Changes {
  readonly #log: Log;
  readonly #serial = createSerial();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #halted: RollupError | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The error that made the engine take no more blocks. */
  get halted(): RollupError | undefined {
    return this.#halted;
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ event: event.kind, error }, "a listener of the engine failed");
      }
    }
  }

  /** Takes no more blocks; reads go on. */
  halt(error: RollupError): void {
    if (this.#halted !== undefined) return;
    this.#halted = error;
    this.#log.error({ code: error.code, data: error.data, docs: error.docs }, `HALTED: ${error.message}`);
    this.emit({ kind: "halted", code: error.code, message: error.message });
  }

  /** Does one piece of work when all before it are done. @throws RollupError ENGINE_HALTED, and what it throws */
  run<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#serial(async () => {
      if (this.#halted !== undefined) {
        const message = `the engine takes no blocks: ${this.#halted.message}`;
        throw new RollupError("ENGINE_HALTED", message, { cause: this.#halted });
      }
      try {
        return await work();
      } catch (error) {
        if (isRollupError(error) && HALTING_CODES.has(error.code)) this.halt(error);
        throw error;
      }
    });
  }

  /** Waits until all changes under way are done. */
  async settled(): Promise<void> {
    await this.#serial(async () => {});
  }
}
