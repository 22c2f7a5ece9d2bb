import { defineCases } from "./cases.ts";
import { judgeAnswer } from "./rpc-answers.ts";
import { hostileBody } from "./rpc-bodies.ts";
import { serveHostileClients } from "./rpc-chain.ts";
import { FaultLog, HostileClient } from "./rpc-client.ts";

/**
 * Hostile clients of the RPC server, over HTTP: every body has the answer that JSON-RPC 2.0 knows for it, or is
 * refused before it is a text. An exception behind a method is a failure, though the client only learns of an
 * internal error.
 */

/** Measured 283 MiB in 100,000 cases: the mempool, filters up to their number, and answers up to 25 MB. */
const BOUND_MIB = 768;

export const rpcTarget = defineCases<Uint8Array>({
  name: "rpc",
  boundMiB: BOUND_MIB,
  prepare: async () => {
    const faults = new FaultLog();
    const { server, words } = await serveHostileClients(faults);
    const client = new HostileClient(server.url);
    return {
      make: (random) => hostileBody(random, words),
      bytes: (body) => body,
      judge: async (body) => {
        const { status, text } = await client.post(body);
        faults.check();
        return judgeAnswer(body, status, text);
      },
      stop: async () => {
        client.stop();
        await server.stop();
      },
    };
  },
});
