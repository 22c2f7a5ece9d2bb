import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { defineCases } from "./cases.ts";
import { judgeAnswer } from "./rpc-answers.ts";
import { hostileBody } from "./rpc-bodies.ts";
import { serveHostileClients } from "./rpc-chain.ts";
import { messageOf } from "./tally.ts";

/**
 * Hostile clients of the RPC server, over HTTP: every body has the answer that JSON-RPC 2.0 knows for it, or is
 * refused before it is a text. An exception behind a method is a failure, though the client only learns of an
 * internal error.
 */

/** Measured 300 MiB in 100,000 cases: the mempool, filters up to their number, and answers up to 25 MB. */
const BOUND_MIB = 768;

type Answer = { readonly status: number; readonly text: string };

function post(url: string, agent: Agent, body: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Keeps what the server's operator would read of an exception. */
function listen(faults: string[]): Log {
  return {
    ...silentLog,
    error: (facts, message) => {
      const error = "error" in facts ? facts.error : undefined;
      const stack = error instanceof Error ? error.stack : undefined;
      const method = "method" in facts ? facts.method : "";
      faults.push(`${message} (${method}): ${stack ?? messageOf(error)}`);
    },
  };
}

export const rpcTarget = defineCases<Uint8Array>({
  name: "rpc",
  boundMiB: BOUND_MIB,
  prepare: async () => {
    const faults: string[] = [];
    const { server, words } = await serveHostileClients(listen(faults));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    return {
      make: (random) => hostileBody(random, words),
      bytes: (body) => body,
      judge: async (body) => {
        const answer = await post(server.url, agent, body);
        const fault = faults.splice(0)[0];
        if (fault !== undefined) throw new Error(fault);
        return judgeAnswer(body, answer.status, answer.text);
      },
      stop: async () => {
        agent.destroy();
        await server.stop();
      },
    };
  },
});
