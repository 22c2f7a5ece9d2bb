import type { Address, Hash } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import {
  DEPOSIT_TYPE,
  decodeTransaction,
  SET_CODE_TYPE,
  type Transaction,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import { recoverAuthority } from "@phala-l2/protocol/wire/transaction-lists";
import type { AncestorHash } from "../block/ancestors.ts";
import { attributesFault, attributesOfBlock } from "../block/attributes.ts";
import type { BlockContext } from "../block/context.ts";
import { openBlock } from "../block/open-block.ts";
import { type ChainConfig, isRollup } from "../chain-config.ts";
import { openEthereumBlock } from "../ethereum/open-block.ts";
import type { Evm } from "../evm/evm.ts";
import type { JournaledState } from "../state/journal.ts";
import type { StateReader } from "../state/reader.ts";
import type { Rejected } from "../transaction/outcome.ts";
import { senderOf } from "../transaction/sender.ts";
import { TraceBudget } from "./budget.ts";
import { createTracer } from "./create-tracer.ts";
import type { TracerOptions } from "./tracer.ts";
import { WatchedEvm } from "./watched-evm.ts";

export type ReplayInput = {
  readonly config: ChainConfig;
  readonly parent: Header;
  /** The block that was made on it; its header's roots are not looked at. */
  readonly block: Block;
  /** The state after the parent. */
  readonly state: StateReader;
  readonly readNode: NodeReader;
  readonly evm: Evm;
  readonly ancestorHash?: AncestorHash | undefined;
};

export type BlockTraceInput = ReplayInput & {
  /** Index of the one transaction to trace; undefined traces all. */
  readonly only?: number | undefined;
  readonly tracer: TracerOptions;
  /** Characters of all traces together. */
  readonly maxCharacters: number;
};

export type TransactionTrace = { readonly hash: Hash; readonly json: string };

export type TraceFault =
  | { readonly kind: "too-large" }
  /** The block can not be executed; `transaction` is the index of the one that is to blame. */
  | { readonly kind: "invalid-block"; readonly reason: string; readonly transaction?: number };

export type BlockTrace =
  | { readonly kind: "traced"; readonly traces: readonly TransactionTrace[] }
  | TraceFault;

/**
 * Executes a block again, as it was executed the first time, and traces its transactions; those behind the last one
 * to trace are not executed.
 * @throws what the state's reader throws
 */
export async function traceBlock(input: BlockTraceInput): Promise<BlockTrace> {
  const evm = new WatchedEvm(input.evm);
  const budget = new TraceBudget(input.maxCharacters);
  const traces: TransactionTrace[] = [];
  const last = input.only ?? input.block.transactions.length - 1;
  return withinBudget(async () => {
    const opening = await openReplay({ ...input, evm });
    if (opening.kind === "invalid-block") return opening;
    const { replayed } = opening;
    for (let index = 0; index <= last; index++) {
      const raw = input.block.transactions[index];
      if (raw === undefined) break;
      const isTraced = input.only === undefined || index === input.only;
      const begun = isTraced ? beginTrace(input.tracer, replayed, raw, budget) : undefined;
      evm.hooks = begun?.hooks;
      const step = await replayed.apply(raw);
      evm.hooks = undefined;
      if (step.kind === "rejected") {
        return { kind: "invalid-block", reason: step.detail ?? step.reason, transaction: index };
      }
      begun?.end(step);
      if (begun !== undefined) traces.push({ hash: transactionHash(raw), json: begun.json() });
    }
    return { kind: "traced", traces };
  });
}

/** Tells a trace that became too long. */
export async function withinBudget<Result>(run: () => Promise<Result>): Promise<Result | TraceFault> {
  try {
    return await run();
  } catch (error) {
    if (isRollupError(error, "TRACE_TOO_LARGE")) return { kind: "too-large" };
    throw error;
  }
}

/** A block that is being executed again. */
export type Replayed = {
  readonly context: BlockContext;
  readonly state: JournaledState;
  /** Logs of the transactions so far. */
  logs: number;
  apply(raw: Uint8Array): Promise<ReplayedTransaction | Rejected>;
};

type ReplayedTransaction = {
  readonly kind: "included";
  readonly gasUsed: bigint;
  readonly hasFailed: boolean;
};

type Opening = { readonly kind: "open"; readonly replayed: Replayed } | TraceFault;

/** Starts the block, a rollup's or Ethereum's: the system calls are done. */
export async function openReplay(input: ReplayInput): Promise<Exclude<Opening, { kind: "too-large" }>> {
  const { config, parent, block, state, readNode, evm, ancestorHash } = input;
  if (!isRollup(config)) {
    const { header } = block;
    const parentStateRoot = parent.stateRoot;
    const open = await openEthereumBlock({
      config,
      header,
      parentStateRoot,
      state,
      readNode,
      evm,
      ancestorHash,
    });
    return { kind: "open", replayed: replayedBlock(open) };
  }
  const attributes = attributesOfBlock(config, block.header, block.transactions);
  const fault = attributes === undefined ? "extra-data-invalid" : attributesFault(config, parent, attributes);
  if (attributes === undefined || fault !== undefined) {
    return { kind: "invalid-block", reason: fault ?? "extra-data-invalid" };
  }
  const open = await openBlock({
    config,
    parent,
    attributes,
    state,
    readNode,
    evm,
    ...(ancestorHash !== undefined && { ancestorHash }),
  });
  return { kind: "open", replayed: replayedBlock(open) };
}

type Applicable = Pick<Replayed, "context" | "state"> & {
  apply(raw: Uint8Array): Promise<
    | {
        readonly kind: "included";
        readonly receipt: {
          readonly cumulativeGasUsed: bigint;
          readonly status: number;
          readonly logs: readonly unknown[];
        };
      }
    | Rejected
  >;
};

function replayedBlock(open: Applicable): Replayed {
  let gasBefore = 0n;
  const replayed: Replayed = {
    context: open.context,
    state: open.state,
    logs: 0,
    async apply(raw) {
      const application = await open.apply(raw);
      if (application.kind === "rejected") return application;
      const { cumulativeGasUsed, status, logs } = application.receipt;
      const gasUsed = cumulativeGasUsed - gasBefore;
      gasBefore = cumulativeGasUsed;
      replayed.logs += logs.length;
      return { kind: "included", gasUsed, hasFailed: status === 0 };
    },
  };
  return replayed;
}

/** A tracer for a transaction of the block; undefined for one that will be rejected. */
function beginTrace(options: TracerOptions, replayed: Replayed, raw: Uint8Array, budget: TraceBudget) {
  const decoding = decodeTransaction(raw);
  if (decoding.kind === "invalid") return undefined;
  const { transaction } = decoding;
  const sender = senderIn(transaction, replayed.context);
  if (sender === undefined) return undefined;
  const { to, value, data, gasLimit } = transaction;
  const { context: block, state, logs: logsBefore } = replayed;
  const authorities = authoritiesOf(transaction);
  return createTracer(
    options,
    { sender, to, value, data, gasLimit, authorities, block, state, logsBefore },
    budget,
  );
}

function senderIn(transaction: Transaction, { rules }: BlockContext): Address | undefined {
  return transaction.type === DEPOSIT_TYPE ? transaction.from : senderOf(transaction, rules);
}

function authoritiesOf(transaction: Transaction): readonly Address[] {
  if (transaction.type !== SET_CODE_TYPE) return [];
  return transaction.authorizationList.map(recoverAuthority).filter((authority) => authority !== undefined);
}
