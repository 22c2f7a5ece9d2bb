import { BLOCK_EXECUTION, benchBlockExecution } from "./block-execution.ts";
import { benchEvmCall, EVM_CALL } from "./evm-call.ts";
import { WORKLOADS } from "./execution-blocks.ts";
import type { BenchLine } from "./measure.ts";

/** A benchmark: its lines' names, and the ratio that each must have at least. */
export type Bench = {
  readonly name: string;
  readonly lines: readonly string[];
  /** The peer is a program of its own, which must be there for this platform and is started for the run. */
  readonly hasProgramAsPeer: boolean;
  /** Undefined where there is only a goal. */
  readonly leastRatio: number | undefined;
  readonly run: (pairs: number, isWanted: (line: string) => boolean) => AsyncIterable<BenchLine>;
};

export const BENCHES: readonly Bench[] = [
  {
    name: BLOCK_EXECUTION,
    lines: WORKLOADS.map(({ name }) => `${BLOCK_EXECUTION}/${name}`),
    hasProgramAsPeer: false,
    leastRatio: 1,
    run: benchBlockExecution,
  },
  {
    name: EVM_CALL,
    lines: [EVM_CALL],
    hasProgramAsPeer: true,
    leastRatio: undefined,
    run: benchEvmCall,
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
