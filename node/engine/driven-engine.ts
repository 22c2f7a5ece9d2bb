import { executeBlock, type Opening, openWithAttributes } from "@phala-l2/execution/block/execute";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { bytesEqual, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { BlockId, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import type { ChainStore } from "../store/chain-store.ts";
import { readBlockRef } from "./block-ref.ts";
import { type BranchReader, branchReader } from "./branch.ts";
import { Changes } from "./changes.ts";
import type { EngineEvent } from "./engine.ts";
import { type Forkchoice, type ForkchoicePlan, planForkchoice } from "./forkchoice-plan.ts";
import { InvalidBlocks } from "./invalid-blocks.ts";
import { type SideBlock, SideBlocks } from "./side-blocks.ts";

/** What became of a payload. Source: execution-apis paris.md "PayloadStatusV1", "Payload validation". */
export type PayloadVerdict =
  | { readonly kind: "valid"; readonly ref: L2BlockRef }
  /** `latestValid`: its newest valid ancestor. */
  | { readonly kind: "invalid"; readonly reason: string; readonly latestValid: Hash }
  /** Its parent is not here, and this engine fetches nothing from other engines. */
  | { readonly kind: "syncing" };

export type ForkchoiceVerdict =
  | PayloadVerdict
  /** The three blocks are not on one chain, or a final block would be taken back; nothing has changed. */
  | { readonly kind: "refused"; readonly reason: string };

export type DrivenEngineDependencies = {
  readonly store: ChainStore;
  /** Runs the blocks that are verified. */
  readonly evm: Evm;
  /** Another instance for the block that is being filled: the runs of one must not overlap. */
  readonly buildEvm: Evm;
  readonly log: Log;
};

/**
 * The engine over a store, driven from outside by a consensus client such as op-node: blocks come as payloads,
 * and forkchoice says which of them are canonical. Nothing else moves a head.
 */
export class DrivenEngine {
  readonly chain: ChainStore;
  readonly #evm: Evm;
  readonly #buildEvm: Evm;
  readonly #log: Log;
  readonly #changes: Changes;
  readonly #side = new SideBlocks();
  readonly #invalid = new InvalidBlocks();
  readonly #branch: BranchReader;

  constructor({ store, evm, buildEvm, log }: DrivenEngineDependencies) {
    this.chain = store;
    this.#evm = evm;
    this.#buildEvm = buildEvm;
    this.#log = log;
    this.#changes = new Changes(log);
    this.#branch = branchReader(store, this.#side);
  }

  /**
   * Takes the heads over from whoever moved them before. What derivation has recorded of safe heads says nothing
   * about the branches that a consensus client may choose from now on.
   */
  async takeOver(): Promise<void> {
    await this.#changes.run(async () => {
      const { unsafe, finalizedFrom } = this.chain.heads();
      await this.chain.commit({
        base: unsafe,
        forgetSafeHeadsAbove: finalizedFrom.number,
        durable: false,
      });
    });
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    return this.#changes.subscribe(listener);
  }

  get halted(): RollupError | undefined {
    return this.#changes.halted;
  }

  async settled(): Promise<void> {
    await this.#changes.settled();
  }

  /**
   * Executes a block, and holds it until a forkchoice names it. Equal blocks get equal verdicts.
   * @param hash the block's hash, checked by the caller
   * @throws RollupError ENGINE_HALTED, and of the store
   */
  async newPayload(block: Block, hash: Hash): Promise<PayloadVerdict> {
    return this.#changes.run(() => this.#validate(block, hash));
  }

  /** Holds a block that was made here, so that a forkchoice can name it. */
  keepOwn(sealed: SealedBlock): void {
    const read = readBlockRef(this.chain.config, sealed.block, sealed.hash);
    if (read.kind === "ok" && !this.#isStored(sealed.hash)) {
      this.#side.add({ sealed, ref: read.ref, isOwn: true });
    }
  }

  /**
   * Moves the heads: forwards, to another branch, or back. Everything is checked before anything is written; a
   * branch of several blocks is then put on one block at a time.
   * Source: execution-apis paris.md "engine_forkchoiceUpdatedV1"; as in op-geth a head may go back to an older
   * block of its own chain.
   */
  async setForkchoice(forkchoice: Forkchoice): Promise<ForkchoiceVerdict> {
    return this.#changes.run(async () => {
      const invalidity = this.#invalid.get(forkchoice.head);
      if (invalidity !== undefined) return { kind: "invalid", ...invalidity };
      const plan = planForkchoice(this.chain, this.#branch, forkchoice);
      if (plan.kind !== "plan") return plan;
      await this.#adopt(plan);
      return { kind: "valid", ref: plan.head };
    });
  }

  /**
   * Opens a block on any block that is here; the attributes' transactions are applied. It changes no head.
   * @throws RollupError ENGINE_PARENT_UNKNOWN
   */
  async open(attributes: PayloadAttributes, parent: Hash): Promise<Opening> {
    return this.#changes.run(async () => {
      const input = this.#executionInput(parent);
      if (input !== undefined) return openWithAttributes({ ...input, evm: this.#buildEvm, attributes });
      const message = `block ${toHex(parent)}, on which a block shall be built, is not here`;
      throw new RollupError("ENGINE_PARENT_UNKNOWN", message, { data: { parent: toHex(parent) } });
    });
  }

  async #validate(block: Block, hash: Hash): Promise<PayloadVerdict> {
    const known = this.#side.get(hash)?.ref ?? this.#storedRef(hash);
    if (known !== undefined) return { kind: "valid", ref: known };
    const { parentHash } = block.header;
    const before = this.#invalid.get(hash) ?? this.#invalid.get(parentHash);
    if (before !== undefined) return this.#refuse(hash, before.reason, before.latestValid);
    const input = this.#executionInput(parentHash);
    if (input === undefined) return { kind: "syncing" };
    const read = readBlockRef(this.chain.config, block, hash);
    if (read.kind === "invalid") return this.#refuse(hash, read.reason, parentHash);
    const result = await executeBlock({ ...input, evm: this.#evm, block });
    if (result.kind === "invalid") {
      const reason = result.detail === undefined ? result.reason : `${result.reason}: ${result.detail}`;
      return this.#refuse(hash, reason, parentHash);
    }
    this.#side.add({ sealed: result.sealed, ref: read.ref, isOwn: false });
    return { kind: "valid", ref: read.ref };
  }

  #refuse(hash: Hash, reason: string, latestValid: Hash): PayloadVerdict {
    this.#invalid.add(hash, { reason, latestValid });
    this.#log.warn({ hash: toHex(hash), reason }, "a payload is invalid");
    return { kind: "invalid", reason, latestValid };
  }

  #storedRef(hash: Hash): L2BlockRef | undefined {
    return this.#isStored(hash) ? this.chain.ref(hash) : undefined;
  }

  #isStored(hash: Hash): boolean {
    return this.chain.headerByHash(hash) !== undefined;
  }

  /** Undefined when the parent is not here. */
  #executionInput(parent: Hash) {
    const view = this.#branch.view(parent);
    if (view === undefined) return undefined;
    const { header, state, readNode, ancestorHash } = view;
    return { config: this.chain.config, parent: header, state, readNode, ancestorHash };
  }

  async #adopt({ base, branch, head, safe, finalized }: ForkchoicePlan): Promise<void> {
    const before = this.chain.heads();
    let parent = base;
    for (const ref of branch.slice(0, -1)) {
      await this.#append(parent, await this.#executed(ref), {});
      parent = ref;
    }
    const heads = {
      safe: bytesEqual(safe.hash, before.safe.hash) ? undefined : { ref: safe, derivedFrom: unknownL1(safe) },
      finalized: bytesEqual(finalized.hash, before.finalized.hash)
        ? undefined
        : { ref: finalized, from: finalized.l1Origin },
    };
    const last = branch.at(-1);
    if (last !== undefined) await this.#append(parent, await this.#executed(last), heads);
    else await this.#moveTo(head, heads);
    if (heads.finalized === undefined) return;
    this.#side.dropUpTo(finalized.number);
    this.#changes.emit({ kind: "finalized", ref: finalized });
  }

  /** The block with all its effects; one that was canonical before is executed again. */
  async #executed(ref: L2BlockRef): Promise<SideBlock> {
    const held = this.#side.get(ref.hash);
    if (held !== undefined) return held;
    const block = this.chain.block(ref.hash);
    const input = this.#executionInput(ref.parentHash);
    const result = block && input && (await executeBlock({ ...input, evm: this.#evm, block }));
    if (result?.kind === "valid") return { sealed: result.sealed, ref, isOwn: false };
    throw new RollupError("STORE_CORRUPT", "a block that was canonical once can not be executed again", {
      data: { hash: toHex(ref.hash) },
    });
  }

  async #append(base: L2BlockRef, { sealed, ref, isOwn }: SideBlock, heads: NewHeads): Promise<void> {
    // Nobody else may have a block that was made here: it must outlive a power cut.
    const transition = { base, append: { sealed, ref }, ...this.#within(base, heads), durable: isOwn };
    const dropped = await this.chain.commit(transition);
    this.#side.remove(ref.hash);
    if (dropped.length > 0) this.#changes.emit({ kind: "reorg", ref, commonAncestor: base, dropped });
    else this.#changes.emit({ kind: "unsafe", ref });
  }

  async #moveTo(head: L2BlockRef, heads: NewHeads): Promise<void> {
    const isHead = bytesEqual(this.chain.heads().unsafe.hash, head.hash);
    if (isHead && heads.safe === undefined && heads.finalized === undefined) return;
    const dropped = await this.chain.commit({ base: head, ...this.#within(head, heads), durable: false });
    if (dropped.length > 0) this.#changes.emit({ kind: "reorg", ref: head, commonAncestor: head, dropped });
  }

  /** On the way to another branch the safe head is never above the block that the branches share. */
  #within(base: L2BlockRef, heads: NewHeads): NewHeads {
    const { safe } = this.chain.heads();
    if (heads.safe !== undefined || safe.number <= base.number) return heads;
    return { ...heads, safe: { ref: base, derivedFrom: unknownL1(base) } };
  }
}

type NewHeads = {
  readonly safe?: { readonly ref: L2BlockRef; readonly derivedFrom: BlockId } | undefined;
  readonly finalized?: { readonly ref: L2BlockRef; readonly from: BlockId } | undefined;
};

/**
 * Stands for the L1 block that a safe head was derived from, which only the consensus client knows. No L1 has a
 * block of that hash, so that a node that derives by itself again begins at the finalized head.
 */
function unknownL1({ l1Origin }: L2BlockRef): BlockId {
  return { number: l1Origin.number, hash: ZERO_HASH };
}
