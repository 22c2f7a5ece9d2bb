import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asHash, bigintToBytes, bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { DEPOSIT_TYPE } from "@phala-l2/protocol/wire/transaction";
import { Backlog, THROTTLE_ABOVE_BYTES, THROTTLED_BLOCK_BYTES } from "./backlog.ts";

/** Blocks by number, each with a deposit and one user's transaction. */
class FakeChain {
  readonly #blocks: { readonly hash: Hash; readonly transactions: readonly Uint8Array[] }[] = [];
  #made = 0n;
  safe = 0n;
  reads = 0;

  extend(count: number, bytes: number): void {
    for (let i = 0; i < count; i++) {
      this.#made += 1n;
      const transactions = [new Uint8Array(500).fill(DEPOSIT_TYPE), new Uint8Array(bytes).fill(2)];
      this.#blocks.push({ hash: asHash(bigintToBytes(this.#made, 32)), transactions });
    }
  }

  rewind(number: number): void {
    this.#blocks.length = number;
  }

  heads() {
    return { safe: { number: this.safe }, unsafe: { number: BigInt(this.#blocks.length) } };
  }

  hashByNumber(number: bigint): Hash | undefined {
    return this.#blocks[Number(number) - 1]?.hash;
  }

  block(hash: Hash) {
    this.reads += 1;
    return this.#blocks.find((block) => bytesEqual(block.hash, hash));
  }
}

describe("what L1 does not have yet", () => {
  it("are the users' bytes above the safe head, each block read once", () => {
    const chain = new FakeChain();
    const backlog = new Backlog(chain);
    chain.extend(10, 100);
    assert.equal(backlog.bytes(), 1_000);
    chain.extend(5, 10);
    chain.safe = 4n;
    assert.equal(backlog.bytes(), 650);
    assert.equal(chain.reads, 15);
  });

  it("is counted anew from where the chain was replaced", () => {
    const chain = new FakeChain();
    const backlog = new Backlog(chain);
    chain.extend(10, 100);
    assert.equal(backlog.bytes(), 1_000);
    chain.rewind(6);
    assert.equal(backlog.bytes(), 600);
    chain.extend(4, 1);
    assert.equal(backlog.bytes(), 604);
    chain.rewind(2);
    chain.extend(10, 1);
    assert.equal(backlog.bytes(), 210);
  });

  it("makes blocks small only while it is more than L1 takes in minutes", () => {
    const chain = new FakeChain();
    const backlog = new Backlog(chain);
    const mebibyte = 1024 * 1024;
    chain.extend(THROTTLE_ABOVE_BYTES / mebibyte, mebibyte);
    assert.equal(backlog.blockLimit(), Number.POSITIVE_INFINITY);
    chain.extend(1, 1);
    assert.equal(backlog.blockLimit(), THROTTLED_BLOCK_BYTES);
    chain.safe = 1n;
    assert.equal(backlog.blockLimit(), Number.POSITIVE_INFINITY);
  });
});
