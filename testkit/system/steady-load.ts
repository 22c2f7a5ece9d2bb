import { setTimeout as sleep } from "node:timers/promises";
import {
  createPublicClient,
  type Hash,
  type Hex,
  HttpRequestError,
  http,
  keccak256,
  type LocalAccount,
  TransactionReceiptNotFoundError,
} from "viem";

/** What a receipt acknowledges: that the transaction is in this block. */
export type Acknowledged = { readonly hash: Hash; readonly blockHash: Hash; readonly blockNumber: bigint };

export type LoadTarget = {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly firstNonce: number;
};

/** Transactions that are under way at a time. */
const WAVE = 8;
const GAS = 21_000n;
const FEES = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 6n };
/** Milliseconds between looks for receipts. */
const LOOK_INTERVAL = 150;
/** Looks without a receipt after which a wave is sent again: a killed sequencer's mempool is gone. */
const LOOKS_UNTIL_RESENT = 10;

type Sent = { readonly raw: Hex; readonly hash: Hash };

/**
 * One account's steady stream of transfers. It goes on whatever happens to the sequencer, as a patient user does: it
 * sends what is not acknowledged once more, byte for byte.
 */
export class SteadyLoad {
  readonly acknowledged: Acknowledged[] = [];
  readonly #account: LocalAccount;
  readonly #chainId: number;
  readonly #firstNonce: number;
  readonly #client: ReturnType<typeof createPublicClient>;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #abandoned = false;

  constructor(account: LocalAccount, { rpcUrl, chainId, firstNonce }: LoadTarget) {
    this.#firstNonce = firstNonce;
    this.#account = account;
    this.#chainId = chainId;
    this.#client = createPublicClient({ transport: http(rpcUrl, { retryCount: 0, batch: true }) });
    this.#done = this.#run();
  }

  /** Ends now; what is under way is not waited for. */
  abandon(): void {
    this.#abandoned = true;
    this.#abort.abort();
  }

  /** Ends when the wave that is under way is acknowledged. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let nonce = this.#firstNonce; !this.#abort.signal.aborted; nonce += WAVE) {
      const wave = await Promise.all(Array.from({ length: WAVE }, (_, index) => this.#signed(nonce + index)));
      for (let left = wave, looks = 0; left.length > 0 && !this.#abandoned; looks++) {
        if (looks % LOOKS_UNTIL_RESENT === 0) await this.#send(left);
        await sleep(LOOK_INTERVAL);
        left = await this.#withoutReceipt(left);
      }
    }
  }

  async #signed(nonce: number): Promise<Sent> {
    const { address } = this.#account;
    const transaction = {
      type: "eip1559",
      chainId: this.#chainId,
      nonce,
      to: address,
      gas: GAS,
      ...FEES,
    } as const;
    const raw = await this.#account.signTransaction(transaction);
    return { raw, hash: keccak256(raw) };
  }

  /** A refusal says that the transaction is known, mined, or that nobody listens: the receipts tell which. */
  async #send(wave: readonly Sent[]): Promise<void> {
    await Promise.allSettled(
      wave.map(({ raw }) => this.#client.sendRawTransaction({ serializedTransaction: raw })),
    );
  }

  async #withoutReceipt(wave: readonly Sent[]): Promise<Sent[]> {
    const looks = await Promise.all(
      wave.map(async (each) => ({ each, found: await this.#receipt(each.hash) })),
    );
    for (const { each, found } of looks) {
      if (found !== undefined) this.acknowledged.push({ hash: each.hash, ...found });
    }
    return looks.flatMap(({ each, found }) => (found === undefined ? [each] : []));
  }

  async #receipt(hash: Hash): Promise<Omit<Acknowledged, "hash"> | undefined> {
    try {
      const { blockHash, blockNumber } = await this.#client.getTransactionReceipt({ hash });
      return { blockHash, blockNumber };
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError || error instanceof HttpRequestError)
        return undefined;
      throw error;
    }
  }
}
