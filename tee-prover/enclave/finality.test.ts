import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeHandOver, finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import { announcement, child, SET_ID, voter } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { SNAPSHOT_RULES, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { MAX_PAST_SETS } from "./finality.ts";
import { piecesOf } from "./state-pieces.ts";
import { bornEnclave, HEADER, outcomeOf, requestOf, STATE } from "./testing/frozen-state.ts";
import { justified, SOURCE, shown, VOTERS } from "./testing/voters.ts";

describe("finality, where settings name an anchor", () => {
  const anchor = finalityAnchor(SOURCE);
  const request = { ...requestOf(HEADER), finalityAnchor: anchor };

  it("has to be shown from that anchor on, before anything is read", async () => {
    const enclave = bornEnclave();
    const finality = shown(HEADER);
    assert.equal(await outcomeOf({ ...request, finality }, piecesOf(STATE), enclave), "anchor-unknown");
    assert.equal(enclave.pinFinality(SOURCE).kind, "following");
    assert.equal(await outcomeOf(request, piecesOf(STATE), enclave), "finality-not-shown");
    const foreign = shown(child(ZERO_HASH, 4_321n));
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [foreign, "block-not-final"],
      [finality.subarray(1), "scale-truncated"],
      [shown(HEADER, VOTERS.slice(1, 3)), "weight-insufficient"],
    ];
    for (const [witness, reason] of cases) {
      const outcome = await outcomeOf({ ...request, finality: witness }, piecesOf(STATE), enclave);
      assert.ok(outcome === reason || outcome.startsWith("scale-"), `${outcome}, not ${reason}`);
    }
    const signed = await enclave.signSunset({ ...request, finality }, { state: piecesOf(STATE) });
    assert.ok(signed.kind === "signed");
    assert.deepEqual(
      signed.settingsHash,
      sunsetSettingsHash({ finalityAnchor: anchor, rules: SNAPSHOT_RULES, registrationsFrom: 0n }),
    );
  });

  it("goes on to the sets that follow, and to no others", async () => {
    const enclave = bornEnclave();
    enclave.pinFinality(SOURCE);
    const next = Array.from({ length: 4 }, voter);
    const change = child(ZERO_HASH, 4_000n, [announcement(1, next)]);
    const forged = encodeHandOver({ header: encodeHeader(change), justification: justified(change, next) });
    assert.equal(enclave.followFinality(anchor, forged).kind, "refused");
    const handOver = encodeHandOver({ header: encodeHeader(change), justification: justified(change) });
    assert.deepEqual(enclave.followFinality(ZERO_HASH, handOver), {
      kind: "refused",
      reason: "anchor-unknown",
    });
    const followed = enclave.followFinality(anchor, handOver);
    assert.ok(followed.kind === "following");
    assert.equal(followed.setId, SET_ID + 1n);
    assert.deepEqual(enclave.pinFinality(SOURCE), followed, "it does not fall back");
    const byNext = shown(HEADER, next, SET_ID + 1n);
    assert.equal(await outcomeOf({ ...request, finality: byNext }, piecesOf(STATE), enclave), "signed");
    const beforeIt = await outcomeOf({ ...request, finality: shown(HEADER) }, piecesOf(STATE), enclave);
    assert.equal(beforeIt, "signed", "who shows a block may not know yet of the hand-over");
  });

  it("forgets sets that handed over long ago", async () => {
    const enclave = bornEnclave();
    enclave.pinFinality(SOURCE);
    const outcomes: string[] = [];
    for (let step = 0; step <= MAX_PAST_SETS; step++) {
      const change = child(ZERO_HASH, 4_000n + BigInt(step), [announcement(1, VOTERS)]);
      const by = justified(change, VOTERS, SET_ID + BigInt(step));
      const handOver = encodeHandOver({ header: encodeHeader(change), justification: by });
      assert.equal(enclave.followFinality(anchor, handOver).kind, "following");
      if (step < MAX_PAST_SETS - 1) continue;
      outcomes.push(await outcomeOf({ ...request, finality: shown(HEADER) }, piecesOf([]), enclave));
    }
    // What is not final is refused before anything else is looked at.
    assert.ok(!outcomes.slice(0, -1).includes("signature-invalid"), outcomes.join());
    assert.equal(outcomes.at(-1), "signature-invalid");
  });

  it("is followed for few chains only", () => {
    const enclave = bornEnclave();
    const kinds = Array.from({ length: 9 }, (_, paraId) => enclave.pinFinality({ ...SOURCE, paraId }).kind);
    assert.deepEqual(kinds, [...Array.from({ length: 8 }, () => "following"), "refused"]);
    assert.equal(bornEnclave().pinFinality({ set: { id: 0n, authorities: [] }, paraId: 0 }).kind, "refused");
  });
});
