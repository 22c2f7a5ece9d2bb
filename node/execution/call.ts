import { type Address, EMPTY_BYTES, type Hash, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { BLOOM_LENGTH, type Header } from "@phala-l2/protocol/wire/header";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { AccessList, Authorization } from "@phala-l2/protocol/wire/transaction-lists";
import { type AncestorHash, ancestorHashes } from "./block/ancestors.ts";
import type { BlockContext } from "./block/context.ts";
import type { Rules } from "./block/rules.ts";
import { blobBaseFeeOf, type ChainConfig, chainIdOf, nextHeader, rulesOf } from "./chain-config.ts";
import type { Evm, MessageResult, RunOptions } from "./evm/evm.ts";
import { type MovedPrecompiles, overriddenHeader } from "./simulate/overrides.ts";
import type { BlockOverrides } from "./simulate/request.ts";
import { emptyAccounts, JournaledState } from "./state/journal.ts";
import type { StateReader } from "./state/reader.ts";
import { applyAuthorizations } from "./transaction/authorizations.ts";
import { floorDataGas, intrinsicGas, isInitcodeTooLarge } from "./transaction/intrinsic-gas.ts";
import { gasToPay } from "./transaction/message.ts";

/** An unsigned transaction to try out. What is absent has geth's default. */
export type CallRequest = {
  readonly from?: Address | undefined;
  /** Undefined creates a contract. */
  readonly to?: Address | undefined;
  /** Wei. */
  readonly value?: bigint | undefined;
  readonly data?: Uint8Array | undefined;
  /** The block's gas limit when absent; the caller caps it. */
  readonly gasLimit?: bigint | undefined;
  /** Wei per gas; zero makes the call free, and BASEFEE zero. */
  readonly gasPrice?: bigint | undefined;
  readonly accessList?: AccessList | undefined;
  readonly authorizationList?: readonly Authorization[] | undefined;
  /** What BLOBHASH shows; their gas is not charged. */
  readonly blobHashes?: readonly Hash[] | undefined;
};

export type SimulationInput = {
  readonly config: ChainConfig;
  /** The block to run in: its own header, or a `pendingHeader`. */
  readonly header: Header;
  /** The state after that block, or after a pending header's parent. */
  readonly state: StateReader;
  readonly evm: Evm;
  readonly request: CallRequest;
  readonly ancestorHash?: AncestorHash;
  /** What the call sees of the block instead of its header; beacon root and withdrawals are not looked at. */
  readonly blockOverrides?: BlockOverrides | undefined;
  readonly movedPrecompiles?: MovedPrecompiles | undefined;
  /** Report the accounts and slots that the code accessed. */
  readonly reportAccessList?: boolean;
};

export type SimulationRejection =
  | "insufficient-funds"
  | "fee-cap-below-base-fee"
  | "intrinsic-gas-too-low"
  | "floor-data-gas-too-low"
  | "initcode-too-large";

/** Gas is that of a whole transaction: intrinsic gas, refund and floor included. */
type SimulatedGas = {
  readonly gasUsed: bigint;
  /** Before the refund: what the gas limit must at least allow. */
  readonly gasBeforeRefund: bigint;
  readonly accessList: AccessList | undefined;
};

export type Simulation =
  | ({ readonly kind: "returned"; readonly output: Uint8Array; readonly logs: readonly Log[] } & SimulatedGas)
  /** `output` is the revert data. */
  | ({ readonly kind: "reverted"; readonly output: Uint8Array } & SimulatedGas)
  /** The code halted by an exception; `exception` is its name, such as "out of gas". */
  | ({ readonly kind: "failed"; readonly reason: "halted"; readonly exception: string } & SimulatedGas)
  | { readonly kind: "failed"; readonly reason: SimulationRejection };

/**
 * Runs a call that is never included, for eth_call, eth_estimateGas and eth_createAccessList. As in geth, nonce,
 * signature, L1 fee and operator fee are not looked at; the value, and the gas where it has a price, must be
 * covered. The state's reader is not changed.
 */
export async function simulate(input: SimulationInput): Promise<Simulation> {
  const header = overriddenHeader(input.header, input.blockOverrides ?? {});
  const state = new JournaledState(input.state, emptyAccounts(rulesOf(input.config, header)));
  return simulateIn(input, state);
}

/** A call without the state that it runs on. */
export type CallInput = Omit<SimulationInput, "state">;

/** The same on a given state, which has afterwards what the call did: its gas is bought, and not settled. */
export async function simulateIn(
  input: CallInput,
  state: JournaledState,
  hooks?: RunOptions["hooks"],
): Promise<Simulation> {
  const header = overriddenHeader(input.header, input.blockOverrides ?? {});
  const block = callContext(input, header, state);
  const call = withDefaults(input.request, header);

  // 1. It could be bought.
  const { intrinsic, floor } = gasOf(call, block);
  const rejection = rejectionOf(call, { intrinsic, floor }, block.rules, header, state);
  if (rejection !== undefined) return { kind: "failed", reason: rejection };

  // 2. Gas is bought, the nonce grows, delegations are set.
  state.subtractBalance(call.from, call.gasLimit * call.gasPrice);
  state.incrementNonce(call.from);
  const delegations = applyAuthorizations(state, call.authorizationList, block.chainId);

  // 3. It runs.
  const result = await input.evm.run(
    {
      caller: call.from,
      to: call.to,
      value: call.value,
      data: call.data,
      gasLimit: call.gasLimit - intrinsic,
      gasPrice: call.gasPrice,
      accessList: call.accessList,
      warmAddresses: delegations.warm,
      blobHashes: call.blobHashes,
    },
    block,
    state,
    {
      reportAccessList: input.reportAccessList === true,
      ...(input.movedPrecompiles !== undefined && { movedPrecompiles: input.movedPrecompiles }),
      hooks,
    },
  );
  const gasBeforeRefund = intrinsic + result.gasUsed;
  return simulationOf(result, {
    gasBeforeRefund: gasBeforeRefund < floor ? floor : gasBeforeRefund,
    gasUsed: gasToPay(gasBeforeRefund, delegations.refund + result.refund, floor, block.rules),
    accessList: result.accessed,
  });
}

function simulationOf(result: MessageResult, gas: SimulatedGas): Simulation {
  switch (result.kind) {
    case "returned":
      return { kind: "returned", output: result.output, logs: result.logs, ...gas };
    case "reverted":
      return { kind: "reverted", output: result.output, ...gas };
    case "halted":
      return { kind: "failed", reason: "halted", exception: result.exception ?? "unknown", ...gas };
  }
}

type Call = { [Key in Exclude<keyof CallRequest, "to">]-?: Exclude<CallRequest[Key], undefined> } & {
  readonly to: Address | undefined;
};

/** A call with geth's defaults for what it leaves out. */
export function withDefaults(request: CallRequest, header: Header): Call {
  return {
    from: request.from ?? ZERO_ADDRESS,
    to: request.to,
    value: request.value ?? 0n,
    data: request.data ?? EMPTY_BYTES,
    gasLimit: request.gasLimit ?? header.gasLimit,
    gasPrice: request.gasPrice ?? 0n,
    accessList: request.accessList ?? [],
    authorizationList: request.authorizationList ?? [],
    blobHashes: request.blobHashes ?? [],
  };
}

/** What a call's code sees of its block, which has the overridden `header`. */
export function callContext(
  { config, header: real, request, ancestorHash, blockOverrides }: CallInput,
  header: Header,
  state: JournaledState,
): BlockContext {
  const rules = rulesOf(config, header);
  const hashOf = ancestorHashes({
    parent: { number: real.number - 1n, hash: real.parentHash },
    rules,
    state,
    ancestorHash,
  });
  const isFree = (request.gasPrice ?? 0n) === 0n;
  return {
    chainId: chainIdOf(config),
    rules,
    number: header.number,
    timestamp: header.timestamp,
    beneficiary: header.beneficiary,
    difficulty: header.difficulty,
    prevRandao: header.prevRandao,
    gasLimit: header.gasLimit,
    baseFee: isFree ? 0n : (header.baseFeePerGas ?? 0n),
    blobBaseFee: blockOverrides?.blobBaseFee ?? blobBaseFeeOf(config, header),
    // With a number of its own the block may follow blocks that do not exist: geth has no hash for them.
    blockHash: (number) => (number < real.number ? hashOf(number) : ZERO_HASH),
  };
}

function gasOf(call: Call, { rules }: BlockContext): { intrinsic: bigint; floor: bigint } {
  return {
    intrinsic: intrinsicGas(
      {
        data: call.data,
        isCreation: call.to === undefined,
        accessList: call.accessList,
        authorizations: call.authorizationList.length,
      },
      rules,
    ),
    floor: floorDataGas(call.data, rules),
  };
}

function rejectionOf(
  call: Call,
  { intrinsic, floor }: { readonly intrinsic: bigint; readonly floor: bigint },
  rules: Rules,
  header: Header,
  state: JournaledState,
): SimulationRejection | undefined {
  if (call.gasPrice > 0n && call.gasPrice < (header.baseFeePerGas ?? 0n)) return "fee-cap-below-base-fee";
  if (state.balance(call.from) < call.value + call.gasLimit * call.gasPrice) return "insufficient-funds";
  if (call.gasLimit < intrinsic) return "intrinsic-gas-too-low";
  if (call.gasLimit < floor) return "floor-data-gas-too-low";
  if (call.to === undefined && isInitcodeTooLarge(call.data, rules)) return "initcode-too-large";
  return undefined;
}

/**
 * A header for the block after `parent` that does not exist yet: what a call "at pending" sees. Its roots are
 * zero; it is never hashed into anything.
 */
export function pendingHeader(config: ChainConfig, parent: Header): Header {
  return {
    ...parent,
    ...nextHeader(config, parent),
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: new Uint8Array(BLOOM_LENGTH),
    gasUsed: 0n,
    ...(parent.blobGasUsed !== undefined && { blobGasUsed: 0n }),
  };
}
