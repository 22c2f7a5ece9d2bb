import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { decodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import { frozenBlock, SnapshotBuilder } from "@phala-l2/sunset/snapshot";
import { PARACHAIN_HOLDERS } from "../parachain/asset-hub-genesis.ts";
import { frozenParachain } from "./frozen-parachain.ts";

/** //Alice's sr25519 key, as Substrate's documentation has it. */
const ALICE = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

describe("the devnet's frozen parachain", () => {
  it("owes the development accounts what they were given, and nobody anything else", async () => {
    const { header, encodedHeader, entries, genesisHash } = await frozenParachain();
    const decoded = decodeHeader(encodedHeader);
    assert.ok(decoded.kind === "ok");
    assert.deepEqual(headerHash(decoded.value), headerHash(header));
    const builder = new SnapshotBuilder();
    for (const [key, value] of entries) builder.add(key, value);
    const outcome = builder.finish(frozenBlock(header));
    assert.ok(outcome.kind === "ok");
    const { snapshot } = outcome;
    assert.deepEqual(snapshot.genesisHash, genesisHash);
    assert.equal(snapshot.count.owners.length, PARACHAIN_HOLDERS.length);
    const alice = snapshot.count.owners.find(({ account }) => account === ALICE);
    assert.equal(alice?.planck, 1_000n * 10n ** 12n);
    assert.equal(snapshot.claimable, snapshot.issuance);
  });

  it("is the same each time", async () => {
    const [first, second] = [await frozenParachain(), await frozenParachain()];
    assert.equal(toHex(first.encodedHeader), toHex(second.encodedHeader));
  });
});
