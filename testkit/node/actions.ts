import assert from "node:assert/strict";
import { isDeposit } from "@phala-l2/derivation/attributes";
import { toHex } from "@phala-l2/protocol/bytes";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { L2_USER } from "../derivation/keys.ts";
import { safeHashes, type TestNode, transfer, type World } from "./world.ts";

/** Some L1 blocks, each with the batches of the L2 blocks that the sequencer made since the one before. */
export async function run(world: World, sequencer: TestNode, l1Blocks: number, perBlock = 6): Promise<void> {
  for (let count = 0; count < l1Blocks; count++) {
    const batches: SingularBatch[] = [];
    for (let block = 0; block < perBlock; block++) {
      const nonce = nextNonce(sequencer);
      batches.push(await world.sequence(sequencer, block % 2 === 0 ? [transfer(nonce)] : []));
    }
    world.mineBatches(batches);
  }
}

/** The user's next nonce on the node's unsafe chain. */
export function nextNonce({ store }: TestNode): number {
  const header = store.headerByHash(store.heads().unsafe.hash);
  assert.ok(header);
  return Number(store.state(header).account(L2_USER.address)?.nonce ?? 0n);
}

/** What a batcher submits after a reorg: the batches of all blocks that are not safe. */
export function unsafeBatches({ store }: TestNode): readonly SingularBatch[] {
  const batches: SingularBatch[] = [];
  const { safe, unsafe } = store.heads();
  for (let number = safe.number + 1n; number <= unsafe.number; number++) {
    const ref = store.refByNumber(number);
    const block = ref && store.block(ref.hash);
    assert.ok(ref && block);
    const transactions = block.transactions.filter((raw) => !isDeposit(raw));
    const { l1Origin, parentHash, timestamp } = ref;
    batches.push({
      parentHash,
      epochNumber: l1Origin.number,
      epochHash: l1Origin.hash,
      timestamp,
      transactions,
    });
  }
  return batches;
}

/** Hashes of the whole canonical chain, from genesis. */
export function hashesOf({ store }: TestNode): readonly string[] {
  const last = store.heads().unsafe.number;
  return Array.from({ length: Number(last) + 1 }, (_, number) => {
    const hash = store.hashByNumber(BigInt(number));
    assert.ok(hash);
    return toHex(hash);
  });
}

/** A fresh node that knows L1 alone must agree with the node in question. */
export async function assertFreshNodeAgrees(world: World, node: TestNode): Promise<void> {
  const fresh = await world.start();
  await world.settle(fresh);
  assert.deepEqual(safeHashes(node), safeHashes(fresh));
  await fresh.stop();
}
