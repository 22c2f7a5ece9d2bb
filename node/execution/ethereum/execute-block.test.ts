import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asHash, bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { type Block, ommersHash, withdrawalsRoot } from "@phala-l2/protocol/wire/block";
import type { EthereumWithdrawal } from "@phala-l2/protocol/wire/ethereum-withdrawal";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { trieState } from "../state/trie-state.ts";
import { accountOf, CHAIN_ID, deposit, ETHER, signed, somewhere } from "../testing/chain.ts";
import { executeEthereumBlock } from "./execute-block.ts";
import { parseEthereumGenesis } from "./genesis.ts";
import { type BlockBody, type HeaderTemplate, openEthereumBlock } from "./open-block.ts";

const BLOBS = { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 };
const LONDON = {
  chainId: Number(CHAIN_ID),
  homesteadBlock: 0,
  eip150Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
};
const CANCUN = { ...LONDON, shanghaiTime: 0, cancunTime: 0, blobSchedule: { cancun: BLOBS } };
const GAS_LIMIT = 30_000_000n;
const evm = await createEthereumjsEvm({ l2ChainId: CHAIN_ID });

/** A chain of one block, and what makes the next one. */
function chainOf(config: object, difficulty = 0n) {
  const genesis = parseEthereumGenesis({
    config,
    gasLimit: `0x${GAS_LIMIT.toString(16)}`,
    difficulty: `0x${difficulty.toString(16)}`,
    alloc: { [toHex(accountOf(0))]: { balance: `0x${(100n * ETHER).toString(16)}` } },
  });
  const parent = genesis.block.header;
  const readNode = (hash: Hash): Uint8Array | undefined => genesis.nodes.get(toHex(hash));
  const readCode = (hash: Hash): Uint8Array | undefined => genesis.codes.get(toHex(hash));
  const rest = () => ({
    config: genesis.config,
    readNode,
    evm,
    state: trieState(parent.stateRoot, readNode, readCode),
  });
  const template: HeaderTemplate = {
    parentHash: headerHash(parent),
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: somewhere(9),
    difficulty,
    number: 1n,
    gasLimit: GAS_LIMIT,
    timestamp: 12n,
    extraData: new Uint8Array(0),
    prevRandao: asHash(new Uint8Array(32)),
    nonce: EMPTY_NONCE,
    baseFeePerGas: 875_000_000n,
    ...(parent.excessBlobGas !== undefined && {
      excessBlobGas: 0n,
      parentBeaconBlockRoot: asHash(new Uint8Array(32)),
    }),
  };
  return {
    parent,
    template,
    make: async (raws: readonly Uint8Array[] = [], body: BlockBody = {}, fields: Partial<Header> = {}) => {
      const header = { ...template, ...fields };
      const open = await openEthereumBlock({ ...rest(), header, parentStateRoot: parent.stateRoot });
      for (const raw of raws) assert.equal((await open.apply(raw)).kind, "included");
      const sealing = await open.seal(body);
      assert.ok(sealing.kind === "sealed");
      return sealing.sealed;
    },
    execute: (block: Block) => executeEthereumBlock({ ...rest(), parent, block }),
  };
}

const DEPOSIT = deposit({ to: somewhere(1) });
const TRANSFER = signed(0, { to: somewhere(5), value: 3n, maxFeePerGas: 10n ** 10n });
const withdrawal = (amount: bigint): EthereumWithdrawal => ({
  index: 1n,
  validatorIndex: 2n,
  address: somewhere(7),
  amount,
});

describe("a block of a plain chain", () => {
  test("is valid as it was made: a transfer, a withdrawal", async () => {
    const chain = chainOf(CANCUN);
    const made = await chain.make([TRANSFER], { withdrawals: [withdrawal(5n)] });
    const execution = await chain.execute(made.block);
    assert.ok(execution.kind === "valid");
    assert.ok(bytesEqual(execution.sealed.hash, made.hash));
    assert.equal(made.accounts.get(toHex(somewhere(7)))?.balance, 5_000_000_000n);
    // The base fee is burnt, the tip is the beneficiary's.
    assert.equal(made.accounts.get(toHex(somewhere(9)))?.balance, 21_000n * 1_000n);
  });

  test("of proof of work pays its miner and an ommer's", async () => {
    const chain = chainOf(LONDON, 5n);
    const ommers = [{ ...chain.parent, beneficiary: somewhere(8), number: 0n }];
    const made = await chain.make([], { ommers }, { ommersHash: ommersHash(ommers) });
    assert.equal((await chain.execute(made.block)).kind, "valid");
    assert.equal(made.accounts.get(toHex(somewhere(8)))?.balance, (7n * 2n * ETHER) / 8n);
    assert.equal(made.accounts.get(toHex(somewhere(9)))?.balance, 2n * ETHER + ETHER / 16n);
  });

  const zero = asHash(new Uint8Array(32));
  /** Fields that no honest block has, and the reason given. */
  const headers: readonly (readonly [reason: string, fields: Partial<Header>])[] = [
    ["parent-hash-mismatch", { parentHash: zero }],
    ["number-mismatch", { number: 2n }],
    ["number-mismatch", { number: 0n }],
    ["timestamp-not-after-parent", { timestamp: 0n }],
    ["extra-data-too-long", { extraData: new Uint8Array(33) }],
    ["gas-used-above-limit", { gasUsed: GAS_LIMIT + 1n }],
    ["gas-limit-out-of-bounds", { gasLimit: GAS_LIMIT + GAS_LIMIT / 1024n }],
    ["gas-limit-out-of-bounds", { gasLimit: GAS_LIMIT - GAS_LIMIT / 1024n }],
    ["gas-limit-out-of-bounds", { gasLimit: 2n * GAS_LIMIT }],
    ["base-fee-mismatch", { baseFeePerGas: 875_000_001n }],
    ["base-fee-mismatch", { baseFeePerGas: undefined }],
    ["excess-blob-gas-mismatch", { excessBlobGas: 1n }],
    ["excess-blob-gas-mismatch", { excessBlobGas: undefined }],
    ["parent-beacon-block-root-out-of-place", { parentBeaconBlockRoot: undefined }],
    ["ommers-not-empty", { ommersHash: zero }],
    ["nonce-not-zero", { nonce: new Uint8Array(8).fill(1) }],
    ["withdrawals-root-out-of-place", { withdrawalsRoot: undefined }],
    ["withdrawals-root-mismatch", { withdrawalsRoot: zero }],
    ["transactions-root-mismatch", { transactionsRoot: zero }],
    ["gas-used-mismatch", { gasUsed: 1n }],
    ["blob-gas-used-mismatch", { blobGasUsed: 131_072n }],
    ["blob-gas-used-out-of-place", { blobGasUsed: undefined }],
    ["receipts-root-mismatch", { receiptsRoot: zero }],
    ["requests-hash-out-of-place", { requestsHash: zero }],
    ["state-root-mismatch", { stateRoot: zero }],
    ["block-hash-mismatch", { logsBloom: new Uint8Array(256).fill(1) }],
  ];
  for (const [reason, fields] of headers) {
    const [name] = Object.keys(fields);
    test(`is refused for its ${name}: ${reason}`, async () => {
      const chain = chainOf(CANCUN);
      const { block } = await chain.make();
      const header = { ...block.header, ...fields };
      assert.deepEqual(await chain.execute({ ...block, header }), { kind: "invalid", reason });
    });
  }

  const far = (header: Header, number: bigint): Header => ({ ...header, number });
  const bodies: readonly (readonly [reason: string, change: (block: Block, parent: Header) => Block])[] = [
    ["ommers-hash-mismatch", (block, parent) => ({ ...block, ommers: [parent] })],
    ["too-many-ommers", (block, parent) => withOmmers(block, [parent, parent, parent])],
    ["ommer-out-of-range", (block, parent) => withOmmers(block, [far(parent, 1n)])],
    ["ommer-out-of-range", (block, parent) => withOmmers(block, [parent, far(parent, 2n ** 63n)])],
    ["withdrawals-out-of-place", (block) => ({ ...block, withdrawals: [withdrawal(1n)] })],
    ["withdrawals-root-out-of-place", (block) => withField(block, { withdrawalsRoot: withdrawalsRoot([]) })],
    ["blob-gas-used-out-of-place", (block) => withField(block, { blobGasUsed: 0n })],
    ["excess-blob-gas-mismatch", (block) => withField(block, { excessBlobGas: 0n })],
    ["transaction 0: undecodable", (block) => ({ ...block, transactions: [Uint8Array.of(1)] })],
    ["transaction 0: type-not-active", (block) => ({ ...block, transactions: [DEPOSIT] })],
    ["transaction 1: nonce-too-low", (block) => ({ ...block, transactions: [TRANSFER, TRANSFER] })],
  ];
  for (const [reason, change] of bodies) {
    test(`of proof of work is refused: ${reason}`, async () => {
      const chain = chainOf(LONDON, 5n);
      const { block } = await chain.make();
      assert.deepEqual(await chain.execute(change(block, chain.parent)), { kind: "invalid", reason });
    });
  }
});

function withOmmers(block: Block, ommers: readonly Header[]): Block {
  return { ...block, ommers, header: { ...block.header, ommersHash: ommersHash(ommers) } };
}

function withField(block: Block, fields: Partial<Header>): Block {
  return { ...block, header: { ...block.header, ...fields } };
}
