import { asHash, bigintToBytes, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { Hooks, Step } from "../evm/hooks.ts";
import { OP, opcodeName } from "../evm/opcodes.ts";
import type { JournaledState } from "../state/journal.ts";
import type { TraceBudget } from "./budget.ts";
import type { TracedOutcome, TracedTransaction, Tracer, TracerOptions } from "./tracer.ts";

type Options = Extract<TracerOptions, { kind: "structLogger" }>;

const WORD = 32;
/** Fields that each step has, roughly; counted before the text is made, as what is long is. */
const STEP_CHARACTERS = 80;

/** One line an instruction: geth's default (eth/tracers/logger). */
export class StructLogger implements Tracer {
  readonly hooks: Hooks;
  readonly #options: Options;
  readonly #state: JournaledState;
  readonly #budget: TraceBudget;
  readonly #steps: string[] = [];
  /** Slots that were read or written so far, by contract. */
  readonly #storage = new Map<Hex, Map<Hex, Hex>>();
  /** The newest step: its text before and after the place where an error stands. */
  #open: { readonly head: string; readonly tail: string; error: string } | undefined;
  #size = 0;
  #output: Hex = "0x";
  #outcome: TracedOutcome = { gasUsed: 0n, hasFailed: true };

  constructor(options: Options, { state }: TracedTransaction, budget: TraceBudget) {
    this.#options = options;
    this.#state = state;
    this.#budget = budget;
    this.hooks = {
      onStep: (step) => this.#step(step),
      onStepFailed: (error) => {
        if (this.#open !== undefined) this.#open.error = `,"error":${JSON.stringify(error)}`;
      },
      onExit: ({ depth, output, error }) => {
        if (depth === 0) this.#output = this.#outputOf(output, error);
      },
    };
  }

  end(outcome: TracedOutcome): void {
    this.#outcome = outcome;
    this.#close();
  }

  json(): string {
    const { gasUsed, hasFailed } = this.#outcome;
    const steps = this.#steps.join(",");
    return `{"gas":${gasUsed},"failed":${hasFailed},"returnValue":"${this.#output}","structLogs":[${steps}]}`;
  }

  #outputOf(output: Uint8Array, error: string | undefined): Hex {
    if (error !== undefined && error !== "execution reverted") return "0x";
    this.#budget.spend(2 * output.length);
    return toHex(output);
  }

  /** Finishes the newest step, whose error is known by now. */
  #close(): void {
    if (this.#open === undefined) return;
    const text = `${this.#open.head}${this.#open.error}${this.#open.tail}`;
    this.#open = undefined;
    this.#size += text.length;
    this.#budget.spend(text.length);
    this.#steps.push(text);
  }

  #step(step: Step): void {
    this.#close();
    const { limit, disableStack, enableMemory, enableReturnData, disableStorage } = this.#options;
    if (limit !== 0 && this.#size > limit) return;
    let tail = "";
    if (!disableStack) tail += `,"stack":[${step.stack.map((item) => `"0x${item.toString(16)}"`).join(",")}]`;
    if (enableReturnData && step.returnData.length > 0) {
      this.#mayAdd(2 * step.returnData.length);
      tail += `,"returnData":"${toHex(step.returnData)}"`;
    }
    if (enableMemory) tail += this.#memory(step);
    if (!disableStorage) tail += this.#storageAfter(step);
    if (step.refund > 0n) tail += `,"refund":${step.refund}`;
    const { pc, op, gas, cost, depth } = step;
    const head = `{"pc":${pc},"op":"${opcodeName(op)}","gas":${gas},"gasCost":${cost},"depth":${depth}`;
    this.#open = { head, tail: `${tail}}`, error: "" };
  }

  /** Refuses what would be too long before it is made. */
  #mayAdd(characters: number): void {
    if (characters > STEP_CHARACTERS) this.#budget.check(characters);
  }

  #memory(step: Step): string {
    const memory = step.memory();
    if (memory.length === 0) return "";
    this.#mayAdd(2 * memory.length);
    const words: string[] = [];
    for (let at = 0; at < memory.length; at += WORD) words.push(`"${toHex(memory.subarray(at, at + WORD))}"`);
    return `,"memory":[${words.join(",")}]`;
  }

  /** The contract's slots as far as they were seen, at an instruction that sees one. */
  #storageAfter({ op, stack, address }: Step): string {
    const slot = stack.at(-1);
    const written = stack.at(-2);
    if (slot === undefined || (op !== OP.SLOAD && op !== OP.SSTORE)) return "";
    const key = toHex(address);
    const seen = this.#storage.get(key) ?? new Map<Hex, Hex>();
    this.#storage.set(key, seen);
    const place = asHash(bigintToBytes(slot, WORD));
    if (op === OP.SSTORE && written === undefined) return "";
    const value = op === OP.SSTORE ? (written ?? 0n) : this.#state.storage(address, place);
    seen.set(toHex(place), toHex(bigintToBytes(value, WORD)));
    this.#mayAdd(140 * seen.size);
    const slots = [...seen].sort(byKey).map(([name, content]) => `"${name}":"${content}"`);
    return `,"storage":{${slots.join(",")}}`;
  }
}

function byKey([a]: readonly [Hex, Hex], [b]: readonly [Hex, Hex]): number {
  return a < b ? -1 : 1;
}
