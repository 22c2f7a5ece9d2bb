import type { BlockContext } from "../block/context.ts";
import { hasEvm, type Rules } from "../block/rules.ts";
import type { Evm, Message, MessageResult } from "../evm/evm.ts";
import { isPrecompile } from "../evm/precompiles.ts";
import type { JournaledState } from "../state/journal.ts";

const MOVED: MessageResult = {
  kind: "returned",
  output: new Uint8Array(0),
  gasUsed: 0n,
  refund: 0n,
  logs: [],
  createdAddress: undefined,
  destroyed: [],
  exception: undefined,
  accessed: undefined,
};

/** Runs a message in the EVM, or without it when no code would run. The caller holds the value. */
export async function runMessage(
  evm: Evm,
  message: Message,
  block: BlockContext,
  state: JournaledState,
): Promise<MessageResult> {
  const runsCode =
    message.to === undefined || isPrecompile(message.to, block.rules) || state.hasCode(message.to);
  if (message.to === undefined || runsCode || evm.isWatched === true) return evm.run(message, block, state);
  // Value to an account without code: the EVM would do this and nothing more.
  state.subtractBalance(message.caller, message.value);
  state.addBalance(message.to, message.value);
  return MOVED;
}

/** At most this part of the gas used is given back: Yellow Paper 6.2; EIP-3529 from London. */
const REFUND_QUOTIENT_OF_FRONTIER = 2n;
const REFUND_QUOTIENT = 5n;

/** The gas a transaction pays for: what it used, less the capped refund, but at least the floor of its data (EIP-7623). */
export function gasToPay(used: bigint, refundCounter: bigint, floor: bigint, rules: Rules): bigint {
  const cap = used / (hasEvm(rules, "london") ? REFUND_QUOTIENT : REFUND_QUOTIENT_OF_FRONTIER);
  const afterRefund = used - (refundCounter < cap ? refundCounter : cap);
  return afterRefund < floor ? floor : afterRefund;
}
