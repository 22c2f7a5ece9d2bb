import type { Hash } from "@phala-l2/protocol/bytes";
import { toHex } from "@phala-l2/protocol/bytes";
import type { ChainView } from "../../store/chain-reader.ts";
import { type BlockRecord, hashAt, readRecord, transactionAt } from "../block-record.ts";
import { findHeader, hashOf } from "../block-reference.ts";
import { blockJson } from "../format/block.ts";
import { quantityHex } from "../format/hex.ts";
import { receiptJson } from "../format/receipt.ts";
import { method1, method2, optional, type RpcMethods, required } from "../method.ts";
import { block, blockNumber, bool, hash, uint64 } from "../parameters.ts";
import { type Reply, result } from "../reply.ts";

function recordJson(record: BlockRecord, isFull: boolean): object {
  const transactions = record.transactions.map((_, index) =>
    isFull ? transactionAt(record, index) : toHex(hashAt(record, index)),
  );
  return blockJson(record.block, record.hash, transactions);
}

/** Answers null where there is no such block, as every reader of the family does. */
function withRecord(
  chain: ChainView,
  blockHash: Hash | undefined,
  answer: (record: BlockRecord) => unknown,
): Reply {
  const record = blockHash === undefined ? undefined : readRecord(chain, blockHash);
  return result(record === undefined ? null : answer(record));
}

/** Blocks by number, tag or hash, with their receipts. Uncles are none since the Merge. */
export function blockMethods(chain: ChainView): RpcMethods {
  const count = (record: BlockRecord): string => quantityHex(record.transactions.length);
  return {
    eth_getBlockByNumber: method2(required(blockNumber), optional(bool, false), (at, isFull) =>
      withRecord(chain, hashOf(chain, at), (record) => recordJson(record, isFull)),
    ),
    eth_getBlockByHash: method2(required(hash), optional(bool, false), (blockHash, isFull) =>
      withRecord(chain, blockHash, (record) => recordJson(record, isFull)),
    ),
    eth_getBlockTransactionCountByNumber: method1(required(blockNumber), (at) =>
      withRecord(chain, hashOf(chain, at), count),
    ),
    eth_getBlockTransactionCountByHash: method1(required(hash), (blockHash) =>
      withRecord(chain, blockHash, count),
    ),
    eth_getBlockReceipts: method1(required(block), (at) => {
      // As in geth, a block that is not canonical is none where it had to be (EIP-1898).
      const found = findHeader(chain, at);
      return withRecord(chain, found.kind === "found" ? found.hash : undefined, (record) =>
        record.transactions.map((_, index) => receiptJson(record, index)),
      );
    }),
    eth_getUncleCountByBlockNumber: method1(required(blockNumber), (at) =>
      withRecord(chain, hashOf(chain, at), () => "0x0"),
    ),
    eth_getUncleCountByBlockHash: method1(required(hash), (blockHash) =>
      withRecord(chain, blockHash, () => "0x0"),
    ),
    eth_getUncleByBlockNumberAndIndex: method2(required(blockNumber), required(uint64), () => result(null)),
    eth_getUncleByBlockHashAndIndex: method2(required(hash), required(uint64), () => result(null)),
  };
}
