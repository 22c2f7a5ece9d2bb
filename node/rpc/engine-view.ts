import type { Engine } from "../engine/engine.ts";
import type { ChainView } from "../store/chain-reader.ts";

/** What RPC needs of the engine: to read the chain and to hear of its changes. RPC moves no head. */
export type EngineView = Pick<Engine, "subscribe"> & { readonly chain: ChainView };

/** The same for op-node's own methods, which tell of L1 too. */
export type RollupView = Pick<Engine, "chain" | "syncStatus">;
