import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { startKzgThread } from "./kzg-thread.ts";

describe("KZG on a thread", () => {
  const thread = startKzgThread();
  after(() => thread.stop());
  const blobs = [1, 2, 3].map((fill) => encodeBlob(new Uint8Array(100).fill(fill)));
  /** What c-kzg said of them in a thread of its own: here the setup is loaded by the thread under test alone. */
  const KNOWN = [
    "9186a882799e08814de1095b6ef67f3fe7e9b85132591a0310f4ffd3a52d9f753ae33f1dcbd76306ba34070f73858b2f",
    "8b6977f839fc3bc9315af0911def081632f69b2ad81e030568c9960b4e533232e96c8dcd433965f218a1126527335794",
    "abb2f49148c95c3b3fec6afc724aa387a6bb33db614916c55196dd4b3d2afb42c82576cd839f6b644f720c250f38459c",
  ];

  it("gives each blob the commitment that the library gives it", async () => {
    const commitments = await Promise.all(blobs.map((blob) => thread.blobToKzgCommitment(blob)));
    assert.deepEqual(
      commitments.map((bytes) => Buffer.from(bytes).toString("hex")),
      KNOWN,
    );
  });

  it("rejects what is no blob, and goes on", async () => {
    await assert.rejects(async () => thread.blobToKzgCommitment(new Uint8Array(131_072).fill(0xff)), {
      code: "BLOB_INVALID",
    });
    await assert.rejects(async () => thread.blobToKzgCommitment(new Uint8Array(5)), { code: "BLOB_INVALID" });
    const [blob] = blobs;
    assert.ok(blob);
    assert.equal((await thread.blobToKzgCommitment(blob)).length, 48);
  });

  it("rejects what waits when it is stopped", async () => {
    const other = startKzgThread();
    const waiting = other.blobToKzgCommitment(new Uint8Array(131_072));
    await Promise.all([assert.rejects(async () => waiting, { code: "STOPPED" }), other.stop()]);
  });
});
