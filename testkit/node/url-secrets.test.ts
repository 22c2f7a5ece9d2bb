import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import type { Clock } from "@phala-l2/node/clock";
import { createEngineClient } from "@phala-l2/node/engine-api/engine-client";
import { readJwtSecret } from "@phala-l2/node/engine-api/jwt-secret";
import { createBeaconClient } from "@phala-l2/node/l1/beacon";
import { createJsonRpcClient } from "@phala-l2/node/l1/json-rpc";
import { forwardTo } from "@phala-l2/node/rpc/eth/forward";
import { readSubmission } from "@phala-l2/node/rpc/eth/submission";
import { asHash } from "@phala-l2/protocol/bytes";
import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { createClient, http } from "viem";
import { Scenario } from "../derivation/scenario.ts";
import { transfer } from "./world.ts";

const PASSWORD = "pass-w0rd-of-user";
const KEY = "key-1n-the-path-0123456789";
const TOKEN = "t0ken-in-the-query-0123456789";
const SECRETS = [PASSWORD, KEY, TOKEN];
const BASIC = `Basic ${Buffer.from(`user:${PASSWORD}`).toString("base64")}`;
const clock: Clock = { now: () => 0, sleep: async () => {} };
const { signal } = new AbortController();

/** What the loopback server answers; a test sets it. */
let reply: { readonly status: number; readonly body: string } = { status: 200, body: "{}" };
const requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
let server: Server;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "phala-l2-url-secrets-"));
  server = createServer((request: IncomingMessage, response) => {
    requests.push({ path: request.url ?? "", authorization: request.headers.authorization });
    request.resume();
    response.writeHead(reply.status, { "content-type": "application/json" }).end(reply.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  rmSync(folder, { recursive: true, force: true });
});

const portOf = (of: Server) => (of.address() as AddressInfo).port;
const secretUrl = (port = portOf(server)) =>
  `http://user:${PASSWORD}@127.0.0.1:${port}/v3/${KEY}?token=${TOKEN}`;

/** A log that keeps each line whole, as an operator could see it. */
function keepingLog() {
  const lines: string[] = [];
  const keep = (facts: object, message: string) => lines.push(`${message} ${inspect(facts, { depth: 9 })}`);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  return { log, lines };
}

function assertSilent(text: string): void {
  for (const secret of [...SECRETS, BASIC]) assert.ok(!text.includes(secret), `${secret} is in: ${text}`);
}

/** The error with all its causes, data and stack. */
async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it should fail"),
    (reason: unknown) => reason,
  );
  assert.ok(isRollupError(error));
  return `${inspect(error, { depth: 9 })} ${error.message}`;
}

const rpcClient = (log: Log, urls = [secretUrl()]) =>
  createJsonRpcClient({ urls, timeoutMs: 2000, rounds: 1 }, { fetch, clock, log, signal });
const beaconClient = (log: Log, urls = [secretUrl()]) =>
  createBeaconClient(
    { urls, timeoutMs: 2000 },
    { fetch, log, signal, kzg: { blobToKzgCommitment: async () => new Uint8Array(48) } },
  );
const engineClient = () =>
  createEngineClient(
    { url: secretUrl(), secret: new Uint8Array(32).fill(7), timeoutMs: 2000 },
    { fetch, clock, signal },
  );
const reading = readSubmission(transfer(0), new Scenario().config);
assert.ok(reading.kind !== "failure");
const SUBMITTED = reading.submitted;
const HASH = asHash(new Uint8Array(32).fill(1));

describe("the user of a URL", () => {
  it("is sent to L1's RPC as a header, the key in the path and query as they are", async () => {
    requests.length = 0;
    reply = { status: 200, body: '{"jsonrpc":"2.0","id":0,"result":"0x1"}' };
    const { log } = keepingLog();
    assert.equal(await rpcClient(log).call("eth_chainId", [], String), "0x1");
    assert.deepEqual(requests, [{ path: `/v3/${KEY}?token=${TOKEN}`, authorization: BASIC }]);
  });

  it("is sent to the beacon node; its paths come before the query's key", async () => {
    requests.length = 0;
    reply = { status: 200, body: '{"data":{"genesis_time":"0","SECONDS_PER_SLOT":"12"}}' };
    const { log } = keepingLog();
    await failureOf(beaconClient(log).blobs(24n, [HASH]));
    assert.ok(requests.length >= 3);
    for (const { path, authorization } of requests) {
      assert.equal(authorization, BASIC);
      assert.ok(path.startsWith(`/v3/${KEY}/eth/v1/`) && path.includes(`?token=${TOKEN}`), path);
    }
  });

  it("is sent to the sequencer with a forwarded transaction", async () => {
    requests.length = 0;
    reply = { status: 200, body: '{"jsonrpc":"2.0","id":1,"result":"0x1"}' };
    const { log } = keepingLog();
    const result = await forwardTo(secretUrl(), log)(SUBMITTED);
    assert.equal(result.kind, "accepted");
    assert.equal(requests[0]?.authorization, BASIC);
  });

  it("gives way to the token of the Engine API", async () => {
    requests.length = 0;
    reply = { status: 200, body: '{"jsonrpc":"2.0","id":1,"result":"0x1"}' };
    await engineClient().call("eth_chainId", [], String);
    assert.match(requests[0]?.authorization ?? "", /^Bearer /);
  });
});

describe("a URL's keys are in no log and no error", () => {
  const quoting = JSON.stringify({
    jsonrpc: "2.0",
    id: 0,
    error: {
      code: -32000,
      message: `project ${KEY} of ${PASSWORD} (${secretUrl(1)}) is over its quota, ${TOKEN}`,
    },
  });
  const replies = {
    "refuses and quotes the key": { status: 200, body: quoting },
    "says 401": { status: 401, body: "no" },
    "says 500": { status: 500, body: quoting },
    "gives no JSON": { status: 200, body: `<html>${KEY}` },
    "gives something else": { status: 200, body: "[]" },
  };
  for (const [what, answer] of Object.entries(replies)) {
    it(`of a server that ${what}`, async () => {
      reply = answer;
      const { log, lines } = keepingLog();
      assertSilent(await failureOf(rpcClient(log).call("eth_chainId", [], String)));
      assertSilent(await failureOf(beaconClient(log).blobs(24n, [HASH])));
      assertSilent(await failureOf(engineClient().call("eth_chainId", [], String)));
      assertSilent(inspect(await forwardTo(secretUrl(), log)(SUBMITTED)));
      assertSilent(lines.join("\n"));
      assert.ok(lines.length > 0 || what === "gives something else");
    });
  }

  it("of a server that is not there", async () => {
    const gone = createServer();
    gone.listen(0, "127.0.0.1");
    await once(gone, "listening");
    const url = secretUrl(portOf(gone));
    gone.close();
    await once(gone, "close");
    const { log, lines } = keepingLog();
    assertSilent(await failureOf(rpcClient(log, [url]).call("eth_chainId", [], String)));
    assertSilent(await failureOf(beaconClient(log, [url]).blobs(24n, [HASH])));
    assertSilent(inspect(await forwardTo(url, log)(SUBMITTED)));
    assertSilent(lines.join("\n"));
    assert.ok(lines.length >= 3);
  });

  it("nor in the words of a library, once the log has written them", async () => {
    const client = createClient({ transport: http(secretUrl(1), { retryCount: 0 }) });
    const error: unknown = await client.transport.request({ method: "eth_chainId" }).catch((fault) => fault);
    assert.ok(error instanceof Error && error.message.includes(KEY), "viem has learnt to hide keys");
    assertSilent(withoutUrlSecrets(JSON.stringify({ msg: error.message, cause: error })));
  });

  it("nor is what a file holds that is no JWT secret", async () => {
    const path = join(folder, "jwt.hex");
    for (const text of [KEY, `0x${"ab".repeat(31)}${KEY}`, `${"cd".repeat(32)}00`]) {
      writeFileSync(path, text);
      const said = await failureOf(readJwtSecret(path));
      assert.ok(!said.includes(text) && said.includes("JWT_SECRET_INVALID"));
    }
  });
});

/** What the program says, on both streams, when it is started with these arguments. */
async function said(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const program = new URL("../../scripts/l2.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, ...environment },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += String(part)));
  const [status] = await once(child, "close");
  return { text, status };
}

describe("the program never repeats a URL's keys", { concurrency: 2 }, () => {
  const url = secretUrl(1);
  const cases: readonly [string, () => readonly string[], Readonly<Record<string, string>>?][] = [
    ["in --help, with the URL in the environment", () => ["node", "--help"], { PHALA_L2_L1_RPC_URLS: url }],
    ["for a URL that is none", () => ["node", "--l1-rpc-urls", url.replace("http", "htp")]],
    ["for a flag that is none", () => ["node", `--l1-rpc-url=${url}`]],
    ["for a word too many", () => ["node", url]],
    [
      "for a file of settings that is not JSON",
      () => {
        const path = join(folder, "settings.json");
        writeFileSync(path, `{"l1RpcUrls": ${url}}`);
        return ["node", "--config", path];
      },
    ],
  ];
  for (const [when, args, environment] of cases) {
    it(when, async () => {
      const { text, status } = await said(args(), environment);
      assert.ok(text.length > 0);
      assert.equal(status === 0, when.includes("--help"), text);
      assertSilent(text);
    });
  }
});
