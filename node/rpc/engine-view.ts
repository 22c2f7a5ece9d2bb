import type { Engine } from "../engine/engine.ts";

/** What RPC needs of the engine: to read the chain and to hear of its changes. RPC moves no head. */
export type EngineView = Pick<Engine, "chain" | "subscribe" | "syncStatus">;
