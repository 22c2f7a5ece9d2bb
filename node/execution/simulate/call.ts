import { GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import type { Address } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import {
  BLOB_TYPE,
  encodeTransaction,
  FEE_MARKET_TYPE,
  LEGACY_TYPE,
  SET_CODE_TYPE,
  type SignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import type { BlockContext } from "../block/context.ts";
import type { Evm, MessageResult } from "../evm/evm.ts";
import type { JournaledState } from "../state/journal.ts";
import { applyAuthorizations } from "../transaction/authorizations.ts";
import { floorDataGas, intrinsicGas, isInitcodeTooLarge } from "../transaction/intrinsic-gas.ts";
import { gasToPay } from "../transaction/message.ts";
import { type LogRecord, LogRecorder } from "./log-recorder.ts";
import type { MovedPrecompiles } from "./overrides.ts";
import type { CallRefusal, SimulatedCall, SimulationFault } from "./request.ts";

/** What a call runs in. */
export type CallScope = {
  readonly block: BlockContext;
  readonly state: JournaledState;
  readonly evm: Evm;
  readonly movedPrecompiles: MovedPrecompiles;
  /** Gas that the block's calls have left. */
  readonly gasLeft: bigint;
  /** Gas that the whole simulation has left. */
  readonly gasPool: bigint;
  readonly validation: boolean;
  readonly traceTransfers: boolean;
};

/** A call that ran. */
export type CallOutcome = {
  readonly kind: "ran";
  readonly transaction: SignedTransaction;
  readonly raw: Uint8Array;
  readonly sender: Address;
  readonly result: MessageResult;
  readonly gasUsed: bigint;
  /** Before the refund. */
  readonly maxUsedGas: bigint;
  readonly blobGas: bigint;
  /** Wei per gas. */
  readonly gasPrice: bigint;
  /** Of the receipt. */
  readonly logs: readonly Log[];
  /** Of the answer: with transfers where they are traced. */
  readonly trace: LogRecord;
};

type Refused = { readonly kind: "fault"; readonly fault: SimulationFault };

const VERSION_KZG = 1;
const MAX_NONCE = 2n ** 64n - 1n;
const UNSIGNED = { yParity: 0, r: 0n, s: 0n } as const;

/** Runs one call of a simulated block. A refused one ends the simulation. Source: execution-apis eth_simulateV1. */
export async function runCall(call: SimulatedCall, scope: CallScope): Promise<CallOutcome | Refused> {
  const { state, block, evm } = scope;
  // 1. The transaction that it stands for.
  const gas = call.gas ?? scope.gasLeft;
  if (gas > scope.gasLeft) {
    const fault = {
      kind: "block-gas-limit",
      gas: block.gasLimit - scope.gasLeft,
      limit: block.gasLimit,
    } as const;
    return { kind: "fault", fault };
  }
  const conflict = feesConflict(call);
  if (conflict !== undefined) return { kind: "fault", fault: { kind: "fees-conflict", words: conflict } };
  const gasLimit = gas < scope.gasPool ? gas : scope.gasPool;
  const nonce = call.nonce ?? state.nonce(call.from);
  const transaction = transactionOf(call, { gasLimit, nonce, chainId: block.chainId });
  // 2. It may run.
  const terms = termsOf(call, transaction, block);
  const refusal = refusalOf(call, transaction, terms, scope);
  if (refusal !== undefined) {
    return { kind: "fault", fault: { kind: "call-refused", sender: call.from, ...refusal, gas: gasLimit } };
  }
  // 3. Gas is bought, the nonce grows, delegations are set.
  state.subtractBalance(call.from, gasLimit * terms.gasPrice + terms.blobGas * terms.blobPrice);
  // Without validation it may be the last one, after which geth's begins anew.
  state.setNonce(call.from, BigInt.asUintN(64, state.nonce(call.from) + 1n));
  const delegations = applyAuthorizations(state, call.authorizationList, block.chainId);
  // 4. It runs.
  const { movedPrecompiles, traceTransfers } = scope;
  const recorder = new LogRecorder(traceTransfers ? "logs-and-transfers" : "logs");
  const result = await evm.run(
    {
      caller: call.from,
      to: call.to,
      value: call.value,
      data: call.data,
      gasLimit: gasLimit - terms.intrinsic,
      gasPrice: terms.gasPrice,
      accessList: call.accessList,
      warmAddresses: delegations.warm,
      blobHashes: call.blobHashes ?? [],
    },
    block,
    state,
    { movedPrecompiles, hooks: recorder.hooks },
  );
  // 5. What is left of the gas goes back, the tip to the beneficiary.
  const before = terms.intrinsic + result.gasUsed;
  const gasUsed = gasToPay(before, delegations.refund + result.refund, terms.floor, block.rules);
  state.addBalance(call.from, (gasLimit - gasUsed) * terms.gasPrice);
  if (!terms.isFree) state.addBalance(block.beneficiary, gasUsed * (terms.gasPrice - terms.baseFee));
  for (const address of result.destroyed) state.deleteAccount(address);
  state.endTransaction();
  return {
    kind: "ran",
    transaction,
    raw: rawOf(transaction),
    sender: call.from,
    result,
    gasUsed,
    maxUsedGas: before < terms.floor ? terms.floor : before,
    blobGas: terms.blobGas,
    gasPrice: terms.gasPrice,
    logs: result.logs,
    trace: recorder.record(),
  };
}

/** What it costs and needs. */
type Terms = {
  readonly gasPrice: bigint;
  readonly feeCap: bigint;
  readonly tipCap: bigint;
  /** No price at all: then fees are not looked at without validation, and nobody is paid. */
  readonly isFree: boolean;
  readonly baseFee: bigint;
  readonly blobGas: bigint;
  readonly blobFeeCap: bigint;
  readonly blobPrice: bigint;
  readonly intrinsic: bigint;
  readonly floor: bigint;
};

function termsOf(call: SimulatedCall, transaction: SignedTransaction, block: BlockContext): Terms {
  const feeCap = call.gasPrice ?? call.maxFeePerGas ?? 0n;
  const tipCap = call.gasPrice ?? call.maxPriorityFeePerGas ?? 0n;
  const isFree = feeCap === 0n && tipCap === 0n;
  const wanted = block.baseFee + tipCap;
  const capped = wanted < feeCap ? wanted : feeCap;
  return {
    gasPrice: call.gasPrice ?? (isFree ? 0n : capped),
    feeCap,
    tipCap,
    isFree,
    baseFee: block.baseFee,
    blobGas: BigInt(call.blobHashes?.length ?? 0) * GAS_PER_BLOB,
    blobFeeCap: call.maxFeePerBlobGas ?? 0n,
    blobPrice: block.blobBaseFee,
    intrinsic: intrinsicGas(
      {
        data: call.data,
        isCreation: transaction.to === undefined,
        accessList: call.accessList,
        authorizations: call.authorizationList.length,
      },
      block.rules,
    ),
    floor: floorDataGas(call.data, block.rules),
  };
}

function feesConflict({ gasPrice, maxFeePerGas, maxPriorityFeePerGas }: SimulatedCall): string | undefined {
  const isMixed =
    gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined);
  return isMixed ? "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified" : undefined;
}

type Refusal = { readonly reason: CallRefusal; readonly detail: string };

/** The first rule that it breaks, in geth's order. */
function refusalOf(
  call: SimulatedCall,
  transaction: SignedTransaction,
  terms: Terms,
  scope: CallScope,
): Refusal | undefined {
  return (
    (scope.validation ? nonceRefusal(call, transaction, scope.state) : undefined) ??
    feeRefusal(terms, scope) ??
    blobRefusal(call, terms, scope) ??
    setCodeRefusal(call) ??
    gasRefusal(call, transaction, terms, scope)
  );
}

function nonceRefusal(
  { from }: SimulatedCall,
  { nonce }: SignedTransaction,
  state: JournaledState,
): Refusal | undefined {
  const own = state.nonce(from);
  const detail = `tx: ${nonce} state: ${own}`;
  if (own < nonce) return { reason: "nonce-too-high", detail };
  if (own > nonce) return { reason: "nonce-too-low", detail };
  return own === MAX_NONCE ? { reason: "nonce-max", detail: `nonce: ${own}` } : undefined;
}

function feeRefusal(
  { feeCap, tipCap, isFree, baseFee }: Terms,
  { validation }: CallScope,
): Refusal | undefined {
  if (!validation && isFree) return undefined;
  if (feeCap < tipCap) {
    return {
      reason: "tip-above-fee-cap",
      detail: `maxPriorityFeePerGas: ${tipCap}, maxFeePerGas: ${feeCap}`,
    };
  }
  if (feeCap >= baseFee) return undefined;
  return { reason: "fee-cap-below-base-fee", detail: `maxFeePerGas: ${feeCap}, baseFee: ${baseFee}` };
}

function blobRefusal(
  { blobHashes, to }: SimulatedCall,
  { blobFeeCap, blobPrice }: Terms,
  { validation }: CallScope,
): Refusal | undefined {
  if (blobHashes === undefined) return undefined;
  if (to === undefined) return { reason: "blob-creation", detail: "" };
  if (blobHashes.length === 0) return { reason: "blobs-missing", detail: "" };
  const bad = blobHashes.findIndex(([version]) => version !== VERSION_KZG);
  if (bad >= 0) return { reason: "blob-version-unknown", detail: `blob ${bad}` };
  if ((!validation && blobFeeCap === 0n) || blobFeeCap >= blobPrice) return undefined;
  return {
    reason: "blob-fee-cap-below-base-fee",
    detail: `blobGasFeeCap: ${blobFeeCap}, blobBaseFee: ${blobPrice}`,
  };
}

function setCodeRefusal({ authorizationList, to }: SimulatedCall): Refusal | undefined {
  return authorizationList.length > 0 && to === undefined
    ? { reason: "set-code-creation", detail: "" }
    : undefined;
}

function gasRefusal(
  call: SimulatedCall,
  { gasLimit }: SignedTransaction,
  terms: Terms,
  { state, gasPool, block }: CallScope,
): Refusal | undefined {
  const balance = state.balance(call.from);
  const price = terms.feeCap > 0n ? terms.feeCap : terms.gasPrice;
  const most = gasLimit * price + terms.blobGas * terms.blobFeeCap + call.value;
  if (balance < most) return { reason: "insufficient-funds", detail: `have ${balance} want ${most}` };
  if (gasLimit > gasPool) return { reason: "gas-pool-exhausted", detail: "" };
  if (gasLimit < terms.intrinsic) {
    return { reason: "intrinsic-gas-too-low", detail: `have ${gasLimit}, want ${terms.intrinsic}` };
  }
  if (gasLimit < terms.floor) {
    return { reason: "floor-data-gas-too-low", detail: `have ${gasLimit}, want ${terms.floor}` };
  }
  if (call.to === undefined && isInitcodeTooLarge(call.data, block.rules)) {
    return { reason: "initcode-too-large", detail: `code size ${call.data.length}` };
  }
  return undefined;
}

type Filled = { readonly gasLimit: bigint; readonly nonce: bigint; readonly chainId: bigint };

/** The unsigned transaction: the newest type that the call's fields ask for, legacy where it names a gas price. */
function transactionOf(call: SimulatedCall, { gasLimit, nonce, chainId }: Filled): SignedTransaction {
  const { to, value, data, accessList, gasPrice, blobHashes, authorizationList } = call;
  const common = { nonce, gasLimit, to, value, data, ...UNSIGNED };
  if (gasPrice !== undefined) return { type: LEGACY_TYPE, chainId: undefined, gasPrice, ...common };
  const fees = {
    maxFeePerGas: call.maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: call.maxPriorityFeePerGas ?? 0n,
  };
  const typed = { ...common, ...fees, chainId, accessList };
  if (to !== undefined && authorizationList.length > 0) {
    return { ...typed, type: SET_CODE_TYPE, to, authorizationList };
  }
  if (to === undefined || blobHashes === undefined) return { ...typed, type: FEE_MARKET_TYPE };
  const blobs = { maxFeePerBlobGas: call.maxFeePerBlobGas ?? 0n, blobVersionedHashes: blobHashes };
  return { ...typed, ...blobs, type: BLOB_TYPE, to };
}

/** Its bytes; those of a legacy one have zeros where a signature stands, its v too. */
function rawOf(transaction: SignedTransaction): Uint8Array {
  if (transaction.type !== LEGACY_TYPE) return encodeTransaction(transaction);
  const { nonce, gasPrice, gasLimit, to, value, data } = transaction;
  return encodeRlp([nonce, gasPrice, gasLimit, to ?? new Uint8Array(0), value, data, 0n, 0n, 0n]);
}
