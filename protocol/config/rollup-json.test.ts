import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { keccak256, numberToHex, stringToHex, toRlp } from "viem";
import { asAddress, asHash, toHex } from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import { JsonObject } from "./json-reader.ts";
import { L1_BLOB_SCHEDULES } from "./l1-blob-schedules.ts";
import { FORKS, type RollupConfig } from "./rollup.ts";
import {
  formatRollupConfig,
  parseRollupConfig,
  readExecutionConfig,
  rollupConfigHash,
} from "./rollup-json.ts";
import { packScalar } from "./system-config-update.ts";
import { ADDRESS, HASH_2, opNodeJson, systemConfigJson } from "./testing/op-node-json.ts";

function withSystemConfig(change: Record<string, unknown>): Record<string, unknown> {
  const json = opNodeJson();
  const genesis: object = Object(json.genesis);
  return { ...json, genesis: { ...genesis, system_config: { ...systemConfigJson(), ...change } } };
}

function rejects(json: unknown, path: string): void {
  assert.throws(
    () => parseRollupConfig(json),
    (error) => {
      assert(isRollupError(error, "CONFIG_INVALID"), String(error));
      assert.match(error.message, new RegExp(`^${path.replaceAll(/[.[\]()]/g, "\\$&")}:`));
      return true;
    },
  );
}

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).filter((value) => value.some((byte) => byte !== 0));
const hash = bytes(32).map(asHash);
const address = bytes(20).map(asAddress);
const u = (bits: number, min = 0n) => fc.bigInt(min, 2n ** BigInt(bits) - 1n);

const configs: fc.Arbitrary<RollupConfig> = fc
  .record(
    {
      l1ChainId: u(200, 1n),
      l2ChainId: u(64, 1n),
      genesis: fc.record(
        {
          l1: fc.record({ number: u(64), hash }, { noNullPrototype: true }),
          l2: fc.record({ number: u(64), hash }, { noNullPrototype: true }),
          l2Time: u(64),
          systemConfig: fc.record(
            {
              batcherAddress: address,
              scalar: fc.tuple(u(32), u(32)).map(([a, b]) => packScalar(a, b)),
              gasLimit: u(64, 1n),
              eip1559Denominator: u(32, 1n),
              eip1559Elasticity: u(32, 1n),
              operatorFeeScalar: u(32),
              operatorFeeConstant: u(64),
              minBaseFee: u(64),
              daFootprintGasScalar: u(16),
            },
            { noNullPrototype: true },
          ),
        },
        { noNullPrototype: true },
      ),
      blockTime: u(64, 1n),
      maxSequencerDrift: u(64),
      seqWindowSize: u(64, 2n),
      channelTimeout: u(64, 1n),
      batchInboxAddress: address,
      depositContractAddress: address,
      l1SystemConfigAddress: address,
      forks: fc.array(u(40), { maxLength: FORKS.length }).map((times) => {
        const ascending = times.toSorted((a, b) => (a < b ? -1 : 1));
        return Object.fromEntries(ascending.map((time, i) => [FORKS[i] ?? "regolith", time]));
      }),
      eip1559: fc.record(
        { elasticity: u(32, 1n), denominator: u(32, 1n), denominatorCanyon: u(32, 1n) },
        { noNullPrototype: true },
      ),
      l1BlobSchedule: fc
        .uniqueArray(u(64), { minLength: 1, maxLength: 4 })
        .map((times) =>
          times
            .toSorted((a, b) => (a < b ? -1 : 1))
            .map((since, i) => ({ since, baseFeeUpdateFraction: BigInt(i + 1) })),
        ),
    },
    { noNullPrototype: true },
  )
  .filter(({ l1ChainId, l2ChainId }) => l1ChainId !== l2ChainId);

describe("rollup.json", () => {
  it("of op-node is read", () => {
    const config = parseRollupConfig(opNodeJson());
    assert.equal(config.l1ChainId, 11_155_111n);
    assert.equal(config.forks.jovian, 1_800_000_000n);
    assert.equal(config.forks.karst, undefined);
    assert.deepEqual(config.l1BlobSchedule, L1_BLOB_SCHEDULES.get(11_155_111n));
    const { systemConfig } = config.genesis;
    assert.equal(systemConfig.eip1559Denominator, 250n);
    assert.equal(systemConfig.eip1559Elasticity, 6n);
    assert.equal(systemConfig.operatorFeeScalar, 5n);
    assert.equal(systemConfig.operatorFeeConstant, 255n);
    assert.equal(systemConfig.minBaseFee, 1_000_000n);
    assert.equal(systemConfig.daFootprintGasScalar, 148n);
  });

  it("survives formatting and parsing, through JSON text", () => {
    fc.assert(
      fc.property(configs, (config) => {
        const text = JSON.stringify(formatRollupConfig(config));
        assert.deepEqual(parseRollupConfig(JSON.parse(text)), config);
      }),
      { numRuns: 300 },
    );
  });

  it("may have unknown fields, and null for absent ones", () => {
    const json = {
      ...opNodeJson(),
      superchain_config_address: ADDRESS,
      alt_da: null,
      interop_time: null,
      x: {},
    };
    assert.deepEqual(parseRollupConfig(json), parseRollupConfig(opNodeJson()));
    const kona = withSystemConfig({
      eip1559Params: null,
      eip1559Denominator: 250,
      eip1559Elasticity: 6,
      operatorFeeParams: null,
      operatorFeeScalar: 5,
      operatorFeeConstant: 255,
      baseFeeScalar: 1368,
      blobBaseFeeScalar: 810_949,
    });
    assert.deepEqual(parseRollupConfig(kona), parseRollupConfig(opNodeJson()));
  });

  it("has defaults for what came with later forks", () => {
    const { chain_op_config, ...json } = withSystemConfig({
      eip1559Params: undefined,
      operatorFeeParams: undefined,
      minBaseFee: undefined,
      daFootprintGasScalar: undefined,
    });
    assert(chain_op_config);
    const config = parseRollupConfig(json);
    assert.deepEqual(config.eip1559, { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n });
    assert.equal(config.genesis.systemConfig.eip1559Denominator, 0n);
    assert.equal(config.genesis.systemConfig.minBaseFee, 0n);
  });

  it("gives a fork without a time that of the next one, and never one to a later fork", () => {
    const config = parseRollupConfig({ ...opNodeJson(), regolith_time: null, canyon_time: undefined });
    assert.equal(config.forks.regolith, 0n);
    assert.equal(config.forks.canyon, 0n);
    assert(!("karst" in config.forks));
  });

  it("delays Prague's blob fee where the chain did", () => {
    const config = parseRollupConfig({ ...opNodeJson(), pectra_blob_schedule_time: 1_742_486_400 });
    const times = config.l1BlobSchedule.map(({ since }) => since);
    assert.deepEqual(times, [1_706_655_072n, 1_742_486_400n, 1_761_017_184n, 1_761_607_008n]);
    assert.equal(config.l1BlobSchedule[1]?.baseFeeUpdateFraction, 5_007_716n);
    const late = parseRollupConfig({ ...opNodeJson(), pectra_blob_schedule_time: 1_761_017_184 });
    assert.deepEqual(
      late.l1BlobSchedule.map(({ since, baseFeeUpdateFraction }) => [since, baseFeeUpdateFraction]),
      [
        [1_706_655_072n, 3_338_477n],
        [1_761_017_184n, 8_346_193n],
        [1_761_607_008n, 11_684_671n],
      ],
    );
  });

  it("is refused with fields that change the chain in an unknown way", () => {
    rejects({ ...opNodeJson(), interop_time: 5 }, "interop_time");
    rejects({ ...opNodeJson(), lagoon_time: 5 }, "lagoon_time");
    rejects({ ...opNodeJson(), alt_da: { da_commitment_type: "x" } }, "alt_da");
    rejects({ ...opNodeJson(), plasma_config: {} }, "plasma_config");
    rejects({ ...opNodeJson(), da_challenge_contract_address: ADDRESS }, "da_challenge_contract_address");
    rejects({ ...opNodeJson(), granite_channel_timeout: 60 }, "granite_channel_timeout");
    parseRollupConfig({ ...opNodeJson(), granite_channel_timeout: 50 });
  });

  it("is refused without a field that it needs, or with a value of another kind", () => {
    for (const name of Object.keys(opNodeJson())) {
      if (/_time$|^chain_op|^protocol_v|^da_/.test(name) && name !== "block_time") continue;
      rejects({ ...opNodeJson(), [name]: undefined }, name);
      rejects({ ...opNodeJson(), [name]: true }, name);
    }
    for (const name of ["batcherAddr", "scalar", "gasLimit"]) {
      rejects(withSystemConfig({ [name]: undefined }), `genesis.system_config.${name}`);
    }
    for (const value of [-1, 1.5, 2 ** 53, Number.NaN, "0x", "1e3", "-1", "18446744073709551616", [], {}]) {
      rejects({ ...opNodeJson(), block_time: value }, "block_time");
    }
    for (const value of [`${ADDRESS}00`, "0x12", "zz", 5]) {
      rejects({ ...opNodeJson(), batch_inbox_address: value }, "batch_inbox_address");
    }
    for (const value of [null, 5, "x", []]) rejects(value, "(root)");
  });

  it("is refused where it makes no sense", () => {
    const zeroHash = `0x${"00".repeat(32)}`;
    const genesis: object = Object(opNodeJson().genesis);
    rejects({ ...opNodeJson(), block_time: 0 }, "block_time");
    rejects({ ...opNodeJson(), channel_timeout: 0 }, "channel_timeout");
    rejects({ ...opNodeJson(), seq_window_size: 1 }, "seq_window_size");
    rejects({ ...opNodeJson(), l2_chain_id: 11_155_111 }, "l2_chain_id");
    rejects({ ...opNodeJson(), ecotone_time: 5 }, "ecotone_time");
    rejects({ ...opNodeJson(), jovian_time: 9, karst_time: 8 }, "jovian_time");
    rejects(
      { ...opNodeJson(), genesis: { ...genesis, l1: { number: 1, hash: zeroHash } } },
      "genesis.l1.hash",
    );
    rejects({ ...opNodeJson(), genesis: { ...genesis, l1: { number: 1, hash: HASH_2 } } }, "genesis.l2.hash");
    rejects(
      { ...opNodeJson(), chain_op_config: { eip1559Elasticity: 0 } },
      "chain_op_config.eip1559Elasticity",
    );
    rejects({ ...opNodeJson(), l1_chain_id: 900 }, "l1_blob_schedule");
    rejects({ ...opNodeJson(), l1_blob_schedule: [] }, "l1_blob_schedule");
    const entry = { since: 5, base_fee_update_fraction: 1 };
    rejects({ ...opNodeJson(), l1_blob_schedule: [entry, entry] }, "l1_blob_schedule[1]");
    rejects(
      { ...opNodeJson(), l1_blob_schedule: [{ since: 5 }] },
      "l1_blob_schedule[0].base_fee_update_fraction",
    );
    rejects(withSystemConfig({ eip1559Params: "0x0000000000000006" }), "genesis.system_config.eip1559Params");
    rejects(withSystemConfig({ baseFeeScalar: 1 }), "genesis.system_config.baseFeeScalar");
    rejects(withSystemConfig({ daFootprintGasScalar: 65_536 }), "genesis.system_config.daFootprintGasScalar");
  });

  it("gives what execution reads, whatever derivation would need", () => {
    const { l2ChainId, forks, eip1559 } = parseRollupConfig(opNodeJson());
    const foreign = { ...opNodeJson(), genesis: null, alt_da: {}, l1_chain_id: 900, interop_time: 7 };
    assert.deepEqual(readExecutionConfig(new JsonObject(foreign, ""), 6n), { l2ChainId, forks, eip1559 });
    for (const [json, path] of [
      [foreign, "interop_time"],
      [{ ...opNodeJson(), interop_time: -1 }, "interop_time"],
      [{ ...opNodeJson(), l2_chain_id: null }, "l2_chain_id"],
      [{ ...opNodeJson(), ecotone_time: 5 }, "ecotone_time"],
      [{ ...opNodeJson(), chain_op_config: { eip1559Denominator: 0 } }, "chain_op_config.eip1559Denominator"],
    ] as const) {
      assert.throws(() => readExecutionConfig(new JsonObject(json, ""), 7n), {
        code: "CONFIG_INVALID",
        message: new RegExp(`^${path}:`),
      });
    }
  });

  it("throws nothing but CONFIG_INVALID for any JSON", () => {
    const names = Object.keys(opNodeJson());
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        try {
          parseRollupConfig({ ...opNodeJson(), [name]: value });
        } catch (error) {
          assert(isRollupError(error, "CONFIG_INVALID"), String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("rollup configuration hash", () => {
  it("is keccak256 of the documented RLP", () => {
    const n = (value: number) =>
      value === 0 ? "0x" : numberToHex(value, { size: Math.ceil(value.toString(16).length / 2) });
    const word = toHex(packScalar(1368n, 810_949n));
    const names = ["regolith", "canyon", "delta", "ecotone", "fjord", "granite", "holocene", "isthmus"];
    const encoding = toRlp([
      stringToHex("phala-l2 rollup config 1"),
      ...[n(11_155_111), n(42_069)],
      [
        [n(10), `0x${"11".repeat(32)}`],
        ["0x", `0x${"22".repeat(32)}`],
        n(1_700_000_000),
        [`0x${"33".repeat(20)}`, word, n(60_000_000), n(250), n(6), n(5), n(255), n(1_000_000), n(148)],
      ],
      ...[n(2), n(600), n(3600), n(300)],
      ...([`0x${"33".repeat(20)}`, `0x${"33".repeat(20)}`, `0x${"33".repeat(20)}`] as const),
      [...names.map((name) => [stringToHex(name), "0x"] as const), [stringToHex("jovian"), n(1_800_000_000)]],
      [n(6), n(50), n(250)],
      [
        [n(1_706_655_072), n(3_338_477)],
        [n(1_741_159_776), n(5_007_716)],
        [n(1_761_017_184), n(8_346_193)],
        [n(1_761_607_008), n(11_684_671)],
      ],
    ]);
    assert.equal(toHex(rollupConfigHash(parseRollupConfig(opNodeJson()))), keccak256(encoding));
    assert.equal(keccak256(encoding), "0xd5627d9a8253cdef237869c2b0500c0784c70082491cb0c341c081206d7da618");
  });

  it("changes with every field", () => {
    const leaves = (value: unknown, path: readonly string[]): (readonly string[])[] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]))
        : [path];
    const changed = (value: unknown, [name, ...rest]: readonly string[]): unknown => {
      if (name === undefined) {
        return typeof value === "string"
          ? `${value.slice(0, -1)}${value.endsWith("1") ? "2" : "1"}`
          : Number(value) + 1;
      }
      if (Array.isArray(value)) return value.map((item, i) => (`${i}` === name ? changed(item, rest) : item));
      const object: Record<string, unknown> = Object(value);
      return { ...object, [name]: changed(object[name], rest) };
    };
    const json = formatRollupConfig(parseRollupConfig({ ...opNodeJson(), jovian_time: 0 }));
    const hashes = new Set([toHex(rollupConfigHash(parseRollupConfig(json)))]);
    const paths = leaves(json, []).filter((path) => path.at(-1) !== "overhead");
    for (const path of paths) {
      // Forks ascend: changing one takes the later ones along.
      const fork = FORKS.findIndex((name) => path[0] === `${name}_time`);
      const bumped =
        fork < 0 ? {} : Object.fromEntries(FORKS.slice(fork, 9).map((name) => [`${name}_time`, 1]));
      const other = fork < 0 ? changed(json, path) : { ...json, ...bumped };
      hashes.add(toHex(rollupConfigHash(parseRollupConfig(other))));
    }
    assert.equal(hashes.size, paths.length + 1);
  });

  /** RLP writes 256 and the bytes 1, 0 alike; but as a fork's time these bytes are never reached. */
  it("is not given where bytes stand for a number, or a number for bytes", () => {
    const config = parseRollupConfig({ ...opNodeJson(), jovian_time: 256 });
    const late: RollupConfig = structuredClone(config);
    Object.assign(late.forks, { jovian: Uint8Array.of(1, 0) });
    const deaf: RollupConfig = structuredClone(config);
    Object.assign(deaf, { depositContractAddress: BigInt(toHex(config.depositContractAddress)) });
    const slow: RollupConfig = structuredClone(config);
    Object.assign(slow, { blockTime: 2 });
    for (const hostile of [late, deaf, slow]) {
      assert.throws(
        () => rollupConfigHash(hostile),
        (error) => isRollupError(error, "CONFIG_INVALID"),
      );
    }
  });

  it("is the same for two spellings of one chain", () => {
    const { regolith_time, ...json } = opNodeJson();
    assert.equal(regolith_time, 0);
    const spelled = { ...json, block_time: "0x2", extra: 1 };
    assert.deepEqual(
      rollupConfigHash(parseRollupConfig(spelled)),
      rollupConfigHash(parseRollupConfig(opNodeJson())),
    );
  });
});
