import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { EVM, type EVMMockBlockchainInterface } from "@ethereumjs/evm";
import { createVM } from "@ethereumjs/vm";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { BlockContext } from "../../block/context.ts";
import type { EvmFork, Rules } from "../../block/rules.ts";
import { rememberJumpAnalysis } from "./jump-analysis.ts";
import { customPrecompiles } from "./precompiles.ts";
import { EthereumjsState } from "./state-manager.ts";
import { makeWatchable } from "./watcher.ts";

/** One EVM of ethereumjs under one rule set. Making one takes milliseconds, so it is kept. */
export type Engine = {
  readonly evm: EVM;
  readonly state: EthereumjsState;
  readonly ancestors: Ancestors;
};

const HARDFORKS: Readonly<Record<EvmFork, Hardfork>> = {
  frontier: Hardfork.Chainstart,
  homestead: Hardfork.Homestead,
  tangerineWhistle: Hardfork.TangerineWhistle,
  spuriousDragon: Hardfork.SpuriousDragon,
  byzantium: Hardfork.Byzantium,
  constantinople: Hardfork.Constantinople,
  petersburg: Hardfork.Petersburg,
  istanbul: Hardfork.Istanbul,
  berlin: Hardfork.Berlin,
  london: Hardfork.London,
  paris: Hardfork.Paris,
  shanghai: Hardfork.Shanghai,
  cancun: Hardfork.Cancun,
  prague: Hardfork.Prague,
  osaka: Hardfork.Osaka,
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

export async function createEngine(chainId: bigint, rules: Rules): Promise<Engine> {
  const common = createCustomCommon({ chainId: chainId.toString() }, Mainnet, {
    hardfork: HARDFORKS[rules.evm],
    customCrypto: { keccak256 },
  });
  await rememberJumpAnalysis(common);
  await makeWatchable(common);
  const state = new EthereumjsState();
  const ancestors = new Ancestors();
  const vm = await createVM({
    common,
    stateManager: state,
    blockchain: ancestors,
    evmOpts: {
      customPrecompiles: customPrecompiles(rules, common),
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
