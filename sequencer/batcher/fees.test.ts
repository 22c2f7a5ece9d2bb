import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { firstOffer, nextOffer } from "./fees.ts";

const wei = fc.bigInt(0n, 10n ** 12n);
const quotes = fc.record({ baseFee: wei, tip: wei, blobBaseFee: wei });

describe("offers to L1", () => {
  it("never exceed the ceiling, and never tip more than they pay", () => {
    fc.assert(
      fc.property(
        quotes,
        fc.array(quotes, { maxLength: 6 }),
        wei,
        fc.boolean(),
        (now, later, ceiling, hasBlobs) => {
          let offer = firstOffer(now, { ceiling });
          for (const quote of [undefined, ...later]) {
            const next = quote === undefined ? offer : nextOffer(offer, quote, { ceiling, hasBlobs });
            if (next === undefined) return;
            assert.ok(next.maxFeePerGas <= ceiling && next.maxFeePerBlobGas <= ceiling);
            assert.ok(next.maxPriorityFeePerGas <= next.maxFeePerGas);
            offer = next;
          }
        },
      ),
      { seed: 3 },
    );
  });

  it("rise by what L1's pools demand: a tenth, with blobs twice", () => {
    const quote = { baseFee: 1n, tip: 1n, blobBaseFee: 1n };
    const before = { maxFeePerGas: 1001n, maxPriorityFeePerGas: 11n, maxFeePerBlobGas: 5n };
    const ceiling = 10_000n;
    assert.deepEqual(nextOffer(before, quote, { ceiling, hasBlobs: false }), {
      maxFeePerGas: 1102n,
      maxPriorityFeePerGas: 13n,
      maxFeePerBlobGas: 5n,
    });
    assert.deepEqual(nextOffer(before, quote, { ceiling, hasBlobs: true }), {
      maxFeePerGas: 2002n,
      maxPriorityFeePerGas: 22n,
      maxFeePerBlobGas: 10n,
    });
  });

  it("stop where the least rise is above the ceiling", () => {
    const before = { maxFeePerGas: 100n, maxPriorityFeePerGas: 1n, maxFeePerBlobGas: 1n };
    const quote = { baseFee: 1n, tip: 1n, blobBaseFee: 1n };
    assert.equal(nextOffer(before, quote, { ceiling: 109n, hasBlobs: false }), undefined);
    assert.equal(nextOffer(before, quote, { ceiling: 110n, hasBlobs: false })?.maxFeePerGas, 110n);
    assert.equal(nextOffer(before, quote, { ceiling: 199n, hasBlobs: true }), undefined);
  });
});
