import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes, fromHex } from "../bytes.ts";
import { encodeRlp, type RlpItem } from "./rlp.ts";
import { decodeTransaction } from "./transaction.ts";
import { recoverAuthority } from "./transaction-lists.ts";

describe("transactions that are refused", () => {
  const one = (length: number) => new Uint8Array(length).fill(1);
  const none = new Uint8Array(0);
  const legacy = [1n, 1n, 1n, one(20), 1n, none, 27n, 1n, 1n] as const;
  const feeMarket = [1n, 1n, 1n, 1n, 1n, one(20), 1n, none, [], 0n, 1n, 1n] as const;
  const blob = [1n, 1n, 1n, 1n, 1n, one(20), 1n, none, [], 1n, [one(32)], 0n, 1n, 1n] as const;
  const setCode = [
    1n,
    1n,
    1n,
    1n,
    1n,
    one(20),
    1n,
    none,
    [],
    [[1n, one(20), 1n, 1n, 1n, 1n]],
    0n,
    1n,
    1n,
  ] as const;
  const depositFields = [one(32), one(20), one(20), 1n, 1n, 1n, none, none] as const;
  type Fields = readonly (bigint | RlpItem | readonly (bigint | RlpItem | readonly (bigint | RlpItem)[])[])[];
  const with_ = (fields: Fields, index: number, value: Fields[number]): Fields => fields.with(index, value);
  const typed = (type: number, fields: Fields) =>
    concatBytes(Uint8Array.of(type), encodeRlp(fields as never));

  test("the fields above are otherwise good", () => {
    for (const raw of [
      encodeRlp(legacy),
      typed(2, feeMarket),
      typed(3, blob),
      typed(4, setCode),
      typed(0x7e, depositFields),
    ]) {
      assert.equal(decodeTransaction(raw).kind, "ok");
    }
  });
  const u64 = 1n << 64n;
  const u256 = 1n << 256n;
  const cases: readonly (readonly [name: string, raw: Uint8Array, reason: string])[] = [
    ["no bytes", none, "transaction-empty"],
    ["type 0 as a byte", typed(0, legacy), "transaction-type-unknown"],
    ["type 5", typed(5, feeMarket), "transaction-type-unknown"],
    ["type 0x7f", typed(0x7f, depositFields), "transaction-type-unknown"],
    ["a string", encodeRlp(one(60)), "transaction-type-unknown"],
    ["only the type", Uint8Array.of(2), "rlp-truncated"],
    ["a string behind the type", concatBytes(Uint8Array.of(2), encodeRlp(one(60))), "transaction-not-a-list"],
    ["a byte behind it", concatBytes(typed(2, feeMarket), one(1)), "rlp-trailing-bytes"],
    ["a field too few", typed(2, feeMarket.slice(0, -1)), "s-malformed"],
    ["a field too many", typed(2, [...feeMarket, 1n]), "fields-too-many"],
    ["nonce 2^64", typed(2, with_(feeMarket, 1, u64)), "nonce-malformed"],
    ["tip 2^256", typed(2, with_(feeMarket, 2, u256)), "max-priority-fee-malformed"],
    ["gas 2^64", typed(2, with_(feeMarket, 4, u64)), "gas-limit-malformed"],
    ["value 2^256", typed(2, with_(feeMarket, 6, u256)), "value-malformed"],
    ["value with a leading zero", typed(2, with_(feeMarket, 6, fromHex("0x0001"))), "value-malformed"],
    ["value zero as a byte", typed(2, with_(feeMarket, 6, fromHex("0x00"))), "value-malformed"],
    ["value as a list", typed(2, with_(feeMarket, 6, [])), "value-malformed"],
    ["to of 19 bytes", typed(2, with_(feeMarket, 5, one(19))), "to-malformed"],
    ["to of 21 bytes", typed(2, with_(feeMarket, 5, one(21))), "to-malformed"],
    ["to as a list", typed(2, with_(feeMarket, 5, [])), "to-malformed"],
    ["data as a list", typed(2, with_(feeMarket, 7, [])), "data-malformed"],
    ["the access list as a string", typed(2, with_(feeMarket, 8, none)), "access-list-malformed"],
    ["an access tuple as a string", typed(2, with_(feeMarket, 8, [one(20)])), "access-list-malformed"],
    ["an access tuple of one field", typed(2, with_(feeMarket, 8, [[one(20)]])), "access-list-malformed"],
    [
      "an access tuple of three fields",
      typed(2, with_(feeMarket, 8, [[one(20), [] as never, none]])),
      "access-list-malformed",
    ],
    [
      "an accessed address of 19 bytes",
      typed(2, with_(feeMarket, 8, [[one(19), [] as never]])),
      "access-list-malformed",
    ],
    [
      "a storage key of 31 bytes",
      typed(2, with_(feeMarket, 8, [[one(20), [one(31)] as never]])),
      "access-list-malformed",
    ],
    ["y parity 2", typed(2, with_(feeMarket, 9, 2n)), "y-parity-malformed"],
    ["y parity 27", typed(2, with_(feeMarket, 9, 27n)), "y-parity-malformed"],
    ["r 2^256", typed(2, with_(feeMarket, 10, u256)), "r-malformed"],
    ["legacy v 26", encodeRlp(with_(legacy, 6, 26n) as never), "v-malformed"],
    ["legacy v 29", encodeRlp(with_(legacy, 6, 29n) as never), "v-malformed"],
    ["legacy v 34", encodeRlp(with_(legacy, 6, 34n) as never), "v-malformed"],
    ["legacy v 0", encodeRlp(with_(legacy, 6, 0n) as never), "v-malformed"],
    ["a blob transaction that creates", typed(3, with_(blob, 5, none)), "to-malformed"],
    ["a blob hash of 31 bytes", typed(3, with_(blob, 10, [one(31)])), "blob-hashes-malformed"],
    ["a blob transaction with its sidecar", typed(3, [blob as never, [], [], []]), "chain-id-malformed"],
    ["a set-code transaction that creates", typed(4, with_(setCode, 5, none)), "to-malformed"],
    [
      "an authorization of five fields",
      typed(4, with_(setCode, 9, [[1n, one(20), 1n, 1n, 1n]])),
      "authorizations-malformed",
    ],
    [
      "an authorization for no address",
      typed(4, with_(setCode, 9, [[1n, none, 1n, 1n, 1n, 1n]])),
      "authorizations-malformed",
    ],
    [
      "an authorization's nonce 2^64",
      typed(4, with_(setCode, 9, [[1n, one(20), u64, 1n, 1n, 1n]])),
      "authorizations-malformed",
    ],
    [
      "an authorization's y parity 256",
      typed(4, with_(setCode, 9, [[1n, one(20), 1n, 256n, 1n, 1n]])),
      "authorizations-malformed",
    ],
    [
      "a deposit's source hash of 31 bytes",
      typed(0x7e, with_(depositFields, 0, one(31))),
      "source-hash-malformed",
    ],
    ["a deposit from nobody", typed(0x7e, with_(depositFields, 1, none)), "from-malformed"],
    ["a deposit's flag 2", typed(0x7e, with_(depositFields, 6, 2n)), "is-system-malformed"],
    ["a deposit's mint 2^256", typed(0x7e, with_(depositFields, 3, u256)), "mint-malformed"],
  ];
  for (const [name, raw, reason] of cases) {
    test(name, () => assert.deepEqual(decodeTransaction(raw), { kind: "invalid", reason }));
  }
  test("an authorization's y parity 255 is well-formed but nobody's (EIP-7702)", () => {
    const decoded = decodeTransaction(typed(4, with_(setCode, 9, [[1n, one(20), 1n, 255n, 1n, 1n]])));
    assert.ok(decoded.kind === "ok" && decoded.transaction.type === 4);
    assert.equal(decoded.transaction.authorizationList.map(recoverAuthority)[0], undefined);
  });
});
