import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Batch, batchesOf, blocksOf, digestsOf, RATE_BYTES } from "./batch.ts";

/** The padded bytes of the message at a place of a batch. */
function paddedAt({ data, spans }: Batch, place: number): Uint8Array {
  const start = 4 * (spans[2 * place] ?? 0);
  return data.subarray(start, start + (spans[2 * place + 1] ?? 0) * RATE_BYTES);
}

describe("messages in batches", () => {
  it("a block has 136 bytes, and a message that ends with a block takes one more for its padding", () => {
    assert.equal(RATE_BYTES, 136);
    assert.deepEqual([0, 1, 135, 136, 137, 271, 272].map(blocksOf), [1, 1, 1, 2, 2, 2, 3]);
  });

  it("are padded as Keccak pads: 0x01, zeros, 0x80, which fall into one byte where there is room for one", () => {
    const [batch] = batchesOf([Uint8Array.of(7), new Uint8Array(135).fill(9), new Uint8Array(136).fill(5)]);
    assert.ok(batch !== undefined);
    const byMessage = new Map(batch.order.map((index, place) => [index, paddedAt(batch, place)]));
    const short = new Uint8Array(136);
    short.set([7, 1]);
    short[135] = 0x80;
    assert.deepEqual(byMessage.get(0), short);
    assert.deepEqual(byMessage.get(1), new Uint8Array(136).fill(9).with(135, 0x81));
    const full = new Uint8Array(272).fill(5, 0, 136);
    full[136] = 1;
    full[271] = 0x80;
    assert.deepEqual(byMessage.get(2), full);
  });

  it("hold each message once, those of most blocks first, within the bounds", () => {
    const messages = fc.array(fc.nat(900), { maxLength: 60 });
    fc.assert(
      fc.property(
        messages,
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 1, max: 9 }),
        (lengths, bytes, most) => {
          const given = lengths.map((length, i) => new Uint8Array(length).fill(i));
          const batches = [...batchesOf(given, { bytes, messages: most })];
          const seen = batches.flatMap(({ order }) => [...order]);
          assert.deepEqual(
            seen.toSorted((a, b) => a - b),
            given.map((_, i) => i),
          );
          for (const batch of batches) {
            assert.ok(batch.order.length > 0 && batch.order.length <= most);
            assert.ok(batch.order.length === 1 || batch.data.length <= bytes);
            const blocks = batch.order.map((_, place) => batch.spans[2 * place + 1] ?? 0);
            assert.deepEqual(
              blocks,
              blocks.toSorted((a, b) => b - a),
            );
            for (const [place, index] of batch.order.entries()) {
              const message = given[index] ?? new Uint8Array(0);
              assert.deepEqual(paddedAt(batch, place).subarray(0, message.length), message);
            }
          }
        },
      ),
    );
  });

  it("none make no batch", () => {
    assert.deepEqual([...batchesOf([])], []);
  });
});

describe("digests out of the device's words", () => {
  it("word w of message i stands at w * count + i", () => {
    const words = new Uint8Array(64);
    for (let w = 0; w < 8; w++) {
      words.fill(w, 4 * (2 * w), 4 * (2 * w) + 4);
      words.fill(0x80 + w, 4 * (2 * w + 1), 4 * (2 * w + 1) + 4);
    }
    const wanted = Uint8Array.from({ length: 32 }, (_, i) => i >> 2);
    assert.deepEqual(digestsOf(words, 2), [wanted, wanted.map((byte) => byte + 0x80)]);
  });

  it("of another size are none", () => {
    assert.deepEqual(digestsOf(new Uint8Array(0), 0), []);
    for (const length of [0, 31, 33, 64]) assert.equal(digestsOf(new Uint8Array(length), 1), undefined);
  });
});
