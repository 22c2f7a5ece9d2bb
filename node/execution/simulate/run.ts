import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { AncestorHash } from "../block/ancestors.ts";
import { type ChainConfig, rulesOf } from "../chain-config.ts";
import type { Evm } from "../evm/evm.ts";
import { emptyAccounts, JournaledState } from "../state/journal.ts";
import type { StateReader } from "../state/reader.ts";
import { type Left, type SimulatedBlock, simulateBlock } from "./block.ts";
import { placeBlocks } from "./chain.ts";
import type { SimulationFault, SimulationRequest } from "./request.ts";

export type ChainSimulationInput = {
  readonly config: ChainConfig;
  /** The block that the simulated ones follow. */
  readonly base: Header;
  /** The state after it. */
  readonly state: StateReader;
  readonly readNode: NodeReader;
  readonly evm: Evm;
  readonly ancestorHash: AncestorHash;
  readonly request: SimulationRequest;
  /** Gas of all calls together. */
  readonly gasCap: bigint;
  /** Characters of the answer's JSON, roughly: gas for a hundred thousand bytes of output is gas for many such calls. */
  readonly maxCharacters: number;
};

export type ChainSimulation =
  | { readonly kind: "simulated"; readonly blocks: readonly SimulatedBlock[] }
  | { readonly kind: "fault"; readonly fault: SimulationFault };

/**
 * Runs blocks of calls one after another on the state after `base`, each seeing what those before it did. Nothing is
 * kept. Source: execution-apis, eth_simulateV1.
 * @throws what the state's reader throws
 */
export async function simulateChain(input: ChainSimulationInput): Promise<ChainSimulation> {
  const { config, base, readNode, evm, request, gasCap } = input;
  const placing = placeBlocks(base, request.blocks);
  if (placing.kind === "fault") return placing;
  const blocks: SimulatedBlock[] = [];
  const ownHash: AncestorHash = (number) => {
    const own = blocks.find(({ block }) => block.header.number === number);
    return own?.hash ?? input.ancestorHash(number);
  };
  const simulator = {
    config,
    base,
    readNode,
    evm,
    reader: input.state,
    ancestorHash: ownHash,
    state: new JournaledState(input.state, emptyAccounts(rulesOf(config, base))),
    validation: request.validation,
    traceTransfers: request.traceTransfers,
  };
  let parent = base;
  let left: Left = { gas: gasCap, characters: input.maxCharacters };
  for (const placed of placing.blocks) {
    const outcome = await simulateBlock(simulator, placed, parent, left);
    if (outcome.kind === "fault") return outcome;
    blocks.push(outcome);
    parent = outcome.block.header;
    left = outcome.left;
  }
  return { kind: "simulated", blocks };
}
