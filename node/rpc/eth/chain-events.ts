import type { Hash } from "@phala-l2/protocol/bytes";
import type { EngineEvent } from "../../engine/engine.ts";
import type { EngineView } from "../engine-view.ts";
import { canonicalBetween } from "./logs.ts";

/** What changed in the canonical chain: blocks that left it, newest first, then those that joined, oldest first. */
export type ChainChange = { readonly dropped: readonly Hash[]; readonly added: readonly Hash[] };

function changeOf(engine: EngineView, event: EngineEvent): ChainChange | undefined {
  if (event.kind === "unsafe") return { dropped: [], added: [event.ref.hash] };
  if (event.kind !== "reorg") return undefined;
  return { dropped: event.dropped, added: canonicalBetween(engine.chain, event.commonAncestor, event.ref) };
}

/** Calls back with each change of the canonical chain; the returned function ends it. */
export function onChainChange(engine: EngineView, listener: (change: ChainChange) => void): () => void {
  return engine.subscribe((event) => {
    const change = changeOf(engine, event);
    if (change !== undefined) listener(change);
  });
}
