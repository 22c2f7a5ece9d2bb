import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { startCallWorker } from "../calls/call-worker.ts";
import { ALICE, CONFIG, LOGGER } from "../testing/genesis.ts";
import { ask, type Served, serveMemoryChain } from "../testing/serve.ts";

const TARGET = "0x00000000000000000000000000000000000A11cE";
const ELSEWHERE = "0x000000000000000000000000000000000000bEEF";
const IDENTITY = "0x0000000000000000000000000000000000000004";
const SHA256 = "0x0000000000000000000000000000000000000002";
/** PUSH0 MSTORE, then returns the word. */
const RETURN_WORD = "5f5260205ff3";
const NOTHING = "0x";

function word(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** Code at TARGET. */
function coded(code: string): object {
  return { [TARGET]: { code: `0x${code}` } };
}

describe("what calls may pretend", () => {
  let served: Served;
  before(async () => {
    served = await serveMemoryChain();
    for (let i = 0; i < 3; i++) await served.chain.extend();
  });
  after(async () => served.server.stop());

  const call = (accounts: object, block?: object, fields: object = {}) =>
    ask(served.server.url, "eth_call", [
      { to: TARGET, ...fields },
      "latest",
      accounts,
      ...(block === undefined ? [] : [block]),
    ]);

  const seen: readonly (readonly [name: string, opcode: string, block: object, expected: string])[] = [
    ["NUMBER", "43", { number: "0xb" }, word(11n)],
    ["NUMBER of nothing pretended", "43", {}, word(3n)],
    ["TIMESTAMP", "42", { time: "0x77777777" }, word(0x77777777n)],
    ["GASLIMIT", "45", { gasLimit: "0x1234" }, word(0x1234n)],
    ["COINBASE", "41", { feeRecipient: ELSEWHERE }, word(BigInt(ELSEWHERE))],
    ["PREVRANDAO", "44", { prevRandao: word(9n) }, word(9n)],
    ["BLOBBASEFEE", "4a", { blobBaseFee: "0x539" }, word(0x539n)],
    ["BASEFEE of a call without a price", "48", { baseFeePerGas: "0x64" }, word(0n)],
    ["CHAINID, whatever is pretended", "46", { number: "0x1", difficulty: "0x5" }, word(901n)],
  ];
  for (const [name, opcode, block, expected] of seen) {
    test(`the code sees ${name}`, async () => {
      assert.equal((await call(coded(opcode + RETURN_WORD), block)).result, expected);
    });
  }

  test("a call with a price sees the base fee, and must reach it", async () => {
    const accounts = coded(`48${RETURN_WORD}`);
    const paid = { from: toHex(ALICE), gas: "0x186a0", gasPrice: "0x64" };
    assert.equal((await call(accounts, { baseFeePerGas: "0x64" }, paid)).result, word(100n));
    const { error } = await call(accounts, { baseFeePerGas: "0x65" }, paid);
    assert.equal(error?.code, -32000);
    assert.match(error?.message ?? "", /^err: max fee per gas less than block base fee: .*baseFee: 101/);
  });

  test("BLOCKHASH knows the real chain alone, wherever the call pretends to be", async () => {
    const { chain } = served;
    const hashOf = (number: string) => `60${number}40${RETURN_WORD}`;
    const second = chain.hashByNumber(2n);
    assert.ok(second);
    assert.equal((await call(coded(hashOf("02")), { number: "0x64" })).result, toHex(second));
    for (const unknown of ["03", "50"]) {
      const answer = await call(coded(hashOf(unknown)), { number: "0x64" });
      assert.equal(answer.result, toHex(ZERO_HASH), unknown);
    }
    // Not below its own number.
    assert.equal((await call(coded(hashOf("02")), { number: "0x2" })).result, toHex(ZERO_HASH));
  });

  test("a moved precompile runs there, and no longer here", async () => {
    const moved = { [IDENTITY]: { movePrecompileToAddress: ELSEWHERE } };
    const input = { input: "0xc0ffee" };
    assert.equal((await call(moved, {}, { ...input, to: ELSEWHERE })).result, "0xc0ffee");
    assert.equal((await call(moved, {}, { ...input, to: IDENTITY })).result, NOTHING);
    assert.equal((await call({}, {}, { ...input, to: ELSEWHERE })).result, NOTHING);
  });

  test("code in a precompile's place runs instead of it", async () => {
    const replaced = { [SHA256]: { code: `0x602a${RETURN_WORD}` } };
    assert.equal((await call(replaced, {}, { to: SHA256, input: "0x01" })).result, word(42n));
  });

  test("state forgets all slots, stateDiff those it names", async () => {
    const reads = `5f54600154${"01"}${RETURN_WORD}`;
    const code = { code: `0x${reads}` };
    const slot = (index: bigint, value: bigint) => ({ [word(index)]: word(value) });
    const of = async (storage: object) => (await call({ [TARGET]: { ...code, ...storage } })).result;
    assert.equal(await of({ stateDiff: slot(0n, 5n) }), word(5n));
    assert.equal(await of({ state: { ...slot(0n, 5n), ...slot(1n, 6n) } }), word(11n));
    assert.equal(await of({ state: {} }), word(0n));
  });

  test("gas is estimated for the block that is pretended", async () => {
    // Reverts unless NUMBER is 11.
    const accounts = coded("43600b14600a575f5ffd5b00");
    const estimate = (block: object) =>
      ask(served.server.url, "eth_estimateGas", [{ to: TARGET }, "latest", accounts, block]);
    const { result } = await estimate({ number: "0xb" });
    assert.ok(Number(result) > 21_000 && Number(result) < 22_000, String(result));
    const { error } = await estimate({ number: "0xc" });
    assert.deepEqual([error?.code, error?.message], [3, "execution reverted"]);
    const small = await estimate({ number: "0xb", gasLimit: "0x5209" });
    assert.equal(small.error?.message, "gas required exceeds allowance (21001)");
  });

  test("an access list is made of the code that is pretended", async () => {
    const answer = await ask(served.server.url, "eth_createAccessList", [
      { to: TARGET, from: toHex(ALICE) },
      "latest",
      coded("60055400"),
    ]);
    const { accessList } = answer.result as { accessList: unknown };
    assert.deepEqual(accessList, [{ address: TARGET.toLowerCase(), storageKeys: [word(5n)] }]);
  });

  test("the thread that runs calls pretends the same", async () => {
    const calls = startCallWorker(CONFIG, silentLog);
    const threaded = await serveMemoryChain({ calls });
    try {
      const one = (params: readonly unknown[]) => ask(threaded.server.url, "eth_call", params);
      const number = [{ to: TARGET }, "latest", coded(`43${RETURN_WORD}`), { number: "0x7" }];
      assert.equal((await one(number)).result, word(7n));
      const moved = { [IDENTITY]: { movePrecompileToAddress: ELSEWHERE } };
      assert.equal((await one([{ to: ELSEWHERE, input: "0x0a" }, "latest", moved])).result, "0x0a");
    } finally {
      await threaded.server.stop();
      await calls.stop();
    }
  });

  test("a call with blobs shows their hashes", async () => {
    const hash = `0x01${"ab".repeat(31)}`;
    const shows = coded(`5f49${RETURN_WORD}`);
    assert.equal((await call(shows, {}, { blobVersionedHashes: [hash] })).result, hash);
    assert.equal((await call(shows)).result, word(0n));
  });

  const creation = { to: null, input: "0x00" };
  const authorizationList = [
    { chainId: "0x385", address: ELSEWHERE, nonce: "0x0", yParity: "0x0", r: "0x1", s: "0x1" },
  ];
  const badTypes: readonly (readonly [fields: object, words: string])[] = [
    [{ ...creation, blobVersionedHashes: [`0x01${"00".repeat(31)}`] }, "blob transaction of type create"],
    [{ blobVersionedHashes: [] }, "blob transaction missing blob hashes"],
    [
      { blobVersionedHashes: [`0x01${"00".repeat(31)}`, `0x02${"00".repeat(31)}`] },
      "blob 1 has invalid hash version",
    ],
    [
      { ...creation, from: ELSEWHERE, authorizationList },
      `EIP-7702 transaction cannot be used to create contract (sender ${ELSEWHERE})`,
    ],
  ];
  for (const [fields, words] of badTypes) {
    test(`refused: ${words}`, async () => {
      for (const method of ["eth_call", "eth_estimateGas", "eth_createAccessList"]) {
        const { error } = await ask(served.server.url, method, [{ to: TARGET, gas: "0x186a0", ...fields }]);
        assert.deepEqual([error?.code, error?.message], [-32000, `err: ${words} (supplied gas 100000)`]);
      }
    });
  }

  const withdrawals: readonly object[] = [];
  const moves = (from: Hex, to: string) => ({ [from]: { movePrecompileToAddress: to } });
  const refused: readonly (readonly [params: readonly unknown[], code: number, words: string | RegExp])[] = [
    [[{ beaconRoot: word(1n) }], -32000, 'block override "beaconRoot" is not supported for this RPC method'],
    [[{ withdrawals }], -32000, 'block override "withdrawals" is not supported for this RPC method'],
    [[{ number: "11" }], -32602, /^invalid argument 3: number: .*hex string without 0x prefix/],
    [[{ number: 11 }], -32602, /^invalid argument 3: number: .*cannot unmarshal non-string/],
    [[{ number: `0x1${"0".repeat(64)}` }], -32602, /hex number > 256 bits/],
    [[{ time: "0x10000000000000000" }], -32602, /hex number > 64 bits/],
    [[{ gasLimit: "0x" }], -32602, /hex string "0x"/],
    [[{ feeRecipient: "0x12" }], -32602, /want 40 for common.Address/],
    [[{ prevRandao: "0x12" }], -32602, /want 64 for common.Hash/],
    [[[]], -32602, /^invalid argument 3: json: cannot unmarshal/],
    [["0x1"], -32602, /^invalid argument 3: json: cannot unmarshal/],
    [[{}, {}], -32602, "too many arguments, want at most 4"],
  ];
  for (const [rest, code, words] of refused) {
    test(`refused: blocks ${JSON.stringify(rest).slice(0, 60)}`, async () => {
      for (const method of ["eth_call", "eth_estimateGas"]) {
        const { error } = await ask(served.server.url, method, [{ to: TARGET }, "latest", {}, ...rest]);
        assert.equal(error?.code, code, error?.message);
        if (typeof words === "string") assert.equal(error?.message, words);
        else assert.match(error?.message ?? "", words);
      }
    });
  }

  const badAccounts: readonly (readonly [accounts: unknown, code: number, words: string | RegExp])[] = [
    [moves(TARGET, ELSEWHERE), -32000, `account ${TARGET} is not a precompile`],
    [moves(toHex(LOGGER), ELSEWHERE), -32000, /^account 0x\w{40} is not a precompile$/],
    [
      { ...moves(IDENTITY, ELSEWHERE), [ELSEWHERE]: { nonce: "0x1" } },
      -32000,
      `account ${ELSEWHERE} is already overridden`,
    ],
    [moves(IDENTITY, IDENTITY), -32000, `account ${IDENTITY} is already overridden`],
    [
      { [TARGET]: { state: {}, stateDiff: {} } },
      -32000,
      `account ${TARGET} has both 'state' and 'stateDiff'`,
    ],
    [{ [IDENTITY]: { movePrecompileToAddress: "0x1" } }, -32602, /odd length/],
    [{ [TARGET]: { code: "0x1" } }, -32602, /odd length/],
    [{ [TARGET]: { balance: 5 } }, -32602, /non-string/],
    [{ [TARGET]: { stateDiff: { "0x1": word(1n) } } }, -32602, /odd length|want 64/],
    [{ "0x12": {} }, -32602, /want 40 for common.Address/],
    [[], -32602, /^invalid argument 2: json: cannot unmarshal/],
  ];
  for (const [accounts, code, words] of badAccounts) {
    test(`refused: accounts ${JSON.stringify(accounts).slice(0, 90)}`, async () => {
      for (const method of ["eth_call", "eth_estimateGas", "eth_createAccessList"]) {
        const { error } = await ask(served.server.url, method, [{ to: TARGET }, "latest", accounts]);
        assert.equal(error?.code, code, `${method}: ${error?.message}`);
        if (typeof words === "string") assert.equal(error?.message, words);
        else assert.match(error?.message ?? "", words);
      }
    });
  }

  test("refused: an access list in a block that is pretended", async () => {
    const { error } = await ask(served.server.url, "eth_createAccessList", [
      ...[{ to: TARGET }, "latest", {}, { number: "0x1" }],
    ]);
    assert.deepEqual([error?.code, error?.message], [-32602, "too many arguments, want at most 3"]);
  });
});
