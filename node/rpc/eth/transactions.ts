import type { Address, Hash } from "@phala-l2/protocol/bytes";
import { toHex } from "@phala-l2/protocol/bytes";
import type { ChainView } from "../../store/chain-reader.ts";
import { readRecord, transactionAt } from "../block-record.ts";
import { hashOf } from "../block-reference.ts";
import { receiptJson } from "../format/receipt.ts";
import { transactionJson } from "../format/transaction.ts";
import { method1, method2, type RpcMethods, required } from "../method.ts";
import { blockNumber, hash, uint64 } from "../parameters.ts";
import type { PoolView } from "../pool-view.ts";
import { type Reply, result } from "../reply.ts";

/** No block has as many transactions; an index beyond it finds nothing. */
const MAX_INDEX = 0xffff_ffffn;

function byIndex(chain: ChainView, blockHash: Hash | undefined, index: bigint): Reply {
  const record = blockHash === undefined || index > MAX_INDEX ? undefined : readRecord(chain, blockHash);
  return result(record === undefined ? null : (transactionAt(record, Number(index)) ?? null));
}

function rawByIndex(chain: ChainView, blockHash: Hash | undefined, index: bigint): Reply {
  const raw =
    blockHash === undefined || index > MAX_INDEX
      ? undefined
      : chain.block(blockHash)?.transactions[Number(index)];
  return result(raw === undefined ? "0x" : toHex(raw));
}

/** The bytes of a transaction of the chain or of the pool. */
export function rawTransaction(
  chain: ChainView,
  pool: PoolView | undefined,
  transactionHash: Hash,
): Uint8Array | undefined {
  const at = chain.locateTransaction(transactionHash);
  if (at !== undefined) return chain.block(at.blockHash)?.transactions[at.index];
  return pool?.get(transactionHash)?.raw;
}

function pendingJson(pool: PoolView | undefined, transactionHash: Hash): object | null {
  const pooled = pool?.get(transactionHash);
  if (pooled === undefined) return null;
  return transactionJson(pooled.transaction, {
    hash: transactionHash,
    from: pooled.sender,
    place: undefined,
  });
}

/** Transactions by hash or place, and their receipts; what waits in the pool has no place yet. */
export function transactionMethods(chain: ChainView, pool: PoolView | undefined): RpcMethods {
  return {
    eth_getTransactionByHash: method1(required(hash), (transactionHash) => {
      const at = chain.locateTransaction(transactionHash);
      const record = at === undefined ? undefined : readRecord(chain, at.blockHash);
      if (at === undefined || record === undefined) return result(pendingJson(pool, transactionHash));
      return result(transactionAt(record, at.index) ?? null);
    }),
    eth_getTransactionByBlockHashAndIndex: method2(required(hash), required(uint64), (blockHash, index) =>
      byIndex(chain, blockHash, index),
    ),
    eth_getTransactionByBlockNumberAndIndex: method2(required(blockNumber), required(uint64), (at, index) =>
      byIndex(chain, hashOf(chain, at), index),
    ),
    eth_getTransactionReceipt: method1(required(hash), (transactionHash) => {
      const at = chain.locateTransaction(transactionHash);
      const record = at === undefined ? undefined : readRecord(chain, at.blockHash);
      return result(
        at === undefined || record === undefined ? null : (receiptJson(record, at.index) ?? null),
      );
    }),
    eth_getRawTransactionByHash: method1(required(hash), (transactionHash) => {
      const raw = rawTransaction(chain, pool, transactionHash);
      return result(raw === undefined ? "0x" : toHex(raw));
    }),
    eth_getRawTransactionByBlockHashAndIndex: method2(required(hash), required(uint64), (blockHash, index) =>
      rawByIndex(chain, blockHash, index),
    ),
    eth_getRawTransactionByBlockNumberAndIndex: method2(
      required(blockNumber),
      required(uint64),
      (at, index) => rawByIndex(chain, hashOf(chain, at), index),
    ),
  };
}

/** The sender's next nonce with its waiting transactions, never below the state's. */
export function pendingNonce(pool: PoolView | undefined, sender: Address, stateNonce: bigint): bigint {
  const pooled = pool?.nextNonce(sender);
  return pooled === undefined || pooled < stateNonce ? stateNonce : pooled;
}
