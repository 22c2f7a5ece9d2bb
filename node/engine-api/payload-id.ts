import { createHash } from "node:crypto";
import { bigintToBytes, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import type { GivenAttributes } from "./payload-attributes.ts";

const ID_LENGTH = 8;
const U64 = 8;

/**
 * The identifier of a block under construction, as op-geth and op-reth compute it (BuildPayloadArgs.Id): the
 * first bytes of a SHA-256 over all that the block depends on, the first of them replaced by the version of
 * engine_forkchoiceUpdated. Equal requests get equal identifiers, so that asking twice builds once.
 */
export function payloadId(parent: Hash, given: GivenAttributes, version: number): Hex {
  const hasher = createHash("sha256");
  hasher.update(parent);
  hasher.update(bigintToBytes(given.timestamp, U64));
  hasher.update(given.prevRandao);
  hasher.update(given.suggestedFeeRecipient);
  // The list is empty on an L2: attributes with withdrawals are refused before.
  if (given.withdrawals !== undefined) hasher.update(encodeRlp([]));
  if (given.parentBeaconBlockRoot !== undefined) hasher.update(given.parentBeaconBlockRoot);
  const { transactions = [], noTxPool = false } = given;
  if (noTxPool || transactions.length > 0) {
    hasher.update(Uint8Array.of(noTxPool ? 1 : 0));
    hasher.update(bigintToBytes(BigInt(transactions.length), U64));
    for (const raw of transactions) hasher.update(keccak256(raw));
  }
  if (given.gasLimit !== undefined) hasher.update(bigintToBytes(given.gasLimit, U64));
  if (given.eip1559Params !== undefined) hasher.update(given.eip1559Params);
  if (given.minBaseFee !== undefined) hasher.update(bigintToBytes(given.minBaseFee, U64));
  const id = new Uint8Array(hasher.digest().subarray(0, ID_LENGTH));
  id[0] = version;
  return toHex(id);
}
