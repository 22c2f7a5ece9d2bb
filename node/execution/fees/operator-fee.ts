import { type ExecutionFork, includes } from "../block/fork.ts";
import type { L1BlockValues } from "./l1-block-values.ts";

/** Isthmus: the scalar is in millionths of wei. */
const ISTHMUS_DIVISOR = 1_000_000n;
/** Jovian: the scalar is in hundreds of wei. */
const JOVIAN_MULTIPLIER = 100n;

/**
 * The operator fee in wei for an amount of gas: prepaid on the gas limit, settled on the gas used; zero for
 * deposits, which do not ask.
 * Sources: specs/protocol/isthmus/exec-engine.md "Operator Fee", jovian/exec-engine.md.
 */
export function operatorFee(
  gas: bigint,
  values: Pick<L1BlockValues, "operatorFeeScalar" | "operatorFeeConstant">,
  fork: ExecutionFork,
): bigint {
  const { operatorFeeScalar: scalar, operatorFeeConstant: constant } = values;
  if (includes(fork, "jovian")) return gas * scalar * JOVIAN_MULTIPLIER + constant;
  if (includes(fork, "isthmus")) return (gas * scalar) / ISTHMUS_DIVISOR + constant;
  return 0n;
}
