import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  concatHex,
  decodeFunctionData,
  encodeAbiParameters,
  encodeEventTopics,
  encodePacked,
  type Hex,
  padHex,
  parseAbi,
  slice,
  toFunctionSelector,
  keccak256 as viemKeccak,
} from "viem";
import {
  getSourceHash,
  getWithdrawalHashStorageSlot,
  getWithdrawals,
  opaqueDataToDepositData,
} from "viem/op-stack";
import { addressFromHex, asAddress, asHash, fromHex, hashFromHex, toHex } from "../bytes.ts";
import { testRollup } from "../config/testing/rollup.ts";
import { DEPOSITOR_ACCOUNT, L1_BLOCK, L2_TO_L1_MESSAGE_PASSER } from "../predeploys.ts";
import {
  depositFromLog,
  l1AttributesSourceHash,
  TRANSACTION_DEPOSITED_TOPIC,
  upgradeSourceHash,
  userDepositSourceHash,
} from "./deposit.ts";
import {
  decodeL1Attributes,
  encodeL1Attributes,
  type L1Attributes,
  l1AttributesDeposit,
  l1AttributesFormat,
} from "./l1-attributes.ts";
import { decodeOutputV0, encodeOutputV0, outputRootV0 } from "./output-root.ts";
import type { Log } from "./receipt.ts";
import {
  MESSAGE_PASSED_TOPIC,
  type Withdrawal,
  withdrawalFromLog,
  withdrawalHash,
  withdrawalSlot,
} from "./withdrawal.ts";

// The files in protocol/vectors were made with viem; Solidity's tests read them too.
function vectors<T>(file: string, key: string): readonly T[] {
  const found = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors", file), "utf8"))[key];
  assert.ok(Array.isArray(found) && found.length > 0);
  return found;
}

const addressWord = (address: Uint8Array) => asHash(fromHex(padHex(toHex(address), { size: 32 })));
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

describe("output roots (specs/protocol/proposals.md)", () => {
  type OutputVector = Record<"stateRoot" | "messagePasserStorageRoot" | "blockHash" | "outputRoot", Hex>;
  for (const vector of vectors<OutputVector>("output-roots.json", "outputs")) {
    test(vector.outputRoot, () => {
      const output = {
        stateRoot: hashFromHex(vector.stateRoot),
        messagePasserStorageRoot: hashFromHex(vector.messagePasserStorageRoot),
        blockHash: hashFromHex(vector.blockHash),
      };
      assert.equal(toHex(outputRootV0(output)), vector.outputRoot);
      assert.deepEqual(decodeOutputV0(encodeOutputV0(output)), { kind: "ok", output });
      const swapped = { ...output, stateRoot: output.blockHash, blockHash: output.stateRoot };
      if (vector.stateRoot !== vector.blockHash)
        assert.notDeepEqual(outputRootV0(swapped), outputRootV0(output));
    });
  }
  test("preimages of another version or length are refused", () => {
    const preimage = new Uint8Array(128);
    assert.equal(decodeOutputV0(preimage).kind, "ok");
    assert.deepEqual(decodeOutputV0(preimage.subarray(1)), { kind: "invalid", reason: "output-length" });
    assert.deepEqual(decodeOutputV0(new Uint8Array(129)), { kind: "invalid", reason: "output-length" });
    for (const at of [0, 31]) {
      assert.deepEqual(decodeOutputV0(preimage.with(at, 1)), {
        kind: "invalid",
        reason: "output-version-unknown",
      });
    }
  });
});

const FORMATS = ["bedrock", "ecotone", "isthmus", "jovian"] as const;
type AttributesVector = Record<keyof L1Attributes | (typeof FORMATS)[number], Hex>;

function attributesOf(vector: AttributesVector): L1Attributes {
  return {
    number: BigInt(vector.number),
    timestamp: BigInt(vector.timestamp),
    baseFee: BigInt(vector.baseFee),
    hash: hashFromHex(vector.hash),
    sequenceNumber: BigInt(vector.sequenceNumber),
    batcherAddress: addressFromHex(vector.batcherAddress),
    blobBaseFee: BigInt(vector.blobBaseFee),
    baseFeeScalar: BigInt(vector.baseFeeScalar),
    blobBaseFeeScalar: BigInt(vector.blobBaseFeeScalar),
    operatorFeeScalar: BigInt(vector.operatorFeeScalar),
    operatorFeeConstant: BigInt(vector.operatorFeeConstant),
    daFootprintGasScalar: BigInt(vector.daFootprintGasScalar),
  };
}

describe("L1 attributes (specs/protocol/deposits.md, Ecotone, Isthmus, Jovian)", () => {
  const all = vectors<AttributesVector>("l1-attributes.json", "attributes");
  const lengths = { bedrock: 260, ecotone: 164, isthmus: 176, jovian: 178 };
  for (const format of FORMATS) {
    test(`${format}: the calldata is as viem builds it, and decodes`, () => {
      for (const vector of all) {
        const values = attributesOf(vector);
        const calldata = encodeL1Attributes(values, format);
        assert.equal(toHex(calldata), vector[format]);
        assert.equal(calldata.length, lengths[format]);
        const decoded = decodeL1Attributes(calldata);
        assert.ok(decoded.kind === "ok" && decoded.format === format);
        assert.deepEqual(encodeL1Attributes(decoded.attributes, format), calldata);
        if (format === "jovian") assert.deepEqual(decoded.attributes, values);
      }
    });
    test(`${format}: another length, or padding that is not zero, is refused`, () => {
      const calldata = encodeL1Attributes(attributesOf(all[0] as AttributesVector), format);
      const malformed = { kind: "invalid", reason: "l1-attributes-malformed" };
      assert.deepEqual(decodeL1Attributes(calldata.subarray(0, -1)), malformed);
      assert.deepEqual(decodeL1Attributes(Uint8Array.from([...calldata, 0])), malformed);
      // The batcher's address is a whole word in every format.
      const batcher = format === "bedrock" ? 4 + 5 * 32 : 4 + 32 + 3 * 32;
      assert.deepEqual(decodeL1Attributes(calldata.with(batcher, 1)), malformed);
    });
  }
  test("the functions' selectors", () => {
    const names = { ecotone: "Ecotone()", isthmus: "Isthmus()", jovian: "Jovian()" };
    const [vector] = all;
    assert.ok(vector !== undefined);
    for (const [format, name] of Object.entries(names)) {
      assert.equal(slice(vector[format as "ecotone"], 0, 4), toFunctionSelector(`setL1BlockValues${name}`));
    }
    const abi = parseAbi([
      "function setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)",
    ]);
    assert.equal(decodeFunctionData({ abi, data: vector.bedrock }).args[0], BigInt(vector.number));
  });
  test("no or unknown selectors are refused, values out of range not encoded", () => {
    const unknown = { kind: "invalid", reason: "l1-attributes-selector-unknown" };
    assert.deepEqual(decodeL1Attributes(new Uint8Array(0)), unknown);
    assert.deepEqual(decodeL1Attributes(fromHex("0x3db6be")), unknown);
    assert.deepEqual(decodeL1Attributes(new Uint8Array(178)), unknown);
    const values = attributesOf(all[0] as AttributesVector);
    for (const wrong of [
      { ...values, baseFeeScalar: 1n << 32n },
      { ...values, number: 1n << 64n },
      { ...values, daFootprintGasScalar: 65_536n },
      { ...values, baseFee: -1n },
    ]) {
      assert.throws(() => encodeL1Attributes(wrong, "jovian"), { code: "INTEGER_RANGE" });
    }
  });

  const config = testRollup({
    genesis: { l2Time: 100n },
    forks: { regolith: 104n, ecotone: 110n, isthmus: 120n, jovian: 130n },
  });
  test("a fork's first block still has the former format", () => {
    const formats = [108n, 110n, 112n, 120n, 122n, 130n, 132n].map((time) =>
      l1AttributesFormat(config, time),
    );
    assert.deepEqual(formats, ["bedrock", "bedrock", "ecotone", "ecotone", "isthmus", "isthmus", "jovian"]);
    const fromGenesis = { ...config, forks: { ecotone: 0n, isthmus: 0n, jovian: 100n } };
    assert.equal(l1AttributesFormat(fromGenesis, 100n), "jovian");
  });
  test("the transaction is the depositor's, without mint, with its own source hash", () => {
    const values = attributesOf(all[0] as AttributesVector);
    const transaction = l1AttributesDeposit(config, 132n, values);
    assert.deepEqual(
      [transaction.from, transaction.to, transaction.mint, transaction.value, transaction.gasLimit],
      [DEPOSITOR_ACCOUNT, L1_BLOCK, 0n, 0n, 1_000_000n],
    );
    assert.equal(transaction.isSystemTransaction, false);
    assert.deepEqual(transaction.sourceHash, l1AttributesSourceHash(values.hash, values.sequenceNumber));
    const beforeRegolith = l1AttributesDeposit(config, 102n, values);
    assert.equal(beforeRegolith.isSystemTransaction, true);
    assert.equal(beforeRegolith.gasLimit, 150_000_000n);
  });
});

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
  test("the topics are the events' hashes", () => {
    assert.equal(
      toHex(TRANSACTION_DEPOSITED_TOPIC),
      viemKeccak(new TextEncoder().encode("TransactionDeposited(address,address,uint256,bytes)")),
    );
    assert.equal(
      toHex(MESSAGE_PASSED_TOPIC),
      viemKeccak(
        new TextEncoder().encode("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)"),
      ),
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
