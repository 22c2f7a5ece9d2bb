import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { genesisHeader } from "@phala-l2/execution/genesis";
import { parseGenesis } from "@phala-l2/execution/genesis-json";
import { toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { BAD_USAGE, DOES_NOT_HOLD, HOLDS } from "../commands/command.ts";
import { genesisCommand } from "../commands/genesis.ts";
import { genesisUnder, readChainFile } from "./chain-file.ts";

const folder = mkdtempSync(join(tmpdir(), "superchain-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const OP_SEPOLIA_HASH = "0x102de6ffb001480cc9b8b548fd05c34cd4f46ae4aa91759393db90ea0409887d";
const OP_SEPOLIA = {
  timestamp: "0x64d6dbac",
  extraData: "0x424544524f434b",
  gasLimit: "0x1c9c380",
  coinbase: "0x4200000000000000000000000000000000000011",
  baseFeePerGas: "0x3b9aca00",
  stateHash: "0x06787a17a3ed87c339a39dbbeeb311578a0c83ed29daa2db95da62b28efce8a9",
};
const GENESIS_TABLE = `[genesis]\nl2_time = 1691802540\n[genesis.l2]\nhash = "${OP_SEPOLIA_HASH}"\nnumber = 0\n`;

test("a chain's file: forks in their table, or beside the chain's id", () => {
  const times = "canyon_time = 1699981200\necotone_time = 1708534800\n";
  const own = write("own.toml", `chain_id = 11155420\n[hardforks]\n${times}${GENESIS_TABLE}`);
  const old = write("old.toml", `chain_id = 11155420\n${times}${GENESIS_TABLE}`);
  const wanted = { regolith: 0n, canyon: 1_699_981_200n, ecotone: 1_708_534_800n };
  for (const file of [own, old]) {
    const { chainId, forks, start } = readChainFile(file);
    assert.equal(chainId, 11_155_420n);
    assert.deepEqual(forks, wanted);
    assert.equal(start && toHex(start.hash), OP_SEPOLIA_HASH);
  }
  assert.equal(readChainFile(write("bare.toml", GENESIS_TABLE)).forks, undefined);
});

test("a chain's file: what it leaves out is the superchain's from when it joined, and 0 up to its genesis", () => {
  const shared = "[hardforks]\ncanyon_time = 50\ndelta_time = 100\necotone_time = 150\nfjord_time = 151\n";
  write("superchain.toml", shared);
  const genesis = "[genesis]\nl2_time = 150\n";
  const joined = write("joined.toml", `superchain_time = 100\nfjord_time = 7\n${genesis}`);
  assert.deepEqual(readChainFile(joined).forks, { regolith: 0n, delta: 0n, ecotone: 0n, fjord: 7n });
  const early = write("early.toml", `superchain_time = 0\n${genesis}`);
  assert.deepEqual(readChainFile(early).forks, {
    regolith: 0n,
    canyon: 0n,
    delta: 0n,
    ecotone: 0n,
    fjord: 151n,
  });
  const apart = write("apart.toml", `canyon_time = 9\n${genesis}`);
  assert.deepEqual(readChainFile(apart).forks, { regolith: 0n, canyon: 9n });
});

test("a chain's file that is none is refused with file and field", () => {
  const cases: readonly (readonly [field: string, text: string])[] = [
    ["TOML", "chain_id ="],
    ["chain_id", 'chain_id = "ten"'],
    ["chain_id", "chain_id = -1"],
    ["canyon_time", "[hardforks]\ncanyon_time = 1.5"],
    ["l2_time", '[genesis]\nl2_time = "now"'],
    ["number", `[genesis.l2]\nhash = "${OP_SEPOLIA_HASH}"\nnumber = -5`],
    ["genesis.l2.hash", '[genesis.l2]\nhash = "0x12"'],
    ["genesis.l2.hash", "[genesis.l2]\nhash = 5"],
  ];
  for (const [field, text] of cases) {
    const file = write("bad.toml", text);
    assert.throws(() => readChainFile(file), { code: "SETTING_INVALID", message: new RegExp(field) }, text);
  }
  assert.throws(() => readChainFile(join(folder, "none.toml")), { code: "SETTING_INVALID" });
});

test("OP Mainnet's genesis is from before Bedrock: its file names a later block, and no state", () => {
  const chain = readChainFile(
    write(
      "op.toml",
      `chain_id = 10\n[hardforks]\ncanyon_time = 1704992401\n[genesis.l2]\nhash = "0x${"db".repeat(32)}"\nnumber = 105235063\n`,
    ),
  );
  const given = parseGenesis({
    timestamp: "0x0",
    extraData: `0x${"00".repeat(34)}0398232e2064f896018496b4b44b3d62751f${"00".repeat(65)}`,
    gasLimit: "0xe4e1c0",
    difficulty: "0x1",
    alloc: {},
  });
  const { genesis, expected } = genesisUnder(chain, given);
  assert.deepEqual(genesisHeader(genesis).hash, expected);
  // Another chain that is older than its start in the OP Stack: nothing to compare with.
  assert.equal(genesisUnder({ ...chain, chainId: 11n }, given).expected, undefined);
});

async function genesis(flags: Record<string, string>): Promise<{ status: unknown; printed: unknown[] }> {
  const printed: unknown[] = [];
  const context = {
    log: silentLog,
    print: (document: unknown) => printed.push(document),
    tell: () => {},
    stop: new AbortController().signal,
  };
  const status = await genesisCommand.run({ flags, environment: {}, file: undefined }, [], () => context);
  return { status, printed };
}

test("l2 genesis: plain or compressed, it says whether the hash is the chain's", async () => {
  const text = JSON.stringify(OP_SEPOLIA);
  const dictionary = new Uint8Array(2_000).map((_, i) => (i * i) % 251);
  const config = write("sepolia.toml", `chain_id = 11155420\ncanyon_time = 1699981200\n${GENESIS_TABLE}`);
  const wanted = { stateRoot: OP_SEPOLIA.stateHash, hash: OP_SEPOLIA_HASH };
  const holds = { status: HOLDS, printed: [{ ...wanted, expected: OP_SEPOLIA_HASH, match: true }] };
  const plain = write("genesis.json", text);
  assert.deepEqual(await genesis({ genesis: plain }), { status: HOLDS, printed: [wanted] });
  assert.deepEqual(await genesis({ genesis: plain, config }), holds);
  for (const [name, packed] of [
    ["genesis.json.gz", gzipSync(text)],
    ["genesis.json.zst", zstdCompressSync(text)],
  ] as const) {
    assert.deepEqual(await genesis({ genesis: write(name, packed), config }), holds, name);
  }
  const packed = write("with-words.zst", zstdCompressSync(text, { dictionary }));
  const words = write("dictionary", dictionary);
  assert.deepEqual(await genesis({ genesis: packed, config, dictionary: words }), holds);
  const canyon = write("canyon.toml", `chain_id = 11155420\ncanyon_time = 0\n${GENESIS_TABLE}`);
  const differs = await genesis({ genesis: plain, config: canyon });
  assert.equal(differs.status, DOES_NOT_HOLD);
  assert.equal(Object(differs.printed[0]).match, false);
});

test("l2 genesis: what is no genesis file is bad usage", async () => {
  const bad = write("bad.json", JSON.stringify({ ...OP_SEPOLIA, gasLimit: "much" }));
  assert.deepEqual(await genesis({ genesis: bad }), { status: BAD_USAGE, printed: [] });
  const cut = write("cut.json.gz", gzipSync("{}").subarray(0, 12));
  await assert.rejects(genesis({ genesis: cut }), { code: "SETTING_INVALID" });
});
