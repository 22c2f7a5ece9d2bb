import assert from "node:assert/strict";
import { test } from "node:test";
import { executeAttributes } from "@phala-l2/execution/block/execute";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { CHAIN_ID, contract, signed, somewhere, TestChain } from "@phala-l2/execution/testing/chain";
import { holoceneConfig, isthmusConfig, jovianConfig, karstConfig } from "@phala-l2/execution/testing/config";
import { toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { formatRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeHeader, type Header } from "@phala-l2/protocol/wire/header";
import { type BlockFixture, readBlockFixture } from "./fixture.ts";
import { BlockRunner } from "./run.ts";

/** Stores the hash of the third block back: two before the parent, whose own header has only that of one before. */
const LOOKER = contract(somewhere(1), "0x60034303405f5500");

function quantity(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : `0x${value.toString(16)}`;
}

/** As JSON-RPC gives a header. */
function headerJson(header: Header): Record<string, unknown> {
  const { ommersHash, beneficiary, prevRandao, ...rest } = header;
  const same = Object.entries(rest).map(([name, value]) => [
    name,
    typeof value === "bigint" ? quantity(value) : value instanceof Uint8Array ? toHex(value) : null,
  ]);
  return {
    ...Object.fromEntries(same),
    sha3Uncles: toHex(ommersHash),
    miner: toHex(beneficiary),
    mixHash: toHex(prevRandao),
  };
}

/** A block of a chain of our own as a fixture: with a transaction that asks for an ancestor's hash. */
async function fixtureOf(config: RollupConfig): Promise<BlockFixture> {
  const evm = await createEthereumjsEvm(config);
  const chain = new TestChain({ config, evm, alloc: [LOOKER], minBaseFee: 77n });
  const ancestors: Header[] = [chain.head];
  for (let nonce = 0n; nonce < 3n; nonce++) {
    await chain.build([signed(0, { nonce, to: somewhere(2), value: 5n })]);
    ancestors.push(chain.head);
  }
  const hashes = ancestors.map((header) => keccak256(encodeHeader(header)));
  const attributes = chain.attributes([signed(1, { to: LOOKER.address })]);
  const execution = await executeAttributes({
    config,
    evm,
    parent: chain.head,
    attributes,
    state: chain.state(),
    readNode: chain.readNode,
    ancestorHash: (number) => hashes[Number(number)],
  });
  assert.ok(execution.kind === "sealed");
  assert.equal(execution.sealed.receipts.at(-1)?.status, 1);
  const { feeRecipient, transactions, ...rest } = attributes;
  const preimages = [...chain.nodes.values(), ...chain.codes.values(), ...ancestors.map(encodeHeader)];
  const json = {
    rollup_config: formatRollupConfig(config),
    parent_header: headerJson(chain.head),
    executing_payload: {
      suggestedFeeRecipient: toHex(feeRecipient),
      transactions: transactions.map((raw) => toHex(raw)),
      prevRandao: toHex(rest.prevRandao),
      parentBeaconBlockRoot: toHex(rest.parentBeaconBlockRoot),
      timestamp: quantity(rest.timestamp),
      gasLimit: Number(rest.gasLimit),
      noTxPool: true,
      eip1559Params: toHex(rest.eip1559Params),
      minBaseFee: Number(rest.minBaseFee),
      withdrawals: [],
    },
    expected_block_hash: toHex(execution.sealed.hash),
    preimages: Object.fromEntries(preimages.map((bytes) => [toHex(keccak256(bytes)), toHex(bytes)])),
  };
  return readBlockFixture(new TextEncoder().encode(JSON.stringify(json)), "made.json");
}

for (const [name, config] of [
  ["Holocene", holoceneConfig(CHAIN_ID)],
  ["Isthmus", isthmusConfig(CHAIN_ID)],
  ["Jovian", jovianConfig(CHAIN_ID)],
  ["Karst", karstConfig(CHAIN_ID)],
] as const) {
  test(`a block of ${name} re-executes from its fixture`, async () => {
    const { match, reason } = await new BlockRunner().run(await fixtureOf(config));
    assert.ok(match, reason);
  });
}

test("before Isthmus an ancestor's hash comes from the headers in the witness, or not at all", async () => {
  const fixture = await fixtureOf(holoceneConfig(CHAIN_ID));
  const before = toHex(fixture.parent.parentHash);
  const preimages = new Map([...fixture.preimages].filter(([hash]) => hash !== before));
  assert.equal(preimages.size, fixture.preimages.size - 1);
  const { match, blockHash, code } = await new BlockRunner().run({ ...fixture, preimages });
  assert.deepEqual([match, blockHash, code], [false, null, "BLOCK_HASH_UNKNOWN"]);
});
