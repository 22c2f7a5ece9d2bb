import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex, fromHex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { EMPTY_REQUESTS_HASH } from "@phala-l2/protocol/wire/header";
import { genesisBlock, genesisHeader } from "./genesis.ts";
import { parseGenesis } from "./genesis-json.ts";
import { trieState } from "./state/trie-state.ts";

const PASSER = toHex(L2_TO_L1_MESSAGE_PASSER);
const SLOT = `0x${"00".repeat(31)}07`;
const FORK_TIMES = {
  regolithTime: 0,
  canyonTime: 0,
  deltaTime: 0,
  ecotoneTime: 0,
  fjordTime: 0,
  graniteTime: 0,
  holoceneTime: 0,
};

function json(
  overrides: Readonly<Record<string, unknown>> = {},
  forks: object = {},
): Record<string, unknown> {
  return {
    config: { chainId: 901, ...FORK_TIMES, isthmusTime: 0, jovianTime: 0, ...forks },
    nonce: "0x0",
    timestamp: "0x6553f100",
    extraData: "0x01000000fa000000060000000000000000",
    gasLimit: "0x3938700",
    difficulty: "0x0",
    mixHash: `0x${"00".repeat(32)}`,
    coinbase: "0x4200000000000000000000000000000000000011",
    alloc: {
      "00000000000000000000000000000000000000aa": { balance: "0x10" },
      [PASSER]: {
        balance: "0",
        nonce: 1,
        code: "0x6001",
        storage: { [SLOT]: "0x09", "0x01": `0x${"00".repeat(32)}` },
      },
    },
    number: "0x0",
    gasUsed: "0x0",
    baseFeePerGas: "0x3b9aca00",
    ...overrides,
  };
}

test("genesis: withdrawalsRoot is the message passer's storage root, at Isthmus", () => {
  const { block, accounts, nodes, codes, storage } = genesisBlock(parseGenesis(json()));
  assert.equal(
    toHex(block.header.withdrawalsRoot ?? EMPTY_TRIE_ROOT),
    toHex(accounts.get(PASSER)?.storageRoot ?? EMPTY_TRIE_ROOT),
  );
  assert.notEqual(toHex(block.header.withdrawalsRoot ?? EMPTY_TRIE_ROOT), toHex(EMPTY_TRIE_ROOT));
  assert.deepEqual(block.header.requestsHash, EMPTY_REQUESTS_HASH);
  assert.deepEqual([...codes.values()], [fromHex("0x6001")]);
  // A slot set to zero is no slot.
  assert.deepEqual([...(storage.get(PASSER) ?? [])], [[SLOT, 9n]]);
  const state = trieState(
    block.header.stateRoot,
    (hash) => nodes.get(toHex(hash)),
    () => undefined,
  );
  assert.equal(state.account(addressFromHex(`0x${"00".repeat(19)}aa`))?.balance, 16n);
  assert.equal(state.storage(L2_TO_L1_MESSAGE_PASSER, hashFromHex(SLOT)), 9n);
});

test("genesis: before Isthmus withdrawalsRoot is that of no withdrawals, and there is no requestsHash", () => {
  const holocene = json({ extraData: "0x00000000fa00000006" }, { isthmusTime: null, jovianTime: undefined });
  const { block } = genesisBlock(parseGenesis(holocene));
  assert.deepEqual(block.header.withdrawalsRoot, EMPTY_TRIE_ROOT);
  assert.equal(block.header.requestsHash, undefined);
});

test("genesis: extraData must hold the fork's EIP-1559 parameters", () => {
  for (const extraData of ["0x", "0x00000000fa00000006", "0x01000000000000000000000000000000ff"]) {
    assert.throws(() => genesisBlock(parseGenesis(json({ extraData }))), { code: "GENESIS_INVALID" });
  }
});

test("genesis: a chain that starts before Holocene is not supported", () => {
  const old = json({}, { holoceneTime: null, isthmusTime: null, jovianTime: null });
  assert.throws(() => genesisBlock(parseGenesis(old)), { code: "FORK_UNSUPPORTED" });
});

const malformed: readonly [string, unknown][] = [
  ["genesis", undefined],
  ["genesis", []],
  ["config", json({ config: 1 })],
  ["config.londonBlock", json({}, { londonBlock: -1 })],
  ["nonce", json({ nonce: "0x10000000000000000" })],
  ["blobGasUsed", json({ blobGasUsed: "0x" })],
  ["stateHash", json({ stateHash: "0x00" })],
  ["stateHash", json({ stateHash: SLOT })],
  [`alloc.${"aa".repeat(20)}`, json({ alloc: { ["aa".repeat(20)]: 1 } })],
  [`alloc.${"aa".repeat(20)}.codeHash`, json({ alloc: { ["aa".repeat(20)]: { codeHash: "0x" } } })],
  ["gasLimit", json({ gasLimit: undefined })],
  ["gasLimit", json({ gasLimit: -1 })],
  ["gasLimit", json({ gasLimit: "0x" })],
  ["gasLimit", json({ gasLimit: "0x10000000000000000" })],
  ["timestamp", json({ timestamp: "soon" })],
  ["extraData", json({ extraData: "01" })],
  ["mixHash", json({ mixHash: "0x00" })],
  ["coinbase", json({ coinbase: "0x00" })],
  ["alloc", json({ alloc: null })],
  ["alloc.0xzz", json({ alloc: { "0xzz": {} } })],
  ["config.jovianTime", json({}, { jovianTime: "now" })],
];
for (const [path, input] of malformed) {
  test(`genesis: names the bad field ${path}`, () => {
    assert.throws(() => parseGenesis(input), { code: "GENESIS_INVALID", data: { path } });
  });
}

test("genesis: no account stands twice, in whatever spelling", () => {
  const alloc = { [`0x${"0A".repeat(20)}`]: {}, ["0a".repeat(20)]: {} };
  assert.throws(() => parseGenesis(json({ alloc })), { code: "GENESIS_INVALID" });
});

/** Headers of real chains' first blocks; their states are too large to stand here. */
const SEPOLIA_FORKS = { canyonTime: 1_699_981_200, ecotoneTime: 1_708_534_800, holoceneTime: 1_732_633_200 };
const realChains: readonly (readonly [name: string, hash: string, genesis: Record<string, unknown>])[] = [
  [
    "OP Sepolia, Regolith",
    "0x102de6ffb001480cc9b8b548fd05c34cd4f46ae4aa91759393db90ea0409887d",
    {
      ...json({ timestamp: "0x64d6dbac", extraData: "0x424544524f434b", gasLimit: "0x1c9c380" }),
      config: { chainId: 11_155_420, londonBlock: 0, homesteadBlock: 0, regolithTime: 0, ...SEPOLIA_FORKS },
      alloc: undefined,
      stateHash: "0x06787a17a3ed87c339a39dbbeeb311578a0c83ed29daa2db95da62b28efce8a9",
    },
  ],
  [
    "Base Sepolia, without a configuration",
    "0x0dcc9e089e30b90ddfc55be9a37dd15bc551aeee999d2e2b51414c54eaf934e4",
    {
      ...json({ timestamp: "0x65135ee0", extraData: "0x424544524f434b", gasLimit: "0x17d7840" }),
      config: undefined,
      alloc: {},
      stateHash: "0x907f339ca16b3e45a89a7f4cc29d4430c8d4178d73b370ec9180e04a0dd7fcf3",
    },
  ],
  [
    "OP Mainnet, before London",
    "0x7ca38a1916c42007829c55e69d3e9a73265554b586a499015373241b8a3fa48b",
    {
      config: { chainId: 10, homesteadBlock: 0, berlinBlock: 3_950_000, londonBlock: 105_235_063 },
      nonce: "0x0",
      timestamp: "0x0",
      extraData: `0x${"00".repeat(34)}0398232e2064f896018496b4b44b3d62751f${"00".repeat(65)}`,
      gasLimit: "0xe4e1c0",
      difficulty: "0x1",
      stateHash: "0xeddb4c1786789419153a27c4c80ff44a2226b6eda04f7e22ce5bae892ea568eb",
    },
  ],
];
for (const [name, hash, genesis] of realChains) {
  test(`genesis: the hash of ${name}`, () => {
    assert.equal(toHex(genesisHeader(parseGenesis(genesis)).hash), hash);
    assert.throws(() => genesisBlock(parseGenesis(genesis)), { code: "FORK_UNSUPPORTED" });
  });
}

test("genesis: each fork brings its fields, and those of the forks before it", () => {
  const fields = (forks: object, more: object = {}): readonly string[] => {
    const { header } = genesisHeader(parseGenesis(json({ config: forks, ...more })));
    const names = [
      "baseFeePerGas",
      "withdrawalsRoot",
      "blobGasUsed",
      "excessBlobGas",
      "parentBeaconBlockRoot",
    ];
    const set = new Map(Object.entries(header).filter(([, value]) => value !== undefined));
    return [...names, "requestsHash"].filter((name) => set.has(name));
  };
  const blobs = ["blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"];
  assert.deepEqual(fields({ homesteadBlock: 0 }), []);
  assert.deepEqual(fields({ londonBlock: 8 }, { number: 7 }), []);
  assert.deepEqual(fields({ londonBlock: 7 }, { number: 7 }), ["baseFeePerGas"]);
  assert.deepEqual(fields({ regolithTime: 0 }), ["baseFeePerGas"]);
  assert.deepEqual(fields({ canyonTime: 0x6553f101 }), ["baseFeePerGas"]);
  assert.deepEqual(fields({ canyonTime: 0x6553f100 }), ["baseFeePerGas", "withdrawalsRoot"]);
  assert.deepEqual(fields({ ecotoneTime: 0 }), ["baseFeePerGas", "withdrawalsRoot", ...blobs]);
  assert.deepEqual(fields({ fjordTime: 0 }), ["baseFeePerGas", "withdrawalsRoot", ...blobs]);
  assert.deepEqual(fields({ jovianTime: 0 }), ["baseFeePerGas", "withdrawalsRoot", ...blobs, "requestsHash"]);
});

test("genesis: the blob fields, nonce and difficulty of the file stand in the header", () => {
  const given = { blobGasUsed: "0x20000", excessBlobGas: "0x5", nonce: "0x42", difficulty: "0x3" };
  const { header } = genesisHeader(parseGenesis(json(given)));
  assert.deepEqual([header.blobGasUsed, header.excessBlobGas, header.difficulty], [131_072n, 5n, 3n]);
  assert.equal(toHex(header.nonce), "0x0000000000000042");
});

test("genesis: a code's hash stands for the code where nothing is executed", () => {
  const alloc = (account: object) => ({ [PASSER]: { balance: "0x1", ...account } });
  const whole = parseGenesis(json({ alloc: alloc({ code: "0x6001" }) }));
  const hashed = parseGenesis(json({ alloc: alloc({ codeHash: toHex(keccak256(fromHex("0x6001"))) }) }));
  assert.deepEqual(genesisHeader(hashed), genesisHeader(whole));
  assert.throws(() => genesisBlock(hashed), { code: "GENESIS_INVALID" });
});

test("genesis: from Isthmus a state root alone makes no header, and never a chain to execute", () => {
  const rootOnly = { alloc: {}, stateHash: SLOT };
  assert.throws(() => genesisHeader(parseGenesis(json(rootOnly))), { code: "GENESIS_INVALID" });
  const holocene = json(
    { ...rootOnly, extraData: "0x00000000fa00000006" },
    { isthmusTime: null, jovianTime: null },
  );
  assert.equal(toHex(genesisHeader(parseGenesis(holocene)).header.stateRoot), SLOT);
  assert.throws(() => genesisBlock(parseGenesis(holocene)), { code: "GENESIS_INVALID" });
});
