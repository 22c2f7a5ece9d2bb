import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { addressFromHex, concatBytes, fromHex, hashFromHex, toHex } from "../bytes.ts";
import { encodeSingular, encodeSpan } from "../wire/batch.ts";
import { encodeBlob } from "../wire/blob.ts";
import { channelItem } from "../wire/channel.ts";
import { compressBrotli, compressZlib } from "../wire/compression.ts";
import { encodeFrames, type Frame, framesOfChannel } from "../wire/frame.ts";
import { decodeRlp, encodeRlp } from "../wire/rlp.ts";
import { spanBatchOfSingulars } from "../wire/span-batch.ts";
import {
  encodeTransaction,
  signTransaction,
  transactionHash,
  type UnsignedTransaction,
} from "../wire/transaction.ts";
import { collectChannels } from "./channels.ts";
import { type DecodingOptions, decodeBatchData, type NamedFile } from "./decoding.ts";
import { batcherDataOf, blobsOfChannel, encodeChannel, parseCompression } from "./encoding.ts";

const KEY = new Uint8Array(32).fill(7);
const TO = addressFromHex("0x00000000000000000000000000000000000000aa");
const HASH = hashFromHex(`0x${"a1".repeat(32)}`);
const CALL = { nonce: 3n, gasLimit: 21_000n, to: TO, value: 5n, data: fromHex("0x0102") };
const FEES = { maxPriorityFeePerGas: 1n, maxFeePerGas: 9n };
const CHAIN = { genesisTime: 1_000n, blockTime: 2n, genesisNumber: 100n, chainId: 10n };

function signed(unsigned: UnsignedTransaction): Uint8Array {
  return encodeTransaction(signTransaction(unsigned, KEY));
}

/** Every kind of transaction that a batch carries. */
const TRANSACTIONS = [
  signed({ type: 0, chainId: 10n, ...CALL, gasPrice: 8n }),
  signed({ type: 0, chainId: undefined, ...CALL, to: undefined, gasPrice: 8n }),
  signed({
    type: 1,
    chainId: 10n,
    ...CALL,
    gasPrice: 8n,
    accessList: [{ address: TO, storageKeys: [HASH] }],
  }),
  signed({ type: 2, chainId: 10n, ...CALL, ...FEES, to: undefined, accessList: [] }),
  signed({
    type: 4,
    chainId: 10n,
    ...CALL,
    ...FEES,
    accessList: [],
    authorizationList: [{ chainId: 0n, address: TO, nonce: 1n, yParity: 1, r: 4n, s: 5n }],
  }),
];

const SINGULARS = [0n, 1n, 2n].map((i) => ({
  parentHash: HASH,
  epochNumber: 50n + i / 2n,
  epochHash: HASH,
  timestamp: 1_010n + 2n * i,
  transactions: i === 1n ? [] : TRANSACTIONS,
}));
const SPAN = encodeSpan(spanBatchOfSingulars(SINGULARS, true, CHAIN));
const CHANNEL = compressBrotli(channelItem(SPAN), 5);

function options(overrides: Partial<DecodingOptions> = {}): DecodingOptions {
  return { kind: "channel", chain: CHAIN, fjord: true, raw: true, ...overrides };
}

function files(...contents: readonly Uint8Array[]): NamedFile[] {
  return contents.map((content, i) => ({ name: `file ${i}`, content }));
}

function reasons(data: ReturnType<typeof decodeBatchData>): unknown[] {
  return data.dropped.map(({ reason }) => reason);
}

function channelOf(...payloads: readonly Uint8Array[]): Uint8Array {
  return compressZlib(concatBytes(...payloads.map(channelItem)));
}

const ID = new Uint8Array(16).fill(9);

describe("batches as JSON", () => {
  it("tells times, numbers, epochs and hashes of a span batch of all transaction types", () => {
    const [batch] = decodeBatchData(files(CHANNEL), options({ raw: false })).batches;
    const txHashes = TRANSACTIONS.map((raw) => toHex(transactionHash(raw)));
    assert.deepEqual(batch, {
      type: "span",
      relTimestamp: 10,
      l1OriginNum: 51,
      parentCheck: toHex(HASH.slice(0, 20)),
      l1OriginCheck: toHex(HASH.slice(0, 20)),
      beginsEpoch: true,
      blockCount: 3,
      txCount: 10,
      blocks: [
        { timestamp: 1010, number: 105, epoch: 50, txHashes },
        { timestamp: 1012, number: 106, epoch: 50, txHashes: [] },
        { timestamp: 1014, number: 107, epoch: 51, txHashes },
      ],
    });
  });

  it("tells a singular batch's parent and epoch hash", () => {
    const [first] = SINGULARS;
    assert.ok(first);
    const { batches, totals } = decodeBatchData(files(channelOf(encodeSingular(first))), options());
    const [batch] = batches;
    assert.deepEqual([batch?.type, batch?.relTimestamp, batch?.l1OriginNum], ["singular", 10, 50]);
    assert.deepEqual([batch?.parentHash, batch?.epochHash], [toHex(HASH), toHex(HASH)]);
    assert.deepEqual([totals.blocks, totals.transactions], [1, 5]);
  });

  it("counts from the genesis where nothing is known of the chain, and then tells no hashes", () => {
    const chain = { genesisTime: undefined, genesisNumber: 0n, blockTime: 2n, chainId: undefined };
    const [batch] = decodeBatchData(files(CHANNEL), options({ chain })).batches;
    assert.ok(Array.isArray(batch?.blocks));
    assert.deepEqual(batch.blocks[0], { timestamp: 10, number: 5, epoch: 50, txHashes: null });
  });

  it("is what encoding it gives back, in each form", () => {
    const decoded = decodeBatchData(files(channelOf(SPAN, ...SINGULARS.map(encodeSingular))), options());
    assert.equal(decoded.batches.length, 4);
    for (const compression of ["zlib", "brotli", "brotli-0", "brotli-11"]) {
      const channel = encodeChannel(decoded, CHAIN.chainId, parseCompression(compression));
      const again = decodeBatchData(files(channel), options());
      assert.deepEqual(again.batches, decoded.batches);
      const blobs = decodeBatchData(files(...blobsOfChannel(channel)), options({ kind: "blob" }));
      assert.deepEqual(blobs.batches, decoded.batches);
      const txs = batcherDataOf(channel, 200).map((data) =>
        signed({ type: 2, chainId: 1n, ...CALL, ...FEES, accessList: [], data }),
      );
      assert.ok(txs.length > 1);
      const posted = decodeBatchData(files(...txs.toReversed()), options({ kind: "tx" }));
      assert.deepEqual(posted.batches, decoded.batches);
    }
  });

  it("is refused with a reason where it is not whole", () => {
    const broken = [{}, { batches: [{}] }, { batches: [{ type: "span", blocks: [] }] }, { batches: 1 }, null];
    for (const description of broken) {
      assert.throws(() => encodeChannel(description, 10n, { algorithm: "zlib" }), { code: "CONFIG_INVALID" });
    }
    const decoded = decodeBatchData(files(CHANNEL), options());
    const zlib = { algorithm: "zlib" } as const;
    assert.throws(() => encodeChannel(decoded, 11n, zlib), { code: "SPAN_BATCH_TRANSACTION" });
    assert.throws(() => encodeChannel(decoded, undefined, zlib), { code: "CONFIG_INVALID" });
    const noRaw = decodeBatchData(files(CHANNEL), options({ raw: false }));
    assert.throws(() => encodeChannel(noRaw, 10n, zlib), { code: "CONFIG_INVALID" });
    for (const text of ["", "gzip", "brotli-12", "brotli--1"]) {
      assert.throws(() => parseCompression(text), { code: "SETTING_INVALID" });
    }
  });
});

describe("batcher data that somebody got hold of", () => {
  it("is read raw or as hex, one byte string a line", () => {
    const text = (bytes: Uint8Array) => new TextEncoder().encode(`${toHex(bytes)}\n`);
    assert.equal(decodeBatchData(files(text(CHANNEL)), options()).batches.length, 1);
    const two = concatBytes(text(CHANNEL), text(CHANNEL));
    assert.equal(decodeBatchData(files(two), options()).batches.length, 2);
    const noPrefix = new TextEncoder().encode(toHex(CHANNEL).slice(2));
    assert.equal(decodeBatchData(files(noPrefix), options()).batches.length, 1);
  });

  it("may have its frames in any order, twice, and of several channels between one another", () => {
    const other = channelOf(...SINGULARS.map(encodeSingular));
    const frames = [...framesOfChannel(ID, CHANNEL, 90), ...framesOfChannel(new Uint8Array(16), other, 90)];
    assert.ok(frames.length > 6);
    const blob = (frame: Frame) => encodeBlob(encodeFrames([frame]));
    const shuffled = frames.toSorted((a, b) => (a.number % 3) - (b.number % 3) || b.number - a.number);
    const data = decodeBatchData(files(...[...shuffled, ...frames].map(blob)), options({ kind: "blob" }));
    assert.deepEqual([data.batches.length, data.totals.channels], [4, 2]);
    assert.deepEqual([data.dropped, data.incomplete], [[], []]);
  });

  it("names missing frames, frames that contradict each other, and frames after the last", () => {
    const frames = framesOfChannel(ID, new Uint8Array(100), 23 + 20);
    const without = (...numbers: number[]) => frames.filter(({ number }) => !numbers.includes(number));
    assert.deepEqual(collectChannels(without(1, 4)).incomplete[0]?.missing, [1, "last"]);
    assert.deepEqual(collectChannels(without(0)).incomplete[0]?.missing, [0]);
    const contradiction = { channelId: ID, number: 2, data: new Uint8Array(1), isLast: false };
    const late = { channelId: ID, number: 9, data: new Uint8Array(1), isLast: false };
    const { whole, surplus } = collectChannels([...frames, contradiction, late]);
    assert.equal(whole[0]?.data.length, 100);
    assert.deepEqual(
      surplus.map(({ frame, reason }) => [frame, reason]),
      [
        [2, "frame-conflicts"],
        [9, "frame-after-last"],
      ],
    );
  });

  it("is dropped from the first malformed batch of a channel on, and other channels stay", () => {
    const channel = channelOf(SPAN, Uint8Array.of(9), SPAN);
    const data = decodeBatchData(files(channel, CHANNEL), options());
    assert.equal(data.batches.length, 2);
    assert.deepEqual(data.dropped, [
      { file: "file 0", batch: 1, reason: "batch-version-unknown", batchesAfterIt: 1 },
    ]);
  });

  it("has Fjord's bounds, or those before it", () => {
    assert.deepEqual(reasons(decodeBatchData(files(CHANNEL), options({ fjord: false }))), [
      "brotli-before-fjord",
    ]);
    const large = compressZlib(concatBytes(channelItem(SPAN), channelItem(new Uint8Array(10_000_000))));
    const bedrock = decodeBatchData(files(large), options({ fjord: false }));
    assert.deepEqual([bedrock.batches.length, reasons(bedrock)], [1, ["batch-incomplete"]]);
    const fjord = decodeBatchData(files(large), options());
    assert.deepEqual([fjord.batches.length, reasons(fjord).includes("batch-incomplete")], [1, false]);
  });

  it("is in a blob transaction's blobs, if they came with it, and never in its calldata", () => {
    const blobTransaction = signed({
      type: 3,
      chainId: 1n,
      ...CALL,
      ...FEES,
      data: encodeFrames(framesOfChannel(ID, CHANNEL, 1000)),
      accessList: [],
      maxFeePerBlobGas: 1n,
      blobVersionedHashes: [HASH],
    });
    const tx = options({ kind: "tx" });
    assert.deepEqual(reasons(decodeBatchData(files(blobTransaction), tx)), [
      "blob-transaction-without-its-blobs",
    ]);
    const fields = decodeRlp(blobTransaction.subarray(1));
    assert.ok(fields.kind === "ok");
    const blobs = blobsOfChannel(CHANNEL);
    for (const version of [[], [1n]]) {
      const network = encodeRlp([fields.item, ...version, blobs, [HASH], [HASH]]);
      const data = decodeBatchData(files(concatBytes(Uint8Array.of(3), network)), tx);
      assert.deepEqual([data.batches.length, data.dropped], [1, []]);
    }
  });

  it("never makes decoding throw", () => {
    const kinds = fc.constantFrom("blob", "tx", "channel");
    const sound = [
      CHANNEL,
      encodeBlob(encodeFrames(framesOfChannel(ID, CHANNEL, 1000))),
      TRANSACTIONS[3] ?? ID,
    ];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.constantFrom(...sound), fc.nat(), fc.nat(255)).map(([original, at, byte]) => {
        const copy = original.slice();
        copy[at % copy.length] = byte;
        return copy;
      }),
    );
    fc.assert(
      fc.property(kinds, fc.array(bytes, { maxLength: 4 }), (kind, contents) => {
        if (kind !== "blob" && kind !== "tx" && kind !== "channel") return;
        const data = decodeBatchData(files(...contents), options({ kind }));
        assert.equal(data.totals.batches, data.batches.length);
      }),
      { numRuns: 500 },
    );
  });
});

const FOLDER = fileURLToPath(new URL("../../../shared/vectors/op/derivation/", import.meta.url));

describe("batcher data of others", {
  skip: existsSync(FOLDER) ? false : "shared vectors are absent",
}, () => {
  it("a real batcher's blob: 22 blocks and 20 transactions, and the same again when it is encoded", () => {
    const blob = execFileSync("xz", ["-dc", `${FOLDER}blob9.txt.xz`], { maxBuffer: 1 << 24 });
    const data = decodeBatchData(files(new Uint8Array(blob)), options({ kind: "blob" }));
    assert.deepEqual([data.totals.blocks, data.totals.transactions], [22, 20]);
    assert.deepEqual([data.dropped, data.incomplete], [[], []]);
    const channel = encodeChannel(data, CHAIN.chainId, parseCompression("zlib"));
    assert.deepEqual(decodeBatchData(files(channel), options()).batches, data.batches);
  });
});
