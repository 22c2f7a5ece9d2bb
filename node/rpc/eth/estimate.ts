/** What came of one run with a certain gas limit. */
export type Probe<Failure> =
  | { readonly kind: "passed"; readonly gasUsed: bigint }
  /** It failed, and more gas might help. */
  | { readonly kind: "out-of-gas" }
  /** It fails whatever the gas. */
  | { readonly kind: "failed"; readonly failure: Failure };

export type Estimate<Failure> =
  | { readonly kind: "estimated"; readonly gas: bigint }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Not even the highest limit is enough. */
  | { readonly kind: "exceeds-allowance"; readonly allowance: bigint };

/** geth's estimateGasErrorRatio: stop when the bounds are within 1.5% of each other. */
const ERROR_RATIO = 0.015;
/** EIP-150: a call keeps at most 63/64 of its gas, and EIP-2200 wants 2300 left: geth's optimistic first guess. */
const CALL_STIPEND = 2_300n;

/**
 * The least gas limit with which a call succeeds, by bisection (geth's eth/gasestimator): the highest limit
 * first, which also tells failures that no gas mends; then a guess from what that run used; then halves.
 *
 * @param lowest a limit known to be too low
 * @param highest the highest limit allowed
 */
export async function estimateGas<Failure>(
  probe: (gasLimit: bigint) => Promise<Probe<Failure>>,
  lowest: bigint,
  highest: bigint,
): Promise<Estimate<Failure>> {
  const first = await probe(highest);
  if (first.kind === "failed") return { kind: "failed", failure: first.failure };
  if (first.kind === "out-of-gas") return { kind: "exceeds-allowance", allowance: highest };
  let low = first.gasUsed - 1n > lowest ? first.gasUsed - 1n : lowest;
  let high = highest;
  const optimistic = ((first.gasUsed + CALL_STIPEND) * 64n) / 63n;
  if (optimistic < high) {
    const second = await probe(optimistic);
    if (second.kind === "passed") high = optimistic;
    else low = optimistic > low ? optimistic : low;
  }
  while (low + 1n < high) {
    if (Number(high - low) / Number(high) < ERROR_RATIO) break;
    // Most calls need little more than they use: the search leans to the low end.
    const middle = (high + low) / 2n > low * 2n ? low * 2n : (high + low) / 2n;
    const outcome = await probe(middle);
    if (outcome.kind === "passed") high = middle;
    else low = middle;
  }
  return { kind: "estimated", gas: high };
}
