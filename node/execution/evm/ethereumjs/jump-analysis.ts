import type { Common } from "@ethereumjs/common";
import { interpreterPrototype, unknownEvm } from "./interpreter.ts";

/**
 * ethereumjs looks through a contract's whole code for jump destinations each time that it is called: up to 1.4 ms
 * for a call of 100 gas, so that a transaction of 20 million gas kept a node busy for minutes. The result depends on
 * the code and the rules alone. It is kept by the code's array, of which a block has one for each code.
 */
const METHOD = "_getValidJumpDestinations";
/** Analyses kept; the largest take some 0.7 MB. To push one out by others as large takes 300 million gas of code. */
const MAX_KEPT = 64;
/** EIP-170: longer code is creation code, which runs once. */
const MAX_CODE_LENGTH = 24_576;

type Analyse = (this: object, code: Uint8Array) => unknown;

let remembering: Promise<void> | undefined;

/** Makes the library remember; the first call does it for the process. @throws RollupError EVM_UNKNOWN */
export function rememberJumpAnalysis(common: Common): Promise<void> {
  remembering ??= interpreterPrototype(common).then((prototype) => {
    const original: unknown = Reflect.get(prototype, METHOD);
    if (typeof original !== "function") throw unknownEvm("it finds jump destinations in another way");
    const analyse: Analyse = function (code) {
      return Reflect.apply(original, this, [code]);
    };
    Reflect.set(prototype, METHOD, remembered(analyse));
  });
  return remembering;
}

/** By the rules of the interpreter and by the code's array, the oldest forgotten first. */
function remembered(analyse: Analyse): Analyse {
  const byRules = new WeakMap<object, Map<Uint8Array, unknown>>();
  return function (code) {
    if (code.length > MAX_CODE_LENGTH) return Reflect.apply(analyse, this, [code]);
    const rules: unknown = Reflect.get(this, "common");
    if (typeof rules !== "object" || rules === null)
      throw unknownEvm("it finds jump destinations in another way");
    const kept = byRules.get(rules) ?? new Map<Uint8Array, unknown>();
    byRules.set(rules, kept);
    const known = kept.get(code);
    if (known !== undefined) return known;
    const analysis = Reflect.apply(analyse, this, [code]);
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(code, analysis);
    return analysis;
  };
}
