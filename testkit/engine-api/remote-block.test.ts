import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readRemoteBlock } from "@phala-l2/node/engine-api/remote-block";
import { toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { transfer, World } from "../node/world.ts";
import { at } from "./caller.ts";
import { blockAt, type Driven, forkchoice, payloadParams, startDriven } from "./driven.ts";

describe("a block as another engine's eth_getBlockByNumber gives it", () => {
  let world: World;
  let driven: Driven;
  let block: Block;
  let given: Readonly<Record<string, unknown>>;
  before(async () => {
    world = new World();
    const maker = await world.start({ derives: false });
    await world.sequence(maker, [transfer(0)]);
    block = blockAt(maker, 1n);
    driven = await startDriven(world);
    await driven.call("engine_newPayloadV4", ...payloadParams(block));
    await driven.call("engine_forkchoiceUpdatedV3", forkchoice(block), null);
    given = Object((await driven.call("eth_getBlockByNumber", "0x1", true)).result);
  });
  after(async () => {
    await driven.stop();
    await world.close();
  });

  /** The block with fields of its transaction of that index changed. */
  function withTransaction(index: number, changes: object): object {
    const transactions = Object.values(Object(given.transactions));
    return {
      ...given,
      transactions: transactions.with(index, { ...Object(transactions[index]), ...changes }),
    };
  }

  it("is that block, with or without what may be left out of a deposit", () => {
    const deposit = withTransaction(0, {
      isSystemTx: undefined,
      mint: undefined,
      nonce: undefined,
      v: undefined,
    });
    for (const value of [given, deposit]) {
      const read = readRemoteBlock(world.config, value, 1n);
      assert.deepEqual(read?.header, block.header);
      assert.deepEqual(read?.transactions, block.transactions);
      assert.equal(toHex(read?.ref.hash ?? ZERO_HASH), toHex(headerHash(block.header)));
    }
    assert.equal(readRemoteBlock(world.config, null), undefined);
  });

  it("is refused when it is another one, or not whole", () => {
    const wrong: readonly [string, unknown][] = [
      ["hash", { ...given, hash: toHex(ZERO_HASH) }],
      ["state root", { ...given, stateRoot: toHex(ZERO_HASH) }],
      ["number", { ...given, number: "0x2" }],
      ["no transactions", { ...given, transactions: undefined }],
      ["hashes for transactions", { ...given, transactions: [toHex(ZERO_HASH)] }],
      ["fewer transactions", { ...given, transactions: Object.values(Object(given.transactions)).slice(1) }],
      ["a deposit's value", withTransaction(0, { value: "0x1" })],
      ["a deposit's source", withTransaction(0, { sourceHash: toHex(ZERO_HASH) })],
      ["a deposit's sender", withTransaction(0, { from: undefined })],
      ["a system transaction", withTransaction(0, { isSystemTx: true })],
      ["a transfer's value", withTransaction(1, { value: "0x2" })],
      ["a type that no L2 has", withTransaction(1, { type: "0x42" })],
      ["a number", 1],
      ["a list", [given]],
    ];
    for (const [what, value] of wrong) {
      assert.throws(
        () => readRemoteBlock(world.config, value, 1n),
        (error) => isRollupError(error, "ENGINE_DATA_INVALID") || isRollupError(error, "L1_DATA_INVALID"),
        what,
      );
    }
    assert.throws(() => readRemoteBlock(world.config, given, 2n), /another block/);
    assert.ok(at(given, "hash"));
  });
});
