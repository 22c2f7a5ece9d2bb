import { executeEthereumBlock } from "@phala-l2/execution/ethereum/execute-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeBlock } from "@phala-l2/protocol/wire/block";
import { EthereumjsPeer } from "./ethereumjs-peer.ts";
import { type BenchBlock, buildBlock, CHAIN_ID, stateOf, WORKLOADS } from "./execution-blocks.ts";
import { type BenchLine, measurePairs, processorTimed } from "./measure.ts";

export const BLOCK_EXECUTION = "block-execution";

/**
 * Executing an encoded block on the state of its parent, from decoding and recovery of senders to the roots, here and by
 * @ethereumjs/vm's runBlock: Mgas a second of processor time. Both keep the parent's trie nodes in memory.
 */
export async function* benchBlockExecution(pairs: number, isWanted: (name: string) => boolean) {
  const evm = await createEthereumjsEvm({ l2ChainId: CHAIN_ID });
  for (const workload of WORKLOADS) {
    const name = `${BLOCK_EXECUTION}/${workload.name}`;
    if (!isWanted(name)) continue;
    const block = await buildBlock(workload, evm);
    const peer = await EthereumjsPeer.on(block);
    const sides = {
      ours: () => processorTimed(() => execute(block, evm)),
      peer: () => processorTimed(() => peer.run(block.rlp)),
    };
    const work = Number(block.block.header.gasUsed) / 1e6;
    const measured = await measurePairs(sides, { pairs, work });
    yield { name, ...measured, unit: "Mgas/s", against: "@ethereumjs/vm runBlock" } satisfies BenchLine;
  }
}

/** @throws RollupError BENCH_BROKEN when the block does not come out as it is */
export async function execute({ genesis, rlp }: BenchBlock, evm: Evm): Promise<void> {
  const decoding = decodeBlock(rlp);
  if (decoding.kind === "invalid") throw new RollupError("BENCH_BROKEN", decoding.reason);
  const { block } = decoding;
  const parent = genesis.block.header;
  const execution = await executeEthereumBlock({
    config: genesis.config,
    parent,
    block,
    evm,
    ...stateOf(genesis),
  });
  if (execution.kind === "invalid") throw new RollupError("BENCH_BROKEN", execution.reason);
}
