import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@phala-l2/node/clock";
import { runDriver } from "@phala-l2/node/engine/driver";
import type { EngineEvent } from "@phala-l2/node/engine/engine";
import { createEngineClient } from "@phala-l2/node/engine-api/engine-client";
import { createRemoteApi } from "@phala-l2/node/engine-api/remote-api";
import { RemoteEngine } from "@phala-l2/node/engine-api/remote-engine";
import type { Fetch } from "@phala-l2/node/l1/http";
import { readAhead } from "@phala-l2/node/l1/read-ahead";
import { type L1Watch, startL1Watch } from "@phala-l2/node/l1/watch";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import type { World } from "../node/world.ts";
import type { Driven } from "./driven.ts";

/** Derivation that has its blocks executed elsewhere. */
export type Remote = {
  readonly engine: RemoteEngine;
  readonly watch: L1Watch;
  readonly events: EngineEvent[];
  readonly logged: string[];
  /** Methods in the order in which they were called. */
  readonly calls: string[];
  /** Lets it look at L1, and waits until it has derived all that is there, or has halted. */
  settle(): Promise<void>;
  stop(): Promise<void>;
};

/** Waits between tries are a turn of the event loop; the watch never looks by itself. */
const impatient: Clock = { now: () => Date.now(), sleep: () => nextTurn() };
const patient: Clock = {
  now: () => Date.now(),
  sleep: (_ms, signal) =>
    new Promise((resolve) =>
      signal?.aborted ? resolve() : signal?.addEventListener("abort", () => resolve()),
    ),
};
const TIMEOUT_MS = 20_000;
/** Milliseconds, and more: the engine answers over HTTP, so that turns of the event loop tell nothing. */
const MAX_WAITS = 60_000;

/** @param fetch stands for the network between the two */
export async function startRemote(
  world: World,
  { engineApi, secret }: Pick<Driven, "secret"> & { readonly engineApi: { readonly url: string } },
  fetch: Fetch = globalThis.fetch,
): Promise<Remote> {
  const { config, l1 } = world;
  const controller = new AbortController();
  const { signal } = controller;
  const logged: string[] = [];
  const note = (facts: object, message: string) => {
    logged.push("code" in facts ? `${message} ${facts.code}` : message);
  };
  const log: Log = { ...silentLog, warn: note, error: note };
  const watch = await startL1Watch({ pollIntervalMs: 1 }, { source: l1, clock: patient, log, signal });
  const calls: string[] = [];
  const client = createEngineClient(
    { url: engineApi.url, secret, timeoutMs: TIMEOUT_MS },
    {
      fetch: (url, init) => {
        calls.push(String(JSON.parse(init.body ?? "{}").method));
        return fetch(url, init);
      },
      clock: impatient,
      signal,
    },
  );
  const api = createRemoteApi(config, client);
  const engine = await RemoteEngine.connect({ config, api, log, l1Heads: watch.heads() }).catch((error) => {
    controller.abort();
    throw error;
  });
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  const ahead = readAhead(l1, { depth: 4, inbox: config.batchInboxAddress });
  const done = runDriver(
    { l1Confirmations: 0n },
    { engine, l1: ahead, watch, clock: impatient, log, signal },
  );
  return {
    engine,
    watch,
    events,
    logged,
    calls,
    async settle() {
      await watch.poll();
      const isDone = () => {
        const { currentL1, headL1 } = engine.syncStatus();
        const hasRead = bytesEqual(currentL1.hash, world.chain.head.hash);
        return (hasRead && bytesEqual(headL1.hash, currentL1.hash)) || engine.halted !== undefined;
      };
      for (let turn = 0; !isDone(); turn++) {
        if (turn > MAX_WAITS) throw new Error("derivation never came to rest");
        await sleep(1);
      }
      // What follows the last L1 block: the records of safe and final heads.
      for (let turn = 0; turn < 50; turn++) await nextTurn();
      await engine.settled();
    },
    async stop() {
      controller.abort();
      await done;
      await engine.settled();
    },
  };
}
