import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { RollupError } from "@phala-l2/protocol/errors";
import type { RelayerProgress } from "./relayer.ts";
import type { StatusQuestion, SwapStatus } from "./status.ts";

export type Health = { readonly port: number; stop(): Promise<void> };

/** What the relayer tells of itself. */
export type HealthSources = {
  readonly progress: () => RelayerProgress;
  readonly status: (question: StatusQuestion) => Promise<SwapStatus>;
};

const LOCAL = "http://127.0.0.1";

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

function questionOf(query: URLSearchParams): StatusQuestion {
  const [sender, receiver, deposit] = ["sender", "receiver", "deposit"].map((name) => query.get(name));
  return { ...(sender && { sender }), ...(receiver && { receiver }), ...(deposit && { deposit }) };
}

async function respond(
  url: URL,
  response: ServerResponse,
  { progress, status }: HealthSources,
): Promise<void> {
  if (url.pathname === "/healthz") answer(response, 200, { ok: true });
  else if (url.pathname === "/readyz") {
    const now = progress();
    const ready = now.faults.length === 0;
    answer(response, ready ? 200 : 503, { ready, ...now });
  } else if (url.pathname === "/status") answer(response, 200, await status(questionOf(url.searchParams)));
  else answer(response, 404, { error: "there are /healthz, /readyz and /status" });
}

/**
 * Answers, on this machine only, `/healthz` (the process lives), `/readyz` (it keeps up; if not, 503 with the reasons) and
 * `/status?sender=…&receiver=…&deposit=…` (what the journal says, while the relayer has it open).
 * @param port 0 takes any free one.
 * @throws RollupError RELAYER_PORT
 */
export async function serveHealth(port: number, sources: HealthSources): Promise<Health> {
  const server = createServer((request, response) => {
    respond(new URL(request.url ?? "/", LOCAL), response, sources).catch((error: unknown) => {
      answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  });
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new RollupError("RELAYER_PORT", `port ${port} can not be listened on`, { data: { port }, cause });
  }
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
