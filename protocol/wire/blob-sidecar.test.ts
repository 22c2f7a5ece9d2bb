import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, asHash, concatBytes } from "../bytes.ts";
import { withoutSidecar } from "./blob-sidecar.ts";
import { decodeRlp, encodeRlp } from "./rlp.ts";
import { BLOB_TYPE, encodeTransaction, signTransaction } from "./transaction.ts";

const raw = encodeTransaction(
  signTransaction(
    {
      type: BLOB_TYPE,
      chainId: 900n,
      nonce: 1n,
      maxPriorityFeePerGas: 1n,
      maxFeePerGas: 2n,
      gasLimit: 21_000n,
      to: asAddress(new Uint8Array(20).fill(1)),
      value: 0n,
      data: new Uint8Array(),
      accessList: [],
      maxFeePerBlobGas: 3n,
      blobVersionedHashes: [asHash(new Uint8Array(32).fill(1))],
    },
    new Uint8Array(32).fill(7),
  ),
);

function networkForm(...sidecar: readonly (bigint | Uint8Array[])[]): Uint8Array {
  const fields = decodeRlp(raw.subarray(1));
  assert.equal(fields.kind, "ok");
  return concatBytes(Uint8Array.of(BLOB_TYPE), encodeRlp([fields.item, ...sidecar]));
}

describe("a blob transaction's two forms", () => {
  it("loses the sidecar of EIP-4844 and that of EIP-7594", () => {
    const part = [new Uint8Array(100)];
    assert.deepEqual(withoutSidecar(networkForm(part, part, part)), raw);
    assert.deepEqual(withoutSidecar(networkForm(1n, part, part, part)), raw);
  });

  it("leaves the block's form, other types and unreadable bytes as they are", () => {
    for (const bytes of [
      raw,
      Uint8Array.of(2, 0xc0),
      Uint8Array.of(3),
      Uint8Array.of(3, 0xff),
      new Uint8Array(),
    ]) {
      assert.equal(withoutSidecar(bytes), bytes);
    }
  });
});
