import assert from "node:assert/strict";
import { test } from "node:test";
import { type Address, concatBytes, fromHex, toHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { SECP256K1_ORDER, signDigest } from "@phala-l2/protocol/secp256k1";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { type Authorization, authorizationDigest } from "@phala-l2/protocol/wire/transaction-lists";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import {
  accountOf,
  CHAIN_ID,
  contract,
  ETHER,
  keyOf,
  signed,
  somewhere,
  TestChain,
} from "../testing/chain.ts";
import { holoceneConfig, jovianConfig } from "../testing/config.ts";

const config = jovianConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const PREFIX = fromHex("0xef0100");
/** PUSH1 1 PUSH0 SSTORE */
const STORES = "0x60015f55";
const code = somewhere(1);

function authorize(
  key: number,
  fields: Partial<Pick<Authorization, "chainId" | "address" | "nonce">> = {},
): Authorization {
  const terms = { chainId: CHAIN_ID, address: code, nonce: 0n, ...fields };
  return { ...terms, ...signDigest(authorizationDigest(terms), keyOf(key)) };
}

function setCode(
  from: number,
  authorizationList: readonly Authorization[],
  fields: { to?: Address; nonce?: bigint; gasLimit?: bigint } = {},
): Uint8Array {
  return encodeTransaction(
    signTransaction(
      {
        type: 4,
        chainId: CHAIN_ID,
        nonce: 0n,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: 10_000_000n,
        gasLimit: 200_000n,
        to: somewhere(9),
        value: 0n,
        data: new Uint8Array(0),
        accessList: [],
        authorizationList,
        ...fields,
      },
      keyOf(from),
    ),
  );
}

const chainOf = (options: Partial<ConstructorParameters<typeof TestChain>[0]> = {}): TestChain =>
  new TestChain({ config, evm, alloc: [contract(code, STORES)], ...options });

test("EIP-7702: an authorization sets the delegation and uses the authority's nonce", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([setCode(0, [authorize(1)])]);
  assert.equal(toHex(chain.code(accountOf(1))), toHex(concatBytes(PREFIX, code)));
  assert.equal(chain.nonce(accountOf(1)), 1n);
  // The authority existed: 12,500 of the 25,000 would come back, a fifth of 46,000 does (EIP-3529).
  assert.equal(sealed.transactions[1]?.gasUsed, 46_000n - 9_200n);
});

test("EIP-7702: an authority without an account costs the whole 25,000", async () => {
  const chain = chainOf();
  const { sealed } = await chain.build([setCode(0, [authorize(9)])]);
  assert.equal(sealed.transactions[1]?.gasUsed, 46_000n);
  assert.equal(chain.nonce(accountOf(9)), 1n);
});

test("EIP-7702: a call to a delegated account runs the code in the account's own storage", async () => {
  const chain = chainOf();
  await chain.build([setCode(0, [authorize(1)], { to: accountOf(1) })]);
  assert.equal(chain.state().storage(accountOf(1), ZERO_HASH), 1n);
  assert.equal(chain.state().storage(code, ZERO_HASH), 0n);
});

test("EIP-7702: the sender may be its own authority, with the nonce after its own transaction's", async () => {
  const chain = chainOf();
  await chain.build([setCode(0, [authorize(0, { nonce: 1n })])]);
  assert.equal(chain.nonce(accountOf(0)), 2n);
  assert.equal(chain.code(accountOf(0)).length, 23);
});

test("EIP-7702: delegating to the zero address clears the delegation; a delegated account still sends", async () => {
  const chain = chainOf();
  await chain.build([setCode(0, [authorize(1)])]);
  const { applications } = await chain.build([
    signed(1, { to: somewhere(5), value: 1n, nonce: 1n, gasLimit: 21_000n }),
    setCode(0, [authorize(1, { address: ZERO_ADDRESS, nonce: 2n })], { nonce: 1n }),
  ]);
  assert.deepEqual(
    applications.map(({ kind }) => kind),
    ["included", "included"],
  );
  assert.equal(chain.code(accountOf(1)).length, 0);
  assert.equal(chain.nonce(accountOf(1)), 3n);
});

test("EIP-7702: delegations stay when the message reverts", async () => {
  const chain = chainOf({ alloc: [contract(code, STORES), contract(somewhere(9), "0x5f5ffd")] });
  const { sealed } = await chain.build([setCode(0, [authorize(1)])]);
  assert.equal(sealed.receipts[1]?.status, 0);
  assert.equal(chain.code(accountOf(1)).length, 23);
});

const skipped: readonly [string, Authorization][] = [
  ["another chain's id", authorize(1, { chainId: CHAIN_ID + 1n })],
  ["a future nonce", authorize(1, { nonce: 1n })],
  ["the highest nonce", authorize(1, { nonce: 2n ** 64n - 1n })],
  ["a high s", highS(authorize(1))],
  ["a y parity of 2", { ...authorize(1), yParity: 2 }],
  ["r = 0", { ...authorize(1), r: 0n }],
  ["s = 0", { ...authorize(1), s: 0n }],
];

function highS(authorization: Authorization): Authorization {
  return { ...authorization, s: SECP256K1_ORDER - authorization.s, yParity: 1 - authorization.yParity };
}

for (const [what, authorization] of skipped) {
  test(`EIP-7702: an authorization with ${what} is skipped, and paid for in full`, async () => {
    const chain = chainOf();
    const { sealed } = await chain.build([setCode(0, [authorization])]);
    assert.equal(sealed.receipts[1]?.status, 1);
    assert.equal(chain.code(accountOf(1)).length, 0);
    assert.equal(chain.nonce(accountOf(1)), 0n);
    assert.equal(sealed.transactions[1]?.gasUsed, 46_000n);
  });
}

test("EIP-7702: an authority with a contract's code is skipped", async () => {
  const chain = chainOf({ alloc: [{ ...contract(accountOf(9), STORES, ETHER), nonce: 0n }] });
  await chain.build([setCode(0, [authorize(9)])]);
  assert.equal(toHex(chain.code(accountOf(9))), STORES);
});

test("EIP-7702: of two authorizations with one nonce the first counts", async () => {
  const chain = chainOf();
  await chain.build([setCode(0, [authorize(1), authorize(1, { address: somewhere(7) })])]);
  assert.equal(toHex(chain.code(accountOf(1))), toHex(concatBytes(PREFIX, code)));
});

test("EIP-7702: chain id zero is valid on every chain", async () => {
  const chain = chainOf();
  await chain.build([setCode(0, [authorize(1, { chainId: 0n })])]);
  assert.equal(chain.code(accountOf(1)).length, 23);
});

test("EIP-7702: an empty list is not valid; nor is the type before Isthmus", async () => {
  const { applications } = await chainOf().build([setCode(0, [])]);
  assert.deepEqual(applications[0], { kind: "rejected", reason: "authorization-list-empty" });
  const before = await chainOf({ config: holoceneConfig(CHAIN_ID) }).build([setCode(0, [authorize(1)])]);
  assert.deepEqual(before.applications[0], { kind: "rejected", reason: "type-not-active" });
});
