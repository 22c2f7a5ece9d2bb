import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { HttpRequestError } from "viem";
import { TestClock } from "../testing/clock.ts";
import { Batcher } from "./batcher.ts";
import { channels, DURATION, FakeSender, noise, type Posted, RULES, setUp } from "./testing/batcher-world.ts";
import { FakeSequencer } from "./testing/fake-sequencer.ts";
import { blocksOf, framesOf } from "./testing/posted-data.ts";
import { TEST_ROLLUP } from "./testing/rollup.ts";

describe("when a channel is posted", () => {
  it("not before its time, and then with all blocks there are", async () => {
    const { sequencer, settle, sender, clock } = setUp();
    sequencer.extend(5);
    await settle();
    clock.pass(DURATION - 1);
    sequencer.extend(2);
    await settle();
    assert.equal(sender.posted.length, 0);
    clock.pass(1);
    await settle();
    assert.deepEqual(channels(sender.posted), [[1n, 7n]]);
  });

  it("at once when it is full, and a backlog as several channels without gap or overlap", async () => {
    const { sequencer, settle, sender } = setUp({ targetSize: 3_000 });
    for (let i = 0; i < 12; i++) sequencer.extend(1, [noise(1_000, i)]);
    await settle();
    assert.deepEqual(channels(sender.posted), [
      [1n, 5n],
      [6n, 10n],
    ]);
  });

  it("from a backlog of thousands of blocks with several fetches side by side", async () => {
    const { sequencer, settle, sender } = setUp();
    sequencer.extend(4_000);
    await settle();
    assert.deepEqual(channels(sender.posted), [[1n, 3_600n]]);
    assert.ok(sequencer.mostAtOnce > 4 && sequencer.mostAtOnce <= 16, `${sequencer.mostAtOnce} at once`);
  });

  it("with the blocks that the sequencer has, transactions and all", async () => {
    const { sequencer, post, sender } = setUp();
    const transactions = [noise(40, 1), noise(100, 2)];
    sequencer.extend(7);
    sequencer.extend(1, transactions);
    await post();
    const blocks = blocksOf(
      sender.posted.map(({ payload }) => payload),
      RULES,
    );
    assert.deepEqual(
      blocks.map(({ epochNumber }) => epochNumber),
      [0n, 0n, 0n, 0n, 0n, 1n, 1n, 1n],
    );
    assert.deepEqual(
      blocks.at(-1)?.transactions.map((raw) => Buffer.from(raw)),
      transactions.map((raw) => Buffer.from(raw)),
    );
  });

  it("by the cheaper way when it may choose", async () => {
    for (const [blobBaseFee, kind] of [
      [1n, "blobs"],
      [10n ** 12n, "calldata"],
    ] as const) {
      const { sequencer, post, sender } = setUp({ dataAvailability: "auto" });
      sender.blobBaseFee = blobBaseFee;
      sequencer.extend(3);
      await post();
      assert.deepEqual(
        sender.posted.map(({ payload }) => payload.kind),
        [kind],
      );
    }
  });

  it("not until the node has derived what an earlier run may have posted", async () => {
    const sequencer = new FakeSequencer(TEST_ROLLUP);
    sequencer.extend(5);
    sequencer.l1Head = 110n;
    const { post, sender } = setUp({}, sequencer);
    await post();
    assert.equal(sender.posted.length, 0);
    sequencer.derivedL1 = 110n;
    sequencer.safe = 3n;
    await post();
    assert.deepEqual(channels(sender.posted), [[4n, 5n]]);
  });
});

describe("what was posted", () => {
  it("is not posted again while the node has not derived it", async () => {
    const { sequencer, post, sender } = setUp();
    sequencer.extend(5);
    await post();
    sequencer.extend(5);
    await post();
    sequencer.derivedL1 = 101n;
    await post();
    assert.deepEqual(channels(sender.posted), [
      [1n, 5n],
      [6n, 10n],
    ]);
  });

  it("is not posted again because the sequencer's node failed to answer", async () => {
    const { sequencer, post, settle, sender } = setUp();
    sequencer.extend(5);
    await post();
    for (const method of ["optimism_syncStatus", "debug_getRawBlock"]) {
      sequencer.extend(1);
      sequencer.failure = (called) => (called === method ? "no answer" : undefined);
      await assert.rejects(settle(), /no answer/);
    }
    sequencer.failure = () => undefined;
    await post();
    assert.deepEqual(channels(sender.posted), [
      [1n, 5n],
      [6n, 7n],
    ]);
  });

  it("is posted again from the safe head when derivation has passed it", async () => {
    const { sequencer, post, sender, logged } = setUp();
    sequencer.extend(5);
    await post();
    sequencer.derivedL1 = 102n;
    sequencer.safe = 2n;
    await post();
    await post();
    assert.deepEqual(channels(sender.posted), [
      [1n, 5n],
      [3n, 5n],
    ]);
    assert.ok(logged.some((line) => line.includes("refuses")));
  });

  it("is found lost although later channels follow it without pause", async () => {
    const { sequencer, post, sender } = setUp();
    sequencer.extend(5);
    await post();
    sequencer.derivedL1 = 101n;
    for (let i = 0; i < 2; i++) {
      sequencer.extend(1);
      await post();
    }
    sequencer.derivedL1 = 102n;
    await post();
    await post();
    assert.deepEqual(channels(sender.posted).at(-1), [1n, 7n]);
  });

  it("is posted again when an L1 reorg takes its blocks back after they were safe", async () => {
    const { sequencer, post, sender } = setUp();
    sequencer.extend(5);
    await post();
    sequencer.safe = 5n;
    sequencer.derivedL1 = 105n;
    await post();
    sequencer.safe = 0n;
    sequencer.derivedL1 = 90n;
    await post();
    assert.equal(sender.posted.length, 1);
    sequencer.derivedL1 = 106n;
    await post();
    await post();
    assert.deepEqual(channels(sender.posted), [
      [1n, 5n],
      [1n, 5n],
    ]);
  });

  it("is posted again ever more slowly when derivation refuses it time after time", async () => {
    const { sequencer, settle, sender, clock } = setUp();
    sequencer.extend(5);
    for (let minute = 0; minute < 120; minute++) {
      await settle();
      sequencer.derivedL1 = sender.l1Number + 1n;
      clock.pass(60_000);
    }
    assert.ok(sender.posted.length >= 5 && sender.posted.length <= 25, `${sender.posted.length} times`);
  });

  it("by another batcher too is not posted again", async () => {
    const { sequencer, post, settle, sender } = setUp();
    sequencer.extend(5);
    await settle();
    sequencer.safe = 4n;
    await post();
    assert.deepEqual(channels(sender.posted), [[5n, 5n]]);
  });
});

describe("an L2 reorg", () => {
  it("takes loaded blocks out of the next channel, be the new chain shorter, equal or longer", async () => {
    for (const [length, last] of [
      [1, 3n],
      [3, 5n],
      [4, 6n],
    ] as const) {
      const { sequencer, settle, post, sender } = setUp();
      sequencer.extend(5);
      await settle();
      sequencer.rewind(2n);
      sequencer.extend(length, [], "other branch");
      await settle();
      await post();
      assert.deepEqual(channels(sender.posted), [[1n, last]]);
    }
  });

  it("abandons a channel of which L1 has a part", async () => {
    const { sequencer, settle, post, sender } = setUp({ dataAvailability: "calldata", targetSize: 150_000 });
    for (let i = 0; i < 3; i++) sequencer.extend(1, [noise(100_000, i)]);
    sender.before = () => {
      if (sender.posted.length !== 0) return;
      sequencer.rewind(0n);
      sequencer.extend(2, [], "other branch");
    };
    await settle();
    assert.equal(sender.posted.length, 1);
    await post();
    const again = sender.posted.slice(1);
    assert.deepEqual(channels(again), [[1n, 2n]]);
  });
});

describe("a channel of several transactions", () => {
  const large = () => {
    const world = setUp({ dataAvailability: "calldata", targetSize: 150_000 });
    for (let i = 0; i < 3; i++) world.sequencer.extend(1, [noise(100_000, i)]);
    return world;
  };

  it("is posted in order, part after part", async () => {
    const { settle, sender } = large();
    await settle();
    assert.equal(sender.posted.length, 3);
    assert.deepEqual(channels(sender.posted), [[1n, 3n]]);
  });

  it("goes on where the sequencer's node interrupted it", async () => {
    const { settle, sequencer, sender } = large();
    let failures = 0;
    sequencer.failure = () => (sender.posted.length === 1 && failures++ < 2 ? "no answer" : undefined);
    await assert.rejects(settle(), /no answer/);
    await assert.rejects(settle(), /no answer/);
    await settle();
    assert.deepEqual(channels(sender.posted), [[1n, 3n]]);
  });

  it("is given up when it takes more than 50 L1 blocks, and posted anew under another id", async () => {
    const { settle, post, sender } = large();
    sender.before = () => {
      if (sender.posted.length === 1) sender.l1Number += 50n;
    };
    await settle();
    assert.equal(sender.posted.length, 2);
    await post();
    assert.deepEqual(channels(sender.posted.slice(2)), [[1n, 3n]]);
  });

  it("is kept when its last part comes 50 L1 blocks after its first", async () => {
    const { settle, sender } = large();
    sender.before = () => {
      if (sender.posted.length === 2) sender.l1Number += 48n;
    };
    await settle();
    assert.equal((sender.posted[2]?.l1Number ?? 0n) - (sender.posted[0]?.l1Number ?? 0n), 50n);
    assert.equal(sender.posted.length, 3);
  });

  it("begins again at the safe head after kill -9, with an id of its own", async () => {
    const { sequencer, settle, sender } = large();
    sender.before = () => {
      if (sender.posted.length === 1) throw new RollupError("STOPPED", "killed");
    };
    await assert.rejects(settle(), { code: "STOPPED" });
    const second = setUp({ dataAvailability: "calldata", targetSize: 150_000 }, sequencer);
    await second.settle();
    assert.deepEqual(channels(second.sender.posted), [[1n, 3n]]);
    const id = (posted: readonly Posted[]) => posted[0] && framesOf(posted[0].payload)[0]?.channelId;
    assert.notDeepEqual(id(second.sender.posted), id(sender.posted));
  });
});

describe("the loop", () => {
  it("outlasts a node that answers nonsense, and ends when it is told", async () => {
    const { batcher, sequencer, sender, clock, logged, stop } = setUp();
    sequencer.extend(3);
    sequencer.failure = () => (clock.now() < 20_000 ? "no answer" : undefined);
    clock.onTick = () => {
      if (sender.posted.length > 0) stop();
    };
    await batcher.run();
    assert.deepEqual(channels(sender.posted), [[1n, 3n]]);
    assert.ok(logged.some((line) => line.includes("interrupted")));
  });

  it("does not tell the log its node's URL, whose path may be secret", async () => {
    const controller = new AbortController();
    const logged: object[] = [];
    const batcher = new Batcher(
      { dataAvailability: "blobs", targetSize: 1, maxChannelDurationMs: 1, pollIntervalMs: 1 },
      {
        config: TEST_ROLLUP,
        sequencer: async () => {
          controller.abort();
          throw new HttpRequestError({
            url: "https://node.example/secret",
            status: 401,
            details: "Unauthorized",
          });
        },
        sender: new FakeSender(),
        clock: new TestClock(),
        log: { ...silentLog, warn: (facts: object) => logged.push(facts) },
        signal: controller.signal,
      },
    );
    await batcher.run();
    assert.deepEqual(logged, [{ error: "HTTP request failed. Unauthorized" }]);
  });

  it("takes no sync status without heads", async () => {
    const batcher = new Batcher(
      { dataAvailability: "blobs", targetSize: 1, maxChannelDurationMs: 1, pollIntervalMs: 1 },
      {
        config: TEST_ROLLUP,
        sequencer: async () => ({ safe_l2: null }),
        sender: new FakeSender(),
        clock: new TestClock(),
        log: silentLog,
        signal: new AbortController().signal,
      },
    );
    await assert.rejects(batcher.step(), { code: "SYNC_STATUS_MALFORMED" });
  });
});
