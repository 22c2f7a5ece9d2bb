import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { EMPTY_ACCOUNT } from "@phala-l2/execution/state/account";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { asHash, bigintFromBytes, bigintToBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import { ALICE, LOGGER, LOOPER, REVERTER } from "../testing/genesis.ts";
import { MemoryChain } from "../testing/memory-chain.ts";
import { ask, type Served, serveMemoryChain } from "../testing/serve.ts";
import { startCallWorker } from "./call-worker.ts";
import type { CallInput, CallRunner } from "./runner.ts";

const WORD = bigintToBytes(42n, 32);
const never = new AbortController().signal;

describe("calls on their own thread", () => {
  let chain: MemoryChain;
  let calls: CallRunner;
  let input: CallInput;

  before(async () => {
    chain = await MemoryChain.create();
    calls = startCallWorker(chain.config, silentLog);
    const header = chain.header(chain.genesisHash);
    input = {
      config: chain.config,
      header,
      state: chain.state(header),
      request: { from: ALICE, to: LOGGER, data: WORD },
    };
  });
  after(async () => calls.stop());

  test("read the state of the main thread", async () => {
    const simulation = await calls.simulate(input, never);
    assert.ok(simulation.kind === "returned");
    assert.equal(toHex(simulation.output), toHex(WORD));
    const reverted = await calls.simulate({ ...input, request: { to: REVERTER } }, never);
    assert.equal(reverted.kind, "reverted");
    const estimate = await calls.estimateGas(input, never);
    assert.equal(estimate.kind, "estimated");
  });

  test("run in turn, each on its own state", async () => {
    // Returns its slot 0: PUSH0 SLOAD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
    const code = Uint8Array.of(0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3);
    const account = { ...EMPTY_ACCOUNT, nonce: 1n, codeHash: keccak256(code) };
    const values = Array.from({ length: 8 }, (_, i) => BigInt(i) + 1n);
    const simulations = await Promise.all(
      values.map((value) => {
        const state: StateReader = { account: () => account, storage: () => value, code: () => code };
        return calls.simulate({ ...input, state, request: { to: REVERTER } }, never);
      }),
    );
    const returned = simulations.map((one) =>
      one.kind === "returned" ? bigintFromBytes(one.output) : one.kind,
    );
    assert.deepEqual(returned, values);
  });

  test("a missing node of the state is told by its code", async () => {
    const broken: StateReader = {
      account: () => {
        throw new RollupError("TRIE_NODE_MISSING", "gone");
      },
      storage: () => 0n,
      code: () => new Uint8Array(0),
    };
    await assert.rejects(calls.simulate({ ...input, state: broken }, never), (error) =>
      isRollupError(error, "TRIE_NODE_MISSING"),
    );
    assert.equal((await calls.simulate(input, never)).kind, "returned");
  });

  test("a call whose time is over is ended, and the next one runs", async () => {
    const controller = new AbortController();
    const endless = calls.simulate(
      { ...input, request: { to: LOOPER, gasLimit: 10n ** 12n } },
      controller.signal,
    );
    const waiting = calls.simulate(input, never);
    setTimeout(() => controller.abort(), 100);
    assert.deepEqual(await endless, { kind: "stopped" });
    assert.equal((await waiting).kind, "returned");
    assert.deepEqual(await calls.simulate(input, AbortSignal.abort()), { kind: "stopped" });
  });

  test("a call that takes too much memory is ended, and the next one runs", async () => {
    const small = startCallWorker(chain.config, silentLog, 48);
    try {
      // GAS GAS TSTORE, over and over: a new slot each time.
      const loop = `0x5b${"5a5a5d".repeat(1_000)}5f56` as const;
      const request = { data: fromHex(loop), gasLimit: 50_000_000n };
      assert.deepEqual(await small.simulate({ ...input, request }, never), { kind: "stopped" });
      assert.equal((await small.simulate(input, never)).kind, "returned");
    } finally {
      await small.stop();
    }
  });

  test("a block's ancestors are asked for", async () => {
    const asked: bigint[] = [];
    const ancestorHash = (number: bigint) => {
      asked.push(number);
      return asHash(WORD);
    };
    const header = { ...input.header, number: 100n };
    // BLOCKHASH of 50: PUSH1 50 BLOCKHASH PUSH0 MSTORE PUSH1 32 PUSH0 RETURN, as init code.
    const data = Uint8Array.of(0x60, 50, 0x40, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3);
    const simulation = await calls.simulate({ ...input, header, ancestorHash, request: { data } }, never);
    assert.ok(simulation.kind === "returned");
    assert.deepEqual(asked, [50n]);
    assert.equal(toHex(simulation.output), toHex(WORD));
  });
});

describe("a server whose calls run on a thread", () => {
  let served: Served;
  let calls: CallRunner;
  before(async () => {
    const { config } = await MemoryChain.create();
    calls = startCallWorker(config, silentLog);
    served = await serveMemoryChain({ calls, limits: { requestMs: 400, callGas: 10n ** 15n } });
    await ask(served.server.url, "eth_call", [{ to: toHex(LOGGER), data: toHex(WORD) }]);
  });
  after(async () => {
    await served.server.stop();
    await calls.stop();
  });

  test("an endless call is cut at its time, and holds up no other request", async () => {
    const { url } = served.server;
    const endless = ask(url, "eth_call", [{ to: toHex(LOOPER), gas: "0xffffffffff" }]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const other = ask(url, "eth_blockNumber").then(({ result }) => result);
    assert.equal(await Promise.race([endless.then(() => "the endless call"), other]), "0x0");
    assert.equal((await endless).error?.code, -32002);
  });
});
