import type { SubmittedTransaction } from "@phala-l2/node/rpc/eth/submission";
import { asAddress, bigintToBytes, toHex } from "@phala-l2/protocol/bytes";
import { addressOfKey } from "@phala-l2/protocol/secp256k1";
import { encodeTransaction, signTransaction, transactionHash } from "@phala-l2/protocol/wire/transaction";
import type { HeadView, SenderAccount } from "../head-view.ts";

export const ETHER = 10n ** 18n;
const key = (index: number) => bigintToBytes(BigInt(index + 1), 32);
export const senderOf = (index: number) => addressOfKey(key(index));
const recipient = asAddress(new Uint8Array(20).fill(0xee));

type Fields = { nonce?: bigint; tip?: bigint; fee?: bigint; gas?: bigint; value?: bigint; data?: Uint8Array };

/** A signed transfer of one of some senders, told apart by a number. */
export function transfer(from: number, fields: Fields = {}): SubmittedTransaction {
  const { nonce = 0n, tip = 1n, fee = 100n, gas = 21_000n, value = 0n, data = new Uint8Array() } = fields;
  const transaction = signTransaction(
    {
      type: 2,
      chainId: 901n,
      nonce,
      maxPriorityFeePerGas: tip,
      maxFeePerGas: fee,
      gasLimit: gas,
      to: recipient,
      value,
      data,
      accessList: [],
    },
    key(from),
  );
  const raw = encodeTransaction(transaction);
  return { raw, hash: transactionHash(raw), transaction, sender: senderOf(from) };
}

/** A head at which all senders have an ether, but for those named. */
export function poolHead(accounts: Record<number, Partial<SenderAccount>> = {}, baseFee = 10n): HeadView {
  const known = new Map(
    Object.entries(accounts).map(([index, account]) => [toHex(senderOf(Number(index))), account]),
  );
  return {
    account: (address) => ({ nonce: 0n, balance: ETHER, isContract: false, ...known.get(toHex(address)) }),
    baseFee,
    gasLimit: 30_000_000n,
    fork: "jovian",
    l1: {
      baseFee: 0n,
      blobBaseFee: 0n,
      baseFeeScalar: 0n,
      blobBaseFeeScalar: 0n,
      operatorFeeScalar: 0n,
      operatorFeeConstant: 7n,
    },
  };
}
