import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, asHash, concatBytes, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import fc from "fast-check";
import { findRemark } from "./find-remark.ts";
import { formatRemark, readRemark } from "./remark.ts";
import { formatSwapDescription, parseSwapDescription, type SwapDescription } from "./settings-json.ts";
import { encodeReleaseWitness, parseReleaseWitness } from "./witness-json.ts";

/** As literals have it, so that what was read can be compared. */
const PLAIN = { noNullPrototype: true } as const;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("a remark's text", () => {
  it("is read as it was written", () => {
    const places = fc.record(
      {
        height: fc.bigInt({ min: 0n, max: 10n ** 18n }),
        eventIndex: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      },
      PLAIN,
    );
    const remarks = fc.record(
      {
        chainId: fc.bigInt({ min: 0n, max: 10n ** 18n }),
        receiver: bytes(20)
          .filter((receiver) => receiver.some((byte) => byte !== 0))
          .map(asAddress),
        repairs: fc.array(places, { maxLength: 16 }),
      },
      PLAIN,
    );
    fc.assert(
      fc.property(remarks, (remark) => {
        const reading = readRemark(new TextEncoder().encode(formatRemark(remark)));
        assert.deepEqual(reading, { kind: "ok", remark });
      }),
    );
  });

  it("is found in an extrinsic by its hash, and nothing else is", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 1 }), fc.uint8Array(), (front, text, rest) => {
        const extrinsic = concatBytes(front, encodeByteString(text), rest);
        assert.deepEqual(findRemark(extrinsic, blake2b256(text)), text);
        assert.equal(findRemark(extrinsic, blake2b256(concatBytes(text, text, text))), undefined);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a witness in JSON", () => {
  const blobs = fc.uint8Array({ maxLength: 40 });
  const places = fc.record(
    {
      block: fc.record({ header: blobs, nodes: fc.array(blobs), remarks: fc.array(blobs) }, PLAIN),
      eventIndex: fc.nat(),
    },
    PLAIN,
  );

  it("is read as it was written", () => {
    fc.assert(
      fc.property(places, fc.option(places, { nil: undefined }), (deposit, repair) => {
        const witness = repair === undefined ? { deposit } : { deposit, repair };
        const json = JSON.parse(JSON.stringify(encodeReleaseWitness(witness)));
        assert.deepEqual(parseReleaseWitness(json), witness);
      }),
    );
  });

  it("of another form is none, and nothing throws", () => {
    const block = { header: "0x", nodes: [], remarks: [] };
    const others: readonly unknown[] = [
      undefined,
      null,
      [],
      {},
      { deposit: null },
      { deposit: { block, eventIndex: -1 } },
      { deposit: { block, eventIndex: 1.5 } },
      { deposit: { block, eventIndex: "1" } },
      { deposit: { block: { ...block, header: "00" }, eventIndex: 1 } },
      { deposit: { block: { ...block, header: "0x0" }, eventIndex: 1 } },
      { deposit: { block: { ...block, nodes: ["0xzz"] }, eventIndex: 1 } },
      { deposit: { block: { ...block, nodes: new Array(10_000).fill("0x") }, eventIndex: 1 } },
      { deposit: { block, eventIndex: 1 }, repair: {} },
    ];
    for (const other of others) assert.equal(parseReleaseWitness(other), undefined);
    fc.assert(fc.property(fc.jsonValue(), (value) => parseReleaseWitness(value) === undefined));
  });
});

describe("a swap's file", () => {
  const metadata = new Uint8Array(40).fill(7);
  const description: SwapDescription = {
    settings: {
      genesisHash: asHash(new Uint8Array(32).fill(1)),
      firstHeight: 1n,
      lastHeight: 2n ** 64n - 1n,
      minimum: 2n ** 128n - 1n,
      runtimes: [{ specVersion: 9, metadataHash: blake2b256(metadata) }],
      token: asAddress(new Uint8Array(20).fill(3)),
      finalityAnchor: ZERO_HASH,
    },
    domain: { chainId: 1n, contract: asAddress(new Uint8Array(20).fill(4)) },
    metadata: [metadata],
  };
  const file = () => JSON.parse(JSON.stringify(formatSwapDescription(description)));

  it("is read as it was written", () => {
    assert.deepEqual(parseSwapDescription(file()), description);
  });

  it("is refused with any field missing or of another form", () => {
    for (const name of Object.keys(file())) {
      for (const wrong of [undefined, null, {}, "0xzz", -1]) {
        assert.throws(() => parseSwapDescription({ ...file(), [name]: wrong }), { code: "CONFIG_INVALID" });
      }
    }
    const runtimes = [{ specVersion: 1, metadata: "0x1" }];
    assert.throws(() => parseSwapDescription({ ...file(), runtimes }), { code: "CONFIG_INVALID" });
  });
});
