import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { holoceneConfig, isthmusConfig } from "@phala-l2/execution/testing/config";
import { hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { blockOfPayload, executionPayload, executionPayloadJson } from "./execution-payload.ts";

const VECTORS = join(import.meta.dirname, "../../../shared/vectors/op/gossip/gossip-and-real-blocks.json");
const skip = existsSync(VECTORS) ? false : "the real block is not here";

type Fields = Readonly<Record<string, unknown>>;

/** A real block of Unichain Sepolia under Isthmus, as a payload. */
function realPayload(): { readonly payload: Fields; readonly beaconRoot: string } {
  const { header, transactions } = JSON.parse(readFileSync(VECTORS, "utf8")).flashblockBlocks[0];
  const { transactionsRoot: _, parent_beacon_block_root: beaconRoot, ...fields } = header;
  const camel = (name: string) => name.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase());
  const named = Object.entries(fields).map(([name, value]) => [camel(name), value]);
  return {
    payload: { ...Object.fromEntries(named), transactions, blobGasUsed: "0x0", excessBlobGas: "0x0" },
    beaconRoot,
  };
}

function read(payload: Fields, beaconRoot: string, config = isthmusConfig(1301n)) {
  const parsed = executionPayload(payload);
  assert.ok(parsed.kind === "ok", parsed.kind === "invalid" ? parsed.words : "");
  return blockOfPayload(config, parsed.value, hashFromHex(beaconRoot));
}

describe("a payload", { skip }, () => {
  it("is the block whose hash it names, and is written as it was read", () => {
    const { payload, beaconRoot } = realPayload();
    const { block } = { block: undefined, ...read(payload, beaconRoot) };
    assert.ok(block);
    assert.equal(toHex(headerHash(block.header)), payload.blockHash);
    assert.deepEqual(executionPayloadJson(block, headerHash(block.header)), payload);
  });

  it("may have fields that nobody here knows", () => {
    const { payload, beaconRoot } = realPayload();
    assert.equal(read({ ...payload, slotNumber: "0x1", __proto__: null, x: {} }, beaconRoot).kind, "ok");
  });

  it("is refused when any part of it is not what its hash says", () => {
    const { payload, beaconRoot } = realPayload();
    const list = payload.transactions;
    assert.ok(Array.isArray(list));
    const changes: readonly Fields[] = [
      ...["parentHash", "feeRecipient", "stateRoot", "receiptsRoot", "logsBloom", "prevRandao"].map(
        (name) => ({
          [name]: flipped(payload[name]),
        }),
      ),
      ...["blockNumber", "gasLimit", "gasUsed", "baseFeePerGas", "timestamp"].map((name) => ({
        [name]: `0x${(BigInt(String(payload[name])) + 1n).toString(16)}`,
      })),
      { extraData: "0x" },
      { blockHash: flipped(payload.blockHash) },
      { withdrawalsRoot: flipped(payload.withdrawalsRoot) },
      { blobGasUsed: "0x1" },
      { excessBlobGas: "0x1" },
      { transactions: list.toReversed() },
      { transactions: list.slice(1) },
      { transactions: [...list, "0x00"] },
      { withdrawals: [{ index: "0x0" }] },
      { withdrawalsRoot: null },
    ];
    for (const change of changes) {
      const verdict = read({ ...payload, ...change }, beaconRoot);
      assert.equal(verdict.kind, "invalid", JSON.stringify(change).slice(0, 100));
    }
    assert.equal(read(payload, `0x${"11".repeat(32)}`).kind, "invalid", "another beacon root");
    assert.equal(read(payload, beaconRoot, holoceneConfig(1301n)).kind, "invalid", "before Isthmus");
  });

  it("can not be read when a field is missing or of the wrong form", () => {
    const { payload } = realPayload();
    const optional = new Set(["withdrawals", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"]);
    for (const name of Object.keys(payload).filter((each) => !optional.has(each))) {
      for (const value of [undefined, null, 1, {}, [], "", "0x0g", true]) {
        if (name === "transactions" && Array.isArray(value)) continue;
        assert.equal(executionPayload({ ...payload, [name]: value }).kind, "invalid", `${name}: ${value}`);
      }
    }
    for (const value of [undefined, null, 1, "0x", [payload]]) {
      assert.equal(executionPayload(value).kind, "invalid");
    }
    assert.equal(executionPayload({ ...payload, logsBloom: "0x00" }).kind, "invalid");
    assert.equal(executionPayload({ ...payload, blockNumber: "0x01" }).kind, "invalid");
    assert.equal(executionPayload({ ...payload, gasLimit: `0x1${"0".repeat(16)}` }).kind, "invalid");
    assert.equal(executionPayload({ ...payload, transactions: [1] }).kind, "invalid");
  });
});

/** Hex text with its last digit changed. */
function flipped(value: unknown): string {
  const text = String(value);
  return `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`;
}
