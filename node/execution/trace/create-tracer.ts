import type { TraceBudget } from "./budget.ts";
import { CallTracer } from "./call-tracer.ts";
import { FourByteTracer } from "./four-byte-tracer.ts";
import { PrestateTracer } from "./prestate-tracer.ts";
import { StructLogger } from "./struct-logger.ts";
import type { TracedTransaction, Tracer, TracerOptions } from "./tracer.ts";

/** A tracer for a transaction that has not begun. */
export function createTracer(
  options: TracerOptions,
  transaction: TracedTransaction,
  budget: TraceBudget,
): Tracer {
  switch (options.kind) {
    case "structLogger":
      return new StructLogger(options, transaction, budget);
    case "callTracer":
      return new CallTracer(options, transaction, budget);
    case "prestateTracer":
      return new PrestateTracer(options, transaction, budget);
    case "4byteTracer":
      return new FourByteTracer(transaction, budget);
    case "noopTracer":
      return { hooks: {}, end: () => {}, json: () => "{}" };
  }
}
