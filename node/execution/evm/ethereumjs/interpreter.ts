import type { Common } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { RollupError } from "@phala-l2/protocol/errors";

/** An opcode that no fork has. */
const PROBE = 0x0c;

/**
 * What the interpreters of ethereumjs have in common, one interpreter a frame. The class is not exported: an
 * instruction of our own meets one. @throws RollupError EVM_UNKNOWN
 */
export async function interpreterPrototype(common: Common): Promise<object> {
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
  if (typeof found !== "object" || found === null) throw unknownEvm("its interpreters are not objects");
  return found;
}

/** The library is not as this room knows it. */
export function unknownEvm(what: string): RollupError {
  return new RollupError("EVM_UNKNOWN", `@ethereumjs/evm is another than expected: ${what}`);
}
