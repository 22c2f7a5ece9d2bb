import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { type CallRequest, pendingHeader, type Simulation, simulate } from "./call.ts";
import { estimateGas } from "./estimate-gas.ts";
import { createEthereumjsEvm } from "./evm/ethereumjs/evm.ts";
import { accountOf, CHAIN_ID, contract, ETHER, signed, somewhere, TestChain } from "./testing/chain.ts";
import { jovianConfig } from "./testing/config.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const RETURNS_42 = somewhere(1);
const REVERTS_42 = somewhere(2);
const STORES = somewhere(3);
const LOOPS = somewhere(4);
const SHOWS = somewhere(5);
const CALLS = somewhere(6);
const HASH_OF_PARENT = somewhere(7);
const HASH_OF_OLD = somewhere(8);
const chain = new TestChain({
  config,
  evm,
  alloc: [
    contract(RETURNS_42, "0x602a5f5260205ff3"),
    contract(REVERTS_42, "0x602a5f5260205ffd"),
    contract(STORES, "0x60015f55"),
    contract(LOOPS, "0x5b5f56"),
    // BASEFEE and BLOBBASEFEE, returned as two words
    contract(SHOWS, "0x485f524a60205260405ff3"),
    // Calls STORES with all the gas; reverts unless that worked.
    contract(CALLS, `0x5f5f5f5f5f73${toHex(STORES).slice(2)}5af16022575f5ffd5b00`),
    // BLOCKHASH(NUMBER - 1), BLOCKHASH(0)
    contract(HASH_OF_PARENT, "0x6001430340" + "5f5260205ff3"),
    contract(HASH_OF_OLD, "0x5f40" + "5f5260205ff3"),
  ],
});
const genesisHash = headerHash(chain.head);
await chain.build([signed(0, { to: somewhere(50), value: 1n })]);
await chain.build([]);

const call = (request: CallRequest, options: { reportAccessList?: boolean } = {}): Promise<Simulation> =>
  simulate({ config, header: chain.head, state: chain.state(), evm, request, ...options });

test("a call returns data, and gas as of a whole transaction", async () => {
  const result = await call({ to: RETURNS_42 });
  assert.equal(result.kind, "returned");
  if (result.kind !== "returned") return;
  assert.equal(BigInt(toHex(result.output)), 42n);
  assert.ok(result.gasUsed > 21_000n && result.gasUsed < 21_100n);
});

test("a revert gives its data back", async () => {
  const result = await call({ to: REVERTS_42 });
  assert.equal(result.kind, "reverted");
  assert.equal(result.kind === "reverted" && BigInt(toHex(result.output)), 42n);
});

test("an exception is named, and takes all the gas", async () => {
  const result = await call({ to: LOOPS, gasLimit: 100_000n });
  assert.ok(result.kind === "failed" && result.reason === "halted");
  assert.deepEqual([result.exception, result.gasUsed], ["out of gas", 100_000n]);
});

test("a call is refused before it runs: value, price, intrinsic gas, floor, initcode", async () => {
  const reasonOf = async (request: CallRequest): Promise<string> => {
    const result = await call(request);
    return result.kind === "failed" ? result.reason : result.kind;
  };
  assert.equal(await reasonOf({ to: RETURNS_42, value: 1n }), "insufficient-funds");
  assert.equal(await reasonOf({ to: RETURNS_42, gasPrice: 1n }), "fee-cap-below-base-fee");
  assert.equal(await reasonOf({ to: RETURNS_42, gasPrice: 10n ** 9n }), "insufficient-funds");
  assert.equal(await reasonOf({ to: RETURNS_42, gasLimit: 20_999n }), "intrinsic-gas-too-low");
  assert.equal(
    await reasonOf({ to: RETURNS_42, data: Uint8Array.of(0), gasLimit: 21_009n }),
    "floor-data-gas-too-low",
  );
  assert.equal(await reasonOf({ data: new Uint8Array(49_153) }), "initcode-too-large");
  assert.equal(await reasonOf({ to: RETURNS_42, from: accountOf(0), value: ETHER }), "returned");
});

test("BASEFEE is zero in a call without a price, and the block's with one; BLOBBASEFEE is 1", async () => {
  const words = async (request: CallRequest): Promise<bigint[]> => {
    const result = await call(request);
    assert.equal(result.kind, "returned");
    const output = result.kind === "returned" ? result.output : new Uint8Array(0);
    return [BigInt(toHex(output.subarray(0, 32))), BigInt(toHex(output.subarray(32, 64)))];
  };
  assert.deepEqual(await words({ to: SHOWS }), [0n, 1n]);
  const priced = await words({ to: SHOWS, from: accountOf(0), gasPrice: 10n ** 7n });
  assert.deepEqual(priced, [chain.head.baseFeePerGas, 1n]);
});

test("EIP-2935: BLOCKHASH knows the parent, and older blocks from the state", async () => {
  const parent = await call({ to: HASH_OF_PARENT });
  assert.equal(parent.kind === "returned" && toHex(parent.output), toHex(chain.head.parentHash));
  const genesis = await call({ to: HASH_OF_OLD });
  assert.equal(genesis.kind === "returned" && toHex(genesis.output), toHex(genesisHash));
});

test("a call changes nothing", async () => {
  const state = chain.state();
  const before = state.storage(STORES, chain.head.prevRandao);
  await call({ to: STORES });
  assert.equal((await call({ to: STORES })).kind, "returned");
  assert.equal(state.storage(STORES, chain.head.prevRandao), before);
});

test("calls that overlap do not disturb each other", async () => {
  const results = await Promise.all([
    call({ to: RETURNS_42 }),
    call({ to: REVERTS_42 }),
    call({ to: LOOPS, gasLimit: 50_000n }),
    call({ to: RETURNS_42 }),
  ]);
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ["returned", "reverted", "failed", "returned"],
  );
});

test("the accounts and slots that code accessed are reported when asked for", async () => {
  const result = await call({ to: CALLS }, { reportAccessList: true });
  assert.ok(result.kind === "returned");
  const entry = result.accessList?.find(({ address }) => toHex(address) === toHex(STORES));
  assert.deepEqual(entry?.storageKeys.map(toHex), [`0x${"00".repeat(32)}`]);
  const silent = await call({ to: CALLS });
  assert.equal(silent.kind === "returned" && silent.accessList, undefined);
});

test("an estimate succeeds and is at most 1.5 percent too high", async () => {
  for (const request of [
    { to: somewhere(60), value: 1n, from: accountOf(0) },
    { to: STORES },
    { to: CALLS },
  ]) {
    const estimate = await estimateGas({ config, header: chain.head, state: chain.state(), evm, request });
    assert.equal(estimate.kind, "estimated");
    if (estimate.kind !== "estimated") return;
    assert.equal((await call({ ...request, gasLimit: estimate.gas })).kind, "returned");
    const lower = await call({ ...request, gasLimit: (estimate.gas * 980n) / 1000n });
    assert.notEqual(lower.kind, "returned");
  }
});

test("an estimate of what never succeeds gives the failure", async () => {
  const input = { config, header: chain.head, state: chain.state(), evm };
  const reverts = await estimateGas({ ...input, request: { to: REVERTS_42 } });
  assert.equal(reverts.kind === "failed" && reverts.simulation.kind, "reverted");
  const loops = await estimateGas({ ...input, request: { to: LOOPS, gasLimit: 90_000n } });
  assert.ok(loops.kind === "failed" && loops.simulation.kind === "failed");
});

test("the pending block follows the head", async () => {
  const pending = pendingHeader(config, chain.head);
  assert.equal(pending.number, chain.head.number + 1n);
  assert.deepEqual(pending.parentHash, headerHash(chain.head));
  const block = await chain.open();
  assert.equal(pending.baseFeePerGas, block.baseFee);
  assert.equal(pending.timestamp, block.timestamp);
  const result = await simulate({
    config,
    header: pending,
    state: chain.state(),
    evm,
    request: { data: fromHex("0x435f5260205ff3") },
  });
  assert.equal(result.kind === "returned" && BigInt(toHex(result.output)), pending.number);
});
