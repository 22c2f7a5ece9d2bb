import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodeAbiParameters, encodeEventTopics, type Hex, parseAbi, keccak256 as viemKeccak } from "viem";
import { getWithdrawalHashStorageSlot, getWithdrawals } from "viem/op-stack";
import { addressFromHex, fromHex, hashFromHex, toHex } from "../bytes.ts";
import { L2_TO_L1_MESSAGE_PASSER } from "../predeploys.ts";
import type { Log } from "./receipt.ts";
import { addressWord } from "./testing/log-topics.ts";
import { vectors } from "./testing/vectors.ts";
import {
  MESSAGE_PASSED_TOPIC,
  type Withdrawal,
  withdrawalFromLog,
  withdrawalHash,
  withdrawalSlot,
} from "./withdrawal.ts";

const ALICE = addressFromHex(`0x${"a1".repeat(20)}`);
const BOB = addressFromHex(`0x${"b0".repeat(20)}`);
const L1_HASH = hashFromHex(`0x${"c0".repeat(32)}`);

type WithdrawalVector = Record<
  "nonce" | "sender" | "target" | "value" | "gasLimit" | "data" | "hash" | "slot",
  Hex
>;

function withdrawalOf(vector: WithdrawalVector): Withdrawal {
  return {
    nonce: BigInt(vector.nonce),
    sender: addressFromHex(vector.sender),
    target: addressFromHex(vector.target),
    value: BigInt(vector.value),
    gasLimit: BigInt(vector.gasLimit),
    data: fromHex(vector.data),
  };
}

const MESSAGE_PASSED = parseAbi([
  "event MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target, uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash)",
]);

function messagePassed(vector: WithdrawalVector): Log {
  const topics = encodeEventTopics({
    abi: MESSAGE_PASSED,
    args: { nonce: BigInt(vector.nonce), sender: vector.sender, target: vector.target },
  });
  const data = encodeAbiParameters(
    [{ type: "uint256" }, { type: "uint256" }, { type: "bytes" }, { type: "bytes32" }],
    [BigInt(vector.value), BigInt(vector.gasLimit), vector.data, vector.hash],
  );
  return {
    address: L2_TO_L1_MESSAGE_PASSER,
    topics: topics.map((topic) => hashFromHex(String(topic))),
    data: fromHex(data),
  };
}

describe("withdrawals (specs/protocol/withdrawals.md)", () => {
  const all = vectors<WithdrawalVector>("withdrawals.json", "withdrawals");
  test("hash and slot are as viem computes them", () => {
    for (const vector of all) {
      const hash = withdrawalHash(withdrawalOf(vector));
      assert.equal(toHex(hash), vector.hash);
      assert.equal(toHex(withdrawalSlot(hash)), vector.slot);
      assert.equal(vector.slot, getWithdrawalHashStorageSlot({ withdrawalHash: vector.hash }));
    }
  });
  test("MessagePassed events decode to what was sent", () => {
    for (const vector of all) {
      const decoded = withdrawalFromLog(messagePassed(vector));
      assert.deepEqual(decoded, {
        kind: "ok",
        withdrawal: withdrawalOf(vector),
        hash: hashFromHex(vector.hash),
      });
    }
  });
  test("the topic is the event's hash", () => {
    assert.equal(
      toHex(MESSAGE_PASSED_TOPIC),
      viemKeccak(
        new TextEncoder().encode("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)"),
      ),
    );
  });
  const good = messagePassed(all[2] as WithdrawalVector);
  const changed = (at: number, by: number) => {
    const data = good.data.slice();
    data[at] = (data[at] ?? 0) ^ by;
    return { ...good, data };
  };
  const wrong: readonly (readonly [name: string, log: Log, reason: string])[] = [
    ["another contract's", { ...good, address: ALICE }, "not-the-message-passer"],
    ["no topics", { ...good, topics: [] }, "not-a-withdrawal"],
    ["another event", { ...good, topics: [L1_HASH, ...good.topics.slice(1)] }, "not-a-withdrawal"],
    ["three topics", { ...good, topics: good.topics.slice(0, 3) }, "withdrawal-topics-missing"],
    ["no data", { ...good, data: new Uint8Array(0) }, "withdrawal-data-too-short"],
    ["data cut by a word", { ...good, data: good.data.subarray(0, -32) }, "withdrawal-data-too-short"],
    [
      "a word too much",
      { ...good, data: Uint8Array.from([...good.data, ...new Uint8Array(32)]) },
      "withdrawal-data-malformed",
    ],
    ["a huge length", changed(4 * 32, 0x80), "withdrawal-data-too-short"],
    ["another offset", changed(2 * 32 + 31, 0x20), "withdrawal-data-malformed"],
    ["padding that is not zero", changed(good.data.length - 1, 1), "withdrawal-data-malformed"],
    ["another value", changed(31, 1), "withdrawal-hash-mismatch"],
    ["another gas limit", changed(63, 1), "withdrawal-hash-mismatch"],
    ["another hash", changed(3 * 32, 1), "withdrawal-hash-mismatch"],
    ["other call data", changed(5 * 32, 1), "withdrawal-hash-mismatch"],
    [
      "another sender",
      { ...good, topics: good.topics.with(2, addressWord(BOB)) },
      "withdrawal-hash-mismatch",
    ],
  ];
  for (const [name, log, reason] of wrong) {
    test(`an event with ${name} is refused`, () =>
      assert.deepEqual(withdrawalFromLog(log), { kind: "invalid", reason }));
  }

  const file = join(
    import.meta.dirname,
    "../../../shared/vectors/op/deposits/op-node_bridge-withdrawal.json",
  );
  test("a real bridge withdrawal", { skip: existsSync(file) ? false : "the receipt is not here" }, () => {
    const receipt = JSON.parse(readFileSync(file, "utf8"));
    const logs: readonly Log[] = receipt.logs.map(
      (log: { address: string; topics: string[]; data: string }) => ({
        address: addressFromHex(log.address),
        topics: log.topics.map(hashFromHex),
        data: fromHex(log.data),
      }),
    );
    const found = logs.map(withdrawalFromLog).filter((each) => each.kind === "ok");
    const theirs = getWithdrawals(receipt);
    assert.equal(found.length, 1);
    assert.deepEqual(
      found.map(({ hash }) => toHex(hash)),
      theirs.map(({ withdrawalHash }) => withdrawalHash),
    );
  });
});
