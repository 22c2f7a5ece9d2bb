import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import {
  BASE_FEE_VAULT,
  L1_FEE_VAULT,
  OPERATOR_FEE_VAULT,
  SEQUENCER_FEE_VAULT,
} from "@phala-l2/protocol/predeploys";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { openBlock } from "../block/open-block.ts";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import {
  accountOf,
  CHAIN_ID,
  contract,
  deposit,
  ETHER,
  keyOf,
  L1_PRICES,
  signed,
  somewhere,
  TestChain,
} from "../testing/chain.ts";
import { holoceneConfig, isthmusConfig, jovianConfig, karstConfig } from "../testing/config.ts";
import { contractAddress } from "./contract-address.ts";
import type { TransactionRejection } from "./rejection.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const chainOf = (options: Partial<ConstructorParameters<typeof TestChain>[0]> = {}): TestChain =>
  new TestChain({ config, evm, ...options });

/** Code as hex: PUSH0 PUSH0 REVERT; JUMPDEST PUSH0 JUMP (for ever); PUSH1 1 PUSH0 SSTORE; LOG0 of nothing. */
const REVERTS = "0x5f5ffd";
const LOOPS = "0x5b5f56";
const STORES = "0x60015f55";
const LOGS = "0x5f5fa0";

test("a transfer moves the value; the sender pays gas, L1 fee and operator fee; the vaults get all of it", async () => {
  const chain = chainOf();
  const { sealed, applications } = await chain.build([
    signed(0, { to: somewhere(1), value: ETHER, gasLimit: 21_000n }),
  ]);
  assert.equal(applications[0]?.kind, "included");
  const facts = sealed.transactions[1];
  assert.ok(facts);
  assert.equal(facts.gasUsed, 21_000n);
  assert.equal(
    facts.operatorFee,
    21_000n * L1_PRICES.operatorFeeScalar * 100n + L1_PRICES.operatorFeeConstant,
  );
  assert.ok(facts.l1Fee > 0n);
  const baseFee = sealed.block.header.baseFeePerGas ?? 0n;
  assert.equal(facts.effectiveGasPrice, baseFee + 1_000n);
  assert.equal(chain.balance(somewhere(1)), ETHER);
  assert.equal(chain.balance(SEQUENCER_FEE_VAULT), 21_000n * 1_000n);
  assert.equal(chain.balance(BASE_FEE_VAULT), 21_000n * baseFee);
  assert.equal(chain.balance(L1_FEE_VAULT), facts.l1Fee);
  assert.equal(chain.balance(OPERATOR_FEE_VAULT), facts.operatorFee);
  assert.equal(
    chain.balance(accountOf(0)),
    100n * ETHER - ETHER - 21_000n * facts.effectiveGasPrice - facts.l1Fee - facts.operatorFee,
  );
  assert.equal(chain.nonce(accountOf(0)), 1n);
});

test("a creation deploys code at the address of sender and nonce", async () => {
  const chain = chainOf();
  // PUSH1 0x60 PUSH0 MSTORE8; return the one byte 0x60 as code.
  const { sealed } = await chain.build([signed(0, { data: fromHex("0x60605f5360015ff3") })]);
  const address = contractAddress(accountOf(0), 0n);
  assert.deepEqual(sealed.transactions[1]?.contractAddress, address);
  assert.equal(sealed.receipts[1]?.status, 1);
  assert.equal(toHex(chain.code(address)), "0x60");
  assert.equal(chain.nonce(address), 1n);
});

test("a creation that reverts leaves no account, and still uses the nonce", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([signed(0, { data: fromHex(REVERTS), value: 5n })]);
  const address = contractAddress(accountOf(0), 0n);
  assert.equal(sealed.receipts[1]?.status, 0);
  assert.deepEqual(sealed.transactions[1]?.contractAddress, address);
  assert.equal(chain.state().account(address), undefined);
  assert.equal(chain.nonce(accountOf(0)), 1n);
});

test("EIP-3541: code that starts with 0xef is not deployed", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([signed(0, { data: fromHex("0x60ef5f5360015ff3") })]);
  assert.equal(sealed.receipts[1]?.status, 0);
  assert.equal(sealed.transactions[1]?.gasUsed, 100_000n);
});

test("EIP-7610: no contract is created over an account with code", async () => {
  const at = contractAddress(accountOf(0), 0n);
  const chain = chainOf({ alloc: [contract(at, STORES)] });
  const { sealed } = await chain.build([signed(0, { data: fromHex("0x60605f5360015ff3") })]);
  assert.equal(sealed.receipts[1]?.status, 0);
  assert.equal(toHex(chain.code(at)), STORES);
});

test("a revert keeps fees and nonce, gives the rest of the gas back, moves no value and leaves no log", async () => {
  const chain = chainOf({ alloc: [contract(somewhere(1), `${LOGS}${REVERTS.slice(2)}`)] });
  const { sealed } = await chain.build([signed(0, { to: somewhere(1), value: 7n })]);
  assert.equal(sealed.receipts[1]?.status, 0);
  assert.deepEqual(sealed.receipts[1]?.logs, []);
  assert.ok((sealed.transactions[1]?.gasUsed ?? 0n) < 22_000n);
  assert.equal(chain.balance(somewhere(1)), 0n);
  assert.equal(chain.nonce(accountOf(0)), 1n);
});

test("out of gas takes the whole gas limit and undoes the writes", async () => {
  const chain = chainOf({ alloc: [contract(somewhere(1), `${STORES}${LOOPS.slice(2)}`)] });
  const { sealed } = await chain.build([signed(0, { to: somewhere(1) })]);
  assert.equal(sealed.receipts[1]?.status, 0);
  assert.equal(sealed.transactions[1]?.gasUsed, 100_000n);
  assert.equal(sealed.changes.storage.size > 0, true);
  assert.equal(sealed.changes.storage.has(toHex(somewhere(1))), false);
});

test("EIP-7623: data that is not executed pays the floor", async () => {
  const chain = chainOf();
  const data = new Uint8Array(1_000).fill(1);
  const { sealed } = await chain.build([signed(0, { to: somewhere(1), data })]);
  assert.equal(sealed.transactions[1]?.gasUsed, 21_000n + 40n * 1_000n);
});

test("before Isthmus there is no floor and no operator fee", async () => {
  const holocene = holoceneConfig(CHAIN_ID);
  const chain = chainOf({ config: holocene });
  const data = new Uint8Array(1_000).fill(1);
  const { sealed } = await chain.build([signed(0, { to: somewhere(1), data })]);
  assert.equal(sealed.transactions[1]?.gasUsed, 21_000n + 16n * 1_000n);
  assert.equal(sealed.transactions[1]?.operatorFee, 0n);
  assert.equal(chain.balance(OPERATOR_FEE_VAULT), 0n);
  assert.equal(sealed.block.header.requestsHash, undefined);
  assert.equal(sealed.block.header.blobGasUsed, 0n);
});

test("Isthmus prices the operator fee in millionths", async () => {
  const prices = { ...L1_PRICES, operatorFeeScalar: 2_000_000n, operatorFeeConstant: 3n };
  const chain = chainOf({ config: isthmusConfig(CHAIN_ID), prices });
  const { sealed } = await chain.build([signed(0, { to: somewhere(1) })]);
  assert.equal(sealed.transactions[1]?.operatorFee, 2n * 21_000n + 3n);
});

test("EIP-3529: at most a fifth of the gas is given back", async () => {
  const slot = `0x${"00".repeat(32)}` as const;
  // Clears slot 0: SSTORE refund 4800, against 26,000 used and more.
  const clears = { ...contract(somewhere(1), "0x5f5f55"), storage: new Map([[slot, 9n] as const]) };
  const chain = chainOf({ alloc: [clears] });
  const { sealed } = await chain.build([signed(0, { to: somewhere(1) })]);
  // 21000 + PUSH0 PUSH0 (4) + cold SSTORE to zero (5000) - 4800
  assert.equal(sealed.transactions[1]?.gasUsed, 21_000n + 4n + 5_000n - 4_800n);
  assert.equal(chain.state().storage(somewhere(1), hashFromHex(slot)), 0n);
});

test("EIP-6780: a contract that destroys itself in its creating transaction is gone, its ether with it", async () => {
  const chain = chainOf();
  // ADDRESS SELFDESTRUCT: to itself
  const { sealed } = await chain.build([signed(0, { data: fromHex("0x30ff"), value: 3n })]);
  assert.equal(sealed.receipts[1]?.status, 1);
  assert.equal(chain.state().account(contractAddress(accountOf(0), 0n)), undefined);
});

test("EIP-6780: a contract of an earlier block keeps code and storage when it destroys itself", async () => {
  const at = somewhere(1);
  // PUSH20 beneficiary SELFDESTRUCT
  const chain = chainOf({ alloc: [contract(at, `0x73${toHex(somewhere(2)).slice(2)}ff`, 9n)] });
  await chain.build([signed(0, { to: at })]);
  assert.equal(chain.balance(at), 0n);
  assert.equal(chain.balance(somewhere(2)), 9n);
  assert.equal(chain.code(at).length > 0, true);
});

const TRANSFER = { to: somewhere(1), gasLimit: 21_000n };
const rejections: readonly [
  TransactionRejection,
  Uint8Array,
  Partial<ConstructorParameters<typeof TestChain>[0]>?,
][] = [
  ["undecodable", Uint8Array.of(0x02, 0xc0)],
  ["undecodable", new Uint8Array(0)],
  ["undecodable", Uint8Array.of(0x05)],
  ["nonce-too-high", signed(0, { ...TRANSFER, nonce: 1n })],
  ["wrong-chain-id", signed(0, { ...TRANSFER, chainId: CHAIN_ID + 1n })],
  ["wrong-chain-id", signed(0, { ...TRANSFER, chainId: 0n })],
  ["tip-above-fee-cap", signed(0, { ...TRANSFER, maxPriorityFeePerGas: 10_000_001n })],
  ["fee-cap-below-base-fee", signed(0, { ...TRANSFER, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n })],
  ["insufficient-funds", signed(0, { ...TRANSFER, value: 100n * ETHER })],
  ["insufficient-funds", signed(0, { ...TRANSFER, maxFeePerGas: 2n ** 255n })],
  ["insufficient-funds", signed(9, TRANSFER)],
  ["block-gas-limit", signed(0, { ...TRANSFER, gasLimit: 30_000_000n })],
  ["intrinsic-gas-too-low", signed(0, { ...TRANSFER, gasLimit: 20_999n })],
  ["intrinsic-gas-too-low", signed(0, { gasLimit: 53_000n, data: Uint8Array.of(0) })],
  ["floor-data-gas-too-low", signed(0, { ...TRANSFER, data: Uint8Array.of(0), gasLimit: 21_009n })],
  ["initcode-too-large", signed(0, { data: new Uint8Array(49_153), gasLimit: 5_000_000n })],
  [
    "gas-limit-above-cap",
    signed(0, { ...TRANSFER, gasLimit: 2n ** 24n + 1n }),
    { config: karstConfig(CHAIN_ID) },
  ],
  ["deposit-out-of-place", deposit({ to: somewhere(1) })],
];

for (const [reason, raw, options] of rejections) {
  test(`a block refuses a transaction: ${reason} (${toHex(raw).slice(0, 12)}…${raw.length})`, async () => {
    const chain = chainOf(options);
    const accepted = signed(3, TRANSFER);
    const other = chainOf(options);
    const { sealed, applications } = await chain.build([accepted, raw]);
    assert.equal(applications[1]?.kind, "rejected");
    assert.equal(applications[1]?.kind === "rejected" && applications[1].reason, reason);
    // It changed nothing.
    const without = await other.build([accepted]);
    assert.equal(toHex(sealed.hash), toHex(without.sealed.hash));
  });
}

test("a used nonce is too low", async () => {
  const { applications } = await chainOf().build([signed(0, TRANSFER), signed(0, TRANSFER)]);
  assert.deepEqual(applications[1], { kind: "rejected", reason: "nonce-too-low" });
});

test("EIP-2681: the highest nonce cannot be used", async () => {
  const rich = { address: accountOf(9), nonce: 2n ** 64n - 1n, balance: ETHER, code: new Uint8Array(0) };
  const chain = chainOf({ alloc: [{ ...rich, storage: new Map() }] });
  const { applications } = await chain.build([signed(9, { ...TRANSFER, nonce: 2n ** 64n - 1n })]);
  assert.deepEqual(applications[0], { kind: "rejected", reason: "nonce-max" });
});

test("EIP-3607: an account with a contract's code sends nothing", async () => {
  const chain = chainOf({ alloc: [{ ...contract(accountOf(9), STORES, ETHER), nonce: 0n }] });
  const { applications } = await chain.build([signed(9, TRANSFER)]);
  assert.deepEqual(applications[0], { kind: "rejected", reason: "sender-not-eoa" });
});

test("blob transactions are invalid on the L2", async () => {
  const blob = encodeTransaction(
    signTransaction(
      {
        type: 3,
        chainId: CHAIN_ID,
        nonce: 0n,
        maxPriorityFeePerGas: 1_000n,
        maxFeePerGas: 10_000_000n,
        gasLimit: 21_000n,
        to: somewhere(1),
        value: 0n,
        data: new Uint8Array(0),
        accessList: [],
        maxFeePerBlobGas: 1n,
        blobVersionedHashes: [],
      },
      keyOf(0),
    ),
  );
  const { applications } = await chainOf().build([blob]);
  assert.deepEqual(applications[0], { kind: "rejected", reason: "blob-transaction" });
});

test("an unprotected legacy transaction (before EIP-155) is valid", async () => {
  const raw = encodeTransaction(
    signTransaction(
      {
        type: 0,
        chainId: undefined,
        nonce: 0n,
        gasPrice: 10_000_000n,
        gasLimit: 21_000n,
        to: somewhere(1),
        value: 1n,
        data: new Uint8Array(0),
      },
      keyOf(0),
    ),
  );
  const chain = chainOf();
  const { applications } = await chain.build([raw]);
  assert.equal(applications[0]?.kind, "included");
  assert.equal(chain.balance(somewhere(1)), 1n);
});

test("the first transaction of a block is a deposit that Jovian can read", async () => {
  const chain = chainOf();
  const open = (): ReturnType<typeof openBlock> =>
    openBlock({
      config,
      parent: chain.head,
      attributes: chain.attributes(),
      state: chain.state(),
      readNode: chain.readNode,
      evm,
    });
  const first = async (raw: Uint8Array): Promise<unknown> => (await open()).apply(raw);
  assert.deepEqual(await first(signed(0, TRANSFER)), { kind: "rejected", reason: "l1-attributes-missing" });
  assert.deepEqual(await first(deposit({ to: somewhere(1) })), {
    kind: "rejected",
    reason: "l1-attributes-missing",
  });
  const empty = await open();
  assert.throws(() => empty.seal(), { code: "BLOCK_EMPTY" });
});
