import { toHex } from "@phala-l2/protocol/bytes";
import { encodeBlock } from "@phala-l2/protocol/wire/block";
import { encodeHeader } from "@phala-l2/protocol/wire/header";
import { encodeReceipt } from "@phala-l2/protocol/wire/receipt";
import type { ChainView } from "../../store/chain-reader.ts";
import { findHeader } from "../block-reference.ts";
import { rawTransaction } from "../eth/transactions.ts";
import { method1, type RpcMethods, required } from "../method.ts";
import { block, hash } from "../parameters.ts";
import type { PoolView } from "../pool-view.ts";
import { failure, type Reply, result, SERVER_ERROR } from "../reply.ts";

/** The bytes that hashes are made of: headers, blocks, receipts, transactions, and state by hash. */
export function rawMethods(chain: ChainView, pool: PoolView | undefined): RpcMethods {
  const raw = (encode: (blockHash: Parameters<ChainView["block"]>[0]) => unknown) =>
    method1(required(block), (at): Reply => {
      const found = findHeader(chain, at);
      if (found.kind === "failure") return found;
      const encoded = encode(found.hash);
      return encoded === undefined ? failure(SERVER_ERROR, "block not found") : result(encoded);
    });
  return {
    debug_getRawHeader: raw((blockHash) => {
      const header = chain.headerByHash(blockHash);
      return header === undefined ? undefined : toHex(encodeHeader(header));
    }),
    debug_getRawBlock: raw((blockHash) => {
      const found = chain.block(blockHash);
      return found === undefined ? undefined : toHex(encodeBlock(found));
    }),
    debug_getRawReceipts: raw((blockHash) =>
      (chain.receipts(blockHash) ?? []).map((one) => toHex(encodeReceipt(one))),
    ),
    debug_getRawTransaction: method1(required(hash), (transactionHash) => {
      const bytes = rawTransaction(chain, pool, transactionHash);
      return result(bytes === undefined ? "0x" : toHex(bytes));
    }),
    // What a prover's witness is collected from: a trie node or a code, by its hash.
    debug_dbGet: method1(required(hash), (key) => {
      const bytes = chain.readNode(key) ?? chain.readCode(key);
      return bytes === undefined ? failure(SERVER_ERROR, "not found") : result(toHex(bytes));
    }),
  };
}
