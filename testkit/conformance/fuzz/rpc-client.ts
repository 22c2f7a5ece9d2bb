import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { messageOf } from "./tally.ts";

export type HttpAnswer = { readonly status: number; readonly text: string };

/** A client with one connection, which it keeps, and posts any bytes. */
export class HostileClient {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  post(body: Uint8Array, more: OutgoingHttpHeaders = {}): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": body.length, ...more };
      const sent = request(this.#url, { method: "POST", agent: this.#agent, headers }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  stop(): void {
    this.#agent.destroy();
  }
}

/** Keeps what the server's operator would read of an exception, the client of which learns nothing. */
export class FaultLog implements Log {
  readonly debug = silentLog.debug;
  readonly info = silentLog.info;
  readonly warn = silentLog.warn;
  readonly #faults: string[] = [];

  readonly error = (facts: object, message: string): void => {
    const error = "error" in facts ? facts.error : undefined;
    const stack = error instanceof Error ? error.stack : undefined;
    const method = "method" in facts ? ` (${facts.method})` : "";
    this.#faults.push(`${message}${method}: ${stack ?? messageOf(error)}`);
  };

  /** Throws the first since the last time. */
  check(): void {
    const [fault] = this.#faults.splice(0);
    if (fault !== undefined) throw new Error(fault);
  }
}
