import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatHex, encodeAbiParameters, encodePacked, type Hex, keccak256 as viemKeccak } from "viem";
import { getSourceHash, opaqueDataToDepositData } from "viem/op-stack";
import { addressFromHex, asAddress, asHash, fromHex, hashFromHex, toHex } from "../bytes.ts";
import {
  depositFromLog,
  l1AttributesSourceHash,
  TRANSACTION_DEPOSITED_TOPIC,
  upgradeSourceHash,
  userDepositSourceHash,
} from "./deposit.ts";
import type { Log } from "./receipt.ts";
import { addressWord } from "./testing/log-topics.ts";

const ALICE = addressFromHex(`0x${"a1".repeat(20)}`);
const BOB = addressFromHex(`0x${"b0".repeat(20)}`);
const L1_HASH = hashFromHex(`0x${"c0".repeat(32)}`);

describe("deposits from the portal's events (specs/protocol/deposits.md)", () => {
  type Opaque = { mint: bigint; value: bigint; gas: bigint; creation: number; data: Hex };
  const plain: Opaque = { mint: 5n, value: 3n, gas: 21_000n, creation: 0, data: "0x" };
  const opaque = ({ mint, value, gas, creation, data }: Opaque) =>
    encodePacked(["uint256", "uint256", "uint64", "uint8", "bytes"], [mint, value, gas, creation, data]);
  const logOf = (content: Hex): Log => ({
    address: BOB,
    topics: [TRANSACTION_DEPOSITED_TOPIC, addressWord(ALICE), addressWord(BOB), asHash(new Uint8Array(32))],
    data: fromHex(encodeAbiParameters([{ type: "bytes" }], [content])),
  });

  test("each field is where viem puts it", () => {
    for (const each of [
      plain,
      { ...plain, creation: 1, data: "0x6001" } as const,
      {
        mint: 2n ** 256n - 1n,
        value: 2n ** 255n,
        gas: 2n ** 64n - 1n,
        creation: 0,
        data: `0x${"77".repeat(99)}`,
      } as const,
    ]) {
      const decoded = depositFromLog(logOf(opaque(each)), L1_HASH, 42);
      assert.ok(decoded.kind === "ok");
      const { transaction } = decoded;
      const theirs = opaqueDataToDepositData(opaque(each));
      assert.equal(transaction.mint, theirs.mint);
      assert.equal(transaction.value, theirs.value);
      assert.equal(transaction.gasLimit, theirs.gas);
      assert.equal(toHex(transaction.data), theirs.data);
      assert.deepEqual(transaction.from, ALICE);
      assert.deepEqual(transaction.to, theirs.isCreation ? undefined : BOB);
      assert.equal(transaction.isSystemTransaction, false);
      const sourceHash = getSourceHash({
        domain: "userDeposit",
        l1BlockHash: toHex(L1_HASH),
        l1LogIndex: 42,
      });
      assert.equal(toHex(transaction.sourceHash), sourceHash);
    }
  });
  test("source hashes of the three domains differ, and are viem's", () => {
    const l1BlockHash = toHex(L1_HASH);
    for (const index of [0, 1, 300]) {
      const attributes = getSourceHash({ domain: "l1InfoDeposit", l1BlockHash, sequenceNumber: index });
      assert.equal(toHex(l1AttributesSourceHash(L1_HASH, BigInt(index))), attributes);
      assert.notDeepEqual(
        userDepositSourceHash(L1_HASH, index),
        l1AttributesSourceHash(L1_HASH, BigInt(index)),
      );
    }
    // Published with the Ecotone upgrade (specs/protocol/ecotone/derivation.md).
    assert.equal(
      toHex(upgradeSourceHash("Ecotone: L1 Block Deployment")),
      "0x877a6077205782ea15a6dc8699fa5ebcec5e0f4389f09cb8eda09488231346f8",
    );
  });
  test("the topic is the event's hash", () => {
    assert.equal(
      toHex(TRANSACTION_DEPOSITED_TOPIC),
      viemKeccak(new TextEncoder().encode("TransactionDeposited(address,address,uint256,bytes)")),
    );
  });

  const good = logOf(opaque({ ...plain, data: "0x0102" }));
  const topic = (index: number, value: Uint8Array): Log => ({
    ...good,
    topics: good.topics.with(index, asHash(value)),
  });
  const wrong: readonly (readonly [name: string, log: Log, reason: string])[] = [
    ["no topics", { ...good, topics: [] }, "not-a-deposit"],
    ["another event", topic(0, L1_HASH), "not-a-deposit"],
    ["three topics", { ...good, topics: good.topics.slice(0, 3) }, "deposit-topics-missing"],
    ["version 1", topic(3, new Uint8Array(32).with(31, 1)), "deposit-version-unknown"],
    ["no data", { ...good, data: new Uint8Array(0) }, "deposit-data-malformed"],
    [
      "half a word too much",
      { ...good, data: fromHex(concatHex([toHex(good.data), "0x0000"])) },
      "deposit-data-malformed",
    ],
    [
      "a word too much",
      { ...good, data: Uint8Array.from([...good.data, ...new Uint8Array(32)]) },
      "deposit-data-malformed",
    ],
    ["data cut by a word", { ...good, data: good.data.subarray(0, -32) }, "deposit-data-malformed"],
    ["offset 64", { ...good, data: good.data.with(31, 64) }, "deposit-data-malformed"],
    ["a huge offset", { ...good, data: good.data.with(0, 1) }, "deposit-data-malformed"],
    ["a huge length", { ...good, data: good.data.with(32, 1) }, "deposit-data-malformed"],
    ["72 opaque bytes", logOf(`0x${"00".repeat(72)}`), "deposit-data-too-short"],
    ["no opaque bytes", logOf("0x"), "deposit-data-too-short"],
  ];
  for (const [name, log, reason] of wrong) {
    test(`an event with ${name} is invalid`, () => {
      assert.deepEqual(depositFromLog(log, L1_HASH, 0), { kind: "invalid", reason });
    });
  }
  test("bytes before an address in a topic do not change it (op-node takes the lower 20)", () => {
    const decoded = depositFromLog(topic(1, addressWord(ALICE).with(0, 9)), L1_HASH, 0);
    assert.ok(decoded.kind === "ok");
    assert.deepEqual(decoded.transaction.from, asAddress(ALICE));
  });
});
