import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { l2CrossDomainMessengerAbi } from "@phala-l2/contracts/abi/l2-cross-domain-messenger";
import { systemConfigAbi } from "@phala-l2/contracts/abi/system-config";
import { timelockAbi } from "@phala-l2/contracts/abi/timelock";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { L2_CROSS_DOMAIN_MESSENGER } from "@phala-l2/protocol/predeploys";
import fc from "fast-check";
import { encodeFunctionData, getAddress, type Hex, numberToHex, padHex, zeroHash } from "viem";
import { batchId, batchOf, type Call, callForL1, type L1Batch } from "./batch.ts";
import { parseCalls } from "./calls-file.ts";
import { describeCall } from "./describe-call.ts";
import { ownedBy } from "./propose.ts";
import { parseDelegation, parseVote } from "./signed.ts";

const address = (value: number) => getAddress(padHex(numberToHex(value), { size: 20 }));
const EXECUTOR = address(0xe0);
const CONFIG = address(0xc0);
const setGasLimit = encodeFunctionData({
  abi: systemConfigAbi,
  functionName: "setGasLimit",
  args: [70_000_000n],
});

const hex = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((bytes): Hex => `0x${Buffer.from(bytes).toString("hex")}`);
const plain = { noNullPrototype: true } as const;
const call = fc.record<Call>(
  {
    target: fc.nat(2 ** 31).map(address),
    value: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    data: hex(100),
  },
  plain,
);
const word = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => numberToHex(value, { size: 32 }));
const batch = fc.record<L1Batch>(
  {
    calls: fc.array(call, { minLength: 1, maxLength: 4 }),
    predecessor: word,
    salt: word,
    validUntil: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  },
  plain,
);

describe("a description", () => {
  const proposer = address(0xabcdef);

  it("ends with its proposer, as the governor reads it, and once", () => {
    const text = ownedBy("More gas", proposer);
    assert.equal(text, "More gas#proposer=0x0000000000000000000000000000000000abcdef");
    assert.equal(ownedBy(text, proposer), text);
    assert.equal(ownedBy(`More gas#proposer=${proposer}`, proposer), `More gas#proposer=${proposer}`);
  });

  it("that names another is not taken for one's own", () => {
    const others = ownedBy("More gas", address(1));
    assert.ok(ownedBy(others, proposer).endsWith(proposer.toLowerCase()));
  });
});

describe("a batch for L1", () => {
  it("is read back from the call on L2 that sends it, whatever it holds", () => {
    fc.assert(
      fc.property(batch, (sent) => assert.deepEqual(batchOf(EXECUTOR, callForL1(EXECUTOR, sent)), sent)),
    );
  });

  it("is another's where executor, messenger or function are, and none where bytes are no call", () => {
    const sent = callForL1(EXECUTOR, {
      calls: [{ target: CONFIG, value: 0n, data: setGasLimit }],
      predecessor: zeroHash,
      salt: zeroHash,
      validUntil: 0n,
    });
    assert.equal(batchOf(address(1), sent), undefined);
    assert.equal(batchOf(EXECUTOR, { ...sent, target: address(1) }), undefined);
    assert.equal(batchOf(EXECUTOR, { ...sent, data: setGasLimit }), undefined);
    const messenger = toHex(L2_CROSS_DOMAIN_MESSENGER);
    const other = encodeFunctionData({
      abi: l2CrossDomainMessengerAbi,
      functionName: "sendMessage",
      args: [EXECUTOR, "0x12345678", 1],
    });
    assert.equal(batchOf(EXECUTOR, { ...sent, target: messenger, data: other }), undefined);
    fc.assert(
      fc.property(fc.nat(sent.data.length), (end) => {
        const cut: Hex = `0x${sent.data.slice(2, end)}`;
        if (cut.length >= sent.data.length || cut.length % 2 === 1) return;
        const found = batchOf(EXECUTOR, { ...sent, data: cut });
        // What is cut off may be the padding of the last word.
        assert.ok(found === undefined || found.calls.length === 1);
      }),
    );
  });

  it("differs from the same under another salt", () => {
    fc.assert(
      fc.property(batch, word, (sent, salt) => {
        fc.pre(salt !== sent.salt);
        assert.notEqual(batchId(sent), batchId({ ...sent, salt }));
      }),
    );
  });
});

describe("a described call", () => {
  it("has its function and arguments", () => {
    const described = describeCall({ target: CONFIG, value: 0n, data: setGasLimit });
    assert.equal(described.signature, "setGasLimit(uint64)");
    assert.deepEqual(described.args, [70_000_000n]);
    const upgrade = encodeFunctionData({ abi: timelockAbi, functionName: "updateDelay", args: [5n] });
    assert.equal(
      describeCall({ target: CONFIG, value: 0n, data: upgrade }).signature,
      "updateDelay(uint256)",
    );
  });

  it("has none where nothing is known, or the arguments are not there", () => {
    for (const data of ["0x", "0x12", "0x12345678", setGasLimit.slice(0, 10), setGasLimit.slice(0, -2)]) {
      const { signature, args } = describeCall({ target: CONFIG, value: 0n, data: `0x${data.slice(2)}` });
      assert.deepEqual([signature, args], [undefined, []], data);
    }
  });

  it("is told of whatever bytes are proposed", () => {
    fc.assert(fc.property(call, (given) => assert.equal(describeCall(given).data, given.data)));
  });
});

describe("what somebody signed", () => {
  const signature = `0x${"12".repeat(65)}`;
  const delegation = { delegatee: CONFIG, nonce: "1", expiry: "2", signature };
  const vote = { proposalId: "5", support: "abstain", voter: CONFIG, signature };

  it("is read as it was printed", () => {
    assert.deepEqual(parseDelegation(delegation), { ...delegation, nonce: 1n, expiry: 2n });
    assert.deepEqual(parseVote(vote), { ...vote, proposalId: 5n });
  });

  it("is refused by the field that is wrong", () => {
    const refused = (field: string) => (error: unknown) =>
      isRollupError(error, "GOVERNANCE_SIGNED_INVALID") && error.message.endsWith(` ${field}`);
    for (const json of [null, 7, [], "x"]) assert.throws(() => parseVote(json), refused("content"));
    for (const [field, values] of Object.entries({
      delegatee: ["", 1],
      nonce: ["-1", 1, "0x1"],
      expiry: [undefined],
      signature: ["0x12", "12", undefined],
    })) {
      for (const value of values) {
        assert.throws(() => parseDelegation({ ...delegation, [field]: value }), refused(field));
      }
    }
    for (const [field, value] of Object.entries({ proposalId: 5, support: "yes", voter: "0x1" })) {
      assert.throws(() => parseVote({ ...vote, [field]: value }), refused(field));
    }
  });
});

describe("a file of calls", () => {
  it("is read by layer, in order, by function or by bytes", () => {
    const { onL1, onL2 } = parseCalls([
      { layer: "l1", target: CONFIG, function: "function setGasLimit(uint64)", args: ["70000000"] },
      { layer: "l2", target: CONFIG, data: "0x", value: "5" },
      { layer: "l1", target: CONFIG, function: "function f(uint8[] a, address b)", args: [["1", 2], CONFIG] },
    ]);
    assert.deepEqual(onL1[0], { target: CONFIG, value: 0n, data: setGasLimit });
    assert.equal(onL1.length, 2);
    assert.deepEqual(onL2, [{ target: CONFIG, value: 5n, data: "0x" }]);
  });

  it("is refused by the number of the call that is wrong", () => {
    const good = { layer: "l1", target: CONFIG, function: "function setGasLimit(uint64)", args: ["1"] };
    const { function: _, ...bare } = good;
    const wrong: readonly unknown[] = [
      ...[null, 7, { ...good, layer: "l3" }, { ...good, target: "0x12" }],
      ...[
        { ...good, value: 1 },
        { ...good, value: "-1" },
        { ...good, value: "0x1" },
      ],
      ...[bare, { ...good, data: "0x" }, { ...bare, data: "12" }],
      ...[
        { ...good, function: "setGasLimit" },
        { ...good, function: "event E()" },
      ],
      ...[
        { ...good, args: [] },
        { ...good, args: ["many"] },
        { ...good, args: "1" },
      ],
      ...[
        { ...good, args: [String(2n ** 64n)] },
        { ...good, args: ["1", "2"] },
      ],
    ];
    for (const [index, item] of wrong.entries()) {
      assert.throws(
        () => parseCalls([good, item]),
        (error) => isRollupError(error, "GOVERNANCE_CALLS_INVALID") && error.message.startsWith("call 1: "),
        `${index}: ${JSON.stringify(item)}`,
      );
    }
    assert.throws(
      () => parseCalls({}),
      (error) => isRollupError(error, "GOVERNANCE_CALLS_INVALID"),
    );
  });
});
