import { BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { type ExecutionFork, includes } from "../block/fork.ts";
import type { JournaledState } from "../state/journal.ts";

/** What a user transaction paid beside the tip, in wei. */
export type PaidFees = {
  readonly baseFee: bigint;
  readonly l1Fee: bigint;
  readonly operatorFee: bigint;
};

/**
 * Credits the fee vaults; nothing is burned on the L2. The tip goes to the block's beneficiary as on Ethereum, which
 * is the sequencer fee vault. Sources: specs/protocol/exec-engine.md "Fees", isthmus/exec-engine.md "Operator Fee Vault".
 */
export function creditVaults(state: JournaledState, fees: PaidFees, fork: ExecutionFork): void {
  state.addBalance(BASE_FEE_VAULT, fees.baseFee);
  state.addBalance(L1_FEE_VAULT, fees.l1Fee);
  if (includes(fork, "isthmus")) state.addBalance(OPERATOR_FEE_VAULT, fees.operatorFee);
}
