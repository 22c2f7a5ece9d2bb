import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { bytesEqual, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { simulatedTdx } from "./dangerously-simulated/platforms.ts";
import { dstackTdx } from "./dstack.ts";
import { reportOf } from "./testing/kernel-tsm.ts";

const NOW = 1_795_000_000n;
const DATA = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
const REAL = join(import.meta.dirname, "../../../shared/vectors/tee/dstack/quote-report.json");
const SKIP = existsSync(REAL) ? false : `no real report at ${REAL}`;
const tdx = simulatedTdx("TDX");
const folder = mkdtempSync(join(tmpdir(), "dstack-"));
const servers: Server[] = [];
let sockets = 0;

after(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Listens on a socket of its own; answers as the guest agent does where nothing else is given. */
async function agent(listener: RequestListener): Promise<string> {
  const socket = join(folder, `${sockets++}.sock`);
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return socket;
}

type Answers = {
  readonly quote?: (reportData: string) => unknown;
  readonly info?: unknown;
};

const LOG = JSON.stringify([
  { imr: 3, event_type: 134217729, digest: "", event: "app-id", event_payload: "00" },
]);
const COMPOSE = '{"manifest_version":2, "name":"é"}';
const INFO = { app_id: "00", tcb_info: JSON.stringify({ app_compose: COMPOSE, event_log: [] }) };

function quoteFor(reportData: string) {
  const quote = reportOf(tdx(fromHex(`0x${reportData}`), NOW));
  return { quote: toHex(quote).slice(2), event_log: LOG, report_data: reportData, vm_config: "{}" };
}

/** The guest agent's API: JSON by POST, with a length. */
function answering({ quote = quoteFor, info = INFO }: Answers = {}): RequestListener {
  return (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const asked: { report_data?: string } = JSON.parse(Buffer.concat(parts).toString());
      const answer = request.url === "/GetQuote" ? quote(asked.report_data ?? "") : info;
      const text = typeof answer === "string" ? answer : JSON.stringify(answer);
      response.writeHead(200, { connection: "close", "content-length": Buffer.byteLength(text) });
      response.end(text);
    });
  };
}

function ask(socket: string, timeoutMs = 10_000) {
  return dstackTdx({ socket, timeoutMs }).evidence(DATA);
}

describe("a quote from dstack's guest agent", () => {
  it("is over the report data, with event log and app-compose.json", async () => {
    const evidence = await ask(await agent(answering()));
    assert.ok(evidence.kind === "TDX");
    assert.ok(bytesEqual(evidence.quote.subarray(48 + 520, 48 + 584), DATA));
    assert.equal(evidence.eventLog, LOG);
    assert.equal(evidence.compose, COMPOSE);
  });

  it("that was taken from a real machine is read", { skip: SKIP }, async () => {
    const real: unknown = JSON.parse(readFileSync(REAL, "utf8"));
    const data = fromHex(`0x${"12340000".padEnd(128, "0")}`);
    const socket = await agent(answering({ quote: () => real }));
    const evidence = await dstackTdx({ socket }).evidence(data);
    assert.ok(evidence.kind === "TDX" && evidence.quote.length > 4000);
  });

  it("of another key is refused", async () => {
    const socket = await agent(answering({ quote: () => quoteFor("ee".repeat(64)) }));
    await assert.rejects(ask(socket), { code: "EVIDENCE_REPORT_DATA" });
  });

  it("is not asked for with other than 64 bytes", async () => {
    for (const length of [0, 32, 63, 65]) {
      const source = dstackTdx({ socket: join(folder, "none") });
      await assert.rejects(source.evidence(new Uint8Array(length)), { code: "BYTES_LENGTH" });
    }
  });
});

describe("an agent that answers something else", () => {
  const good = quoteFor(toHex(DATA).slice(2));
  for (const [what, quote, code] of [
    ["an error", { error: "no quoting enclave" }, "EVIDENCE_DSTACK_ANSWER"],
    ["no JSON", "<html>", "EVIDENCE_DSTACK_ANSWER"],
    ["nothing", "", "EVIDENCE_DSTACK_ANSWER"],
    ["null", "null", "EVIDENCE_DSTACK_ANSWER"],
    ["a number", "7", "EVIDENCE_DSTACK_ANSWER"],
    ["no quote", { ...good, quote: undefined }, "EVIDENCE_DSTACK_ANSWER"],
    ["an empty quote", { ...good, quote: "" }, "EVIDENCE_DSTACK_ANSWER"],
    ["a quote in base64", { ...good, quote: "BAACAIEAAAA=" }, "EVIDENCE_DSTACK_ANSWER"],
    ["a quote that is a number", { ...good, quote: 4 }, "EVIDENCE_DSTACK_ANSWER"],
    ["no event log", { ...good, event_log: undefined }, "EVIDENCE_DSTACK_ANSWER"],
    ["an event log that is no JSON", { ...good, event_log: "[" }, "EVIDENCE_DSTACK_ANSWER"],
    ["an event log that is no list", { ...good, event_log: "{}" }, "EVIDENCE_DSTACK_ANSWER"],
    ["a quote that is cut", { ...good, quote: good.quote.slice(0, 2000) }, "EVIDENCE_MALFORMED"],
  ] as const) {
    it(`to GetQuote, ${what}, is refused`, async () => {
      await assert.rejects(ask(await agent(answering({ quote: () => quote }))), { code });
    });
  }

  for (const [what, info] of [
    ["no TCB information", { app_id: "00" }],
    ["TCB information that is no JSON", { tcb_info: "{" }],
    ["TCB information without app-compose.json", { tcb_info: "{}" }],
    ["TCB information that is null", { tcb_info: "null" }],
    ["no JSON", "oops"],
  ] as const) {
    it(`to Info, ${what}, is refused`, async () => {
      await assert.rejects(ask(await agent(answering({ info }))), { code: "EVIDENCE_DSTACK_ANSWER" });
    });
  }
});

describe("an agent that cannot be reached", () => {
  const unreachable = { code: "EVIDENCE_DSTACK_UNREACHABLE" };

  it("has no socket, and is never looked for elsewhere, whatever the environment says", async () => {
    process.env.DSTACK_SIMULATOR_ENDPOINT = await agent(answering());
    after(() => delete process.env.DSTACK_SIMULATOR_ENDPOINT);
    await assert.rejects(ask(join(folder, "no.sock")), unreachable);
    for (const url of ["http://127.0.0.1:1", "https://example.org", ""]) {
      await assert.rejects(ask(url), unreachable);
    }
  });

  it("has a file that is no socket", async () => {
    await assert.rejects(ask(import.meta.filename), unreachable);
  });

  it("does not answer in time", async () => {
    const socket = await agent(() => {});
    await assert.rejects(ask(socket, 50), unreachable);
  });

  it("begins its answer and does not end it", async () => {
    const socket = await agent((_, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("{");
    });
    await assert.rejects(ask(socket, 50), unreachable);
  });
});
