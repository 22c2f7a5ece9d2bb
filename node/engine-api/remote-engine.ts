import type { L2BlockFacts } from "@phala-l2/derivation/l2-chain-reader";
import { findSyncStart } from "@phala-l2/derivation/sync-start";
import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { attributesMismatch } from "../engine/attributes-match.ts";
import { readBlockRef } from "../engine/block-ref.ts";
import { Changes } from "../engine/changes.ts";
import type {
  DerivationEngine,
  DerivationStart,
  DerivedInput,
  DerivedResult,
} from "../engine/derivation-engine.ts";
import type { EngineEvent, InsertResult, SyncStatus } from "../engine/engine.ts";
import { planReset } from "../engine/reset-plan.ts";
import type { L1Source } from "../l1/l1-source.ts";
import type { L1Heads } from "../l1/watch.ts";
import type { ChainHeads } from "../store/chain-store.ts";
import { invalidEngineData } from "./engine-client.ts";
import type { RemoteApi } from "./remote-api.ts";
import { RemoteChain } from "./remote-chain.ts";
import { readHeads } from "./remote-heads.ts";
import { SafeHeads } from "./safe-heads.ts";

export type RemoteEngineDependencies = {
  readonly config: RollupConfig;
  readonly api: RemoteApi;
  readonly log: Log;
  /** L1's heads at the start; `noteL1` brings newer ones. */
  readonly l1Heads: L1Heads;
};

/**
 * The engine as another program, an unmodified op-reth or op-geth: this node derives, and has the blocks
 * executed there. It is the only writer of that program's heads. What op-node keeps in memory is in memory here
 * too: at a start everything after a block that is certainly safe is derived again, and compared.
 */
export class RemoteEngine implements DerivationEngine {
  readonly config: RollupConfig;
  readonly #api: RemoteApi;
  readonly #log: Log;
  readonly #changes: Changes;
  readonly #chain: RemoteChain;
  readonly #safeHeads = new SafeHeads();
  #heads: ChainHeads;
  #l1: L1Heads;
  #currentL1: BlockRef;

  private constructor({ config, api, log, l1Heads }: RemoteEngineDependencies, heads: ChainHeads) {
    this.config = config;
    this.#api = api;
    this.#log = log;
    this.#changes = new Changes(log);
    this.#chain = new RemoteChain(api);
    this.#heads = heads;
    this.#l1 = l1Heads;
    this.#currentL1 = {
      ...heads.safeDerivedFrom,
      parentHash: l1Heads.finalized.parentHash,
      timestamp: 0n,
    };
  }

  /** @throws RollupError ENGINE_OTHER_CHAIN, and what a call throws */
  static async connect(dependencies: RemoteEngineDependencies): Promise<RemoteEngine> {
    const { config, api } = dependencies;
    await checkChain(config, api);
    return new RemoteEngine(dependencies, await readHeads(config, api));
  }

  get halted(): RollupError | undefined {
    return this.#changes.halted;
  }

  heads(): ChainHeads {
    return this.#heads;
  }

  ref(hash: Hash): L2BlockRef | undefined {
    return this.#safeHeads.ref(hash);
  }

  safeHeadAtL1Block(l1Number: bigint): ReturnType<DerivationEngine["safeHeadAtL1Block"]> {
    return this.#safeHeads.at(l1Number);
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    return this.#changes.subscribe(listener);
  }

  halt(error: RollupError): void {
    this.#changes.halt(error);
  }

  async settled(): Promise<void> {
    await this.#changes.settled();
  }

  noteL1(heads: L1Heads): void {
    this.#l1 = heads;
  }

  noteCurrentL1(current: BlockRef): void {
    this.#currentL1 = current;
  }

  syncStatus(): SyncStatus {
    const { unsafe, safe, finalized } = this.#heads;
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

  /** A canonical block; undefined when the engine has none of that number. */
  async block(number: bigint): Promise<L2BlockFacts | undefined> {
    return number > this.#heads.unsafe.number ? undefined : this.#chain.read(number);
  }

  /**
   * Looks where the engine is, which may have lost blocks or been reset, and where L1 is, and tells the engine the
   * heads that fit both.
   */
  async resume(l1: L1Source): Promise<DerivationStart> {
    return this.#changes.run(async () => {
      this.#chain.forget();
      this.#heads = await this.#headsThere();
      const plan = await planReset(
        {
          heads: () => this.#heads,
          safeHeadAtL1Block: (number) => this.#safeHeads.at(number),
          ref: async (hash) => this.#safeHeads.ref(hash) ?? (await this.#api.block(hash))?.ref,
        },
        l1,
      );
      const { unsafe, safe, safeDerivedFrom } = plan;
      this.#safeHeads.forgetAbove(safeDerivedFrom.number);
      this.#heads = { ...this.#heads, unsafe, safe, safeDerivedFrom };
      await this.#tellOrForget();
      return this.#start(safe);
    });
  }

  async applyDerived(derived: DerivedInput): Promise<DerivedResult> {
    return this.#changes.run(async () => {
      const { attributes, parent, derivedFrom } = derived;
      const { safe } = this.#heads;
      if (!bytesEqual(safe.hash, parent.hash)) {
        throw new RollupError("ENGINE_NOT_SAFE_HEAD", "derived attributes are not for the safe head", {
          data: { safe, parent },
        });
      }
      const confirmed = await this.#confirmed(attributes, parent);
      if (confirmed !== undefined) {
        await this.#tell({ safe: confirmed, safeDerivedFrom: derivedFrom });
        this.#changes.emit({ kind: "safe", ref: confirmed, derivedFrom });
        return { kind: "applied", ref: confirmed };
      }
      const built = await this.#build(attributes, parent);
      if (built.kind === "invalid") return built;
      const { ref } = built.facts;
      await this.#tell({ unsafe: ref, safe: ref, safeDerivedFrom: derivedFrom });
      this.#chain.put(built.facts);
      this.#changes.emit({ kind: "unsafe", ref });
      this.#changes.emit({ kind: "safe", ref, derivedFrom });
      return { kind: "applied", ref };
    });
  }

  async recordSafeHead(l1: BlockRef): Promise<void> {
    const { safe, safeDerivedFrom } = this.#heads;
    // Blocks read again after a start come before the one that gave the safe head: nothing new about them.
    if (l1.number >= safeDerivedFrom.number) this.#safeHeads.record(l1, safe);
  }

  async finalize(ref: L2BlockRef, from: BlockId): Promise<void> {
    await this.#changes.run(async () => {
      await this.#tell({ finalized: ref, finalizedFrom: from });
      this.#safeHeads.forgetBelow(from.number);
      this.#changes.emit({ kind: "finalized", ref });
    });
  }

  /** Takes a gossiped block: executed by the engine, and only then the unsafe head. */
  async insertUnsafe(block: Block): Promise<InsertResult> {
    return this.#changes.run(async () => {
      const hash = headerHash(block.header);
      const { unsafe } = this.#heads;
      const { number, parentHash, timestamp } = block.header;
      const canonical = number <= unsafe.number ? await this.#chain.read(number) : undefined;
      if (canonical !== undefined && bytesEqual(canonical.ref.hash, hash)) return { kind: "known" };
      if (!bytesEqual(parentHash, unsafe.hash)) return { kind: "gap", head: unsafe };
      const read = readBlockRef(this.config, block, hash);
      if (read.kind === "invalid") return read;
      // specs/protocol/derivation.md: L2 blocks come every `blockTime` seconds, without exception.
      if (timestamp !== unsafe.timestamp + this.config.blockTime) {
        return { kind: "invalid", reason: "timestamp-off-schedule" };
      }
      const verdict = await this.#api.newPayload(block, hash);
      if (verdict.kind === "invalid") return verdict;
      const { ref } = read;
      await this.#tell({ unsafe: ref });
      this.#chain.put({ ref, ...block });
      this.#changes.emit({ kind: "unsafe", ref });
      return { kind: "inserted", ref };
    });
  }

  /** Makes the engine's heads these, and then this node's. @throws RollupError ENGINE_FORKCHOICE_REFUSED … */
  async #tell(change: Partial<ChainHeads>): Promise<void> {
    const heads = { ...this.#heads, ...change };
    const verdict = await this.#api.forkchoice(hashesOf(heads));
    if (verdict.kind === "invalid") {
      const message = `the engine calls a head invalid that it has called valid before: ${verdict.reason}`;
      throw new RollupError("ENGINE_FORKCHOICE_REFUSED", message);
    }
    this.#heads = heads;
  }

  /** After a reset: what was recorded of safe heads may be what the engine does not take. */
  async #tellOrForget(): Promise<void> {
    try {
      await this.#tell({});
    } catch (error) {
      if (isRollupError(error, "ENGINE_FORKCHOICE_REFUSED")) {
        const { finalized, finalizedFrom } = this.#heads;
        this.#safeHeads.forgetAbove(-1n);
        this.#heads = { ...this.#heads, safe: finalized, safeDerivedFrom: finalizedFrom };
      }
      throw error;
    }
  }

  /** The engine's own heads, with this node's safe head where the engine still has that block. */
  async #headsThere(): Promise<ChainHeads> {
    const before = this.#heads;
    const there = await readHeads(this.config, this.#api);
    const isSameFinal = bytesEqual(there.finalized.hash, before.finalized.hash);
    const kept = isSameFinal ? { ...there, finalizedFrom: before.finalizedFrom } : there;
    const { safe, safeDerivedFrom } = before;
    if (safe.number <= there.safe.number || safe.number > there.unsafe.number) return kept;
    const found = await this.#api.block(safe.number);
    const isThere = found !== undefined && bytesEqual(found.ref.hash, safe.hash);
    return isThere ? { ...kept, safe, safeDerivedFrom } : kept;
  }

  /** Finds where to begin, fetching each block that turns out to be needed for it. */
  async #start(safe: L2BlockRef): Promise<DerivationStart> {
    await this.#chain.fetchWanted(safe.number);
    const reader = this.#chain.reader(() => this.#heads.safe.number);
    for (;;) {
      try {
        return { start: findSyncStart(this.config, safe, reader), reader };
      } catch (error) {
        if (!isRollupError(error, "ENGINE_BLOCK_WANTED")) throw error;
        await this.#chain.fetchOne();
      }
    }
  }

  /** The engine's block after `parent`, when it is the one that the attributes describe. */
  async #confirmed(attributes: PayloadAttributes, parent: L2BlockRef): Promise<L2BlockRef | undefined> {
    const number = parent.number + 1n;
    if (this.#heads.unsafe.number < number) return undefined;
    const block = await this.#chain.read(number);
    if (block === undefined) return undefined;
    const mismatch = attributesMismatch(this.config, { attributes, parentHash: parent.hash, block });
    if (mismatch === undefined) return block.ref;
    const facts = { number, hash: toHex(block.ref.hash), mismatch };
    this.#log.warn(facts, "an unsafe block is not what L1 says; the unsafe chain is replaced from there on");
    return undefined;
  }

  /** Has the engine build and execute the block of these attributes; it is not canonical yet. */
  async #build(
    attributes: PayloadAttributes,
    parent: L2BlockRef,
  ): Promise<
    { readonly kind: "built"; readonly facts: L2BlockFacts } | Extract<DerivedResult, { kind: "invalid" }>
  > {
    const heads = { ...this.#heads, unsafe: parent };
    const started = await this.#api.forkchoice(hashesOf(heads), attributes);
    // The engine's head is the parent from here on, whatever becomes of the attributes.
    this.#heads = heads;
    this.#chain.dropAbove(parent.number);
    if (started.kind === "invalid") return started;
    if (started.payloadId === undefined)
      throw invalidEngineData("no payload id for a block that was asked for");
    const block = await this.#api.payload(started.payloadId, attributes);
    const mismatch = attributesMismatch(this.config, { attributes, parentHash: parent.hash, block });
    if (mismatch !== undefined) throw invalidEngineData(`the block that it built differs: ${mismatch}`);
    const hash = headerHash(block.header);
    const read = readBlockRef(this.config, block, hash);
    if (read.kind === "invalid") throw invalidEngineData(`the block that it built: ${read.reason}`);
    const verdict = await this.#api.newPayload(block, hash);
    return verdict.kind === "invalid" ? verdict : { kind: "built", facts: { ref: read.ref, ...block } };
  }
}

function hashesOf({ unsafe, safe, finalized }: ChainHeads) {
  return { unsafe: unsafe.hash, safe: safe.hash, finalized: finalized.hash };
}

/** The engine executes this chain and no other. @throws RollupError ENGINE_OTHER_CHAIN */
async function checkChain({ l2ChainId, genesis }: RollupConfig, api: RemoteApi): Promise<void> {
  const chainId = await api.chainId();
  if (chainId !== l2ChainId) {
    const message = `the engine is of chain ${chainId}, the rollup configuration of chain ${l2ChainId}`;
    throw new RollupError("ENGINE_OTHER_CHAIN", message, { data: { found: chainId, wanted: l2ChainId } });
  }
  const found = await api.block(genesis.l2.hash);
  if (found !== undefined) return;
  const message = `the engine does not have the rollup's genesis block ${toHex(genesis.l2.hash)}; give it the genesis file of the same deployment`;
  throw new RollupError("ENGINE_OTHER_CHAIN", message, { data: { wanted: toHex(genesis.l2.hash) } });
}
