import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asHash } from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { chooseOrigin } from "./l1-origin.ts";

const config = { blockTime: 2n };
const hash = (fill: number) => asHash(new Uint8Array(32).fill(fill));
const l1 = (number: bigint, timestamp: bigint, fill = Number(number)): BlockRef => ({
  number,
  hash: hash(fill),
  parentHash: hash(fill - 1),
  timestamp,
});
const parentAt = (timestamp: bigint): L2BlockRef => ({
  number: 9n,
  hash: hash(200),
  parentHash: hash(199),
  timestamp,
  l1Origin: { number: 5n, hash: hash(5) },
  sequenceNumber: 0n,
});
const current = l1(5n, 1000n);

describe("choice of the L1 origin", () => {
  it("keeps the parent's origin until the next one's time has come", () => {
    const kept = { kind: "origin", origin: current, depositsOnly: false };
    assert.deepEqual(chooseOrigin(config, parentAt(1000n), current, undefined), kept);
    assert.deepEqual(chooseOrigin(config, parentAt(1009n), current, l1(6n, 1012n)), kept);
  });

  it("takes the next origin at exactly its time", () => {
    const next = l1(6n, 1012n);
    const taken = { kind: "origin", origin: next, depositsOnly: false };
    assert.deepEqual(chooseOrigin(config, parentAt(1010n), current, next), taken);
  });

  it("allows the last second of the drift and not the one after", () => {
    assert.equal(chooseOrigin(config, parentAt(2798n), current, undefined).kind, "origin");
    assert.deepEqual(chooseOrigin(config, parentAt(2799n), current, undefined), { kind: "wait" });
  });

  it("builds on deposits only past the drift while the next origin is still in the future", () => {
    const choice = chooseOrigin(config, parentAt(2799n), current, l1(6n, 2900n));
    assert.deepEqual(choice, { kind: "origin", origin: current, depositsOnly: true });
  });

  it("builds on deposits only when even the next origin is left behind by more than the drift", () => {
    const next = l1(6n, 1012n);
    const choice = chooseOrigin(config, parentAt(5000n), current, next);
    assert.deepEqual(choice, { kind: "origin", origin: next, depositsOnly: true });
  });

  it("reports a reorg of the parent's origin or of the next one", () => {
    assert.deepEqual(chooseOrigin(config, parentAt(1000n), l1(5n, 1000n, 77), undefined), { kind: "reorg" });
    assert.deepEqual(chooseOrigin(config, parentAt(1012n), current, l1(6n, 1012n, 78)), { kind: "reorg" });
  });
});
