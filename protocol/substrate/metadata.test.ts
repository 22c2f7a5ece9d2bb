import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { asHash, concatBytes, toHex } from "../bytes.ts";
import { decodeEvents } from "./events.ts";
import { decodeMetadata, type RuntimeMetadata } from "./metadata.ts";
import { encodeCompact } from "./scale.ts";
import {
  eventsValue,
  metadataWith,
  odd,
  remarked,
  runtimeVersion,
  SMALL_METADATA,
  SMALL_SPEC_NAME,
  SMALL_SPEC_VERSION,
  smallMetadata,
  succeeded,
  transferred,
} from "./testing/small-runtime.ts";

function metadataOf(bytes = SMALL_METADATA): RuntimeMetadata {
  const decoded = decodeMetadata(bytes);
  assert.equal(decoded.kind, "ok");
  return decoded.metadata;
}

function faultOf(bytes: Uint8Array): string {
  const decoded = decodeMetadata(bytes);
  return decoded.kind === "ok" ? "ok" : decoded.reason;
}

const metadata = metadataOf();
const WHO = asHash(new Uint8Array(32).fill(1));
const RECORDS = [succeeded(0), odd(1, 5), transferred(2, WHO, WHO, 7n), remarked(undefined, WHO, "text")];

function eventsFault(bytes: Uint8Array, by = metadata): string {
  const decoded = decodeEvents(bytes, by);
  return decoded.kind === "ok" ? "ok" : decoded.reason;
}

describe("a runtime's metadata", () => {
  it("refuses other bytes, other versions, and what is cut off or goes on", () => {
    assert.equal(faultOf(new Uint8Array(0)), "metadata-magic-wrong");
    assert.equal(faultOf(SMALL_METADATA.slice(1)), "metadata-magic-wrong");
    for (const version of [12, 13, 15]) {
      const other = SMALL_METADATA.slice();
      other[4] = version;
      assert.equal(faultOf(other), "metadata-version-unsupported");
    }
    assert.equal(faultOf(concatBytes(SMALL_METADATA, Uint8Array.of(0))), "scale-trailing-bytes");
    for (let length = 5; length < SMALL_METADATA.length; length += 11) {
      assert.notEqual(faultOf(SMALL_METADATA.slice(0, length)), "ok");
    }
  });

  it("says of which runtime it is", () => {
    assert.deepEqual(metadata.runtime, { specName: SMALL_SPEC_NAME, specVersion: SMALL_SPEC_VERSION });
    for (const specVersion of [0, 1300, 2 ** 32 - 1]) {
      const { runtime } = metadataOf(smallMetadata(specVersion, "phala"));
      assert.deepEqual(runtime, { specName: "phala", specVersion });
    }
  });

  it("is refused when it does not say so, or is cut off before its version", () => {
    assert.equal(faultOf(metadataWith(undefined)), "metadata-runtime-version-absent");
    const version = runtimeVersion(1300);
    // Two names, then two integers: what follows differs between Substrate's own versions.
    const needed = 1 + SMALL_SPEC_NAME.length + 1 + "small-node".length + 8;
    for (let length = 0; length < needed; length++) {
      assert.equal(faultOf(metadataWith(version.slice(0, length))), "scale-truncated", String(length));
    }
    assert.equal(metadataOf(metadataWith(version.slice(0, needed))).runtime.specVersion, 1300);
  });

  it("never throws, whatever byte of it is another", () => {
    fc.assert(
      fc.property(fc.nat(SMALL_METADATA.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = SMALL_METADATA.slice();
        changed[at] = value;
        const decoded = decodeMetadata(changed);
        if (decoded.kind === "ok") decodeEvents(eventsValue(RECORDS), decoded.metadata);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a block's events", () => {
  it("are read with all their fields, whatever stands between", () => {
    const decoded = decodeEvents(eventsValue(RECORDS), metadata);
    assert.equal(decoded.kind, "ok");
    assert.deepEqual(
      decoded.events.map(({ index, extrinsic, pallet, name }) => [index, extrinsic, `${pallet}.${name}`]),
      [
        [0, 0, "System.ExtrinsicSuccess"],
        [1, 1, "Odd.All"],
        [2, 2, "Balances.Transfer"],
        [3, undefined, "System.Remarked"],
      ],
    );
    const [from, , amount] = decoded.events[2]?.fields ?? [];
    assert.deepEqual([from?.name, from && toHex(from.bytes)], ["from", toHex(WHO)]);
    assert.deepEqual([amount?.name, amount?.bytes[0]], ["amount", 7]);
  });

  it("may be none", () => {
    assert.deepEqual(decodeEvents(Uint8Array.of(0), metadata), { kind: "ok", events: [] });
  });

  it("are refused when they are cut off, go on, or say there are more", () => {
    const value = eventsValue(RECORDS);
    for (let length = 0; length < value.length; length++) {
      assert.notEqual(eventsFault(value.slice(0, length)), "ok");
    }
    assert.equal(eventsFault(concatBytes(value, Uint8Array.of(0))), "scale-trailing-bytes");
    assert.equal(eventsFault(concatBytes(encodeCompact(5), value.slice(1))), "scale-truncated");
    assert.equal(eventsFault(concatBytes(encodeCompact(2 ** 30), value.slice(1))), "scale-truncated");
  });

  it("are refused with an event that the runtime has not, or values inside each other without end", () => {
    const unknown = transferred(2, WHO, WHO, 7n);
    unknown[5] = 11;
    assert.equal(eventsFault(eventsValue([unknown])), "scale-variant-unknown");
    assert.equal(eventsFault(eventsValue([odd(0, 100)])), "ok");
    assert.equal(eventsFault(eventsValue([odd(0, 1000)])), "events-too-deep");
  });

  it("need a list of records of this form", () => {
    for (let eventRecords = 0; eventRecords < metadata.types.length; eventRecords++) {
      if (eventRecords === metadata.eventRecords) continue;
      assert.equal(eventsFault(Uint8Array.of(0), { ...metadata, eventRecords }), "events-record-unknown");
    }
    assert.equal(
      eventsFault(Uint8Array.of(0), { ...metadata, types: [], eventRecords: 3 }),
      "events-record-unknown",
    );
  });

  it("never throw, whatever bytes they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decodeEvents(bytes, metadata);
      }),
      { numRuns: 2000 },
    );
  });
});
