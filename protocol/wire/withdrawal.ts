import {
  type Address,
  asAddress,
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  type Hash,
  hashFromHex,
} from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { L2_TO_L1_MESSAGE_PASSER } from "../predeploys.ts";
import type { Log } from "./receipt.ts";

/** A message from L2 to L1. Source: specs/protocol/withdrawals.md. */
export type Withdrawal = {
  /** Counter of the message passer with the message version in its upper two bytes. */
  readonly nonce: bigint;
  readonly sender: Address;
  readonly target: Address;
  /** Wei that the portal sends along. */
  readonly value: bigint;
  /** Gas on L1. */
  readonly gasLimit: bigint;
  readonly data: Uint8Array;
};

export type WithdrawalDecoding =
  | { readonly kind: "ok"; readonly withdrawal: Withdrawal; readonly hash: Hash }
  | { readonly kind: "invalid"; readonly reason: string };

/** keccak256("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)"). */
export const MESSAGE_PASSED_TOPIC = hashFromHex(
  "0x02a52367d10742d8032712c1bb8e0144ff1ec5ffda1ed7d70bb05a2744955054",
);

const WORD = 32;
/** Slot of the mapping `sentMessages` in the L2ToL1MessagePasser. */
const SENT_MESSAGES_SLOT = 0n;

function word(value: bigint): Uint8Array {
  return bigintToBytes(value, WORD);
}

function addressWord(address: Address): Uint8Array {
  return concatBytes(new Uint8Array(WORD - address.length), address);
}

/** ABI encoding of one `bytes`: its length, its content, zeros up to a whole word. */
function bytesTail(data: Uint8Array): Uint8Array {
  return concatBytes(word(BigInt(data.length)), data, new Uint8Array((WORD - (data.length % WORD)) % WORD));
}

/**
 * The hash under which a withdrawal is sent, proven and finalized:
 * keccak256(abi.encode(nonce, sender, target, value, gasLimit, data)).
 * @throws RollupError INTEGER_RANGE when a number is no uint256
 */
export function withdrawalHash(withdrawal: Withdrawal): Hash {
  const { nonce, sender, target, value, gasLimit, data } = withdrawal;
  const head = [word(nonce), addressWord(sender), addressWord(target), word(value), word(gasLimit)];
  return keccak256(concatBytes(...head, word(BigInt(6 * WORD)), bytesTail(data)));
}

/** The message passer's storage slot that holds 1 when this withdrawal was sent (before the trie's hashing). */
export function withdrawalSlot(hash: Hash): Hash {
  return keccak256(concatBytes(hash, word(SENT_MESSAGES_SLOT)));
}

// MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target,
//               uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash)
// Data: value 32 | gasLimit 32 | offset 32 (= 128) | withdrawalHash 32 | length 32 | data, padded
const DATA_HEAD = 5 * WORD;

/** The withdrawal that a MessagePassed event of an L2 receipt stands for; its hash is recomputed and compared. */
export function withdrawalFromLog(log: Log): WithdrawalDecoding {
  const [topic, nonce, sender, target] = log.topics;
  if (!bytesEqual(log.address, L2_TO_L1_MESSAGE_PASSER)) return invalid("not-the-message-passer");
  if (topic === undefined || !bytesEqual(topic, MESSAGE_PASSED_TOPIC)) return invalid("not-a-withdrawal");
  if (nonce === undefined || sender === undefined || target === undefined)
    return invalid("withdrawal-topics-missing");
  if (log.data.length < DATA_HEAD) return invalid("withdrawal-data-too-short");
  const wordAt = (index: number) => log.data.subarray(index * WORD, (index + 1) * WORD);
  const length = bigintFromBytes(wordAt(4));
  if (length > BigInt(log.data.length - DATA_HEAD)) return invalid("withdrawal-data-too-short");
  const withdrawal: Withdrawal = {
    nonce: bigintFromBytes(nonce),
    sender: asAddress(sender.subarray(12)),
    target: asAddress(target.subarray(12)),
    value: bigintFromBytes(wordAt(0)),
    gasLimit: bigintFromBytes(wordAt(1)),
    data: log.data.subarray(DATA_HEAD, DATA_HEAD + Number(length)),
  };
  const expected = concatBytes(
    word(withdrawal.value),
    word(withdrawal.gasLimit),
    word(128n),
    wordAt(3),
    bytesTail(withdrawal.data),
  );
  if (!bytesEqual(expected, log.data)) return invalid("withdrawal-data-malformed");
  const hash = withdrawalHash(withdrawal);
  return bytesEqual(hash, wordAt(3)) ? { kind: "ok", withdrawal, hash } : invalid("withdrawal-hash-mismatch");
}

function invalid(reason: string): WithdrawalDecoding {
  return { kind: "invalid", reason };
}
