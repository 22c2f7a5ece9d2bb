import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { TCB_PARTS } from "./tcb.ts";
import { packTcb, tcbDigest } from "./tcb-digest.ts";

const TCB = { fmc: 1, bootloader: 2, tee: 3, snp: 4, microcode: 5 };
const ALL = { current: TCB, reported: TCB, committed: TCB, launch: TCB };

describe("what L1 calls a TCB that is out of date", () => {
  it("has five bytes a version, the first part's the highest", () => {
    assert.equal(packTcb(TCB), 0x01_02_03_04_05n);
    assert.equal(packTcb({ fmc: 255, bootloader: 255, tee: 255, snp: 255, microcode: 255 }), 2n ** 40n - 1n);
  });

  it("is the digest of product and four versions, a word each", () => {
    const word = fromHex(`0x${"00".repeat(27)}0102030405`);
    const turin = fromHex(`0x${"00".repeat(31)}01`);
    const wanted = toHex(keccak256(concatBytes(turin, word, word, word, word)));
    const found = tcbDigest("Turin", ALL);
    assert.ok(found !== undefined);
    assert.equal(toHex(found), wanted);
  });

  it("is another for each part of each version, and for each product", () => {
    const digests = new Set<string | undefined>();
    const add = (digest: Uint8Array | undefined) =>
      digests.add(digest === undefined ? digest : toHex(digest));
    add(tcbDigest("Genoa", ALL));
    add(tcbDigest("Turin", ALL));
    const versions = ["current", "reported", "committed", "launch"] as const;
    for (const version of versions) {
      for (const part of TCB_PARTS) {
        add(tcbDigest("Genoa", { ...ALL, [version]: { ...TCB, [part]: 9 } }));
      }
    }
    assert.equal(digests.size, 2 + versions.length * TCB_PARTS.length);
    assert.ok(!digests.has(undefined));
    assert.equal(tcbDigest("Milan", ALL), undefined);
  });
});
