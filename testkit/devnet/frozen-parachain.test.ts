import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addressFromHex, toHex } from "@phala-l2/protocol/bytes";
import { decodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import { addressSubject } from "@phala-l2/sunset/claims-tree";
import { readWindow } from "@phala-l2/sunset/registration-window";
import { frozenBlock, SnapshotBuilder } from "@phala-l2/sunset/snapshot";
import { Keyring } from "@polkadot/keyring";
import { PARACHAIN_HOLDERS } from "../parachain/asset-hub-genesis.ts";
import { devnetAccount, L1_CHAIN_ID, USERS } from "./accounts.ts";
import { type FrozenParachain, frozenParachain } from "./frozen-parachain.ts";

/** //Alice's sr25519 key, as Substrate's documentation has it. */
const ALICE = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
/** //Charlie's ed25519 key. */
const CHARLIE = toHex(new Keyring({ type: "ed25519" }).addFromUri("//Charlie").publicKey);

describe("the devnet's frozen parachain", () => {
  let chain: FrozenParachain;
  before(async () => {
    chain = await frozenParachain();
  });

  it("owes the development accounts what they were given, and nobody anything else", async () => {
    const { header, encodedHeader, entries, genesisHash } = chain;
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

  it("has one account that registered a receiver twice, of which the last word counts", async () => {
    const { header, blocks, registrationsFrom } = chain;
    const terms = { chainId: BigInt(L1_CHAIN_ID), from: registrationsFrom, owes: () => true };
    const reading = readWindow(header, blocks, terms);
    assert.ok(reading.kind === "ok");
    const [, user] = USERS;
    assert.deepEqual(reading.receivers, [
      { account: CHARLIE, subject: addressSubject(addressFromHex(devnetAccount(user).address)), form: 1 },
    ]);
    assert.equal(readWindow(header, blocks.slice(0, 2), terms).kind, "invalid");
  });

  it("is the same each time", async () => {
    const [first, second] = [chain, await frozenParachain()];
    assert.equal(toHex(first.encodedHeader), toHex(second.encodedHeader));
    assert.deepEqual(first.blocks, second.blocks);
  });
});
