import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import type { Block } from "@phala-l2/protocol/wire/block";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { encodeEnvelope } from "@phala-l2/protocol/wire/unsafe-block";
import fc from "fast-check";
import { blockAt, CONFIG, NOW } from "../testing/blocks.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRefusal,
  encodeRequest,
  encodeResponse,
  payloadProtocol,
} from "./payload-message.ts";
import { encodeSnappyFrames } from "./snappy-frames.ts";

/** Block 1000 is of time NOW under CONFIG: one second each from NOW - 1000 on. */
const NUMBER = 1_000n;
const BEFORE_ISTHMUS: Partial<Header> = { requestsHash: undefined, withdrawalsRoot: EMPTY_TRIE_ROOT };
const BEFORE_ECOTONE: Partial<Header> = {
  ...BEFORE_ISTHMUS,
  blobGasUsed: undefined,
  excessBlobGas: undefined,
  parentBeaconBlockRoot: undefined,
};
const rollup = (forks: typeof CONFIG.forks) => ({ ...CONFIG, forks });

function decoded(bytes: Uint8Array, number = NUMBER, config = CONFIG): string {
  const decoding = decodeResponse(bytes, number, config);
  return decoding.kind === "ok" ? toHex(decoding.block.hash) : decoding.reason;
}

describe("payload_by_number", () => {
  test("the protocol's id is op-node's", () => {
    assert.equal(payloadProtocol(10n), "/opstack/req/payload_by_number/10/0");
  });
  test("a request is a little-endian u64", () => {
    assert.equal(toHex(encodeRequest(0x0102n)), "0x0201000000000000");
    for (const number of [0n, 1n, 2n ** 64n - 1n]) assert.equal(decodeRequest(encodeRequest(number)), number);
    assert.equal(decodeRequest(new Uint8Array(7)), undefined);
  });

  const versions: readonly (readonly [
    name: string,
    block: Block,
    forks: typeof CONFIG.forks,
    version: number,
  ])[] = [
    ["Bedrock", blockAt(NUMBER, { ...BEFORE_ECOTONE, withdrawalsRoot: undefined }), {}, 0],
    ["Canyon", blockAt(NUMBER, BEFORE_ECOTONE), { canyon: 0n }, 0],
    ["Ecotone", blockAt(NUMBER, BEFORE_ISTHMUS), { canyon: 0n, ecotone: 0n }, 1],
    ["Isthmus", blockAt(NUMBER), CONFIG.forks, 2],
  ];
  for (const [name, block, forks, version] of versions) {
    test(`a block of ${name} is carried in version ${version}`, () => {
      const response = encodeResponse(block);
      assert.deepEqual([...response.subarray(0, 5)], [0, version, 0, 0, 0]);
      const decoding = decodeResponse(response, NUMBER, rollup(forks));
      assert.ok(decoding.kind === "ok");
      assert.deepEqual(decoding.block.hash, headerHash(block.header));
      assert.deepEqual(decoding.block.block.transactions, block.transactions);
    });
  }
  test("the block's time tells the encoding, whatever of the two names a server has for Isthmus", () => {
    const response = encodeResponse(blockAt(NUMBER));
    response[1] = 1;
    assert.equal(decoded(response), toHex(headerHash(blockAt(NUMBER).header)));
  });
  test("the fork is that of the number's time, at its first block", () => {
    const forks = { canyon: 0n, ecotone: 0n, isthmus: NOW };
    const last = blockAt(NUMBER - 1n, { ...BEFORE_ISTHMUS, timestamp: NOW - 1n });
    assert.equal(decoded(encodeResponse(last), NUMBER - 1n, rollup(forks)), toHex(headerHash(last.header)));
    assert.notEqual(decoded(encodeResponse(last), NUMBER, rollup(forks)), toHex(headerHash(last.header)));
  });

  const good = encodeResponse(blockAt(NUMBER));
  const framed = (bytes: Uint8Array) => concatBytes(Uint8Array.of(0, 2, 0, 0, 0), encodeSnappyFrames(bytes));
  const envelope = encodeEnvelope(blockAt(NUMBER));
  const rows: readonly (readonly [name: string, response: Uint8Array, reason: string])[] = [
    ["nothing", new Uint8Array(0), "response-truncated"],
    ["half a version", good.subarray(0, 4), "response-truncated"],
    ["no block", good.subarray(0, 5), "message-too-short"],
    ["not found", encodeRefusal(1), "response-refused"],
    ["an invalid request", encodeRefusal(2), "response-refused"],
    ["another error", encodeRefusal(3), "response-refused"],
    ["a reserved result before a good block", good.with(0, 128), "response-refused"],
    ["version 3", good.with(1, 3), "response-version-unknown"],
    ["version 2^31", good.with(4, 128), "response-version-unknown"],
    ["no frames", concatBytes(good.subarray(0, 5), envelope), "frames-no-identifier"],
    ["a cut stream", good.subarray(0, good.length - 1), "frames-truncated"],
    ["another number", encodeResponse(blockAt(NUMBER + 1n)), "response-other-number"],
    ["no hash of its content", framed(envelope.with(40, 1)), "block-hash-mismatch"],
    ["another beacon root", framed(envelope.with(0, 1)), "block-hash-mismatch"],
    ["a byte more", framed(concatBytes(envelope, Uint8Array.of(0))), "withdrawals-not-empty"],
    ["a block of an older fork", encodeResponse(blockAt(NUMBER, BEFORE_ISTHMUS)), "message-too-short"],
    ["more than 10 MiB", concatBytes(good, new Uint8Array(10 * 1024 * 1024)), "response-too-long"],
    ["10 MiB of frames that hold more", framed(new Uint8Array(11 * 1024 * 1024)), "frames-too-large"],
  ];
  for (const [name, response, reason] of rows) {
    test(`${name}: ${reason}`, () => assert.equal(decoded(response), reason));
  }
  test("no bytes at all make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        assert.equal(decodeResponse(bytes, NUMBER, CONFIG).kind, "invalid");
        decodeResponse(framed(bytes), NUMBER, CONFIG);
      }),
    );
  });
});
