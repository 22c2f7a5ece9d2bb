import { bigintToBytes, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { L2_USER } from "./keys.ts";

const cache = new Map<number, Uint8Array>();

/** A signed L2 transaction, told apart by a number; made once, because signing is slow. */
export function l2Transaction(number: number): Uint8Array {
  const made = cache.get(number);
  if (made !== undefined) return made;
  const unsigned = {
    type: 2,
    chainId: 901n,
    accessList: [],
    nonce: BigInt(number),
    gasLimit: 21_000n,
    to: ZERO_ADDRESS,
    value: 1n,
    data: bigintToBytes(BigInt(number), 8),
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 1000n,
  } as const;
  const raw = encodeTransaction(signTransaction(unsigned, L2_USER.privateKey));
  cache.set(number, raw);
  return raw;
}
