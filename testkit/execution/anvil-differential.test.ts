import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Application } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { CHAIN_ID, GENESIS_TIME, L1_PRICES, TestChain } from "@phala-l2/execution/testing/chain";
import { isthmusConfig, jovianConfig } from "@phala-l2/execution/testing/config";
import { seededRandom } from "@phala-l2/execution/testing/random";
import { RandomTraffic } from "@phala-l2/execution/testing/traffic";
import { asAddress, fromHex, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { BEACON_ROOTS, DEPOSITOR_ACCOUNT, HISTORY_STORAGE, L1_BLOCK } from "@phala-l2/protocol/predeploys";
import { OptimismAnvil, type ReferenceAccount, type ReferenceReceipt, slotsOf } from "./optimism-anvil.ts";

/**
 * The same random blocks here and in anvil's OP Stack mode: every status, gas, log, address and, after each block,
 * every account with its balance, nonce, code and slots, the fee vaults among them. ANVIL_ROUNDS and ANVIL_SEED in
 * the environment ask for more, or other, rounds.
 */
const ROUNDS = Number(process.env.ANVIL_ROUNDS ?? 24);
const FIRST_SEED = Number(process.env.ANVIL_SEED ?? 1);
const BLOCKS = 2;
const DEPOSITS = 4;
const USERS = 8;
/** Anvil's pool takes one deposit of a depositor, and none that could fail for its value or its gas. */
const DEPOSITORS = { count: BLOCKS * DEPOSITS, balance: 10n ** 18n, gasLimit: 100_000 } as const;
const GAS_LIMIT = 30_000_000n;

/** Anvil runs neither the L1 attributes deposit nor EIP-4788's call, and has a factory of its own. */
const NOT_COMPARED = new Set<Hex>([
  ...[DEPOSITOR_ACCOUNT, L1_BLOCK, BEACON_ROOTS, HISTORY_STORAGE].map(toHex),
  "0x4e59b44847b379578588920ca78fbf26c0b4956c",
]);

/**
 * From Isthmus: with older forks anvil 1.7.1 executes by Prague's rules all the same (the floor of EIP-7623).
 * With Jovian, it credits the operator fee's vault by Isthmus' formula and charges nobody for it, which
 * cannot be right by any rule: that fee is zero there, and `fees.test.ts` has op-geth's own numbers.
 */
const FORKS = {
  isthmus: { configOf: isthmusConfig, prices: L1_PRICES },
  jovian: {
    configOf: jovianConfig,
    prices: { ...L1_PRICES, operatorFeeScalar: 0n, operatorFeeConstant: 0n },
  },
} as const;

for (const fork of ["isthmus", "jovian"] as const) {
  describe(`random ${fork} blocks, as anvil executes them`, async () => {
    const { configOf, prices } = FORKS[fork];
    const config = configOf(CHAIN_ID);
    const evm = await createEthereumjsEvm(config);
    let anvil: OptimismAnvil;
    before(async () => {
      anvil = await OptimismAnvil.start({
        chainId: Number(CHAIN_ID),
        hardfork: fork,
        genesisTime: GENESIS_TIME,
        gasLimit: GAS_LIMIT,
      });
    });
    after(async () => anvil.stop());

    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS / 2; seed++) {
      test(`seed ${seed}`, async () => {
        const traffic = new RandomTraffic(seededRandom(20_000 + seed), DEPOSITORS);
        const chain = new TestChain({ config, evm, prices, alloc: traffic.alloc });
        await anvil.reset(chain.alloc);
        for (let number = 1; number <= BLOCKS; number++) {
          const transactions = traffic.block(DEPOSITS, USERS);
          const block = await chain.open();
          const { timestamp, baseFee } = block;
          const applications: Application[] = [];
          for (const { raw } of transactions) applications.push(await block.apply(raw));
          const sealed = block.seal();
          chain.insert(sealed);
          const receipts = await anvil.mine(
            transactions.map(({ raw }) => raw),
            { timestamp, baseFee },
          );
          for (const [index, application] of applications.entries()) {
            const where = `seed ${seed}, block ${number}, transaction ${index}, ${transactions[index]?.kind}`;
            compareReceipt(application, sealed, index, receipts[index], where);
          }
          compareStates(chain, sealed, await anvil.accounts(), `seed ${seed}, block ${number}`);
        }
      });
    }
  });
}

function compareReceipt(
  application: Application,
  sealed: SealedBlock,
  index: number,
  reference: ReferenceReceipt | undefined,
  where: string,
): void {
  assert.equal(application.kind, "included", where);
  if (application.kind !== "included") return;
  assert.ok(reference, where);
  // The L1 attributes deposit stands before them here.
  const executed = sealed.transactions[index + 1];
  assert.equal(application.receipt.status, Number(reference.status), where);
  assert.equal(application.gasUsed, BigInt(reference.gasUsed), where);
  assert.deepEqual(
    application.receipt.logs.map(({ address, topics, data }) => [
      ...[toHex(address), topics.map(toHex), toHex(data)],
    ]),
    reference.logs.map(({ address, topics, data }) => [address, topics, data]),
    where,
  );
  if (executed?.contractAddress !== undefined && application.receipt.status === 1) {
    assert.equal(toHex(executed.contractAddress), reference.contractAddress, where);
  }
}

type Seen = {
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly code: Hex;
  readonly slots: Readonly<Record<Hex, bigint>>;
};

/** Both ways: an account, or a slot, that only one side has is a difference. */
function compareStates(
  chain: TestChain,
  sealed: SealedBlock,
  reference: ReadonlyMap<Hex, ReferenceAccount>,
  where: string,
): void {
  const addresses = new Set([...reference.keys(), ...sealed.accounts.keys()]);
  let compared = 0;
  for (const address of addresses) {
    if (NOT_COMPARED.has(address)) continue;
    const theirs = reference.get(address);
    const theirSlots = theirs === undefined ? new Map<Hex, bigint>() : slotsOf(theirs);
    const changed = sealed.changes.storage.get(address)?.slots.keys() ?? [];
    const slots = [...new Set([...theirSlots.keys(), ...changed])].toSorted();
    const own = ownAccount(chain, address, slots);
    const other: Seen = {
      nonce: BigInt(theirs?.nonce ?? 0),
      balance: BigInt(theirs?.balance ?? 0),
      code: theirs?.code ?? "0x",
      slots: Object.fromEntries(slots.map((slot) => [slot, theirSlots.get(slot) ?? 0n])),
    };
    assert.deepEqual(own, other, `${where}, ${address}`);
    compared++;
  }
  assert.ok(compared > 10, "the senders, the programs and the vaults at least");
}

function ownAccount(chain: TestChain, address: Hex, slots: readonly Hex[]): Seen {
  const bytes = asAddress(fromHex(address));
  const state = chain.state();
  const account = state.account(bytes);
  return {
    nonce: account?.nonce ?? 0n,
    balance: account?.balance ?? 0n,
    code: toHex(chain.code(bytes)),
    slots: Object.fromEntries(slots.map((slot) => [slot, state.storage(bytes, hashFromHex(slot))])),
  };
}
