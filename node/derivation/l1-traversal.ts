import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { BlockId, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { RollupError } from "@phala-l2/protocol/errors";
import { type L1Epoch, openEpoch } from "./epoch.ts";
import type { L1Block } from "./l1-block.ts";

/** The given block is not the child of the last one, or not the block that the start names. */
export type Reorg = {
  readonly kind: "reorg";
  readonly number: bigint;
  readonly expected: Hash;
  readonly found: Hash;
};

export type Advance =
  | {
      readonly kind: "advanced";
      readonly epoch: L1Epoch;
      /** Reasons of ConfigUpdate events that were skipped. */
      readonly ignoredUpdates: readonly string[];
    }
  | Reorg;

/**
 * First stage: walks L1 block by block and follows the SystemConfig.
 * Source: specs/protocol/derivation.md "L1 Traversal".
 */
export class L1Traversal {
  readonly #config: RollupConfig;
  readonly #start: BlockId;
  #last: L1Epoch | undefined;
  #systemConfig: SystemConfig;

  /** @param systemConfig as of the start block, that block's own changes included */
  constructor(config: RollupConfig, start: BlockId, systemConfig: SystemConfig) {
    this.#config = config;
    this.#start = start;
    this.#systemConfig = systemConfig;
  }

  /** The number of the block to come. */
  get next(): bigint {
    return this.#last === undefined ? this.#start.number : this.#last.ref.number + 1n;
  }

  /**
   * Moves on to the next block. A block of another branch is refused and changes nothing.
   * @throws RollupError DERIVATION_L1_BLOCK_UNASKED for another number, L1_RECEIPTS_MISSING
   */
  advance(block: L1Block): Advance {
    if (block.header.number !== this.next) {
      throw new RollupError("DERIVATION_L1_BLOCK_UNASKED", "this is not the L1 block that was asked for", {
        data: { wanted: this.next, given: block.header.number },
      });
    }
    const [expected, found] =
      this.#last === undefined
        ? [this.#start.hash, block.hash]
        : [this.#last.ref.hash, block.header.parentHash];
    if (!bytesEqual(expected, found)) return { kind: "reorg", number: block.header.number, expected, found };
    const opened = openEpoch(this.#config, block, this.#systemConfig);
    // The start's SystemConfig contains the start block's changes already, so they do not apply again.
    const systemConfig = this.#last === undefined ? this.#systemConfig : opened.epoch.systemConfig;
    const epoch = { ...opened.epoch, systemConfig };
    this.#systemConfig = systemConfig;
    this.#last = epoch;
    return { kind: "advanced", epoch, ignoredUpdates: opened.ignoredUpdates };
  }
}
