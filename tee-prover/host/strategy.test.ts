import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Hex } from "@phala-l2/protocol/bytes";
import {
  anchorCandidates,
  type Game,
  gamesToProve,
  gamesToResolve,
  proposalDue,
  type Situation,
  type Supporter,
  verdictOn,
} from "./strategy.ts";

const KEY = "0xaa";
const INTEL = 1;
const AMD = 2;

/** The honest output root of a block; anything else is false. */
const honest = (number: bigint): Hex => `0x${number.toString(16)}`;

function game(fields: Partial<Game> = {}): Game {
  return {
    address: "0x01",
    rootClaim: honest(fields.l2BlockNumber ?? 20n),
    l1Head: "0xff",
    l1HeadNumber: 7n,
    l2BlockNumber: 20n,
    previousOutputRoot: honest(10n),
    previousBlockNumber: 10n,
    parent: undefined,
    isRespected: true,
    status: "in-progress",
    isTrusted: true,
    supporters: [],
    ...fields,
  };
}

function situation(fields: Partial<Situation> = {}): Situation {
  const safe = fields.safe ?? 35n;
  return {
    own: { key: KEY, vendor: INTEL, gpu: false },
    games: [],
    anchor: { root: honest(0n), number: 0n },
    safe,
    reached: 6n,
    outputRoot: (number) => (number > safe ? undefined : honest(number)),
    interval: 10n,
    maxBlocks: 100n,
    ...fields,
  };
}

const supporter = (fields: Partial<Supporter> = {}): Supporter => ({
  key: "0xbb",
  vendor: AMD,
  gpu: false,
  isValid: true,
  ...fields,
});

describe("what a prover says about a game", () => {
  const cases: readonly (readonly [name: string, game: Partial<Game>, verdict: string])[] = [
    ["a right one without supporters is supported", {}, "support"],
    ["a false one is contradicted", { rootClaim: "0xbad" }, "contradict"],
    [
      "one that its own key has supported is not supported again",
      { supporters: [supporter({ key: KEY, vendor: INTEL })] },
      "covered",
    ],
    ["nor one that a valid key of its class has", { supporters: [supporter({ vendor: INTEL })] }, "covered"],
    [
      "but one whose supporter of its class was revoked is",
      { supporters: [supporter({ vendor: INTEL, isValid: false })] },
      "support",
    ],
    ["one that another vendor supports is supported", { supporters: [supporter()] }, "support"],
    [
      "one that its vendor supports with a GPU is supported",
      { supporters: [supporter({ vendor: INTEL, gpu: true })] },
      "support",
    ],
    [
      "a false one is contradicted even when its class supports it",
      { rootClaim: "0xbad", supporters: [supporter({ vendor: INTEL })] },
      "contradict",
    ],
    [
      "a false one is contradicted even when its own key supports it",
      { rootClaim: "0xbad", supporters: [supporter({ key: KEY })] },
      "contradict",
    ],
    ["one that is won is left alone", { status: "defender-wins", rootClaim: "0xbad" }, "closed"],
    ["one that is lost is left alone", { status: "challenger-wins" }, "closed"],
    ["one that the guardian has judged is left alone", { isTrusted: false }, "closed"],
    ["on a false base nothing can be proven", { previousOutputRoot: "0xbad" }, "foreign-base"],
    [
      "on a base beyond the safe head neither",
      { previousBlockNumber: 40n, previousOutputRoot: honest(40n), l2BlockNumber: 50n },
      "foreign-base",
    ],
    ["a block beyond the safe head is waited for", { l2BlockNumber: 36n }, "not-derived"],
  ];
  for (const [name, fields, verdict] of cases) {
    it(name, () => assert.equal(verdictOn(situation(), game(fields)), verdict));
  }

  it("a block that all L1 data up to the game's head does not give is contradicted", () => {
    assert.equal(verdictOn(situation({ reached: 7n }), game({ l2BlockNumber: 36n })), "contradict");
    assert.equal(verdictOn(situation({ reached: 7n }), game({ l2BlockNumber: 35n })), "support");
  });

  it("comes in order: what is false first, then the lower blocks", () => {
    const games = [
      game({ address: "0x01", l2BlockNumber: 30n }),
      game({ address: "0x02", l2BlockNumber: 20n }),
      game({ address: "0x03", l2BlockNumber: 35n, rootClaim: "0xbad" }),
      game({ address: "0x04", status: "defender-wins" }),
    ];
    const tasks = gamesToProve(situation({ games })).map(({ kind, game }) => [kind, game.address]);
    assert.deepEqual(tasks, [
      ["contradict", "0x03"],
      ["support", "0x02"],
      ["support", "0x01"],
    ]);
  });
});

describe("the proposal that is due", () => {
  const cases: readonly (readonly [
    name: string,
    fields: Partial<Situation>,
    expected: readonly [parent: Hex | undefined, from: bigint, to: bigint] | undefined,
  ])[] = [
    ["is the largest multiple of the interval that is safe, from the anchor", {}, [undefined, 0n, 30n]],
    ["is the safe head itself when that is a multiple", { safe: 40n }, [undefined, 0n, 40n]],
    ["does not exist before the first interval is over", { safe: 9n }, undefined],
    [
      "builds on the newest game",
      { games: [game({ address: "0x02" }), game({ address: "0x01", l2BlockNumber: 10n })] },
      ["0x02", 20n, 30n],
    ],
    [
      "builds on a game that is won as well",
      { games: [game({ status: "defender-wins" })] },
      ["0x01", 20n, 30n],
    ],
    ["does not exist when an open game covers it", { games: [game({ l2BlockNumber: 30n })] }, undefined],
    ["does not exist when a game reaches beyond it", { games: [game({ l2BlockNumber: 33n })] }, undefined],
    [
      "passes over a lost game",
      { games: [game({ l2BlockNumber: 30n, rootClaim: "0xbad", status: "challenger-wins" })] },
      [undefined, 0n, 30n],
    ],
    [
      "passes over a game that the guardian has judged",
      { games: [game({ isTrusted: false })] },
      [undefined, 0n, 30n],
    ],
    [
      "passes over a game of a type that was not respected",
      { games: [game({ isRespected: false })] },
      [undefined, 0n, 30n],
    ],
    [
      "passes over a false game, also when it is the newest and won",
      {
        games: [
          game({ rootClaim: "0xbad", status: "defender-wins" }),
          game({ address: "0x05", l2BlockNumber: 10n }),
        ],
      },
      ["0x05", 10n, 30n],
    ],
    [
      "passes over a game below the anchor",
      { anchor: { root: honest(25n), number: 25n }, games: [game()] },
      [undefined, 25n, 30n],
    ],
    [
      "builds on the game that is the anchor",
      { anchor: { root: honest(20n), number: 20n }, games: [game({ status: "defender-wins" })] },
      ["0x01", 20n, 30n],
    ],
    ["does not build on an anchor that is not ours", { anchor: { root: "0xbad", number: 0n } }, undefined],
    [
      "is not made again where the guardian has judged the very same",
      { games: [game({ l2BlockNumber: 30n, isTrusted: false })] },
      undefined,
    ],
    [
      "is made where the judged one had another parent",
      { games: [game({ l2BlockNumber: 30n, isTrusted: false, parent: "0x77" })] },
      [undefined, 0n, 30n],
    ],
    ["goes no further than one proof does", { maxBlocks: 15n }, [undefined, 0n, 10n]],
    ["does not exist where one proof can't reach the next multiple", { maxBlocks: 9n }, undefined],
    [
      "chooses between games of one block by the lower address",
      { games: [game({ address: "0x0b" }), game({ address: "0x0a" })] },
      ["0x0a", 20n, 30n],
    ],
  ];
  for (const [name, fields, expected] of cases) {
    it(name, () => {
      const proposal = proposalDue(situation(fields));
      if (expected === undefined) return assert.equal(proposal, undefined);
      const [parent, from, to] = expected;
      assert.deepEqual(proposal, {
        parent,
        previous: { root: honest(from), number: from },
        target: { root: honest(to), number: to },
      });
    });
  }

  it("is the same in whatever order L1 lists the games", () => {
    const games = [20n, 30n, 10n, 30n].map((l2BlockNumber, i) => game({ l2BlockNumber, address: `0x0${i}` }));
    const due = proposalDue(situation({ games, safe: 55n }));
    assert.deepEqual(proposalDue(situation({ games: games.toReversed(), safe: 55n })), due);
    assert.equal(due?.parent, "0x01");
  });
});

describe("what can be finished", () => {
  it("games resolve when what they build on is decided", () => {
    const games = [
      game({ address: "0x03", parent: "0x02", l2BlockNumber: 40n }),
      game({ address: "0x02", parent: "0x01", l2BlockNumber: 30n }),
      game({ address: "0x01", status: "defender-wins" }),
      game({ address: "0x05", l2BlockNumber: 15n }),
      game({ address: "0x06", parent: "0x99", l2BlockNumber: 12n }),
    ];
    assert.deepEqual(
      gamesToResolve({ games }).map(({ address }) => address),
      ["0x06", "0x05", "0x02"],
    );
  });

  it("a game on a judged or lost one is resolved too: it is lost", () => {
    const games = [
      game({ address: "0x01", isTrusted: false }),
      game({ address: "0x02", parent: "0x01", l2BlockNumber: 30n }),
      game({ address: "0x03", status: "challenger-wins" }),
      game({ address: "0x04", parent: "0x03", l2BlockNumber: 31n }),
    ];
    assert.deepEqual(
      gamesToResolve({ games }).map(({ address }) => address),
      ["0x01", "0x02", "0x04"],
    );
  });

  it("the anchor moves to won, trusted, respected games beyond it, the newest first", () => {
    const games = [
      game({ address: "0x01", status: "defender-wins", l2BlockNumber: 10n }),
      game({ address: "0x02", status: "defender-wins", l2BlockNumber: 20n }),
      game({ address: "0x03", status: "defender-wins", l2BlockNumber: 30n }),
      game({ address: "0x04", status: "defender-wins", l2BlockNumber: 40n, isTrusted: false }),
      game({ address: "0x05", status: "defender-wins", l2BlockNumber: 50n, isRespected: false }),
      game({ address: "0x06", status: "challenger-wins", l2BlockNumber: 60n }),
      game({ address: "0x07", l2BlockNumber: 70n }),
    ];
    const candidates = anchorCandidates({ games, anchor: { root: honest(10n), number: 10n } });
    assert.deepEqual(
      candidates.map(({ address }) => address),
      ["0x03", "0x02"],
    );
  });
});
