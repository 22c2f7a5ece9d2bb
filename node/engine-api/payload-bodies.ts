import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { method1, method2, type RpcMethods, required } from "../rpc/method.ts";
import { arrayOf, hash, uint64 } from "../rpc/parameters.ts";
import { failure, INVALID_PARAMS, result } from "../rpc/reply.ts";
import type { ChainReader } from "../store/chain-reader.ts";
import { engineFailure } from "./replies.ts";

/** Bodies in one answer; geth's. */
export const MAX_BODIES = 1024;
/** Hashes that are parsed at all; more than this is no honest mistake. */
const MAX_HASHES = 65_536;

/** The bodies of blocks that are here. Source: execution-apis shanghai.md "engine_getPayloadBodiesByHashV1". */
export function bodyMethods(chain: ChainReader): RpcMethods {
  const body = (blockHash: Hash | undefined): object | null => {
    const block = blockHash === undefined ? undefined : chain.block(blockHash);
    return block === undefined ? null : { transactions: block.transactions.map(toHex), withdrawals: [] };
  };
  return {
    engine_getPayloadBodiesByHashV1: method1(
      required(arrayOf(hash, MAX_HASHES, "[]common.Hash")),
      (hashes) => {
        if (hashes.length > MAX_BODIES) return engineFailure("tooLarge");
        return result(hashes.map(body));
      },
    ),
    engine_getPayloadBodiesByRangeV1: method2(required(uint64), required(uint64), (start, count) => {
      if (start === 0n || count === 0n) {
        return failure(INVALID_PARAMS, "Invalid parameters", { err: "start and count begin at one" });
      }
      if (count > BigInt(MAX_BODIES)) return engineFailure("tooLarge");
      const newest = chain.heads().unsafe.number;
      const bodies: (object | null)[] = [];
      for (let number = start; number < start + count && number <= newest; number++) {
        bodies.push(body(chain.hashByNumber(number)));
      }
      return result(bodies);
    }),
  };
}
