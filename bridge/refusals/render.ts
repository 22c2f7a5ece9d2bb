import { hashFromHex } from "@phala-l2/protocol/bytes";
import { encodeSs58, PHALA_SS58_PREFIX } from "@phala-l2/protocol/substrate/ss58";
import { phaOfPlanck } from "@phala-l2/sunset/message";
import { isHex } from "viem";
import { PROPOSAL_STATES } from "../actions/governance/proposal-states.ts";
import { votesText, weiText, whenText } from "../wording.ts";

/** In the order of TimelockController.OperationState. */
const OPERATION_STATES = ["unset", "waiting", "ready", "done"] as const;

/** Leaves of a claims tree by their numbers. */
const LEAVES = ["balance", "proxy", "registered receiver"] as const;

type Form = {
  /** Solidity's types that it is for. */
  readonly fits: RegExp;
  readonly text: (value: unknown, now: bigint) => string;
};

const UINT = /^uint\d*$/;

/** A whole number of the ABI's: viem gives small ones as `number`. */
function integer(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  return typeof value === "number" ? BigInt(value) : 0n;
}

const named = (names: readonly string[]) => (value: unknown) =>
  names[Number(integer(value))] ?? String(value);

/** States of a bitmap, bit by bit: `active or queued`. */
const namesIn = (names: readonly string[]) => (value: unknown) => {
  const bits = isHex(value) ? BigInt(value) : 0n;
  const found = names.filter((_, bit) => (bits >> BigInt(bit)) % 2n === 1n);
  return found.length === 0 ? "new" : found.join(" or ");
};

/** How an input can be told; without a form it is told as it is. */
export const FORMS: Readonly<Record<string, Form>> = {
  time: { fits: UINT, text: (value, now) => whenText(integer(value), now) },
  wei: { fits: UINT, text: (value) => weiText(integer(value)) },
  planck: { fits: UINT, text: (value) => phaOfPlanck(integer(value)) },
  votes: { fits: UINT, text: (value) => votesText(integer(value)) },
  leaf: { fits: /^uint8$/, text: named(LEAVES) },
  proposalState: { fits: /^uint8$/, text: named(PROPOSAL_STATES) },
  proposalStates: { fits: /^bytes32$/, text: namesIn(PROPOSAL_STATES) },
  operationStates: { fits: /^bytes32$/, text: namesIn(OPERATION_STATES) },
  account: {
    fits: /^bytes32$/,
    text: (value) => (isHex(value) ? encodeSs58(hashFromHex(value), PHALA_SS58_PREFIX) : String(value)),
  },
};

/** What stands for an input in a sentence: its name, and the form that it is told in. */
export const PLACEHOLDER = /\{(\w+)(?::(\w+))?\}/g;

/** A sentence with an error's inputs in it. @param now Unix seconds, that times are told from */
export function filled(sentence: string, inputs: Readonly<Record<string, unknown>>, now: bigint): string {
  return sentence.replaceAll(PLACEHOLDER, (_, name: string, form?: string) => {
    const value = inputs[name];
    return form === undefined ? String(value) : (FORMS[form]?.text(value, now) ?? String(value));
  });
}
