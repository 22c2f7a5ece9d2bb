import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { holoceneConfig, isthmusConfig, jovianConfig } from "@phala-l2/execution/testing/config";
import { toHex } from "@phala-l2/protocol/bytes";
import { forksUpTo } from "@phala-l2/protocol/config/testing/rollup";
import { attributesJson, givenAttributes, readAttributes } from "./payload-attributes.ts";

/** As op-node sends them under Jovian, for a derived block. */
const GIVEN = {
  timestamp: "0x690be89e",
  prevRandao: `0x${"22".repeat(32)}`,
  suggestedFeeRecipient: "0x4200000000000000000000000000000000000011",
  withdrawals: [],
  parentBeaconBlockRoot: `0x${"33".repeat(32)}`,
  transactions: ["0x7e01", "0x02"],
  noTxPool: true,
  gasLimit: "0x3938700",
  eip1559Params: "0x000000fa00000006",
  minBaseFee: "0x64",
};
const config = jovianConfig(901n);

function read(
  changes: object,
  { version = 3, chain = config }: { version?: 1 | 2 | 3; chain?: typeof config } = {},
) {
  const parsed = givenAttributes({ ...GIVEN, ...changes });
  assert.ok(parsed.kind === "ok", parsed.kind === "invalid" ? parsed.words : "");
  return readAttributes(chain, parsed.value, version);
}

describe("payload attributes", () => {
  it("are read as op-node sends them, and written the same", () => {
    const found = read({});
    assert.ok(found.kind === "ok");
    assert.equal(found.attributes.gasLimit, 60_000_000n);
    assert.equal(toHex(found.attributes.feeRecipient), GIVEN.suggestedFeeRecipient);
    assert.deepEqual(attributesJson(config, found.attributes), GIVEN);
  });

  it("may leave out transactions and noTxPool, and have fields that nobody here knows", () => {
    const found = read({ transactions: null, noTxPool: undefined, targetGasLimit: "0x1" });
    assert.ok(found.kind === "ok");
    assert.deepEqual(found.attributes.transactions, []);
  });

  it("have the fields of their fork", () => {
    const holocene = holoceneConfig(901n);
    assert.equal(read({ minBaseFee: null }, { chain: holocene }).kind, "ok");
    assert.equal(read({}, { chain: holocene }).kind, "invalid", "minBaseFee before Jovian");
    assert.equal(read({ minBaseFee: "0x0" }, { chain: isthmusConfig(901n) }).kind, "invalid");
    assert.equal(read({ minBaseFee: null }).kind, "invalid", "no minBaseFee under Jovian");
    assert.equal(read({ minBaseFee: "0x0" }).kind, "ok");
    assert.equal(read({ eip1559Params: "0x0000000000000000" }).kind, "ok", "the chain's defaults");
  });

  const invalid: readonly [string, object][] = [
    ["no withdrawals", { withdrawals: null }],
    ["withdrawals", { withdrawals: [{}] }],
    ["no beacon root", { parentBeaconBlockRoot: null }],
    ["no gas limit", { gasLimit: null }],
    ["no EIP-1559 parameters", { eip1559Params: null }],
    ["EIP-1559 parameters of seven bytes", { eip1559Params: "0x00000000000000" }],
    ["an elasticity without denominator", { eip1559Params: "0x0000000000000006" }],
    ["a denominator without elasticity", { eip1559Params: "0x000000fa00000000" }],
  ];
  for (const [what, changes] of invalid) {
    it(`are invalid with ${what}`, () => assert.equal(read(changes).kind, "invalid"));
  }

  it("are for V3 only, and for a time that is executed here", () => {
    assert.equal(read({}, { version: 1 }).kind, "unsupported-fork");
    assert.equal(read({}, { version: 2 }).kind, "unsupported-fork");
    const early = { ...config, forks: forksUpTo("granite") };
    assert.equal(read({}, { chain: early }).kind, "unsupported-fork");
  });

  it("can not be read in any other form", () => {
    for (const changes of [
      { timestamp: 1 },
      { timestamp: undefined },
      { prevRandao: "0x22" },
      { suggestedFeeRecipient: null },
      { noTxPool: "true" },
      { transactions: "0x7e" },
      { transactions: ["7e"] },
      { gasLimit: 60_000_000 },
      { eip1559Params: ["0x00"] },
      { minBaseFee: "0x10000000000000000" },
    ]) {
      assert.equal(givenAttributes({ ...GIVEN, ...changes }).kind, "invalid", JSON.stringify(changes));
    }
    for (const value of [null, [], "{}", 0]) assert.equal(givenAttributes(value).kind, "invalid");
  });
});
