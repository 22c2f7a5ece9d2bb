import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { jsonRpc } from "./json-rpc.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Asks a server that answers as it likes. */
async function asking<Result>(handler: Handler, act: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  try {
    return await act(`http://127.0.0.1:${address.port}`);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}

const saying =
  (text: string, status = 200): Handler =>
  (_, response) =>
    response.writeHead(status).end(text);

/** Writes a piece after another until the other side has enough. */
function pouring(piece: Uint8Array, written: { bytes: number }): Handler {
  return (_, response) => {
    const pour = () => {
      while (!response.destroyed && response.write(piece)) written.bytes += piece.length;
    };
    response.on("drain", pour);
    pour();
  };
}

const LIMITS = { timeoutMs: 2_000, maxBytes: 1_000 };

function ask(url: string, { timeoutMs, maxBytes } = LIMITS): Promise<unknown> {
  return jsonRpc(url, timeoutMs, maxBytes)("method", []);
}

function unreachable(why: RegExp) {
  return (error: unknown) => {
    assert.ok(isRollupError(error, "RPC_UNREACHABLE"), String(error));
    assert.match(String(error.cause), why);
    return true;
  };
}

describe("an endpoint's answer", () => {
  it("is its result, or its own refusal", async () => {
    const good = saying(`{"jsonrpc":"2.0","id":1,"result":[1]}`);
    assert.deepEqual(await asking(good, (url) => ask(url)), [1]);
    const bad = saying(`{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no such block"}}`);
    await assert.rejects(
      asking(bad, (url) => ask(url)),
      /refuses method: no such block/,
    );
    // Some servers answer a refusal with a status that says so, too.
    const refusing = saying(`{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no such block"}}`, 400);
    await assert.rejects(
      asking(refusing, (url) => ask(url)),
      { code: "RPC_REFUSED" },
    );
  });

  it("may be as large as the limit, and no byte larger", async () => {
    const envelope = `{"result":""}`.length;
    const of = (length: number) => saying(`{"result":"${"a".repeat(length - envelope)}"}`);
    await asking(of(1_000), (url) => ask(url));
    await assert.rejects(
      asking(of(1_001), (url) => ask(url)),
      unreachable(/more than 1000 bytes/),
    );
  });

  it("is not read on when it has no end", async () => {
    const written = { bytes: 0 };
    const limits = { timeoutMs: 30_000, maxBytes: 1 << 20 };
    await assert.rejects(
      asking(pouring(new Uint8Array(1 << 16).fill(32), written), (url) => ask(url, limits)),
      unreachable(/more than 1048576 bytes/),
    );
    // What lies in the buffers of both sides is beside the limit.
    assert.ok(written.bytes < 1 << 26, `${written.bytes} bytes`);
  });

  it("is not waited for when it does not come, or a byte at a time", async () => {
    const limits = { ...LIMITS, timeoutMs: 100 };
    await assert.rejects(
      asking(
        () => {},
        (url) => ask(url, limits),
      ),
      unreachable(/Timeout/),
    );
    const dripping: Handler = (_, response) => {
      const drip = setInterval(() => response.write(" "), 10);
      response.on("close", () => clearInterval(drip));
    };
    await assert.rejects(
      asking(dripping, (url) => ask(url, limits)),
      unreachable(/Timeout/),
    );
  });

  it("is nobody else's: no redirect is followed", async () => {
    let asked = 0;
    const elsewhere: Handler = ({ url }, response) => {
      asked += 1;
      if (url === "/secret") response.end(`{"result":1}`);
      else response.writeHead(307, { location: "/secret" }).end();
    };
    await assert.rejects(
      asking(elsewhere, (url) => ask(url)),
      unreachable(/fetch failed/),
    );
    assert.equal(asked, 1);
  });

  it("is none when it is no JSON, or no response", async () => {
    for (const text of ["", "<html>", "[]", "null", "7"]) {
      await assert.rejects(
        asking(saying(text), (url) => ask(url)),
        { code: "RPC_UNREACHABLE" },
        text,
      );
    }
  });

  it("has a refusal's words in part, when they are very many", async () => {
    const long = saying(JSON.stringify({ error: { code: 1, message: "word ".repeat(10_000) } }));
    const limits = { timeoutMs: 2_000, maxBytes: 1 << 20 };
    await assert.rejects(
      asking(long, (url) => ask(url, limits)),
      (error) => {
        assert.ok(isRollupError(error, "RPC_REFUSED"));
        return error.message.length < 1_000;
      },
    );
  });
});
