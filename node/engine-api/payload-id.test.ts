import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressFromHex, fromHex, hashFromHex } from "@phala-l2/protocol/bytes";
import type { GivenAttributes } from "./payload-attributes.ts";
import { payloadId } from "./payload-id.ts";

/** op-alloy's and op-reth's test_payload_id_parity_op_geth: a request that rollup-boost saw, with op-geth's id. */
const PARENT = hashFromHex("0x3533bf30edaf9505d0810bf475cbe4e5f4b9889904b9845e83efdeab4e92eb1e");
const ATTRIBUTES: GivenAttributes = {
  timestamp: 1_728_933_301n,
  prevRandao: hashFromHex("0x9158595abbdab2c90635087619aa7042bbebe47642dfab3c9bfb934f6b082765"),
  suggestedFeeRecipient: addressFromHex("0x4200000000000000000000000000000000000011"),
  withdrawals: [],
  parentBeaconBlockRoot: hashFromHex("0x8fe0193b9bf83cb7e5a08538e494fecc23046aab9a497af3704f4afdae3250ff"),
  transactions: [
    fromHex(
      "0x7ef8f8a0dc19cfa777d90980e4875d0a548a881baaa3f83f14d1bc0d3038bc329350e54194deaddeaddeaddeaddeaddeaddeaddeaddead00019442000000000000000000000000000000000000158080830f424080b8a4440a5e20000f424000000000000000000000000300000000670d6d890000000000000125000000000000000000000000000000000000000000000000000000000000000700000000000000000000000000000000000000000000000000000000000000014bf9181db6e381d4384bbf69c48b0ee0eed23c6ca26143c6d2544f9d39997a590000000000000000000000007f83d659683caf2767fd3c720981d51f5bc365bc",
    ),
  ],
  gasLimit: 30_000_000n,
};

describe("a payload's id", () => {
  it("is op-geth's", () => {
    assert.equal(payloadId(PARENT, ATTRIBUTES, 3), "0x03d2dae446d2a86a");
    assert.equal(payloadId(PARENT, { ...ATTRIBUTES, minBaseFee: 100n }, 4), "0x046c65ffc4d659ec");
  });

  it("is another one for each part that differs", () => {
    const other = hashFromHex(`0x${"11".repeat(32)}`);
    const [first = new Uint8Array(0)] = ATTRIBUTES.transactions ?? [];
    const changes: readonly Partial<GivenAttributes>[] = [
      { timestamp: 1n },
      { prevRandao: other },
      { suggestedFeeRecipient: addressFromHex(`0x${"11".repeat(20)}`) },
      { parentBeaconBlockRoot: other },
      { transactions: [] },
      { transactions: [first, first] },
      { noTxPool: true },
      { transactions: [], noTxPool: true },
      { gasLimit: 30_000_001n },
      { eip1559Params: new Uint8Array(8) },
      { eip1559Params: fromHex("0x000000fa00000006") },
      { minBaseFee: 1n },
    ];
    const ids = changes.map((change) => payloadId(PARENT, { ...ATTRIBUTES, ...change }, 3));
    ids.push(
      payloadId(PARENT, ATTRIBUTES, 3),
      payloadId(other, ATTRIBUTES, 3),
      payloadId(PARENT, ATTRIBUTES, 2),
    );
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(payloadId(PARENT, { ...ATTRIBUTES, noTxPool: false }, 3), payloadId(PARENT, ATTRIBUTES, 3));
  });
});
