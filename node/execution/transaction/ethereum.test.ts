import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import {
  asHash,
  bigintFromBytes,
  EMPTY_BYTES,
  fromHex,
  type Hash,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { BASE_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { SECP256K1_ORDER } from "@phala-l2/protocol/secp256k1";
import {
  encodeTransaction,
  type SignedTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import type { BlockContext } from "../block/context.ts";
import { EVM_FORKS, type EvmFork, ethereumRules, hasEvm } from "../block/rules.ts";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { emptyAccounts, JournaledState } from "../state/journal.ts";
import { accountOf, ETHER, keyOf, somewhere } from "../testing/chain.ts";
import { executeUserTransaction, type UserExecution } from "./execute-user.ts";
import { FREE_DATA } from "./rollup-charges.ts";
import { senderOf } from "./sender.ts";

/** Plain Ethereum's rules, without a rollup's: each EIP just before its fork and from it on. */
const CHAIN = 1n;
const evm = await createEthereumjsEvm({ l2ChainId: CHAIN });
const MINER = somewhere(70);
const TO = somewhere(71);
const BASE_FEE = 7n;
const BLOB_BASE_FEE = 3n;
const BLOB: Hash = asHash(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 9)));

const legacy: Extract<UnsignedTransaction, { type: 0 }> = {
  type: 0,
  chainId: undefined,
  nonce: 0n,
  gasPrice: 10n,
  gasLimit: 100_000n,
  to: TO,
  value: 1n,
  data: EMPTY_BYTES,
};
const typed = {
  chainId: CHAIN,
  nonce: 0n,
  gasLimit: 100_000n,
  to: TO,
  value: 1n,
  data: EMPTY_BYTES,
  accessList: [],
};
const fees = { maxFeePerGas: 20n, maxPriorityFeePerGas: 2n };
const blobs: Extract<UnsignedTransaction, { type: 3 }> = {
  type: 3,
  ...typed,
  ...fees,
  maxFeePerBlobGas: 5n,
  blobVersionedHashes: [BLOB],
};

function blockUnder(fork: EvmFork): BlockContext {
  const rules = ethereumRules(fork);
  return {
    chainId: CHAIN,
    rules,
    number: 1n,
    timestamp: 1n,
    beneficiary: MINER,
    gasLimit: 30_000_000n,
    difficulty: hasEvm(rules, "paris") ? 0n : 0x20000n,
    prevRandao: ZERO_HASH,
    baseFee: hasEvm(rules, "london") ? BASE_FEE : 0n,
    blobBaseFee: hasEvm(rules, "cancun") ? BLOB_BASE_FEE : 0n,
    blockHash: () => assert.fail("no code asks for it"),
  };
}

function stateUnder(fork: EvmFork): JournaledState {
  const nothing = { account: () => undefined, storage: () => 0n, code: () => EMPTY_BYTES };
  const state = new JournaledState(nothing, emptyAccounts(ethereumRules(fork)));
  state.addBalance(accountOf(0), ETHER);
  return state;
}

function sign(transaction: UnsignedTransaction): SignedTransaction {
  return signTransaction(transaction, keyOf(0));
}

function run(
  transaction: SignedTransaction,
  fork: EvmFork,
  state = stateUnder(fork),
  blobGasLeft = 9n * GAS_PER_BLOB,
): Promise<UserExecution> {
  const sender = senderOf(transaction, ethereumRules(fork)) ?? assert.fail("nobody signed");
  const scope = { block: blockUnder(fork), state, evm, gasLeft: 30_000_000n, blobGasLeft };
  return executeUserTransaction(
    { transaction, raw: encodeTransaction(transaction), sender },
    scope,
    FREE_DATA,
  );
}

async function gasOf(
  transaction: UnsignedTransaction,
  fork: EvmFork,
  state = stateUnder(fork),
): Promise<bigint> {
  const execution = await run(sign(transaction), fork, state);
  return execution.kind === "executed" ? execution.outcome.gasUsed : assert.fail(execution.reason);
}

async function refusal(
  transaction: UnsignedTransaction,
  fork: EvmFork,
  blobGasLeft?: bigint,
): Promise<string> {
  const state = stateUnder(fork);
  const execution = await run(sign(transaction), fork, state, blobGasLeft);
  if (execution.kind === "executed") return "executed";
  assert.equal(state.balance(accountOf(0)), ETHER, "a refused transaction changes nothing");
  return execution.reason;
}

/** The fork before. */
function before(fork: EvmFork): EvmFork {
  return EVM_FORKS[EVM_FORKS.indexOf(fork) - 1] ?? assert.fail("there is none");
}

describe("gas before the first instruction", () => {
  test("EIP-2: a creation costs 32000 more from Homestead", async () => {
    const creation = { ...legacy, to: undefined };
    assert.equal(await gasOf(creation, "frontier"), 21_000n);
    assert.equal(await gasOf(creation, "homestead"), 53_000n);
  });
  test("EIP-2028: a byte that is not zero costs 68, and 16 from Istanbul", async () => {
    const call = { ...legacy, data: Uint8Array.of(0, 1) };
    assert.equal(await gasOf(call, "petersburg"), 21_072n);
    assert.equal(await gasOf(call, "istanbul"), 21_020n);
  });
  test("EIP-3860: a word of creation code costs 2 from Shanghai, and there is a longest", async () => {
    // STOP, so that nothing else is paid for.
    const creation = { ...legacy, to: undefined, data: Uint8Array.of(0) };
    assert.equal(await gasOf(creation, "paris"), 53_004n);
    assert.equal(await gasOf(creation, "shanghai"), 53_006n);
    const long = { ...creation, gasLimit: 1_000_000n, data: new Uint8Array(49_153) };
    assert.equal(await refusal(long, "paris"), "executed");
    assert.equal(await refusal(long, "shanghai"), "initcode-too-large");
  });
  test("EIP-7623: data has a floor from Prague", async () => {
    const call = { ...legacy, data: new Uint8Array(100).fill(1) };
    assert.equal(await gasOf(call, "cancun"), 22_600n);
    assert.equal(await gasOf(call, "prague"), 25_000n);
    assert.equal(await refusal({ ...call, gasLimit: 24_999n }, "prague"), "floor-data-gas-too-low");
  });
  test("EIP-7825: at most 2^24 gas from Osaka", async () => {
    const large = { ...legacy, gasLimit: 2n ** 24n + 1n };
    assert.equal(await refusal(large, "prague"), "executed");
    assert.equal(await refusal(large, "osaka"), "gas-limit-above-cap");
    assert.equal(await refusal({ ...large, gasLimit: 2n ** 24n }, "osaka"), "executed");
  });
});

describe("which transactions there are", () => {
  const since: readonly (readonly [name: string, transaction: UnsignedTransaction, fork: EvmFork])[] = [
    ["EIP-2930", { type: 1, ...typed, gasPrice: 10n }, "berlin"],
    ["EIP-1559", { type: 2, ...typed, ...fees }, "london"],
    ["EIP-4844", blobs, "cancun"],
  ];
  for (const [name, transaction, fork] of since) {
    test(`${name} from ${fork}`, async () => {
      assert.equal(await refusal(transaction, before(fork)), "type-not-active");
      assert.equal(await refusal(transaction, fork), "executed");
    });
  }
  test("EIP-7702 from Prague", async () => {
    const transaction: UnsignedTransaction = { type: 4, ...typed, ...fees, authorizationList: [] };
    assert.equal(await refusal(transaction, "cancun"), "type-not-active");
    assert.equal(await refusal(transaction, "prague"), "authorization-list-empty");
  });
  test("EIP-155: a legacy transaction names a chain from Spurious Dragon, this one", async () => {
    const named = { ...legacy, chainId: CHAIN };
    assert.equal(await refusal(named, "tangerineWhistle"), "invalid-signature");
    assert.equal(await refusal(named, "spuriousDragon"), "executed");
    assert.equal(await refusal({ ...legacy, chainId: 5n }, "spuriousDragon"), "wrong-chain-id");
  });
  test("EIP-2: a high s is nobody's signature from Homestead", async () => {
    const low = sign(legacy);
    const high: SignedTransaction = {
      ...low,
      s: SECP256K1_ORDER - low.s,
      yParity: low.yParity === 0 ? 1 : 0,
    };
    assert.deepEqual(senderOf(high, ethereumRules("frontier")), accountOf(0));
    assert.equal(senderOf(high, ethereumRules("homestead")), undefined);
    assert.equal((await run(high, "frontier")).kind, "executed");
  });
});

describe("EIP-4844: blobs", () => {
  test("are paid for at the block's price, which is burnt", async () => {
    const state = stateUnder("cancun");
    const execution = await run(sign({ ...blobs, blobVersionedHashes: [BLOB, BLOB] }), "cancun", state);
    assert.ok(execution.kind === "executed");
    assert.equal(execution.outcome.blobGas, 2n * GAS_PER_BLOB);
    const gasFee = execution.outcome.gasUsed * (BASE_FEE + 2n);
    assert.equal(state.balance(accountOf(0)), ETHER - 1n - gasFee - 2n * GAS_PER_BLOB * BLOB_BASE_FEE);
    assert.equal(state.balance(MINER), execution.outcome.gasUsed * 2n);
  });
  test("are seen by BLOBHASH, and their price by BLOBBASEFEE", async () => {
    const state = stateUnder("cancun");
    state.setCode(TO, fromHex("0x5f495f554a600155"));
    assert.equal((await run(sign(blobs), "cancun", state)).kind, "executed");
    assert.equal(state.storage(TO, ZERO_HASH), bigintFromBytes(BLOB));
    assert.equal(state.storage(TO, asHash(Uint8Array.of(...new Uint8Array(31), 1))), BLOB_BASE_FEE);
  });
  test("are refused where a rule is broken", async () => {
    const hashes = (count: number) => Array.from({ length: count }, () => BLOB);
    assert.equal(await refusal({ ...blobs, blobVersionedHashes: [] }, "cancun"), "blobs-missing");
    assert.equal(
      await refusal({ ...blobs, blobVersionedHashes: [ZERO_HASH] }, "cancun"),
      "blob-version-unknown",
    );
    assert.equal(await refusal({ ...blobs, maxFeePerBlobGas: 2n }, "cancun"), "blob-fee-cap-below-base-fee");
    assert.equal(await refusal(blobs, "cancun", GAS_PER_BLOB - 1n), "block-blob-gas-limit");
    const seven = { ...blobs, blobVersionedHashes: hashes(7) };
    assert.equal(await refusal(seven, "prague"), "executed");
    assert.equal(await refusal(seven, "osaka"), "blobs-above-limit");
    const dear = { ...blobs, maxFeePerBlobGas: ETHER / GAS_PER_BLOB + 1n };
    assert.equal(await refusal(dear, "cancun"), "insufficient-funds");
  });
});

describe("what is left of a transaction", () => {
  test("EIP-1559: the base fee is burnt from London, before it the miner has all", async () => {
    for (const [fork, perGas] of [
      ["berlin", 10n],
      ["london", 10n - BASE_FEE],
    ] as const) {
      const state = stateUnder(fork);
      assert.equal(await gasOf(legacy, fork, state), 21_000n);
      assert.equal(state.balance(MINER), 21_000n * perGas);
      assert.equal(state.account(BASE_FEE_VAULT), undefined);
    }
  });
  test("EIP-161: an empty account that was touched is kept before Spurious Dragon", async () => {
    const nothing = { ...legacy, value: 0n };
    for (const [fork, exists] of [
      ["tangerineWhistle", true],
      ["spuriousDragon", false],
    ] as const) {
      const state = stateUnder(fork);
      await gasOf(nothing, fork, state);
      assert.equal(state.account(TO) !== undefined, exists);
    }
  });
  test("EIP-3529: half of the gas may be given back, a fifth from London; SELFDESTRUCT gives none", async () => {
    const destroying = async (fork: EvmFork): Promise<bigint> => {
      const state = stateUnder(fork);
      state.setCode(TO, fromHex("0x33ff"));
      return gasOf(legacy, fork, state);
    };
    // 21000 + 2 + 5000, of which half is given back; from London 5000 more stays unreturned.
    assert.equal(await destroying("berlin"), 13_001n);
    assert.equal(await destroying("london"), 26_002n);
  });
  test("EIP-3529: what clearing a slot gives back, before London and from it on", async () => {
    const clearing = async (fork: EvmFork): Promise<bigint> => {
      const state = stateUnder(fork);
      state.setCode(TO, fromHex("0x5f5f55".replaceAll("5f", "6000")));
      state.setStorage(TO, ZERO_HASH, 1n);
      state.endTransaction();
      return gasOf(legacy, fork, state);
    };
    // 21000 + 6 + 5000, less min(15000, 13003), and less min(4800, 5201).
    assert.equal(await clearing("berlin"), 13_003n);
    assert.equal(await clearing("london"), 21_206n);
  });
  test("EIP-6780: what destroys itself is gone, from Cancun only where it was just created", async () => {
    for (const [fork, exists] of [
      ["shanghai", false],
      ["cancun", true],
    ] as const) {
      const state = stateUnder(fork);
      state.setCode(TO, fromHex("0x33ff"));
      await gasOf(legacy, fork, state);
      assert.equal(state.account(TO) !== undefined, exists);
    }
  });
  test("EIP-2: creation without gas for the code leaves an empty contract in Frontier, and fails from Homestead", async () => {
    // Returns 32 bytes of code, which cost 6400; 53000 and 3 words of memory leave less.
    const data = fromHex("0x60206000f3");
    for (const [fork, gasLimit, status] of [
      ["frontier", 22_500n, 1],
      ["homestead", 54_500n, 0],
    ] as const) {
      const execution = await run(sign({ ...legacy, to: undefined, value: 0n, data, gasLimit }), fork);
      assert.ok(execution.kind === "executed");
      assert.equal(execution.outcome.status, status);
      assert.equal(execution.outcome.gasUsed === gasLimit, status === 0);
    }
  });
  test("EIP-4399: DIFFICULTY is the block's, and its random value from Paris", async () => {
    for (const [fork, seen] of [
      ["london", 0x20000n],
      ["paris", 0n],
    ] as const) {
      const state = stateUnder(fork);
      state.setCode(TO, fromHex("0x44600055"));
      await gasOf(legacy, fork, state);
      assert.equal(state.storage(TO, ZERO_HASH), seen);
    }
  });
  test("EIP-3651: the coinbase is warm from Shanghai", async () => {
    for (const [fork, gas] of [
      ["paris", 21_000n + 2n + 2_600n + 2n],
      ["shanghai", 21_000n + 2n + 100n + 2n],
    ] as const) {
      const state = stateUnder(fork);
      // COINBASE BALANCE POP
      state.setCode(TO, fromHex("0x413150"));
      assert.equal(await gasOf(legacy, fork, state), gas);
    }
  });
});

test("rules of Ethereum are in order, and none is a rollup's", () => {
  for (const [i, fork] of EVM_FORKS.entries()) {
    const rules = ethereumRules(fork);
    assert.equal(rules.rollup, undefined);
    for (const [k, other] of EVM_FORKS.entries()) assert.equal(hasEvm(rules, other), k <= i);
  }
});
