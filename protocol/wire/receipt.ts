import { type Address, asHash, concatBytes, type Hash } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { BLOOM_LENGTH } from "./header.ts";
import {
  decodeRlp,
  encodeRlp,
  RlpFields,
  type RlpInput,
  type RlpItem,
  readHash,
  readQuantity,
  rlpFieldsOf,
  U64_BYTES,
} from "./rlp.ts";
import { DEPOSIT_TYPE, LEGACY_TYPE, SET_CODE_TYPE } from "./transaction.ts";

export type Log = {
  readonly address: Address;
  /** At most four. */
  readonly topics: readonly Hash[];
  readonly data: Uint8Array;
};

export type Receipt = {
  /** EIP-2718 type of the transaction. */
  readonly type: number;
  /** Before Byzantium it is not part of the hashed receipt, which has `stateRoot` in its place. */
  readonly status: 0 | 1;
  /** Before Byzantium (EIP-658): the root of the state after the transaction. */
  readonly stateRoot?: Hash | undefined;
  readonly cumulativeGasUsed: bigint;
  readonly logsBloom: Uint8Array;
  readonly logs: readonly Log[];
  /** Deposits from Regolith: the sender's nonce before the deposit ran. */
  readonly depositNonce?: bigint | undefined;
  /** Deposits from Canyon: 1, without which depositNonce was not hashed. */
  readonly depositReceiptVersion?: bigint | undefined;
};

export type ReceiptDecoding =
  | { readonly kind: "ok"; readonly receipt: Receipt }
  | { readonly kind: "invalid"; readonly reason: string };

/** The EVM has LOG0 to LOG4. */
export const MAX_TOPICS = 4;
const FIRST_LIST_BYTE = 0xc0;

function receiptFields(receipt: Receipt): readonly RlpInput[] {
  const fields: readonly RlpInput[] = [
    receipt.stateRoot ?? BigInt(receipt.status),
    receipt.cumulativeGasUsed,
    receipt.logsBloom,
    receipt.logs.map(({ address, topics, data }) => [address, topics, data]),
  ];
  if (receipt.type !== DEPOSIT_TYPE || receipt.depositNonce === undefined) return fields;
  if (receipt.depositReceiptVersion === undefined) return [...fields, receipt.depositNonce];
  return [...fields, receipt.depositNonce, receipt.depositReceiptVersion];
}

/**
 * A receipt as the receipts root holds it: EIP-2718's type byte, then RLP. A deposit's nonce and version follow
 * the logs (specs/protocol/deposits.md and canyon).
 */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const payload = encodeRlp(receiptFields(receipt));
  return receipt.type === LEGACY_TYPE ? payload : concatBytes(Uint8Array.of(receipt.type), payload);
}

/** Decodes a receipt. One from before Byzantium does not tell its status: 1 is shown. Never throws. */
export function decodeReceipt(bytes: Uint8Array): ReceiptDecoding {
  const first = bytes[0];
  if (first === undefined) return { kind: "invalid", reason: "receipt-empty" };
  const type = first >= FIRST_LIST_BYTE ? LEGACY_TYPE : first;
  if (type === LEGACY_TYPE && first < FIRST_LIST_BYTE)
    return { kind: "invalid", reason: "receipt-type-unknown" };
  if (type > SET_CODE_TYPE && type !== DEPOSIT_TYPE)
    return { kind: "invalid", reason: "receipt-type-unknown" };
  const rlp = decodeRlp(type === LEGACY_TYPE ? bytes : bytes.subarray(1));
  if (rlp.kind === "invalid") return rlp;
  if (rlp.item instanceof Uint8Array) return { kind: "invalid", reason: "receipt-not-a-list" };
  return readReceipt(type, new RlpFields(rlp.item));
}

function readReceipt(type: number, fields: RlpFields): ReceiptDecoding {
  const common = {
    type,
    ...readStatus(type, fields),
    cumulativeGasUsed: fields.quantity("cumulative-gas-used", U64_BYTES),
    logsBloom: fields.fixed("logs-bloom", BLOOM_LENGTH),
    logs: fields.listOf("logs", readLog),
  };
  const isDeposit = type === DEPOSIT_TYPE;
  const receipt: Receipt = {
    ...common,
    ...(isDeposit && fields.remaining > 0 && { depositNonce: fields.quantity("deposit-nonce", U64_BYTES) }),
    ...(isDeposit &&
      fields.remaining > 0 && { depositReceiptVersion: fields.quantity("deposit-version", U64_BYTES) }),
  };
  return fields.fault === undefined ? { kind: "ok", receipt } : { kind: "invalid", reason: fields.fault };
}

/** EIP-658: a status; before, and so never beside a type byte, a state root. */
function readStatus(type: number, fields: RlpFields): Pick<Receipt, "status" | "stateRoot"> {
  const next = fields.bytes("status");
  if (type === LEGACY_TYPE && next.length === 32) return { status: 1, stateRoot: asHash(next) };
  const status = readQuantity(next, 1);
  return { status: status === 0n ? 0 : status === 1n ? 1 : fields.fail("status", 0) };
}

function readLog(item: RlpItem): Log | undefined {
  const fields = rlpFieldsOf(item);
  if (fields === undefined) return undefined;
  const log: Log = {
    address: fields.address("address"),
    topics: fields.listOf("topics", readHash),
    data: fields.bytes("data"),
  };
  return fields.fault === undefined && log.topics.length <= MAX_TOPICS ? log : undefined;
}

/** Sets the three bits that stand for one address or topic. Source: Yellow Paper, section 4.3.1. */
function addToBloom(bloom: Uint8Array, entry: Uint8Array): void {
  for (const bit of bloomBits(entry)) {
    const index = BLOOM_LENGTH - 1 - (bit >> 3);
    bloom[index] = (bloom[index] ?? 0) | (1 << (bit & 7));
  }
}

/** Places of the digest's three byte pairs, each of which names one of 2048 bits. */
const BLOOM_PAIRS = [0, 2, 4] as const;

/** The three bits of a bloom that an address or topic sets: for whoever asks many blooms about it. */
export function bloomBits(entry: Uint8Array): readonly number[] {
  const digest = keccak256(entry);
  return BLOOM_PAIRS.map((at) => (((digest[at] ?? 0) << 8) | (digest[at + 1] ?? 0)) & 0x7ff);
}

/** The bloom filter of logs: their addresses and topics. 256 bytes. */
export function logsBloom(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_LENGTH);
  for (const { address, topics } of logs) {
    addToBloom(bloom, address);
    for (const topic of topics) addToBloom(bloom, topic);
  }
  return bloom;
}

/** Whether a log with this address or topic may be in the bloom; false is certain. */
export function bloomContains(bloom: Uint8Array, entry: Uint8Array): boolean {
  return bloomHasBits(bloom, bloomBits(entry));
}

/** The same, of an entry's bits. */
export function bloomHasBits(bloom: Uint8Array, bits: readonly number[]): boolean {
  return bits.every((bit) => ((bloom[BLOOM_LENGTH - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0);
}

/** The union of blooms: a block's from its receipts'. */
export function mergeBlooms(blooms: Iterable<Uint8Array>): Uint8Array {
  const merged = new Uint8Array(BLOOM_LENGTH);
  for (const bloom of blooms) {
    for (let i = 0; i < BLOOM_LENGTH; i++) merged[i] = (merged[i] ?? 0) | (bloom[i] ?? 0);
  }
  return merged;
}
