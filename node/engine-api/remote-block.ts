import type { L2BlockFacts } from "@phala-l2/derivation/l2-chain-reader";
import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { transactionsRoot } from "@phala-l2/protocol/wire/block";
import { DEPOSIT_TYPE, encodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { readBlockRef } from "../engine/block-ref.ts";
import { RpcFields } from "../l1/rpc-fields.ts";
import { readRpcHeader } from "../l1/rpc-header.ts";
import { readRpcTransaction } from "../l1/rpc-transaction.ts";
import { invalidEngineData } from "./engine-client.ts";

/**
 * Reads a block with whole transactions from eth_getBlockBy…; undefined where the engine has none. Its hash and
 * its transactions' root are those of its content.
 * @throws RollupError L1_DATA_INVALID, ENGINE_DATA_INVALID
 */
export function readRemoteBlock(
  config: RollupConfig,
  value: unknown,
  wanted?: bigint | Hash,
): L2BlockFacts | undefined {
  if (value === null || value === undefined) return undefined;
  const { header, hash } = readRpcHeader(value, wanted);
  const transactions = new RpcFields(value, "block").list("transactions").map(readTransaction);
  if (!bytesEqual(transactionsRoot(transactions), header.transactionsRoot)) {
    throw invalidEngineData(`the transactions of block ${header.number} do not have its root`);
  }
  const read = readBlockRef(config, { header, transactions }, hash);
  if (read.kind === "ok") return { ref: read.ref, header, transactions };
  throw invalidEngineData(`block ${header.number} is no block of this rollup: ${read.reason}`);
}

function readTransaction(value: unknown): Uint8Array {
  const fields = new RpcFields(value, "transaction");
  if (fields.has("type") && Number(fields.quantity("type")) === DEPOSIT_TYPE) return readDeposit(fields);
  const read = readRpcTransaction(value);
  if (read.kind === "known") return read.raw;
  throw invalidEngineData("a transaction of a type that no L2 has");
}

/** As op-geth writes it: what is false or zero may be left out. */
function readDeposit(fields: RpcFields): Uint8Array {
  return encodeTransaction({
    type: DEPOSIT_TYPE,
    sourceHash: fields.hash("sourceHash"),
    from: fields.address("from"),
    to: fields.optional("to", (from, name) => from.address(name)),
    mint: fields.optional("mint", (from, name) => from.quantity(name)) ?? 0n,
    value: fields.quantity("value"),
    gasLimit: fields.quantity("gas"),
    isSystemTransaction: fields.raw("isSystemTx") === true,
    data: fields.bytes("input"),
  });
}
