import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { readSignatures } from "./signatures-file.ts";

const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const ALICE_HEX = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

describe("a file of signatures", () => {
  it("has keys by address or hex, and multisigs", () => {
    const reading = readSignatures(
      JSON.stringify({
        keys: [{ signer: ALICE, signature: "0x0102" }],
        multisigs: [{ signatories: [ALICE_HEX, `0x${"11".repeat(32)}`], threshold: 2 }],
      }),
    );
    assert(reading.kind === "ok");
    const { keys, multisigs } = reading.signatures;
    assert.deepEqual(
      keys.map(({ signer, signature }) => [toHex(signer), toHex(signature)]),
      [[ALICE_HEX, "0x0102"]],
    );
    assert.deepEqual(multisigs, [{ signatories: [ALICE_HEX, `0x${"11".repeat(32)}`], threshold: 2 }]);
  });

  it("may have keys alone", () => {
    const reading = readSignatures(JSON.stringify({ keys: [] }));
    assert.deepEqual(reading, { kind: "ok", signatures: { keys: [], multisigs: [] } });
  });

  for (const [name, text] of [
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["keys that are no list", '{"keys":{}}'],
    ["a key that is a word", '{"keys":["0x"]}'],
    ["a key without a signature", `{"keys":[{"signer":"${ALICE}"}]}`],
    ["a signature that is no hex", `{"keys":[{"signer":"${ALICE}","signature":"0xzz"}]}`],
    ["a signer that is nobody", '{"keys":[{"signer":"5Grw","signature":"0x"}]}'],
    ["a signer with a wrong checksum", `{"keys":[{"signer":"${ALICE.slice(0, -1)}Z","signature":"0x"}]}`],
    ["a multisig without signatories", '{"multisigs":[{"threshold":2}]}'],
    ["a threshold of nothing", '{"multisigs":[{"signatories":[],"threshold":0}]}'],
    ["half a threshold", '{"multisigs":[{"signatories":[],"threshold":1.5}]}'],
    ["a threshold beyond u16", '{"multisigs":[{"signatories":[],"threshold":65536}]}'],
  ] as const) {
    it(`is refused with ${name}`, () => {
      const reading = readSignatures(text);
      assert(reading.kind === "invalid" && reading.reason.length > 0);
    });
  }
});
