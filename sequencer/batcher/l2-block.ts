import type { Hash } from "@phala-l2/protocol/bytes";
import { fromHex, hashFromHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeBlock } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { decodeL1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";

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

export type SafeAndUnsafe = {
  readonly safe: { readonly number: bigint; readonly hash: Hash };
  readonly unsafeNumber: bigint;
  /** The L1 block that the node's derivation has reached. */
  readonly derivedL1Number: bigint;
};

type BlockJson = { readonly number: number; readonly hash: string };

/** The heads by `optimism_syncStatus`. */
export async function fetchHeads(request: RpcRequest): Promise<SafeAndUnsafe> {
  const status = (await request("optimism_syncStatus", [])) as {
    readonly safe_l2: BlockJson;
    readonly unsafe_l2: BlockJson;
    readonly current_l1: BlockJson;
  };
  return {
    safe: { number: BigInt(status.safe_l2.number), hash: hashFromHex(status.safe_l2.hash) },
    unsafeNumber: BigInt(status.unsafe_l2.number),
    derivedL1Number: BigInt(status.current_l1.number),
  };
}

/** One block by `debug_getRawBlock`. @throws RollupError L2_BLOCK_MALFORMED */
export async function fetchBatchedBlock(request: RpcRequest, number: bigint): Promise<BatchedBlock> {
  const raw = await request("debug_getRawBlock", [`0x${number.toString(16)}`]);
  if (typeof raw !== "string") throw malformed("no block", { number });
  return readBatchedBlock(fromHex(raw));
}
