import { openEthereumBlock } from "@phala-l2/execution/ethereum/open-block";
import type { Evm } from "@phala-l2/execution/evm/evm";
import type { SubmissionResult, SubmittedTransaction } from "@phala-l2/node/rpc/eth/submission";
import type { PooledTransaction, PoolView } from "@phala-l2/node/rpc/pool-view";
import { type Address, bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { EthereumChain } from "./ethereum-chain.ts";
import { nextTemplate } from "./next-template.ts";

/**
 * Transactions that conversations send. Each is judged by running it on the head, whose state never changes here; one
 * with a later nonce waits.
 */
export class EthereumPool implements PoolView {
  readonly #chain: EthereumChain;
  readonly #evm: Evm;
  readonly #pending = new Map<Hex, PooledTransaction>();
  readonly #queued = new Map<Hex, PooledTransaction>();

  constructor(chain: EthereumChain, evm: Evm) {
    this.#chain = chain;
    this.#evm = evm;
  }

  readonly submit = async (submitted: SubmittedTransaction): Promise<SubmissionResult> => {
    const key = toHex(submitted.hash);
    if (this.get(submitted.hash) !== undefined) return rejected({ reason: "already-known" });
    const { header, state } = this.#chain.head();
    const open = await openEthereumBlock({
      config: this.#chain.config,
      header: nextTemplate(this.#chain.config, header),
      state,
      parentStateRoot: header.stateRoot,
      readNode: this.#chain.readNode,
      evm: this.#evm,
      ancestorHash: (number) => this.#chain.hashByNumber(number),
    });
    const application = await open.apply(submitted.raw);
    if (application.kind === "included") this.#pending.set(key, submitted);
    else if (application.reason === "nonce-too-high") this.#queued.set(key, submitted);
    else return { kind: "failure", code: -32000, message: application.reason };
    return { kind: "accepted" };
  };

  get(transactionHash: Hash): PooledTransaction | undefined {
    const key = toHex(transactionHash);
    return this.#pending.get(key) ?? this.#queued.get(key);
  }

  nextNonce(sender: Address): bigint | undefined {
    const nonces = [...this.#pending.values()]
      .filter((one) => bytesEqual(one.sender, sender))
      .map(({ transaction }) => transaction.nonce + 1n);
    return nonces.at(-1);
  }

  pending(): Iterable<PooledTransaction> {
    return this.#pending.values();
  }

  queued(): Iterable<PooledTransaction> {
    return this.#queued.values();
  }

  /** Nothing here is ever announced: no conversation listens. */
  subscribe(): () => void {
    return () => {};
  }
}

function rejected(rejection: Extract<SubmissionResult, { kind: "rejected" }>["rejection"]): SubmissionResult {
  return { kind: "rejected", rejection };
}
