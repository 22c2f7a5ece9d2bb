import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { outputRootV0 } from "@phala-l2/protocol/wire/output-root";
import { zeroAddress, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createBridge } from "../network.ts";
import { type FakeChains, type FakeGame, startFakeChains } from "../testing/fake-chains.ts";
import { untilCovered } from "./covering-game.ts";

const NOW = 1_800_000_000n;
const HOUR = 3_600n;
const HEAD = 1_000n;
const OWN_ROOT = toHex(
  outputRootV0({ stateRoot: ZERO_HASH, messagePasserStorageRoot: ZERO_HASH, blockHash: ZERO_HASH }),
);
const OTHER_ROOT = `0x${"66".repeat(32)}` as const;
const account = privateKeyToAccount(`0x${"01".repeat(32)}`);
const withdrawal = {
  nonce: 0n,
  sender: zeroAddress,
  target: zeroAddress,
  value: 1n,
  gasLimit: 0n,
  data: "0x",
  withdrawalHash: zeroHash,
} as const;

const game = (block: bigint, timestamp: bigint, rootClaim: FakeGame["rootClaim"] = OWN_ROOT): FakeGame => ({
  block,
  timestamp,
  rootClaim,
});

const stops: (() => Promise<void>)[] = [];
after(() => Promise.all(stops.map((stop) => stop())));

/** The game that is waited for, and what the log said of the newest one meanwhile. */
async function coveringGame(block: bigint, chains: Partial<FakeChains> & Pick<FakeChains, "games">) {
  const { network, stop } = await startFakeChains({ l1Time: () => NOW, l2Head: HEAD, ...chains });
  stops.push(stop);
  const newest: unknown[] = [];
  const info: Log["info"] = (facts) => newest.push("newestGame" in facts && facts.newestGame);
  const started = { receipt: { blockNumber: block }, withdrawal };
  const { game: found } = await untilCovered(createBridge(network, account), started, { ...silentLog, info });
  return { index: found.index, newest };
}

/** Another list at each look, the last one for good. */
function inTurn(...lists: readonly (readonly FakeGame[])[]): () => readonly FakeGame[] {
  // One look asks the fake L1 four times: count, type, list, numbers.
  let asked = 0;
  return () => lists[Math.min(Math.floor(asked++ / 4), lists.length - 1)] ?? [];
}

describe("the game that a withdrawal is proven against", { concurrency: true, timeout: 30_000 }, () => {
  it("is taken as soon as it is there, however long the chain had paused before", async () => {
    // From the intervals of these games one would reckon with hours.
    const before = [game(50n, NOW - 60n), game(49n, NOW - 90n * HOUR), game(48n, NOW - 180n * HOUR)];
    const found = await coveringGame(60n, { games: inTurn(before, [game(60n, NOW - 1n), ...before]) });
    assert.deepEqual(found, { index: 3n, newest: ["50"] });
  });

  it("is waited for where there is no game at all, and told of once", async () => {
    const found = await coveringGame(5n, { games: inTurn([], [], [game(9n, NOW - 1n)]) });
    assert.deepEqual(found, { index: 0n, newest: ["none"] });
  });

  it("is the newest with the rollup's own root", async () => {
    const games = [
      game(30n, NOW - 1n, OTHER_ROOT),
      game(20n, NOW - 2n),
      game(15n, NOW - 3n),
      game(5n, NOW - 4n),
    ];
    assert.deepEqual(await coveringGame(10n, { games: () => games }), { index: 2n, newest: [] });
  });

  it("is none of a block that the rollup does not have", async () => {
    const games = [game(HEAD + 1n, NOW - 1n), game(20n, NOW - 2n)];
    assert.deepEqual(await coveringGame(10n, { games: () => games }), { index: 0n, newest: [] });
  });

  it("is none that was made in L1's newest block, for the portal refuses its proof", async () => {
    const games = [game(30n, NOW), game(20n, NOW - 2n)];
    assert.deepEqual(await coveringGame(10n, { games: () => games }), { index: 0n, newest: [] });
  });
});
