import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Address,
  asAddress,
  asHash,
  fromHex,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import fc from "fast-check";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { JournaledState } from "../state/journal.ts";
import { trieState } from "../state/trie-state.ts";
import {
  accountOf,
  CHAIN_ID,
  contract,
  deposit,
  ETHER,
  signed,
  somewhere,
  TestChain,
} from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import { randomProgram } from "../testing/programs.ts";
import { type Random, seededRandom } from "../testing/random.ts";
import { runMessage } from "../transaction/message.ts";
import type { BlockContext } from "./context.ts";
import { executeAttributes } from "./execute.ts";
import { rollupRules } from "./rules.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const ADDRESSES: [Address, ...Address[]] = [
  somewhere(100),
  somewhere(101),
  somewhere(102),
  accountOf(1),
  somewhere(200),
];

function randomChain(random: Random): TestChain {
  const alloc = ADDRESSES.slice(0, 3).map((address) =>
    contract(address, toHex(randomProgram(random, ADDRESSES)), 50n),
  );
  return new TestChain({ config, evm, alloc });
}

function randomTransactions(random: Random): { raws: Uint8Array[]; minted: bigint } {
  const raws: Uint8Array[] = [];
  let minted = 0n;
  for (let i = 0; i < 3; i++) {
    const mint = BigInt(random.below(1000));
    minted += mint;
    const to = random.below(4) === 0 ? undefined : random.pick(ADDRESSES);
    const data = to === undefined ? randomProgram(random, ADDRESSES) : new Uint8Array(0);
    const value = BigInt(random.below(1500));
    raws.push(
      deposit({
        from: somewhere(300 + random.below(2)),
        to,
        mint,
        value,
        data,
        gasLimit: BigInt(20_000 + random.below(200_000)),
      }),
    );
  }
  for (let i = 0; i < 5; i++) {
    const to = random.below(4) === 0 ? undefined : random.pick(ADDRESSES);
    const data =
      to === undefined ? randomProgram(random, ADDRESSES) : new Uint8Array(random.below(100)).fill(7);
    raws.push(
      signed(0, {
        nonce: BigInt(i),
        to,
        data,
        value: BigInt(random.below(9)),
        gasLimit: BigInt(90_000 + random.below(300_000)),
      }),
    );
  }
  return { raws, minted };
}

/** The sum of all balances that a set of accounts holds, before and after. */
function total(chain: TestChain, addresses: Iterable<Hex>): bigint {
  let sum = 0n;
  for (const address of addresses) sum += chain.balance(asAddress(fromHex(address)));
  return sum;
}

for (let seed = 0; seed < 10; seed++) {
  test(`seed ${seed}: ether comes into being by mints alone`, async () => {
    const random = seededRandom(seed);
    const chain = randomChain(random);
    const before = { head: chain.head };
    const { raws, minted } = randomTransactions(random);
    const { sealed } = await chain.build(raws);
    const touched = [...sealed.accounts.keys()];
    const after = total(chain, touched);
    chain.head = before.head;
    const start = total(chain, touched);
    // A contract created and destroyed in one transaction may burn what it holds; nothing is ever created.
    assert.ok(after <= start + minted, `${after} > ${start} + ${minted}`);
    assert.ok(after >= start + minted - 5_000n, "only what such contracts held may be lost");
  });

  test(`seed ${seed}: a stateless run over the recorded witness makes the same block; without a node it throws`, async () => {
    const random = seededRandom(50 + seed);
    const chain = randomChain(random);
    const parent = chain.head;
    const nodes = new Map<Hex, Uint8Array>();
    const codes = new Map<Hex, Uint8Array>();
    const recording =
      <T extends Uint8Array | undefined>(into: Map<Hex, Uint8Array>, read: (hash: Hash) => T) =>
      (hash: Hash): T => {
        const bytes = read(hash);
        if (bytes !== undefined) into.set(toHex(hash), bytes);
        return bytes;
      };
    const readNode = recording(nodes, chain.readNode);
    const readCode = recording(codes, chain.readCode);
    const attributes = chain.attributes(randomTransactions(random).raws);
    const run = (
      nodeReader: typeof readNode,
      codeReader: typeof readCode,
    ): ReturnType<typeof executeAttributes> =>
      executeAttributes({
        config,
        parent,
        attributes,
        evm,
        state: trieState(parent.stateRoot, nodeReader, codeReader),
        readNode: nodeReader,
      });

    const full = await run(readNode, readCode);
    assert.equal(full.kind, "sealed");
    const fromWitness = (missing?: Hex): ReturnType<typeof executeAttributes> =>
      run(
        (hash) => (toHex(hash) === missing ? undefined : nodes.get(toHex(hash))),
        (hash) => codes.get(toHex(hash)),
      );
    const stateless = await fromWitness();
    assert.equal(stateless.kind, "sealed");
    if (full.kind !== "sealed" || stateless.kind !== "sealed") return;
    assert.equal(toHex(stateless.sealed.hash), toHex(full.sealed.hash));

    const missing = [...nodes.keys()][random.below(nodes.size)];
    await assert.rejects(fromWitness(missing), (error) => isRollupError(error, "TRIE_NODE_MISSING"));
  });
}

test("the EVM, run for a transfer to an account without code, does what the short path does", async () => {
  const chain = new TestChain({ config, evm });
  const block: BlockContext = {
    chainId: CHAIN_ID,
    rules: rollupRules("jovian"),
    number: 1n,
    timestamp: 1_700_000_002n,
    beneficiary: somewhere(9),
    difficulty: 0n,
    prevRandao: asHash(new Uint8Array(32)),
    gasLimit: 30_000_000n,
    baseFee: 1n,
    blobBaseFee: 1n,
    blockHash: () => assert.fail("no code runs"),
  };
  const address = fc.constantFrom(accountOf(0), accountOf(1), somewhere(1), somewhere(9));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(accountOf(0), accountOf(1)),
      address,
      fc.bigInt(0n, 100n * ETHER),
      fc.uint8Array({ maxLength: 40 }),
      async (caller, to, value, data) => {
        const message = {
          caller,
          to,
          value,
          data,
          gasLimit: 9_000n,
          gasPrice: 1n,
          accessList: [],
          warmAddresses: [],
          blobHashes: [],
        };
        const short = new JournaledState(chain.state());
        const long = new JournaledState(chain.state());
        const shortResult = await runMessage(evm, message, block, short);
        const longResult = await evm.run(message, block, long);
        assert.deepEqual(shortResult, longResult);
        short.endTransaction();
        long.endTransaction();
        assert.deepEqual(short.changes(), long.changes());
      },
    ),
    { numRuns: 60, seed: 4 },
  );
});

test("a precompile and a contract are no accounts without code: the short path leaves them to the EVM", async () => {
  const chain = new TestChain({ config, evm, alloc: [contract(somewhere(1), "0x60015f55")] });
  const identity = asAddress(fromHex(`0x${"00".repeat(19)}04`));
  const { sealed } = await chain.build([
    signed(0, { to: identity, data: Uint8Array.of(1) }),
    signed(0, { to: somewhere(1), nonce: 1n }),
  ]);
  // 21000 + floor of one byte 40; identity costs 15 + 3 on top of 21016: 21034, below the floor.
  assert.equal(sealed.transactions[1]?.gasUsed, 21_040n);
  assert.ok((sealed.transactions[2]?.gasUsed ?? 0n) > 43_000n);
});

test("Jovian: blobGasUsed is the footprint, and it bounds the block", async () => {
  const chain = new TestChain({ config, evm, footprintPerByte: 65_535, gasLimit: 10_000_000n });
  // Each small transaction counts 100 bytes: 6,553,500 gas of 10,000,000.
  const transfer = (nonce: bigint): Uint8Array => signed(0, { nonce, to: somewhere(1), gasLimit: 21_000n });
  const { sealed, applications } = await chain.build([transfer(0n), transfer(1n)]);
  assert.equal(applications[0]?.kind, "included");
  assert.deepEqual(applications[1], { kind: "rejected", reason: "block-da-footprint-limit" });
  assert.equal(sealed.block.header.blobGasUsed, 6_553_500n);
  assert.equal(sealed.transactions[1]?.daFootprint, 6_553_500n);
});
