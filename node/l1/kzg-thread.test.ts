import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { nativeKzg } from "./kzg.ts";
import { startKzgThread } from "./kzg-thread.ts";

describe("KZG on a thread", () => {
  const thread = startKzgThread();
  after(() => thread.stop());
  const blobs = [1, 2, 3].map((fill) => encodeBlob(new Uint8Array(100).fill(fill)));

  it("gives each blob the commitment that the library gives it", async () => {
    const commitments = await Promise.all(blobs.map((blob) => thread.blobToKzgCommitment(blob)));
    assert.deepEqual(
      commitments.map((bytes) => Buffer.from(bytes).toString("hex")),
      blobs.map((blob) => Buffer.from(nativeKzg.blobToKzgCommitment(blob)).toString("hex")),
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
