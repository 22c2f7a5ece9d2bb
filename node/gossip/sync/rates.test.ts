import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RequestScores } from "./request-scores.ts";
import { TokenBucket } from "./token-bucket.ts";

describe("a rate limit", () => {
  test("gives its burst at once, then so many a second", () => {
    const bucket = new TokenBucket(4, 3, 0);
    assert.deepEqual(
      [0, 0, 0, 0, 0].map((now) => bucket.reserve(now, 1_000)),
      [0, 0, 0, 250, 500],
    );
    assert.equal(bucket.reserve(750, 1_000), 0);
    assert.deepEqual(
      [60_000, 60_000, 60_000, 60_000].map((now) => bucket.reserve(now, 0)),
      [0, 0, 0, undefined],
    );
  });
  test("takes nothing where the wait is longer than one's patience, and is not fooled by a clock that goes back", () => {
    const bucket = new TokenBucket(1, 1, 10_000);
    assert.equal(bucket.reserve(10_000, 0), 0);
    for (let i = 0; i < 5; i++) assert.equal(bucket.reserve(10_000, 999), undefined);
    assert.equal(bucket.reserve(5_000, 1_000), 1_000);
  });
});

describe("what requests earn and cost (op-node's light application score)", () => {
  test("half a point for a block up to five, one for an error down to nine, twenty for a block of another branch", () => {
    const scores = new RequestScores(() => 0, 1_000);
    assert.equal(scores.score("a"), 0);
    for (let i = 0; i < 20; i++) {
      scores.add("good", "validResponses");
      scores.add("slow", "errorResponses");
    }
    for (let i = 0; i < 6; i++) scores.add("liar", "rejectedPayloads");
    assert.deepEqual(
      ["good", "slow", "liar"].map((peer) => scores.score(peer)),
      [5, -9, -120],
    );
  });
  test("falls to a hundredth in sixty blocks, and then to nothing", () => {
    let now = 0;
    const scores = new RequestScores(() => now, 2_000);
    scores.add("a", "rejectedPayloads");
    now = 60_000;
    assert.ok(Math.abs(scores.score("a") + 2) < 1e-9);
    now = 121_000;
    assert.equal(scores.score("a"), 0);
  });
  test("is remembered for a thousand peers", () => {
    const scores = new RequestScores(() => 0, 1_000);
    for (let i = 0; i <= 1_000; i++) scores.add(`peer ${i}`, "errorResponses");
    assert.deepEqual([scores.score("peer 0"), scores.score("peer 1")], [0, -1]);
  });
});
