import assert from "node:assert/strict";
import { test } from "node:test";
import { asHash, bigintToBytes, fromHex, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { BEACON_ROOTS, HISTORY_STORAGE, L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { EMPTY_REQUESTS_HASH, headerHash } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { CHAIN_ID, contract, signed, somewhere, TestChain } from "../testing/chain.ts";
import { holoceneConfig, jovianConfig } from "../testing/config.ts";
import { executeAttributes, executeBlock } from "./execute.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const slot = (index: bigint): Hash => asHash(bigintToBytes(index, 32));

test("EIP-4788, EIP-2935: the system calls store beacon root and parent hash before the first transaction", async () => {
  const chain = new TestChain({ config, evm });
  const parentHash = headerHash(chain.head);
  const { parentBeaconBlockRoot } = chain.attributes();
  const { sealed } = await chain.build([]);
  const { timestamp } = sealed.block.header;
  const state = chain.state();
  assert.equal(state.storage(BEACON_ROOTS, slot(timestamp % 8191n)), timestamp);
  assert.equal(
    state.storage(BEACON_ROOTS, slot((timestamp % 8191n) + 8191n)),
    BigInt(toHex(parentBeaconBlockRoot)),
  );
  assert.equal(state.storage(HISTORY_STORAGE, slot(0n)), BigInt(toHex(parentHash)));
  // They use no gas, and leave no trace of the system account.
  assert.equal(sealed.block.header.gasUsed, sealed.transactions[0]?.gasUsed);
});

test("before Isthmus no parent hash is stored", async () => {
  const chain = new TestChain({ config: holoceneConfig(CHAIN_ID), evm });
  await chain.build([]);
  assert.equal(chain.state().storage(HISTORY_STORAGE, slot(0n)), 0n);
});

test("BLOCKHASH before Isthmus asks the caller, and says when nobody knows", async () => {
  // BLOCKHASH(0), stored
  const asks = contract(somewhere(1), "0x5f405f55");
  const holocene = holoceneConfig(CHAIN_ID);
  const chain = new TestChain({ config: holocene, evm, alloc: [asks] });
  await chain.build([]);
  await chain.build([]);
  const input = {
    config: holocene,
    parent: chain.head,
    attributes: chain.attributes([signed(0, { to: somewhere(1) })]),
    readNode: chain.readNode,
    evm,
  };
  await assert.rejects(executeAttributes({ ...input, state: chain.state() }), { code: "BLOCK_HASH_UNKNOWN" });
  const execution = await executeAttributes({
    ...input,
    state: chain.state(),
    ancestorHash: () => slot(77n),
  });
  assert.ok(execution.kind === "sealed");
  chain.insert(execution.sealed);
  assert.equal(chain.state().storage(somewhere(1), slot(0n)), 77n);
});

test("Isthmus, Jovian: what a header says beside the roots", async () => {
  // The message passer's stand-in stores 1 in slot 0.
  const passer = contract(L2_TO_L1_MESSAGE_PASSER, "0x60015f55");
  const chain = new TestChain({ config, evm, alloc: [passer], minBaseFee: 9n });
  const { sealed } = await chain.build([signed(0, { to: L2_TO_L1_MESSAGE_PASSER })]);
  const { header } = sealed.block;
  const root = chain.state().account(L2_TO_L1_MESSAGE_PASSER)?.storageRoot ?? EMPTY_TRIE_ROOT;
  assert.notEqual(toHex(root), toHex(EMPTY_TRIE_ROOT));
  assert.equal(toHex(header.withdrawalsRoot ?? EMPTY_TRIE_ROOT), toHex(root));
  assert.deepEqual(header.requestsHash, EMPTY_REQUESTS_HASH);
  assert.deepEqual([header.excessBlobGas, header.difficulty], [0n, 0n]);
  assert.equal(toHex(header.extraData), "0x01000000fa000000060000000000000009");
  assert.ok((header.blobGasUsed ?? 0n) > 0n);
  // A block that does not touch the contract has the same root.
  const next = await chain.build([]);
  assert.deepEqual(next.sealed.block.header.withdrawalsRoot, root);
});

test("a built block is valid for whoever re-executes it", async () => {
  const chain = new TestChain({ config, evm });
  const parent = chain.head;
  const state = chain.state();
  const { sealed } = await chain.build([signed(0, { to: somewhere(1), value: 5n })]);
  const input = { config, parent, state, readNode: chain.readNode, evm };
  assert.equal((await executeBlock({ ...input, block: sealed.block })).kind, "valid");
  const empty = await executeBlock({ ...input, block: { ...sealed.block, transactions: [] } });
  assert.deepEqual(empty, { kind: "invalid", reason: "l1-attributes-missing" });
});

const faults: readonly [string, Partial<PayloadAttributes>][] = [
  ["timestamp-not-after-parent", { timestamp: 0n }],
  ["eip1559-parameters-invalid", { eip1559Params: new Uint8Array(7) }],
  ["eip1559-parameters-invalid", { eip1559Params: fromHex("0x0000000000000006") }],
  ["eip1559-parameters-invalid", { eip1559Params: fromHex("0x000000fa00000000") }],
  ["gas-limit-too-low", { gasLimit: 0n }],
  ["gas-limit-too-low", { gasLimit: 5n }],
  ["block-gas-limit", { gasLimit: 999_999n }],
  ["l1-attributes-missing", { transactions: [] }],
  ["undecodable", { transactions: [Uint8Array.of(1)] }],
];
for (const [reason, change] of faults) {
  test(`payload attributes that make no block are a value: ${reason}`, async () => {
    const chain = new TestChain({ config, evm });
    const execution = await executeAttributes({
      config,
      parent: chain.head,
      attributes: { ...chain.attributes(), ...change },
      state: chain.state(),
      readNode: chain.readNode,
      evm,
    });
    assert.equal(execution.kind === "invalid" && execution.reason, reason);
  });
}

test("Jovian's activation block, with Isthmus' calldata, takes no user transaction and has no footprint", async () => {
  const genesisTime = 1_700_000_000n;
  const forks = { ...config.forks, jovian: genesisTime + 2n };
  const activating = { ...config, forks };
  const chain = new TestChain({ config: activating, evm });
  const isthmusCalldata = new TestChain({
    config: { ...config, forks: { ...forks, jovian: genesisTime + 9n } },
    evm,
  });
  const [first] = isthmusCalldata.attributes().transactions;
  assert.ok(first);
  const input = {
    config: activating,
    parent: chain.head,
    state: chain.state(),
    readNode: chain.readNode,
    evm,
  };
  const attributes = chain.attributes();
  const user = signed(0, { to: somewhere(1) });
  const refused = await executeAttributes({
    ...input,
    attributes: { ...attributes, transactions: [first, user] },
  });
  assert.equal(refused.kind === "invalid" && refused.reason, "activation-block-deposits-only");
  const alone = await executeAttributes({
    ...input,
    state: chain.state(),
    attributes: { ...attributes, transactions: [first] },
  });
  assert.ok(alone.kind === "sealed");
  assert.equal(alone.sealed.block.header.blobGasUsed, 0n);
  assert.equal(alone.sealed.block.header.extraData.length, 17);
});
