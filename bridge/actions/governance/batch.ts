import { l1ExecutorAbi } from "@phala-l2/contracts/abi/l1-executor";
import { l2CrossDomainMessengerAbi } from "@phala-l2/contracts/abi/l2-cross-domain-messenger";
import { toHex } from "@phala-l2/protocol/bytes";
import { L2_CROSS_DOMAIN_MESSENGER } from "@phala-l2/protocol/predeploys";
import {
  type Address,
  BaseError,
  decodeFunctionData,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  isAddressEqual,
  keccak256,
  size,
  zeroHash,
} from "viem";

/** One call that a decision makes, on L2 by its timelock or on L1 by its own. `value` in wei. */
export type Call = { readonly target: Address; readonly value: bigint; readonly data: Hex };

/** Calls of L1's timelock, as L1Executor schedules them. */
export type L1Batch = {
  readonly calls: readonly Call[];
  readonly predecessor: Hex;
  readonly salt: Hex;
  /** Unix seconds until which the message may reach L1; no part of the batch's number. */
  readonly validUntil: bigint;
};

/**
 * Seconds for which a decision stays good from its proposal on: its vote with all delays and the way to L1, and as much
 * again for whoever brings it. L1Executor hears 90 days at most.
 */
export const DECISION_VALIDITY = 60n * 86_400n;

/** Gas of L1Executor.schedule: its own, and what each call and each byte adds (events, copies, hashing). */
const SCHEDULE_GAS = 280_000;
const GAS_PER_CALL = 20_000;
const GAS_PER_BYTE = 40;

const columns = (calls: readonly Call[]) =>
  [
    calls.map(({ target }) => target),
    calls.map(({ value }) => value),
    calls.map(({ data }) => data),
  ] as const;

/** Same rule as TimelockController.hashOperationBatch. */
export function batchId({ calls, predecessor, salt }: Omit<L1Batch, "validUntil">): Hex {
  const types = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"].map((type) => ({ type }));
  return keccak256(encodeAbiParameters(types, [...columns(calls), predecessor, salt]));
}

/**
 * The call on L2 that sends a batch to L1. It carries no ether: what the batch spends is brought by whoever executes it,
 * or is the timelock's already.
 */
export function callForL1(l1Executor: Address, batch: L1Batch): Call {
  const { calls, predecessor, salt, validUntil } = batch;
  const message = encodeFunctionData({
    abi: l1ExecutorAbi,
    functionName: "schedule",
    args: [...columns(calls), predecessor, salt, validUntil],
  });
  const gas = SCHEDULE_GAS + GAS_PER_CALL * calls.length + GAS_PER_BYTE * size(message);
  return {
    target: toHex(L2_CROSS_DOMAIN_MESSENGER),
    value: 0n,
    data: encodeFunctionData({
      abi: l2CrossDomainMessengerAbi,
      functionName: "sendMessage",
      args: [l1Executor, message, gas],
    }),
  };
}

/** The batch that a call on L2 sends to this executor; undefined of any other call. */
export function batchOf(l1Executor: Address, { target, data }: Call): L1Batch | undefined {
  if (!isAddressEqual(target, toHex(L2_CROSS_DOMAIN_MESSENGER))) return undefined;
  try {
    const sent = decodeFunctionData({ abi: l2CrossDomainMessengerAbi, data });
    if (sent.functionName !== "sendMessage" || !isAddressEqual(sent.args[0], l1Executor)) return undefined;
    const scheduled = decodeFunctionData({ abi: l1ExecutorAbi, data: sent.args[1] });
    if (scheduled.functionName !== "schedule") return undefined;
    const [targets, values, payloads, predecessor, salt, validUntil] = scheduled.args;
    const calls = targets.map((to, index) => ({
      target: to,
      value: values[index] ?? 0n,
      data: payloads[index] ?? "0x",
    }));
    return { calls, predecessor, salt, validUntil };
  } catch (error) {
    // Somebody may propose bytes that are no call.
    if (error instanceof BaseError) return undefined;
    throw error;
  }
}

/**
 * A batch that waits for no other; its salt is the description's hash, so that the same can be decided again.
 * @param now Unix seconds on L1.
 */
export function batchFor(calls: readonly Call[], description: Hex, now: bigint): L1Batch {
  return { calls, predecessor: zeroHash, salt: description, validUntil: now + DECISION_VALIDITY };
}
