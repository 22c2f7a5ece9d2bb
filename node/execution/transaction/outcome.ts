import type { Address } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { BlockContext } from "../block/context.ts";
import type { Evm } from "../evm/evm.ts";
import type { JournaledState } from "../state/journal.ts";
import type { TransactionRejection } from "./rejection.ts";

/** What a transaction runs in. */
export type Scope = {
  readonly block: BlockContext;
  readonly state: JournaledState;
  readonly evm: Evm;
  /** Gas that the block has left. */
  readonly gasLeft: bigint;
  /** Blob gas that the block has left; zero on a rollup and before Cancun. */
  readonly blobGasLeft: bigint;
};

/** What an included transaction did. Fees in wei; all zero for a deposit. */
export type Outcome = {
  readonly status: 0 | 1;
  readonly gasUsed: bigint;
  readonly logs: readonly Log[];
  /** Where it created a contract, or would have. */
  readonly contractAddress: Address | undefined;
  readonly effectiveGasPrice: bigint;
  /** EIP-4844: bought, and burnt. */
  readonly blobGas: bigint;
  readonly l1Fee: bigint;
  readonly l1GasUsed: bigint;
  readonly operatorFee: bigint;
  /** Gas-equivalent of its data (Jovian). */
  readonly daFootprint: bigint;
};

export type Rejected = {
  readonly kind: "rejected";
  readonly reason: TransactionRejection;
  readonly detail?: string;
};

export function rejected(reason: TransactionRejection, detail?: string): Rejected {
  return detail === undefined ? { kind: "rejected", reason } : { kind: "rejected", reason, detail };
}
