import { buildAttributes } from "@phala-l2/derivation/attributes";
import { type L1Epoch, openEpoch } from "@phala-l2/derivation/epoch";
import type { L1Block } from "@phala-l2/derivation/l1-block";
import type { L2BlockFacts } from "@phala-l2/derivation/l2-chain-reader";
import { createPipeline, type Pipeline } from "@phala-l2/derivation/pipeline";
import type { DerivedAttributes, Dropped } from "@phala-l2/derivation/step";
import { findSyncStart } from "@phala-l2/derivation/sync-start";
import { systemConfigForChild } from "@phala-l2/derivation/system-config";
import { addressFromHex, asHash, concatBytes, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import type { Frame } from "@phala-l2/protocol/wire/frame";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { calldataFrames, channelId, singularChannel, wholeFrame } from "./batcher-data.ts";
import { BATCHER } from "./keys.ts";
import { L1_GENESIS_TIME, L1Chain, type MineOptions } from "./l1-chain.ts";
import { genesisL2Block, L2Chain } from "./l2-chain.ts";

const GENESIS_SYSTEM_CONFIG = {
  batcherAddress: BATCHER.address,
  // Version 1, blob base fee scalar 0x0c5fc5, base fee scalar 0x0558.
  scalar: asHash(
    concatBytes(Uint8Array.of(1), new Uint8Array(23), Uint8Array.of(0, 0x0c, 0x5f, 0xc5, 0, 0, 0x05, 0x58)),
  ),
  gasLimit: 60_000_000n,
  eip1559Denominator: 250n,
  eip1559Elasticity: 6n,
};

export type ScenarioOptions = Partial<Omit<RollupConfig, "genesis">> & {
  readonly systemConfig?: Partial<SystemConfig>;
};

function scenarioConfig(l1: L1Chain, genesis: L2BlockFacts, options: ScenarioOptions): RollupConfig {
  const { systemConfig, ...overrides } = options;
  return testRollup({
    genesis: {
      l1: { number: l1.head.header.number, hash: l1.head.hash },
      l2: { number: 0n, hash: genesis.ref.hash },
      l2Time: genesis.ref.timestamp,
    },
    systemConfig: { ...GENESIS_SYSTEM_CONFIG, ...systemConfig },
    seqWindowSize: 30n,
    batchInboxAddress: addressFromHex("0xff00000000000000000000000000000000000901"),
    depositContractAddress: addressFromHex("0x1000000000000000000000000000000000000001"),
    l1SystemConfigAddress: addressFromHex("0x2000000000000000000000000000000000000002"),
    ...overrides,
  });
}

/** What a run of the pipeline brought about, until it asked for an L1 block that does not exist. */
export type Derivation = {
  readonly blocks: readonly L2BlockFacts[];
  readonly derived: readonly DerivedAttributes[];
  readonly dropped: readonly Dropped[];
  readonly needs: bigint;
};

/** Judges attributes as execution would; true accepts them. */
export type Execution = (attributes: DerivedAttributes) => boolean;
const ACCEPT_ALL: Execution = () => true;

/** Far more than any scenario needs; a pipeline that spins must fail the test and not hang it. */
const MAX_STEPS = 2_000_000;

/** A sequencer's view, an L1, and a verifier that knows of the sequencer only what is on L1. */
export class Scenario {
  readonly l1: L1Chain;
  readonly config: RollupConfig;
  /** The sequencer's chain; derivation does not see it. */
  readonly sequencer: L2Chain;
  /** The derived chain. */
  readonly verifier: L2Chain;
  pipeline: Pipeline;
  readonly #epochs: L1Epoch[] = [];
  #channels = 0;

  constructor(options: ScenarioOptions = {}) {
    this.l1 = new L1Chain();
    const origin = { number: this.l1.head.header.number, hash: this.l1.head.hash };
    const gasLimit = options.systemConfig?.gasLimit ?? GENESIS_SYSTEM_CONFIG.gasLimit;
    const genesis = genesisL2Block(origin, L1_GENESIS_TIME, gasLimit);
    this.config = scenarioConfig(this.l1, genesis, options);
    this.sequencer = new L2Chain(this.config, genesis);
    this.verifier = new L2Chain(this.config, genesis);
    this.pipeline = this.#newPipeline();
  }

  #newPipeline(): Pipeline {
    const start = findSyncStart(this.config, this.verifier.head.ref, this.verifier);
    return createPipeline(this.config, start, this.verifier);
  }

  /** A pipeline that continues from the derived head, as after a restart of the verifier. */
  restart(): void {
    this.pipeline = this.#newPipeline();
  }

  /** The epoch of an L1 block, with the SystemConfig as of it. */
  epoch(number: bigint): L1Epoch {
    const genesis = this.config.genesis;
    const index = Number(number - genesis.l1.number);
    for (let i = this.#epochs.length; i <= index; i++) {
      const block = this.l1.at(genesis.l1.number + BigInt(i));
      if (block === undefined) throw new Error(`L1 block ${number} is not mined yet`);
      const before = this.#epochs.at(-1)?.systemConfig ?? genesis.systemConfig;
      this.#epochs.push(openEpoch(this.config, block, before).epoch);
    }
    const epoch = this.#epochs[index];
    if (epoch === undefined) throw new Error(`L1 block ${number} is before the genesis`);
    return epoch;
  }

  /**
   * The sequencer builds one block. Without `epoch` it stays in its epoch until the next L1 block exists and is
   * not newer than the L2 block.
   */
  sequence(transactions: readonly Uint8Array[] = [], epoch?: bigint): SingularBatch {
    const { config, sequencer } = this;
    const parent = sequencer.head.ref;
    const chosen = this.epoch(epoch ?? this.#nextEpoch());
    const systemConfig = systemConfigForChild(config, parent, chosen, sequencer);
    const attributes = buildAttributes({ config, parent, epoch: { ...chosen, systemConfig }, transactions });
    const { ref } = sequencer.append(attributes);
    const { number: epochNumber, hash: epochHash } = chosen.ref;
    return { parentHash: parent.hash, epochNumber, epochHash, timestamp: ref.timestamp, transactions };
  }

  sequenceMany(
    count: number,
    transactions: (index: number) => readonly Uint8Array[] = () => [],
  ): SingularBatch[] {
    return Array.from({ length: count }, (_, index) => this.sequence(transactions(index)));
  }

  #nextEpoch(): bigint {
    const parent = this.sequencer.head.ref;
    const next = this.l1.at(parent.l1Origin.number + 1n);
    const fits = next !== undefined && next.header.timestamp <= parent.timestamp + this.config.blockTime;
    return fits ? parent.l1Origin.number + 1n : parent.l1Origin.number;
  }

  /** An L1 block with these frames in one batcher transaction. */
  mineFrames(frames: readonly Frame[], options: MineOptions = {}): L1Block {
    const transaction = calldataFrames(this.config, this.l1, frames);
    return this.l1.mine({ ...options, transactions: [...(options.transactions ?? []), transaction] });
  }

  /** An L1 block with one whole channel. */
  mineChannel(channel: Uint8Array, options: MineOptions = {}): L1Block {
    return this.mineFrames([wholeFrame(this.nextChannelId(), channel)], options);
  }

  /** An L1 block with one channel of singular batches. */
  mineBatches(batches: readonly SingularBatch[], options: MineOptions = {}): L1Block {
    return this.mineChannel(singularChannel(batches), options);
  }

  nextChannelId(): Uint8Array {
    this.#channels += 1;
    return channelId(this.#channels);
  }

  /** Runs the pipeline over all L1 blocks there are. */
  derive(execute: Execution = ACCEPT_ALL): Derivation {
    const blocks: L2BlockFacts[] = [];
    const derived: DerivedAttributes[] = [];
    const dropped: Dropped[] = [];
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const step = this.pipeline.step(this.verifier.head.ref);
      switch (step.kind) {
        case "attributes":
          derived.push(step);
          if (execute(step)) blocks.push(this.verifier.append(step.attributes));
          else this.pipeline.rejectAttributes();
          break;
        case "dropped":
          dropped.push(step);
          break;
        case "need-blobs":
          this.pipeline.provideBlobs(this.#blobs(step.hashes));
          break;
        case "need-l1-block": {
          const block = this.l1.at(step.number);
          if (block === undefined) return { blocks, derived, dropped, needs: step.number };
          const verdict = this.pipeline.provideL1Block(block);
          if (verdict.kind === "reorg") throw new Error(`reorg at L1 block ${verdict.number}`);
          break;
        }
        case "advanced":
          break;
      }
    }
    throw new Error("the pipeline never came to rest");
  }

  #blobs(hashes: readonly Hash[]): ReadonlyMap<Hex, Uint8Array> {
    const found = new Map<Hex, Uint8Array>();
    for (const hash of hashes) {
      const blob = this.l1.blobs.get(toHex(hash));
      if (blob !== undefined) found.set(toHex(hash), blob);
    }
    return found;
  }
}

/** The reasons among what was dropped. */
export function reasonsOf(derivation: Pick<Derivation, "dropped">): readonly string[] {
  return derivation.dropped.map(({ reason }) => reason);
}
