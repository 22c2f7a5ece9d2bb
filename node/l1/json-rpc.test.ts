import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import type { Clock } from "../clock.ts";
import type { Fetch } from "./http.ts";
import { createJsonRpcClient, invalidL1Data } from "./json-rpc.ts";

type Call = { id: number; method: string; params: unknown[] };
type Server = (calls: readonly Call[]) => Response | Promise<Response>;

const answer = (result: unknown) => (call: Call) => ({ jsonrpc: "2.0", id: call.id, result });
const json = (body: unknown) => new Response(JSON.stringify(body));
const good =
  (result: unknown): Server =>
  (calls) =>
    json(calls.length === 1 ? calls.map(answer(result))[0] : calls.map(answer(result)));
const failing =
  (status: number, headers: Record<string, string> = {}): Server =>
  () =>
    new Response("no", { status, headers });

function setUp(servers: Record<string, Server>, rounds = 3) {
  const requests: { host: string; calls: readonly Call[] }[] = [];
  const slept: number[] = [];
  const lines: string[] = [];
  const fetch: Fetch = async (url, { body }) => {
    const parsed: Call | Call[] = JSON.parse(body ?? "null");
    const calls = Array.isArray(parsed) ? parsed : [parsed];
    const { host } = new URL(url);
    requests.push({ host, calls });
    const server = servers[host];
    if (server === undefined)
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    return server(calls);
  };
  const clock: Clock = { now: () => 0, sleep: async (ms) => void slept.push(ms) };
  const warn = (facts: object, message: string) => lines.push(`${message} ${JSON.stringify(facts)}`);
  const log: Log = { ...silentLog, warn };
  const controller = new AbortController();
  const urls = Object.keys(servers).map((host) => `http://user:secret@${host}/key-in-path`);
  const options = { urls, timeoutMs: 50, rounds };
  const client = createJsonRpcClient(options, { fetch, clock, log, signal: controller.signal });
  return { client, requests, slept, lines, controller };
}

const text = (result: unknown) => {
  if (typeof result === "string") return result;
  throw invalidL1Data("not text", { result });
};

describe("JSON-RPC client", () => {
  it("sends calls of one turn as one request", async () => {
    const { client, requests } = setUp({ a: good("x") });
    const all = await Promise.all([1, 2, 3].map((n) => client.call("m", [n], text)));
    assert.deepEqual(all, ["x", "x", "x"]);
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.calls.length, 3);
  });
  it("splits more calls than a batch may have", async () => {
    const { client, requests } = setUp({ a: good("x") });
    await Promise.all(Array.from({ length: 45 }, (_, n) => client.call("m", [n], text)));
    assert.deepEqual(
      requests.map(({ calls }) => calls.length),
      [20, 20, 5],
    );
  });
  it("gives each call of a batch its own answer, whatever their order", async () => {
    const echo: Server = (calls) => json(calls.map((call) => answer(`${call.params[0]}`)(call)).toReversed());
    const { client } = setUp({ a: echo });
    const all = await Promise.all([1, 2, 3].map((n) => client.call("m", [n], text)));
    assert.deepEqual(all, ["1", "2", "3"]);
  });
  it("fails over on 429, 500, a refused connection, garbage and an error answer, and stays with the good one", async () => {
    const refusing: Server = (calls) => json({ id: calls[0]?.id, error: { code: -32000, message: "busy" } });
    const { client, requests, slept } = setUp({
      limited: failing(429),
      broken: failing(500),
      garbage: () => new Response("<html>"),
      refusing,
      good: good("x"),
    });
    assert.equal(await client.call("m", [], text), "x");
    assert.equal(await client.call("m", [], text), "x");
    assert.deepEqual(
      requests.map(({ host }) => host),
      ["limited", "broken", "garbage", "refusing", "good", "good"],
    );
    assert.deepEqual(slept, []);
  });
  it("asks the next server when an answer fails verification, and names the culprit without its key", async () => {
    const { client, lines } = setUp({ liar: good(7), honest: good("x") });
    assert.equal(await client.call("m", [], text), "x");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /wrong data.*"endpoint":"liar"/);
    assert.doesNotMatch(lines[0] ?? "", /secret|key-in-path/);
  });
  it("backs off between rounds, doubling, and heeds Retry-After when all servers send it", async () => {
    const { client, slept } = setUp({ a: failing(429, { "retry-after": "3" }) });
    await assert.rejects(client.call("m", [], text), (error) => isRollupError(error, "L1_UNREACHABLE"));
    assert.deepEqual(slept, [3000, 3000]);
    const plain = setUp({ a: failing(503) }, 4);
    await assert.rejects(plain.client.call("m", [], text));
    assert.deepEqual(plain.slept, [250, 500, 1000]);
  });
  it("never waits longer than its bound, whatever a server asks for", async () => {
    const { client, slept } = setUp({ a: failing(429, { "retry-after": "86400" }) }, 2);
    await assert.rejects(client.call("m", [], text));
    assert.deepEqual(slept, [8000]);
  });
  it("recovers when a server comes back", async () => {
    let count = 0;
    const flaky: Server = (calls) => (++count < 3 ? failing(502)(calls) : good("x")(calls));
    const { client } = setUp({ a: flaky });
    assert.equal(await client.call("m", [], text), "x");
  });
  it("says that all servers lie, when they do", async () => {
    const { client } = setUp({ a: good(1), b: good(2) });
    await assert.rejects(client.call("m", [], text), (error) => isRollupError(error, "L1_DATA_INVALID"));
  });
  it("does not retry what no retry can change", async () => {
    const unsupported: Server = (calls) =>
      json({ id: calls[0]?.id, error: { code: -32601, message: "no such" } });
    const { client, slept } = setUp({ a: unsupported });
    await assert.rejects(client.call("m", [], text), (error) => isRollupError(error, "L1_CALL_REFUSED"));
    assert.deepEqual(slept, []);
  });
  it("asks the other servers for a block that one does not have, once", async () => {
    const { client, requests } = setUp({ a: good(null), b: good(null) });
    const absent = () => {
      throw new RollupError("L1_BLOCK_NOT_FOUND", "none");
    };
    await assert.rejects(client.call("m", [], absent), (error) => isRollupError(error, "L1_BLOCK_NOT_FOUND"));
    assert.equal(requests.length, 2);
  });
  it("rejects the calls of a batch that the server left out", async () => {
    const forgetful: Server = (calls) => json(calls.slice(1).map(answer("x")));
    const { client } = setUp({ a: forgetful }, 1);
    const [first, second] = await Promise.allSettled([
      client.call("m", [], text),
      client.call("m", [], text),
    ]);
    assert.equal(first?.status, "rejected");
    assert.equal(second?.status, "fulfilled");
  });
  it("gives up at once when the node stops", async () => {
    const { client, controller } = setUp({ a: failing(500) }, 1000);
    const call = client.call("m", [], text);
    controller.abort();
    await assert.rejects(call, (error) => isRollupError(error, "STOPPED"));
  });
  it("wants a URL", () => {
    assert.throws(
      () => setUp({}),
      (error) => isRollupError(error, "SETTING_INVALID"),
    );
  });
});
