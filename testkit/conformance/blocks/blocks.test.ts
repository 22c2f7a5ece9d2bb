import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { executeAttributes, executeBlock } from "@phala-l2/execution/block/execute";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Header } from "@phala-l2/protocol/wire/header";
import { type BlockFixture, readBlockFixture } from "./fixture.ts";
import { BlockRunner, findBlockFixtures } from "./run.ts";
import { FILES, pathOf, readSepoliaBlock, SKIP, sepoliaJson } from "./sepolia.ts";

/** The one of the fewest transactions: what is to go wrong goes wrong in it. */
const SMALL = "block-26207960.json.gz";

for (const file of FILES) {
  test(`${file} of OP Sepolia re-executes to its hash`, async () => {
    const result = await new BlockRunner().runFile(pathOf(file));
    assert.equal(result.blockHash, result.expected);
    assert.ok(result.match && result.gasUsed > 0n && result.reason === undefined);
  });
}

function inputOf({ config, parent, attributes, preimages }: BlockFixture) {
  const preimage = (hash: Hash): Uint8Array | undefined => preimages.get(toHex(hash));
  const state = trieState(parent.stateRoot, preimage, preimage);
  return { config, parent, attributes, state, readNode: preimage };
}

test("a real block is valid under its own hash, and invalid with any changed field", {
  skip: SKIP,
}, async () => {
  const fixture = readSepoliaBlock(SMALL);
  const evm = await createEthereumjsEvm(fixture.config);
  const made = await executeAttributes({ ...inputOf(fixture), evm });
  assert.ok(made.kind === "sealed");
  const { block } = made.sealed;
  const verdict = async (header: Partial<Header>): Promise<string> => {
    const changed = { ...block, header: { ...block.header, ...header } };
    const execution = await executeBlock({ ...inputOf(fixture), evm, block: changed });
    return execution.kind === "valid" ? "valid" : execution.reason;
  };
  const other = keccak256(Uint8Array.of(1));
  assert.equal(await verdict({}), "valid");
  assert.equal(await verdict({ stateRoot: other }), "state-root-mismatch");
  assert.equal(await verdict({ receiptsRoot: other }), "receipts-root-mismatch");
  assert.equal(await verdict({ transactionsRoot: other }), "transactions-root-mismatch");
  assert.equal(await verdict({ withdrawalsRoot: other }), "withdrawals-root-mismatch");
  assert.equal(await verdict({ gasUsed: block.header.gasUsed + 1n }), "gas-used-mismatch");
  assert.equal(await verdict({ baseFeePerGas: 1n }), "base-fee-mismatch");
  assert.equal(await verdict({ blobGasUsed: 1n }), "blob-gas-used-mismatch");
  assert.equal(await verdict({ excessBlobGas: 1n }), "block-hash-mismatch");
  assert.equal(await verdict({ parentHash: other }), "parent-hash-mismatch");
  assert.equal(await verdict({ number: block.header.number + 1n }), "number-mismatch");
  assert.equal(await verdict({ timestamp: fixture.parent.timestamp }), "timestamp-not-after-parent");
  assert.equal(await verdict({ extraData: new Uint8Array(9) }), "extra-data-invalid");
  assert.equal(await verdict({ requestsHash: other }), "block-hash-mismatch");
  assert.equal(
    await verdict({ requestsHash: other, extraFields: [Uint8Array.of(0x80)] }),
    "block-hash-mismatch",
  );
});

test("a witness without one node makes no block, never another one", { skip: SKIP }, async () => {
  const whole = readSepoliaBlock(SMALL);
  const runner = new BlockRunner();
  const read = new Set<Hex>();
  const watched = new Map(whole.preimages);
  watched.get = (hash) => {
    read.add(hash);
    return whole.preimages.get(hash);
  };
  assert.ok((await runner.run({ ...whole, preimages: watched })).match);
  const nodes = [...read].filter((hash) => whole.preimages.has(hash));
  assert.ok(nodes.length > 100);
  for (let i = 0; i < nodes.length; i += Math.ceil(nodes.length / 6)) {
    const missing = nodes[i];
    const preimages = new Map([...whole.preimages].filter(([hash]) => hash !== missing));
    const { match, blockHash, code, reason } = await runner.run({ ...whole, preimages });
    assert.ok(!match && blockHash === null, `without ${missing}`);
    assert.ok(code === "TRIE_NODE_MISSING" || code === "CODE_MISSING", `without ${missing}: ${code}`);
    assert.ok(missing !== undefined && reason?.includes(missing), `without ${missing}: ${reason}`);
  }
});

test("an altered node is one that is missing", { skip: SKIP }, async () => {
  const json = sepoliaJson(SMALL);
  const preimages: Readonly<Record<string, string>> = Object(json.preimages);
  const root = toHex(readSepoliaBlock(SMALL).parent.stateRoot);
  const key = root in preimages ? root : root.slice(2);
  const altered = `${preimages[key]?.slice(0, -4)}abcd`;
  const text = JSON.stringify({ ...json, preimages: { ...preimages, [key]: altered } });
  const fixture = readBlockFixture(new TextEncoder().encode(text), "altered.json");
  const result = await new BlockRunner().run(fixture);
  assert.deepEqual([result.match, result.code], [false, "TRIE_NODE_MISSING"]);
});

test("other attributes make another block, or none", { skip: SKIP }, async () => {
  const fixture = readSepoliaBlock(SMALL);
  const runner = new BlockRunner();
  const other = await runner.run({
    ...fixture,
    attributes: { ...fixture.attributes, gasLimit: fixture.attributes.gasLimit + 1n },
  });
  assert.ok(!other.match && other.blockHash !== null && other.blockHash !== other.expected);
  assert.equal(other.code, "BLOCK_DIFFERS");
  const transactions = fixture.attributes.transactions.slice(1);
  const none = await runner.run({ ...fixture, attributes: { ...fixture.attributes, transactions } });
  assert.deepEqual([none.blockHash, none.code], [null, "PAYLOAD_INVALID"]);
  const old = await runner.run({ ...fixture, config: { ...fixture.config, forks: {} } });
  assert.deepEqual([old.blockHash, old.code], [null, "FORK_UNSUPPORTED"]);
});

test("a fixture may be compressed, and its chain may have what execution does not read", {
  skip: SKIP,
}, () => {
  const json = sepoliaJson(SMALL);
  const config = {
    ...Object(json.rollup_config),
    alt_da: { da_commitment_type: "KeccakCommitment" },
    granite_channel_timeout: 60,
    interop_time: 2_000_000_000,
    jovian_time: 1_763_568_001,
  };
  const text = new TextEncoder().encode(JSON.stringify({ ...json, rollup_config: config }));
  const plain = readBlockFixture(text, "plain");
  assert.deepEqual(plain.attributes, readSepoliaBlock(SMALL).attributes);
  assert.equal(plain.config.forks.jovian, 1_763_568_001n);
  assert.deepEqual(readBlockFixture(gzipSync(text), "gzip"), plain);
  assert.deepEqual(readBlockFixture(zstdCompressSync(text), "zstd"), plain);
});

test("what is no fixture is refused with the field's path", { skip: SKIP }, () => {
  const json = sepoliaJson(SMALL);
  const config = Object(json.rollup_config);
  const payload = Object(json.executing_payload);
  const header = Object(json.parent_header);
  const cases: readonly (readonly [path: string, value: unknown])[] = [
    ["(root)", []],
    ["executing_payload", { ...json, executing_payload: null }],
    ["parent_header", { ...json, parent_header: 1 }],
    ["preimages", { ...json, preimages: undefined }],
    ["preimages.0x00", { ...json, preimages: { "0x00": 5 } }],
    ["expected_block_hash", { ...json, expected_block_hash: "0x12" }],
    ["rollup_config", { ...json, rollup_config: undefined }],
    ["rollup_config.interop_time", { ...json, rollup_config: { ...config, interop_time: 1 } }],
    ["rollup_config.l2_chain_id", { ...json, rollup_config: { ...config, l2_chain_id: "ten" } }],
    [
      "executing_payload.eip1559Params",
      { ...json, executing_payload: { ...payload, eip1559Params: "0x00" } },
    ],
    [
      "executing_payload.transactions[0]",
      { ...json, executing_payload: { ...payload, transactions: [null] } },
    ],
    ["parent_header.stateRoot", { ...json, parent_header: { ...header, stateRoot: "0x" } }],
  ];
  for (const [path, value] of cases) {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    assert.throws(
      () => readBlockFixture(bytes, "bad.json"),
      (error) => isRollupError(error, "FIXTURE_MALFORMED") && error.message.startsWith(`bad.json: ${path}: `),
      path,
    );
  }
  const packed = gzipSync(JSON.stringify(json));
  for (const bytes of [packed.subarray(0, 1000), packed.subarray(2), new Uint8Array()]) {
    assert.throws(() => readBlockFixture(bytes, "cut.json"), { code: "FIXTURE_MALFORMED" });
  }
});

test("files that are no fixtures do not stop the others; paths that are not there do", async () => {
  const folder = mkdtempSync(join(tmpdir(), "blocks-"));
  try {
    assert.throws(() => findBlockFixtures([folder]), { code: "FIXTURES_MISSING" });
    assert.throws(() => findBlockFixtures([join(folder, "none.json")]), { code: "FIXTURES_MISSING" });
    for (const name of ["b.json", "a.json.gz", "notes.txt"]) writeFileSync(join(folder, name), "{");
    const files = findBlockFixtures([folder]);
    assert.deepEqual(files, [join(folder, "a.json.gz"), join(folder, "b.json")]);
    for (const file of files) {
      const result = await new BlockRunner().runFile(file);
      assert.deepEqual([result.match, result.code], [false, "FIXTURE_MALFORMED"]);
      assert.ok(result.reason?.startsWith(`${file}: `));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
