import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, deflateRawSync, deflateSync } from "node:zlib";
import fc from "fast-check";
import { bytesEqual, concatBytes, fromHex } from "../bytes.ts";
import { decodeBatch } from "./batch.ts";
import { decodeBlob } from "./blob.ts";
import { batchesOfChannel, channelItem, readChannel } from "./channel.ts";
import { compressBrotli, compressZlib, decompressChannel } from "./compression.ts";
import { decodeFrames } from "./frame.ts";

/** Bytes without pattern, so that a compressor keeps them as they are. */
function noise(length: number, seed: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; 32 * i < length; i++) parts.push(createHash("sha256").update(`${seed}/${i}`).digest());
  return concatBytes(...parts).subarray(0, length);
}

function decompressed(channel: Uint8Array, limit = 1_000_000, fjord = true): Uint8Array {
  const result = decompressChannel(channel, { fjord, limit });
  assert.equal(result.kind, "ok");
  return result.kind === "ok" ? result.bytes : new Uint8Array(0);
}

function isPrefix(prefix: Uint8Array, whole: Uint8Array): boolean {
  return bytesEqual(prefix, whole.subarray(0, prefix.length));
}

const CONTENT = concatBytes(noise(6_000, 1), new Uint8Array(20_000), noise(3_000, 2));
const COMPRESSORS = [
  { name: "zlib", compress: compressZlib },
  { name: "brotli", compress: (bytes: Uint8Array) => compressBrotli(bytes, 9) },
];

for (const { name, compress } of COMPRESSORS) {
  describe(`channel compressed with ${name}`, () => {
    const channel = compress(CONTENT);

    it("round-trips", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
          assert(bytesEqual(decompressed(compress(bytes)), bytes));
        }),
      );
    });

    it("gives at each truncation a prefix that never shrinks", () => {
      let length = 0;
      for (let end = 1; end <= channel.length; end += 97) {
        const prefix = decompressed(channel.subarray(0, end));
        assert(isPrefix(prefix, CONTENT) && prefix.length >= length, `${end} bytes`);
        length = prefix.length;
      }
      assert(length > 20_000);
    });

    it("gives at least what the bytes before a corrupt place give", () => {
      for (const at of [channel.length >> 2, channel.length >> 1, channel.length - 40]) {
        const corrupt = concatBytes(channel.subarray(0, at), noise(channel.length - at, at));
        assert(isPrefix(decompressed(channel.subarray(0, at)), decompressed(corrupt)), `${at}`);
      }
    });

    it("ignores what follows the end of the stream", () => {
      assert(bytesEqual(decompressed(concatBytes(channel, noise(50, 3))), CONTENT));
    });

    it("is cut exactly at the limit, also where one byte more of input gives far more output", () => {
      const zeros = compress(new Uint8Array(3_000_000));
      for (const limit of [0, 1, 999, 65_536, 1_000_000, 2_999_999]) {
        assert.equal(decompressed(zeros, limit).length, limit);
        assert(bytesEqual(decompressed(channel, limit), CONTENT.subarray(0, limit)));
      }
      assert.equal(decompressed(zeros, 3_000_000).length, 3_000_000);
      assert.equal(decompressed(zeros, 3_000_001).length, 3_000_000);
    });

    it("never throws: random and mutated inputs", () => {
      const source = compress(noise(300, 4));
      const mutated = fc.tuple(fc.nat(), fc.nat(255), fc.nat()).map(([at, value, cut]) => {
        const bytes = Uint8Array.from(source);
        bytes[1 + (at % (bytes.length - 1))] = value;
        return cut % 4 === 0 ? bytes.subarray(0, 1 + (cut % bytes.length)) : bytes;
      });
      const head = source.subarray(0, 2);
      const random = fc.uint8Array({ maxLength: 60 }).map((bytes) => concatBytes(head, bytes));
      fc.assert(
        fc.property(fc.oneof(mutated, random), (bytes) => {
          assert(decompressed(bytes, 5_000).length <= 5_000);
        }),
        { numRuns: 5_000 },
      );
    });
  });
}

describe("channel compression", () => {
  it("is told by the first byte; brotli only from Fjord", () => {
    const kind = (channel: Uint8Array, fjord: boolean) => {
      const result = decompressChannel(channel, { fjord, limit: 100 });
      return result.kind === "invalid" ? result.reason : result.bytes.length;
    };
    assert.equal(kind(new Uint8Array(0), true), "empty-channel");
    for (const first of [0x00, 0x02, 0x10, 0x11, 0x79, 0xf1]) {
      assert.equal(kind(Uint8Array.of(first, 1, 2), true), "unknown-compression");
    }
    assert.equal(kind(compressBrotli(new Uint8Array(9), 0), false), "brotli-before-fjord");
    assert.equal(kind(compressBrotli(new Uint8Array(9), 0), true), 9);
    assert.equal(kind(compressZlib(new Uint8Array(9)), false), 9);
  });

  it("is zlib, and empty, for compression method 15, which no stream has", () => {
    assert.equal(decompressed(fromHex("0x7f010203")).length, 0);
    assert.equal(decompressed(fromHex("0x0f")).length, 0);
  });

  it("gives all of a zlib stream whose checksum is wrong or missing", () => {
    const channel = compressZlib(CONTENT);
    const wrong = Uint8Array.from(channel);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    assert(bytesEqual(decompressed(wrong), CONTENT));
    assert(bytesEqual(decompressed(channel.subarray(0, -4)), CONTENT));
    const first = Uint8Array.from(channel);
    first[first.length - 4] = (first.at(-4) ?? 0) ^ 1;
    assert(bytesEqual(decompressed(first), CONTENT));
  });

  it("gives exactly what was flushed before a block of the reserved type, or a reserved brotli window", () => {
    const flushed = deflateSync(CONTENT, { finishFlush: constants.Z_FULL_FLUSH });
    assert(bytesEqual(decompressed(concatBytes(flushed, fromHex("0x07"), noise(500, 7))), CONTENT));
    const brotli = brotliCompressSync(CONTENT, { finishFlush: constants.BROTLI_OPERATION_FLUSH });
    // ISLAST 0, MNIBBLES 3 (metadata), then the reserved bit, which must be 0 (RFC 7932, 9.2).
    const broken = concatBytes(fromHex("0x01"), brotli, fromHex("0x0e"), noise(500, 8));
    assert(bytesEqual(decompressed(broken), CONTENT));
  });

  it("gives nothing of a zlib stream that wants a dictionary, has a bad header, or lacks one", () => {
    const withDictionary = deflateSync(CONTENT, { dictionary: Buffer.from("abc") });
    assert.equal(decompressed(withDictionary).length, 0);
    const badCheck = Uint8Array.from(compressZlib(CONTENT));
    badCheck[1] = (badCheck[1] ?? 0) ^ 1;
    assert.equal(decompressed(badCheck).length, 0);
    const headless = concatBytes(fromHex("0x78"), deflateRawSync(CONTENT));
    assert(decompressed(headless).length < CONTENT.length);
  });
});

describe("batches of a channel", () => {
  const one = noise(100, 5);
  const two = noise(70, 6);
  const items = concatBytes(channelItem(one), channelItem(two));
  const bedrock = { fjord: false };
  const stopOf = (content: Uint8Array) => readChannel(compressZlib(content), { fjord: true });

  it("are the RLP strings one after another", () => {
    assert.deepEqual(readChannel(compressZlib(items), bedrock), { payloads: [one, two], stop: undefined });
    assert.deepEqual(batchesOfChannel(compressBrotli(items, 5), { fjord: true }), [one, two]);
  });

  it("are none in an empty or unreadable channel", () => {
    assert.deepEqual(stopOf(new Uint8Array(0)), { payloads: [], stop: undefined });
    assert.deepEqual(readChannel(new Uint8Array(0), bedrock), { payloads: [], stop: "empty-channel" });
    assert.deepEqual(readChannel(fromHex("0x05"), bedrock), { payloads: [], stop: "unknown-compression" });
    assert.deepEqual(readChannel(compressBrotli(items, 5), bedrock), {
      payloads: [],
      stop: "brotli-before-fjord",
    });
  });

  it("end at the first bad item, keeping those before", () => {
    const first = channelItem(one);
    const cases: readonly [string, string][] = [
      ["0xc0", "rlp-string-expected"],
      ["0xc20102", "rlp-string-expected"],
      ["0xf8", "rlp-string-expected"],
      ["0x8101", "rlp-byte-not-canonical"],
      ["0xb801ff", "rlp-length-not-canonical"],
      ["0xb90001ff", "rlp-length-not-canonical"],
      ["0xb8", "batch-incomplete"],
      ["0x83aabb", "batch-incomplete"],
      ["0xbfffffffffffffffff", "batch-incomplete"],
    ];
    for (const [bad, stop] of cases) {
      const result = stopOf(concatBytes(first, fromHex(bad)));
      assert.deepEqual(result, { payloads: [one], stop }, bad);
    }
  });

  it("lie whole within 10 MB before Fjord and 100 MB from Fjord", () => {
    const big = channelItem(new Uint8Array(9_999_900));
    const exact = channelItem(new Uint8Array(10_000_000 - big.length - 2).fill(1));
    assert.equal(big.length + exact.length, 10_000_000);
    const fits = deflateSync(concatBytes(big, exact, channelItem(one)), { level: constants.Z_BEST_SPEED });
    assert.equal(readChannel(fits, { fjord: true }).payloads.length, 3);
    const atLimit = readChannel(fits, bedrock);
    assert.equal(atLimit.payloads.length, 2);
    const over = deflateSync(concatBytes(channelItem(one), big, exact), { level: constants.Z_BEST_SPEED });
    const beyond = readChannel(over, bedrock);
    assert.deepEqual([beyond.payloads.length, beyond.stop], [1, "batch-incomplete"]);
  });
});

const FOLDER = fileURLToPath(new URL("../../../shared/vectors/op/derivation/", import.meta.url));

describe("channel of a real batcher", {
  skip: existsSync(FOLDER) ? false : "shared vectors are absent",
}, () => {
  it("is read from its blob down to the batches", () => {
    const text = execFileSync("xz", ["-dc", `${FOLDER}blob9.txt.xz`], {
      encoding: "utf8",
      maxBuffer: 1 << 24,
    });
    const blob = decodeBlob(fromHex(text.trim()));
    assert(blob.kind === "ok");
    const frames = decodeFrames(blob.data);
    assert(frames.kind === "ok");
    const channel = concatBytes(...frames.frames.map(({ data }) => data));
    const payloads = batchesOfChannel(channel, { fjord: true });
    assert(payloads.length > 0);
    for (const payload of payloads) {
      const batch = decodeBatch(payload, { genesisTime: 0n, blockTime: 2n, chainId: 10n });
      assert.notEqual(batch.kind, "invalid");
    }
  });
});
