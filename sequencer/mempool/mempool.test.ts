import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SubmissionRejection, SubmittedTransaction } from "@phala-l2/node/rpc/eth/submission";
import { toHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import type { HeadView } from "./head-view.ts";
import { DEFAULT_LIMITS, MAX_TRANSACTION_BYTES } from "./limits.ts";
import { Mempool } from "./mempool.ts";
import { ETHER, poolHead as head, senderOf, transfer } from "./testing/transfers.ts";

const poolOf = (limits: Partial<typeof DEFAULT_LIMITS> = {}, view = head()) =>
  new Mempool({ ...DEFAULT_LIMITS, ...limits }, view);

function rejectionOf(
  pool: Mempool,
  transaction: SubmittedTransaction,
): SubmissionRejection["reason"] | undefined {
  const result = pool.submit(transaction);
  return result.kind === "rejected" ? result.rejection.reason : undefined;
}

function accept(pool: Mempool, ...transactions: SubmittedTransaction[]): void {
  for (const transaction of transactions) assert.deepEqual(pool.submit(transaction), { kind: "accepted" });
}

function walk(pool: Mempool): SubmittedTransaction[] {
  const best = pool.best();
  const taken: SubmittedTransaction[] = [];
  for (let next = best.next(); next !== undefined; next = best.next()) taken.push(next);
  return taken;
}

const tipOf = ({ transaction }: SubmittedTransaction) =>
  "maxPriorityFeePerGas" in transaction ? transaction.maxPriorityFeePerGas : undefined;

describe("what the pool refuses", () => {
  const cases: readonly [string, SubmissionRejection["reason"], SubmittedTransaction, HeadView?][] = [
    ["a used nonce", "nonce-too-low", transfer(0), head({ 0: { nonce: 1n } })],
    [
      "more than the balance, the operator fee included",
      "insufficient-funds",
      transfer(0, { value: ETHER - 2_100_006n }),
    ],
    ["a sender with code", "sender-not-eoa", transfer(0), head({ 0: { isContract: true } })],
    ["a tip above the fee cap", "tip-above-fee-cap", transfer(0, { tip: 101n })],
    ["less gas than the intrinsic gas", "intrinsic-gas-too-low", transfer(0, { gas: 20_999n })],
    [
      "less gas than the data's floor",
      "floor-data-gas-too-low",
      transfer(0, { gas: 36_999n, data: new Uint8Array(400).fill(1) }),
    ],
    [
      "more gas than Karst allows one transaction",
      "gas-limit-above-cap",
      transfer(0, { gas: 2n ** 24n + 1n }),
      { ...head(), fork: "karst" },
    ],
    ["the last nonce there is", "nonce-too-high", transfer(0, { nonce: 2n ** 64n - 1n })],
    ["more gas than a block has", "gas-limit-exceeds-block", transfer(0, { gas: 30_000_001n })],
    [
      "oversized data",
      "oversized",
      transfer(0, { gas: 9_000_000n, data: new Uint8Array(MAX_TRANSACTION_BYTES) }),
    ],
  ];
  for (const [name, reason, transaction, view] of cases) {
    it(name, () => {
      const pool = poolOf({}, view);
      assert.equal(rejectionOf(pool, transaction), reason);
      assert.equal(pool.size, 0);
    });
  }

  it("the same transaction twice", () => {
    const pool = poolOf();
    accept(pool, transfer(0));
    assert.equal(rejectionOf(pool, transfer(0)), "already-known");
  });

  it("a tip below the pool's lowest", () => {
    assert.equal(rejectionOf(poolOf({ minTip: 2n }), transfer(0)), "underpriced");
  });

  it("a sender's transactions that together exceed its balance", () => {
    const pool = poolOf();
    accept(pool, transfer(0, { value: ETHER / 2n }));
    assert.equal(rejectionOf(pool, transfer(0, { nonce: 1n, value: ETHER / 2n })), "insufficient-funds");
  });

  it("more of one sender than its share, but not a replacement", () => {
    const pool = poolOf({ perSender: 2 });
    accept(pool, transfer(0), transfer(0, { nonce: 1n }));
    assert.equal(rejectionOf(pool, transfer(0, { nonce: 2n })), "account-limit-exceeded");
    accept(pool, transfer(0, { nonce: 1n, tip: 2n, fee: 200n }));
  });
});

describe("replacement", () => {
  it("needs a tenth more of fee and tip both", () => {
    const pool = poolOf();
    accept(pool, transfer(0, { tip: 50n, fee: 100n }));
    for (const fields of [
      { tip: 55n, fee: 109n },
      { tip: 54n, fee: 110n },
      { tip: 50n, fee: 200n },
    ]) {
      assert.equal(rejectionOf(pool, transfer(0, fields)), "replacement-underpriced");
    }
    const better = transfer(0, { tip: 55n, fee: 110n });
    accept(pool, better);
    assert.equal(pool.size, 1);
    assert.ok(pool.get(better.hash));
  });

  it("does not count the replaced transaction's cost against the balance", () => {
    const pool = poolOf();
    accept(pool, transfer(0, { value: (ETHER * 3n) / 4n }));
    accept(pool, transfer(0, { value: (ETHER * 3n) / 4n, tip: 2n, fee: 200n }));
  });
});

describe("order", () => {
  it("is by tip, then by arrival, and never against a sender's nonces", () => {
    const pool = poolOf();
    accept(
      pool,
      transfer(0, { tip: 1n }),
      transfer(0, { nonce: 1n, tip: 90n }),
      transfer(1, { tip: 5n }),
      transfer(2, { tip: 5n }),
    );
    assert.deepEqual(walk(pool).map(tipOf), [5n, 5n, 1n, 90n]);
    assert.deepEqual(walk(pool)[0]?.sender, senderOf(1));
  });

  it("leaves out what can't pay the base fee, and what waits for an earlier nonce", () => {
    const pool = poolOf({}, head({}, 150n));
    accept(
      pool,
      transfer(0, { fee: 149n }),
      transfer(1, { nonce: 1n, fee: 200n }),
      transfer(2, { fee: 150n }),
    );
    assert.deepEqual(
      walk(pool).map(({ sender }) => sender),
      [senderOf(2)],
    );
  });

  it("leaves out the rest of a skipped sender", () => {
    const pool = poolOf();
    accept(pool, transfer(0, { tip: 9n }), transfer(0, { nonce: 1n, tip: 9n }), transfer(1));
    const best = pool.best();
    const first = best.next();
    assert.ok(first);
    best.skip(first);
    assert.deepEqual(best.next()?.sender, senderOf(1));
    assert.equal(best.next(), undefined);
  });

  it("gives every executable transaction exactly once, for any pool", () => {
    const arbitrary = fc.array(
      fc.record({ from: fc.nat(5), nonce: fc.bigInt(0n, 4n), tip: fc.bigInt(0n, 60n) }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(arbitrary, (wanted) => {
        const pool = poolOf();
        for (const { from, nonce, tip } of wanted) pool.submit(transfer(from, { nonce, tip }));
        const walked = walk(pool).map(({ hash }) => toHex(hash));
        const pending = [...pool.pending()].map(({ hash }) => toHex(hash));
        assert.deepEqual([...walked].sort(), [...pending].sort());
        assert.equal(pending.length + [...pool.queued()].length, pool.size);
      }),
      { numRuns: 30, seed: 7 },
    );
  });
});

describe("a full pool", () => {
  it("lets the worst payer go for a better one, and refuses a worse one", () => {
    const pool = poolOf({ transactions: 3 });
    accept(pool, transfer(0, { tip: 3n }), transfer(1, { tip: 1n }), transfer(2, { tip: 2n }));
    assert.equal(rejectionOf(pool, transfer(3, { tip: 1n })), "pool-full");
    accept(pool, transfer(3, { tip: 4n }));
    assert.deepEqual(walk(pool).map(tipOf), [4n, 3n, 2n]);
  });

  it("never holds more than its limits, whatever comes", () => {
    const pool = poolOf({ transactions: 5, bytes: 1_000 });
    for (let i = 0; i < 40; i++)
      pool.submit(transfer(i % 20, { tip: BigInt(i), data: new Uint8Array(i * 8), gas: 90_000n }));
    assert.ok(pool.size <= 5);
    const bytes = [...pool.pending(), ...pool.queued()].reduce((sum, { raw }) => sum + raw.length, 0);
    assert.ok(bytes <= 1_000, `${bytes} bytes`);
  });
});

describe("a flood", () => {
  it("of transactions that wait for a nonce pushes no paying one out, whatever it offers", () => {
    const pool = poolOf({ transactions: 10 });
    const paying = [0, 1, 2, 3].map((from) => transfer(from, { tip: 1n }));
    accept(pool, ...paying);
    for (let i = 0; i < 100; i++) pool.submit(transfer(4 + (i % 6), { nonce: 5n + BigInt(i), tip: 90n }));
    assert.equal(pool.size, 10);
    assert.equal(rejectionOf(pool, transfer(10, { nonce: 7n, tip: 99n })), "pool-full");
    accept(pool, transfer(11, { tip: 1n }), transfer(12, { tip: 1n }));
    for (const { hash } of paying) assert.ok(pool.get(hash));
  });

  it("of one sender's transactions beyond a gap ends at that sender's share", () => {
    const pool = poolOf({ queuedPerSender: 3 });
    for (let i = 2; i < 9; i++) pool.submit(transfer(0, { nonce: BigInt(i) }));
    assert.equal(pool.size, 3);
    accept(pool, transfer(0), transfer(0, { nonce: 1n }));
    assert.equal([...pool.pending()].length, 5);
    accept(pool, transfer(0, { nonce: 6n }));
  });

  it("of large ones for which there is no room pushes nobody out", () => {
    const pool = poolOf({ bytes: 1_000 });
    accept(pool, transfer(0), transfer(1), transfer(2));
    const large = transfer(3, { tip: 50n, gas: 300_000n, data: new Uint8Array(950) });
    assert.equal(rejectionOf(pool, large), "pool-full");
    assert.equal(pool.size, 3);
  });

  it("at a price below the base fee pushes nobody out", () => {
    const pool = poolOf({ transactions: 2 }, head({}, 50n));
    accept(pool, transfer(0, { tip: 1n }), transfer(1, { tip: 1n }));
    assert.equal(rejectionOf(pool, transfer(2, { tip: 49n, fee: 49n })), "pool-full");
  });

  it("does not keep a sender from replacing its own transaction", () => {
    const pool = poolOf({ transactions: 2 });
    accept(pool, transfer(0, { tip: 9n }), transfer(1, { tip: 1n, fee: 50n }));
    accept(pool, transfer(1, { tip: 2n, fee: 60n }));
    assert.equal(pool.size, 2);
  });
});

describe("a new head", () => {
  it("looks at the accounts that it names only", () => {
    const pool = poolOf();
    accept(pool, transfer(0), transfer(1));
    pool.headChanged(head({ 0: { nonce: 1n }, 1: { nonce: 1n } }), [senderOf(0)]);
    assert.deepEqual(
      [...pool.pending()].map(({ sender }) => sender),
      [senderOf(1)],
    );
  });

  it("also looks at accounts that a block has shown to be different, at L1's prices now", () => {
    const pool = poolOf();
    accept(pool, transfer(0, { value: ETHER - 3_000_000n }));
    pool.doubt(senderOf(0));
    const dearer = head();
    pool.headChanged({ ...dearer, l1: { ...dearer.l1, operatorFeeConstant: 5_000_000n } }, []);
    assert.equal(pool.size, 0);
  });

  it("before the last one makes earlier nonces executable again", () => {
    const pool = poolOf({}, head({ 0: { nonce: 2n } }));
    accept(pool, transfer(0, { nonce: 2n }));
    pool.headChanged(head());
    assert.equal(pool.nextNonce(senderOf(0)), undefined);
    assert.equal([...pool.queued()].length, 1);
    accept(pool, transfer(0), transfer(0, { nonce: 1n }));
    assert.equal(pool.nextNonce(senderOf(0)), 3n);
  });

  it("removes what was included and what can't be paid any more", () => {
    const pool = poolOf();
    accept(pool, transfer(0), transfer(0, { nonce: 1n }), transfer(1, { value: 5n }), transfer(2));
    pool.headChanged(head({ 0: { nonce: 1n }, 1: { balance: 5n } }));
    assert.deepEqual(
      [...pool.pending()].map(({ sender, transaction }) => [sender, transaction.nonce]),
      [
        [senderOf(0), 1n],
        [senderOf(2), 0n],
      ],
    );
  });

  it("tells the next nonce after the unbroken run", () => {
    const pool = poolOf();
    accept(pool, transfer(0, { nonce: 3n }), transfer(0, { nonce: 5n }));
    assert.equal(pool.nextNonce(senderOf(0)), undefined);
    pool.headChanged(head({ 0: { nonce: 3n } }));
    assert.equal(pool.nextNonce(senderOf(0)), 4n);
  });

  it("announces a replacement alone", () => {
    const pool = poolOf();
    accept(pool, transfer(0), transfer(0, { nonce: 1n }));
    const told: bigint[] = [];
    pool.subscribe(({ transaction }) => told.push(transaction.nonce));
    accept(pool, transfer(0, { tip: 2n, fee: 200n }));
    assert.deepEqual(told, [0n]);
  });

  it("announces a transaction that filled a gap together with its followers", () => {
    const pool = poolOf();
    const told: bigint[] = [];
    pool.subscribe(({ transaction }) => told.push(transaction.nonce));
    accept(pool, transfer(0, { nonce: 1n }), transfer(0, { nonce: 0n }));
    assert.deepEqual(told, [0n, 1n]);
  });
});
