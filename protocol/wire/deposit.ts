import {
  asAddress,
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  type Hash,
  hashFromHex,
  ZERO_HASH,
} from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import type { Log } from "./receipt.ts";
import { DEPOSIT_TYPE, type DepositTransaction, type TransactionDecoding } from "./transaction.ts";

/** keccak256("TransactionDeposited(address,address,uint256,bytes)"). */
export const TRANSACTION_DEPOSITED_TOPIC = hashFromHex(
  "0xb3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32",
);

/** Domains of source hashes, so that a deposit's cannot equal one of another origin. */
const USER_DEPOSIT_DOMAIN = 0n;
const L1_ATTRIBUTES_DOMAIN = 1n;
const UPGRADE_DOMAIN = 2n;

function sourceHash(domain: bigint, identity: Hash): Hash {
  return keccak256(concatBytes(bigintToBytes(domain, 32), identity));
}

/** Source hash of a user's deposit: the L1 block and the log's index in that block (not in its transaction). */
export function userDepositSourceHash(l1BlockHash: Hash, logIndex: number): Hash {
  return sourceHash(
    USER_DEPOSIT_DOMAIN,
    keccak256(concatBytes(l1BlockHash, bigintToBytes(BigInt(logIndex), 32))),
  );
}

/** Source hash of an L1 attributes deposit: the L1 origin and the L2 block's place in the epoch. */
export function l1AttributesSourceHash(l1BlockHash: Hash, sequenceNumber: bigint): Hash {
  return sourceHash(
    L1_ATTRIBUTES_DOMAIN,
    keccak256(concatBytes(l1BlockHash, bigintToBytes(sequenceNumber, 32))),
  );
}

/** Source hash of a fork's upgrade transaction, named by its intent (`Ecotone: L1 Block Deployment`). */
export function upgradeSourceHash(intent: string): Hash {
  return sourceHash(UPGRADE_DOMAIN, keccak256(new TextEncoder().encode(intent)));
}

// Layout of the event's data, an ABI-encoded `bytes opaqueData`:
//   offset 32 (= 32) | length 32 | opaqueData | zeros up to a whole word
// and of opaqueData in version 0, packed:
//   mint 32 | value 32 | gas limit 8 | is creation 1 | data
const WORD = 32;
const OPAQUE_HEAD = 73;

/**
 * The deposit that a TransactionDeposited event stands for. The caller has checked that the log is the
 * portal's. `logIndex` counts the logs of the whole L1 block.
 *
 * No deposit may be left out, so an `invalid` here means a portal that does not keep to the specification.
 * Source: specs/protocol/deposits.md, "Deposit contract" and "User-Deposited Transactions".
 */
export function depositFromLog(
  log: Log,
  l1BlockHash: Hash,
  logIndex: number,
): TransactionDecoding<DepositTransaction> {
  const [topic, from, to, version] = log.topics;
  if (topic === undefined || !bytesEqual(topic, TRANSACTION_DEPOSITED_TOPIC)) return invalid("not-a-deposit");
  if (from === undefined || to === undefined || version === undefined)
    return invalid("deposit-topics-missing");
  if (!bytesEqual(version, ZERO_HASH)) return invalid("deposit-version-unknown");
  const opaque = opaqueData(log.data);
  if (opaque === undefined) return invalid("deposit-data-malformed");
  if (opaque.length < OPAQUE_HEAD) return invalid("deposit-data-too-short");
  const isCreation = opaque[OPAQUE_HEAD - 1] !== 0;
  const transaction: DepositTransaction = {
    type: DEPOSIT_TYPE,
    sourceHash: userDepositSourceHash(l1BlockHash, logIndex),
    from: asAddress(from.subarray(12)),
    to: isCreation ? undefined : asAddress(to.subarray(12)),
    mint: bigintFromBytes(opaque.subarray(0, WORD)),
    value: bigintFromBytes(opaque.subarray(WORD, 2 * WORD)),
    gasLimit: bigintFromBytes(opaque.subarray(2 * WORD, 2 * WORD + 8)),
    isSystemTransaction: false,
    data: opaque.subarray(OPAQUE_HEAD),
  };
  return { kind: "ok", transaction };
}

function invalid(reason: string): { readonly kind: "invalid"; readonly reason: string } {
  return { kind: "invalid", reason };
}

/** The one `bytes` argument, its padding minimal; undefined when the data is not encoded so. */
function opaqueData(data: Uint8Array): Uint8Array | undefined {
  if (data.length < 2 * WORD || data.length % WORD !== 0) return undefined;
  if (bigintFromBytes(data.subarray(0, WORD)) !== BigInt(WORD)) return undefined;
  const length = bigintFromBytes(data.subarray(WORD, 2 * WORD));
  const room = BigInt(data.length - 2 * WORD);
  if (length > room || length + BigInt(WORD) <= room) return undefined;
  return data.subarray(2 * WORD, 2 * WORD + Number(length));
}
