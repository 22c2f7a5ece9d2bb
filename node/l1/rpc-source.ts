import type { L1Block } from "@phala-l2/derivation/l1-block";
import { type Address, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { Clock } from "../clock.ts";
import { type BeaconOptions, createBeaconClient } from "./beacon.ts";
import type { Fetch } from "./http.ts";
import { createJsonRpcClient, type JsonRpcClient, type JsonRpcOptions } from "./json-rpc.ts";
import type { BlobCommitter } from "./kzg.ts";
import type { L1Label, L1Source } from "./l1-source.ts";
import { readProvenSlot } from "./proven-storage.ts";
import {
  checkTransactions,
  type RpcBlock,
  readRawTransaction,
  readRpcBlock,
  readRpcReceipts,
} from "./rpc-block.ts";
import { type RpcHeader, readRpcHeader } from "./rpc-header.ts";

export type L1SourceOptions = {
  readonly rpc: JsonRpcOptions;
  readonly beacon: BeaconOptions;
  /** Receipts of a block are fetched when its header says that logs in it may matter. */
  readonly needsReceipts: (header: Header) => boolean;
};
export type L1SourceDependencies = {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly kzg: BlobCommitter;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
};

/** An L1Source that can prove storage too. */
export interface RpcL1Source extends L1Source {
  /** A storage word after that block. @throws RollupError L1_DATA_INVALID, L1_BLOCK_NOT_FOUND, L1_UNREACHABLE */
  provenSlot(address: Address, slot: Hash, blockHash: Hash): Promise<bigint>;
}

/** L1 over JSON-RPC and the beacon API. No byte of an answer is used before its hash has been checked. */
export function createL1Source(options: L1SourceOptions, dependencies: L1SourceDependencies): RpcL1Source {
  const client = createJsonRpcClient(options.rpc, dependencies);
  const beacon = createBeaconClient(options.beacon, dependencies);
  const warnUnknown = warnOnce(dependencies.log);

  async function headerOf(which: bigint | Hash | L1Label): Promise<RpcHeader> {
    const { method, params, wanted } = blockCall(which, false);
    const found = await client.call(method, params, (result) =>
      readRpcHeader(present(result, which), wanted),
    );
    warnUnknown(found);
    return found;
  }

  async function block(which: bigint | Hash): Promise<L1Block> {
    const { method, params, wanted } = blockCall(which, true);
    const found = await client.call(method, params, (result) => readRpcBlock(present(result, which), wanted));
    warnUnknown(found);
    const { hash, header } = found;
    const [transactions, receipts] = await Promise.all([
      leavesOf(client, found),
      options.needsReceipts(header)
        ? client.call("eth_getBlockReceipts", [toHex(hash)], (result) =>
            readRpcReceipts(present(result, hash), header),
          )
        : undefined,
    ]);
    return { hash, header, transactions, receipts };
  }

  return {
    head: async (label) => refOf(await headerOf(label)),
    blockRef: async (numberOrHash) => {
      try {
        return refOf(await headerOf(numberOrHash));
      } catch (error) {
        if (isRollupError(error, "L1_BLOCK_NOT_FOUND")) return undefined;
        throw error;
      }
    },
    block,
    header: async (hash): Promise<Header> => (await headerOf(hash)).header,
    blobs: (of, hashes) => beacon.blobs(of.timestamp, hashes),
    async provenSlot(address, slot, blockHash) {
      const { stateRoot } = (await headerOf(blockHash)).header;
      const params = [toHex(address), [toHex(slot)], { blockHash: toHex(blockHash) }];
      return client.call("eth_getProof", params, (result) =>
        readProvenSlot(present(result, blockHash), { stateRoot, address, slot }),
      );
    },
  };
}

function refOf({ header, hash }: RpcHeader): BlockRef {
  return { number: header.number, hash, parentHash: header.parentHash, timestamp: header.timestamp };
}

function isLabel(which: bigint | Hash | L1Label): which is L1Label {
  return typeof which === "string";
}

function blockCall(which: bigint | Hash | L1Label, withTransactions: boolean) {
  if (isLabel(which)) {
    return { method: "eth_getBlockByNumber", params: [which, withTransactions], wanted: undefined };
  }
  if (typeof which === "bigint") {
    return {
      method: "eth_getBlockByNumber",
      params: [`0x${which.toString(16)}`, withTransactions],
      wanted: which,
    };
  }
  return { method: "eth_getBlockByHash", params: [toHex(which), withTransactions], wanted: which };
}

/** `null` is a server's way to say that it has no such block. */
function present(result: unknown, which: bigint | Hash | L1Label): unknown {
  if (result !== null && result !== undefined) return result;
  const name = isLabel(which) || typeof which === "bigint" ? String(which) : toHex(which);
  throw new RollupError("L1_BLOCK_NOT_FOUND", `L1 has no block ${name}`, { data: { block: name } });
}

/** The leaves of the block's transaction trie; those of types unknown here are fetched raw, and the root is checked. */
async function leavesOf(client: JsonRpcClient, block: RpcBlock): Promise<readonly Uint8Array[]> {
  if (block.leaves !== undefined) return block.leaves;
  const raws = await Promise.all(
    block.transactions.map((each) =>
      each.kind === "known"
        ? (each.pooled ?? each.raw)
        : client.call("eth_getRawTransactionByHash", [toHex(each.hash)], (result) =>
            readRawTransaction(result, each.hash),
          ),
    ),
  );
  try {
    checkTransactions(block.header, raws);
  } catch (error) {
    // Several answers made up this block, so no call could fail over; the next one begins elsewhere.
    client.preferNext();
    throw error;
  }
  return raws;
}

/** Tells once of each new header field: a sign that L1 has a fork that this program does not know. */
function warnOnce(log: Log): (found: RpcHeader) => void {
  const seen = new Set<string>();
  return ({ header, unknownFields }) => {
    const fresh = unknownFields.filter((name) => !seen.has(name));
    if (fresh.length === 0) return;
    for (const name of fresh) seen.add(name);
    log.warn(
      { fields: fresh, l1Block: header.number },
      "L1's headers have fields that this version does not know; their hash is checked all the same, but look for a newer version",
    );
  };
}
