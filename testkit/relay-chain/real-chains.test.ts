import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import { decodeAuthorities, MAX_AUTHORITIES } from "@phala-l2/protocol/substrate/grandpa";
import { decodeHeader, encodeHeader } from "@phala-l2/protocol/substrate/header";
import { ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { ksmcc3, polkadot, westend2 } from "@substrate/connect-known-chains";

/** An authority: ed25519 key and u64 weight. */
const AUTHORITY_LENGTH = 40;

/** Where light clients of a real chain start: a final header, and GRANDPA's authority set with its history, in SCALE. */
function checkpointOf(specification: string): { readonly header: Uint8Array; readonly set: Uint8Array } {
  const parsed: unknown = JSON.parse(specification);
  const state = isRecord(parsed) ? parsed.lightSyncState : undefined;
  assert.ok(isRecord(state));
  const { finalizedBlockHeader, grandpaAuthoritySet } = state;
  return { header: fromHex(String(finalizedBlockHeader)), set: fromHex(String(grandpaAuthoritySet)) };
}

/** The list in front of it, and the numbers of past sets with their last blocks (sc_consensus_grandpa::AuthoritySet). */
function readSet(bytes: Uint8Array) {
  const reader = new ScaleReader(bytes);
  const count = reader.length(AUTHORITY_LENGTH);
  reader.take(count * AUTHORITY_LENGTH);
  const list = bytes.subarray(0, reader.at);
  const id = reader.u64();
  const pending = reader.length();
  reader.option(() => reader.u32());
  const forced = reader.length();
  const past = reader.sequence(() => ({ id: reader.u64(), last: reader.u32() }));
  return { list, count, id, pending, forced, past: reader.finish(past) };
}

describe("a real relay chain", () => {
  for (const [name, specification, blocksOfEightSets] of [
    ["Polkadot", polkadot, 14_400],
    ["Kusama", ksmcc3, 5_000],
    ["Westend", westend2, 14_400],
  ] as const) {
    it(`${name}: has headers and authority sets of the form that is followed`, () => {
      const { header, set } = checkpointOf(specification);
      const decoded = decodeHeader(header);
      assert.ok(decoded.kind === "ok");
      assert.equal(toHex(encodeHeader(decoded.value)), toHex(header));
      const { list, count, id, pending, forced, past } = readSet(set);
      assert.deepEqual([pending, forced], [0, 0]);
      const authorities = decodeAuthorities(list);
      assert.ok(authorities.kind === "ok" && past.kind === "ok");
      assert.equal(authorities.value.length, count);
      assert.ok(count <= MAX_AUTHORITIES);
      assert.ok(authorities.value.every(({ weight }) => weight === 1n));
      assert.equal(new Set(authorities.value.map(({ key }) => toHex(key))).size, count);
      // Each set is numbered one above the one that handed over to it.
      assert.deepEqual(
        past.value.map((each) => each.id),
        past.value.map((_, i) => BigInt(i)),
      );
      assert.equal(id, BigInt(past.value.length));
      // Votes count that are eight sets old: hours at least, and never as long as members wait for their stake.
      const [from, to] = [past.value.at(-9)?.last ?? 0, past.value.at(-1)?.last ?? 0];
      assert.ok(to - from >= blocksOfEightSets && to - from < 7 * 14_400, `${to - from} blocks`);
    });
  }
});
