import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { l1BlobBaseFee } from "./blob-base-fee.ts";

/** Ethereum mainnet's schedule: Cancun, Prague, and the blob-parameter-only forks BPO1 and BPO2. */
const MAINNET = [
  { since: 1_710_338_135n, baseFeeUpdateFraction: 3_338_477n },
  { since: 1_746_612_311n, baseFeeUpdateFraction: 5_007_716n },
  { since: 1_765_290_071n, baseFeeUpdateFraction: 8_346_193n },
  { since: 1_767_747_671n, baseFeeUpdateFraction: 11_684_671n },
];

describe("EIP-4844, EIP-7892: L1's blob base fee", () => {
  it("is 1 wei without excess blob gas, and before Cancun", () => {
    assert.equal(l1BlobBaseFee(MAINNET, { excessBlobGas: 0n, timestamp: 1_770_000_000n }), 1n);
    assert.equal(l1BlobBaseFee(MAINNET, { excessBlobGas: undefined, timestamp: 1_700_000_000n }), 1n);
  });

  // Cases of EIP-4844's reference implementation (go-ethereum, TestCalcBlobFee).
  for (const [excess, fee] of [
    [2_314_057n, 1n],
    [2_314_058n, 2n],
    [10_485_760n, 23n],
  ] as const) {
    it(`is ${fee} wei at ${excess} with Cancun's fraction`, () => {
      assert.equal(l1BlobBaseFee(MAINNET, { excessBlobGas: excess, timestamp: 1_710_338_135n }), fee);
    });
  }

  it("changes with the fraction at exactly the time of a fork", () => {
    const excessBlobGas = 40_000_000n;
    const at = (timestamp: bigint) => l1BlobBaseFee(MAINNET, { excessBlobGas, timestamp });
    const exact = (fraction: number) => Math.floor(Math.exp(40_000_000 / fraction));
    assert.equal(at(1_746_612_310n), BigInt(exact(3_338_477)));
    assert.equal(at(1_746_612_311n), BigInt(exact(5_007_716)));
    assert.equal(at(1_765_290_070n), BigInt(exact(5_007_716)));
    assert.equal(at(1_765_290_071n), BigInt(exact(8_346_193)));
    assert.equal(at(1_767_747_671n), BigInt(exact(11_684_671)));
  });

  it("takes Cancun's fraction where the schedule says nothing", () => {
    assert.equal(l1BlobBaseFee([], { excessBlobGas: 10_485_760n, timestamp: 5n }), 23n);
  });
});
