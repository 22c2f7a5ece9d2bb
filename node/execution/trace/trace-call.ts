import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import { recoverAuthority } from "@phala-l2/protocol/wire/transaction-lists";
import type { AncestorHash } from "../block/ancestors.ts";
import {
  type CallInput,
  type CallRequest,
  callContext,
  type Simulation,
  type SimulationRejection,
  simulateIn,
  withDefaults,
} from "../call.ts";
import { type ChainConfig, rulesOf } from "../chain-config.ts";
import type { Evm } from "../evm/evm.ts";
import { applyOverrides, movedPrecompiles, overriddenHeader } from "../simulate/overrides.ts";
import type { BlockOverrides, StateOverrides } from "../simulate/request.ts";
import { emptyAccounts, JournaledState } from "../state/journal.ts";
import type { StateReader } from "../state/reader.ts";
import { TraceBudget } from "./budget.ts";
import { createTracer } from "./create-tracer.ts";
import { openReplay, type TraceFault, withinBudget } from "./trace-block.ts";
import type { TracerOptions } from "./tracer.ts";

export type CallTraceInput = {
  readonly config: ChainConfig;
  /** The block to run in. */
  readonly header: Header;
  /** The state after it; with `before`, after its parent. */
  readonly state: StateReader;
  readonly readNode: NodeReader;
  readonly evm: Evm;
  readonly ancestorHash?: AncestorHash | undefined;
  /** Where the call comes before a transaction of the block: that one's index, their number is behind all. */
  readonly before?: { readonly parent: Header; readonly block: Block; readonly index: number } | undefined;
  readonly request: CallRequest;
  readonly stateOverrides: StateOverrides;
  readonly blockOverrides: BlockOverrides;
  readonly tracer: TracerOptions;
  readonly maxCharacters: number;
};

export type CallTrace =
  | { readonly kind: "traced"; readonly json: string }
  | { readonly kind: "rejected"; readonly reason: SimulationRejection }
  | { readonly kind: "override"; readonly account: Uint8Array; readonly problem: string }
  | TraceFault;

/**
 * Runs a call that no block will have, and traces it: on the state after a block, or within it, with whatever the
 * caller pretends of accounts and block. Source: geth, debug_traceCall.
 * @throws what the state's reader throws
 */
export function traceCall(input: CallTraceInput): Promise<CallTrace> {
  return withinBudget(async (): Promise<CallTrace> => {
    // 1. The state, as it is or as it was within the block.
    const start = await startingState(input);
    if (start.kind !== "state") return start;
    const { state } = start;
    // 2. What is pretended.
    const { config, evm, ancestorHash, blockOverrides, request } = input;
    const header = overriddenHeader(input.header, blockOverrides);
    const overriding = movedPrecompiles(input.stateOverrides, rulesOf(config, header));
    if (overriding.kind === "invalid") {
      return { kind: "override", account: overriding.account, problem: overriding.problem };
    }
    applyOverrides(state, input.stateOverrides);
    // 3. The call.
    const call: CallInput = {
      config,
      header: input.header,
      evm,
      request,
      blockOverrides,
      ...(ancestorHash !== undefined && { ancestorHash }),
      movedPrecompiles: overriding.moved,
    };
    const block = callContext(call, header, state);
    const { from, to, value, data, gasLimit, gasPrice, authorizationList } = withDefaults(request, header);
    const authorities = authorizationList.map(recoverAuthority).filter((one) => one !== undefined);
    const transaction = { sender: from, to, value, data, gasLimit, authorities, block, state, logsBefore: 0 };
    const tracer = createTracer(input.tracer, transaction, new TraceBudget(input.maxCharacters));
    const outcome = await simulateIn(call, state, tracer.hooks);
    if (!isRun(outcome)) return { kind: "rejected", reason: outcome.reason };
    // 4. Its fees, as a transaction's.
    const { gasUsed } = outcome;
    state.addBalance(from, (gasLimit - gasUsed) * gasPrice);
    if (gasPrice > 0n) state.addBalance(block.beneficiary, gasUsed * (gasPrice - block.baseFee));
    tracer.end({ gasUsed, hasFailed: outcome.kind !== "returned" });
    return { kind: "traced", json: tracer.json() };
  });
}

function isRun(simulation: Simulation): simulation is Extract<Simulation, { gasUsed: bigint }> {
  return "gasUsed" in simulation;
}

type Start = { readonly kind: "state"; readonly state: JournaledState };

async function startingState(input: CallTraceInput): Promise<Start | Exclude<CallTrace, { kind: "traced" }>> {
  const { config, header, state, before, readNode, evm, ancestorHash } = input;
  if (before === undefined) {
    return { kind: "state", state: new JournaledState(state, emptyAccounts(rulesOf(config, header))) };
  }
  const { parent, block, index } = before;
  const opening = await openReplay({ config, parent, block, state, readNode, evm, ancestorHash });
  if (opening.kind === "invalid-block") return opening;
  for (const [transaction, raw] of block.transactions.slice(0, index).entries()) {
    const step = await opening.replayed.apply(raw);
    if (step.kind === "rejected") {
      return { kind: "invalid-block", reason: step.detail ?? step.reason, transaction };
    }
  }
  return { kind: "state", state: opening.replayed.state };
}
