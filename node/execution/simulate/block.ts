import { type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { type Block, receiptsRoot, transactionsRoot, withdrawalsRoot } from "@phala-l2/protocol/wire/block";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import { logsBloom, mergeBlooms, type Receipt } from "@phala-l2/protocol/wire/receipt";
import type { AncestorHash } from "../block/ancestors.ts";
import { ancestorHashes } from "../block/ancestors.ts";
import type { BlockContext } from "../block/context.ts";
import { hasEvm, hasRollup, type Rules } from "../block/rules.ts";
import { messagePasserRoot } from "../block/seal.ts";
import { runSystemCalls } from "../block/system-calls.ts";
import {
  blobBaseFeeOf,
  type ChainConfig,
  chainIdOf,
  isRollup,
  nextHeader,
  rulesOf,
} from "../chain-config.ts";
import { requestsOf } from "../ethereum/requests.ts";
import { payWithdrawals } from "../ethereum/rewards.ts";
import type { Evm } from "../evm/evm.ts";
import type { JournaledState } from "../state/journal.ts";
import type { StateReader } from "../state/reader.ts";
import { type CommittedState, commitChanges } from "../state/root.ts";
import { type CallOutcome, runCall } from "./call.ts";
import type { PlacedBlock } from "./chain.ts";
import { applyOverrides, movedPrecompiles } from "./overrides.ts";
import type { SimulationFault } from "./request.ts";

/** What stays the same from block to block. */
export type Simulator = {
  readonly config: ChainConfig;
  /** The block that the first one follows. */
  readonly base: Header;
  /** The state after it. */
  readonly reader: StateReader;
  readonly readNode: NodeReader;
  readonly state: JournaledState;
  readonly evm: Evm;
  readonly ancestorHash: AncestorHash;
  readonly validation: boolean;
  readonly traceTransfers: boolean;
};

/** What the rest of a simulation may still take. */
export type Left = { readonly gas: bigint; readonly characters: number };

/** JSON of a block, a call and a log without what is counted apart: outputs, data of logs and of transactions. */
const BLOCK_CHARACTERS = 2_000;
const CALL_CHARACTERS = 1_200;
const LOG_CHARACTERS = 500;

export type SimulatedBlock = {
  readonly kind: "block";
  readonly block: Block;
  readonly hash: Hash;
  readonly calls: readonly CallOutcome[];
  readonly left: Left;
};

/** Runs one block of calls on its parent. */
export async function simulateBlock(
  simulator: Simulator,
  placed: PlacedBlock,
  parent: Header,
  before: Left,
): Promise<SimulatedBlock | { readonly kind: "fault"; readonly fault: SimulationFault }> {
  const { config, state, evm, validation, traceTransfers } = simulator;
  // 1. Header, overrides, system calls.
  const header = headerOf(simulator, placed, parent);
  const block = contextOf(simulator, placed, header);
  const overriding = movedPrecompiles(placed.state, rulesOf(config, simulator.base));
  if (overriding.kind === "invalid") {
    const { account, problem } = overriding;
    return fault({ kind: "override", account, problem });
  }
  applyOverrides(state, placed.state);
  const { parentHash, parentBeaconBlockRoot = ZERO_HASH } = header;
  await runSystemCalls({ parentHash, parentBeaconBlockRoot }, evm, block, state);
  // 2. The calls.
  const calls: CallOutcome[] = [];
  let gasPool = before.gas;
  let characters = before.characters - BLOCK_CHARACTERS;
  if (characters < 0) return fault({ kind: "too-large" });
  let gasLeft = header.gasLimit;
  for (const call of placed.calls) {
    const outcome = await runCall(call, {
      block,
      state,
      evm,
      gasLeft,
      gasPool,
      validation,
      traceTransfers,
      movedPrecompiles: overriding.moved,
    });
    if (outcome.kind === "fault") return outcome;
    gasPool -= outcome.gasUsed;
    gasLeft -= outcome.gasUsed;
    characters -= charactersOf(outcome);
    if (characters < 0) return fault({ kind: "too-large" });
    calls.push(outcome);
  }
  // 3. What follows the calls, and the roots.
  const left = { gas: gasPool, characters };
  return finish(simulator, placed, { header, block, calls, gasUsed: header.gasLimit - gasLeft, left });
}

/** Hex has two characters a byte; a revert's bytes stand in its reason as well. */
function charactersOf({ raw, result, trace }: CallOutcome): number {
  const output = (result.kind === "reverted" ? 4 : 2) * result.output.length;
  const logs = trace.logs.reduce((sum, { log }) => sum + LOG_CHARACTERS + 2 * log.data.length, 0);
  return CALL_CHARACTERS + 2 * raw.length + output + logs;
}

function fault(found: SimulationFault): { readonly kind: "fault"; readonly fault: SimulationFault } {
  return { kind: "fault", fault: found };
}

/** The header before the calls: what follows from the parent, or is overridden. */
function headerOf({ config, base, validation }: Simulator, { block }: PlacedBlock, parent: Header): Header {
  const next = nextHeader(config, parent, block.time);
  const difficulty = block.difficulty ?? parent.difficulty;
  const rules = rulesOf(config, { number: block.number, timestamp: block.time, difficulty });
  const isLondon = hasEvm(rules, "london");
  return {
    parentHash: headerHash(parent),
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: block.feeRecipient ?? parent.beneficiary,
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: parent.logsBloom,
    difficulty,
    number: block.number,
    timestamp: block.time,
    gasLimit: block.gasLimit ?? parent.gasLimit,
    gasUsed: 0n,
    // On a rollup they hold the fee market's parameters, which the next block needs.
    extraData: isRollup(config) ? base.extraData : new Uint8Array(0),
    prevRandao: block.prevRandao ?? ZERO_HASH,
    nonce: EMPTY_NONCE,
    // Without validation a call needs no price, and BASEFEE is zero.
    ...(isLondon && { baseFeePerGas: block.baseFeePerGas ?? (validation ? next.baseFeePerGas : 0n) }),
    ...(hasEvm(rules, "shanghai") && { withdrawalsRoot: EMPTY_TRIE_ROOT }),
    ...(hasEvm(rules, "cancun") && {
      blobGasUsed: 0n,
      excessBlobGas: next.excessBlobGas ?? 0n,
      parentBeaconBlockRoot: block.beaconRoot ?? ZERO_HASH,
    }),
    ...(hasEvm(rules, "prague") && { requestsHash: EMPTY_REQUESTS_HASH }),
  };
}

function contextOf(
  { config, state, ancestorHash }: Simulator,
  { block }: PlacedBlock,
  header: Header,
): BlockContext {
  const rules: Rules = rulesOf(config, header);
  return {
    chainId: chainIdOf(config),
    rules,
    number: header.number,
    timestamp: header.timestamp,
    beneficiary: header.beneficiary,
    difficulty: header.difficulty,
    prevRandao: header.prevRandao,
    gasLimit: header.gasLimit,
    baseFee: header.baseFeePerGas ?? 0n,
    blobBaseFee: block.blobBaseFee ?? blobBaseFeeOf(config, header),
    blockHash: ancestorHashes({
      parent: { number: header.number - 1n, hash: header.parentHash },
      rules,
      state,
      ancestorHash,
    }),
  };
}

type Finishing = {
  readonly header: Header;
  readonly block: BlockContext;
  readonly calls: readonly CallOutcome[];
  readonly gasUsed: bigint;
  readonly left: Left;
};

async function finish(
  simulator: Simulator,
  placed: PlacedBlock,
  { header, block, calls, gasUsed, left }: Finishing,
): Promise<SimulatedBlock | { readonly kind: "fault"; readonly fault: SimulationFault }> {
  const { config, state, evm, base, readNode } = simulator;
  const receipts = receiptsOf(calls);
  const withdrawals = placed.block.withdrawals ?? [];
  payWithdrawals(state, withdrawals);
  let { requestsHash } = header;
  if (!isRollup(config) && requestsHash !== undefined) {
    const requests = await requestsOf(receipts, config.depositContract, evm, block, state);
    if (requests.kind === "invalid") return fault({ kind: "block-invalid", reason: requests.reason });
    requestsHash = requests.hash;
  }
  const committed = commitChanges(base.stateRoot, readNode, state.changes());
  const transactions = calls.map(({ raw }) => raw);
  const finished: Header = {
    ...header,
    stateRoot: committed.root,
    transactionsRoot: transactionsRoot(transactions),
    receiptsRoot: receiptsRoot(receipts),
    logsBloom: mergeBlooms(receipts.map((receipt) => receipt.logsBloom)),
    gasUsed,
    ...(header.withdrawalsRoot !== undefined && {
      withdrawalsRoot: withdrawalsRootOf(simulator, block.rules, committed, placed),
    }),
    ...(header.blobGasUsed !== undefined && {
      blobGasUsed: calls.reduce((sum, { blobGas }) => sum + blobGas, 0n),
    }),
    ...(requestsHash !== undefined && { requestsHash }),
  };
  const body = { header: finished, transactions, ...(withdrawals.length > 0 && { withdrawals }) };
  return { kind: "block", block: body, hash: headerHash(finished), calls, left };
}

function withdrawalsRootOf(
  { reader }: Simulator,
  rules: Rules,
  committed: CommittedState,
  { block }: PlacedBlock,
): Hash {
  return hasRollup(rules, "isthmus")
    ? messagePasserRoot(reader, committed)
    : withdrawalsRoot(block.withdrawals ?? []);
}

function receiptsOf(calls: readonly CallOutcome[]): readonly Receipt[] {
  let cumulativeGasUsed = 0n;
  return calls.map(({ transaction, result, gasUsed, logs }) => {
    cumulativeGasUsed += gasUsed;
    const status = result.kind === "returned" ? 1 : 0;
    return { type: transaction.type, status, cumulativeGasUsed, logs, logsBloom: logsBloom(logs) };
  });
}
