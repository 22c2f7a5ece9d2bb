import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import type { SignedClaim } from "@phala-l2/enclave/session";
import { jovianConfig } from "@phala-l2/execution/testing/config";
import { asHash, type Hash, type Hex, toHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import type { Header } from "@phala-l2/protocol/wire/header";
import { decodeFunctionData, HttpRequestError } from "viem";
import type { WitnessRequest } from "./collect-witness.ts";
import type { Settlement } from "./games.ts";
import type { Call, SendOutcome } from "./l1-transactions.ts";
import { type OwnNode, ownOutputRoot } from "./own-view.ts";
import type { Game } from "./strategy.ts";
import { Submitter } from "./submitter.ts";

const KEY = "0x00000000000000000000000000000000000000aa";
const addresses = {
  disputeGameFactory: "0x00000000000000000000000000000000000000f1",
  anchorStateRegistry: "0x00000000000000000000000000000000000000f2",
  proverRegistry: "0x00000000000000000000000000000000000000f3",
} as const;
const GAME = "0x00000000000000000000000000000000000000b1";

const hash = (number: bigint): Hash => asHash(new Uint8Array(32).fill(Number(number)).with(0, 0x11));
const l1Ref = (number: bigint): BlockRef => ({
  number,
  hash: hash(number),
  parentHash: ZERO_HASH,
  timestamp: 0n,
});
const l2Ref = (number: bigint): L2BlockRef => ({ ...l1Ref(number), l1Origin: l1Ref(0n), sequenceNumber: 0n });

function headerOf(number: bigint): Header {
  return {
    parentHash: ZERO_HASH,
    ommersHash: ZERO_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: hash(number),
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp: 0n,
    extraData: new Uint8Array(0),
    prevRandao: ZERO_HASH,
    nonce: new Uint8Array(8),
    withdrawalsRoot: hash(number),
  };
}

/** A node whose block n is derived from L1 block n / 10, with a safe head at 35 and L1 read up to 4. */
function node(safe = 35n): OwnNode {
  const headers = new Map(
    Array.from({ length: 100 }, (_, i) => [toHex(hash(BigInt(i))), headerOf(BigInt(i))]),
  );
  return {
    currentL1: () => l1Ref(4n),
    chain: {
      config: jovianConfig(901n),
      heads: () => ({ safe: l2Ref(safe), unsafe: l2Ref(safe), finalized: l2Ref(0n) }),
      hashByNumber: hash,
      headerByHash: (wanted) => headers.get(toHex(wanted)),
      safeHeadAtL1Block: (number) => ({ l1: l1Ref(number), safe: l1Ref(number * 10n) }),
      ref: () => undefined,
      block: () => undefined,
      readNode: () => undefined,
      readCode: () => undefined,
    },
  };
}

const root = (number: bigint): Hex => ownOutputRoot(node(99n), number) ?? "0x";

function game(fields: Partial<Game> = {}): Game {
  return {
    address: GAME,
    rootClaim: root(20n),
    l1Head: toHex(hash(3n)),
    l1HeadNumber: 3n,
    l2BlockNumber: 20n,
    previousOutputRoot: root(0n),
    previousBlockNumber: 0n,
    parent: undefined,
    isRespected: true,
    status: "in-progress",
    isTrusted: true,
    supporters: [],
    ...fields,
  };
}

type Setup = {
  readonly games?: readonly Game[];
  readonly isValid?: boolean;
  readonly proven?: (request: WitnessRequest) => Promise<Hex> | Hex;
  readonly ripe?: boolean;
  readonly outcome?: SendOutcome;
  readonly canonicalL1?: boolean;
};

/** What a submitter did in one turn. */
async function turn(setup: Setup) {
  const sent: Call[] = [];
  const requests: WitnessRequest[] = [];
  const logged: string[] = [];
  const note = (_: object, message: string) => logged.push(message);
  const log: Log = { ...silentLog, info: note, warn: note, error: note };
  const settlement: Settlement = { anchor: { root: root(0n), number: 0n }, games: setup.games ?? [] };
  const claims = async (request: WitnessRequest): Promise<SignedClaim> => {
    requests.push(request);
    const proven = await (setup.proven ?? (({ l2BlockNumber }) => root(l2BlockNumber)))(request);
    const outputRoot = asHash(Uint8Array.from(Buffer.from(proven.slice(2), "hex")));
    const { l1Head, previousOutputRoot, l2BlockNumber } = request;
    const claim = { rollupConfigHash: ZERO_HASH, l1Head, previousOutputRoot, outputRoot, l2BlockNumber };
    return { claim, signature: new Uint8Array(65).fill(1) };
  };
  const submitter = new Submitter(
    {
      addresses,
      own: { vendor: 1, gpu: false },
      interval: 10n,
      maxBlocks: 100n,
      pollIntervalMs: 1,
    },
    {
      book: {
        read: async () => settlement,
        isValidKey: async () => setup.isValid ?? true,
        isClaimValid: async () => setup.ripe ?? false,
      },
      node: node(),
      l1: {
        blockRef: async (which) =>
          setup.canonicalL1 === false ? undefined : l1Ref(typeof which === "bigint" ? which : 0n),
      },
      signer: () => ({ key: KEY, claims }),
      transactions: {
        wouldSucceed: async () => setup.ripe ?? false,
        send: async (call) => {
          sent.push(call);
          return setup.outcome ?? { kind: "included", hash: "0x", gasUsed: 1n };
        },
      },
      clock: { now: () => 0, sleep: async () => {} },
      log,
      signal: new AbortController().signal,
    },
  );
  await submitter.turn();
  const abi = [...disputeGameFactoryAbi, ...multiProofGameAbi, ...anchorStateRegistryAbi];
  const calls = sent.map(({ to, data }) => ({ to, ...decodeFunctionData({ abi, data }) }));
  return { calls, requests, logged };
}

describe("a turn of the submitter", () => {
  it("proposes what is due, from the first L1 block that gives it", async () => {
    const { calls, requests } = await turn({});
    assert.deepEqual(requests, [
      {
        l1Head: hash(3n),
        previousBlockNumber: 0n,
        previousOutputRoot: asHash(Uint8Array.from(Buffer.from(root(0n).slice(2), "hex"))),
        l2BlockNumber: 30n,
        mayBeAbsent: false,
      },
    ]);
    assert.deepEqual(
      calls.map(({ to, functionName }) => [to, functionName]),
      [[addresses.disputeGameFactory, "createWithProof"]],
    );
    const [type, claimed, extraData, l1Head, l1HeadNumber] = calls[0]?.args ?? [];
    assert.deepEqual([type, claimed, l1Head, l1HeadNumber], [2035, root(30n), toHex(hash(3n)), 3n]);
    assert.equal(extraData, `0x${"1e".padStart(64, "0")}${"".padStart(64, "0")}`);
  });

  it("does not propose from an L1 block that is no longer canonical", async () => {
    const { calls } = await turn({ canonicalL1: false });
    assert.deepEqual(calls, []);
  });

  it("supports a right game by that game's own inputs, then proposes on top of it", async () => {
    const { calls, requests } = await turn({ games: [game()] });
    assert.deepEqual(requests[0]?.l1Head, hash(3n));
    assert.equal(requests[0]?.mayBeAbsent, true);
    assert.deepEqual(
      calls.map(({ functionName }) => functionName),
      ["prove", "createWithProof"],
    );
    assert.deepEqual(calls[0]?.to, GAME);
    assert.equal(calls[0]?.args?.[0], root(20n));
    assert.match(String(calls[1]?.args?.[2]), new RegExp(`${GAME.slice(2)}$`));
  });

  it("contradicts a false game with what it has proven, and builds on something else", async () => {
    const { calls, logged } = await turn({ games: [game({ rootClaim: toHex(hash(99n)) })] });
    assert.equal(calls[0]?.args?.[0], root(20n));
    assert.match(String(calls[1]?.args?.[2]), /0{64}$/);
    assert.ok(logged.includes("a game's claim is false; contradicting it"));
  });

  it("contradicts a game about a block that does not exist with the zero root", async () => {
    const absent = game({ l2BlockNumber: 60n, rootClaim: toHex(hash(99n)) });
    const { calls } = await turn({
      games: [absent],
      proven: (request) => (request.mayBeAbsent ? toHex(ZERO_HASH) : root(30n)),
    });
    assert.deepEqual(
      calls.map(({ functionName, args }) => [functionName, args?.[0]]),
      [
        ["prove", toHex(ZERO_HASH)],
        ["createWithProof", 2035],
      ],
    );
  });

  it("believes its proof and not its node: a right root that the game's L1 head does not give is contradicted", async () => {
    const { calls } = await turn({
      games: [game()],
      proven: ({ mayBeAbsent }) => (mayBeAbsent ? toHex(ZERO_HASH) : root(30n)),
    });
    assert.equal(calls[0]?.args?.[0], toHex(ZERO_HASH));
  });

  it("proves nothing with a key that the registry does not count, but still finishes what is ripe", async () => {
    const won = game({ status: "defender-wins", address: "0x00000000000000000000000000000000000000b2" });
    const { calls, requests, logged } = await turn({ isValid: false, ripe: true, games: [game(), won] });
    assert.deepEqual(requests, []);
    assert.deepEqual(
      calls.map(({ functionName }) => functionName),
      ["resolve", "setAnchorState"],
    );
    assert.ok(logged.some((line) => line.includes("registry does not count")));
  });

  it("sends nothing that would fail", async () => {
    const won = game({ status: "defender-wins", l2BlockNumber: 30n, rootClaim: root(30n) });
    const open = game({
      address: "0x00000000000000000000000000000000000000b2",
      supporters: [{ key: KEY, vendor: 1, gpu: false, isValid: true }],
    });
    const { calls } = await turn({ ripe: false, games: [won, open] });
    assert.deepEqual(calls, []);
  });

  it("takes a refusal for a lost race and goes on", async () => {
    const outcome = { kind: "refused", reason: "GameAlreadyExists" } as const;
    const { logged } = await turn({ outcome });
    assert.ok(logged.some((line) => line.startsWith("not done: game created")));
  });

  it("proves the other games when one can't be proven", async () => {
    const other = "0x00000000000000000000000000000000000000b2";
    const games = [game(), game({ address: other, l2BlockNumber: 30n, rootClaim: root(30n) })];
    const proven = ({ l2BlockNumber }: WitnessRequest) => {
      if (l2BlockNumber === 20n) throw new RollupError("BLOBS_UNAVAILABLE", "gone");
      return root(l2BlockNumber);
    };
    const { calls, logged } = await turn({ games, proven });
    assert.deepEqual(
      calls.map(({ to, functionName }) => [to, functionName]),
      [[other, "prove"]],
    );
    assert.ok(logged.some((line) => line.includes("gone")));
  });

  it("raises an alarm about a game on a base that is not ours", async () => {
    const { calls, logged } = await turn({
      games: [game({ previousOutputRoot: toHex(hash(98n)), l2BlockNumber: 30n, rootClaim: root(30n) })],
    });
    assert.deepEqual(calls, []);
    assert.ok(logged.some((line) => line.includes("not this node's")));
  });
});

describe("the submitter's loop", () => {
  it("waits longer after each failure, and ends with the signal", async () => {
    const controller = new AbortController();
    const pauses: number[] = [];
    const logged: object[] = [];
    const failing = async () => {
      throw new HttpRequestError({ url: "https://l1.example/secret", status: 401, details: "Unauthorized" });
    };
    const submitter = new Submitter(
      {
        addresses,
        own: { vendor: 1, gpu: false },
        interval: 10n,
        maxBlocks: 100n,
        pollIntervalMs: 1000,
      },
      {
        book: { read: failing, isValidKey: failing, isClaimValid: failing },
        node: node(),
        l1: { blockRef: failing },
        signer: () => ({ key: KEY, claims: failing }),
        transactions: { wouldSucceed: failing, send: failing },
        clock: {
          now: () => 0,
          sleep: async (milliseconds) => {
            pauses.push(milliseconds);
            if (pauses.length === 8) controller.abort();
          },
        },
        log: { ...silentLog, warn: (facts: object) => logged.push(facts) },
        signal: controller.signal,
      },
    );
    await submitter.run();
    // The URL's path, where the keys of hosted endpoints are, is not told.
    assert.deepEqual(logged[0], { reason: "HTTP request failed. Unauthorized", failures: 1 });
    assert.deepEqual(pauses, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });
});
