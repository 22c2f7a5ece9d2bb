import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import type { Kzg } from "@phala-l2/node/l1/kzg";
import { addressFromHex } from "@phala-l2/protocol/bytes";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { BLOB_TYPE, gasFeeCap, gasTipCap, type SignedTransaction } from "@phala-l2/protocol/wire/transaction";
import { TestClock } from "../testing/clock.ts";
import type { Payload } from "./data-availability.ts";
import { createL1Sender } from "./l1-sender.ts";
import { FakeL1, type PooledOnL1 } from "./testing/fake-l1.ts";

const GWEI = 10n ** 9n;
const account = dangerouslyDevelopmentAccount(0, 31_337n);
const inbox = addressFromHex("0xff00000000000000000000000000000000000901");
const calldata: Payload = { kind: "calldata", data: Uint8Array.of(0, 1, 2, 3) };
const blobs: Payload = { kind: "blobs", blobs: [encodeBlob(Uint8Array.of(0, 1, 2, 3))] };

/** Says something of the right length; what it says is checked against real L1 rules elsewhere. */
const pretendedKzg: Kzg = {
  blobToKzgCommitment: (blob) => blob.slice(0, 48),
  computeBlobKzgProof: (blob) => blob.slice(0, 48),
  computeCellKzgProofs: (blob) => Array.from({ length: 128 }, () => blob.slice(0, 48)),
};

const RESUBMIT_MS = 10_000;

function setUp({ feeCeiling = 500n * GWEI } = {}) {
  const l1 = new FakeL1();
  const clock = new TestClock();
  const controller = new AbortController();
  const logged: string[] = [];
  const note = (_: object, message: string) => logged.push(message);
  const log: Log = { ...silentLog, warn: note, error: note };
  const sender = createL1Sender(
    { chainId: 31_337n, inbox, resubmitAfterMs: RESUBMIT_MS, pollIntervalMs: 1_000, feeCeiling },
    { l1: l1.client, account, kzg: pretendedKzg, clock, log, signal: controller.signal },
  );
  return { l1, clock, sender, logged, stop: () => controller.abort() };
}

const feesOf = (accepted: readonly PooledOnL1[]) => accepted.map(({ transaction }) => gasFeeCap(transaction));

/** What an earlier run left in L1's pool. */
function leftOver(type: 2 | 3, fee: bigint): SignedTransaction {
  const shared = {
    chainId: 31_337n,
    nonce: 0n,
    maxPriorityFeePerGas: fee,
    maxFeePerGas: fee,
    gasLimit: 21_000n,
    to: inbox,
    value: 0n,
    data: new Uint8Array(),
    accessList: [],
    yParity: 0,
    r: 1n,
    s: 1n,
  } as const;
  if (type === 2) return { ...shared, type };
  return { ...shared, type, maxFeePerBlobGas: fee, blobVersionedHashes: [] };
}

describe("posting to L1", () => {
  it("gives the hash and block of the transaction that was included", async () => {
    const { l1, clock, sender } = setUp();
    clock.onTick = () => l1.mine();
    const posted = await sender.post(calldata);
    assert.equal(posted.hash, l1.mined[0]?.hash);
    assert.equal(posted.l1Number, 101n);
    assert.deepEqual(l1.mined[0]?.transaction.to, inbox);
    assert.equal(l1.mined[0]?.transaction.gasLimit, 21_000n + 4n * 40n - 30n);
  });

  it("takes the next nonce for each payload", async () => {
    const { l1, clock, sender } = setUp();
    clock.onTick = () => l1.mine();
    for (let i = 0; i < 3; i++) await sender.post(calldata);
    assert.deepEqual(
      l1.mined.map(({ transaction }) => transaction.nonce),
      [0n, 1n, 2n],
    );
  });

  for (const payload of [calldata, blobs]) {
    it(`offers more for ${payload.kind} until L1, a hundred times dearer, includes it: once, at one nonce`, async () => {
      const { l1, clock, sender } = setUp();
      clock.onTick = (now) => {
        if (now > 1_000) l1.baseFee = 100n * GWEI;
        if (now > 3_000) l1.mine();
      };
      await sender.post(payload);
      assert.equal(l1.mined.length, 1);
      assert.ok(gasFeeCap(l1.mined[0]?.transaction ?? leftOver(2, 0n)) >= 100n * GWEI);
      assert.deepEqual(new Set(l1.accepted.map(({ transaction }) => transaction.nonce)), new Set([0n]));
      assert.ok(l1.accepted.length >= 2);
    });
  }

  it("never offers more than the ceiling, and posts when L1 is cheap again", async () => {
    const { l1, clock, sender, logged } = setUp({ feeCeiling: 5n * GWEI });
    l1.baseFee = 100n * GWEI;
    clock.onTick = (now) => {
      if (now > 200_000) l1.baseFee = GWEI;
      l1.mine();
    };
    await sender.post(calldata);
    assert.equal(l1.mined.length, 1);
    for (const { transaction } of l1.accepted) {
      assert.ok(gasFeeCap(transaction) <= 5n * GWEI);
      assert.ok(gasTipCap(transaction) <= gasFeeCap(transaction));
    }
    assert.ok(logged.some((line) => line.includes("ceiling")));
  });

  it("replaces a stuck transaction of an earlier run", async () => {
    const { l1, clock, sender } = setUp();
    l1.poolOfEarlierRun(leftOver(2, 20n * GWEI));
    clock.onTick = () => l1.mine();
    const posted = await sender.post(calldata);
    assert.equal(l1.mined.length, 1);
    assert.equal(posted.hash, l1.mined[0]?.hash);
    assert.ok((feesOf(l1.accepted)[0] ?? 0n) >= 22n * GWEI);
  });

  for (const [payload, type] of [
    [calldata, 3],
    [blobs, 2],
  ] as const) {
    it(`uses up the nonce of a stuck transaction of the other kind before ${payload.kind}`, async () => {
      const { l1, clock, sender } = setUp();
      l1.poolOfEarlierRun(leftOver(type, 3n * GWEI));
      clock.onTick = () => l1.mine();
      await sender.post(payload);
      const [blank, posted] = l1.mined;
      assert.equal(blank?.transaction.type, type);
      assert.notDeepEqual(blank?.transaction.to, inbox);
      assert.equal(posted?.transaction.type === BLOB_TYPE, payload.kind === "blobs");
      assert.deepEqual(posted?.transaction.to, inbox);
    });
  }

  it("goes on with the next nonce when an earlier run's transaction is included first", async () => {
    const { l1, clock, sender } = setUp();
    let ticks = 0;
    clock.onTick = () => {
      ticks += 1;
      if (ticks === 1) l1.pool = { hash: `0x${"ab".repeat(32)}`, transaction: leftOver(2, 9n * GWEI) };
      l1.mine();
    };
    const posted = await sender.post(calldata);
    assert.equal(l1.mined.length, 2);
    assert.equal(posted.hash, l1.mined[1]?.hash);
  });

  it("sends again what L1's pool has dropped", async () => {
    const { l1, clock, sender } = setUp();
    clock.onTick = (now) => {
      if (now === 1_000) l1.pool = undefined;
      if (now > 5_000) l1.mine();
    };
    await sender.post(calldata);
    assert.equal(l1.mined.length, 1);
    assert.equal(l1.accepted.length, 2);
  });

  it("outlasts an L1 that answers nothing, and posts once", async () => {
    const { l1, clock, sender } = setUp();
    l1.failure = () => (clock.now() < 30_000 ? "429 too many requests" : undefined);
    clock.onTick = () => l1.mine();
    await sender.post(calldata);
    assert.equal(l1.mined.length, 1);
  });

  it("posts once although the answer to its transaction is lost", async () => {
    const { l1, clock, sender } = setUp();
    l1.losesAnswer = (method) => method === "eth_sendRawTransaction" && l1.accepted.length === 1;
    clock.onTick = (now) => {
      if (now > 2_500) l1.mine();
    };
    const posted = await sender.post(calldata);
    assert.equal(l1.mined.length, 1);
    assert.equal(posted.hash, l1.mined[0]?.hash);
  });

  it("waits for an empty account to be filled, and says so", async () => {
    const { l1, clock, sender, logged } = setUp();
    l1.failure = (method) =>
      method === "eth_sendRawTransaction" && clock.now() < 60_000
        ? "insufficient funds for gas * price + value"
        : undefined;
    clock.onTick = () => l1.mine();
    await sender.post(calldata);
    assert.equal(l1.mined.length, 1);
    assert.ok(logged.some((line) => line.includes("refuses")));
  });

  it("ends when the batcher stops", async () => {
    const { clock, sender, stop } = setUp();
    clock.onTick = (now) => {
      if (now > 5_000) stop();
    };
    await assert.rejects(sender.post(calldata), { code: "STOPPED" });
  });
});
