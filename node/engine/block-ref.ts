import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Block } from "@phala-l2/protocol/wire/block";
import { decodeL1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";

export type BlockRefReading =
  | { readonly kind: "ok"; readonly ref: L2BlockRef }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Reads a block's L1 origin and place in the epoch out of its first transaction, the L1 attributes deposit.
 * Source: specs/protocol/rollup-node.md "L2 chain derivation", op-node's PayloadToBlockRef. Never throws.
 */
export function readBlockRef(config: RollupConfig, block: Block, hash: Hash): BlockRefReading {
  const { number, parentHash, timestamp } = block.header;
  if (number === config.genesis.l2.number) {
    if (!bytesEqual(hash, config.genesis.l2.hash)) return { kind: "invalid", reason: "genesis-is-another" };
    const ref = { number, hash, parentHash, timestamp, l1Origin: config.genesis.l1, sequenceNumber: 0n };
    return { kind: "ok", ref };
  }
  const [first] = block.transactions;
  if (first === undefined) return { kind: "invalid", reason: "l1-attributes-missing" };
  const decoded = decodeTransaction(first);
  if (decoded.kind === "invalid") return decoded;
  if (decoded.transaction.type !== DEPOSIT_TYPE) return { kind: "invalid", reason: "l1-attributes-missing" };
  const read = decodeL1Attributes(decoded.transaction.data);
  if (read.kind === "invalid") return read;
  const l1Origin = { number: read.attributes.number, hash: read.attributes.hash };
  const { sequenceNumber } = read.attributes;
  return { kind: "ok", ref: { number, hash, parentHash, timestamp, l1Origin, sequenceNumber } };
}
