import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Statements } from "@phala-l2/enclave/statements";
import { asAddress, asHash, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import { child } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { swapSettingsHash } from "@phala-l2/protocol/swap-release";
import type { Descriptions } from "./description.ts";
import { JUDGING_MS_PER_MINUTE, NODE_QUESTIONS_PER_MINUTE, StatementDesk } from "./desk.ts";
import type { IsFinal } from "./parachain-node.ts";

const ANCHOR = asHash(new Uint8Array(32).fill(9));
const MINUTE_MS = 60_000;

function settingsWith(finalityAnchor: Hash) {
  return {
    genesisHash: asHash(new Uint8Array(32).fill(1)),
    firstHeight: 1n,
    lastHeight: 2n,
    minimum: 1n,
    runtimes: [{ specVersion: 7, metadataHash: asHash(new Uint8Array(32).fill(4)) }],
    token: asAddress(new Uint8Array(20).fill(3)),
    finalityAnchor,
  };
}

const notAsked = () => assert.fail("it is not asked for here");

type Given = {
  readonly anchor?: Hash;
  readonly isFinal?: IsFinal;
  readonly finality?: Descriptions["finality"];
  readonly followFinality?: Statements["followFinality"];
  /** Milliseconds that the enclave takes for each question. */
  readonly takes?: number;
};

/** A desk before an enclave that refuses each deposit, in that time. */
function deskWith(given: Given) {
  const { anchor = ANCHOR, isFinal, finality = () => [], followFinality = notAsked, takes = 0 } = given;
  let time = 1_000_000;
  let judged = 0;
  const statements: Statements = {
    pinFinality: () => ({ kind: "following", anchor: toHex(ANCHOR), setId: 0n }),
    followFinality,
    signSunset: notAsked,
    signRelease: () => {
      time += takes;
      judged += 1;
      return { kind: "refused", reason: "judged" };
    },
  };
  const settings = settingsWith(anchor);
  const domain = { chainId: 1n, contract: settings.token };
  const desk = new StatementDesk({
    serving: () => ({ key: "0x01", statements }),
    descriptions: {
      sunset: () => undefined,
      swap: () => ({ settings, domain, metadata: [] }),
      finality,
    },
    isFinal,
    clock: { now: () => time, sleep: async () => {} },
    log: silentLog,
    signal: new AbortController().signal,
  });
  const ask = async (height = 1n, settingsHash = swapSettingsHash(settings)) => {
    const block = { header: encodeHeader(child(ZERO_HASH, height)), nodes: [], remarks: [] };
    const witness = { deposit: { block, eventIndex: 0 } };
    const answer = await desk.release({ settingsHash, witness, finality: [] });
    return answer.kind === "refused" ? answer.reason : answer.kind;
  };
  const wait = (ms: number) => {
    time += ms;
  };
  return { ask, wait, judged: () => judged };
}

describe("the budget of judging", () => {
  it("is not spent on questions for other settings", async () => {
    const { ask, judged } = deskWith({ takes: 1_000 });
    for (let i = 0n; i < 1_000n; i++) assert.equal(await ask(i, ZERO_HASH), "other-settings");
    assert.equal(judged(), 0);
    assert.equal(await ask(), "judged");
  });

  it("is not spent on what the enclave refuses at once", async () => {
    const { ask } = deskWith({ takes: 0 });
    for (let i = 0n; i < 1_000n; i++) assert.equal(await ask(i), "judged");
  });

  it("is so much of the thread's time in a minute, and no more, however many ask at once", async () => {
    const takes = 1_000;
    const { ask, wait, judged } = deskWith({ takes });
    const most = JUDGING_MS_PER_MINUTE / takes;
    const answers = await Promise.all(Array.from({ length: 3 * most }, (_, i) => ask(BigInt(i))));
    assert.equal(answers.filter((answer) => answer === "judged").length, most);
    assert.equal(answers.filter((answer) => answer === "busy").length, 2 * most);
    assert.equal(judged(), most);
    assert.equal(await ask(1n, ZERO_HASH), "other-settings");
    wait(MINUTE_MS - JUDGING_MS_PER_MINUTE - 1);
    assert.equal(await ask(), "busy");
    wait(1);
    assert.equal(await ask(), "judged");
  });

  it("is so many questions to the own node, and no more, where that says what is final", async () => {
    let asked = 0;
    const isFinal: IsFinal = async () => {
      asked += 1;
      return false;
    };
    const { ask, wait, judged } = deskWith({ anchor: ZERO_HASH, isFinal });
    const count = NODE_QUESTIONS_PER_MINUTE + 10;
    for (let i = 0n; i < 200n; i++) await ask(i, ANCHOR);
    const answers = await Promise.all(Array.from({ length: count }, (_, i) => ask(BigInt(i))));
    assert.equal(asked, NODE_QUESTIONS_PER_MINUTE);
    assert.equal(answers.filter((answer) => answer === "busy").length, 10);
    assert.equal(judged(), 0);
    wait(MINUTE_MS);
    assert.equal(await ask(), "block-not-final");
  });
});

describe("a file of finality that cannot be read", () => {
  it("is told of to who asked then, and is no matter afterwards", async () => {
    let reads = 0;
    const finality = () => {
      reads += 1;
      if (reads === 1) throw new RollupError("SETTING_INVALID", "the file is torn");
      return [];
    };
    const { ask } = deskWith({ finality });
    await assert.rejects(ask(), { code: "SETTING_INVALID" });
    assert.equal(await ask(), "judged");
    assert.equal(await ask(), "judged");
    assert.equal(reads, 3);
  });

  it("fails nobody but its reader, even when both wait", async () => {
    let reads = 0;
    const finality = () => {
      reads += 1;
      if (reads === 1) throw new RollupError("SETTING_INVALID", "the file is torn");
      return [];
    };
    const { ask } = deskWith({ finality });
    const [first, second] = await Promise.allSettled([ask(1n), ask(2n)]);
    assert.equal(first.status, "rejected");
    assert.deepEqual(second, { status: "fulfilled", value: "judged" });
  });
});

describe("a hand-over that the enclave refuses", () => {
  it("is told to it once for each state of the file, however many ask", async () => {
    const source = { set: { id: 0n, authorities: [] }, paraId: undefined };
    const chain = (last: number) => [
      { source, from: 0n, handOvers: [1, last].map((byte) => Uint8Array.of(byte)) },
    ];
    let chains = chain(2);
    const told: number[] = [];
    const followFinality: Statements["followFinality"] = (_, handOver) => {
      told.push(handOver[0] ?? 0);
      if (handOver[0] === 2) return { kind: "refused", reason: "signature-invalid" };
      return { kind: "following", anchor: toHex(ANCHOR), setId: 1n };
    };
    const { ask } = deskWith({ finality: () => chains, followFinality });
    for (let i = 0n; i < 5n; i++) assert.equal(await ask(i), "judged");
    assert.deepEqual(told, [1, 2]);
    chains = chain(3);
    for (let i = 0n; i < 5n; i++) assert.equal(await ask(i), "judged");
    assert.deepEqual(told, [1, 2, 3]);
  });
});
