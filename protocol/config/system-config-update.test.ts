import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeAbiParameters, encodePacked, keccak256, stringToHex } from "viem";
import {
  addressFromHex,
  asHash,
  bigintToBytes,
  concatBytes,
  fromHex,
  hashFromHex,
  toHex,
  ZERO_HASH,
} from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import type { Header } from "../wire/header.ts";
import { encodeL1Attributes, type L1Attributes } from "../wire/l1-attributes.ts";
import type { Log } from "../wire/receipt.ts";
import {
  areValidEip1559Params,
  decodeEip1559Params,
  decodeExtraData,
  encodeEip1559Params,
  encodeExtraData,
} from "./eip1559-params.ts";
import type { RollupConfig } from "./rollup.ts";
import type { SystemConfig } from "./system-config.ts";
import {
  applySystemConfigLog,
  CONFIG_UPDATE_TOPIC,
  packScalar,
  systemConfigFromL2Block,
  unpackScalar,
} from "./system-config-update.ts";
import { testRollup } from "./testing/rollup.ts";

const CONTRACT = addressFromHex(`0x${"51".repeat(20)}`);
const BATCHER = addressFromHex(`0x${"ba".repeat(20)}`);
const BEFORE: SystemConfig = {
  batcherAddress: addressFromHex(`0x${"01".repeat(20)}`),
  scalar: packScalar(1n, 2n),
  gasLimit: 30_000_000n,
  eip1559Denominator: 250n,
  eip1559Elasticity: 6n,
  operatorFeeScalar: 0n,
  operatorFeeConstant: 0n,
  minBaseFee: 0n,
  daFootprintGasScalar: 0n,
};

function word(value: bigint): Uint8Array {
  return bigintToBytes(value, 32);
}

/** A ConfigUpdate log whose data is the ABI encoding of `bytes` with this content. */
function update(type: bigint, content: Uint8Array): Log {
  const data = fromHex(encodeAbiParameters([{ type: "bytes" }], [toHex(content)]));
  return { address: CONTRACT, topics: [CONFIG_UPDATE_TOPIC, ZERO_HASH, asHash(word(type))], data };
}

function apply(log: Log) {
  return applySystemConfigLog(BEFORE, log, { l1SystemConfigAddress: CONTRACT });
}

function ignored(log: Log): string {
  const result = apply(log);
  return result.kind === "ignored" ? result.reason : result.kind;
}

function changes(log: Log): Partial<SystemConfig> {
  const result = apply(log);
  assert(result.kind === "updated");
  const after = Object.entries(result.systemConfig);
  const before = new Map<string, unknown>(Object.entries(BEFORE));
  return Object.fromEntries(after.filter(([name, value]) => before.get(name) !== value));
}

describe("ConfigUpdate", () => {
  it("has the topic of its signature", () => {
    assert.equal(toHex(CONFIG_UPDATE_TOPIC), keccak256(stringToHex("ConfigUpdate(uint256,uint8,bytes)")));
  });

  it("type 0 sets the batcher", () => {
    assert.deepEqual(changes(update(0n, concatBytes(new Uint8Array(12), BATCHER))), {
      batcherAddress: BATCHER,
    });
  });

  it("type 1 sets the scalars, of version 0 or 1", () => {
    const packed = packScalar(1368n, 810_949n);
    assert.deepEqual(changes(update(1n, concatBytes(word(188n), packed))), { scalar: packed });
    const bedrock = asHash(word(684_000n));
    assert.deepEqual(changes(update(1n, concatBytes(word(188n), bedrock))), { scalar: bedrock });
  });

  it("type 2 sets the gas limit", () => {
    assert.deepEqual(changes(update(2n, word(2n ** 64n - 1n))), { gasLimit: 2n ** 64n - 1n });
  });

  it("type 4 sets the EIP-1559 parameters, as the contract packs them", () => {
    const packed = encodePacked(["uint256"], [(250n << 32n) | 4n]);
    const both = changes(update(4n, fromHex(packed)));
    assert.deepEqual(both, { eip1559Elasticity: 4n });
    assert.deepEqual(changes(update(4n, word(0n))), { eip1559Denominator: 0n, eip1559Elasticity: 0n });
  });

  it("type 5 sets the operator fee, as the contract packs it", () => {
    const content = word((7n << 64n) | 9n);
    assert.deepEqual(changes(update(5n, content)), { operatorFeeScalar: 7n, operatorFeeConstant: 9n });
  });

  it("type 6 sets the minimum base fee, type 7 the footprint scalar", () => {
    assert.deepEqual(changes(update(6n, word(5n))), { minBaseFee: 5n });
    assert.deepEqual(changes(update(7n, word(65_535n))), { daFootprintGasScalar: 65_535n });
  });

  it("type 3, the unsafe block signer, is not for derivation", () => {
    assert.equal(ignored(update(3n, concatBytes(new Uint8Array(12), BATCHER))), "not-of-derivation");
  });

  it("is ignored of another contract, event, version or type", () => {
    const log = update(2n, word(1n));
    const [topic, version, type] = log.topics;
    assert(topic && version && type);
    assert.equal(ignored({ ...log, address: BATCHER }), "not-a-config-update");
    assert.equal(ignored({ ...log, topics: [] }), "not-a-config-update");
    assert.equal(ignored({ ...log, topics: [ZERO_HASH, version, type] }), "not-a-config-update");
    assert.equal(ignored({ ...log, topics: [topic, asHash(word(1n)), type] }), "unknown-version");
    assert.equal(ignored({ ...log, topics: [topic, version] }), "malformed-data");
    assert.equal(ignored({ ...log, topics: [topic, version, type, type] }), "malformed-data");
    for (const unknown of [8n, 256n, 2n ** 255n])
      assert.equal(ignored(update(unknown, word(1n))), "unknown-type");
  });

  it("is ignored with data that is too short, too long, or not canonical ABI", () => {
    for (const type of [0n, 1n, 2n, 4n, 5n, 6n, 7n]) {
      const content = type === 1n ? concatBytes(word(0n), word(9n)) : word(1n);
      const { data, ...log } = update(type, content);
      const withData = (bytes: Uint8Array) => ignored({ ...log, data: bytes });
      assert.equal(withData(new Uint8Array(0)), "malformed-data");
      assert.equal(withData(data.subarray(0, -1)), "malformed-data");
      assert.equal(withData(concatBytes(data, word(0n))), "malformed-data");
      for (const at of [0, 23, 31, 32, 63]) {
        const bad = Uint8Array.from(data);
        bad[at] = (bad[at] ?? 0) ^ 1;
        assert.equal(withData(bad), "malformed-data", `type ${type}, byte ${at}`);
      }
    }
  });

  it("is ignored with a number that its field cannot hold", () => {
    assert.equal(ignored(update(0n, word(2n ** 160n))), "malformed-data");
    assert.equal(ignored(update(2n, word(2n ** 64n))), "malformed-data");
    assert.equal(ignored(update(6n, word(2n ** 64n))), "malformed-data");
    assert.equal(ignored(update(7n, word(65_536n))), "malformed-data");
  });

  it("is ignored with scalars of an unknown version or with padding", () => {
    for (const scalar of [2n << 248n, (1n << 248n) | (1n << 64n), 1n << 32n, 1n << 247n]) {
      assert.equal(ignored(update(1n, concatBytes(word(0n), word(scalar)))), "unknown-scalar-format");
    }
  });

  it("is ignored with one of the EIP-1559 parameters zero", () => {
    assert.equal(ignored(update(4n, word(6n))), "eip1559-params-half-zero");
    assert.equal(ignored(update(4n, word(250n << 32n))), "eip1559-params-half-zero");
  });

  it("never throws: 10,000 random logs", () => {
    const words = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 4 });
    const topics = fc.constantFrom(0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n).map((n) => asHash(word(n)));
    fc.assert(
      fc.property(topics, words, fc.uint8Array({ maxLength: 33 }), (type, parts, tail) => {
        const data = concatBytes(word(32n), word(BigInt(32 * parts.length)), ...parts, tail);
        const log = { address: CONTRACT, topics: [CONFIG_UPDATE_TOPIC, ZERO_HASH, type], data };
        assert(["updated", "ignored"].includes(apply(log).kind));
      }),
      { numRuns: 10_000 },
    );
  });
});

describe("EIP-1559 parameters", () => {
  const params = { denominator: 250n, elasticity: 6n, minBaseFee: 1_000n };

  it("stand in extraData as the Holocene and Jovian pages say", () => {
    assert.equal(toHex(encodeExtraData(params, "holocene")), "0x00000000fa00000006");
    assert.equal(toHex(encodeExtraData(params, "jovian")), "0x01000000fa0000000600000000000003e8");
    const jovian = decodeExtraData(encodeExtraData(params, "jovian"), "jovian");
    assert.deepEqual(jovian, { kind: "ok", params });
    const holocene = decodeExtraData(encodeExtraData(params, "holocene"), "holocene");
    assert.deepEqual(holocene, { kind: "ok", params: { ...params, minBaseFee: 0n } });
    assert.deepEqual(decodeEip1559Params(encodeEip1559Params(params)), { denominator: 250n, elasticity: 6n });
  });

  it("are not read from extraData of another length, version, or with a zero", () => {
    const reason = (hex: string, format: "holocene" | "jovian") => {
      const decoded = decodeExtraData(fromHex(hex), format);
      return decoded.kind === "invalid" ? decoded.reason : decoded.kind;
    };
    assert.equal(reason("0x", "holocene"), "extra-data-length");
    assert.equal(reason("0x00000000fa0000000600", "holocene"), "extra-data-length");
    assert.equal(reason("0x00000000fa00000006", "jovian"), "extra-data-length");
    assert.equal(reason("0x01000000fa00000006", "holocene"), "extra-data-version");
    assert.equal(reason("0x00000000fa0000000600000000000003e8", "jovian"), "extra-data-version");
    assert.equal(reason("0x000000000000000006", "holocene"), "extra-data-zero");
    assert.equal(reason("0x00000000fa00000000", "holocene"), "extra-data-zero");
    assert.equal(reason(`0x01${"00".repeat(16)}`, "jovian"), "extra-data-zero");
    assert.equal(decodeEip1559Params(new Uint8Array(7)), undefined);
  });

  it("are both zero or neither, where zeros mean the defaults", () => {
    assert(areValidEip1559Params({ denominator: 0n, elasticity: 0n }));
    assert(areValidEip1559Params({ denominator: 1n, elasticity: 1n }));
    assert(!areValidEip1559Params({ denominator: 0n, elasticity: 1n }));
    assert(!areValidEip1559Params({ denominator: 1n, elasticity: 0n }));
  });
});

const HASH = hashFromHex(`0x${"77".repeat(32)}`);
const ATTRIBUTES: L1Attributes = {
  number: 5n,
  timestamp: 6n,
  baseFee: 7n,
  hash: HASH,
  sequenceNumber: 0n,
  batcherAddress: BATCHER,
  blobBaseFee: 1n,
  baseFeeScalar: 1368n,
  blobBaseFeeScalar: 810_949n,
  operatorFeeScalar: 3n,
  operatorFeeConstant: 4n,
  daFootprintGasScalar: 400n,
};
const HEADER: Header = {
  parentHash: HASH,
  ommersHash: HASH,
  beneficiary: BATCHER,
  stateRoot: HASH,
  transactionsRoot: HASH,
  receiptsRoot: HASH,
  logsBloom: new Uint8Array(256),
  difficulty: 0n,
  number: 9n,
  gasLimit: 45_000_000n,
  gasUsed: 0n,
  timestamp: 1_000n,
  extraData: encodeExtraData({ denominator: 100n, elasticity: 3n, minBaseFee: 12n }, "jovian"),
  prevRandao: HASH,
  nonce: new Uint8Array(8),
};
const CONFIG = testRollup({
  genesis: { l2Time: 100n },
  systemConfig: BEFORE,
  forks: { ecotone: 0n, holocene: 0n, isthmus: 0n, jovian: 0n },
});

describe("SystemConfig of an L2 block", () => {
  const of = (config: RollupConfig, header: Header, data: Uint8Array) =>
    systemConfigFromL2Block(config, header, { data });

  it("is in its L1 attributes, gas limit and extraData", () => {
    assert.deepEqual(of(CONFIG, HEADER, encodeL1Attributes(ATTRIBUTES, "jovian")), {
      batcherAddress: BATCHER,
      scalar: packScalar(1368n, 810_949n),
      gasLimit: 45_000_000n,
      eip1559Denominator: 100n,
      eip1559Elasticity: 3n,
      operatorFeeScalar: 3n,
      operatorFeeConstant: 4n,
      minBaseFee: 12n,
      daFootprintGasScalar: 400n,
    });
  });

  it("is the configured one at genesis", () => {
    assert.equal(of(CONFIG, { ...HEADER, number: 0n }, new Uint8Array(0)), CONFIG.genesis.systemConfig);
  });

  it("has the Bedrock scalar, and no fee parameters, before those forks", () => {
    const bedrock = { ...ATTRIBUTES, l1FeeOverhead: 188n, l1FeeScalar: 684_000n };
    const config = of({ ...CONFIG, forks: {} }, HEADER, encodeL1Attributes(bedrock, "bedrock"));
    assert.deepEqual(config.scalar, asHash(word(684_000n)));
    assert.deepEqual(unpackScalar(config.scalar), { baseFeeScalar: 684_000n, blobBaseFeeScalar: 0n });
    assert.equal(config.eip1559Denominator, 0n);
    assert.equal(config.operatorFeeConstant, 0n);
  });

  it("is a fault of the program to want of a block that has none", () => {
    const invalid = (error: unknown) => isRollupError(error, "L2_BLOCK_INVALID");
    const data = encodeL1Attributes(ATTRIBUTES, "jovian");
    assert.throws(() => of(CONFIG, HEADER, new Uint8Array(4)), invalid);
    assert.throws(() => of(CONFIG, HEADER, data.subarray(1)), invalid);
    assert.throws(() => of(CONFIG, { ...HEADER, extraData: new Uint8Array(0) }, data), invalid);
    const holocene = HEADER.extraData.subarray(0, 9);
    assert.throws(() => of(CONFIG, { ...HEADER, extraData: holocene }, data), invalid);
  });
});

it("a scalar of no known form has no parts", () => {
  assert.equal(unpackScalar(asHash(word(2n << 248n))), undefined);
});
