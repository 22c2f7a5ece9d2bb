import { type Address, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { createEthereumjsEvm } from "../../evm/ethereumjs/evm.ts";
import type { AccountOverride, BlockOverrides } from "../../simulate/request.ts";
import { accountOf, CHAIN_ID, somewhere, TestChain } from "../../testing/chain.ts";
import { jovianConfig } from "../../testing/config.ts";
import { type CallTrace, traceCall } from "../trace-call.ts";
import type { TracerOptions } from "../tracer.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const chain = new TestChain({ config, evm });

/** Who calls, and the contract whose code is traced; others stand at `somewhere(n)`. */
export const CALLER = accountOf(0);
export const TARGET = somewhere(100);
/** Gas of a call that says nothing else; 21,000 of it are the transaction's. */
export const GAS = 200_000n;

export type Pretended = {
  readonly code?: string;
  readonly balance?: bigint;
  readonly nonce?: bigint;
  readonly slots?: Readonly<Record<Hex, bigint>>;
};

export type CodeCall = {
  readonly data?: Uint8Array;
  readonly value?: bigint;
  readonly gasLimit?: bigint;
  readonly gasPrice?: bigint;
  /** Creates a contract from `data`. */
  readonly isCreation?: boolean;
  readonly others?: readonly (readonly [Address, Pretended])[];
  readonly maxCharacters?: number;
  readonly blockOverrides?: BlockOverrides;
};

function overrideOf({ code, balance, nonce, slots }: Pretended): AccountOverride {
  const storage = slots === undefined ? undefined : { isWhole: false, slots: new Map(entriesOf(slots)) };
  return { code: code === undefined ? undefined : fromHex(code), balance, nonce, storage };
}

function entriesOf(slots: Readonly<Record<Hex, bigint>>): [Hex, bigint][] {
  return Object.entries(slots).map(([slot, value]) => [`0x${slot.slice(2).padStart(64, "0")}`, value]);
}

/** Calls a contract with this code, and traces what it does. */
export function traceCode(target: Pretended, tracer: TracerOptions, call: CodeCall = {}): Promise<CallTrace> {
  const accounts: readonly (readonly [Address, Pretended])[] = [[TARGET, target], ...(call.others ?? [])];
  return traceCall({
    config,
    evm,
    tracer,
    header: chain.head,
    state: chain.state(),
    readNode: chain.readNode,
    request: {
      from: CALLER,
      to: call.isCreation === true ? undefined : TARGET,
      data: call.data,
      value: call.value,
      gasLimit: call.gasLimit ?? GAS,
      gasPrice: call.gasPrice,
    },
    stateOverrides: new Map(accounts.map(([address, one]) => [toHex(address), overrideOf(one)])),
    blockOverrides: call.blockOverrides ?? {},
    maxCharacters: call.maxCharacters ?? 1_000_000,
  });
}

/** The trace's JSON, read. */
export async function jsonOf(trace: Promise<CallTrace>): Promise<unknown> {
  const made = await trace;
  return made.kind === "traced" ? JSON.parse(made.json) : made;
}

/** PUSH20 of an address, as hex without 0x. */
export function push(address: Address): string {
  return `73${toHex(address).slice(2)}`;
}
