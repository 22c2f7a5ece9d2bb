import { addressFromHex, fromHex, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { addressOfKey, signDigest } from "@phala-l2/protocol/secp256k1";
import { type Block, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
} from "@phala-l2/protocol/wire/header";
import { encodeUnsafeBlock } from "@phala-l2/protocol/wire/unsafe-block";

/** Blocks and keys for tests of gossip. */
export const SEQUENCER_KEY = new Uint8Array(32).fill(7);
export const SEQUENCER = addressOfKey(SEQUENCER_KEY);
export const STRANGER_KEY = new Uint8Array(32).fill(8);
export const CHAIN_ID = 901n;
export const NOW = 1_700_000_000n;
const HASH = hashFromHex(`0x${"42".repeat(32)}`);

export const CONFIG = testRollup({
  l2ChainId: CHAIN_ID,
  genesis: { l2Time: NOW - 1_000n },
  blockTime: 1n,
});

/** A well-formed block; `tag` makes different ones of one height. */
export function blockAt(number: bigint, changes: Partial<Header> = {}, tag = 0, payload = 3): Block {
  const transactions = [new Uint8Array(payload).fill(0x7e), Uint8Array.of(2, tag)];
  return {
    header: {
      parentHash: HASH,
      ommersHash: EMPTY_OMMERS_HASH,
      beneficiary: addressFromHex("0x4200000000000000000000000000000000000011"),
      stateRoot: HASH,
      transactionsRoot: transactionsRoot(transactions),
      receiptsRoot: HASH,
      logsBloom: new Uint8Array(256),
      difficulty: 0n,
      number,
      gasLimit: 30_000_000n,
      gasUsed: 21_000n,
      timestamp: NOW,
      extraData: fromHex("0x01000000fa000000060000000000000000"),
      prevRandao: HASH,
      nonce: EMPTY_NONCE,
      baseFeePerGas: 1_000n,
      withdrawalsRoot: HASH,
      blobGasUsed: 400n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: HASH,
      requestsHash: EMPTY_REQUESTS_HASH,
      ...changes,
    },
    transactions,
  };
}

/** The block's message, signed by the sequencer or by whom is named. */
export function messageOf(block: Block, key = SEQUENCER_KEY, chainId = CHAIN_ID): Uint8Array {
  return encodeUnsafeBlock(block, chainId, (digest: Hash) => signDigest(digest, key));
}
