import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import type { Header } from "@phala-l2/protocol/wire/header";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { CHAIN_ID, somewhere, TestChain } from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import { comparableGasLimit, ethereumBaseFee } from "./base-fee.ts";
import { ethereumBlobBaseFee, excessBlobGas, maxBlobGas } from "./blob-gas.ts";
import { blobScheduleAt, type EthereumConfig, rulesAt } from "./config.ts";

/** London at block 10, Cancun at 1000, Prague at 2000, Osaka at 3000, a BPO fork at 4000. */
const CONFIG: EthereumConfig = {
  chainId: 1n,
  forkIdBlocks: [],
  forkIdTimes: [],
  depositContract: somewhere(1),
  forkBlocks: { london: 10n },
  forkTimes: { shanghai: 900n, cancun: 1_000n, prague: 2_000n, osaka: 3_000n },
  blobSchedule: [
    { since: 1_000n, target: 3n, max: 6n, baseFeeUpdateFraction: 3_338_477n },
    { since: 2_000n, target: 6n, max: 9n, baseFeeUpdateFraction: 5_007_716n },
    { since: 3_000n, target: 6n, max: 9n, baseFeeUpdateFraction: 5_007_716n },
    { since: 4_000n, target: 10n, max: 15n, baseFeeUpdateFraction: 8_346_193n },
  ],
};

const HEADER = new TestChain({
  config: jovianConfig(CHAIN_ID),
  evm: await createEthereumjsEvm(jovianConfig(CHAIN_ID)),
}).head;

const parentOf = (fields: Partial<Header>): Header => ({ ...HEADER, ...fields });
const at = (timestamp: bigint, number = 100n) => ({ number, timestamp, difficulty: 0n });

describe("base fee (EIP-1559)", () => {
  const next = (fields: Partial<Header>, number = 11n): bigint | undefined =>
    ethereumBaseFee(CONFIG, parentOf({ gasLimit: 20_000_000n, ...fields }), {
      number,
      timestamp: 0n,
      difficulty: 1n,
    });

  test("there is none before London, whatever the parent has", () => {
    assert.equal(next({ baseFeePerGas: undefined }, 9n), undefined);
    assert.equal(next({ baseFeePerGas: 7n }, 9n), undefined);
  });
  test("London's first block has the initial one", () => {
    assert.equal(next({ baseFeePerGas: undefined, gasUsed: 20_000_000n }, 10n), 1_000_000_000n);
  });
  test("EIP-1559's own numbers: on target, above, below, and up by one at least", () => {
    assert.equal(next({ baseFeePerGas: 1_000_000_000n, gasUsed: 10_000_000n }), 1_000_000_000n);
    assert.equal(next({ baseFeePerGas: 1_000_000_000n, gasUsed: 9_000_000n }), 987_500_000n);
    assert.equal(next({ baseFeePerGas: 1_000_000_000n, gasUsed: 11_000_000n }), 1_012_500_000n);
    assert.equal(next({ baseFeePerGas: 1n, gasUsed: 20_000_000n }), 2n);
    assert.equal(next({ baseFeePerGas: 0n, gasUsed: 0n }), 0n);
    assert.equal(next({ baseFeePerGas: 7n, gasUsed: 0n }), 7n);
  });
  test("London doubles the gas limit that the next may be compared with, once", () => {
    assert.equal(
      comparableGasLimit(parentOf({ gasLimit: 8_000_000n, baseFeePerGas: undefined })),
      16_000_000n,
    );
    assert.equal(comparableGasLimit(parentOf({ gasLimit: 8_000_000n, baseFeePerGas: 1n })), 8_000_000n);
  });
});

describe("blob gas (EIP-4844, EIP-7691, EIP-7892, EIP-7918)", () => {
  const blobs = (count: bigint): bigint => count * GAS_PER_BLOB;
  const excess = (time: bigint, before: bigint, used: bigint, baseFeePerGas = 1n): bigint | undefined =>
    excessBlobGas(CONFIG, { excessBlobGas: before, blobGasUsed: used, baseFeePerGas }, at(time));

  test("there is none before Cancun", () => {
    assert.equal(excess(999n, 0n, 0n), undefined);
    assert.equal(ethereumBlobBaseFee(CONFIG, { timestamp: 999n, excessBlobGas: 0n }), 0n);
    assert.equal(ethereumBlobBaseFee(CONFIG, { timestamp: 1_000n, excessBlobGas: undefined }), 0n);
    assert.equal(blobScheduleAt(CONFIG, 999n), undefined);
  });
  test("Cancun's first block begins with none", () => {
    const before = { excessBlobGas: undefined, blobGasUsed: undefined, baseFeePerGas: 1n };
    assert.equal(excessBlobGas(CONFIG, before, at(1_000n)), 0n);
  });
  test("what is above the target adds up, what is below takes away, never below zero", () => {
    assert.equal(excess(1_000n, blobs(1n), blobs(6n)), blobs(4n));
    assert.equal(excess(1_000n, blobs(4n), 0n), blobs(1n));
    assert.equal(excess(1_000n, blobs(2n), 0n), 0n);
    assert.equal(excess(1_000n, blobs(3n), 0n), 0n);
  });
  test("the child's schedule counts: Prague's target from its first block on", () => {
    assert.equal(excess(1_999n, blobs(1n), blobs(6n)), blobs(4n));
    assert.equal(excess(2_000n, blobs(1n), blobs(6n)), blobs(1n));
    assert.equal(excess(4_000n, blobs(8n), blobs(9n), 0n), blobs(7n));
  });
  test("Osaka: while blobs are cheap beside gas, the excess does not fall", () => {
    const dear = 10n ** 9n;
    // Without the reserve price: 10 + 3 - 6 blobs.
    assert.equal(excess(2_999n, blobs(10n), blobs(3n), dear), blobs(7n));
    assert.equal(excess(3_000n, blobs(10n), blobs(3n), dear), blobs(11n));
    assert.equal(excess(3_000n, blobs(10n), blobs(3n), 1n), blobs(7n));
    // 8192 * base fee = 131072 * 1 wei at 16: not above it yet.
    assert.equal(excess(3_000n, blobs(6n), 0n, 16n), 0n);
    assert.equal(excess(3_000n, blobs(6n), 0n, 17n), blobs(6n));
    // Below the target there is no excess, reserve or not.
    assert.equal(excess(3_000n, blobs(5n), 0n, dear), 0n);
    // A BPO fork has its own share: 9 * (15 - 10) / 15.
    assert.equal(excess(4_000n, blobs(10n), blobs(9n), dear), blobs(13n));
  });
  test("a chain without blobs divides by nothing", () => {
    const none = { since: 0n, target: 0n, max: 0n, baseFeeUpdateFraction: 1n };
    const parent = { excessBlobGas: 0n, blobGasUsed: 0n, baseFeePerGas: 10n ** 9n };
    assert.equal(excessBlobGas({ ...CONFIG, blobSchedule: [none] }, parent, at(3_000n)), 0n);
    assert.equal(maxBlobGas(none), 0n);
  });
  test("prices follow the schedule of their own block", () => {
    const price = (timestamp: bigint): bigint =>
      ethereumBlobBaseFee(CONFIG, { timestamp, excessBlobGas: 10_000_000n });
    // floor(e^(10,000,000 / fraction))
    assert.deepEqual([1_000n, 1_999n, 2_000n, 3_999n, 4_000n].map(price), [19n, 19n, 7n, 7n, 3n]);
    assert.equal(ethereumBlobBaseFee(CONFIG, { timestamp: 1_000n, excessBlobGas: 0n }), 1n);
  });
});

describe("rules of a block", () => {
  test("by number before the Merge, by time after it; the Merge where difficulty ends", () => {
    const fork = (number: bigint, timestamp: bigint, difficulty = 0n): string =>
      rulesAt(CONFIG, { number, timestamp, difficulty }).evm;
    assert.equal(fork(9n, 0n, 1n), "frontier");
    assert.equal(fork(10n, 0n, 1n), "london");
    assert.equal(fork(11n, 0n, 0n), "paris");
    assert.equal(fork(0n, 0n, 0n), "frontier");
    assert.equal(fork(11n, 900n), "shanghai");
    assert.equal(fork(11n, 999n), "shanghai");
    assert.equal(fork(11n, 2_000n), "prague");
    assert.equal(fork(11n, 2n ** 64n - 1n), "osaka");
  });
});
