import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLog } from "@phala-l2/protocol/log";
import fc from "fast-check";
import { dispatch } from "./dispatch.ts";
import { DEFAULT_RPC_LIMITS } from "./limits.ts";
import { method0, type RpcMethod } from "./method.ts";
import { result } from "./reply.ts";

const LIMITS = { ...DEFAULT_RPC_LIMITS, jsonDepth: 8, requestMs: 200 };
const methods = new Map<string, RpcMethod>([
  ["echo", (params) => result(params)],
  [
    "fault",
    () => {
      throw new Error("a secret of the node");
    },
  ],
  ["asyncFault", () => Promise.reject(new Error("a secret of the node"))],
  ["noJson", () => result(5n)],
  ["nothing", method0(() => result(undefined))],
]);

function send(text: string): Promise<string | undefined> {
  return dispatch(text, (name) => methods.get(name), { limits: LIMITS, log: silentLog });
}

describe("JSON-RPC 2.0", () => {
  test("any text is answered with JSON or with nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((one) => `[${one}]`),
        ),
        async (text) => {
          const answer = await send(text);
          if (answer !== undefined) JSON.parse(answer);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("parameters and ids come back as they went", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue({ maxDepth: 3 })),
        fc.oneof(fc.string(), fc.nat()),
        async (params, id) => {
          const answer = await send(JSON.stringify({ jsonrpc: "2.0", id, method: "echo", params }));
          const expected = JSON.parse(JSON.stringify({ jsonrpc: "2.0", id, result: params }));
          assert.deepEqual(JSON.parse(answer ?? ""), expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  for (const method of ["fault", "asyncFault", "noJson"]) {
    test(`${method}: the client learns nothing of the node's inside`, async () => {
      const answer = await send(JSON.stringify({ jsonrpc: "2.0", id: 1, method }));
      assert.equal(answer, '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error"}}');
    });
  }

  test("no result is null", async () => {
    assert.equal(
      await send('{"jsonrpc":"2.0","id":1,"method":"nothing"}'),
      '{"jsonrpc":"2.0","id":1,"result":null}',
    );
  });
});

describe("numbers as ids", () => {
  for (const id of [
    "9007199254740993",
    "18446744073709551615",
    "-9007199254740995",
    "1e400",
    "-1.5e-3",
    "0.1",
  ]) {
    test(`${id} comes back as it was written`, async () => {
      const answer = `{"jsonrpc":"2.0","id":${id},"result":[{"id":1}]}`;
      const request = `{"jsonrpc":"2.0","id":${id},"method":"echo","params":[{"id":1}]}`;
      assert.equal(await send(request), answer);
      assert.equal(await send(`[${request}]`), `[${answer}]`);
      assert.match(String(await send(`{"id":${id},"method":"echo"}`)), new RegExp(`"id":${id},"error"`));
    });
  }
});

test("more values than a request can honestly have are not parsed", async () => {
  const values = "[],".repeat(LIMITS.jsonValues);
  const answer = await send(`{"jsonrpc":"2.0","id":1,"method":"echo","params":[${values}0]}`);
  assert.match(String(answer), /"code":-32700/);
});
