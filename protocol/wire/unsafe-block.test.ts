import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addressFromHex, asHash, bytesEqual, concatBytes, fromHex, hashFromHex, toHex } from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import { addressOfKey, signDigest } from "../secp256k1.ts";
import { EMPTY_TRIE_ROOT } from "../trie/trie.ts";
import { type Block, transactionsRoot } from "./block.ts";
import { EMPTY_OMMERS_HASH, EMPTY_REQUESTS_HASH, type Header, headerHash } from "./header.ts";
import {
  decodeUnsafeBlock,
  encodePayload,
  encodeUnsafeBlock,
  readUnsafeBlockSignature,
  type UnsafeBlockVersion,
  unsafeBlockDigest,
  unsafeBlockSigner,
} from "./unsafe-block.ts";

const KEY = new Uint8Array(32).fill(9);
const HASH = hashFromHex(`0x${"42".repeat(32)}`);
const TRANSACTIONS = [fromHex("0x7ec0"), fromHex("0x02c20102"), fromHex("0xc3010203")];
const CHAIN_ID = 69_420n;

function blockOf(version: UnsafeBlockVersion, transactions: readonly Uint8Array[] = TRANSACTIONS): Block {
  const header: Header = {
    parentHash: HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: addressFromHex("0x4200000000000000000000000000000000000011"),
    stateRoot: HASH,
    transactionsRoot: transactionsRoot(transactions),
    receiptsRoot: HASH,
    logsBloom: new Uint8Array(256).fill(3),
    difficulty: 0n,
    number: 77n,
    gasLimit: 60_000_000n,
    gasUsed: 2n ** 40n + 1n,
    timestamp: 1_700_000_000n,
    extraData: fromHex("0x01000000fa000000060000000000000001"),
    prevRandao: HASH,
    nonce: new Uint8Array(8),
    baseFeePerGas: 2n ** 200n + 5n,
    ...(version >= 2 && { withdrawalsRoot: version === 4 ? HASH : EMPTY_TRIE_ROOT }),
    ...(version >= 3 && { blobGasUsed: 400n, excessBlobGas: 0n, parentBeaconBlockRoot: HASH }),
    ...(version >= 4 && { requestsHash: EMPTY_REQUESTS_HASH }),
  };
  return { header, transactions };
}

function messageOf(block: Block): Uint8Array {
  return encodeUnsafeBlock(block, CHAIN_ID, (digest) => signDigest(digest, KEY));
}

function reason(message: Uint8Array, version: UnsafeBlockVersion = 4): string {
  const decoded = decodeUnsafeBlock(message, version);
  return decoded.kind === "invalid" ? decoded.reason : decoded.kind;
}

/** The Isthmus message with a little-endian u32 of its payload replaced. */
function withOffset(at: number, value: number, source: Uint8Array = messageOf(blockOf(4))): Uint8Array {
  const message = Uint8Array.from(source);
  new DataView(message.buffer).setUint32(65 + 32 + at, value, true);
  return message;
}

describe("unsafe block", () => {
  it("round-trips in each version, with its signer", () => {
    for (const version of [1, 2, 3, 4] as const) {
      for (const transactions of [TRANSACTIONS, []]) {
        const block = blockOf(version, transactions);
        const message = messageOf(block);
        const decoded = decodeUnsafeBlock(message, version);
        assert(decoded.kind === "ok", `version ${version}`);
        assert.deepEqual(decoded.message.block, block);
        assert.deepEqual(decoded.message.hash, headerHash(block.header));
        assert.deepEqual(unsafeBlockSigner(decoded.message, CHAIN_ID), addressOfKey(KEY));
        const signed = readUnsafeBlockSignature(message);
        assert.deepEqual(signed?.payloadHash, decoded.message.payloadHash);
      }
    }
  });

  it("has a fixed part of 508, 512, 528 and 560 bytes", () => {
    const lengths = ([1, 2, 3, 4] as const).map((version) => encodePayload(blockOf(version, [])).length - 17);
    assert.deepEqual(lengths, [508, 512, 528, 560]);
  });

  it("is signed for one chain, by a signature with parity 0 or 1", () => {
    const decoded = decodeUnsafeBlock(messageOf(blockOf(4)), 4);
    assert(decoded.kind === "ok");
    const { signature, payloadHash } = decoded.message;
    const wanted = addressOfKey(KEY);
    const isOurs = (changed: Uint8Array, hash = payloadHash, chainId = CHAIN_ID) => {
      const signer = unsafeBlockSigner({ signature: changed, payloadHash: hash }, chainId);
      return signer !== undefined && bytesEqual(signer, wanted);
    };
    assert(isOurs(signature));
    assert(!isOurs(signature, payloadHash, CHAIN_ID + 1n));
    assert(!isOurs(signature, asHash(new Uint8Array(32))));
    for (const parity of [2, 27, 28, 255]) {
      const changed = Uint8Array.from(signature);
      changed[64] = parity;
      assert.equal(unsafeBlockSigner({ signature: changed, payloadHash }, CHAIN_ID), undefined);
    }
    assert.equal(unsafeBlockSigner({ signature: new Uint8Array(65), payloadHash }, CHAIN_ID), undefined);
    assert.equal(unsafeBlockSigner({ signature: signature.subarray(1), payloadHash }, CHAIN_ID), undefined);
    assert.equal(readUnsafeBlockSignature(signature), undefined);
    assert.notDeepEqual(unsafeBlockDigest(payloadHash, 1n), unsafeBlockDigest(payloadHash, 2n));
  });

  it("is invalid when its block hash is not that of its content", () => {
    const message = messageOf(blockOf(4));
    const payloadAt = 97;
    // A byte of each field that the header has, of a transaction, and of the beacon root before the payload.
    for (const at of [0, 33, 60, 90, 120, 380, 404, 412, 420, 428, 445, 472, 512, 520, 530, 562, 590, -5]) {
      const changed = Uint8Array.from(message);
      changed[payloadAt + at] = (changed[payloadAt + at] ?? 0) ^ 1;
      assert.equal(reason(changed), "block-hash-mismatch", `byte ${at}`);
    }
  });

  it("is invalid in the form of another version", () => {
    for (const version of [1, 2, 3] as const) assert.notEqual(reason(messageOf(blockOf(4)), version), "ok");
    for (const version of [1, 2, 3] as const) assert.notEqual(reason(messageOf(blockOf(version)), 4), "ok");
  });

  it("is invalid when too short", () => {
    const message = messageOf(blockOf(4, []));
    for (const length of [0, 64, 65, 97, 97 + 559]) {
      assert.equal(reason(message.subarray(0, length)), "message-too-short");
    }
  });

  it("has offsets that ascend from the fixed part and leave nothing out", () => {
    for (const at of [0, 559, 561, 0xffffffff])
      assert.equal(reason(withOffset(436, at)), "extra-data-offset");
    assert.equal(reason(withOffset(504, 559)), "transactions-offset");
    assert.equal(reason(withOffset(504, 0xffffffff)), "transactions-offset");
    assert.equal(
      reason(withOffset(504, 560 + 33, messageOf(blockOf(4, [new Uint8Array(99)])))),
      "extra-data-too-long",
    );
    assert.equal(reason(withOffset(508, 560)), "withdrawals-offset");
    assert.equal(reason(withOffset(508, 0xffffffff)), "withdrawals-offset");
  });

  it("has no withdrawals", () => {
    const message = concatBytes(messageOf(blockOf(4)), new Uint8Array(44));
    assert.equal(reason(message), "withdrawals-not-empty");
  });

  it("has transaction offsets that ascend within the list", () => {
    const list = 560 + 17;
    for (const first of [0, 1, 5, 4000]) assert.equal(reason(withOffset(list, first)), "transaction-offsets");
    for (const second of [0, 11, 4000, 0xffffffff]) {
      assert.equal(reason(withOffset(list + 4, second)), "transaction-offsets", `${second}`);
    }
    assert.equal(reason(withOffset(list + 4, 12)), "transaction-empty");
    const cut = concatBytes(messageOf(blockOf(4, [])), new Uint8Array(3));
    assert.equal(reason(withOffset(508, 580, cut)), "transaction-offsets");
  });

  it("is decoded without throwing: 10,000 random and mutated inputs", () => {
    const sources = ([1, 2, 3, 4] as const).map((version) => ({
      version,
      message: messageOf(blockOf(version)),
    }));
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 3 }),
        fc.constantFrom<UnsafeBlockVersion>(1, 2, 3, 4),
        fc.boolean(),
        (source, changes, version, cut) => {
          const message = Uint8Array.from(source.message);
          for (const [at, value] of changes) message[65 + at] = value;
          const [first] = changes;
          const input = cut && first ? message.subarray(0, first[0]) : message;
          assert(["ok", "invalid"].includes(decodeUnsafeBlock(input, version).kind));
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it("is not made of a block before London", () => {
    const { header, transactions } = blockOf(1);
    assert.throws(
      () => encodePayload({ header: { ...header, baseFeePerGas: undefined }, transactions }),
      (error) => isRollupError(error, "UNSAFE_BLOCK_FIELDS"),
    );
  });
});

/** Snappy's block format, as far as a test needs it: a length, then literals and copies. */
function unsnappy(input: Uint8Array): Uint8Array {
  let at = 0;
  const next = () => input[at++] ?? 0;
  let shift = 0;
  let length = 0;
  for (let byte = 0x80; byte >= 0x80; shift += 7) {
    byte = next();
    length += (byte & 0x7f) * 2 ** shift;
  }
  const number = (bytes: number) =>
    Array.from({ length: bytes }, next).reduce((n, byte, i) => n + byte * 256 ** i, 0);
  const out: number[] = [];
  while (at < input.length) {
    const tag = next();
    const kind = tag & 3;
    if (kind === 0) {
      const size = tag >> 2;
      const literal = (size < 60 ? size : number(size - 59)) + 1;
      for (let i = 0; i < literal; i++) out.push(next());
      continue;
    }
    const copied = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance = kind === 1 ? ((tag >> 5) << 8) | next() : number(kind === 2 ? 2 : 4);
    for (let i = 0; i < copied; i++) out.push(out.at(-distance) ?? 0);
  }
  assert.equal(out.length, length);
  return Uint8Array.from(out);
}

const FILE = new URL("../../../shared/vectors/op/gossip/gossip-and-real-blocks.json", import.meta.url);

type Fields = Readonly<Record<string, string>>;
type Vectors = {
  readonly networkPayloads: readonly {
    readonly topicVersion: UnsafeBlockVersion;
    readonly compressed: string;
    readonly decompressedLength: number;
    readonly signature: string;
    readonly timestamp: number;
  }[];
  readonly flashblockBlocks: readonly {
    readonly header: Fields;
    readonly computedHash: string;
    readonly transactions: readonly string[];
  }[];
};

describe("unsafe blocks of others", { skip: existsSync(FILE) ? false : "shared vectors are absent" }, () => {
  const vectors: Vectors = existsSync(FILE)
    ? JSON.parse(readFileSync(FILE, "utf8"))
    : { networkPayloads: [], flashblockBlocks: [] };

  it("decode in versions 1 to 3 and encode to the same payload", () => {
    const sound = vectors.networkPayloads.filter(({ topicVersion }) => topicVersion < 4);
    assert.equal(sound.length, 3);
    for (const vector of sound) {
      const message = unsnappy(fromHex(vector.compressed));
      assert.equal(message.length, vector.decompressedLength);
      const decoded = decodeUnsafeBlock(message, vector.topicVersion);
      assert(decoded.kind === "ok", `version ${vector.topicVersion}`);
      const { block, signature } = decoded.message;
      assert.equal(toHex(signature), vector.signature);
      assert.equal(block.header.timestamp, BigInt(vector.timestamp));
      const payloadAt = vector.topicVersion >= 3 ? 97 : 65;
      assert.equal(toHex(encodePayload(block)), toHex(message.subarray(payloadAt)));
    }
  });

  it("are refused for the block hash alone: version 4's sample has a zero in its place", () => {
    const vector = vectors.networkPayloads.find(({ topicVersion }) => topicVersion === 4);
    assert(vector);
    const message = unsnappy(fromHex(vector.compressed));
    assert.equal(reason(message), "block-hash-mismatch");
    const { header } = blockOf(4, []);
    const zero = asHash(new Uint8Array(32));
    const nothing = { parentHash: zero, stateRoot: zero, receiptsRoot: zero, prevRandao: zero, number: 0n };
    const block = {
      header: {
        ...header,
        ...nothing,
        gasLimit: 0n,
        gasUsed: 0n,
        baseFeePerGas: 0n,
        blobGasUsed: 0n,
        beneficiary: addressFromHex(`0x${"00".repeat(20)}`),
        logsBloom: new Uint8Array(256),
        extraData: new Uint8Array(0),
        timestamp: BigInt(vector.timestamp),
        withdrawalsRoot: hashFromHex(`0x${"9876".padStart(64, "0")}`),
        parentBeaconBlockRoot: hashFromHex(`0x${"1234".padStart(64, "0")}`),
      },
      transactions: [],
    };
    message.set(headerHash(block.header), 97 + 472);
    const decoded = decodeUnsafeBlock(message, 4);
    assert(decoded.kind === "ok");
    assert.deepEqual(decoded.message.block, block);
  });

  it("round-trip: real Isthmus blocks of Unichain Sepolia", () => {
    assert(vectors.flashblockBlocks.length > 0);
    for (const { header: fields, computedHash, transactions } of vectors.flashblockBlocks) {
      const text = (name: string) => fields[name] ?? assert.fail(name);
      const raws = transactions.map(fromHex);
      const header: Header = {
        ...blockOf(4, raws).header,
        parentHash: hashFromHex(text("parent_hash")),
        beneficiary: addressFromHex(text("fee_recipient")),
        stateRoot: hashFromHex(text("state_root")),
        receiptsRoot: hashFromHex(text("receipts_root")),
        logsBloom: fromHex(text("logs_bloom")),
        number: BigInt(text("block_number")),
        gasLimit: BigInt(text("gas_limit")),
        gasUsed: BigInt(text("gas_used")),
        timestamp: BigInt(text("timestamp")),
        extraData: fromHex(text("extra_data")),
        prevRandao: hashFromHex(text("prev_randao")),
        baseFeePerGas: BigInt(text("base_fee_per_gas")),
        withdrawalsRoot: hashFromHex(text("withdrawals_root")),
        parentBeaconBlockRoot: hashFromHex(text("parent_beacon_block_root")),
        blobGasUsed: 0n,
      };
      assert.equal(toHex(header.transactionsRoot), text("transactionsRoot"));
      assert.equal(toHex(headerHash(header)), computedHash);
      const decoded = decodeUnsafeBlock(messageOf({ header, transactions: raws }), 4);
      assert(decoded.kind === "ok");
      assert.deepEqual(decoded.message.block, { header, transactions: raws });
    }
  });
});
