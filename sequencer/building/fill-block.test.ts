import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Application, OpenBlock } from "@phala-l2/execution/block/open-block";
import type { TransactionRejection } from "@phala-l2/execution/transaction/rejection";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { DEFAULT_LIMITS } from "../mempool/limits.ts";
import { Mempool } from "../mempool/mempool.ts";
import { poolHead, transfer } from "../mempool/testing/transfers.ts";
import { TestClock } from "../testing/clock.ts";
import { type FillLimits, fillBlock } from "./fill-block.ts";

const SECOND = 1_000;

/** A block that takes what a test says, and counts gas by the transactions' limits. */
class FakeBlock implements OpenBlock {
  readonly number = 1n;
  readonly timestamp = 2n;
  readonly baseFee = 10n;
  readonly daFootprintLeft = 30_000_000n;
  gasLeft = 30_000_000n;
  readonly tried: Hex[] = [];
  readonly taken: Hex[] = [];
  judge: (raw: Hex) => TransactionRejection | Error | undefined = () => undefined;

  async apply(raw: Uint8Array): Promise<Application> {
    const key = toHex(raw);
    this.tried.push(key);
    const verdict = this.judge(key);
    if (verdict instanceof Error) throw verdict;
    if (verdict !== undefined) return { kind: "rejected", reason: verdict };
    this.taken.push(key);
    this.gasLeft -= 21_000n;
    const receipt = {
      type: 2,
      status: 1,
      cumulativeGasUsed: 0n,
      logsBloom: new Uint8Array(256),
      logs: [],
    } as const;
    return { kind: "included", receipt, gasUsed: 21_000n };
  }

  seal(): never {
    throw new Error("not in this test");
  }
}

function setUp() {
  const clock = new TestClock();
  const mempool = new Mempool(DEFAULT_LIMITS, poolHead());
  const open = new FakeBlock();
  const fill = (limits: Partial<FillLimits> = {}) =>
    fillBlock(
      open,
      { arriveUntilMs: SECOND, endMs: SECOND, maxBytes: Number.POSITIVE_INFINITY, ...limits },
      { mempool, clock },
    );
  return { clock, mempool, open, fill };
}

const rawOf = ({ raw }: { raw: Uint8Array }) => toHex(raw);

describe("filling a block", () => {
  it("ends at once when the block is wanted, with what it has by then", async () => {
    const { clock, mempool, open, fill } = setUp();
    const [first, late] = [transfer(0), transfer(1)];
    const controller = new AbortController();
    mempool.submit(first);
    clock.onTick = (now) => {
      if (now === 100) controller.abort();
      if (now === 105) mempool.submit(late);
    };
    await fill({ signal: controller.signal });
    assert.deepEqual(open.taken, [rawOf(first)]);
    assert.equal(clock.now(), 100);
  });

  it("leaves out transactions that are larger than a batcher wants", async () => {
    const { mempool, open, fill } = setUp();
    const transaction = transfer(0);
    mempool.submit(transaction);
    await fill({ maxTransactionBytes: transaction.raw.length - 1 });
    assert.deepEqual(open.taken, []);
    const later = { arriveUntilMs: 2 * SECOND, endMs: 2 * SECOND };
    await fill({ ...later, maxTransactionBytes: transaction.raw.length });
    assert.deepEqual(open.taken, [rawOf(transaction)]);
  });

  it("takes the best payers first, then what arrives until the end of the slot", async () => {
    const { clock, mempool, open, fill } = setUp();
    const [low, high, late, tooLate] = [
      transfer(0, { tip: 1n }),
      transfer(1, { tip: 9n }),
      transfer(2, { tip: 5n }),
      transfer(3, { tip: 5n }),
    ];
    mempool.submit(low);
    mempool.submit(high);
    clock.onTick = (now) => {
      if (now === 500) mempool.submit(late);
    };
    await fill();
    mempool.submit(tooLate);
    assert.deepEqual(open.taken, [high, low, late].map(rawOf));
    assert.equal(clock.now(), SECOND);
  });

  it("does not wait for arrivals in a late block", async () => {
    const { clock, mempool, open, fill } = setUp();
    mempool.submit(transfer(0));
    await fill({ arriveUntilMs: -5 * SECOND });
    assert.equal(open.taken.length, 1);
    assert.equal(clock.now(), 0);
  });

  it("ends at its time although the pool has more", async () => {
    const { clock, mempool, open, fill } = setUp();
    for (let sender = 0; sender < 10; sender++) mempool.submit(transfer(sender));
    open.judge = () => {
      clock.pass(300);
      return undefined;
    };
    await fill();
    assert.equal(open.taken.length, 4);
    assert.equal(mempool.size, 10);
  });

  it("does not try what can't fit, and leaves it in the pool", async () => {
    const { mempool, open, fill } = setUp();
    open.gasLeft = 50_000n;
    mempool.submit(transfer(0, { gas: 60_000n, tip: 9n }));
    mempool.submit(transfer(0, { nonce: 1n, tip: 9n }));
    mempool.submit(transfer(1));
    await fill();
    assert.deepEqual(open.tried, [rawOf(transfer(1))]);
    assert.equal(mempool.size, 3);
  });

  it("takes no more bytes than a throttled sequencer may", async () => {
    const { mempool, open, fill } = setUp();
    for (let sender = 0; sender < 5; sender++) mempool.submit(transfer(sender));
    await fill({ maxBytes: 2 * transfer(0).raw.length + 5 });
    assert.equal(open.taken.length, 2);
  });

  it("keeps what another block may take, and drops what none will", async () => {
    for (const [reason, isKept] of [
      ["fee-cap-below-base-fee", true],
      ["block-da-footprint-limit", true],
      ["insufficient-funds", true],
      ["nonce-too-low", true],
      ["intrinsic-gas-too-low", false],
      ["wrong-chain-id", false],
      ["invalid-signature", false],
    ] as const) {
      const { mempool, open, fill } = setUp();
      mempool.submit(transfer(0));
      open.judge = () => reason;
      await fill();
      assert.equal(mempool.size, isKept ? 1 : 0, reason);
    }
  });

  it("asks for the account of a sender anew whose nonce or balance is not what the pool thinks", async () => {
    const { mempool, open, fill } = setUp();
    mempool.submit(transfer(0));
    open.judge = () => "nonce-too-low";
    await fill();
    mempool.headChanged(poolHead({ 0: { nonce: 1n } }), []);
    assert.equal(mempool.size, 0);
  });

  it("drops the transaction that breaks execution, so that the next block is made", async () => {
    const { mempool, open, fill } = setUp();
    const culprit = transfer(0, { tip: 9n });
    mempool.submit(culprit);
    mempool.submit(transfer(1));
    open.judge = (raw) => (raw === rawOf(culprit) ? new Error("stale journal") : undefined);
    await assert.rejects(fill(), {
      code: "TRANSACTION_BREAKS_EXECUTION",
      data: { hash: toHex(culprit.hash) },
    });
    assert.equal(mempool.get(culprit.hash), undefined);
    assert.equal(mempool.size, 1);
    await fill();
    assert.deepEqual(open.taken, [rawOf(transfer(1))]);
  });

  it("no longer listens to the pool when it is done", async () => {
    const { mempool, open, fill } = setUp();
    await fill();
    mempool.submit(transfer(0));
    assert.deepEqual(open.tried, []);
  });
});
