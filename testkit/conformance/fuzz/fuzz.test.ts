import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { silentLog } from "@phala-l2/protocol/log";
import { Random } from "../../derivation/random.ts";
import { blackBox, readBlackBox } from "./black-box.ts";
import { caseRandom, defineCases } from "./cases.ts";
import { batchTarget, blobTarget, channelTarget, frameTarget } from "./decoders.ts";
import { engineApiTarget } from "./engine-api.ts";
import { executionTarget } from "./execution.ts";
import { gossipTarget } from "./gossip.ts";
import { type FuzzTarget, holds } from "./report.ts";
import { rpcTarget } from "./rpc.ts";
import { judgeAnswer } from "./rpc-answers.ts";
import { hostileBody } from "./rpc-bodies.ts";
import { serveHostileClients } from "./rpc-chain.ts";
import { substrateSignaturesTarget } from "./substrate-signatures.ts";
import { findTarget, TARGET_NAMES } from "./targets.ts";

const SEED = 20_261_121;

/** Samples; `l2 fuzz` runs as many as wanted. The outcomes show that they do not all die of one cause. */
const samples: readonly (readonly [target: FuzzTarget, cases: number, outcomes: readonly string[]])[] = [
  [frameTarget, 3_000, ["ok", "frame-truncated", "is-last-not-boolean"]],
  [blobTarget, 200, ["is-last-not-boolean", "padding-not-zero", "frame-truncated"]],
  [channelTarget, 1_500, ["ok, 3 batches", "batch-incomplete", "unknown-compression"]],
  [batchTarget, 3_000, ["singular", "span", "span-truncated", "too-many-elements"]],
  [
    gossipTarget,
    300,
    ["accept", "reject: signer-unexpected", "reject: block-hash-mismatch", "reject: snappy-corrupt"],
  ],
  [rpcTarget, 400, ["result", "batch", "notification", "3", "-32000", "-32600", "-32602", "-32700"]],
  [engineApiTarget, 400, ["VALID", "INVALID", "SYNCING", "result", "-32602"]],
  [executionTarget, 40, ["ok", "ok, with failures", "rejected: undecodable"]],
  [
    substrateSignaturesTarget,
    150,
    ["sr25519, as signed: valid", "ed25519, as signed: valid", "ecdsa, as signed: valid"],
  ],
];

for (const [target, cases, outcomes] of samples) {
  test(`${target.name}: ${cases} cases hold (seed ${SEED})`, async () => {
    const report = await target.run({ cases, seed: SEED });
    assert.deepEqual(report.failures, []);
    assert.equal(report.cases, cases);
    for (const outcome of outcomes) assert.ok((report.outcomes[outcome] ?? 0) > 0, outcome);
  });
}

describe("a run", () => {
  /** Finds fault with one input in sixteen. */
  const fussy = defineCases<Uint8Array>({
    name: "fussy",
    boundMiB: 4_096,
    prepare: async () => ({
      make: (random) => random.bytes(4),
      bytes: (input) => input,
      judge: ([first = 0]) => {
        if (first % 16 === 0) throw new Error("a multiple of sixteen");
        return "ok";
      },
    }),
  });

  test("a failure is found, counted, named by seed and case, and seen again alone", async () => {
    const report = await fussy.run({ cases: 1_000, seed: 5 });
    assert.equal(holds(report), false);
    assert.ok((report.outcomes.failed ?? 0) > 20);
    assert.equal(report.failures.length, 20, "the first ones are kept");
    for (const failure of report.failures) {
      const alone = await fussy.run({ cases: 1_000, seed: 5, only: failure.case });
      assert.deepEqual(alone.failures, [failure]);
      assert.equal(alone.cases, 1);
    }
  });

  test("more memory than the bound does not hold, though nothing failed", async () => {
    const report = await defineCases<Uint8Array>({
      name: "small",
      boundMiB: 1,
      prepare: async () => ({
        make: (random) => random.bytes(1),
        bytes: (input) => input,
        judge: () => "ok",
      }),
    }).run({ cases: 1, seed: 1 });
    assert.deepEqual(report.failures, []);
    assert.equal(holds(report), false);
  });

  test("neighbouring cases and seeds have nothing in common", () => {
    const numbers = [0, 1, 2].flatMap((seed) => [0, 1, 2].map((index) => caseRandom(seed, index).next()));
    assert.equal(new Set(numbers).size, 9);
    assert.equal(caseRandom(7, 3).next(), caseRandom(7, 3).next());
  });

  test("each name is a target of that name; others are none", async () => {
    for (const name of TARGET_NAMES) assert.equal((await findTarget(name))?.name, name);
    for (const name of ["", "constructor", "__proto__"]) assert.equal(await findTarget(name), undefined);
  });
});

test("a black box keeps the last case, longer ones cut off", () => {
  const folder = mkdtempSync(join(tmpdir(), "phala-l2-black-box-"));
  const file = join(folder, "last-case");
  writeFileSync(file, "");
  const [writing, reading] = [openSync(file, "r+"), openSync(file, "r")];
  try {
    assert.equal(readBlackBox(reading), undefined);
    const note = blackBox(writing);
    note(3, new Uint8Array(5_000).fill(9));
    assert.deepEqual(readBlackBox(reading), { index: 3, input: new Uint8Array(4_096).fill(9) });
    note(4, Uint8Array.of(1, 2));
    assert.deepEqual(readBlackBox(reading), { index: 4, input: Uint8Array.of(1, 2) });
  } finally {
    closeSync(writing);
    closeSync(reading);
    rmSync(folder, { recursive: true });
  }
});

describe("an answer that JSON-RPC does not know is a failure", () => {
  const call = '{"jsonrpc":"2.0","id":7,"method":"eth_chainId"}';
  const judge = (body: string, answer: string, status = 200) =>
    judgeAnswer(Buffer.from(body), status, answer);
  const good = '{"jsonrpc":"2.0","id":7,"result":"0x1"}';

  test("the sound ones", () => {
    assert.equal(judge(call, good), "result");
    assert.equal(judge(call, '{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"no"}}'), "-32000");
    assert.equal(judge(`[${call},1]`, `[${good},{"jsonrpc":"2.0","id":null,"result":1}]`), "batch");
    assert.equal(judge('{"jsonrpc":"2.0","method":"eth_chainId"}', ""), "notification");
    const refusal = '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"too large"}}';
    assert.equal(judge("[", refusal), "-32600");
    assert.equal(judge(call, refusal, 413), "HTTP 413: -32600");
  });

  const bad: readonly (readonly [name: string, body: string, answer: string, status?: number])[] = [
    ["nothing", call, ""],
    ["no JSON", call, "internal error"],
    ["another id", call, '{"jsonrpc":"2.0","id":8,"result":"0x1"}'],
    ["no version", call, '{"id":7,"result":"0x1"}'],
    ["neither result nor error", call, '{"jsonrpc":"2.0","id":7}'],
    ["both", call, '{"jsonrpc":"2.0","id":7,"result":1,"error":{"code":1,"message":""}}'],
    ["an error without a code", call, '{"jsonrpc":"2.0","id":7,"error":{"message":""}}'],
    ["an exception", call, '{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"internal error"}}'],
    ["an answer to a notification", '{"jsonrpc":"2.0","method":"eth_chainId"}', good],
    ["one answer to a batch", `[${call}]`, good],
    ["too few answers", `[${call},${call}]`, `[${good}]`],
    ["a server's fault", call, good, 500],
  ];
  for (const [name, body, answer, status] of bad) {
    test(name, () => {
      assert.throws(() => judge(body, answer, status), Error);
    });
  }

  test("bodies are the same for the same numbers, and of every kind", async () => {
    const { server, words } = await serveHostileClients(silentLog);
    await server.stop();
    const bodies = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 200 }, () => Buffer.from(hostileBody(random, words)).toString("latin1"));
    };
    assert.deepEqual(bodies(1), bodies(1));
    assert.notDeepEqual(bodies(1), bodies(2));
    assert.ok(bodies(1).some((body) => body.startsWith("[{")));
  });
});
