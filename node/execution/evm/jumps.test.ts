import assert from "node:assert/strict";
import { test } from "node:test";
import { asHash, concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { processorTime } from "@phala-l2/protocol/testing/processor-time";
import { rollupRules } from "../block/rules.ts";
import { JournaledState } from "../state/journal.ts";
import { CHAIN_ID, somewhere, TestChain } from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import { createEthereumjsEvm } from "./ethereumjs/evm.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const chain = new TestChain({ config, evm });
const [target, caller] = [somewhere(8), somewhere(9)];

function run(state: JournaledState, gasLimit: bigint) {
  const message = {
    caller: somewhere(1),
    to: caller,
    value: 0n,
    data: new Uint8Array(0),
    gasLimit,
    gasPrice: 0n,
    accessList: [],
    warmAddresses: [],
    blobHashes: [],
  };
  const block = {
    chainId: CHAIN_ID,
    number: 1n,
    timestamp: 1n,
    beneficiary: somewhere(2),
    rules: rollupRules("jovian"),
    prevRandao: asHash(new Uint8Array(32)),
    gasLimit: 60_000_000n,
    baseFee: 0n,
    blobBaseFee: 1n,
    difficulty: 0n,
    blockHash: () => assert.fail("no code asks for it"),
  };
  return evm.run(message, block, state);
}

/** Calls the target for ever: 140 gas a round. */
const LOOP = fromHex(`0x5b600060006000600073${toHex(target).slice(2)}5afa50600056`);
/** Jumps over itself and stops; what follows is never run. */
const JUMPER = fromHex("0x600456005b00");

/** Processor time of calling a contract as often as the gas allows. */
async function costOfCalling(code: Uint8Array): Promise<number> {
  const state = new JournaledState(chain.state());
  state.setCode(target, code);
  state.setCode(caller, LOOP);
  const started = processorTime();
  const result = await run(state, 900_000n);
  assert.equal(result.exception, "out of gas");
  return processorTime(started);
}

test("calling a large contract again and again costs no more than calling a small one", async () => {
  await costOfCalling(JUMPER);
  for (const filler of [0x5b, 0x60, 0x7f]) {
    const large = concatBytes(JUMPER, new Uint8Array(24_576 - JUMPER.length).fill(filler));
    const [small, cost] = [await costOfCalling(JUMPER), await costOfCalling(large)];
    // Looking for the jump destinations at each call costs ten to thirty times as much.
    assert.ok(cost < 5 * small, `${cost} ms beside ${small} ms`);
  }
});

test("what is remembered of one code is not taken for another's at the same address", async () => {
  const once = fromHex(`0x6000600060006000600073${toHex(target).slice(2)}5af160005260206000f3`);
  for (const [code, succeeds] of [
    ["0x600456005b00", 1],
    ["0x600456006000", 0],
    ["0x600456605b00", 0],
    ["0x600456005b00", 1],
  ] as const) {
    const state = new JournaledState(chain.state());
    state.setCode(target, fromHex(code));
    state.setCode(caller, once);
    const { output } = await run(state, 100_000n);
    assert.equal(output[31], succeeds, code);
  }
});
