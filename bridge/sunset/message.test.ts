import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { addressFromHex, asAddress, asHash, hashFromHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import {
  CLAIM_FORMS,
  CLAIM_ROLES,
  type ClaimOrder,
  type ClaimOrigin,
  claimMessage,
  formNumber,
  MAX_DEADLINE,
  phaOfPlanck,
  roleNumber,
  signedBytes,
  vetoMessage,
} from "./message.ts";

type VectorField =
  | "chainId"
  | "contract"
  | "genesisHash"
  | "height"
  | "account"
  | "planck"
  | "receiver"
  | "deadline"
  | "delegate"
  | "claim"
  | "veto";
type Vector = Readonly<Record<VectorField, string>> & { readonly form: number; readonly role: number };

const FILE: { vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("../../protocol/vectors/sunset-messages.json", import.meta.url), "utf8"),
);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const origins: fc.Arbitrary<ClaimOrigin> = fc.record({
  chainId: u64,
  contract: bytes(20).map(asAddress),
  genesisHash: bytes(32).map(asHash),
  height: u64,
});
const orders: fc.Arbitrary<ClaimOrder> = fc.record({
  account: bytes(32).map(asHash),
  planck: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  receiver: bytes(20).map(asAddress),
  form: fc.constantFrom(...CLAIM_FORMS),
  deadline: fc.bigInt({ min: 0n, max: MAX_DEADLINE }),
});
const roles = fc.constantFrom(...CLAIM_ROLES);

describe("claim message", () => {
  it("is the vectors' text, which the contract builds too", () => {
    assert(FILE.vectors.length >= 5);
    for (const vector of FILE.vectors) {
      const origin = {
        chainId: BigInt(vector.chainId),
        contract: addressFromHex(vector.contract),
        genesisHash: hashFromHex(vector.genesisHash),
        height: BigInt(vector.height),
      };
      const form = CLAIM_FORMS[vector.form];
      const role = CLAIM_ROLES[vector.role];
      assert(form !== undefined && role !== undefined);
      assert.deepEqual([formNumber(form), roleNumber(role)], [vector.form, vector.role]);
      const account = hashFromHex(vector.account);
      const deadline = BigInt(vector.deadline);
      const receiver = addressFromHex(vector.receiver);
      const order = { account, planck: BigInt(vector.planck), receiver, form, deadline };
      assert.equal(claimMessage(origin, order, role), vector.claim);
      const delegate = hashFromHex(vector.delegate);
      assert.equal(vetoMessage(origin, { account, delegate, deadline }), vector.veto);
    }
  });

  it("tells the time as the calendar does", () => {
    fc.assert(
      fc.property(origins, orders, (origin, order) => {
        const calendar = new Date(Number(order.deadline) * 1000).toISOString();
        const text = `Deadline: ${calendar.slice(0, 10)} ${calendar.slice(11, 19)} UTC (${order.deadline})\n`;
        assert(claimMessage(origin, order, "owner").includes(text));
      }),
    );
  });

  it("is ASCII without anything a wallet hides", () => {
    fc.assert(
      fc.property(origins, orders, roles, (origin, order, role) => {
        assert.match(claimMessage(origin, order, role), /^[\n -~]+$/);
        const { account, deadline } = order;
        assert.match(vetoMessage(origin, { account, delegate: account, deadline }), /^[\n -~]+$/);
      }),
    );
  });

  it("is another text when anything is another", () => {
    fc.assert(
      fc.property(origins, orders, (origin, order) => {
        const flipped = (value: Uint8Array) => value.map((byte) => byte ^ 1);
        const texts = [
          claimMessage(origin, order, "owner"),
          claimMessage(origin, order, "signatory"),
          claimMessage(origin, order, "proxy"),
          claimMessage({ ...origin, chainId: origin.chainId ^ 1n }, order, "owner"),
          claimMessage({ ...origin, contract: asAddress(flipped(origin.contract)) }, order, "owner"),
          claimMessage({ ...origin, genesisHash: asHash(flipped(origin.genesisHash)) }, order, "owner"),
          claimMessage({ ...origin, height: origin.height ^ 1n }, order, "owner"),
          claimMessage(origin, { ...order, account: asHash(flipped(order.account)) }, "owner"),
          claimMessage(origin, { ...order, planck: order.planck ^ 1n }, "owner"),
          claimMessage(origin, { ...order, receiver: asAddress(flipped(order.receiver)) }, "owner"),
          claimMessage(origin, { ...order, deadline: order.deadline ^ 1n }, "owner"),
          ...CLAIM_FORMS.filter((form) => form !== order.form).map((form) =>
            claimMessage(origin, { ...order, form }, "owner"),
          ),
          vetoMessage(origin, { ...order, delegate: order.account }),
        ];
        assert.equal(new Set(texts).size, texts.length);
      }),
    );
  });

  it("writes every planck", () => {
    assert.equal(phaOfPlanck(0n), "0.000000000000");
    assert.equal(phaOfPlanck(1n), "0.000000000001");
    assert.equal(phaOfPlanck(999_999_999_999n), "0.999999999999");
    assert.equal(phaOfPlanck(1_000_000_000_000n), "1.000000000000");
    assert.equal(phaOfPlanck(2n ** 128n - 1n), "340282366920938463463374607.431768211455");
  });

  it("is signed raw or as wallets wrap it", () => {
    const decoder = new TextDecoder();
    assert.equal(decoder.decode(signedBytes("a\nb", false)), "a\nb");
    assert.equal(decoder.decode(signedBytes("a\nb", true)), "<Bytes>a\nb</Bytes>");
  });
});
