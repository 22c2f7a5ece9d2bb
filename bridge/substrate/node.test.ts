import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asHash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { createSubstrateNode, type SubstrateNode } from "./node.ts";

const HEADER: SubstrateHeader = {
  parentHash: ZERO_HASH,
  number: 9n,
  stateRoot: asHash(new Uint8Array(32).fill(1)),
  extrinsicsRoot: asHash(new Uint8Array(32).fill(2)),
  digest: [Uint8Array.of(8)],
};
const HASH = headerHash(HEADER);
const JSON_HEADER = {
  parentHash: toHex(HEADER.parentHash),
  number: "0x9",
  stateRoot: toHex(HEADER.stateRoot),
  extrinsicsRoot: toHex(HEADER.extrinsicsRoot),
  digest: { logs: ["0x08"] },
};

/** A node that answers everything alike. */
const answering = (answer: unknown) => createSubstrateNode(async () => answer, "relay-chain");

describe("a Substrate node's answers", () => {
  it("are what they say", async () => {
    assert.deepEqual(await answering(JSON_HEADER).header(HASH), HEADER);
    assert.equal(await answering(null).blockHashAt(3n), undefined);
    assert.equal(await answering(null).storage(HASH, HASH), undefined);
    assert.equal(await answering(null).finalityProof(3n), undefined);
    assert.deepEqual(await answering({ proof: ["0x01"] }).readProof([HASH], HASH), [Uint8Array.of(1)]);
    assert.deepEqual(await answering({ block: { extrinsics: ["0x01"] } }).extrinsics(HASH), [
      Uint8Array.of(1),
    ]);
  });

  it("are the node's fault when they are anything else", async () => {
    const cases: readonly (readonly [unknown, (node: SubstrateNode) => Promise<unknown>])[] = [
      [null, (node) => node.header(HASH)],
      [{ ...JSON_HEADER, number: 9 }, (node) => node.header(HASH)],
      [{ ...JSON_HEADER, number: "0xa" }, (node) => node.header(HASH)],
      [{ ...JSON_HEADER, stateRoot: "0x01" }, (node) => node.header(HASH)],
      [{ ...JSON_HEADER, digest: { logs: ["0x09"] } }, (node) => node.header(HASH)],
      [{ ...JSON_HEADER, digest: {} }, (node) => node.header(HASH)],
      [JSON_HEADER, (node) => node.header(ZERO_HASH)],
      [3, (node) => node.blockHashAt(3n)],
      ["0x", (node) => node.blockHashAt(3n)],
      [null, (node) => node.finalizedHead()],
      ["0xno", (node) => node.storage(HASH, HASH)],
      [{}, (node) => node.readProof([HASH], HASH)],
      [{ proof: [1] }, (node) => node.readProof([HASH], HASH)],
      [{ block: {} }, (node) => node.extrinsics(HASH)],
      [null, (node) => node.call("GrandpaApi_current_set_id", HASH)],
      [{}, (node) => node.finalityProof(3n)],
    ];
    for (const [answer, question] of cases) {
      await assert.rejects(question(answering(answer)), { code: "RELAY_CHAIN_INVALID" });
      const parachain = createSubstrateNode(async () => answer, "parachain");
      await assert.rejects(question(parachain), { code: "PARACHAIN_INVALID" });
    }
  });
});
