import { EXECUTION_FORKS, type ExecutionFork } from "./fork.ts";

/** Ethereum's forks as far as they change execution, in their order; each includes those before it. */
export const EVM_FORKS = [
  "frontier",
  "homestead",
  "tangerineWhistle",
  "spuriousDragon",
  "byzantium",
  "constantinople",
  "petersburg",
  "istanbul",
  "berlin",
  "london",
  "paris",
  "shanghai",
  "cancun",
  "prague",
  "osaka",
] as const;
export type EvmFork = (typeof EVM_FORKS)[number];

/** What a block is executed by: Ethereum's rules, and on a rollup the OP Stack's beside them. */
export type Rules = {
  readonly evm: EvmFork;
  /** Undefined on a plain Ethereum chain: no deposits, no L1 fee, and the base fee is burnt. */
  readonly rollup: ExecutionFork | undefined;
};

/** L1's fork whose rules each of the OP Stack's has. Sources: the forks' exec-engine.md. */
const ROLLUP_RULES: Readonly<Record<ExecutionFork, Rules>> = {
  holocene: { evm: "cancun", rollup: "holocene" },
  isthmus: { evm: "prague", rollup: "isthmus" },
  jovian: { evm: "prague", rollup: "jovian" },
  karst: { evm: "osaka", rollup: "karst" },
};

/** The rules of a rollup's block. */
export function rollupRules(fork: ExecutionFork): Rules {
  return ROLLUP_RULES[fork];
}

/** The rules of a plain Ethereum chain's block. */
export function ethereumRules(fork: EvmFork): Rules {
  return { evm: fork, rollup: undefined };
}

/** Whether Ethereum's rules of `fork` hold. */
export function hasEvm({ evm }: Rules, fork: EvmFork): boolean {
  return EVM_FORKS.indexOf(evm) >= EVM_FORKS.indexOf(fork);
}

/** Whether the OP Stack's rules of `fork` hold; never on a plain Ethereum chain. */
export function hasRollup({ rollup }: Rules, fork: ExecutionFork): boolean {
  return rollup !== undefined && EXECUTION_FORKS.indexOf(rollup) >= EXECUTION_FORKS.indexOf(fork);
}
