import { findSyncStart } from "@phala-l2/derivation/sync-start";
import { executeAttributes, executeBlock, openWithAttributes } from "@phala-l2/execution/block/execute";
import type { OpenBlock } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import type { L1Source } from "../l1/l1-source.ts";
import type { L1Heads } from "../l1/watch.ts";
import type { ChainHeads, ChainStore, Transition } from "../store/chain-store.ts";
import { attributesMismatch } from "./attributes-match.ts";
import { readBlockRef } from "./block-ref.ts";
import { Changes } from "./changes.ts";
import type { DerivationEngine, DerivationStart, DerivedInput, DerivedResult } from "./derivation-engine.ts";
import type { Engine, EngineEvent, InsertResult, SyncStatus } from "./engine.ts";
import { planReset, type ResetPlan } from "./reset-plan.ts";

export type EngineDependencies = {
  readonly store: ChainStore;
  /** Runs the blocks that are verified. */
  readonly evm: Evm;
  /** Another instance for blocks that a sequencer fills meanwhile: the runs of one must not overlap. */
  readonly buildEvm: Evm;
  readonly log: Log;
  /** L1's heads at the start; `noteL1` brings newer ones. */
  readonly l1Heads: L1Heads;
};

/** The engine over a store: it executes every block itself. */
export class ChainEngine implements Engine, DerivationEngine {
  readonly chain: ChainStore;
  readonly #evm: Evm;
  readonly #buildEvm: Evm;
  readonly #log: Log;
  readonly #changes: Changes;
  #l1: L1Heads;
  #currentL1: BlockRef;

  constructor({ store, evm, buildEvm, log, l1Heads }: EngineDependencies) {
    this.chain = store;
    this.#evm = evm;
    this.#buildEvm = buildEvm;
    this.#log = log;
    this.#changes = new Changes(log);
    this.#l1 = l1Heads;
    this.#currentL1 = {
      ...store.heads().safeDerivedFrom,
      parentHash: l1Heads.finalized.parentHash,
      timestamp: 0n,
    };
  }

  async build(attributes: PayloadAttributes, parent: Hash): Promise<OpenBlock> {
    return this.#change(async () => {
      const { unsafe } = this.chain.heads();
      if (!bytesEqual(unsafe.hash, parent)) throw notHead(parent, unsafe);
      const opening = await openWithAttributes({
        ...this.#executionInput(unsafe),
        evm: this.#buildEvm,
        attributes,
      });
      if (opening.kind === "open") return opening.block;
      const message = `no block can begin with these attributes: ${opening.reason}`;
      throw new RollupError("ENGINE_ATTRIBUTES_INVALID", message, { data: opening });
    });
  }

  async insert(sealed: SealedBlock): Promise<void> {
    await this.#change(async () => {
      const { unsafe } = this.chain.heads();
      const { parentHash } = sealed.block.header;
      if (!bytesEqual(unsafe.hash, parentHash)) throw notHead(parentHash, unsafe);
      const ref = this.#refOf(sealed);
      // Clients were or will be told of this block, and no one else has it yet: it must outlive a power cut.
      await this.chain.commit({ base: unsafe, append: { sealed, ref }, durable: true });
      this.#emit({ kind: "unsafe", ref });
    });
  }

  async insertUnsafe(block: Block): Promise<InsertResult> {
    return this.#change(async () => {
      const hash = headerHash(block.header);
      const { unsafe } = this.chain.heads();
      const canonical = this.chain.hashByNumber(block.header.number);
      if (canonical !== undefined && bytesEqual(canonical, hash)) return { kind: "known" };
      if (!bytesEqual(block.header.parentHash, unsafe.hash)) return { kind: "gap", head: unsafe };
      const read = readBlockRef(this.chain.config, block, hash);
      if (read.kind === "invalid") return read;
      // specs/protocol/derivation.md: L2 blocks come every `blockTime` seconds, without exception.
      if (block.header.timestamp !== unsafe.timestamp + this.chain.config.blockTime) {
        return { kind: "invalid", reason: "timestamp-off-schedule" };
      }
      const result = await executeBlock({ ...this.#executionInput(unsafe), block });
      if (result.kind === "invalid") return result;
      const { ref } = read;
      // Whoever gossiped it still has it, and derivation brings it in the end: no need to wait for the disk.
      await this.chain.commit({ base: unsafe, append: { sealed: result.sealed, ref }, durable: false });
      this.#emit({ kind: "unsafe", ref });
      return { kind: "inserted", ref };
    });
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    return this.#changes.subscribe(listener);
  }

  syncStatus(): SyncStatus {
    const { unsafe, safe, finalized } = this.chain.heads();
    return {
      headL1: this.#l1.latest,
      safeL1: this.#l1.safe,
      finalizedL1: this.#l1.finalized,
      currentL1: this.#currentL1,
      unsafeL2: unsafe,
      safeL2: safe,
      finalizedL2: finalized,
    };
  }

  /** The error that made the engine take no more blocks. */
  get halted(): RollupError | undefined {
    return this.#changes.halted;
  }

  get config(): RollupConfig {
    return this.chain.config;
  }

  heads(): ChainHeads {
    return this.chain.heads();
  }

  ref(hash: Hash): L2BlockRef | undefined {
    return this.chain.ref(hash);
  }

  safeHeadAtL1Block(l1Number: bigint): ReturnType<DerivationEngine["safeHeadAtL1Block"]> {
    return this.chain.safeHeadAtL1Block(l1Number);
  }

  noteL1(heads: L1Heads): void {
    this.#l1 = heads;
  }

  noteCurrentL1(current: BlockRef): void {
    this.#currentL1 = current;
  }

  /**
   * The block that the attributes describe becomes the safe head. When the unsafe chain has it already it is
   * only marked; otherwise it is executed and replaces the unsafe chain from there on.
   * Source: specs/protocol/derivation.md "L1-consolidation: payload attributes matching".
   */
  async applyDerived(derived: DerivedInput): Promise<DerivedResult> {
    return this.#change(async () => {
      const { attributes, parent, derivedFrom } = derived;
      const { safe } = this.chain.heads();
      if (!bytesEqual(safe.hash, parent.hash)) {
        throw new RollupError("ENGINE_NOT_SAFE_HEAD", "derived attributes are not for the safe head", {
          data: { safe, parent },
        });
      }
      const confirmed = this.#confirmed(attributes, parent);
      if (confirmed !== undefined) {
        await this.#moveHeads({ safe: { ref: confirmed, derivedFrom } });
        this.#emit({ kind: "safe", ref: confirmed, derivedFrom });
        return { kind: "applied", ref: confirmed };
      }
      const result = await executeAttributes({ ...this.#executionInput(parent), attributes });
      if (result.kind === "invalid") return result;
      const { sealed } = result;
      const ref = this.#refOf(sealed);
      const transition = {
        base: parent,
        append: { sealed, ref },
        safe: { ref, derivedFrom },
        durable: false,
      };
      this.#emitReplaced(ref, parent, await this.chain.commit(transition));
      this.#emit({ kind: "safe", ref, derivedFrom });
      return { kind: "applied", ref };
    });
  }

  /** Records that derivation has read L1 up to this block, and which safe head that gave. */
  async recordSafeHead(l1: BlockRef): Promise<void> {
    const { safe, safeDerivedFrom } = this.chain.heads();
    // Blocks read again after a start come before the one that gave the safe head: nothing new about them.
    if (l1.number < safeDerivedFrom.number) return;
    const known = this.chain.safeHeadAtL1Block(l1.number);
    if (known !== undefined && bytesEqual(known.l1.hash, l1.hash) && bytesEqual(known.safe.hash, safe.hash))
      return;
    await this.#change(() => this.#moveHeads({ safeHeadAt: l1 }));
  }

  /** `ref` is derived from final L1 data up to `from`. */
  async finalize(ref: L2BlockRef, from: BlockId): Promise<void> {
    await this.#change(async () => {
      const before = this.chain.heads().finalized;
      await this.#moveHeads({ finalized: { ref, from } });
      if (ref.number > before.number) this.#emit({ kind: "finalized", ref });
    });
  }

  async resume(l1: L1Source): Promise<DerivationStart> {
    const { chain } = this;
    await this.#reset(await planReset(chain, l1));
    const reader = {
      block(number: bigint) {
        const ref = chain.refByNumber(number);
        const block = ref === undefined ? undefined : chain.block(ref.hash);
        return ref === undefined || block === undefined ? undefined : { ref, ...block };
      },
    };
    return { start: findSyncStart(chain.config, chain.heads().safe, reader), reader };
  }

  /**
   * Moves the heads back to where L1 supports them. L1's answers took time: blocks that were put on the unsafe head
   * meanwhile stay with it or go with it.
   */
  async #reset({ before, unsafe, safe, safeDerivedFrom }: ResetPlan): Promise<void> {
    await this.#change(async () => {
      const base = bytesEqual(unsafe.hash, before.hash) ? this.chain.heads().unsafe : unsafe;
      const dropped = await this.chain.commit({
        base,
        safe: { ref: safe, derivedFrom: safeDerivedFrom },
        forgetSafeHeadsAbove: safeDerivedFrom.number,
        durable: false,
      });
      this.#emitReplaced(base, base, dropped);
    });
  }

  halt(error: RollupError): void {
    this.#changes.halt(error);
  }

  /** Waits until all changes under way are done. */
  async settled(): Promise<void> {
    await this.#changes.settled();
  }

  #change<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#changes.run(work);
  }

  #moveHeads(change: Partial<Transition>): Promise<readonly Hash[]> {
    return this.chain.commit({ base: this.chain.heads().unsafe, durable: false, ...change });
  }

  /** The canonical block after `parent`, when it is the one that the attributes describe. */
  #confirmed(attributes: PayloadAttributes, parent: L2BlockRef): L2BlockRef | undefined {
    const ref = this.chain.refByNumber(parent.number + 1n);
    const block = ref === undefined ? undefined : this.chain.block(ref.hash);
    if (ref === undefined || block === undefined) return undefined;
    const mismatch = attributesMismatch(this.chain.config, { attributes, parentHash: parent.hash, block });
    if (mismatch === undefined) return ref;
    const facts = { number: ref.number, hash: toHex(ref.hash), mismatch };
    this.#log.warn(facts, "an unsafe block is not what L1 says; the unsafe chain is replaced from there on");
    return undefined;
  }

  #executionInput(parent: L2BlockRef) {
    const header = this.chain.headerByHash(parent.hash);
    if (header === undefined) {
      throw new RollupError("STORE_CORRUPT", "the parent's header is not in the database", { data: parent });
    }
    return {
      config: this.chain.config,
      parent: header,
      state: this.chain.state(header),
      readNode: this.chain.readNode,
      evm: this.#evm,
    };
  }

  #refOf(sealed: SealedBlock): L2BlockRef {
    const read = readBlockRef(this.chain.config, sealed.block, sealed.hash);
    if (read.kind === "ok") return read.ref;
    throw new RollupError("ENGINE_ATTRIBUTES_INVALID", "a block does not begin with the L1 attributes", {
      data: read,
    });
  }

  #emitReplaced(ref: L2BlockRef, commonAncestor: L2BlockRef, dropped: readonly Hash[]): void {
    if (dropped.length > 0) this.#emit({ kind: "reorg", ref, commonAncestor, dropped });
    else if (ref.number > commonAncestor.number) this.#emit({ kind: "unsafe", ref });
  }

  #emit(event: EngineEvent): void {
    this.#changes.emit(event);
  }
}

function notHead(parent: Hash, head: L2BlockRef): RollupError<"ENGINE_PARENT_NOT_HEAD"> {
  const message = `the unsafe head is ${toHex(head.hash)}, not ${toHex(parent)}; open a new block on it`;
  return new RollupError("ENGINE_PARENT_NOT_HEAD", message, { data: { parent: toHex(parent), head } });
}
