import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import { quantityHex } from "./hex.ts";

/** Where a log stands in the chain. */
export type LogPlace = {
  readonly blockHash: Hash;
  readonly blockNumber: bigint;
  readonly blockTimestamp: bigint;
  readonly transactionHash: Hash;
  readonly transactionIndex: number;
  /** Place among all logs of the block. */
  readonly logIndex: number;
};

export type LogJson = { readonly data: Hex } & Readonly<Record<string, unknown>>;

/** A log as eth_getLogs answers it. `removed`: its block left the canonical chain. */
export function logJson(log: Log, place: LogPlace, removed = false): LogJson {
  return {
    address: toHex(log.address),
    topics: log.topics.map(toHex),
    data: toHex(log.data),
    blockNumber: quantityHex(place.blockNumber),
    transactionHash: toHex(place.transactionHash),
    transactionIndex: quantityHex(place.transactionIndex),
    blockHash: toHex(place.blockHash),
    blockTimestamp: quantityHex(place.blockTimestamp),
    logIndex: quantityHex(place.logIndex),
    removed,
  };
}
