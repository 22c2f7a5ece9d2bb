import { type ExecutionFork, executionFork } from "@phala-l2/execution/block/fork";
import { nextBaseFee } from "@phala-l2/execution/fees/base-fee";
import { type L1BlockValues, readL1BlockValues } from "@phala-l2/execution/fees/l1-block-values";
import { isDelegation } from "@phala-l2/execution/transaction/authorizations";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import { type Address, bytesEqual } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH } from "@phala-l2/protocol/keccak";

export type SenderAccount = {
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  /** EIP-3607: it has code, and not that of a delegation (EIP-7702). */
  readonly isContract: boolean;
};

/** What the pool judges transactions by: the state and the prices of the next block. */
export type HeadView = {
  readonly account: (address: Address) => SenderAccount;
  /** Wei per gas of the next block. */
  readonly baseFee: bigint;
  readonly gasLimit: bigint;
  readonly fork: ExecutionFork;
  /** L1 prices of the head; those of the next block are known only once it is built. */
  readonly l1: L1BlockValues;
};

const NOBODY: SenderAccount = { nonce: 0n, balance: 0n, isContract: false };

/** The view on the present unsafe head. */
export function headView(chain: ChainReader): HeadView {
  const { unsafe } = chain.heads();
  const header = chain.headerByHash(unsafe.hash);
  if (header === undefined)
    throw new RollupError("HEAD_MISSING", "the unsafe head has no header in the store");
  const state = chain.state(header);
  return {
    account: (address) => {
      const account = state.account(address);
      if (account === undefined) return NOBODY;
      const { nonce, balance, codeHash } = account;
      const hasCode = !bytesEqual(codeHash, EMPTY_CODE_HASH);
      return { nonce, balance, isContract: hasCode && !isDelegation(state.code(codeHash)) };
    },
    baseFee: nextBaseFee(chain.config, header),
    gasLimit: header.gasLimit,
    fork: executionFork(chain.config, header.timestamp + chain.config.blockTime),
    l1: readL1BlockValues(state),
  };
}
