import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex, fromHex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { EMPTY_REQUESTS_HASH } from "@phala-l2/protocol/wire/header";
import { genesisBlock } from "./genesis.ts";
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
