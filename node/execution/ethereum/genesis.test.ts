import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { parseEthereumGenesis } from "./genesis.ts";

const BLOBS = { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 };
/** Every fork at genesis up to `london`; without accounts. */
const CONFIG = {
  chainId: 7,
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
};
const CANCUN = { ...CONFIG, shanghaiTime: 0, cancunTime: 0, blobSchedule: { cancun: BLOBS } };
/** Ether of Sepolia's first accounts. */
const SEPOLIA = [
  ["0xa2A6d93439144FFE4D27c9E088dCD8b783946263", 1_000_000n],
  ["0xBc11295936Aa79d594139de1B2e12629414F3BDB", 1_000_000n],
  ["0x7cF5b79bfe291A67AB02b393E456cCc4c266F753", 1_000_000n],
  ["0xaaec86394441f915bce3e6ab399977e9906f3b69", 1_000_000n],
  ["0xF47CaE1CF79ca6758Bfc787dbD21E6bdBe7112B8", 1_000_000n],
  ["0xd7eDDB78ED295B3C9629240E8924fb8D8874ddD8", 1_000_000n],
  ["0x8b7F0977Bb4f0fBE7076FA22bC24acA043583F5e", 1_000_000n],
  ["0xe2e2659028143784d557bcec6ff3a0721048880a", 1_000_000n],
  ["0xd9a5179f091d85051d3c982785efd1455cec8699", 1_000_000n],
  ["0xbeef32ca5b9a198d27B4e02F4c70439fE60356Cf", 1_000_000n],
  ["0x0000006916a87b82333f4245046623b23794c65c", 10_000_000n],
  ["0xb21c33de1fab3fa15499c62b59fe0cc3250020d1", 100_000_000n],
  ["0x10F5d45854e038071485AC9e402308cF80D2d2fE", 100_000_000n],
  ["0xd7d76c58b3a519e9fA6Cc4D22dC017259BC49F1E", 100_000_000n],
  ["0x799D329e5f583419167cD722962485926E338F4a", 1n],
] as const;
const SEPOLIA_ALLOC = Object.fromEntries(
  SEPOLIA.map(([address, ether]) => [address, { balance: `0x${(ether * 10n ** 18n).toString(16)}` }]),
);
const GENESIS = { config: CONFIG, gasLimit: "0x1c9c380", difficulty: "0x0", alloc: {} };

describe("geth's genesis.json of a plain chain", () => {
  test("mainnet's header, but for its accounts", () => {
    const { block } = parseEthereumGenesis({
      config: { chainId: 1, homesteadBlock: 1_150_000 },
      nonce: "0x42",
      difficulty: "0x400000000",
      gasLimit: "0x1388",
      timestamp: "0x0",
      extraData: "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
      alloc: {},
    });
    assert.equal(toHex(block.header.nonce), "0x0000000000000042");
    assert.equal(block.header.baseFeePerGas, undefined);
    assert.equal(block.header.withdrawalsRoot, undefined);
    assert.equal(block.header.excessBlobGas, undefined);
    // The trie of nobody.
    assert.equal(
      toHex(block.header.stateRoot),
      "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    );
  });

  test("Sepolia's hash", () => {
    const { hash, config } = parseEthereumGenesis({
      config: { ...CONFIG, chainId: 11155111, londonBlock: 0, mergeNetsplitBlock: 1735371 },
      nonce: "0x0",
      timestamp: "0x6159af19",
      gasLimit: "0x1c9c380",
      difficulty: "0x20000",
      extraData: "0x5365706f6c69612c20417468656e732c204174746963612c2047726565636521",
      baseFeePerGas: "0x3b9aca00",
      alloc: SEPOLIA_ALLOC,
    });
    assert.equal(toHex(hash), "0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9");
    assert.deepEqual(config.forkIdBlocks, [0n, 1_735_371n]);
  });

  test("each fork brings its fields", () => {
    const headerOf = (config: object) => parseEthereumGenesis({ ...GENESIS, config }).block.header;
    assert.equal(headerOf(CONFIG).baseFeePerGas, 1_000_000_000n);
    assert.equal(headerOf(CONFIG).withdrawalsRoot, undefined);
    assert.notEqual(headerOf({ ...CONFIG, shanghaiTime: 0 }).withdrawalsRoot, undefined);
    assert.equal(headerOf({ ...CONFIG, shanghaiTime: 1 }).withdrawalsRoot, undefined);
    assert.equal(headerOf(CANCUN).excessBlobGas, 0n);
    assert.equal(headerOf(CANCUN).requestsHash, undefined);
    const prague = { ...CANCUN, pragueTime: 0, blobSchedule: { cancun: BLOBS, prague: BLOBS } };
    assert.notEqual(headerOf(prague).requestsHash, undefined);
  });

  test("blob parameters stand in the order of their times; null is absent", () => {
    const blobSchedule = { bpo1: { ...BLOBS, max: 9 }, cancun: BLOBS, osaka: null };
    const { config } = parseEthereumGenesis({
      ...GENESIS,
      config: { ...CANCUN, bpo1Time: 50, osakaTime: null, blobSchedule },
    });
    assert.deepEqual(
      config.blobSchedule.map(({ since, max }) => [since, max]),
      [
        [0n, 6n],
        [50n, 9n],
      ],
    );
    assert.deepEqual(
      parseEthereumGenesis({ ...GENESIS, config: { ...CONFIG, cancunTime: null } }).config.blobSchedule,
      [],
    );
  });

  const withConfig = (config: object) => ({ ...GENESIS, config });
  const blobs = (cancun: unknown) => withConfig({ ...CANCUN, blobSchedule: { cancun } });
  const bad: readonly (readonly [path: string, json: unknown])[] = [
    ["genesis", []],
    ["genesis", null],
    ["config", { ...GENESIS, config: 5 }],
    ["config", { ...GENESIS, config: undefined }],
    ["config.chainId", withConfig({ ...CONFIG, chainId: undefined })],
    ["config.chainId", withConfig({ ...CONFIG, chainId: -1 })],
    ["config.chainId", withConfig({ ...CONFIG, chainId: `0x1${"0".repeat(16)}` })],
    ["config.londonBlock", withConfig({ ...CONFIG, londonBlock: "soon" })],
    ["config.homesteadBlock", withConfig({ ...CONFIG, homesteadBlock: 1.5 })],
    ["config.shanghaiTime", withConfig({ ...CONFIG, shanghaiTime: true })],
    ["config.grayGlacierBlock", withConfig({ ...CONFIG, grayGlacierBlock: {} })],
    ["config.amsterdamTime", withConfig({ ...CONFIG, amsterdamTime: "x" })],
    ["config.depositContractAddress", withConfig({ ...CONFIG, depositContractAddress: "0x12" })],
    ["config.blobSchedule", withConfig({ ...CONFIG, cancunTime: 0 })],
    ["config.blobSchedule", withConfig({ ...CANCUN, blobSchedule: "mainnet" })],
    ["config.blobSchedule.cancun", blobs(undefined)],
    ["config.blobSchedule.cancun", blobs([])],
    ["config.blobSchedule.prague", withConfig({ ...CANCUN, pragueTime: 0 })],
    ["config.blobSchedule.bpo2", withConfig({ ...CANCUN, bpo2Time: 9 })],
    ["config.blobSchedule.cancun.target", blobs({ ...BLOBS, target: undefined })],
    ["config.blobSchedule.cancun.max", blobs({ ...BLOBS, max: "-6" })],
    ["config.blobSchedule.cancun.baseFeeUpdateFraction", blobs({ ...BLOBS, baseFeeUpdateFraction: 0 })],
    ["config.blobSchedule.cancun.baseFeeUpdateFraction", blobs({ target: 3, max: 6 })],
    ["nonce", { ...GENESIS, nonce: `0x1${"0".repeat(16)}` }],
    ["gasLimit", { ...GENESIS, gasLimit: undefined }],
    ["mixHash", { ...GENESIS, mixHash: "0x12" }],
    ["extraData", { ...GENESIS, extraData: "0x1" }],
    ["alloc.0x12", { ...GENESIS, alloc: { "0x12": {} } }],
  ];
  for (const [path, json] of bad) {
    test(`refused at ${path}: ${JSON.stringify(json)?.slice(0, 60)}`, () => {
      assert.throws(
        () => parseEthereumGenesis(json),
        (error) =>
          isRollupError(error, "GENESIS_INVALID") &&
          error.message.startsWith(path === "genesis" ? "genesis: genesis:" : `genesis: ${path}:`),
      );
    });
  }
});
