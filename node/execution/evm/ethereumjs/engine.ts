import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { EVM, type EVMMockBlockchainInterface } from "@ethereumjs/evm";
import { createVM } from "@ethereumjs/vm";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { BlockContext } from "../../block/context.ts";
import type { ExecutionFork } from "../../block/fork.ts";
import { rememberJumpAnalysis } from "./jump-analysis.ts";
import { customPrecompiles } from "./precompiles.ts";
import { EthereumjsState } from "./state-manager.ts";

/** One EVM of ethereumjs under one rule set. Making one takes milliseconds, so it is kept. */
export type Engine = {
  readonly evm: EVM;
  readonly state: EthereumjsState;
  readonly ancestors: Ancestors;
};

/** L1's fork whose EVM each rule set has. Sources: the forks' exec-engine.md. */
const HARDFORKS: Readonly<Record<ExecutionFork, Hardfork>> = {
  holocene: Hardfork.Cancun,
  isthmus: Hardfork.Prague,
  jovian: Hardfork.Prague,
  karst: Hardfork.Osaka,
};

/** The blocks that BLOCKHASH asks for; ethereumjs has checked that they are among the last 256. */
export class Ancestors implements EVMMockBlockchainInterface {
  #block: BlockContext | undefined;

  setBlock(block: BlockContext): void {
    this.#block = block;
  }

  async getBlock(number: number): Promise<{ hash(): Uint8Array }> {
    const block = this.#block;
    if (block === undefined) throw new RollupError("EVM_DETACHED", "the EVM ran outside a block");
    const hash = block.blockHash(BigInt(number));
    return { hash: () => hash };
  }

  async putBlock(): Promise<void> {
    throw new RollupError("EVM_STATE_UNUSED", "the EVM does not keep blocks");
  }

  shallowCopy(): EVMMockBlockchainInterface {
    return this;
  }
}

export async function createEngine(chainId: bigint, fork: ExecutionFork): Promise<Engine> {
  const common = createCustomCommon({ chainId: chainId.toString() }, Mainnet, {
    hardfork: HARDFORKS[fork],
    customCrypto: { keccak256 },
  });
  await rememberJumpAnalysis(common);
  const state = new EthereumjsState();
  const ancestors = new Ancestors();
  const vm = await createVM({
    common,
    stateManager: state,
    blockchain: ancestors,
    evmOpts: {
      customPrecompiles: customPrecompiles(fork, common),
      blockchain: ancestors,
      common,
      stateManager: state,
    },
  });
  if (!(vm.evm instanceof EVM)) {
    throw new RollupError("EVM_UNKNOWN", "@ethereumjs/vm made another EVM than @ethereumjs/evm's");
  }
  return { evm: vm.evm, state, ancestors };
}
