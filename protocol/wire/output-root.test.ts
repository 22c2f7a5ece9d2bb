import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Hex, hashFromHex, toHex } from "../bytes.ts";
import { decodeOutputV0, encodeOutputV0, outputRootV0 } from "./output-root.ts";
import { vectors } from "./testing/vectors.ts";

describe("output roots (specs/protocol/proposals.md)", () => {
  type OutputVector = Record<"stateRoot" | "messagePasserStorageRoot" | "blockHash" | "outputRoot", Hex>;
  for (const vector of vectors<OutputVector>("output-roots.json", "outputs")) {
    test(vector.outputRoot, () => {
      const output = {
        stateRoot: hashFromHex(vector.stateRoot),
        messagePasserStorageRoot: hashFromHex(vector.messagePasserStorageRoot),
        blockHash: hashFromHex(vector.blockHash),
      };
      assert.equal(toHex(outputRootV0(output)), vector.outputRoot);
      assert.deepEqual(decodeOutputV0(encodeOutputV0(output)), { kind: "ok", output });
      const swapped = { ...output, stateRoot: output.blockHash, blockHash: output.stateRoot };
      if (vector.stateRoot !== vector.blockHash)
        assert.notDeepEqual(outputRootV0(swapped), outputRootV0(output));
    });
  }
  test("preimages of another version or length are refused", () => {
    const preimage = new Uint8Array(128);
    assert.equal(decodeOutputV0(preimage).kind, "ok");
    assert.deepEqual(decodeOutputV0(preimage.subarray(1)), { kind: "invalid", reason: "output-length" });
    assert.deepEqual(decodeOutputV0(new Uint8Array(129)), { kind: "invalid", reason: "output-length" });
    for (const at of [0, 31]) {
      assert.deepEqual(decodeOutputV0(preimage.with(at, 1)), {
        kind: "invalid",
        reason: "output-version-unknown",
      });
    }
  });
});
