import assert from "node:assert/strict";
import type { L1Block } from "@phala-l2/derivation/l1-block";
import { toHex } from "@phala-l2/protocol/bytes";
import type { BlockId } from "@phala-l2/protocol/config/rollup";
import type { Frame } from "@phala-l2/protocol/wire/frame";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { calldataFrames, channelId, framesIn, singularChannel } from "../derivation/batcher-data.ts";
import { STRANGER } from "../derivation/keys.ts";
import { transactionDeposited } from "../derivation/l1-events.ts";
import type { Random } from "../derivation/random.ts";
import { nextNonce, unsafeBatches } from "./actions.ts";
import { type TestNode, transfer, type World } from "./world.ts";

/** Channels of the random branches; those of `World.mineBatches` count from 1. */
const FIRST_CHANNEL = 20_000;

/** Grows branches of L1 at random: batches in whole channels, in frames over several blocks, late or lost; deposits. */
export class Branches {
  readonly #world: World;
  readonly #random: Random;
  /** Deposits and extra data differ between branches, and so do hashes. */
  #mined = 0;
  #channels = FIRST_CHANNEL;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** The sequencer goes on from its unsafe head, and its batcher posts what is made; some of it gets lost. */
  async grow(sequencer: TestNode, length: number): Promise<void> {
    let pending: SingularBatch[] = [];
    let frames: Frame[] = [];
    for (let mined = 0; mined < length; mined++) {
      for (let count = this.#random.below(4); count > 0; count--) {
        const transactions = this.#random.below(2) === 0 ? [transfer(nextNonce(sequencer))] : [];
        pending.push(await this.#world.sequence(sequencer, transactions));
      }
      if (pending.length > 0 && frames.length === 0 && this.#random.below(3) > 0) {
        // One channel in ten never comes, so that what builds on it is worth nothing.
        if (this.#random.below(10) > 0) frames = this.#framesOf(pending);
        pending = [];
      }
      const posted = frames.splice(0, this.#random.below(3));
      this.#mine(posted.length === 0 ? [] : [this.#transaction(posted)]);
    }
  }

  /**
   * A branch with what the other one had, as a batcher's and users' transactions are included again after a reorg: in
   * its place, in another block, or not at all. Deposits are new.
   */
  replay(old: readonly L1Block[], length: number): void {
    let waiting: Uint8Array[] = [];
    for (let mined = 0; mined < length; mined++) {
      for (const raw of old[mined]?.transactions ?? []) if (this.#random.below(8) > 0) waiting.push(raw);
      const included = this.#random.below(3) === 0 ? [] : waiting;
      if (included === waiting) waiting = [];
      this.#mine(included);
    }
  }

  /** The batcher posts all that is not safe, whole, in the next L1 block. */
  post(sequencer: TestNode): void {
    const batches = unsafeBatches(sequencer);
    this.#mine(batches.length === 0 ? [] : [this.#transaction(this.#framesOf(batches))]);
  }

  #framesOf(batches: readonly SingularBatch[]): Frame[] {
    const count = 1 + this.#random.below(4);
    return [...framesIn(count, channelId(this.#channels++), singularChannel(batches))];
  }

  #transaction(frames: readonly Frame[]): Uint8Array {
    return calldataFrames(this.#world.config, this.#world.chain, frames);
  }

  #mine(transactions: readonly Uint8Array[]): void {
    this.#mined += 1;
    const value = BigInt(this.#mined);
    const to = STRANGER.address;
    const deposit = transactionDeposited(this.#world.config, { from: to, to, mint: value, value });
    const salt = Uint8Array.of(0xee, this.#mined >> 8, this.#mined & 0xff);
    this.#world.chain.mine({ transactions, salt, logs: this.#random.below(4) === 0 ? [[deposit]] : [] });
  }
}

/**
 * All three heads of the nodes are those of a fresh one that sees this L1 alone; none of their finality was taken back.
 * `finalityLeads`: what L1 calls final lies below what it called final before, which stays so.
 */
export async function assertHeadsOfFreshNode(
  world: World,
  nodes: readonly TestNode[],
  { finalityLeads = false } = {},
): Promise<void> {
  const fresh = await world.start();
  await Promise.all([fresh, ...nodes].map((node) => world.settle(node)));
  const finalizedFrom = ({ store }: TestNode) => store.heads().finalizedFrom.number;
  for (const node of nodes) {
    assert.equal(node.engine.halted, undefined);
    await world.until(() => finalityLeads || finalizedFrom(node) === finalizedFrom(fresh));
    assertSameHeads(node, fresh, finalityLeads);
    assertOriginsCanonical(world, node);
    assertFinalityGrew(node);
  }
  await fresh.stop();
}

function assertSameHeads(node: TestNode, fresh: TestNode, finalityLeads: boolean): void {
  const [found, wanted] = [node.store.heads(), fresh.store.heads()];
  assert.deepEqual(found.safe, wanted.safe);
  assert.ok(found.finalized.number >= wanted.finalized.number);
  if (!finalityLeads) {
    assert.deepEqual(found.finalized, wanted.finalized);
    assert.deepEqual(idOf(found.finalizedFrom), idOf(wanted.finalizedFrom));
  }
  for (let number = 0n; number <= wanted.safe.number; number++) {
    const [ours, theirs] = [node.store.hashByNumber(number), fresh.store.hashByNumber(number)];
    assert.ok(ours && theirs);
    assert.equal(toHex(ours), toHex(theirs), `block ${number}`);
  }
}

/**
 * What a reset may leave above the safe head: blocks that a batcher may yet post. A fresh node has none of them, hence
 * only their L1 origins are compared.
 */
function assertOriginsCanonical({ chain }: World, { store }: TestNode): void {
  const { safe, unsafe } = store.heads();
  for (let number = safe.number; number <= unsafe.number; number++) {
    const origin = store.refByNumber(number)?.l1Origin;
    assert.ok(origin);
    assert.deepEqual(origin.hash, chain.at(origin.number)?.hash);
  }
}

const idOf = ({ number, hash }: BlockId) => ({ number, hash: toHex(hash) });

/** Final blocks came in order, and each of them is canonical still. */
export function assertFinalityGrew({ store, events }: TestNode): void {
  let last = -1n;
  for (const event of events) {
    if (event.kind !== "finalized") continue;
    assert.ok(event.ref.number > last, `block ${event.ref.number} became final after ${last}`);
    last = event.ref.number;
    assert.deepEqual(store.hashByNumber(last), event.ref.hash);
  }
}
