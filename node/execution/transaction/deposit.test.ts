import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import {
  BASE_FEE_VAULT,
  L1_FEE_VAULT,
  OPERATOR_FEE_VAULT,
  SEQUENCER_FEE_VAULT,
} from "@phala-l2/protocol/predeploys";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
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
import { holoceneConfig, jovianConfig } from "../testing/config.ts";
import { contractAddress } from "./contract-address.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const chainOf = (options: Partial<ConstructorParameters<typeof TestChain>[0]> = {}): TestChain =>
  new TestChain({ config, evm, ...options });
const sender = somewhere(1);
const target = somewhere(2);
const REVERTS = "0x5f5ffd";
const LOOPS = "0x5b5f56";

test("a deposit mints, moves its value, uses a nonce and pays no fee", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([deposit({ from: sender, to: target, mint: 5n, value: 3n })]);
  assert.equal(chain.balance(sender), 2n);
  assert.equal(chain.balance(target), 3n);
  assert.equal(chain.nonce(sender), 1n);
  const receipt = sealed.receipts[1];
  assert.equal(receipt?.status, 1);
  assert.equal(receipt?.depositNonce, 0n);
  assert.equal(receipt?.depositReceiptVersion, 1n);
  assert.equal(sealed.transactions[1]?.gasUsed, 21_000n);
  for (const vault of [BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT, SEQUENCER_FEE_VAULT]) {
    assert.equal(chain.balance(vault), 0n);
  }
});

test("depositNonce is the sender's nonce before the deposit", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([
    deposit({ from: sender, to: target }),
    deposit({ from: sender, to: target }),
  ]);
  assert.deepEqual(
    sealed.receipts.slice(1).map((receipt) => receipt.depositNonce),
    [0n, 1n],
  );
});

test("a deposit that creates a contract does so at sender and nonce", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([deposit({ from: sender, data: fromHex("0x60605f5360015ff3") })]);
  assert.equal(toHex(chain.code(contractAddress(sender, 0n))), "0x60");
  assert.deepEqual(sealed.transactions[1]?.contractAddress, contractAddress(sender, 0n));
});

test("a deposit whose sender is a contract runs all the same (no EIP-3607 check)", async () => {
  const chain = chainOf({ alloc: [contract(sender, REVERTS, 9n)] });
  const { sealed } = await chain.build([deposit({ from: sender, to: target, value: 4n })]);
  assert.equal(sealed.receipts[1]?.status, 1);
  assert.equal(chain.balance(target), 4n);
});

test("gas of a deposit is counted with the refund, and with EIP-7623's floor from Isthmus", async () => {
  const data = new Uint8Array(100).fill(1);
  const { sealed } = await chainOf().build([deposit({ from: sender, to: target, data })]);
  assert.equal(sealed.transactions[1]?.gasUsed, 21_000n + 40n * 100n);
  const before = await chainOf({ config: holoceneConfig(CHAIN_ID) }).build([
    deposit({ from: sender, to: target, data }),
  ]);
  assert.equal(before.sealed.transactions[1]?.gasUsed, 21_000n + 16n * 100n);
});

const MINT = 7n;
const failing: readonly [string, Parameters<typeof deposit>[0], bigint][] = [
  ["reverts: gas is what it used", { to: somewhere(3) }, 21_004n],
  ["runs out of gas", { to: somewhere(4), gasLimit: 50_000n }, 50_000n],
  ["has less gas than its intrinsic gas", { to: target, gasLimit: 20_999n }, 20_999n],
  ["has no gas at all", { to: target, gasLimit: 0n }, 0n],
  [
    "has less gas than its data's floor",
    { to: target, gasLimit: 24_000n, data: new Uint8Array(100).fill(1) },
    24_000n,
  ],
  ["moves more than the sender has after the mint", { to: target, value: MINT + 1n }, 200_000n],
  [
    "creates a contract with more than the sender has",
    { value: MINT + 1n, data: Uint8Array.of(0) },
    200_000n,
  ],
  [
    "creates a contract from too much initcode",
    { data: new Uint8Array(49_153), gasLimit: 9_000_000n },
    9_000_000n,
  ],
  [
    "creates a contract that reverts",
    { data: fromHex(REVERTS), value: 1n },
    21_000n + 32_000n + 48n + 2n + 4n,
  ],
  [
    "claims to be a system transaction, which Regolith ended",
    { to: target, isSystemTransaction: true },
    200_000n,
  ],
];

for (const [what, fields, gasUsed] of failing) {
  test(`a deposit that ${what}: it stays with status 0, the mint and the nonce stay, no value moves`, async () => {
    const chain = chainOf({ alloc: [contract(somewhere(3), REVERTS), contract(somewhere(4), LOOPS)] });
    const { sealed, applications } = await chain.build([deposit({ from: sender, mint: MINT, ...fields })]);
    assert.equal(applications[0]?.kind, "included");
    assert.equal(sealed.receipts[1]?.status, 0);
    assert.deepEqual(sealed.receipts[1]?.logs, []);
    assert.equal(sealed.receipts[1]?.depositNonce, 0n);
    assert.equal(chain.balance(sender), MINT);
    assert.equal(chain.nonce(sender), 1n);
    assert.equal(chain.balance(target), 0n);
    assert.equal(sealed.transactions[1]?.gasUsed, gasUsed);
  });
}

test("a deposit for which the block has no gas left is no part of it", async () => {
  const chain = chainOf();
  const { applications } = await chain.build([deposit({ from: sender, gasLimit: 30_000_000n })]);
  assert.deepEqual(applications[0], { kind: "rejected", reason: "block-gas-limit" });
});

test("no deposit follows a user transaction", async () => {
  const chain = chainOf();
  const { applications } = await chain.build([
    signed(0, { to: target, value: ETHER }),
    deposit({ from: accountOf(1), mint: ETHER, to: target }),
  ]);
  assert.deepEqual(applications[1], { kind: "rejected", reason: "deposit-out-of-place" });
  assert.equal(chain.balance(accountOf(1)), 100n * ETHER);
});
