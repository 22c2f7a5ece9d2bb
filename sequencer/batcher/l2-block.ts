import { fromHex, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeBlock } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { decodeL1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { z } from "zod";

/** An L2 block as the batcher posts it. */
export type BatchedBlock = {
  readonly number: bigint;
  readonly hash: Hash;
  readonly batch: SingularBatch;
  /** Whether it is the first of its epoch. */
  readonly beginsEpoch: boolean;
};

/** Sends one JSON-RPC request. */
export type RpcRequest = (method: string, params: readonly unknown[]) => Promise<unknown>;

function malformed(what: string, data: object): RollupError {
  return new RollupError("L2_BLOCK_MALFORMED", `the sequencer gave ${what}`, { data });
}

/** What of an encoded block goes into a batch. @throws RollupError L2_BLOCK_MALFORMED */
export function readBatchedBlock(raw: Uint8Array): BatchedBlock {
  const decoded = decodeBlock(raw);
  if (decoded.kind === "invalid") throw malformed("bytes that are no block", { reason: decoded.reason });
  const { header, transactions } = decoded.block;
  const [first] = transactions;
  const deposit = first === undefined ? undefined : decodeTransaction(first);
  if (deposit?.kind !== "ok" || deposit.transaction.type !== DEPOSIT_TYPE) {
    throw malformed("a block without the L1 attributes deposit", { number: header.number });
  }
  const attributes = decodeL1Attributes(deposit.transaction.data);
  if (attributes.kind === "invalid") throw malformed(attributes.reason, { number: header.number });
  const { number: epochNumber, hash: epochHash, sequenceNumber } = attributes.attributes;
  return {
    number: header.number,
    hash: headerHash(header),
    beginsEpoch: sequenceNumber === 0n,
    batch: {
      parentHash: header.parentHash,
      epochNumber,
      epochHash,
      timestamp: header.timestamp,
      transactions: transactions.filter(([type]) => type !== DEPOSIT_TYPE),
    },
  };
}

type BlockId = { readonly number: bigint; readonly hash: Hash };

/** How far the sequencer's node is. */
export type Heads = {
  readonly safe: BlockId;
  readonly unsafe: BlockId;
  readonly finalizedNumber: bigint;
  /** The L1 block that the node's derivation has reached. */
  readonly derivedL1Number: bigint;
  readonly l1HeadNumber: bigint;
};

const blockId = z
  .object({ number: z.number().int().nonnegative(), hash: z.string() })
  .transform(({ number, hash }): BlockId => ({ number: BigInt(number), hash: hashFromHex(hash) }));
const syncStatus = z.object({
  safe_l2: blockId,
  unsafe_l2: blockId,
  finalized_l2: blockId,
  current_l1: blockId,
  head_l1: blockId,
});

/** The heads by `optimism_syncStatus`. @throws RollupError SYNC_STATUS_MALFORMED */
export async function fetchHeads(request: RpcRequest): Promise<Heads> {
  const parsed = syncStatus.safeParse(await request("optimism_syncStatus", []));
  if (!parsed.success) {
    throw new RollupError("SYNC_STATUS_MALFORMED", "optimism_syncStatus gave what is no sync status", {
      cause: parsed.error,
    });
  }
  const { safe_l2, unsafe_l2, finalized_l2, current_l1, head_l1 } = parsed.data;
  return {
    safe: safe_l2,
    unsafe: unsafe_l2,
    finalizedNumber: finalized_l2.number,
    derivedL1Number: current_l1.number,
    l1HeadNumber: head_l1.number,
  };
}

/** One block by `debug_getRawBlock`. @throws RollupError L2_BLOCK_MALFORMED */
export async function fetchBatchedBlock(request: RpcRequest, number: bigint): Promise<BatchedBlock> {
  const raw = await request("debug_getRawBlock", [`0x${number.toString(16)}`]);
  if (typeof raw !== "string") throw malformed("no block", { number });
  const block = readBatchedBlock(fromHex(raw));
  if (block.number !== number) throw malformed("another block than was asked for", { number });
  return block;
}
