import { createPipeline, type Pipeline } from "@phala-l2/derivation/pipeline";
import type { DerivedAttributes } from "@phala-l2/derivation/step";
import { findSyncStart } from "@phala-l2/derivation/sync-start";
import { executeAttributes } from "@phala-l2/execution/block/execute";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { bytesEqual, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { Claim } from "@phala-l2/protocol/claim";
import type { BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import { RollupError } from "@phala-l2/protocol/errors";
import { L1Chain } from "./l1-chain.ts";
import { blockOfOutputRoot, L2Chain, outputRootOf } from "./l2-chain.ts";
import { type Preimages, preimageMissing, requirePreimage } from "./preimages.ts";

/** What is to be proven; all of it stands in the claim, `config` by its hash. */
export type ProofInput = {
  readonly config: RollupConfig;
  /** Hash of the newest L1 block whose data may be used. */
  readonly l1Head: Hash;
  /** The output root of the block to start from. */
  readonly previousOutputRoot: Hash;
  /** The block whose output root is wanted. */
  readonly l2BlockNumber: bigint;
  /** What somebody says the result is; another result is then refused (CLAIM_MISMATCH). */
  readonly claimedOutputRoot?: Hash;
  /**
   * Whether "no such block" is an answer as well. It refutes a game about a block that its L1 head does not give;
   * without it the proof is refused (L1_DATA_INSUFFICIENT, L1_ORIGIN_NOT_CANONICAL).
   */
  readonly mayBeAbsent?: boolean;
};

/** In the place of an output root: L1 up to that head gives no such block. No output has this root. */
export const NO_SUCH_BLOCK: Hash = ZERO_HASH;

export type Proof = {
  readonly claim: Claim;
  /** NO_SUCH_BLOCK where there is none. */
  readonly outputRoot: Hash;
  /** The last block that was derived: that of the output root, if there is one. */
  readonly head: L2BlockRef;
  /** L2 blocks that were derived and executed. */
  readonly blocks: number;
};

export type ProofOptions = {
  /** Told of each executed block, and how many are to come; the proof goes on when it returns. */
  readonly onBlock?: (block: { readonly ref: L2BlockRef; readonly left: bigint }) => void | Promise<void>;
};

/** What the enclave's own code is told besides; it must not change what it gets. */
export type InsideOptions = ProofOptions & { readonly onSealed?: (sealed: SealedBlock) => void };

/**
 * Most L2 blocks in one proof: a day of two-second blocks. The state that they touch stays in the enclave's
 * memory until the end; a longer way is proven in several claims. MultiProofGame.MAX_BLOCKS is the same, so that
 * no game is too long to be refuted.
 */
export const MAX_BLOCKS_PER_PROOF = 43_200n;

/**
 * Derives the L2 blocks after the previous output root from L1 and executes them. What the host brings is only
 * preimages of hashes, and these hashes go back to the two in the claim: a host can withhold, never mislead.
 *
 * @throws RollupError PREIMAGE_MISSING, PREIMAGE_MISMATCH: the witness; OUTPUT_ROOT_INCONSISTENT,
 * OUTPUT_ROOT_FOREIGN, OUTPUT_ROOT_NOT_BEFORE: the previous output root; L1_DATA_INSUFFICIENT: L1 up to that
 * head does not give the block; L1_ORIGIN_NOT_CANONICAL: the previous block is not of that L1; CLAIM_MISMATCH;
 * PROOF_TOO_LONG; TRIE_…, ACCOUNT_MALFORMED, SLOT_MALFORMED for nodes that no honest chain contains
 */
export async function prove(
  input: ProofInput,
  preimages: Preimages,
  options: InsideOptions = {},
): Promise<Proof> {
  const { config, l1Head, previousOutputRoot, l2BlockNumber } = input;
  // 1. The chain to build on, out of the previous output root.
  const first = blockOfOutputRoot(config, previousOutputRoot, preimages);
  requireRange(first.header.number, l2BlockNumber);
  const l2 = new L2Chain(config, first, preimages);
  // 2. The blocks that L1 says follow, each executed on the one before.
  const l1 = new L1Chain(config, l1Head, preimages);
  const evm = await createEthereumjsEvm(config);
  const absence = await new Derivation({ config, l1, l2, preimages, evm, options }).run(l2BlockNumber);
  if (absence !== undefined && input.mayBeAbsent !== true) throw absence;
  // 3. What that leads to.
  const { ref: head, header } = l2.head;
  const outputRoot = absence === undefined ? outputRootOf({ hash: head.hash, header }) : NO_SUCH_BLOCK;
  requireClaimed(input, outputRoot);
  const claim: Claim = {
    rollupConfigHash: rollupConfigHash(config),
    l1Head,
    previousOutputRoot,
    outputRoot,
    l2BlockNumber,
  };
  return { claim, outputRoot, head, blocks: Number(head.number - first.header.number) };
}

function requireRange(from: bigint, to: bigint): void {
  const data = { previous: from, wanted: to, max: MAX_BLOCKS_PER_PROOF };
  if (to <= from) {
    const message = `the previous output root is of block ${from}, which is not before block ${to}`;
    throw new RollupError("OUTPUT_ROOT_NOT_BEFORE", message, { data });
  }
  if (to - from > MAX_BLOCKS_PER_PROOF) {
    const message = `${to - from} blocks are more than one proof takes (${MAX_BLOCKS_PER_PROOF})`;
    throw new RollupError("PROOF_TOO_LONG", message, { data });
  }
}

function requireClaimed({ claimedOutputRoot }: ProofInput, outputRoot: Hash): void {
  if (claimedOutputRoot === undefined || bytesEqual(claimedOutputRoot, outputRoot)) return;
  const data = { claimed: toHex(claimedOutputRoot), computed: toHex(outputRoot) };
  throw new RollupError("CLAIM_MISMATCH", `the output root is ${data.computed}, not ${data.claimed}`, {
    data,
  });
}

/** Why L1 up to a head gives no block of that number. */
type Absence = RollupError<"L1_DATA_INSUFFICIENT" | "L1_ORIGIN_NOT_CANONICAL">;

type Parts = {
  readonly config: RollupConfig;
  readonly l1: L1Chain;
  readonly l2: L2Chain;
  readonly preimages: Preimages;
  readonly evm: Evm;
  readonly options: InsideOptions;
};

/** One run of the pipeline with everything that it needs answered from preimages. */
class Derivation {
  readonly #parts: Parts;
  readonly #pipeline: Pipeline;
  /** State and code that the blocks of this run made. */
  readonly #nodes = new Map<Hex, Uint8Array>();
  readonly #codes = new Map<Hex, Uint8Array>();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { config, l2 } = parts;
    this.#pipeline = createPipeline(config, findSyncStart(config, l2.head.ref, l2), l2);
  }

  /** Runs until the chain's head has that number, or until L1 has no more to say. */
  async run(target: bigint): Promise<Absence | undefined> {
    const { l2 } = this.#parts;
    while (l2.head.ref.number < target) {
      const step = this.#pipeline.step(l2.head.ref);
      switch (step.kind) {
        case "need-l1-block": {
          const absence = this.#provideL1Block(step.number, target);
          if (absence !== undefined) return absence;
          break;
        }
        case "need-blobs":
          await this.#provideBlobs(step.block, step.hashes);
          break;
        case "attributes":
          await this.#execute(step, target);
          break;
        case "dropped":
        case "advanced":
          break;
      }
    }
    return undefined;
  }

  #provideL1Block(number: bigint, target: bigint): Absence | undefined {
    const { l1, l2 } = this.#parts;
    const block = l1.block(number);
    if (block === undefined) {
      const data = { l1Head: l1.head.header.number, reached: l2.head.ref.number, wanted: target };
      const message = `L1 up to block ${data.l1Head} gives L2 blocks up to ${data.reached}, not ${target}`;
      return new RollupError("L1_DATA_INSUFFICIENT", message, { data });
    }
    const verdict = this.#pipeline.provideL1Block(block);
    if (verdict.kind === "accepted") return undefined;
    const data = { number, expected: toHex(verdict.expected), found: toHex(verdict.found) };
    const message = `the L2 chain rests on another L1 block ${number} than this L1 head`;
    return new RollupError("L1_ORIGIN_NOT_CANONICAL", message, { data });
  }

  async #provideBlobs(block: BlockRef, hashes: readonly Hash[]): Promise<void> {
    const blobs = await this.#parts.preimages.blobs(block, hashes);
    const missing = hashes.find((hash) => !blobs.has(toHex(hash)));
    if (missing !== undefined) throw preimageMissing(missing, "blob");
    this.#pipeline.provideBlobs(blobs);
  }

  async #execute({ attributes }: DerivedAttributes, target: bigint): Promise<void> {
    const { config, l2, evm, options } = this.#parts;
    const parent = l2.head.header;
    const state = trieState(parent.stateRoot, this.#readNode, this.#readCode);
    const result = await executeAttributes({
      config,
      parent,
      attributes,
      state,
      readNode: this.#readNode,
      evm,
    });
    if (result.kind === "invalid") {
      // specs/protocol/holocene/derivation.md "Engine Queue": the deposits alone make the block.
      this.#pipeline.rejectAttributes();
      return;
    }
    const { sealed } = result;
    for (const [hash, node] of sealed.nodes) this.#nodes.set(hash, node);
    for (const [hash, code] of sealed.changes.codes) this.#codes.set(hash, code);
    const { ref } = l2.append(sealed);
    options.onSealed?.(sealed);
    // A copy: whoever is told must not get hold of what the next block is derived from.
    await options.onBlock?.({ ref: structuredClone(ref), left: target - ref.number });
  }

  readonly #readNode = (hash: Hash): Uint8Array =>
    this.#nodes.get(toHex(hash)) ?? requirePreimage(this.#parts.preimages, hash, "L2 state");

  readonly #readCode = (hash: Hash): Uint8Array =>
    this.#codes.get(toHex(hash)) ?? requirePreimage(this.#parts.preimages, hash, "L2 code");
}
