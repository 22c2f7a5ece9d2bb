import type { RpcMethods } from "../method.ts";
import type { PoolView } from "../pool-view.ts";
import { rawMethods } from "./raw.ts";
import { type TraceParts, traceMethods } from "./trace.ts";

export type DebugParts = TraceParts & { readonly pool: PoolView | undefined };

/** What a chain is made of, as bytes, and what its transactions did, step by step. */
export function debugMethods(parts: DebugParts): RpcMethods {
  return { ...rawMethods(parts.chain, parts.pool), ...traceMethods(parts) };
}
