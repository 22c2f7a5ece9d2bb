import { BLOCK_EXECUTION, benchBlockExecution } from "./block-execution.ts";
import { benchEvmCall, EVM_CALL } from "./evm-call.ts";
import { WORKLOADS } from "./execution-blocks.ts";
import { benchGpuKeccak, GPU_KECCAK, GPU_LOADS } from "./gpu-keccak.ts";
import type { BenchLine } from "./measure.ts";
import { benchStateRoot, STATE_ROOT } from "./state-root.ts";

/** A benchmark: its lines' names, and the ratio that each must have at least. */
export type Bench = {
  readonly name: string;
  readonly lines: readonly string[];
  /** The peer is a program of its own, which must be there for this platform and is started for the run. */
  readonly hasProgramAsPeer: boolean;
  /** It needs what few machines have, and is left out where it is not named. */
  readonly isRunByNameOnly: boolean;
  /** Undefined where there is only a goal. */
  readonly leastRatio: number | undefined;
  readonly run: (pairs: number, isWanted: (line: string) => boolean) => AsyncIterable<BenchLine>;
};

export const BENCHES: readonly Bench[] = [
  {
    name: BLOCK_EXECUTION,
    lines: WORKLOADS.map(({ name }) => `${BLOCK_EXECUTION}/${name}`),
    hasProgramAsPeer: false,
    isRunByNameOnly: false,
    leastRatio: 1,
    run: benchBlockExecution,
  },
  {
    name: EVM_CALL,
    lines: [EVM_CALL],
    hasProgramAsPeer: true,
    isRunByNameOnly: false,
    leastRatio: undefined,
    run: benchEvmCall,
  },
  {
    name: GPU_KECCAK,
    lines: GPU_LOADS.map(({ name }) => `${GPU_KECCAK}/${name}`),
    hasProgramAsPeer: false,
    isRunByNameOnly: true,
    leastRatio: undefined,
    run: benchGpuKeccak,
  },
  {
    name: STATE_ROOT,
    lines: [STATE_ROOT],
    hasProgramAsPeer: false,
    isRunByNameOnly: false,
    leastRatio: undefined,
    run: benchStateRoot,
  },
];

/** Whether a name means a line: its own, or that of its benchmark. */
export function means(name: string, bench: Bench, line: string): boolean {
  return name === bench.name || name === line;
}

/** All names that can be asked for. */
export function benchNames(): readonly string[] {
  return [...new Set(BENCHES.flatMap(({ name, lines }) => [name, ...lines]))];
}
