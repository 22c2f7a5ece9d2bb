import assert from "node:assert/strict";
import { test } from "node:test";
import { asAddress, asHash, fromHex, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import fc from "fast-check";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import type { Evm } from "../evm/evm.ts";
import { JournaledState } from "../state/journal.ts";
import { trieState } from "../state/trie-state.ts";
import { accountOf, CHAIN_ID, contract, ETHER, signed, somewhere, TestChain } from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import { type Random, seededRandom } from "../testing/random.ts";
import { RandomTraffic, type RandomTransaction } from "../testing/traffic.ts";
import { runMessage } from "../transaction/message.ts";
import type { BlockContext } from "./context.ts";
import { executeAttributes } from "./execute.ts";
import { rollupRules } from "./rules.ts";
import type { SealedBlock } from "./sealed-block.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
/** Two, who have nothing but their mints: many of their deposits fail. */
const DEPOSITORS = { count: 2, balance: 0n, gasLimit: 20_000 } as const;
const SEEDS = 16;

/** What random blocks must have done, so that the properties say something. */
const seen = { created: 0, destroyed: 0, failedDeposits: 0, failedUsers: 0, delegated: 0, slots: 0, logs: 0 };

/** The engine, with an eye on the contracts that destroy themselves: a block's changes do not show them. */
const watched: Evm = {
  name: evm.name,
  run: async (...parameters) => {
    const result = await evm.run(...parameters);
    seen.destroyed += result.destroyed.length;
    return result;
  },
};

function look(sealed: SealedBlock, transactions: readonly RandomTransaction[]): void {
  // The L1 attributes deposit stands before them.
  for (const [index, { kind }] of transactions.entries()) {
    const receipt = sealed.receipts[index + 1];
    const isFailed = receipt?.status === 0;
    if (isFailed && kind === "deposit") seen.failedDeposits++;
    if (isFailed && kind !== "deposit") seen.failedUsers++;
    if (!isFailed && sealed.transactions[index + 1]?.contractAddress !== undefined) seen.created++;
    seen.logs += receipt?.logs.length ?? 0;
  }
  for (const { slots } of sealed.changes.storage.values()) seen.slots += slots.size;
  for (const code of sealed.changes.codes.values()) if (toHex(code).startsWith("0xef0100")) seen.delegated++;
}

/** The sum of all balances that a set of accounts holds, before and after. */
function total(chain: TestChain, addresses: Iterable<Hex>): bigint {
  let sum = 0n;
  for (const address of addresses) sum += chain.balance(asAddress(fromHex(address)));
  return sum;
}

for (let seed = 0; seed < SEEDS; seed++) {
  test(`seed ${seed}: ether comes into being by mints alone`, async () => {
    const traffic = new RandomTraffic(seededRandom(seed), DEPOSITORS);
    const chain = new TestChain({ config, evm, alloc: traffic.alloc });
    for (let number = 0; number < 2; number++) {
      const parent = chain.head;
      const transactions = traffic.block(4, 8);
      const { sealed, applications } = await chain.build(transactions.map(({ raw }) => raw));
      assert.ok(applications.every(({ kind }) => kind === "included"));
      const minted = transactions.reduce((sum, { mint }) => sum + mint, 0n);
      const touched = [...sealed.accounts.keys()];
      const after = total(chain, touched);
      const child = chain.head;
      chain.head = parent;
      const start = total(chain, touched);
      chain.head = child;
      // A contract created and destroyed in one transaction may burn what it holds; nothing is ever created.
      assert.ok(after <= start + minted, `${after} > ${start} + ${minted}`);
      assert.ok(after >= start + minted - 5_000n, "only what such contracts held may be lost");
    }
  });

  test(`seed ${seed}: a stateless run over the recorded witness makes the same blocks; without a node it throws`, async () => {
    const random = seededRandom(50 + seed);
    const traffic = new RandomTraffic(random, DEPOSITORS);
    const chain = new TestChain({ config, evm, alloc: traffic.alloc });
    for (let number = 0; number < 2; number++) {
      const transactions = traffic.block(4, 8);
      const sealed = await compareStateless(
        chain,
        chain.attributes(transactions.map(({ raw }) => raw)),
        random,
      );
      look(sealed, transactions);
      chain.insert(sealed);
    }
  });
}

test("the random blocks did everything that they are for", () => {
  for (const [what, times] of Object.entries(seen)) assert.ok(times >= 5, `${what}: ${times}`);
});

type Execution = ReturnType<typeof executeAttributes>;

/** Executes in full, recording what is read; then from the record alone, whole and with one node missing. */
async function compareStateless(
  chain: TestChain,
  attributes: PayloadAttributes,
  random: Random,
): Promise<SealedBlock> {
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
  const run = (nodeReader: typeof readNode, codeReader: typeof readCode): Execution =>
    executeAttributes({
      config,
      parent,
      attributes,
      evm: watched,
      state: trieState(parent.stateRoot, nodeReader, codeReader),
      readNode: nodeReader,
    });
  const full = await run(readNode, readCode);
  const fromWitness = (missing?: Hex): Execution =>
    run(
      (hash) => (toHex(hash) === missing ? undefined : nodes.get(toHex(hash))),
      (hash) => codes.get(toHex(hash)),
    );
  const stateless = await fromWitness();
  assert.ok(full.kind === "sealed" && stateless.kind === "sealed");
  assert.equal(toHex(stateless.sealed.hash), toHex(full.sealed.hash));
  assert.equal(toHex(stateless.sealed.block.header.stateRoot), toHex(full.sealed.block.header.stateRoot));
  const missing = [...nodes.keys()][random.below(nodes.size)];
  await assert.rejects(fromWitness(missing), (error) => isRollupError(error, "TRIE_NODE_MISSING"));
  return full.sealed;
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
