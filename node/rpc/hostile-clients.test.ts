import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { WebSocket } from "ws";
import { ALICE_KEY, CHAIN_ID, LOGGER } from "./testing/genesis.ts";
import { ask, type RpcAnswer, type Served, serveMemoryChain } from "./testing/serve.ts";

const KEY = fromHex(ALICE_KEY);

describe("WebSockets that ask too much", () => {
  async function open(served: Served): Promise<WebSocket> {
    const socket = new WebSocket(served.server.wsUrl);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return socket;
  }

  function request(socket: WebSocket, body: object): Promise<RpcAnswer> {
    return new Promise((resolve) => {
      socket.once("message", (data) => resolve(JSON.parse(data.toString())));
      socket.send(JSON.stringify({ jsonrpc: "2.0", ...body }));
    });
  }

  test("subscriptions are limited, and end with the socket", async () => {
    const served = await serveMemoryChain({ limits: { subscriptionsPerSocket: 3 } });
    const socket = await open(served);
    for (let id = 0; id < 3; id++) {
      assert.match(
        String((await request(socket, { id, method: "eth_subscribe", params: ["newHeads"] })).result),
        /^0x/,
      );
    }
    const fourth = await request(socket, { id: 9, method: "eth_subscribe", params: ["newHeads"] });
    assert.deepEqual(fourth.error, { code: -32005, message: "too many subscriptions (limit 3)" });
    const unknown = await request(socket, { id: 9, method: "eth_unsubscribe", params: ["0x1"] });
    assert.deepEqual(unknown.error, { code: -32000, message: "subscription not found" });
    assert.equal(served.chain.listenerCount, 3);
    socket.close();
    while (served.chain.listenerCount > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await served.server.stop();
  });

  test("unknown kinds of subscription and patterns that do not fit are refused", async () => {
    const served = await serveMemoryChain();
    const socket = await open(served);
    const rows = [
      [["newPizza"], -32601, 'no "newPizza" subscription in eth namespace'],
      [[], -32602, "missing value for required argument 0"],
      [["logs", { topics: 5 }], -32602, "invalid argument 1: invalid topic(s)"],
      [
        ["newPendingTransactions", "yes"],
        -32602,
        "invalid argument 1: json: cannot unmarshal non-boolean into Go value of type bool",
      ],
    ] as const;
    for (const [params, code, message] of rows) {
      assert.deepEqual((await request(socket, { id: 1, method: "eth_subscribe", params })).error, {
        code,
        message,
      });
    }
    socket.terminate();
    await served.server.stop();
  });

  test("a reader that does not read is cut off", async () => {
    const served = await serveMemoryChain({ limits: { socketBufferBytes: 10_000 } });
    const socket = await open(served);
    await request(socket, { id: 1, method: "eth_subscribe", params: ["newHeads"] });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    // The socket's reader stops; the kernel's buffers fill, then the server's.
    socket.pause();
    for (let i = 0; i < 400 && served.chain.listenerCount > 0; i++) {
      for (let call = 0; call < 40; call++) {
        socket.send(`{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",true]}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(served.chain.listenerCount, 0);
    socket.resume();
    await closed;
    await served.server.stop();
  });

  test("binary frames, and messages over the limit, close the socket", async () => {
    const served = await serveMemoryChain({ limits: { bodyBytes: 1_000 } });
    for (const message of [Buffer.from([1, 2, 3]), "x".repeat(2_000)]) {
      const socket = await open(served);
      const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)));
      socket.send(message);
      assert.ok([1008, 1009].includes(await closed));
    }
    await served.server.stop();
  });

  test("a socket over the server's limit is refused, and the others go on", async () => {
    const served = await serveMemoryChain({ limits: { sockets: 1 } });
    const first = await open(served);
    await assert.rejects(open(served), /503/);
    assert.equal((await request(first, { id: 1, method: "eth_chainId" })).result, "0x385");
    first.terminate();
    await served.server.stop();
  });

  describe("a handshake that is refused", () => {
    const handshake = [
      ...["GET / HTTP/1.1", "Host: node", "Origin: http://elsewhere", "Connection: Upgrade"],
      ...["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
    ].join("\r\n");

    function knock(served: Served): Socket {
      const { port, hostname } = new URL(served.server.url);
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      socket.write(`${handshake}\r\n\r\n`);
      return socket;
    }

    test("ends no node, though the client resets the connection", async () => {
      const served = await serveMemoryChain();
      // Before the answer is written, and after it was read: whichever way the reset is seen.
      const resets = Array.from({ length: 60 }, async (_, index) => {
        const socket = knock(served);
        socket.on("error", () => {});
        await once(socket, index % 2 === 0 ? "connect" : "data");
        if (index % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        socket.resetAndDestroy();
      });
      await Promise.all(resets);
      assert.equal((await ask(served.server.url, "eth_chainId")).result, "0x385");
      await served.server.stop();
    });

    test("keeps no connection, though the client keeps its side", async () => {
      const served = await serveMemoryChain({ limits: { connections: 1 } });
      const held = knock(served);
      const [answer] = await once(held, "data");
      assert.match(String(answer), /^HTTP\/1\.1 403 Forbidden/);
      // The one connection is free again.
      assert.equal((await ask(served.server.url, "eth_chainId")).result, "0x385");
      held.destroy();
      await served.server.stop();
    });
  });
});

describe("one client's load and the others", () => {
  test("a call that runs out of time is answered, and dropped", async () => {
    const served = await serveMemoryChain({ limits: { requestMs: 30 }, submit: () => new Promise(() => {}) });
    const good = signTransaction(
      {
        type: 2,
        chainId: CHAIN_ID,
        nonce: 0n,
        gasLimit: 21_000n,
        to: LOGGER,
        value: 0n,
        data: new Uint8Array(0),
        maxFeePerGas: 1n,
        maxPriorityFeePerGas: 1n,
        accessList: [],
      },
      KEY,
    );
    const { error } = await ask(served.server.url, "eth_sendRawTransaction", [
      toHex(encodeTransaction(good)),
    ]);
    assert.deepEqual(error, { code: -32002, message: "request timed out" });
    await served.server.stop();
  });

  test("an answer over the limit is an error, not a flood", async () => {
    const served = await serveMemoryChain({ limits: { responseBytes: 1_000 } });
    const { error } = await ask(served.server.url, "eth_getBlockByNumber", ["latest", true]);
    assert.deepEqual(error, { code: -32003, message: "response too large" });
    await served.server.stop();
  });
});
