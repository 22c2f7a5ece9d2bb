import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { INVALID_PARAMS, LIMIT_EXCEEDED, SERVER_ERROR } from "@phala-l2/node/rpc/reply";
import { silentLog } from "@phala-l2/protocol/log";
import { createPublicClient, encodeAbiParameters, type Hex, http } from "viem";
import { readPolicyRules } from "../registry/policy-rules.ts";
import { GAMES_LOOKED_AT, readCoverage } from "../registry/proof-status.ts";
import { ACCEPTING, ADDRESSES, type Answers, registryOnL1 } from "../registry/testing/registry-on-l1.ts";
import { REMEMBERED_MS, remembered } from "./remembered.ts";
import { numberOfTag, settlementMethods } from "./settlement.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const ROOT = `0x${"0b".repeat(32)}` as const;
const KEY = `0x${"0c".repeat(20)}` as const;
/** The imitation knows games by how their addresses begin; the next byte is their place. */
const gameAt = (index: number): Hex => `0x6a${index.toString(16).padStart(2, "0")}${"00".repeat(18)}`;
const placeOf = (game: Hex): number => Number.parseInt(game.slice(4, 6), 16);

/** A factory whose games end at these blocks, oldest first, each beginning where the one named starts. */
function gamesEnding(games: readonly { readonly from: bigint; readonly to: bigint }[], count = games.length) {
  const found = games
    .map(({ to }, index) => ({
      index: BigInt(index),
      timestamp: 50n,
      rootClaim: ROOT,
      metadata: `0x000007f3${"00".repeat(8)}${gameAt(index).slice(2)}` as const,
      extraData: encodeAbiParameters([{ type: "uint256" }, { type: "uint256" }], [to, 0n]),
    }))
    .toReversed();
  return {
    gameCount: BigInt(count),
    findLatestGames: found,
    proofPolicy: ADDRESSES.proofPolicy,
    previousBlockNumber: (game: Hex) => games[placeOf(game)]?.from,
    rootClaim: ROOT,
    status: 0,
    resolvedAt: 0n,
    contradicted: false,
    isGameClaimValid: false,
    supporters: [{ key: KEY, vendor: 1, gpu: true, provedAt: 60n }],
    proofStatus: { hostVendors: 1, gpu: true, firstProofAt: 60n, thresholdAt: 0n, gpuVendors: 1 },
    minHostVendors: 2,
  };
}

const RULES = {
  leastVersionOf: (vendor: number) => (vendor === 1 ? 4n : 3n),
  version: 4n,
  leastVersion: 3n,
  keyLifetime: 2_592_000n,
  minimumTcbEvaluation: 17,
  minimumTcb: (product: number) => (product === 0 ? 0x0102030405 : 0),
  isVendorNullified: (vendor: number) => vendor === 2,
};

async function serve(answers: Answers) {
  let calls = 0;
  const counting = Object.fromEntries(
    Object.entries({ ...ACCEPTING, ...answers }).map(([name, answer]) => [
      name,
      (...args: readonly unknown[]) => {
        calls += 1;
        return typeof answer === "function" ? answer(...args) : answer;
      },
    ]),
  );
  const plain = Object.fromEntries(["chainId", "now"].map((name) => [name, ACCEPTING[name]]));
  const node = await registryOnL1({ ...counting, ...plain });
  stops.push(node.stop);
  const client = createPublicClient({ transport: http(node.url, { batch: true, retryCount: 0 }) });
  const clock = { now: () => 0, sleep: async () => {} };
  const addresses = { disputeGameFactory: ADDRESSES.factory, anchorStateRegistry: ADDRESSES.anchors };
  const policy = remembered({
    read: (_: "policy") => readPolicyRules(client, { policy: ADDRESSES.policy }),
    most: 1,
    clock,
    log: silentLog,
  });
  const coverage = remembered({
    read: (block: bigint) => readCoverage(client, addresses, block),
    most: 3,
    clock,
    log: silentLog,
  });
  const methods = settlementMethods({ policy: () => policy("policy"), coverage, numberOf: () => 6n });
  const context = { signal: AbortSignal.timeout(10_000) };
  return {
    calls: () => calls,
    ask: async (method: string, params: readonly unknown[] = []) => methods[method]?.(params, context),
    status: async (block: unknown) => methods.tee_proofStatus?.([block], context),
  };
}

const OPEN_GAME = {
  game: gameAt(1),
  l2BlockNumber: "0x8",
  rootClaim: ROOT,
  status: "in-progress",
  createdAt: "0x32",
  resolvedAt: null,
  hostVendors: "0x1",
  wantedHostVendors: "0x2",
  gpu: true,
  contradicted: false,
  final: false,
  supporters: [{ key: KEY, vendor: "INTEL", gpu: true, provedAt: "0x3c" }],
};
const ROW = [
  { from: 0n, to: 4n },
  { from: 4n, to: 8n },
  { from: 8n, to: 12n },
];

describe("tee_proofStatus", () => {
  it("tells of the game whose span has the block, and of no later one", async () => {
    const { status } = await serve(gamesEnding(ROW));
    for (const block of ["0x5", "0x8", "safe"]) {
      assert.deepEqual(await status(block), { kind: "result", value: [OPEN_GAME] });
    }
  });

  it("tells of all games of a block that provers do not agree on", async () => {
    const other = { from: 4n, to: 6n };
    const { status } = await serve({ ...gamesEnding([...ROW, other]), contradicted: true, status: 1 });
    const answer = await status("0x5");
    assert.ok(answer?.kind === "result" && Array.isArray(answer.value));
    const games = answer.value.map(({ game, status: standing, contradicted }) => [
      game,
      standing,
      contradicted,
    ]);
    assert.deepEqual(games, [
      [gameAt(3), "challenger-wins", true],
      [gameAt(1), "challenger-wins", true],
    ]);
  });

  it("tells that a game is final, and when it was resolved", async () => {
    const { status } = await serve({
      ...gamesEnding(ROW),
      status: 2,
      resolvedAt: 70n,
      isGameClaimValid: true,
    });
    const value = [{ ...OPEN_GAME, status: "defender-wins", resolvedAt: "0x46", final: true }];
    assert.deepEqual(await status("0x8"), { kind: "result", value });
  });

  it("is null while no game covers the block, and for those before the first", async () => {
    const { status } = await serve(gamesEnding([{ from: 2n, to: 4n }]));
    for (const block of ["0x5", "0x0"])
      assert.deepEqual(await status(block), { kind: "result", value: null });
    assert.deepEqual(await (await serve(gamesEnding([]))).status("0x1"), { kind: "result", value: null });
  });

  it("says so where only older games than those looked at could cover the block", async () => {
    const { status } = await serve(gamesEnding([{ from: 8n, to: 12n }], Number(GAMES_LOOKED_AT) + 1));
    const answer = await status("0x5");
    assert.ok(answer?.kind === "failure" && answer.code === LIMIT_EXCEEDED);
    assert.match(answer.message, /after block 8/);
  });

  it("asks L1 a bounded number of times, once for a block, and for a few blocks alone", async () => {
    const many = Array.from({ length: 200 }, (_, at) => ({ from: 0n, to: BigInt(at + 1) }));
    const { calls, status } = await serve(gamesEnding(many));
    await Promise.all(Array.from({ length: 20 }, () => status("0x1")));
    assert.equal(calls(), 2 + 8 * 10);
    for (const block of ["0x2", "0x3", "0x4"]) await status(block);
    assert.equal(calls(), 3 * (2 + 8 * 10));
    const refused = await status("0x4");
    assert.ok(refused?.kind === "failure" && refused.code === LIMIT_EXCEEDED);
  });

  it("refuses what is no block in geth's words", async () => {
    const { ask, status, calls } = await serve(gamesEnding(ROW));
    for (const block of [
      "",
      "8",
      "0x",
      "0x08",
      "0xzz",
      "newest",
      8,
      {},
      [],
      true,
      ROOT,
      `0x${"f".repeat(16)}`,
    ]) {
      const answer = await status(block);
      assert.ok(answer?.kind === "failure" && answer.code === INVALID_PARAMS, JSON.stringify(block));
      assert.match(answer.message, /^invalid argument 0: /);
    }
    for (const params of [[], [null], ["0x1", "0x2"]]) {
      const answer = await ask("tee_proofStatus", params);
      assert.ok(answer?.kind === "failure" && answer.code === INVALID_PARAMS);
    }
    assert.equal(calls(), 0);
  });

  it("says that L1 is silent, and nothing of why", async () => {
    const { status } = await serve({});
    assert.deepEqual(await status("0x1"), {
      kind: "failure",
      code: SERVER_ERROR,
      message: "L1 gives no answer",
    });
  });
});

describe("tee_policy", () => {
  it("tells the rules that hold for everybody, asking L1 once", async () => {
    const { ask, calls } = await serve(RULES);
    const answers = await Promise.all([ask("tee_policy"), ask("tee_policy")]);
    const value = {
      leastVersionOf: { INTEL: "0x4", AMD: "0x3" },
      policy: ADDRESSES.policy,
      version: "0x4",
      leastVersion: "0x3",
      keyLifetime: "0x278d00",
      minimumTcbEvaluation: "0x11",
      minimumTcb: { genoa: "0x102030405", turin: "0x0" },
      minimumGpus: "0x1",
      acceptsPresenceOnly: false,
      platformsListed: false,
      nullifiedVendors: ["AMD"],
      bond: "0x3e8",
    };
    for (const answer of answers) assert.deepEqual(answer, { kind: "result", value });
    assert.equal(calls(), 14);
  });

  it("takes no parameters, and says when L1 is silent", async () => {
    const { ask } = await serve({});
    for (const [params, code] of [
      [["0x1"], INVALID_PARAMS],
      [[], SERVER_ERROR],
    ] as const) {
      const answer = await ask("tee_policy", params);
      assert.ok(answer?.kind === "failure" && answer.code === code);
    }
  });
});

describe("what L1 said", () => {
  it("is told again for a while, also that it said nothing; then other things may be asked", async () => {
    let [now, looks] = [0, 0];
    const look = remembered({
      read: async (_: string) => {
        looks += 1;
        throw new Error("http://user:secret@l1");
      },
      most: 1,
      clock: { now: () => now, sleep: async () => {} },
      log: silentLog,
    });
    assert.deepEqual([await look("a"), await look("a"), looks], [{ kind: "silent" }, { kind: "silent" }, 1]);
    now = REMEMBERED_MS - 1;
    assert.deepEqual(await look("b"), { kind: "busy" });
    now = REMEMBERED_MS;
    assert.deepEqual([await look("b"), looks], [{ kind: "silent" }, 2]);
  });
});

describe("a tag", () => {
  it("names a head of the prover's own node", () => {
    const heads = { unsafe: { number: 9n }, safe: { number: 8n }, finalized: { number: 5n } };
    const chain = { heads: () => heads };
    const tags = ["latest", "pending", "safe", "finalized", "earliest"] as const;
    const numbers = tags.map((tag) => numberOfTag(tag, chain, 1n));
    assert.deepEqual(numbers, [9n, 9n, 8n, 5n, 1n]);
  });
});
