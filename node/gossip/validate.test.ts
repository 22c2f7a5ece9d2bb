import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { bigintFromBytes, bigintToBytes, concatBytes, fromHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { addressOfKey, SECP256K1_ORDER, signatureToBytes, signDigest } from "@phala-l2/protocol/secp256k1";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import {
  decodeUnsafeBlock,
  type UnsafeBlockVersion,
  unsafeBlockDigest,
} from "@phala-l2/protocol/wire/unsafe-block";
import fc from "fast-check";
import { SeenBlocks } from "./seen-blocks.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";
import { blockAt, CONFIG, messageOf, NOW, SEQUENCER, SEQUENCER_KEY, STRANGER_KEY } from "./testing/blocks.ts";
import { blocksTopics, messageId, versionAt } from "./topic.ts";
import { type GossipRules, judgeMessage, MAX_BLOCKS_PER_HEIGHT } from "./validate.ts";

function rules(changes: Partial<GossipRules> = {}): GossipRules {
  return { config: CONFIG, signer: SEQUENCER, now: NOW, seen: new SeenBlocks(), ...changes };
}

function verdictOf(
  message: Uint8Array,
  changes: Partial<GossipRules> = {},
  version: UnsafeBlockVersion = 4,
): string {
  const verdict = judgeMessage(compressSnappy(message), version, rules(changes));
  return verdict.kind === "accept" ? "accept" : `${verdict.kind}: ${verdict.reason}`;
}

/** Signs bytes that no encoder would make. */
function signed(envelope: Uint8Array): Uint8Array {
  const digest = unsafeBlockDigest(keccak256(envelope), CONFIG.l2ChainId);
  return concatBytes(signatureToBytes(signDigest(digest, SEQUENCER_KEY)), envelope);
}

function without<T>(bytes: Uint8Array, change: (copy: Uint8Array) => T): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

describe("verdicts (rollup-node-p2p.md, block validation)", () => {
  const good = messageOf(blockAt(7n));

  test("a good block is accepted, and is the block that was announced", () => {
    const verdict = judgeMessage(compressSnappy(good), 4, rules());
    assert.equal(verdict.kind, "accept");
    assert.ok(verdict.kind === "accept");
    assert.deepEqual(verdict.hash, headerHash(blockAt(7n).header));
    assert.deepEqual(verdict.block.transactions, blockAt(7n).transactions);
  });

  const rows: readonly (readonly [
    name: string,
    message: Uint8Array,
    expected: string,
    changes?: Partial<GossipRules>,
  ])[] = [
    ["exactly 60 s old", messageOf(blockAt(7n, { timestamp: NOW - 60n })), "accept"],
    ["61 s old", messageOf(blockAt(7n, { timestamp: NOW - 61n })), "reject: timestamp-too-old"],
    ["5 s ahead", messageOf(blockAt(7n, { timestamp: NOW + 5n })), "accept"],
    ["6 s ahead", messageOf(blockAt(7n, { timestamp: NOW + 6n })), "reject: timestamp-in-future"],
    ["2^64 - 1", messageOf(blockAt(7n, { timestamp: 2n ** 64n - 1n })), "reject: timestamp-in-future"],
    ["another signer", messageOf(blockAt(7n), STRANGER_KEY), "reject: signer-unexpected"],
    ["another chain", messageOf(blockAt(7n), undefined, 902n), "reject: signer-unexpected"],
    ["a bit of the signature", without(good, (copy) => copy.set([(copy[10] ?? 0) ^ 1], 10)), "reject"],
    ["parity 27", without(good, (copy) => copy.set([27], 64)), "reject: signature-invalid"],
    ["r of zero", without(good, (copy) => copy.fill(0, 0, 32)), "reject: signature-invalid"],
    ["s of zero", without(good, (copy) => copy.fill(0, 32, 64)), "reject: signature-invalid"],
    [
      "r of the order",
      without(good, (copy) => copy.set(fromHex(SECP256K1_ORDER.toString(16)), 0)),
      "reject: signature-invalid",
    ],
    [
      "a bit of the payload",
      without(good, (copy) => copy.set([(copy[200] ?? 0) ^ 1], 200)),
      "reject: signer-unexpected",
    ],
    ["the beacon root changed", without(good, (copy) => copy.set([0], 65)), "reject: signer-unexpected"],
    ["only a signature", good.subarray(0, 65), "reject: message-too-short"],
    ["nothing", new Uint8Array(0), "reject: message-too-short"],
    ["excess blob gas", messageOf(blockAt(7n, { excessBlobGas: 1n })), "reject: excess-blob-gas-not-zero"],
    [
      "blob gas before Jovian",
      messageOf(blockAt(7n)),
      "reject: blob-gas-not-zero",
      { config: { ...CONFIG, forks: { ...CONFIG.forks, jovian: NOW + 1n } } },
    ],
    [
      "version 4 before Isthmus",
      messageOf(blockAt(7n)),
      "ignore: version-not-of-fork",
      { config: { ...CONFIG, forks: { ...CONFIG.forks, isthmus: NOW + 1n } } },
    ],
    ["no signer known", good, "ignore: signer-unknown", { signer: undefined }],
    ["a signer of zero", good, "ignore: signer-unknown", { signer: ZERO_ADDRESS }],
    [
      "no signature at all, no signer known",
      without(good, (copy) => copy.fill(0, 0, 65)),
      "ignore: signer-unknown",
      { signer: undefined },
    ],
    [
      "a stranger's, no signer known",
      messageOf(blockAt(7n), STRANGER_KEY),
      "ignore: signer-unknown",
      { signer: undefined },
    ],
  ];
  for (const [name, message, expected, changes] of rows) {
    test(`${name}: ${expected}`, () => {
      const verdict = verdictOf(message, changes);
      assert.ok(verdict.startsWith(expected), verdict);
    });
  }

  describe("a message is of its topic's version (signed by the sequencer, all of it)", () => {
    const v3: Partial<Header> = { requestsHash: undefined, withdrawalsRoot: EMPTY_TRIE_ROOT };
    const v2 = { ...v3, blobGasUsed: undefined, excessBlobGas: undefined, parentBeaconBlockRoot: undefined };
    const v1 = { ...v2, withdrawalsRoot: undefined };
    const forks: readonly RollupConfig["forks"][] = [
      {},
      { canyon: 0n },
      { canyon: 0n, ecotone: 0n },
      { canyon: 0n, ecotone: 0n, isthmus: 0n, jovian: 0n },
    ];
    const blocks = [v1, v2, { ...v3, blobGasUsed: 0n }, {}].map((fields) =>
      messageOf(blockAt(7n, { extraData: new Uint8Array(0), ...fields }, 0, 600)),
    );
    for (const topic of [1, 2, 3, 4] as const) {
      for (const [i, message] of blocks.entries()) {
        const isOwn = topic === i + 1;
        test(`version ${i + 1} on topic ${topic - 1}: ${isOwn ? "accept" : "reject"}`, () => {
          const config = { ...CONFIG, forks: forks[topic - 1] ?? {} };
          assert.equal(verdictOf(message, { config }, topic).split(":")[0], isOwn ? "accept" : "reject");
        });
      }
    }
    test("a withdrawal in the list that must be empty", () => {
      const good = blocks[3] ?? new Uint8Array(0);
      const withdrawal = new Uint8Array(44);
      const longer = signed(concatBytes(good.subarray(65), withdrawal));
      assert.equal(verdictOf(longer), "reject: withdrawals-not-empty");
    });
    test("blob gas used, from Ecotone to Jovian", () => {
      const config = { ...CONFIG, forks: forks[2] ?? {} };
      const message = messageOf(blockAt(7n, { ...v3, blobGasUsed: 1n }));
      assert.equal(verdictOf(message, { config }, 3), "reject: blob-gas-not-zero");
    });
  });

  test("a signature of the previous signer is ignored, of anybody else rejected", () => {
    const rotated = { signer: addressOfKey(STRANGER_KEY), previousSigner: SEQUENCER };
    assert.equal(verdictOf(good, rotated), "ignore: signer-replaced");
    assert.equal(verdictOf(messageOf(blockAt(7n), STRANGER_KEY), rotated), "accept");
    const third = messageOf(blockAt(7n), new Uint8Array(32).fill(9));
    assert.equal(verdictOf(third, rotated), "reject: signer-unexpected");
  });

  test("the other of the two valid s, as op-node takes it, is the same block", () => {
    const s = SECP256K1_ORDER - bigintFromBytes(good.subarray(32, 64));
    const restated = without(good, (copy) => {
      copy.set(bigintToBytes(s, 32), 32);
      copy[64] = 1 - (copy[64] ?? 0);
    });
    const seen = new SeenBlocks();
    assert.equal(verdictOf(restated, { seen }), "accept");
    seen.add(7n, headerHash(blockAt(7n).header));
    assert.equal(verdictOf(good, { seen }), "ignore: block-seen");
  });

  test("a signed payload whose block hash is not its content's", () => {
    // The sequencer itself signs nonsense: the signature holds, the hash does not.
    const block = blockAt(7n, { requestsHash: undefined });
    assert.equal(verdictOf(messageOf(block)), "reject: message-too-short");
    const nonce = messageOf(blockAt(7n, { nonce: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }));
    assert.equal(verdictOf(nonce), "reject: block-hash-mismatch");
  });

  test("a block seen before is ignored; with more than five seen at one height, all others are rejected", () => {
    const seen = new SeenBlocks();
    for (let tag = 0; tag < MAX_BLOCKS_PER_HEIGHT; tag++) {
      const block = blockAt(7n, {}, tag);
      assert.equal(verdictOf(messageOf(block), { seen }), "accept");
      seen.add(7n, headerHash(block.header));
      assert.equal(verdictOf(messageOf(block), { seen }), "ignore: block-seen");
    }
    const sixth = blockAt(7n, {}, MAX_BLOCKS_PER_HEIGHT);
    assert.equal(verdictOf(messageOf(sixth), { seen }), "accept");
    seen.add(7n, headerHash(sixth.header));
    for (const tag of [0, 9]) {
      assert.equal(verdictOf(messageOf(blockAt(7n, {}, tag)), { seen }), "reject: too-many-blocks-at-height");
    }
    assert.equal(verdictOf(messageOf(blockAt(8n, {}, 9)), { seen }), "accept");
  });

  test("uncompressed, truncated and random messages are rejected and never throw", () => {
    assert.equal(judgeMessage(good, 4, rules()).kind, "reject");
    fc.assert(
      fc.property(fc.nat(good.length - 1), (length) => {
        assert.ok(verdictOf(good.subarray(0, length)).startsWith("reject"));
      }),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        assert.equal(judgeMessage(bytes, 4, rules()).kind, "reject");
      }),
    );
  });
});

describe("blocks that were seen", () => {
  test("heights beyond a thousand are forgotten, those used longest ago first", () => {
    const seen = new SeenBlocks();
    const hash = headerHash(blockAt(1n).header);
    for (let number = 0n; number < 1_000n; number++) seen.add(number, hash);
    seen.add(0n, hash);
    seen.add(1_000n, hash);
    assert.deepEqual([seen.has(0n, hash), seen.has(1n, hash), seen.has(2n, hash)], [true, false, true]);
    assert.equal(seen.count(5_000n), 0);
  });
});

describe("topics and message ids", () => {
  test("a chain with Isthmus at genesis has one topic", () => {
    assert.deepEqual([...blocksTopics(CONFIG)], [["/optimism/901/3/blocks", 4]]);
  });
  test("a chain with later forks has one for each version to come", () => {
    const forks = { regolith: 0n, canyon: 0n, ecotone: NOW, isthmus: NOW + 100n };
    assert.deepEqual(
      [...blocksTopics({ ...CONFIG, forks })],
      [
        ["/optimism/901/1/blocks", 2],
        ["/optimism/901/3/blocks", 4],
        ["/optimism/901/2/blocks", 3],
      ],
    );
    assert.deepEqual(
      [NOW - 1n, NOW, NOW + 100n].map((time) => versionAt({ forks }, time)),
      [2, 3, 4],
    );
    assert.equal(versionAt({ forks: {} }, NOW), 1);
  });
  test("another compression of the same content is the same message; another topic is not", () => {
    const content = new Uint8Array(40).fill(5);
    const literal = Uint8Array.of(40, 39 << 2, ...content);
    assert.notDeepEqual(literal, compressSnappy(content));
    assert.deepEqual(messageId("t", literal), messageId("t", compressSnappy(content)));
    assert.notDeepEqual(messageId("t", literal), messageId("u", literal));
    assert.equal(messageId("t", literal).length, 20);
  });
  test("a message that does not decompress has an id of another domain", () => {
    const content = Uint8Array.of(1, 2, 3);
    assert.notDeepEqual(messageId("t", content), messageId("t", compressSnappy(content)));
  });
});

const VECTORS = "../shared/vectors/op/gossip/gossip-and-real-blocks.json";

describe("real messages of op-node's tests", {
  skip: existsSync(VECTORS) ? false : `${VECTORS} is not there`,
}, () => {
  type Vector = {
    topicVersion: UnsafeBlockVersion;
    compressed: string;
    decompressedLength: number;
    timestamp: number;
  };
  const vectors: readonly Vector[] = existsSync(VECTORS)
    ? JSON.parse(readFileSync(VECTORS, "utf8")).networkPayloads
    : [];

  for (const { topicVersion, compressed, decompressedLength, timestamp } of vectors) {
    test(`version ${topicVersion}`, () => {
      const data = fromHex(compressed);
      const content = decompressSnappy(data, 10_000);
      assert.ok(content.kind === "ok");
      assert.equal(content.bytes.length, decompressedLength);
      assert.deepEqual(decompressSnappy(compressSnappy(content.bytes), 10_000), content);
      const decoding = decodeUnsafeBlock(content.bytes, topicVersion);
      if (topicVersion === 4) {
        // Made for its signature: the payload of version 4 claims a block hash of zero.
        assert.deepEqual(decoding, { kind: "invalid", reason: "block-hash-mismatch" });
      } else {
        assert.ok(decoding.kind === "ok");
        assert.equal(decoding.message.block.header.timestamp, BigInt(timestamp));
      }
      const stranger = judgeMessage(data, topicVersion, rules({ now: BigInt(timestamp) }));
      assert.deepEqual(stranger, { kind: "reject", reason: "signer-unexpected" });
    });
  }
});
