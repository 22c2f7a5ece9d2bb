import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { decodeRlp, encodeRlp } from "@phala-l2/protocol/wire/rlp";
import {
  BLOB_TYPE,
  DEPOSIT_TYPE,
  decodeTransaction,
  gasFeeCap,
  type SignedTransaction,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import { createPublicClient, custom, type PublicClient } from "viem";

export type PooledOnL1 = { readonly hash: Hex; readonly transaction: SignedTransaction };
type Mined = PooledOnL1 & { readonly number: number };

/** The transaction inside its network form, where it has one. */
function unwrap(encoded: Uint8Array): Uint8Array {
  if (encoded[0] !== BLOB_TYPE) return encoded;
  const decoded = decodeRlp(encoded.subarray(1));
  if (decoded.kind === "invalid" || decoded.item instanceof Uint8Array)
    throw new Error("not in network form");
  const [fields] = decoded.item;
  if (fields === undefined) throw new Error("not in network form");
  const body = encodeRlp(fields);
  return Uint8Array.of(BLOB_TYPE, ...body);
}

/** L1 with one account, geth's rules of replacement and geth's words; it mines when a test says so. */
export class FakeL1 {
  baseFee = 10n ** 9n;
  tip = 10n ** 6n;
  blobBaseFee = 1n;
  number = 100;
  /** Transactions of the account in blocks; its length is the account's nonce. */
  mined: Mined[] = [];
  pool: PooledOnL1 | undefined;
  /** All that was ever accepted into the pool. */
  readonly accepted: PooledOnL1[] = [];
  /** As long as it gives words, calls of that method fail with them. */
  failure: (method: string) => string | undefined = () => undefined;
  /** Calls of that method that are carried out, while the answer never arrives. */
  losesAnswer: (method: string) => boolean = () => false;
  readonly client: PublicClient;

  constructor() {
    const request = async ({ method, params }: { method: string; params?: unknown }) => {
      const answer = this.#answer(method, Array.isArray(params) ? params : []);
      if (this.losesAnswer(method)) throw new Error("socket hang up");
      return answer;
    };
    this.client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) });
  }

  /** A block with the pool's transaction, if it pays enough. */
  mine(): void {
    this.number += 1;
    const next = this.pool;
    if (next === undefined || gasFeeCap(next.transaction) < this.baseFee) return;
    this.mined.push({ ...next, number: this.number });
    this.pool = undefined;
  }

  /** What another process with the same key has put into the pool. */
  poolOfEarlierRun(transaction: SignedTransaction): void {
    this.pool = { hash: `0x${"ee".repeat(32)}`, transaction };
  }

  #answer(method: string, params: readonly unknown[]): unknown {
    const words = this.failure(method);
    if (words !== undefined) throw Object.assign(new Error(words), { code: -32000 });
    switch (method) {
      case "eth_getBlockByNumber":
        return { number: this.#hex(this.number), baseFeePerGas: this.#hex(this.baseFee), transactions: [] };
      case "eth_maxPriorityFeePerGas":
        return this.#hex(this.tip);
      case "eth_blobBaseFee":
        return this.#hex(this.blobBaseFee);
      case "eth_getTransactionCount":
        return this.#hex(this.mined.length);
      case "eth_getTransactionReceipt":
        return this.#receipt(params[0]);
      case "eth_sendRawTransaction":
        return this.#accept(Buffer.from(String(params[0]).slice(2), "hex"));
      default:
        throw new Error(`the test's L1 has no ${method}`);
    }
  }

  #hex(value: number | bigint): string {
    return `0x${value.toString(16)}`;
  }

  #receipt(hash: unknown): unknown {
    const found = this.mined.find((each) => each.hash === hash);
    return found === undefined
      ? null
      : { blockNumber: this.#hex(found.number), transactionHash: hash, logs: [] };
  }

  #accept(encoded: Uint8Array): Hex {
    const raw = unwrap(new Uint8Array(encoded));
    const decoded = decodeTransaction(raw);
    if (decoded.kind === "invalid" || decoded.transaction.type === DEPOSIT_TYPE) throw refusal("rlp: bad");
    const { transaction } = decoded;
    const hash = toHex(transactionHash(raw));
    if (transaction.nonce < BigInt(this.mined.length))
      throw refusal("nonce too low: next nonce 9, tx nonce 8");
    if (this.pool?.hash === hash) throw refusal("already known");
    if (this.pool !== undefined) this.#assertReplaces(transaction, this.pool.transaction);
    this.pool = { hash, transaction };
    this.accepted.push(this.pool);
    return hash;
  }

  #assertReplaces(after: SignedTransaction, before: SignedTransaction): void {
    if ((after.type === BLOB_TYPE) !== (before.type === BLOB_TYPE)) throw refusal("address already reserved");
    const percent = after.type === BLOB_TYPE ? 200n : 110n;
    if (gasFeeCap(after) * 100n < gasFeeCap(before) * percent) {
      throw refusal("replacement transaction underpriced");
    }
  }
}

function refusal(words: string): Error {
  return Object.assign(new Error(words), { code: -32000 });
}
