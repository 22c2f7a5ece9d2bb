import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashFromHex, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { EthereumConfig } from "./config.ts";
import { forkId } from "./fork-id.ts";

function configOf(forkIdBlocks: readonly bigint[], forkIdTimes: readonly bigint[]): EthereumConfig {
  return { ...EMPTY, forkIdBlocks, forkIdTimes };
}

const EMPTY: EthereumConfig = {
  chainId: 1n,
  forkBlocks: {},
  forkTimes: {},
  forkIdBlocks: [],
  forkIdTimes: [],
  blobSchedule: [],
  depositContract: ZERO_ADDRESS,
};

const MAINNET_GENESIS = {
  hash: hashFromHex("0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"),
  timestamp: 0n,
};
/** Homestead, DAO, Tangerine Whistle, Spurious Dragon, Byzantium, Petersburg, Istanbul, four glaciers and forks. */
const MAINNET = configOf(
  [
    ...[1_150_000n, 1_920_000n, 2_463_000n, 2_675_000n, 4_370_000n, 7_280_000n, 9_069_000n, 9_200_000n],
    ...[12_244_000n, 12_965_000n, 13_773_000n, 15_050_000n],
  ],
  [1_681_338_455n, 1_710_338_135n, 1_746_612_311n],
);
/** EIP-2124 "Test cases", and go-ethereum's for later forks: number, time, FORK_HASH. */
const MAINNET_CASES: readonly (readonly [number: bigint, timestamp: bigint, id: string])[] = [
  [0n, 0n, "0xfc64ec04"],
  [1_149_999n, 0n, "0xfc64ec04"],
  [1_150_000n, 0n, "0x97c2c34c"],
  [1_919_999n, 0n, "0x97c2c34c"],
  [1_920_000n, 0n, "0x91d1f948"],
  [2_463_000n, 0n, "0x7a64da13"],
  [2_675_000n, 0n, "0x3edd5b10"],
  [4_369_999n, 0n, "0x3edd5b10"],
  [4_370_000n, 0n, "0xa00bc324"],
  [7_280_000n, 0n, "0x668db0af"],
  [9_069_000n, 0n, "0x879d6e30"],
  [9_200_000n, 0n, "0xe029e991"],
  [12_244_000n, 0n, "0x0eb440f6"],
  [12_965_000n, 0n, "0xb715077d"],
  [13_773_000n, 0n, "0x20c327fc"],
  [15_050_000n, 0n, "0xf0afd0e3"],
  [20_000_000n, 1_681_338_454n, "0xf0afd0e3"],
  [20_000_000n, 1_681_338_455n, "0xdce96c2d"],
  [30_000_000n, 1_710_338_135n, "0x9f3d2254"],
  [30_000_000n, 1_746_612_310n, "0x9f3d2254"],
  [30_000_000n, 1_746_612_311n, "0xc376cf8b"],
];

describe("EIP-2124 on mainnet", () => {
  for (const [number, timestamp, id] of MAINNET_CASES) {
    test(`block ${number}, time ${timestamp}`, () => {
      assert.equal(toHex(forkId(MAINNET, MAINNET_GENESIS, { number, timestamp })), id);
    });
  }
});

test("Sepolia: forks at genesis count for nothing", () => {
  const genesis = {
    hash: hashFromHex("0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"),
    timestamp: 1_633_267_481n,
  };
  const config = configOf([0n, 1_735_371n], [1_677_557_088n, 1_706_655_072n]);
  const at = (number: bigint, timestamp: bigint): string =>
    toHex(forkId(config, genesis, { number, timestamp }));
  assert.equal(at(0n, genesis.timestamp), "0xfe3366e7");
  assert.equal(at(1_735_370n, 0n), "0xfe3366e7");
  assert.equal(at(1_735_371n, 0n), "0xb96cbd13");
  assert.equal(at(1_735_372n, 1_677_557_088n), "0xf7f9bc08");
  assert.equal(at(1_735_372n, 1_706_655_072n), "0x88cf81d9");
});

test("EIP-6122: a time at or before genesis is no fork", () => {
  const genesis = { ...MAINNET_GENESIS, timestamp: 100n };
  const at = { number: 5n, timestamp: 1_000n };
  const none = toHex(forkId(EMPTY, genesis, at));
  assert.equal(toHex(forkId(configOf([], [99n, 100n]), genesis, at)), none);
  assert.notEqual(toHex(forkId(configOf([], [101n]), genesis, at)), none);
  assert.equal(toHex(forkId(configOf([6n], [1_001n]), genesis, at)), none);
});
