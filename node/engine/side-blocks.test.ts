import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import {
  asHash,
  bigintToBytes,
  EMPTY_BYTES,
  type Hash,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { Header } from "@phala-l2/protocol/wire/header";
import { InvalidBlocks, MAX_INVALID_BLOCKS } from "./invalid-blocks.ts";
import { MAX_SIDE_BLOCKS, MAX_SIDE_BYTES, type SideBlock, SideBlocks } from "./side-blocks.ts";

const hashOf = (number: number): Hash => asHash(bigintToBytes(BigInt(number), 32));

const header: Header = {
  parentHash: ZERO_HASH,
  ommersHash: ZERO_HASH,
  beneficiary: ZERO_ADDRESS,
  stateRoot: ZERO_HASH,
  transactionsRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  logsBloom: EMPTY_BYTES,
  difficulty: 0n,
  number: 0n,
  gasLimit: 0n,
  gasUsed: 0n,
  timestamp: 0n,
  extraData: EMPTY_BYTES,
  prevRandao: ZERO_HASH,
  nonce: EMPTY_BYTES,
};

function sideBlock(number: number, bytes = 1): SideBlock {
  const hash = hashOf(number);
  const sealed: SealedBlock = {
    block: { header, transactions: [new Uint8Array(bytes)] },
    hash,
    receipts: [],
    transactions: [],
    changes: { accounts: new Map(), storage: new Map(), codes: new Map() },
    accounts: new Map(),
    nodes: new Map(),
  };
  const l1Origin = { number: 0n, hash: ZERO_HASH };
  const ref = {
    number: BigInt(number),
    hash,
    parentHash: ZERO_HASH,
    timestamp: 0n,
    l1Origin,
    sequenceNumber: 0n,
  };
  return { sealed, ref, isOwn: false };
}

describe("executed blocks that wait to be named", () => {
  it("are forgotten from the oldest on when there are too many", () => {
    const blocks = new SideBlocks();
    for (let number = 0; number <= MAX_SIDE_BLOCKS; number++) blocks.add(sideBlock(number));
    assert.equal(blocks.get(hashOf(0)), undefined);
    assert.ok(blocks.get(hashOf(1)));
    assert.ok(blocks.get(hashOf(MAX_SIDE_BLOCKS)));
  });

  it("are forgotten when they are too large together, but never the newest", () => {
    const blocks = new SideBlocks();
    blocks.add(sideBlock(1, MAX_SIDE_BYTES / 2));
    blocks.add(sideBlock(2, MAX_SIDE_BYTES / 2));
    assert.ok(blocks.get(hashOf(1)));
    blocks.add(sideBlock(3));
    assert.equal(blocks.get(hashOf(1)), undefined);
    blocks.add(sideBlock(4, MAX_SIDE_BYTES + 1));
    assert.deepEqual(
      [2, 3, 4].map((number) => blocks.get(hashOf(number)) !== undefined),
      [false, false, true],
    );
  });

  it("count once, and not any more when they are gone", () => {
    const blocks = new SideBlocks();
    for (let round = 0; round < 4; round++) {
      blocks.add(sideBlock(round, MAX_SIDE_BYTES));
      blocks.add(sideBlock(round, MAX_SIDE_BYTES));
      blocks.remove(hashOf(round));
      blocks.remove(hashOf(round));
    }
    blocks.add(sideBlock(8, MAX_SIDE_BYTES - 1));
    blocks.add(sideBlock(9));
    assert.ok(blocks.get(hashOf(8)) && blocks.get(hashOf(9)));
    blocks.dropUpTo(8n);
    assert.ok(blocks.get(hashOf(8)) === undefined && blocks.get(hashOf(9)));
  });
});

describe("blocks that execution has refused", () => {
  it("are remembered up to a bound", () => {
    const invalid = new InvalidBlocks();
    for (let number = 0; number <= MAX_INVALID_BLOCKS; number++) {
      invalid.add(hashOf(number), { reason: `${number}`, latestValid: ZERO_HASH });
    }
    assert.equal(invalid.get(hashOf(0)), undefined);
    assert.equal(invalid.get(hashOf(1))?.reason, "1");
  });
});
