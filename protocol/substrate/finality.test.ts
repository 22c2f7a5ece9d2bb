import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { asHash, concatBytes, type Hash, ZERO_HASH } from "../bytes.ts";
import {
  decodeFinalityWitness,
  decodeHandOver,
  encodeFinalityWitness,
  encodeHandOver,
  type FinalitySource,
  type FinalityWitness,
  finalityAnchor,
  finalityOf,
} from "./finality.ts";
import type { AuthoritySet } from "./grandpa.ts";
import { blake2b256 } from "./hash.ts";
import { encodeHeader, headerHash, type SubstrateHeader } from "./header.ts";
import { encodeByteString } from "./scale.ts";
import { mapKey } from "./storage-key.ts";
import { child, justification, SET_ID, voter } from "./testing/grandpa-votes.ts";
import { encodeLeaf } from "./trie/node.ts";
import { nodeValue } from "./trie/root.ts";

const VOTERS = Array.from({ length: 4 }, voter);
const SET: AuthoritySet = { id: SET_ID, authorities: VOTERS.map(({ key }) => ({ key, weight: 1n })) };
const PARA = 2035;

function justified(header: SubstrateHeader): Uint8Array {
  const target = { hash: headerHash(header), number: Number(header.number) };
  return justification({ target, votes: VOTERS.map((by) => ({ ...target, by })) });
}

/** A state with one entry is one leaf. */
function stateOf(key: Uint8Array, value: Uint8Array): { readonly root: Hash; readonly nodes: Uint8Array[] } {
  const node = encodeLeaf(key, 0, nodeValue(value, 1));
  return { root: blake2b256(node), nodes: [node, value] };
}

const BLOCK = child(ZERO_HASH, 10n);
const ABOVE = child(headerHash(BLOCK), 11n);
const HEAD = child(headerHash(ABOVE), 12n);

function parachain(para = PARA, head = encodeHeader(HEAD)) {
  const key = mapKey("Paras", "Heads", ["Twox64Concat", Uint8Array.of(para & 255, para >> 8, 0, 0)]);
  const { root, nodes } = stateOf(key, encodeByteString(head));
  const relay = child(ZERO_HASH, 500n, [], root);
  const witness: FinalityWitness = {
    justification: justified(relay),
    justified: encodeHeader(relay),
    nodes,
    descent: [encodeHeader(ABOVE), encodeHeader(BLOCK)],
  };
  return witness;
}

const OWN: FinalitySource = { set: SET, paraId: undefined };
const AS_PARACHAIN: FinalitySource = { set: SET, paraId: PARA };
const own: FinalityWitness = {
  justification: justified(HEAD),
  justified: encodeHeader(HEAD),
  nodes: [],
  descent: [encodeHeader(ABOVE), encodeHeader(BLOCK)],
};

function outcome(witness: FinalityWitness, source: FinalitySource, block = headerHash(BLOCK)): string {
  const verdict = finalityOf(block, witness, source);
  return verdict.kind === "final" ? `final by ${verdict.by.number}` : verdict.reason;
}

describe("whether a block is final", () => {
  it("follows from its own chain's votes, or from its relay chain's", () => {
    assert.equal(outcome(own, OWN), "final by 12");
    assert.equal(outcome({ ...own, descent: [] }, OWN, headerHash(HEAD)), "final by 12");
    assert.equal(outcome(parachain(), AS_PARACHAIN), "final by 500");
    assert.equal(outcome({ ...parachain(), descent: [] }, AS_PARACHAIN, headerHash(HEAD)), "final by 500");
  });

  it("does not follow from anything else", () => {
    const good = parachain();
    const other = { set: { ...SET, id: SET_ID + 1n }, paraId: PARA };
    const cases: readonly (readonly [FinalityWitness, FinalitySource, string])[] = [
      [good, other, "signature-invalid"],
      [good, { set: SET, paraId: PARA + 1 }, "proof-node-missing-or-absent"],
      [good, OWN, "descent-broken"],
      [{ ...good, descent: [] }, AS_PARACHAIN, "block-not-final"],
      [{ ...good, descent: [encodeHeader(ABOVE)] }, AS_PARACHAIN, "block-not-final"],
      [{ ...good, descent: [encodeHeader(BLOCK)] }, AS_PARACHAIN, "descent-broken"],
      [{ ...good, nodes: [] }, AS_PARACHAIN, "proof-node-missing"],
      [{ ...good, justified: encodeHeader(HEAD) }, AS_PARACHAIN, "header-not-justified"],
      [{ ...good, justification: own.justification }, AS_PARACHAIN, "header-not-justified"],
      [parachain(PARA, new Uint8Array(3)), AS_PARACHAIN, "scale-truncated"],
      [{ ...good, justified: new Uint8Array(0) }, AS_PARACHAIN, "scale-truncated"],
    ];
    for (const [witness, source, reason] of cases) {
      const found = outcome(witness, source);
      if (reason === "proof-node-missing-or-absent") {
        assert.ok(["proof-node-missing", "parachain-head-absent"].includes(found), found);
      } else assert.equal(found, reason);
    }
  });

  it("is asked of the way to the block first, and of the votes last", () => {
    const unsigned = { set: { ...SET, id: SET_ID + 1n }, paraId: PARA };
    const good = parachain();
    const cases: readonly (readonly [FinalityWitness, string])[] = [
      [{ ...good, justification: own.justification }, "header-not-justified"],
      [{ ...good, justification: new Uint8Array(0) }, "scale-truncated"],
      [{ ...good, nodes: [] }, "proof-node-missing"],
      [{ ...good, descent: [] }, "block-not-final"],
      [{ ...good, descent: [encodeHeader(BLOCK)] }, "descent-broken"],
      [good, "signature-invalid"],
    ];
    for (const [witness, reason] of cases) assert.equal(outcome(witness, unsigned), reason);
  });

  it("is named by an anchor that differs for each set and parachain", () => {
    const [first, ...rest] = SET.authorities;
    assert.ok(first);
    const sources: readonly FinalitySource[] = [
      OWN,
      { set: SET, paraId: 0 },
      AS_PARACHAIN,
      { set: { ...SET, id: 13n }, paraId: PARA },
      { set: { ...SET, authorities: rest }, paraId: PARA },
      { set: { ...SET, authorities: [{ ...first, weight: 2n }, ...rest] }, paraId: PARA },
    ];
    const names = new Set(sources.map((source) => finalityAnchor(source).toString()));
    assert.equal(names.size, sources.length);
  });
});

describe("what a host hands over of finality", () => {
  it("comes back as it was", () => {
    const witness = parachain();
    const decoded = decodeFinalityWitness(encodeFinalityWitness(witness));
    assert.ok(decoded.kind === "ok");
    assert.equal(outcome(decoded.witness, AS_PARACHAIN), "final by 500");
    const handOver = decodeHandOver(
      encodeHandOver({ header: encodeHeader(HEAD), justification: own.justification }),
    );
    assert.ok(handOver.kind === "ok");
    assert.deepEqual(headerHash(handOver.handOver.header), headerHash(HEAD));
  });

  it("is a value, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoded = decodeFinalityWitness(bytes);
        if (decoded.kind === "ok") assert.notEqual(outcome(decoded.witness, OWN), "final by 12");
        assert.ok(["ok", "refused"].includes(decodeHandOver(bytes).kind));
      }),
      { numRuns: 500 },
    );
    const good = encodeFinalityWitness(own);
    for (const bad of [good.subarray(0, -1), concatBytes(good, Uint8Array.of(0))]) {
      assert.equal(decodeFinalityWitness(bad).kind, "refused");
    }
    assert.equal(outcome(own, OWN, asHash(new Uint8Array(32).fill(1))), "block-not-final");
  });
});
