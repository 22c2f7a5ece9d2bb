import { type Address, type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot, transactionsRoot, withdrawalsRoot } from "@phala-l2/protocol/wire/block";
import type { EthereumWithdrawal } from "@phala-l2/protocol/wire/ethereum-withdrawal";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { logsBloom, mergeBlooms, type Receipt } from "@phala-l2/protocol/wire/receipt";
import { DEPOSIT_TYPE, decodeTransaction, transactionHash } from "@phala-l2/protocol/wire/transaction";
import { type AncestorHash, ancestorHashes } from "../block/ancestors.ts";
import type { BlockContext } from "../block/context.ts";
import { hasEvm } from "../block/rules.ts";
import type { ExecutedTransaction, SealedBlock } from "../block/sealed-block.ts";
import { runSystemCalls } from "../block/system-calls.ts";
import type { Evm } from "../evm/evm.ts";
import { emptyAccounts, JournaledState } from "../state/journal.ts";
import type { StateReader } from "../state/reader.ts";
import { commitChanges } from "../state/root.ts";
import { executeUserTransaction } from "../transaction/execute-user.ts";
import { type Outcome, type Rejected, rejected } from "../transaction/outcome.ts";
import { FREE_DATA } from "../transaction/rollup-charges.ts";
import { senderOf } from "../transaction/sender.ts";
import { ethereumBlobBaseFee, maxBlobGas } from "./blob-gas.ts";
import { blobScheduleAt, type EthereumConfig, rulesAt } from "./config.ts";
import { requestsOf } from "./requests.ts";
import { payRewards, payWithdrawals } from "./rewards.ts";

/** The fields of a header that stand before the block is executed. */
export type HeaderTemplate = Omit<
  Header,
  | "stateRoot"
  | "transactionsRoot"
  | "receiptsRoot"
  | "logsBloom"
  | "gasUsed"
  | "withdrawalsRoot"
  | "blobGasUsed"
  | "requestsHash"
>;

export type EthereumBlockInput = {
  readonly config: EthereumConfig;
  readonly header: HeaderTemplate;
  /** Root of the state after the parent. */
  readonly parentStateRoot: Hash;
  /** The state after the parent. */
  readonly state: StateReader;
  readonly readNode: NodeReader;
  readonly evm: Evm;
  readonly ancestorHash?: AncestorHash | undefined;
};

export type BlockBody = {
  readonly ommers?: readonly Header[] | undefined;
  readonly withdrawals?: readonly EthereumWithdrawal[] | undefined;
};

export type Sealing =
  | { readonly kind: "sealed"; readonly sealed: SealedBlock }
  | { readonly kind: "invalid"; readonly reason: string };

/** A block of a plain Ethereum chain that is being filled. After an exception it must be thrown away. */
export interface EthereumOpenBlock {
  readonly context: BlockContext;
  /** The state inside the block. */
  readonly state: JournaledState;
  apply(raw: Uint8Array): Promise<{ readonly kind: "included"; readonly receipt: Receipt } | Rejected>;
  /** Pays rewards and withdrawals, collects requests, hashes the state. */
  seal(body: BlockBody): Promise<Sealing>;
}

/** What code sees of a block with this header. */
export function ethereumContext(
  config: EthereumConfig,
  header: HeaderTemplate,
  state: JournaledState,
  ancestorHash?: AncestorHash,
): BlockContext {
  const rules = rulesAt(config, header);
  return {
    chainId: config.chainId,
    rules,
    number: header.number,
    timestamp: header.timestamp,
    beneficiary: header.beneficiary,
    difficulty: header.difficulty,
    prevRandao: hasEvm(rules, "paris") ? header.prevRandao : ZERO_HASH,
    gasLimit: header.gasLimit,
    baseFee: header.baseFeePerGas ?? 0n,
    blobBaseFee: ethereumBlobBaseFee(config, header),
    blockHash: ancestorHashes({
      parent: { number: header.number - 1n, hash: header.parentHash },
      rules,
      state,
      ancestorHash,
    }),
  };
}

/** Starts a block: runs the system calls. @throws what the state's reader throws */
export async function openEthereumBlock(input: EthereumBlockInput): Promise<EthereumOpenBlock> {
  const { config, header, evm } = input;
  const state = new JournaledState(input.state, emptyAccounts(rulesAt(config, header)));
  const context = ethereumContext(config, header, state, input.ancestorHash);
  const { parentHash, parentBeaconBlockRoot = ZERO_HASH } = header;
  await runSystemCalls({ parentHash, parentBeaconBlockRoot }, evm, context, state);
  return new FillingBlock(input, context, state);
}

class FillingBlock implements EthereumOpenBlock {
  readonly context: BlockContext;
  readonly state: JournaledState;
  readonly #input: EthereumBlockInput;
  readonly #maxBlobGas: bigint;
  readonly #raws: Uint8Array[] = [];
  readonly #receipts: Receipt[] = [];
  readonly #executed: ExecutedTransaction[] = [];
  #gasUsed = 0n;
  #blobGasUsed = 0n;

  constructor(input: EthereumBlockInput, context: BlockContext, state: JournaledState) {
    this.#input = input;
    this.context = context;
    this.state = state;
    const schedule = blobScheduleAt(input.config, context.timestamp);
    this.#maxBlobGas = schedule === undefined ? 0n : maxBlobGas(schedule);
  }

  async apply(raw: Uint8Array): ReturnType<EthereumOpenBlock["apply"]> {
    const { context: block, state } = this;
    const decoding = decodeTransaction(raw);
    if (decoding.kind === "invalid") return rejected("undecodable", decoding.reason);
    const { transaction } = decoding;
    if (transaction.type === DEPOSIT_TYPE) return rejected("type-not-active");
    const sender = senderOf(transaction, block.rules);
    if (sender === undefined) return rejected("invalid-signature");
    const execution = await executeUserTransaction(
      { transaction, raw, sender },
      {
        block,
        state,
        evm: this.#input.evm,
        gasLeft: block.gasLimit - this.#gasUsed,
        blobGasLeft: this.#maxBlobGas - this.#blobGasUsed,
      },
      FREE_DATA,
    );
    if (execution.kind === "rejected") return execution;
    return { kind: "included", receipt: this.#include(raw, transaction.type, sender, execution.outcome) };
  }

  #include(raw: Uint8Array, type: number, sender: Address, outcome: Outcome): Receipt {
    this.#gasUsed += outcome.gasUsed;
    this.#blobGasUsed += outcome.blobGas;
    const { status, logs, ...facts } = outcome;
    const receipt: Receipt = {
      type,
      status,
      logs,
      logsBloom: logsBloom(logs),
      cumulativeGasUsed: this.#gasUsed,
      // EIP-658 brought the status with Byzantium; before, each receipt has the state's root.
      ...(!hasEvm(this.context.rules, "byzantium") && { stateRoot: this.#commit().root }),
    };
    this.#raws.push(raw);
    this.#receipts.push(receipt);
    this.#executed.push({ hash: transactionHash(raw), sender, ...facts });
    return receipt;
  }

  #commit() {
    return commitChanges(this.#input.parentStateRoot, this.#input.readNode, this.state.changes());
  }

  async seal({ ommers = [], withdrawals = [] }: BlockBody): Promise<Sealing> {
    const { context, state } = this;
    const { config, header, evm } = this.#input;
    const isPrague = hasEvm(context.rules, "prague");
    const isCancun = hasEvm(context.rules, "cancun");
    if (hasEvm(context.rules, "shanghai")) payWithdrawals(state, withdrawals);
    payRewards(state, context.rules, context, ommers);
    const requests = isPrague
      ? await requestsOf(this.#receipts, config.depositContract, evm, context, state)
      : undefined;
    if (requests?.kind === "invalid") return requests;
    const committed = this.#commit();
    const sealedHeader: Header = {
      ...header,
      stateRoot: committed.root,
      transactionsRoot: transactionsRoot(this.#raws),
      receiptsRoot: receiptsRoot(this.#receipts),
      logsBloom: mergeBlooms(this.#receipts.map((receipt) => receipt.logsBloom)),
      gasUsed: this.#gasUsed,
      ...(hasEvm(context.rules, "shanghai") && { withdrawalsRoot: withdrawalsRoot(withdrawals) }),
      ...(isCancun && { blobGasUsed: this.#blobGasUsed }),
      ...(requests !== undefined && { requestsHash: requests.hash }),
    };
    const block = {
      header: sealedHeader,
      transactions: this.#raws,
      ...(ommers.length > 0 && { ommers }),
      ...(withdrawals.length > 0 && { withdrawals }),
    };
    return {
      kind: "sealed",
      sealed: {
        block,
        hash: headerHash(sealedHeader),
        receipts: this.#receipts,
        transactions: this.#executed,
        changes: state.changes(),
        accounts: committed.accounts,
        nodes: committed.nodes,
      },
    };
  }
}
