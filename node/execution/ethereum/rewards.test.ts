import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Address } from "@phala-l2/protocol/bytes";
import { type EvmFork, ethereumRules } from "../block/rules.ts";
import { JournaledState } from "../state/journal.ts";
import { accountOf, ETHER, somewhere } from "../testing/chain.ts";
import { payRewards, payWithdrawals } from "./rewards.ts";

const MINER = somewhere(1);
const NOTHING = { account: () => undefined, storage: () => 0n, code: () => new Uint8Array(0) };

/** Wei that a block 100 with ommers of these numbers pays: to the miner, and to each ommer's. */
function paid(fork: EvmFork, ommers: readonly bigint[]): readonly bigint[] {
  const state = new JournaledState(NOTHING, "kept");
  const mined = ommers.map((number, index) => ({ number, beneficiary: somewhere(10 + index) }));
  payRewards(state, ethereumRules(fork), { number: 100n, beneficiary: MINER }, mined);
  return [MINER, ...mined.map(({ beneficiary }) => beneficiary)].map((one) => state.balance(one));
}

describe("block rewards", () => {
  for (const [fork, reward] of [
    ["frontier", 5n],
    ["homestead", 5n],
    ["spuriousDragon", 5n],
    ["byzantium", 3n],
    ["constantinople", 2n],
    ["london", 2n],
    ["paris", 0n],
    ["prague", 0n],
  ] as const) {
    test(`${fork}: ${reward} ether`, () => assert.deepEqual(paid(fork, []), [reward * ETHER]));
  }

  test("an ommer an eighth less a block; its inclusion a 32nd each", () => {
    assert.deepEqual(paid("byzantium", [99n, 94n]), [
      3n * ETHER + (2n * 3n * ETHER) / 32n,
      (7n * 3n * ETHER) / 8n,
      (2n * 3n * ETHER) / 8n,
    ]);
  });

  test("from the Merge on nobody is paid, ommers or not", () => {
    assert.deepEqual(paid("paris", [99n]), [0n, 0n]);
  });

  test("a miner who is an ommer's too is paid twice", () => {
    const state = new JournaledState(NOTHING, "kept");
    const block = { number: 9n, beneficiary: MINER };
    payRewards(state, ethereumRules("istanbul"), block, [{ number: 8n, beneficiary: MINER }]);
    assert.equal(state.balance(MINER), 2n * ETHER + ETHER / 16n + (7n * ETHER) / 4n);
  });
});

describe("withdrawals", () => {
  const withdrawal = (address: Address, amount: bigint) => ({
    index: 0n,
    validatorIndex: 0n,
    address,
    amount,
  });

  test("are in gwei, and add up", () => {
    const state = new JournaledState(NOTHING);
    payWithdrawals(state, [withdrawal(MINER, 1n), withdrawal(accountOf(0), 7n), withdrawal(MINER, 2n)]);
    assert.equal(state.balance(MINER), 3_000_000_000n);
    assert.equal(state.balance(accountOf(0)), 7_000_000_000n);
  });

  test("of nothing make no account", () => {
    const state = new JournaledState(NOTHING);
    payWithdrawals(state, [withdrawal(MINER, 0n)]);
    assert.equal(state.account(MINER), undefined);
    assert.equal(state.changes().accounts.size, 0);
  });
});
