import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import { encodeByteString, encodeCompact } from "@phala-l2/protocol/substrate/scale";
import { child } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { createSubstrateNode } from "../substrate/node.ts";
import { justifiedBlockFor, lastBlockOfSet } from "./relay-chain.ts";

const LAST = child(ZERO_HASH, 9_000n);
const VOTES = Uint8Array.of(1, 2, 3);
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;

type Refusal = { readonly code: number; readonly below: number };

/** A node whose final block proves every height's finality, unless it refuses the low ones. */
function relayChain({
  refusal,
  above = [LAST],
}: {
  refusal?: Refusal;
  above?: readonly (typeof LAST)[];
} = {}) {
  const asked: number[] = [];
  const { parentHash, number, stateRoot, extrinsicsRoot } = LAST;
  const header = {
    parentHash: hex(parentHash),
    number: `0x${number.toString(16)}`,
    stateRoot: hex(stateRoot),
    extrinsicsRoot: hex(extrinsicsRoot),
    digest: { logs: [] },
  };
  const node = createSubstrateNode(async (method, [height]) => {
    if (method === "chain_getHeader") return header;
    if (method === "chain_getFinalizedHead") return hex(headerHash(LAST));
    asked.push(Number(height));
    if (refusal !== undefined && Number(height) < refusal.below) {
      throw new RollupError("RPC_REFUSED", "no", { data: { code: refusal.code } });
    }
    const headers = [encodeCompact(above.length), ...above.map(encodeHeader)];
    return hex(concatBytes(headerHash(LAST), encodeByteString(VOTES), ...headers));
  }, "relay-chain");
  return { node, asked };
}

describe("the last block of an authority set", () => {
  it("is asked for from further on when the answer from its first block is too large", async () => {
    const { node, asked } = relayChain({ refusal: { code: -32_008, below: 6_000 } });
    assert.deepEqual((await lastBlockOfSet(node, 100n))?.hash, headerHash(LAST));
    assert.deepEqual(asked, [100, 4_196, 8_292]);
  });

  it("is not known where the node refuses for another reason, or everywhere", async () => {
    for (const refusal of [
      { code: -32_008, below: 10_000 },
      { code: -32_000, below: 200 },
    ]) {
      await assert.rejects(lastBlockOfSet(relayChain({ refusal }).node, 100n), { code: "RPC_REFUSED" });
    }
    assert.equal(await lastBlockOfSet(relayChain().node, 9_001n), undefined);
    assert.equal(await justifiedBlockFor(relayChain().node, 9_001n), undefined, "an older block's");
  });

  it("is none that the proof's headers do not lead to", async () => {
    const { node } = relayChain({ above: [child(ZERO_HASH, 8_999n)] });
    await assert.rejects(justifiedBlockFor(node, 8_000n), { code: "RELAY_CHAIN_INVALID" });
  });
});
