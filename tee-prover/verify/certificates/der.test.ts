import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { integer, objectIdentifier, sequence } from "../../attest/dangerously-simulated/der-writer.ts";
import { DerReader, TAG } from "./der.ts";

function faultOf(hex: string, read: (reader: DerReader) => void): string | undefined {
  const reader = new DerReader(fromHex(hex));
  read(reader);
  reader.end("all");
  return reader.fault;
}

describe("DER (X.690)", () => {
  it("reads lengths of one, two and three bytes in their shortest form", () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const reader = new DerReader(sequence(new Uint8Array(length)));
      assert.equal(reader.element(TAG.sequence, "it").content.length, length);
      reader.end("it");
      assert.equal(reader.fault, undefined);
    }
  });

  for (const [what, hex] of [
    ["no bytes", ""],
    ["a tag alone", "30"],
    ["an indefinite length", "30800000"],
    ["a long form where the short one does", "30810100"],
    ["a long form with a leading zero", `3082007f${"00".repeat(127)}`],
    ["a length of four bytes", "308400000001ff"],
    ["a length cut off", "3082"],
    ["content cut off", "300200"],
    ["a byte after the end", "300000"],
    ["another tag", "310000"],
    ["a tag of several bytes", "3f810000"],
  ] as const) {
    it(`refuses ${what}`, () => assert.ok(faultOf(hex, (reader) => reader.sequence("it")) !== undefined));
  }

  it("reads integers >= 0 without their sign byte", () => {
    for (const [value, hex] of [
      [0n, "0x00"],
      [127n, "0x7f"],
      [128n, "0x80"],
      [2n ** 64n, "0x010000000000000000"],
    ] as const) {
      assert.equal(toHex(new DerReader(integer(value)).unsigned("it")), hex);
    }
  });

  for (const [what, hex] of [
    ["without bytes", "0200"],
    ["below zero", "0280"],
    ["below zero in one byte", "0201ff"],
    ["with superfluous zeros", "02020001"],
  ] as const) {
    it(`refuses an integer ${what}`, () =>
      assert.ok(faultOf(hex, (reader) => reader.unsigned("it")) !== undefined));
  }

  it("bounds small integers", () => {
    assert.equal(new DerReader(integer(255)).small("it", 255), 255);
    for (const value of [256n, 2n ** 40n]) {
      const reader = new DerReader(integer(value));
      reader.small("it", 255);
      assert.ok(reader.fault !== undefined);
    }
  });

  it("takes only 0x00 and 0xff as booleans", () => {
    assert.equal(new DerReader(fromHex("0101ff")).boolean("it"), true);
    for (const hex of ["010101", "010180", "0100", "0102ffff"]) {
      assert.ok(faultOf(hex, (reader) => reader.boolean("it")) !== undefined);
    }
  });

  it("takes only whole bytes where a bit string holds a key or signature", () => {
    assert.equal(toHex(new DerReader(fromHex("0302000a")).bytesOfBits("it")), "0x0a");
    for (const hex of ["0300", "0302010a"])
      assert.ok(faultOf(hex, (reader) => reader.bytesOfBits("it")) !== undefined);
  });

  it("reads object identifiers", () => {
    for (const oid of ["1.2.840.113741.1.13.1.2.18", "2.5.29.15", "2.16.840.1.101.3.4.2.2", "0.9.2342"]) {
      assert.equal(new DerReader(objectIdentifier(oid)).objectIdentifier("it"), oid);
    }
    for (const hex of ["0600", "060180", "06022a80", "0603808001", "06068fffffffff7f"]) {
      assert.ok(faultOf(hex, (reader) => reader.objectIdentifier("it")) !== undefined, hex);
    }
  });

  it("keeps the first fault, and reads nothing after it", () => {
    const reader = new DerReader(fromHex("310030000201ff"));
    const inside = reader.sequence("first");
    assert.equal(inside.done, true);
    assert.equal(reader.nextTag, undefined);
    reader.unsigned("later");
    assert.match(reader.fault ?? "", /^first/);
  });
});
