import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Address, addressFromHex, bytesEqual, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { accountOf, CHAIN_ID, contract, ETHER, somewhere, TestChain } from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import type {
  AccountOverride,
  BlockCalls,
  SimulatedCall,
  SimulationFault,
  SimulationRequest,
} from "./request.ts";
import { type ChainSimulation, simulateChain } from "./run.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
/** Adds one to slot 0 and returns it; forwards its value to the account named in its input; reverts. */
const COUNTER = somewhere(1);
const FORWARDER = somewhere(2);
const REVERTER = somewhere(3);
/** Takes ether, hands it to nobody in a call that fails, and logs once before and once after. */
const LOGGER = somewhere(4);
const chain = new TestChain({
  config,
  evm,
  alloc: [
    contract(COUNTER, "0x5f54600101805f555f5260205ff3"),
    contract(FORWARDER, "0x5f5f5f5f345f355af100"),
    contract(REVERTER, "0x5f5f5f5f5f5fa05f5ffd"),
    contract(LOGGER, `0x5f5fa05f5f5f5f5f73${toHex(REVERTER).slice(2)}5af15f5fa000`),
  ],
});
await chain.build([]);
const [ALICE, BOB] = [accountOf(0), accountOf(1)];
const POOR = somewhere(50);

function call(to: Address | undefined, fields: Partial<SimulatedCall> = {}): SimulatedCall {
  return {
    from: ALICE,
    to,
    gas: undefined,
    gasPrice: undefined,
    maxFeePerGas: undefined,
    maxPriorityFeePerGas: undefined,
    maxFeePerBlobGas: undefined,
    blobHashes: undefined,
    value: 0n,
    nonce: undefined,
    data: new Uint8Array(0),
    accessList: [],
    authorizationList: [],
    ...fields,
  };
}

function block(calls: readonly SimulatedCall[], parts: Partial<BlockCalls> = {}): BlockCalls {
  return { block: {}, state: new Map(), calls, ...parts };
}

function simulateWith(
  request: Partial<SimulationRequest>,
  gasCap = 50_000_000n,
  maxCharacters = 25_000_000,
): Promise<ChainSimulation> {
  return simulateChain({
    config,
    base: chain.head,
    state: chain.state(),
    readNode: chain.readNode,
    evm,
    gasCap,
    maxCharacters,
    ancestorHash: () => undefined,
    request: { blocks: [], validation: false, traceTransfers: false, ...request },
  });
}

async function simulated(request: Partial<SimulationRequest>, gasCap?: bigint) {
  const simulation = await simulateWith(request, gasCap);
  assert.ok(
    simulation.kind === "simulated",
    JSON.stringify(simulation, (_, v) => (typeof v === "bigint" ? `${v}` : v)),
  );
  return simulation.blocks;
}

const outputs = (blocks: Awaited<ReturnType<typeof simulated>>): readonly (readonly Hex[])[] =>
  blocks.map(({ calls }) => calls.map(({ result }) => toHex(result.output)));
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, "0")}`;
const balance = (wei: bigint): AccountOverride => ({
  nonce: undefined,
  balance: wei,
  code: undefined,
  storage: undefined,
});

describe("chains of calls that nobody will have", () => {
  test("each call and each block sees what those before it did; the chain itself does not", async () => {
    const before = toHex(chain.head.stateRoot);
    const blocks = await simulated({
      blocks: [block([call(COUNTER), call(COUNTER)]), block([call(COUNTER)])],
    });
    assert.deepEqual(outputs(blocks), [[word(1), word(2)], [word(3)]]);
    assert.equal(toHex(chain.head.stateRoot), before);
    assert.deepEqual(outputs(await simulated({ blocks: [block([call(COUNTER)])] })), [[word(1)]]);
  });

  test("blocks hang together by their hashes, gaps and all, and BLOCKHASH knows them", async () => {
    const hashOf = (number: number) => fromHex(`0x60${number.toString(16).padStart(2, "0")}405f5260205ff3`);
    const blocks = await simulated({
      blocks: [block([]), block([call(undefined, { data: hashOf(2) })], { block: { number: 4n } })],
    });
    assert.deepEqual(
      blocks.map(({ block: { header } }) => header.number),
      [2n, 3n, 4n],
    );
    const [second, third, fourth] = blocks;
    assert.ok(second && third && fourth);
    assert.ok(bytesEqual(second.block.header.parentHash, headerHash(chain.head)));
    assert.ok(bytesEqual(third.block.header.parentHash, second.hash));
    assert.ok(bytesEqual(fourth.block.header.parentHash, third.hash));
    // What the initcode returned is the new contract's code.
    assert.equal(toHex(fourth.calls[0]?.result.output ?? new Uint8Array(0)), toHex(second.hash));
  });

  test("a block's values are what is pretended, for it alone", async () => {
    const shows = (opcode: string) => call(undefined, { data: fromHex(`0x${opcode}5f5260205ff3`) });
    const [first, second] = await simulated({
      blocks: [
        block([shows("41"), shows("45"), shows("48"), shows("4a")], {
          block: { feeRecipient: BOB, gasLimit: 10_000_000n, baseFeePerGas: 9n, blobBaseFee: 8n },
        }),
        block([shows("48")]),
      ],
    });
    assert.ok(first && second);
    assert.deepEqual(outputs([first])[0]?.slice(1), [word(10_000_000), word(9), word(8)]);
    assert.ok(bytesEqual(first.block.header.beneficiary, BOB));
    assert.equal(second.block.header.gasLimit, 10_000_000n);
    assert.deepEqual(outputs([second]), [[word(0)]]);
  });

  test("pretended accounts are there from their block on", async () => {
    const transfer = call(BOB, { from: POOR, value: 5n });
    const state = new Map([[toHex(POOR), balance(5n)]]);
    const [only] = await simulated({ blocks: [block([transfer], { state })] });
    assert.equal(only?.calls[0]?.gasUsed, 21_000n);
    const late = await simulateWith({ blocks: [block([transfer]), block([], { state })] });
    assert.equal(faultOf(late), "call-refused insufficient-funds");
  });

  test("transfers are told as logs of ERC-20, where wanted: the call's own, and those within", async () => {
    const to = fromHex(`0x${toHex(BOB).slice(2).padStart(64, "0")}`);
    const blocks = [block([call(FORWARDER, { value: 7n, data: to }), call(REVERTER, { value: 1n })])];
    const [traced] = await simulated({ blocks, traceTransfers: true });
    const logs = traced?.calls.map(({ trace }) => trace.logs.map(({ log }) => log)) ?? [];
    assert.deepEqual(
      logs.map((list) =>
        list.map(({ address, topics, data }) => [toHex(address), ...topics.map(toHex), toHex(data)]),
      ),
      [[transferLog(ALICE, FORWARDER, 7), transferLog(FORWARDER, BOB, 7)], []],
    );
    // The receipt has none of them.
    assert.ok(traced?.calls.every((one) => one.logs.length === 0));
    const [plain] = await simulated({ blocks });
    assert.deepEqual(plain?.calls[0]?.trace.logs, []);
  });

  test("logs that a failure dropped have had their places", async () => {
    const [only] = await simulated({ blocks: [block([call(LOGGER)])] });
    const trace = only?.calls[0]?.trace;
    assert.deepEqual(
      trace?.logs.map(({ index }) => index),
      [0, 2],
    );
    assert.equal(trace?.emitted, 3);
  });

  test("a call without a limit takes what the block, and the whole simulation, have left", async () => {
    const spend = call(undefined, { data: fromHex("0xfe") });
    const [first, second] = await simulated({ blocks: [block([spend]), block([spend])] }, 40_000_000n);
    assert.equal(first?.calls[0]?.gasUsed, 30_000_000n);
    assert.equal(second?.calls[0]?.gasUsed, 10_000_000n);
    assert.equal(second?.left.gas, 0n);
  });

  test("validated calls pay their price, and their nonce counts", async () => {
    const paid = call(BOB, { gas: 21_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 3n, nonce: 0n });
    const [only] = await simulated({ blocks: [block([paid])], validation: true });
    const baseFee = only?.block.header.baseFeePerGas ?? 0n;
    assert.ok(baseFee > 0n);
    assert.equal(only?.calls[0]?.gasPrice, baseFee + 3n);
  });

  const dear = { gas: 21_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n };
  const hash = chain.head.stateRoot;
  const refused: readonly (readonly [fault: string, blocks: readonly BlockCalls[], validation?: boolean])[] =
    [
      ["call-refused nonce-too-high", [block([call(BOB, { ...dear, nonce: 1n })])], true],
      [
        "call-refused nonce-too-low",
        [block([call(BOB, { ...dear, nonce: 0n }), call(BOB, { ...dear, nonce: 0n })])],
        true,
      ],
      ["call-refused fee-cap-below-base-fee", [block([call(BOB)])], true],
      [
        "call-refused fee-cap-below-base-fee",
        [block([call(BOB, { gasPrice: 1n })], { block: { baseFeePerGas: 2n } })],
      ],
      [
        "call-refused tip-above-fee-cap",
        [block([call(BOB, { maxFeePerGas: 1n, maxPriorityFeePerGas: 2n })])],
      ],
      ["call-refused insufficient-funds", [block([call(BOB, { from: POOR, value: 1n })])]],
      ["call-refused insufficient-funds", [block([call(BOB, { value: 101n * ETHER })])]],
      ["call-refused intrinsic-gas-too-low", [block([call(BOB, { gas: 20_999n })])]],
      ["call-refused intrinsic-gas-too-low", [block([call(undefined, { gas: 52_999n })])]],
      ["call-refused floor-data-gas-too-low", [block([call(BOB, { gas: 21_039n, data: Uint8Array.of(1) })])]],
      ["call-refused initcode-too-large", [block([call(undefined, { data: new Uint8Array(49_153) })])]],
      ["call-refused blobs-missing", [block([call(BOB, { blobHashes: [] })])]],
      ["call-refused blob-creation", [block([call(undefined, { blobHashes: [hash] })])]],
      ["call-refused blob-version-unknown", [block([call(BOB, { blobHashes: [hash] })])]],
      ["fees-conflict", [block([call(BOB, { gasPrice: 1n, maxFeePerGas: 1n })])]],
      ["block-gas-limit", [block([call(BOB, { gas: 30_000_001n })])]],
      ["block-gas-limit", [block([call(BOB), call(BOB, { gas: 29_979_001n })])]],
      ["too-many-blocks", [block([], { block: { number: 1_000n } })]],
      ["block-numbers-out-of-order", [block([], { block: { number: 1n } })]],
      ["timestamps-out-of-order", [block([], { block: { time: 5n } })]],
      [
        "override",
        [block([], { state: new Map([[toHex(BOB), { ...balance(0n), movePrecompileTo: ALICE }]]) })],
      ],
      ["override", [block([], { state: new Map([[toHex(BOB), { ...balance(0n), hasTwoStorages: true }]]) })]],
    ];
  for (const [fault, blocks, validation = false] of refused) {
    test(`refused: ${fault}`, async () => {
      assert.equal(faultOf(await simulateWith({ blocks, validation })), fault);
      // A good block before it changes nothing: all is refused.
      const afterOne = [block([]), ...blocks];
      assert.equal(faultOf(await simulateWith({ blocks: afterOne, validation })), fault);
    });
  }

  test("refused: what the whole simulation may use is used up", async () => {
    const spend = call(undefined, { data: fromHex("0xfe") });
    const simulation = await simulateWith({ blocks: [block([spend]), block([call(BOB)])] }, 30_000_000n);
    assert.equal(faultOf(simulation), "call-refused intrinsic-gas-too-low");
  });

  test("no more is made than an answer may have", async () => {
    const at = somewhere(61);
    const program = (code: Hex) =>
      new Map([[toHex(at), { ...balance(0n), balance: undefined, code: fromHex(code) }]]);
    // 100,000 bytes, returned or reverted with; 100 logs, here and in a frame that fails.
    for (const code of ["0x620186a05ff3", "0x620186a05ffd", `0x${"5f5fa0".repeat(100)}00`] as const) {
      const state = program(code);
      const calls = Array.from({ length: 4 }, () => call(at));
      const whole = await simulateWith({ blocks: [block(calls, { state })] });
      assert.equal(faultOf(whole), undefined);
      const least = code.startsWith("0x6201") ? 4 * 200_000 : 4 * 100 * 500;
      const cut = await simulateWith({ blocks: [block(calls, { state })] }, 50_000_000n, least);
      assert.equal(faultOf(cut), "too-large", code);
      const apart = calls.map((one) => block([one], { state }));
      assert.equal(faultOf(await simulateWith({ blocks: apart }, 50_000_000n, least)), "too-large", code);
    }
    const empty = Array.from({ length: 100 }, () => block([]));
    assert.equal(faultOf(await simulateWith({ blocks: empty }, 1n, 50_000)), "too-large");
  });

  test("a moved precompile is called where it is", async () => {
    const identity = addressFromHex(`0x${"00".repeat(19)}04`);
    const state = new Map([
      [toHex(identity), { ...balance(0n), balance: undefined, movePrecompileTo: somewhere(60) }],
    ]);
    const data = Uint8Array.of(1, 2, 3);
    const [only] = await simulated({
      blocks: [block([call(somewhere(60), { data }), call(identity, { data })], { state })],
    });
    assert.deepEqual(only && outputs([only]), [["0x010203", "0x"]]);
  });
});

function faultOf(simulation: ChainSimulation): string | undefined {
  if (simulation.kind === "simulated") return undefined;
  const fault: SimulationFault = simulation.fault;
  return fault.kind === "call-refused" ? `${fault.kind} ${fault.reason}` : fault.kind;
}

function transferLog(from: Address, to: Address, value: number): readonly Hex[] {
  const topic = (address: Address): Hex => `0x${toHex(address).slice(2).padStart(64, "0")}`;
  return [
    "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
    ...[topic(from), topic(to), word(value)],
  ];
}
