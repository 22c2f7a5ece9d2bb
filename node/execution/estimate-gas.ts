import { type Simulation, type SimulationInput, simulate } from "./call.ts";

/** geth's tolerance: the search ends when the bounds differ by at most 1.5 percent. */
const TOLERANCE_PER_THOUSAND = 15n;
/** EIP-150: a call passes on at most 63/64 of the gas; EIP-2200: SSTORE needs 2300 left. */
const CALL_STIPEND = 2_300n;

export type Estimate =
  | { readonly kind: "estimated"; readonly gas: bigint }
  /** It does not succeed even with the most gas allowed. */
  | { readonly kind: "failed"; readonly simulation: Exclude<Simulation, { kind: "returned" }> };

/**
 * A gas limit with which the call succeeds and that is at most 1.5 percent too high. The request's gas limit
 * (or the block's) bounds the search. Source of the method: geth's `eth/gasestimator`.
 */
export async function estimateGas(input: SimulationInput): Promise<Estimate> {
  const at = (gasLimit: bigint): Promise<Simulation> =>
    simulate({ ...input, request: { ...input.request, gasLimit } });

  let highest = input.request.gasLimit ?? input.blockOverrides?.gasLimit ?? input.header.gasLimit;
  const first = await at(highest);
  if (first.kind !== "returned") return { kind: "failed", simulation: first };

  // Most calls succeed with what they used, a rest for the 63/64 rule added.
  let lowest = first.gasUsed - 1n;
  const likely = ((first.gasBeforeRefund + CALL_STIPEND) * 64n) / 63n;
  if (likely < highest) {
    if ((await at(likely)).kind === "returned") highest = likely;
    else lowest = likely;
  }
  while (lowest + 1n < highest && (highest - lowest) * 1000n > highest * TOLERANCE_PER_THOUSAND) {
    // A call rarely needs much more than it uses: the low half is searched first.
    const middle = (highest + lowest) / 2n;
    const next = middle > lowest * 2n ? lowest * 2n : middle;
    if ((await at(next)).kind === "returned") highest = next;
    else lowest = next;
  }
  return { kind: "estimated", gas: highest };
}
