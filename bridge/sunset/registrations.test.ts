import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex, concatBytes, fromHex, type Hex } from "@phala-l2/protocol/bytes";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import fc from "fast-check";
import { addressSubject } from "./claims-tree.ts";
import { CLAIM_FORMS } from "./message.ts";
import { registrationsOf, registrationText, signedRemark } from "./registrations.ts";
import { type ExtrinsicParts, remarkOf, signedCall } from "./testing/blocks.ts";
import { person } from "./testing/state.ts";

const [ALICE, BOB] = [person(1), person(2)];
const TO = `0x${"ab".repeat(20)}` as const;
const text = (chain: string, address: string, form: string): string =>
  `phala-l2 sunset receiver: ${chain} ${address} ${form}`;

/** A signed remark, or what differs from one. */
function extrinsic(account: Hex, remark: string, parts: ExtrinsicParts = {}): Uint8Array {
  return signedCall(account, remarkOf(remark, parts.call), parts);
}

const read = (extrinsics: readonly Uint8Array[]) => registrationsOf(extrinsics, 1n);

const subject = addressSubject(fromHex(TO));

test("an account's last registration counts, in every kind of key and layout", () => {
  const earlier = extrinsic(ALICE, text("1", `0x${"11".repeat(20)}`, "ethereum"));
  const later = extrinsic(ALICE, text("1", TO, "staked"), { signature: [0, 64], call: [0, 7] });
  const bob = extrinsic(BOB, text("1", TO, "l2"), { signature: [2, 65], extensions: [0x15, 2, 4, 0, 0] });
  assert.deepEqual(read([earlier, bob, later]), [
    { account: ALICE, subject, form: 2 },
    { account: BOB, subject, form: 1 },
  ]);
  assert.deepEqual(read([later, earlier]).length, 1);
  assert.deepEqual(read([later, earlier])[0]?.form, 0);
});

test("what an account is told to remark registers what was asked for", () => {
  const receiver = addressFromHex(TO);
  for (const [number, form] of CLAIM_FORMS.entries()) {
    const told = registrationText(1n, receiver, form);
    assert.match(told, /^[\x20-\x7e]+$/, "a wallet shows it as text");
    assert.deepEqual(read([extrinsic(ALICE, told)]), [{ account: ALICE, subject, form: number }]);
    assert.deepEqual(read([extrinsic(ALICE, registrationText(11n, receiver, form))]), []);
  }
});

test("only that very text, signed by the account itself in a call of its own, registers", () => {
  const ours = text("1", TO, "l2");
  const none: readonly Uint8Array[] = [
    extrinsic(ALICE, text("2", TO, "l2")),
    extrinsic(ALICE, text("1", `0x${"00".repeat(20)}`, "l2")),
    extrinsic(ALICE, text("1", TO, "somewhere")),
    extrinsic(ALICE, text("1", TO.slice(0, -1), "l2")),
    extrinsic(ALICE, ` ${ours}`),
    extrinsic(ALICE, `${ours}\n`),
    extrinsic(ALICE, `${ours}.`),
    extrinsic(ALICE, ours, { version: 0x04 }),
    extrinsic(ALICE, ours, { version: 0x05 }),
    extrinsic(ALICE, ours, { address: 1 }),
    extrinsic(ALICE, ours, { signature: [3, 64] }),
    extrinsic(ALICE, ours, { signature: [2, 64] }),
    // Within a batch, a proxy's call, another pallet, another call.
    extrinsic(ALICE, ours, { call: [40, 2, 4, 0, 0] }),
    extrinsic(ALICE, ours, { call: [1, 0] }),
    extrinsic(ALICE, ours, { call: [0, 2] }),
    extrinsic(ALICE, ours, { extensions: [0, 4, 0, 1] }),
    extrinsic(ALICE, ours).subarray(1),
    concatBytes(extrinsic(ALICE, ours), Uint8Array.of(0)),
    new Uint8Array(0),
  ];
  for (const [i, each] of none.entries()) assert.deepEqual(read([each]), [], String(i));
  assert.equal(read([...none, extrinsic(ALICE, ours)]).length, 1);
});

test("a remark that somebody makes for an account within another call does not register", () => {
  const remark = remarkOf(text("1", TO, "l2"), [0, 7]);
  const [pallet, alice] = [40, fromHex(ALICE)];
  const calls: Readonly<Record<string, Uint8Array>> = {
    "proxy.proxy, no type forced": concatBytes(Uint8Array.of(pallet, 0, 0), alice, Uint8Array.of(0), remark),
    "proxy.proxy as NonTransfer": concatBytes(
      Uint8Array.of(pallet, 0, 0),
      alice,
      Uint8Array.of(1, 1),
      remark,
    ),
    "utility.as_derivative": concatBytes(Uint8Array.of(pallet, 1, 5, 0), remark),
    "utility.batch_all": concatBytes(Uint8Array.of(pallet, 2, 4), remark),
    "multisig.as_multi_threshold_1": concatBytes(Uint8Array.of(pallet, 0, 4), alice, remark),
    "sudo.sudo": concatBytes(Uint8Array.of(pallet, 0), remark),
  };
  for (const [name, call] of Object.entries(calls)) assert.deepEqual(read([signedCall(BOB, call)]), [], name);
  // The same remark, as the call itself, is its signer's.
  assert.deepEqual(
    read([signedCall(BOB, remark)]).map(({ account }) => account),
    [BOB],
  );
});

test("hostile extrinsics register nothing, and nothing is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), fc.nat(), (noise, cut) => {
      const real = extrinsic(ALICE, text("1", TO, "l2"));
      for (const each of [noise, encodeByteString(noise), real.subarray(0, cut % real.length)]) {
        assert.equal(signedRemark(each), undefined);
      }
    }),
  );
});
