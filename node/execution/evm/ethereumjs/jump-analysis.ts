import type { Common } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { RollupError } from "@phala-l2/protocol/errors";

/**
 * ethereumjs looks through a contract's whole code for jump destinations each time that it is called: up to 1.4 ms
 * for a call of 100 gas, so that a transaction of 20 million gas kept a node busy for minutes. The result depends on
 * the code and the rules alone. It is kept by the code's array, of which a block has one for each code.
 */
const METHOD = "_getValidJumpDestinations";
/** An opcode that no fork has. */
const PROBE = 0x0c;
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
    if (typeof original !== "function") throw unknownEvm();
    const analyse: Analyse = function (code) {
      return Reflect.apply(original, this, [code]);
    };
    Reflect.set(prototype, METHOD, remembered(analyse));
  });
  return remembering;
}

/** The class of interpreters is not exported: an instruction of our own meets one. */
async function interpreterPrototype(common: Common): Promise<object> {
  let found: unknown;
  const evm = await createEVM({
    common,
    customOpcodes: [
      {
        opcode: PROBE,
        opcodeName: "PROBE",
        baseFee: 0,
        logicFunction: ({ interpreter }) => {
          found = Object.getPrototypeOf(interpreter);
        },
      },
    ],
  });
  await evm.runCode?.({ code: Uint8Array.of(PROBE), gasLimit: 10n });
  if (typeof found !== "object" || found === null) throw unknownEvm();
  return found;
}

/** By the rules of the interpreter and by the code's array, the oldest forgotten first. */
function remembered(analyse: Analyse): Analyse {
  const byRules = new WeakMap<object, Map<Uint8Array, unknown>>();
  return function (code) {
    if (code.length > MAX_CODE_LENGTH) return Reflect.apply(analyse, this, [code]);
    const rules: unknown = Reflect.get(this, "common");
    if (typeof rules !== "object" || rules === null) throw unknownEvm();
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

function unknownEvm(): RollupError {
  return new RollupError(
    "EVM_UNKNOWN",
    "@ethereumjs/evm finds jump destinations in another way than expected",
  );
}
