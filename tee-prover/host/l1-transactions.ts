import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { Clock } from "@phala-l2/node/clock";
import type { SigningAccount } from "@phala-l2/node/keys/account";
import type { Hex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { BaseError, decodeErrorResult, isHex, type PublicClient } from "viem";

/** A call of a contract on L1. */
export type Call = { readonly to: Hex; readonly data: Hex };

export type SendOutcome =
  | { readonly kind: "included"; readonly hash: Hex; readonly gasUsed: bigint }
  /** The contract says no; `reason` is the name of its error. Nothing was spent unless `hash` is there. */
  | { readonly kind: "refused"; readonly reason: string; readonly hash?: Hex };

/** Sends one transaction at a time from one account. */
export interface L1Transactions {
  /** Tries the call without sending it. @throws viem's errors when L1 does not answer */
  wouldSucceed(call: Call): Promise<boolean>;
  /** @throws RollupError L1_TRANSACTION_PENDING when no block takes it in time; a repeated call offers more */
  send(call: Call): Promise<SendOutcome>;
}

export type L1TransactionsOptions = {
  /** Milliseconds without inclusion after which a transaction is offered anew. */
  readonly resubmitAfterMs: number;
  /** Milliseconds between looks for a receipt. */
  readonly pollIntervalMs: number;
};

export type L1TransactionsDependencies = {
  readonly client: PublicClient;
  readonly account: SigningAccount;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Errors that any of the contracts behind a call may raise. */
const REFUSALS = [
  ...disputeGameFactoryAbi,
  ...multiProofGameAbi,
  ...proverRegistryAbi,
  ...anchorStateRegistryAbi,
].filter(({ type }) => type === "error");

/** Gas beside the estimate, in percent: another prover's transaction before ours may make ours dearer. */
const GAS_MARGIN = 130n;
/** L1 pools replace a transaction for at least 10% more; in percent, for each offer after the first. */
const FEE_STEP = 125n;
/** 1.25^16 is 35 times the first offer: enough for any spike worth waiting out. */
const MAX_FEE_STEPS = 16;

export function createL1Transactions(
  { resubmitAfterMs, pollIntervalMs }: L1TransactionsOptions,
  { client, account, clock, signal }: L1TransactionsDependencies,
): L1Transactions {
  /** Consecutive transactions that no block took. */
  let stuck = 0;

  async function estimate(call: Call): Promise<{ readonly gas: bigint } | { readonly reason: string }> {
    try {
      return { gas: await client.estimateGas({ account: account.address, ...call }) };
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === undefined) throw error;
      return { reason };
    }
  }

  async function waitFor(hash: Hex) {
    const end = clock.now() + resubmitAfterMs;
    for (;;) {
      const receipt = await client.getTransactionReceipt({ hash }).catch(() => undefined);
      if (receipt !== undefined) return receipt;
      if (signal.aborted) throw new RollupError("STOPPED", "the prover is stopping");
      if (clock.now() >= end) return undefined;
      await clock.sleep(pollIntervalMs, signal);
    }
  }

  async function send(call: Call): Promise<SendOutcome> {
    const estimated = await estimate(call);
    if ("reason" in estimated) return { kind: "refused", reason: estimated.reason };
    const [chainId, nonce, fees] = await Promise.all([
      client.getChainId(),
      // L1's own count: whatever was left in the pool before is replaced, so that no gap can arise.
      client.getTransactionCount({ address: account.address, blockTag: "latest" }),
      client.estimateFeesPerGas(),
    ]);
    const serializedTransaction = await account.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      gas: (estimated.gas * GAS_MARGIN) / 100n,
      maxFeePerGas: raised(fees.maxFeePerGas, stuck),
      maxPriorityFeePerGas: raised(fees.maxPriorityFeePerGas, stuck),
      ...call,
    });
    const hash = await client.sendRawTransaction({ serializedTransaction });
    const receipt = await waitFor(hash);
    if (receipt === undefined) {
      stuck = Math.min(stuck + 1, MAX_FEE_STEPS);
      const message = `no L1 block has taken transaction ${hash} yet; more will be offered`;
      throw new RollupError("L1_TRANSACTION_PENDING", message, { data: { hash, nonce } });
    }
    stuck = 0;
    // It would have succeeded when it was sent: another prover was faster.
    if (receipt.status === "reverted") return { kind: "refused", reason: "overtaken", hash };
    return { kind: "included", hash, gasUsed: receipt.gasUsed };
  }

  return {
    wouldSucceed: async (call) => "gas" in (await estimate(call)),
    send,
  };
}

function raised(fee: bigint, steps: number): bigint {
  let offer = fee;
  for (let step = 0; step < steps; step++) offer = (offer * FEE_STEP) / 100n + 1n;
  return offer;
}

/** The name of the contract's error, or undefined when something else went wrong. */
export function refusalOf(error: unknown): string | undefined {
  const data = revertDataOf(error);
  if (data === undefined) return undefined;
  try {
    return decodeErrorResult({ abi: REFUSALS, data }).errorName;
  } catch {
    // An error of no contract of ours: its bytes are all there is to say.
    return data.slice(0, 10);
  }
}

function revertDataOf(error: unknown): Hex | undefined {
  if (!(error instanceof BaseError)) return undefined;
  let found: Hex | undefined;
  error.walk((each) => {
    const data = typeof each === "object" && each !== null && "data" in each ? each.data : undefined;
    const inner = typeof data === "object" && data !== null && "data" in data ? data.data : data;
    if (isHex(inner)) found = inner;
    return false;
  });
  return found;
}
