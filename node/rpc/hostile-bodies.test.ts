import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { ask, post, type RpcAnswer, type Served, serveMemoryChain } from "./testing/serve.ts";

describe("requests that are no JSON-RPC", () => {
  let served: Served;
  before(async () => {
    served = await serveMemoryChain({ limits: { batchCalls: 20 } });
  });
  after(async () => served.server.stop());

  const bodies: readonly (readonly [name: string, body: string, code: number, message: string])[] = [
    ["nothing", "", -32700, "parse error"],
    ["half an object", '{"jsonrpc":"2.0"', -32700, "parse error"],
    ["a text", '"eth_chainId"', -32600, "invalid request"],
    ["null", "null", -32600, "invalid request"],
    ["a number", "7", -32600, "invalid request"],
    ["no version", '{"id":1,"method":"eth_chainId"}', -32600, "invalid request"],
    ["version 1", '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600, "invalid request"],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600, "invalid request"],
    ["method of another type", '{"jsonrpc":"2.0","id":1,"method":5}', -32600, "invalid request"],
    ["an object for an id", '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600, "invalid request"],
    ["an empty batch", "[]", -32600, "empty batch"],
    [
      "deep nesting",
      `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      -32700,
      "parse error",
    ],
    [
      "params by name",
      '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{"a":1}}',
      -32602,
      "non-array args",
    ],
    [
      "an unknown method",
      '{"jsonrpc":"2.0","id":1,"method":"eth_x"}',
      -32601,
      "the method eth_x does not exist/is not available",
    ],
    [
      "a prototype's member",
      '{"jsonrpc":"2.0","id":1,"method":"constructor"}',
      -32601,
      "the method constructor does not exist/is not available",
    ],
    [
      "__proto__",
      '{"jsonrpc":"2.0","id":1,"method":"__proto__"}',
      -32601,
      "the method __proto__ does not exist/is not available",
    ],
    [
      "subscribing over HTTP",
      '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}',
      -32601,
      "the method eth_subscribe does not exist/is not available",
    ],
  ];
  for (const [name, body, code, message] of bodies) {
    test(name, async () => {
      const answer: RpcAnswer = JSON.parse((await post(served.server.url, body)).text);
      assert.deepEqual(answer.error, { code, message });
    });
  }

  test("a batch over the limit is refused as a whole", async () => {
    const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}';
    const { text } = await post(served.server.url, `[${Array(10_000).fill(call).join(",")}]`);
    assert.deepEqual(JSON.parse(text), [
      { jsonrpc: "2.0", id: null, error: { code: -32600, message: "batch too large" } },
    ]);
  });

  test("a batch answers each call, notifications and rubbish in their way", async () => {
    const { text } = await post(
      served.server.url,
      '[{"jsonrpc":"2.0","id":"a","method":"eth_chainId"},1,{"jsonrpc":"2.0","method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"nope"}]',
    );
    const answers: RpcAnswer[] = JSON.parse(text);
    assert.deepEqual(
      answers.map(({ id }) => id),
      ["a", null, 2],
    );
    assert.equal(answers[0]?.result, "0x385");
    assert.deepEqual(
      answers.slice(1).map(({ error }) => error?.code),
      [-32600, -32601],
    );
  });

  test("a notification alone has no answer", async () => {
    assert.deepEqual(await post(served.server.url, '{"jsonrpc":"2.0","method":"eth_chainId"}'), {
      status: 200,
      text: "",
    });
  });

  test("a body over the limit is refused before it is read", async () => {
    const { status, text } = await post(served.server.url, `"${"x".repeat(6 * 1024 * 1024)}"`);
    assert.equal(status, 413);
    assert.equal(JSON.parse(text).error.code, -32600);
  });

  test("another content type, method or path", async () => {
    const plain = await fetch(served.server.url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "{}",
    });
    assert.equal(plain.status, 415);
    assert.equal((await fetch(served.server.url, { method: "PUT" })).status, 404);
    assert.equal((await fetch(`${served.server.url}/../etc/passwd`)).status, 404);
    assert.equal((await fetch(`${served.server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${served.server.url}/readyz`)).status, 200);
  });

  test("a page of another origin gets no leave, over HTTP or WebSocket", async () => {
    const response = await fetch(served.server.url, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example" },
    });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    const socket = new WebSocket(served.server.wsUrl, { origin: "https://evil.example" });
    await assert.rejects(
      new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject)),
      /403/,
    );
  });

  test("bytes that are no HTTP do no harm", async () => {
    const { port } = new URL(served.server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.end("\x16\x03\x01\x00garbage\r\n\r\n"));
      socket
        .on("close", () => resolve())
        .on("error", () => resolve())
        .resume();
    });
    assert.equal((await ask(served.server.url, "eth_chainId")).result, "0x385");
  });
});
