import assert from "node:assert/strict";
import { test } from "node:test";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM, getActivePrecompiles, NobleBLS } from "@ethereumjs/evm";
import {
  asAddress,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  concatBytes,
  EMPTY_BYTES,
  fromHex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { processorTime } from "@phala-l2/protocol/testing/processor-time";
import fc from "fast-check";
import type { ExecutionFork } from "../block/fork.ts";
import { rollupRules } from "../block/rules.ts";
import { JournaledState } from "../state/journal.ts";
import { CHAIN_ID, somewhere, TestChain } from "../testing/chain.ts";
import { jovianConfig } from "../testing/config.ts";
import { createEthereumjsEvm } from "./ethereumjs/evm.ts";
import type { MessageResult } from "./evm.ts";
import { isPrecompile } from "./precompiles.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const chain = new TestChain({ config, evm });

function callPrecompile(
  number: number,
  data: Uint8Array,
  gasLimit: bigint,
  fork: ExecutionFork = "jovian",
): Promise<MessageResult> {
  const message = {
    caller: somewhere(1),
    to: asAddress(bigintToBytes(BigInt(number), 20)),
    value: 0n,
    data,
    gasLimit,
    gasPrice: 0n,
    accessList: [],
    warmAddresses: [],
    blobHashes: [],
  };
  const block = {
    chainId: CHAIN_ID,
    rules: rollupRules(fork),
    number: 1n,
    timestamp: 1n,
    beneficiary: somewhere(2),
    difficulty: 0n,
    prevRandao: asHash(new Uint8Array(32)),
    gasLimit: 60_000_000n,
    baseFee: 0n,
    blobBaseFee: 1n,
    blockHash: () => assert.fail("no code runs"),
  };
  return evm.run(message, block, new JournaledState(chain.state()));
}

/** A valid signature of EIP-7951's tests. */
const SIGNATURE = fromHex(
  "0x4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4da73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d604aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff37618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e",
);

test("RIP-7212: P256VERIFY costs 3450, and 6900 from Karst", async () => {
  for (const [fork, price] of [
    ["holocene", 3450n],
    ["isthmus", 3450n],
    ["jovian", 3450n],
    ["karst", 6900n],
  ] as const) {
    const result = await callPrecompile(0x100, SIGNATURE, 10_000n, fork);
    assert.equal(result.kind, "returned");
    assert.equal(toHex(result.output), toHex(bigintToBytes(1n, 32)));
    assert.equal(result.gasUsed, price);
    const short = await callPrecompile(0x100, SIGNATURE, price - 1n, fork);
    assert.equal(short.kind, "halted");
    assert.equal(short.gasUsed, price - 1n);
  }
});

test("RIP-7212: a wrong signature or length returns nothing, at the same price", async () => {
  const wrong = Uint8Array.from(SIGNATURE);
  wrong[0] = 0;
  for (const data of [wrong, SIGNATURE.subarray(1), new Uint8Array(0)]) {
    const result = await callPrecompile(0x100, data, 3450n);
    assert.deepEqual([result.kind, result.output.length, result.gasUsed], ["returned", 0, 3450n]);
  }
});

/** EIP-4844's example as geth tests it. */
const POINT = fromHex(
  "0x01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a",
);

test("EIP-4844: the point evaluation accepts a valid proof for 50000 gas", async () => {
  const result = await callPrecompile(0x0a, POINT, 50_000n);
  assert.equal(result.kind, "returned");
  assert.equal(
    toHex(result.output),
    `0x${"1000".padStart(64, "0")}73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001`,
  );
  assert.equal(result.gasUsed, 50_000n);
});

test("EIP-4844: the point evaluation refuses whatever was changed, with all the gas", async () => {
  // Versioned hash, z, y, commitment (flag and body), proof.
  for (const at of [1, 40, 70, 96, 120, 144, 170]) {
    const changed = Uint8Array.from(POINT);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const result = await callPrecompile(0x0a, changed, 60_000n);
    assert.deepEqual([result.kind, result.gasUsed], ["halted", 60_000n], `byte ${at}`);
  }
  for (const data of [POINT.subarray(1), new Uint8Array(0)]) {
    assert.equal((await callPrecompile(0x0a, data, 60_000n)).kind, "halted");
  }
  // z and y must be below the modulus.
  const tooLarge = Uint8Array.from(POINT);
  tooLarge.fill(0xff, 32, 64);
  assert.equal((await callPrecompile(0x0a, tooLarge, 60_000n)).kind, "halted");
  assert.equal((await callPrecompile(0x0a, POINT, 49_999n)).kind, "halted");
});

test("Jovian's input caps: one item more takes all the gas; Isthmus still allowed it", async () => {
  const gas = 100_000_000n;
  const overs: readonly [number, number][] = [
    [0x08, 81_984 + 192],
    [0x0c, 288_960 + 160],
    [0x0e, 278_784 + 288],
    [0x0f, 156_672 + 384],
  ];
  for (const [precompile, length] of overs) {
    const capped = await callPrecompile(precompile, new Uint8Array(length), gas);
    assert.deepEqual([capped.kind, capped.gasUsed], ["halted", gas], `0x${precompile.toString(16)}`);
  }
  // Points at infinity: nothing to compute.
  const before = await callPrecompile(0x08, new Uint8Array(81_984 + 192), gas, "isthmus");
  assert.equal(before.kind, "returned");
  const atCap = await callPrecompile(0x08, new Uint8Array(81_984), gas);
  assert.equal(atCap.kind, "returned");
});

test("Granite's and Isthmus' caps of the pairing", async () => {
  const gas = 100_000_000n;
  for (const fork of ["holocene", "isthmus"] as const) {
    const over = await callPrecompile(0x08, new Uint8Array(192 * 587), gas, fork);
    assert.equal(over.kind, "halted", fork);
  }
});

/** A point on the curve y² = x³ + 4, outside the subgroup of prime order. */
const OUTSIDE_SUBGROUP = concatBytes(
  bigintToBytes(4n, 64),
  bigintToBytes(
    0x0a989badd40d6212b33cffc3f3763e9bc760f988c9926b26da9dd85e928483446346b8ed00e1de5d5ea93e354abe706cn,
    64,
  ),
);

test("EIP-2537: G1ADD does not check the subgroup, G1MSM does", async () => {
  const infinity = new Uint8Array(128);
  const sum = await callPrecompile(0x0b, concatBytes(OUTSIDE_SUBGROUP, infinity), 10_000n);
  assert.equal(sum.kind, "returned");
  assert.equal(toHex(sum.output), toHex(OUTSIDE_SUBGROUP));
  const product = await callPrecompile(0x0c, concatBytes(OUTSIDE_SUBGROUP, bigintToBytes(1n, 32)), 20_000n);
  assert.equal(product.kind, "halted");
});

test("EIP-2537: a scalar may exceed the group's order", async () => {
  const generator = concatBytes(
    bigintToBytes(
      0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bbn,
      64,
    ),
    bigintToBytes(
      0x08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1n,
      64,
    ),
  );
  const order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
  const result = await callPrecompile(0x0c, concatBytes(generator, bigintToBytes(order + 1n, 32)), 20_000n);
  assert.equal(result.kind, "returned");
  assert.equal(toHex(result.output), toHex(generator));
});

test("EIP-2537: additions are what ethereumjs computes, of any two points, and cost what they cost", async () => {
  const bls = new NobleBLS();
  const element = (value: number) => bigintToBytes(BigInt(value), 64);
  for (const { address, gas, size, add, point } of [
    {
      address: 0x0b,
      gas: 375n,
      size: 128,
      add: (data: Uint8Array) => bls.addG1(data),
      point: (n: number) => bls.mapFPtoG1(element(n)),
    },
    {
      address: 0x0d,
      gas: 600n,
      size: 256,
      add: (data: Uint8Array) => bls.addG2(data),
      point: (n: number) => bls.mapFP2toG2(concatBytes(element(n), element(n + 1))),
    },
  ]) {
    const [a, b] = [point(1), point(2)];
    const prime =
      0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
    const negative = Uint8Array.from(a);
    for (let at = size / 2; at < size; at += 64) {
      negative.set(bigintToBytes(prime - bigintFromBytes(a.subarray(at, at + 64)), 64), at);
    }
    const infinity = new Uint8Array(size);
    const points = [a, b, negative, infinity, size === 128 ? OUTSIDE_SUBGROUP : point(3)];
    for (const p of points) {
      for (const q of points) {
        const data = concatBytes(p, q);
        const result = await callPrecompile(address, data, gas);
        assert.deepEqual([result.kind, result.gasUsed], ["returned", gas]);
        assert.equal(toHex(result.output), toHex(add(data)));
      }
    }
    const wrong = (change: (data: Uint8Array) => void) => {
      const data = concatBytes(a, b);
      change(data);
      return data;
    };
    for (const data of [
      wrong((bytes) => bytes.fill(0, 0, 64)),
      wrong((bytes) => bytes.fill(1, 0, 1)),
      wrong((bytes) => bytes.fill(1, size, size + 16)),
      wrong((bytes) => bytes.set(bigintToBytes(prime, 64), 0)),
      wrong((bytes) => bytes.fill(0xff, 2 * size - 1)),
      concatBytes(a, b, Uint8Array.of(0)),
      a,
      new Uint8Array(0),
    ]) {
      assert.equal((await callPrecompile(address, data, gas)).kind, "halted");
    }
    assert.equal((await callPrecompile(address, concatBytes(a, b), gas - 1n)).kind, "halted");
    // 600 of them took four to six seconds.
    const started = processorTime();
    for (let i = 0; i < 600; i++) await callPrecompile(address, concatBytes(a, b), gas);
    assert.ok(processorTime(started) < 2_500);
  }
});

function modexpInput(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const lengths = [base, exponent, modulus].map(({ length }) => bigintToBytes(BigInt(length), 32));
  return concatBytes(...lengths, base, exponent, modulus);
}

test("EIP-198, EIP-2565: the examples of both, and their gas", async () => {
  const prime = fromHex("0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
  const fermat = Uint8Array.from(prime);
  fermat[31] = 0x2e;
  const cases: readonly (readonly [Uint8Array, bigint, bigint])[] = [
    // 3^(p - 1) mod p = 1, and 0 to the same.
    [modexpInput(Uint8Array.of(3), fermat, prime), 1n, 1360n],
    [modexpInput(EMPTY_BYTES, fermat, prime), 0n, 1360n],
    // Cut off: 3^0xffff mod 2^255, and the modulus goes on in zeros.
    [modexpInput(Uint8Array.of(3), Uint8Array.of(0xff, 0xff), Uint8Array.of(0x80)).subarray(0, 99), 0n, 200n],
    [modexpInput(Uint8Array.of(7), EMPTY_BYTES, Uint8Array.of(5)), 1n, 200n],
    [modexpInput(Uint8Array.of(7), EMPTY_BYTES, Uint8Array.of(1)), 0n, 200n],
  ];
  for (const [data, value, gas] of cases) {
    const result = await callPrecompile(0x05, data, gas);
    assert.deepEqual([result.kind, bigintFromBytes(result.output), result.gasUsed], ["returned", value, gas]);
    assert.deepEqual((await callPrecompile(0x05, data, gas - 1n)).kind, "halted");
  }
});

test("EIP-198: absurd lengths cost more than there is, unless base and modulus are absent", async () => {
  const huge = new Uint8Array(32).fill(0xff);
  const [none, one] = [bigintToBytes(0n, 32), bigintToBytes(1n, 32)];
  const free = await callPrecompile(0x05, concatBytes(none, huge, none), 200n);
  assert.deepEqual([free.kind, free.output.length, free.gasUsed], ["returned", 0, 200n]);
  for (const lengths of [
    [huge, none, none],
    [none, huge, one],
    [one, huge, none],
    [none, none, huge],
    [huge, huge, huge],
  ]) {
    assert.equal((await callPrecompile(0x05, concatBytes(...lengths), 2n ** 63n)).kind, "halted");
  }
});

test("EIP-2565: what ethereumjs computes, on operands of any length", async () => {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague });
  const reference = await createEVM({ common });
  const original = getActivePrecompiles(common).get("5".padStart(40, "0"));
  assert.ok(original);
  const operand = fc.uint8Array({ maxLength: 70 });
  await fc.assert(
    fc.asyncProperty(operand, operand, operand, fc.nat(330), async (base, exponent, modulus, cut) => {
      const data = modexpInput(base, exponent, modulus).subarray(0, cut);
      const result = await callPrecompile(0x05, data, 1_000_000n);
      const expected = await original({ data, gasLimit: 1_000_000n, common, _EVM: reference });
      assert.equal(result.kind, expected.exceptionError === undefined ? "returned" : "halted");
      assert.equal(toHex(result.output), toHex(expected.returnValue));
      assert.equal(result.gasUsed, expected.executionGasUsed);
    }),
    { numRuns: 200, seed: 5 },
  );
});

test("a long exponent takes time as it takes gas: one transaction can not stop the chain", async () => {
  const exponent = new Uint8Array(80_000).fill(0xff);
  const started = processorTime();
  const data = modexpInput(Uint8Array.of(0xfe), exponent, Uint8Array.of(0xfd));
  const result = await callPrecompile(0x05, data, 250_000n);
  assert.deepEqual([result.kind, result.gasUsed], ["returned", 213_333n]);
  // Some 100 ms; where the time grows with the square of the length it is 5 s, and hours for a block's gas.
  assert.ok(processorTime(started) < 2_000);
});

test("which addresses are precompiles, by fork", () => {
  const at = (number: number, fork: ExecutionFork): boolean =>
    isPrecompile(asAddress(bigintToBytes(BigInt(number), 20)), rollupRules(fork));
  assert.deepEqual(
    [0, 1, 0x0a, 0x0b, 0x11, 0x12, 0xff, 0x100, 0x101].map((n) => at(n, "holocene")),
    [false, true, true, false, false, false, false, true, false],
  );
  assert.deepEqual(
    [0x0a, 0x0b, 0x11, 0x12, 0x100].map((n) => at(n, "jovian")),
    [true, true, true, false, true],
  );
  assert.equal(isPrecompile(somewhere(1), rollupRules("jovian")), false);
  const high = new Uint8Array(20);
  high[0] = 1;
  high[19] = 4;
  assert.equal(isPrecompile(asAddress(high), rollupRules("jovian")), false);
});
