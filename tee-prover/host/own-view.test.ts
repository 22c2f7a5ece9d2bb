import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jovianConfig } from "@phala-l2/execution/testing/config";
import { asHash, type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { l1HeadFor, type OwnNode, ownOutputRoot } from "./own-view.ts";

const hash = (number: bigint): Hash => asHash(new Uint8Array(32).fill(Number(number % 251n)));
const l1Ref = (number: bigint): BlockRef => ({
  number,
  hash: hash(number),
  parentHash: ZERO_HASH,
  timestamp: 0n,
});
const l2Ref = (number: bigint): L2BlockRef => ({ ...l1Ref(number), l1Origin: l1Ref(0n), sequenceNumber: 0n });

/** L1 block n gives the L2 blocks up to `safeAt(n)`; undefined where nothing is recorded. */
function node(reached: bigint, safeAt: (l1: bigint) => bigint | undefined): OwnNode {
  return {
    currentL1: () => l1Ref(reached),
    chain: {
      config: jovianConfig(901n),
      heads: () => ({ safe: l2Ref(50n), unsafe: l2Ref(60n), finalized: l2Ref(0n) }),
      safeHeadAtL1Block: (number) => {
        const safe = safeAt(number);
        return safe === undefined ? undefined : { l1: l1Ref(number), safe: l1Ref(safe) };
      },
      hashByNumber: hash,
      headerByHash: () => undefined,
      ref: () => undefined,
      block: () => undefined,
      readNode: () => undefined,
      readCode: () => undefined,
    },
  };
}

const canonical = {
  blockRef: async (which: bigint | Hash) => (typeof which === "bigint" ? l1Ref(which) : undefined),
};
const headOf = async (own: OwnNode, l2: bigint, l1 = canonical) => (await l1HeadFor(own, l1, l2))?.number;

describe("the L1 head of a proposal", () => {
  const byTens = (l1: bigint) => l1 * 10n;

  it("is the first L1 block that gives the L2 block", async () => {
    assert.equal(await headOf(node(9n, byTens), 40n), 4n);
    assert.equal(await headOf(node(9n, byTens), 41n), 5n);
    assert.equal(await headOf(node(9n, byTens), 90n), 9n);
  });

  it("does not change as the node reads on", async () => {
    for (const reached of [5n, 6n, 60n, 600n]) assert.equal(await headOf(node(reached, byTens), 50n), 5n);
  });

  it("does not exist while the node has not derived the block", async () => {
    assert.equal(await headOf(node(9n, byTens), 91n), undefined);
  });

  it("is the earliest recorded one where the record begins later", async () => {
    assert.equal(
      await headOf(
        node(9n, (l1) => (l1 < 7n ? undefined : l1 * 10n)),
        20n,
      ),
      7n,
    );
    assert.equal(
      await headOf(
        node(9n, () => undefined),
        20n,
      ),
      undefined,
    );
  });

  it("is not older than what the contracts can look up", async () => {
    assert.equal(await headOf(node(20_000n, byTens), 10n), 12_001n);
  });

  it("does not exist when L1 has another block there now", async () => {
    const other = { blockRef: async () => l1Ref(77n) };
    const none = { blockRef: async () => undefined };
    assert.equal(await l1HeadFor(node(9n, byTens), other, 40n), undefined);
    assert.equal(await l1HeadFor(node(9n, byTens), none, 40n), undefined);
  });
});

describe("the own output root", () => {
  it("is given for safe blocks only, and only for those at hand", () => {
    assert.equal(
      ownOutputRoot(
        node(9n, () => undefined),
        51n,
      ),
      undefined,
    );
    assert.equal(
      ownOutputRoot(
        node(9n, () => undefined),
        50n,
      ),
      undefined,
    );
  });
});
