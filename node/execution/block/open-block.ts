import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { ExecutionConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { logsBloom, type Receipt } from "@phala-l2/protocol/wire/receipt";
import {
  DEPOSIT_TYPE,
  type DepositTransaction,
  decodeTransaction,
  recoverSender,
  type SignedTransaction,
  type Transaction,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import type { Evm } from "../evm/evm.ts";
import { nextBaseFee } from "../fees/base-fee.ts";
import { type FootprintScalar, footprintScalar } from "../fees/da-footprint.ts";
import { type L1BlockValues, readL1BlockValues } from "../fees/l1-block-values.ts";
import { JournaledState } from "../state/journal.ts";
import type { StateReader } from "../state/reader.ts";
import { executeDeposit } from "../transaction/execute-deposit.ts";
import { executeUserTransaction } from "../transaction/execute-user.ts";
import { type Outcome, type Rejected, rejected, type Scope } from "../transaction/outcome.ts";
import type { DataPrices } from "../transaction/rollup-charges.ts";
import { type AncestorHash, ancestorHashes } from "./ancestors.ts";
import { attributesFault } from "./attributes.ts";
import { type BlockContext, ROLLUP_BLOB_BASE_FEE } from "./context.ts";
import { type ExecutionFork, executionFork } from "./fork.ts";
import { hasRollup, rollupRules } from "./rules.ts";
import { sealBlock } from "./seal.ts";
import type { ExecutedTransaction, SealedBlock } from "./sealed-block.ts";
import { runSystemCalls } from "./system-calls.ts";

export type OpenBlockInput = {
  readonly config: ExecutionConfig;
  readonly parent: Header;
  readonly attributes: PayloadAttributes;
  /** The state after the parent. */
  readonly state: StateReader;
  /** The parent's trie nodes; read when the block is sealed. */
  readonly readNode: NodeReader;
  readonly evm: Evm;
  /** Hashes of older blocks; from Isthmus the state holds them. */
  readonly ancestorHash?: AncestorHash;
};

export type Application =
  | { readonly kind: "included"; readonly receipt: Receipt; readonly gasUsed: bigint }
  | Rejected;

/** A block that is being filled. After an exception it must be thrown away. */
export interface OpenBlock {
  readonly number: bigint;
  readonly timestamp: bigint;
  /** Wei per gas. */
  readonly baseFee: bigint;
  /** Gas not yet used of the block's limit. */
  readonly gasLeft: bigint;
  /** Jovian: footprint not yet used of the same limit. */
  readonly daFootprintLeft: bigint;
  /**
   * Runs one transaction next. `sender`, where given, is who signed it: the caller has recovered it.
   * A rejected transaction has changed nothing, and another may follow. One call at a time.
   */
  apply(raw: Uint8Array, sender?: Address): Promise<Application>;
  /** Hashes the state and finishes the block, which takes no more transactions. */
  seal(): SealedBlock;
}

/** A block with a view inside. */
export type VisibleBlock = OpenBlock & {
  readonly context: BlockContext;
  /** The state inside the block. */
  readonly state: JournaledState;
};

/**
 * Starts the block after `parent`: runs the system calls. The transactions of the attributes are not applied;
 * `openWithAttributes` does that.
 * @throws RollupError ATTRIBUTES_INVALID, and what the state's reader throws
 */
export async function openBlock(input: OpenBlockInput): Promise<VisibleBlock> {
  const { config, parent, attributes } = input;
  const fault = attributesFault(config, parent, attributes);
  if (fault !== undefined) {
    throw new RollupError("ATTRIBUTES_INVALID", `no block can have these payload attributes: ${fault}`, {
      data: { fault, number: parent.number + 1n },
    });
  }
  const state = new JournaledState(input.state);
  const fork = executionFork(config, attributes.timestamp);
  const parentHash = headerHash(parent);
  const context: BlockContext = {
    chainId: config.l2ChainId,
    rules: rollupRules(fork),
    number: parent.number + 1n,
    timestamp: attributes.timestamp,
    beneficiary: attributes.feeRecipient,
    difficulty: 0n,
    prevRandao: attributes.prevRandao,
    gasLimit: attributes.gasLimit,
    baseFee: nextBaseFee(config, parent),
    blobBaseFee: ROLLUP_BLOB_BASE_FEE,
    blockHash: ancestorHashes({
      parent: { number: parent.number, hash: parentHash },
      rules: rollupRules(fork),
      state,
      ancestorHash: input.ancestorHash,
    }),
  };
  const { parentBeaconBlockRoot } = attributes;
  await runSystemCalls({ parentHash, parentBeaconBlockRoot }, input.evm, context, state);
  return new FillingBlock(input, fork, context, parentHash, state);
}

class FillingBlock implements VisibleBlock {
  readonly #input: OpenBlockInput;
  readonly #fork: ExecutionFork;
  readonly context: BlockContext;
  readonly #parentHash: Hash;
  readonly state: JournaledState;
  readonly #raws: Uint8Array[] = [];
  readonly #receipts: Receipt[] = [];
  readonly #executed: ExecutedTransaction[] = [];
  #gasUsed = 0n;
  #daFootprint = 0n;
  #hasUserTransaction = false;
  #footprintScalar: FootprintScalar | undefined;
  #l1Values: L1BlockValues | undefined;

  constructor(
    input: OpenBlockInput,
    fork: ExecutionFork,
    context: BlockContext,
    parentHash: Hash,
    state: JournaledState,
  ) {
    this.#input = input;
    this.#fork = fork;
    this.context = context;
    this.#parentHash = parentHash;
    this.state = state;
  }

  get number(): bigint {
    return this.context.number;
  }

  get timestamp(): bigint {
    return this.context.timestamp;
  }

  get baseFee(): bigint {
    return this.context.baseFee;
  }

  get gasLeft(): bigint {
    return this.context.gasLimit - this.#gasUsed;
  }

  get daFootprintLeft(): bigint {
    return this.context.gasLimit - this.#daFootprint;
  }

  async apply(raw: Uint8Array, sender?: Address): Promise<Application> {
    const decoding = decodeTransaction(raw);
    if (decoding.kind === "invalid") return rejected("undecodable", decoding.reason);
    const { transaction } = decoding;
    if (this.#raws.length === 0) {
      const fault = this.#beginWith(transaction);
      if (fault !== undefined) return fault;
    }
    return transaction.type === DEPOSIT_TYPE
      ? this.#applyDeposit(transaction, raw)
      : this.#applyUser(transaction, raw, sender);
  }

  seal(): SealedBlock {
    if (this.#raws.length === 0) {
      throw new RollupError("BLOCK_EMPTY", "an L2 block has at least its L1 attributes deposit");
    }
    return sealBlock({
      parent: this.#input.parent,
      parentHash: this.#parentHash,
      attributes: this.#input.attributes,
      config: this.#input.config,
      fork: this.#fork,
      context: this.context,
      reader: this.#input.state,
      readNode: this.#input.readNode,
      changes: this.state.changes(),
      transactions: this.#raws,
      receipts: this.#receipts,
      executed: this.#executed,
      gasUsed: this.#gasUsed,
      daFootprint: this.#daFootprint,
    });
  }

  /** The first transaction carries the L1 attributes, and from Jovian the footprint's scalar. */
  #beginWith(first: Transaction): Rejected | undefined {
    if (first.type !== DEPOSIT_TYPE) return rejected("l1-attributes-missing");
    if (!hasRollup(this.context.rules, "jovian")) return undefined;
    const scalar = footprintScalar(first);
    if (scalar.kind === "invalid") return rejected("l1-attributes-missing");
    this.#footprintScalar = scalar;
    return undefined;
  }

  async #applyDeposit(transaction: DepositTransaction, raw: Uint8Array): Promise<Application> {
    if (this.#hasUserTransaction) return rejected("deposit-out-of-place");
    const execution = await executeDeposit(transaction, this.#scope());
    if (execution.kind === "rejected") return execution;
    return this.#include(raw, transaction, transaction.from, execution.outcome, {
      depositNonce: execution.depositNonce,
      // Canyon: version 1 says that the nonce is part of the hashed receipt.
      depositReceiptVersion: 1n,
    });
  }

  async #applyUser(
    transaction: SignedTransaction,
    raw: Uint8Array,
    knownSender: Address | undefined,
  ): Promise<Application> {
    if (this.#footprintScalar?.kind === "activation") return rejected("activation-block-deposits-only");
    const sender = knownSender ?? recoverSender(transaction);
    if (sender === undefined) return rejected("invalid-signature");
    const execution = await executeUserTransaction(
      { transaction, raw, sender },
      this.#scope(),
      this.#prices(),
    );
    if (execution.kind === "rejected") return execution;
    this.#hasUserTransaction = true;
    return this.#include(raw, transaction, sender, execution.outcome, {});
  }

  #scope(): Scope {
    const { evm } = this.#input;
    return { block: this.context, state: this.state, evm, gasLeft: this.gasLeft, blobGasLeft: 0n };
  }

  /** Only the depositor changes the L1 attributes, so one reading holds for all user transactions. */
  #prices(): DataPrices {
    this.#l1Values ??= readL1BlockValues(this.state, this.#fork);
    return {
      l1: this.#l1Values,
      footprintPerByte: this.#footprintScalar?.kind === "ok" ? this.#footprintScalar.gasPerByte : 0n,
      footprintLeft: this.daFootprintLeft,
    };
  }

  #include(
    raw: Uint8Array,
    transaction: Transaction,
    sender: Address,
    outcome: Outcome,
    deposit: Pick<Receipt, "depositNonce" | "depositReceiptVersion">,
  ): Application {
    this.#gasUsed += outcome.gasUsed;
    this.#daFootprint += outcome.daFootprint;
    const receipt: Receipt = {
      type: transaction.type,
      status: outcome.status,
      cumulativeGasUsed: this.#gasUsed,
      logsBloom: logsBloom(outcome.logs),
      logs: outcome.logs,
      ...deposit,
    };
    const { status: _, logs: __, blobGas: ___, ...facts } = outcome;
    this.#raws.push(raw);
    this.#receipts.push(receipt);
    this.#executed.push({ hash: transactionHash(raw), sender, ...facts });
    return { kind: "included", receipt, gasUsed: outcome.gasUsed };
  }
}
