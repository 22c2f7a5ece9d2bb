import { toHex } from "@phala-l2/protocol/bytes";
import type { FrameKind, Hooks } from "../evm/hooks.ts";
import { isPrecompile } from "../evm/precompiles.ts";
import type { TraceBudget } from "./budget.ts";
import type { TracedTransaction, Tracer } from "./tracer.ts";

const CALLS: ReadonlySet<FrameKind> = new Set<FrameKind>(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);
const SELECTOR = 4;
const ENTRY_CHARACTERS = 40;

/** How often each selector was called with how many bytes of arguments: geth's 4byteTracer. */
export class FourByteTracer implements Tracer {
  readonly hooks: Hooks;
  readonly #counts = new Map<string, number>();

  constructor({ block }: TracedTransaction, budget: TraceBudget) {
    this.hooks = {
      onEnter: ({ kind, to, input }) => {
        if (input.length < SELECTOR || !CALLS.has(kind) || isPrecompile(to, block.rules)) return;
        const key = `${toHex(input.subarray(0, SELECTOR))}-${input.length - SELECTOR}`;
        if (!this.#counts.has(key)) budget.spend(ENTRY_CHARACTERS);
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      },
    };
  }

  end(): void {}

  json(): string {
    return JSON.stringify(Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))));
  }
}
