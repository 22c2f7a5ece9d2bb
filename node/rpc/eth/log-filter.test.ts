import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { processorTime } from "@phala-l2/protocol/testing/processor-time";
import { type Log, logsBloom } from "@phala-l2/protocol/wire/receipt";
import fc from "fast-check";
import { logPattern, logQuery, matchesPattern, mayMatch } from "./log-filter.ts";

// Few different values, so that patterns often match.
const addresses = fc.constantFrom(1, 2, 3).map((n) => asAddress(new Uint8Array(20).fill(n)));
const topics = fc.constantFrom(4, 5, 6).map((n) => asHash(new Uint8Array(32).fill(n)));
const logs: fc.Arbitrary<Log> = fc.record({
  address: addresses,
  topics: fc.array(topics, { maxLength: 4 }),
  data: fc.constant(new Uint8Array(0)),
});
const patterns = fc.record({
  addresses: fc.array(addresses, { maxLength: 2 }),
  topics: fc.array(fc.option(fc.array(topics, { minLength: 1, maxLength: 2 }), { nil: undefined }), {
    maxLength: 4,
  }),
});

describe("which logs are wanted", () => {
  test("a bloom never hides a wanted log", () => {
    fc.assert(
      fc.property(fc.array(logs, { minLength: 1, maxLength: 4 }), patterns, (present, pattern) => {
        const isWanted = present.some((log) => matchesPattern(pattern, log));
        assert.ok(!isWanted || mayMatch(pattern, logsBloom(present)));
      }),
      { numRuns: 1_000 },
    );
  });

  test("a pattern of thousands of alternatives costs a block little: each subscription is asked at each block", () => {
    const many = (length: number) => Array.from({ length: 1_000 }, () => randomBytes(length));
    const pattern = { addresses: many(20).map(asAddress), topics: [many(32).map(asHash)] };
    const bloom = new Uint8Array(256);
    const started = processorTime();
    for (let block = 0; block < 5_000; block++) assert.equal(mayMatch(pattern, bloom), false);
    // Some 100 ms; hashing each alternative at each block takes several seconds.
    assert.ok(processorTime(started) < 1_500);
  });

  test("patterns mean what geth's mean, told another way", () => {
    fc.assert(
      fc.property(logs, patterns, (log, pattern) => {
        const address =
          pattern.addresses.length === 0 || pattern.addresses.map(toHex).includes(toHex(log.address));
        const places = pattern.topics.map((wanted, i) => {
          const topic = log.topics[i];
          return topic !== undefined && (wanted === undefined || wanted.map(toHex).includes(toHex(topic)));
        });
        assert.equal(matchesPattern(pattern, log), address && places.every(Boolean));
      }),
      { numRuns: 1_000 },
    );
  });

  const A = `0x${"01".repeat(20)}`;
  const T = `0x${"04".repeat(32)}`;
  test("one address or many, one topic or alternatives, null for any", () => {
    const read = logPattern(10)({ address: A, topics: [T, null, [T, T], []] });
    assert.ok(read.kind === "ok");
    assert.equal(read.value.addresses.length, 1);
    assert.deepEqual(
      read.value.topics.map((place) => place?.length),
      [1, undefined, 2, undefined],
    );
    const any = logPattern(10)({ address: [], topics: [[T, null]] });
    assert.deepEqual(any, { kind: "ok", value: { addresses: [], topics: [undefined] } });
  });

  for (const query of [
    5,
    [],
    { address: "0x1" },
    { address: [A, null] },
    { address: Array(11).fill(A) },
    { topics: [T, T, T, T, T] },
    { topics: [["0x1"]] },
    { topics: [Array(11).fill(T)] },
    { topics: [{}] },
    { fromBlock: "yesterday" },
    { toBlock: {} },
    { blockHash: "0x1" },
    { blockHash: T, toBlock: "latest" },
  ]) {
    test(`${JSON.stringify(query).slice(0, 60)} is no query`, () =>
      assert.equal(logQuery(10)(query).kind, "invalid"));
  }
});
