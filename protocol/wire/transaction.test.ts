import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  parseTransaction,
  type TransactionSerializable,
  type Hex as ViemHex,
  keccak256 as viemKeccak,
} from "viem";
import { privateKeyToAccount, signAuthorization } from "viem/accounts";
import { serializeTransaction as serializeOpStack } from "viem/op-stack";
import { addressFromHex, asAddress, asHash, concatBytes, fromHex, toHex } from "../bytes.ts";
import { addressOfKey, isLowS, recoverAddress, SECP256K1_ORDER, signDigest } from "../secp256k1.ts";
import {
  accessListOf,
  type DepositTransaction,
  decodeTransaction,
  effectiveGasPrice,
  effectiveTip,
  encodeTransaction,
  type FeeMarketTransaction,
  recoverSender,
  signTransaction,
  type Transaction,
  transactionHash,
} from "./transaction.ts";
import { recoverAuthority } from "./transaction-lists.ts";

const KEY = new Uint8Array(32).fill(0x46);
const ACCOUNT = privateKeyToAccount(toHex(KEY));
const TO = "0x3535353535353535353535353535353535353535";
const accessList = [
  { address: TO, storageKeys: [toHex(new Uint8Array(32).fill(1)), toHex(new Uint8Array(32))] },
] as const;

async function samples(): Promise<
  readonly (readonly [name: string, transaction: TransactionSerializable])[]
> {
  const authorization = await signAuthorization({
    privateKey: toHex(KEY),
    address: TO,
    chainId: 0,
    nonce: 7,
  });
  const fees = { maxFeePerGas: 30n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n, gas: 21_000n };
  return [
    ["legacy before EIP-155", { type: "legacy", nonce: 9, gasPrice: 20n, gas: 21_000n, to: TO, value: 1n }],
    [
      "legacy with EIP-155",
      { type: "legacy", chainId: 1, nonce: 9, gasPrice: 20n, gas: 21_000n, to: TO, value: 10n ** 18n },
    ],
    ["legacy creation", { type: "legacy", chainId: 10, nonce: 0, gasPrice: 0n, gas: 1n, data: "0x6000" }],
    [
      "access list",
      { type: "eip2930", chainId: 1, nonce: 1, gasPrice: 5n, gas: 50_000n, to: TO, accessList, data: "0x00" },
    ],
    ["access list creation", { type: "eip2930", chainId: 1, gasPrice: 5n, gas: 50_000n, accessList: [] }],
    [
      "fee market",
      {
        type: "eip1559",
        chainId: 10,
        nonce: 300,
        ...fees,
        to: TO,
        value: 2n ** 255n,
        accessList,
        data: "0xdeadbeef",
      },
    ],
    ["fee market creation", { type: "eip1559", chainId: 10, ...fees, data: `0x${"fe".repeat(100)}` }],
    [
      "blob",
      {
        type: "eip4844",
        chainId: 1,
        nonce: 1,
        ...fees,
        to: TO,
        maxFeePerBlobGas: 3n,
        blobVersionedHashes: [`0x01${"ab".repeat(31)}`],
        sidecars: false,
      },
    ],
    [
      "set code",
      { type: "eip7702", chainId: 1, nonce: 1, ...fees, to: TO, authorizationList: [authorization] },
    ],
  ];
}

const deposit: DepositTransaction = {
  type: 0x7e,
  sourceHash: asHash(new Uint8Array(32).fill(3)),
  from: addressFromHex(TO),
  to: addressFromHex(TO),
  mint: 5n,
  value: 7n,
  gasLimit: 100_000n,
  isSystemTransaction: false,
  data: fromHex("0x0102"),
};

function decoded(raw: Uint8Array): Transaction {
  const result = decodeTransaction(raw);
  assert.ok(result.kind === "ok", result.kind === "invalid" ? result.reason : "");
  return result.transaction;
}

describe("transactions that viem signed", async () => {
  for (const [name, transaction] of await samples()) {
    test(name, async () => {
      const serialized = await ACCOUNT.signTransaction(transaction);
      const raw = fromHex(serialized);
      const ours = decoded(raw);
      assert.deepEqual(encodeTransaction(ours), raw);
      assert.equal(toHex(transactionHash(raw)), viemKeccak(serialized));
      assert.equal(toHex(recoverSender(ours) ?? new Uint8Array(0)), ACCOUNT.address.toLowerCase());
      const theirs = parseTransaction(serialized);
      assert.ok(ours.type !== 0x7e);
      assert.equal(ours.nonce, BigInt(theirs.nonce ?? 0));
      assert.equal(ours.gasLimit, theirs.gas);
      assert.equal(ours.value, theirs.value ?? 0n);
      assert.equal(ours.to && toHex(ours.to), theirs.to ?? undefined);
      assert.equal(toHex(ours.data), theirs.data ?? "0x");
      assert.equal(ours.chainId, theirs.chainId === undefined ? undefined : BigInt(theirs.chainId));
      assert.equal(accessListOf(ours).length, theirs.accessList?.length ?? 0);
      // Our own signature is the same one: RFC 6979 leaves no choice.
      const { yParity, r, s, ...unsigned } = ours;
      const signed = signTransaction(unsigned as typeof ours, KEY);
      assert.deepEqual(encodeTransaction(signed), raw);
    });
  }
  test("an authorization's signer", async () => {
    const authorization = await signAuthorization({
      privateKey: toHex(KEY),
      address: TO,
      chainId: 0,
      nonce: 7,
    });
    const tuple = {
      chainId: 0n,
      address: addressFromHex(TO),
      nonce: 7n,
      yParity: authorization.yParity ?? 0,
      r: BigInt(authorization.r),
      s: BigInt(authorization.s),
    };
    assert.equal(toHex(recoverAuthority(tuple) ?? new Uint8Array(0)), ACCOUNT.address.toLowerCase());
    assert.equal(recoverAuthority({ ...tuple, yParity: 27 }), undefined);
    assert.equal(recoverAuthority({ ...tuple, s: SECP256K1_ORDER - tuple.s }), undefined);
    assert.equal(recoverAuthority({ ...tuple, r: 0n }), undefined);
    assert.notDeepEqual(recoverAuthority({ ...tuple, nonce: 8n }), recoverAuthority(tuple));
  });
});

describe("deposits (specs/protocol/deposits.md)", () => {
  test("have viem's encoding", () => {
    for (const isCreation of [false, true]) {
      const ours = { ...deposit, to: isCreation ? undefined : deposit.to, mint: isCreation ? 0n : 5n };
      const raw = encodeTransaction(ours);
      const theirs = serializeOpStack({
        type: "deposit",
        from: TO,
        sourceHash: toHex(deposit.sourceHash),
        gas: 100_000n,
        value: 7n,
        data: "0x0102",
        isSystemTx: false,
        ...(isCreation ? {} : { to: TO, mint: 5n }),
      });
      assert.equal(toHex(raw), theirs);
      assert.deepEqual(decoded(raw), ours);
    }
  });
  test("are sent by their `from`, and pay nothing", () => {
    assert.deepEqual(recoverSender(deposit), deposit.from);
    assert.equal(effectiveGasPrice(deposit, 100n), 0n);
    assert.equal(effectiveTip(deposit, 100n), 0n);
  });
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const quantity = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n });
const address = bytes(20).map(asAddress);
const hash = bytes(32).map(asHash);
const PLAIN = { noNullPrototype: true } as const;
const anyFeeMarket: fc.Arbitrary<FeeMarketTransaction> = fc.record(
  {
    type: fc.constant(2 as const),
    chainId: quantity(256n),
    nonce: quantity(64n),
    maxPriorityFeePerGas: quantity(256n),
    maxFeePerGas: quantity(256n),
    gasLimit: quantity(64n),
    to: fc.option(address, { nil: undefined }),
    value: quantity(256n),
    data: fc.uint8Array({ maxLength: 300 }),
    accessList: fc.array(fc.record({ address, storageKeys: fc.array(hash, { maxLength: 3 }) }, PLAIN), {
      maxLength: 3,
    }),
    yParity: fc.constantFrom(0 as const, 1 as const),
    r: quantity(256n),
    s: quantity(256n),
  },
  PLAIN,
);

describe("decoding is canonical", () => {
  test("each transaction survives the round trip", () => {
    fc.assert(
      fc.property(anyFeeMarket, (transaction) => {
        assert.deepEqual(decoded(encodeTransaction(transaction)), transaction);
      }),
    );
  });
  test("what decodes from changed bytes encodes to these bytes", () => {
    fc.assert(
      fc.property(anyFeeMarket, fc.nat(), fc.nat(255), (transaction, at, byte) => {
        const raw = encodeTransaction(transaction);
        raw[at % raw.length] = byte;
        const result = decodeTransaction(raw);
        if (result.kind === "ok") assert.deepEqual(encodeTransaction(result.transaction), raw);
      }),
      { numRuns: 1000 },
    );
  });
  test("random bytes never throw", () => {
    fc.assert(
      fc.property(fc.constantFrom(0x01, 0x02, 0x03, 0x04, 0x7e, 0xf8), fc.uint8Array(), (type, rest) => {
        decodeTransaction(concatBytes(Uint8Array.of(type), rest));
      }),
    );
  });
});

describe("signatures", () => {
  const digest = asHash(new Uint8Array(32).fill(9));
  const signature = signDigest(digest, KEY);
  test("are low-s and recover to the key's address", () => {
    assert.ok(isLowS(signature.s));
    assert.deepEqual(recoverAddress(digest, signature), addressOfKey(KEY));
    assert.equal(toHex(addressOfKey(KEY)), ACCOUNT.address.toLowerCase());
  });
  test("with high s belong to the same key, but send no transaction (EIP-2)", async () => {
    const flipped = {
      r: signature.r,
      s: SECP256K1_ORDER - signature.s,
      yParity: signature.yParity === 0 ? 1 : 0,
    } as const;
    assert.deepEqual(recoverAddress(digest, flipped), addressOfKey(KEY));
    assert.ok(!isLowS(flipped.s));
    const raw = await ACCOUNT.signTransaction({ type: "eip1559", chainId: 1, to: TO, gas: 21_000n });
    const transaction = decoded(fromHex(raw as ViemHex));
    assert.ok(transaction.type === 2);
    const restated = {
      ...transaction,
      s: SECP256K1_ORDER - transaction.s,
      yParity: transaction.yParity === 0 ? 1 : 0,
    } as const;
    assert.equal(recoverSender(decoded(encodeTransaction(restated))), undefined);
  });
  test("out of range or off the curve are nobody's", () => {
    for (const wrong of [
      { r: 0n, s: 1n },
      { r: 1n, s: 0n },
      { r: SECP256K1_ORDER, s: 1n },
      { r: 1n, s: SECP256K1_ORDER },
      { r: 5n, s: 1n },
    ]) {
      assert.equal(recoverAddress(digest, { ...wrong, yParity: 0 }), undefined);
    }
  });
});

describe("fees (EIP-1559)", () => {
  const rest = {
    chainId: 1n,
    nonce: 0n,
    gasLimit: 21_000n,
    to: undefined,
    value: 0n,
    data: new Uint8Array(0),
    yParity: 0,
    r: 1n,
    s: 1n,
  } as const;
  test("base fee plus tip, capped", () => {
    const capped: Transaction = {
      type: 2,
      ...rest,
      accessList: [],
      maxFeePerGas: 100n,
      maxPriorityFeePerGas: 10n,
    };
    assert.equal(effectiveGasPrice(capped, 50n), 60n);
    assert.equal(effectiveTip(capped, 50n), 10n);
    assert.equal(effectiveGasPrice(capped, 95n), 100n);
    assert.equal(effectiveTip(capped, 95n), 5n);
    assert.equal(effectiveTip(capped, 101n), -1n);
  });
  test("a legacy transaction gives all above the base fee as the tip", () => {
    const legacy: Transaction = { type: 0, ...rest, gasPrice: 70n };
    assert.equal(effectiveGasPrice(legacy, 50n), 70n);
    assert.equal(effectiveTip(legacy, 50n), 20n);
  });
});
