import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, fromHex, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeBlock, type SubstrateBlock } from "@phala-l2/protocol/substrate/block";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import { SNAPSHOT_RULES, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { addressSubject, BALANCE, buildClaimsTree, NO_SUBJECT, RECEIVER } from "@phala-l2/sunset/claims-tree";
import { chainOf, registering, remarkOf, signedCall } from "@phala-l2/sunset/testing/blocks";
import { balance, frozen, issuance, person } from "@phala-l2/sunset/testing/state";
import { createEnclave } from "./session.ts";
import { piecesOf } from "./state-pieces.ts";
import { MAX_BLOCK_BYTES, type SunsetOptions, type SunsetRequest, type SunsetSources } from "./statements.ts";

const L1 = 900n;
const CONTRACT = asAddress(new Uint8Array(20).fill(7));
const [ALICE, BOB] = [person(1), person(2)];
const OLD = `0x${"11".repeat(20)}` as const;
const NEW = `0x${"22".repeat(20)}` as const;
const FIRST = 1_000n;

const { state, block } = frozen([issuance(1_500n), balance(ALICE, 1_000n), balance(BOB, 500n)]);
/** Alice names an old receiver, then a new one; Bob one on another L1, and one within a batch. */
const CHAIN = chainOf(
  [
    [],
    [registering(ALICE, OLD, L1)],
    [
      registering(BOB, OLD, 1n),
      signedCall(BOB, remarkOf(`phala-l2 sunset receiver: 900 ${OLD} l2`, [40, 2, 4, 0, 0])),
    ],
    [registering(ALICE, NEW, L1)],
    [],
  ],
  { first: FIRST, stateRoot: block.stateRoot },
);
const [NEWEST] = CHAIN;

type Given = {
  readonly from?: bigint;
  readonly blocks?: readonly SubstrateBlock[];
  readonly items?: AsyncIterable<Uint8Array>;
  readonly header?: SubstrateBlock["header"];
  readonly entries?: typeof state;
  readonly onProgress?: SunsetOptions["onProgress"];
};

async function* stream(items: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* items;
}

function ask(given: Given) {
  const { from = FIRST, blocks = CHAIN, items = stream(blocks.map(encodeBlock)) } = given;
  const { header = NEWEST?.header, entries = state, onProgress } = given;
  assert.ok(header !== undefined);
  const enclave = createEnclave({
    random: (length) => new Uint8Array(length).fill(7),
    kzg: { blobToKzgCommitment: () => assert.fail("no proof is made here") },
    domain: { chainId: L1, verifyingContract: CONTRACT },
  });
  const request: SunsetRequest = {
    contract: CONTRACT,
    finalityAnchor: ZERO_HASH,
    registrationsFrom: from,
    header: encodeHeader(header),
  };
  const sources: SunsetSources = {
    state: piecesOf(entries.map(([key, value]) => ({ key, value }))),
    blocks: items,
  };
  return enclave.signSunset(request, sources, onProgress === undefined ? {} : { onProgress });
}

async function reasonOf(given: Given): Promise<string> {
  const outcome = await ask(given);
  if (outcome.kind === "signed") return "signed";
  const { height } = outcome.data ?? {};
  return height === undefined ? outcome.reason : `${outcome.reason} ${height}`;
}

/** The root of both accounts' claims, with these receivers. */
function rootWith(...receivers: readonly (readonly [account: Hex, receiver: Hex])[]): Hash {
  const balances = [
    { kind: BALANCE, account: ALICE, subject: NO_SUBJECT, value: 1_000n },
    { kind: BALANCE, account: BOB, subject: NO_SUBJECT, value: 500n },
  ];
  const named = receivers.map(([account, receiver]) => ({
    kind: RECEIVER,
    account,
    subject: addressSubject(fromHex(receiver)),
    value: 1n,
  }));
  const leaves = [...balances, ...named];
  return buildClaimsTree(leaves, leaves.length).root;
}

describe("registrations in a sunset that the enclave signs", () => {
  it("are the last words of the window that its settings name", async () => {
    const roots: readonly (readonly [bigint, readonly SubstrateBlock[], Hash])[] = [
      [FIRST, CHAIN, rootWith([ALICE, NEW])],
      [FIRST + 3n, CHAIN.slice(0, 2), rootWith([ALICE, NEW])],
      [FIRST + 4n, CHAIN.slice(0, 1), rootWith()],
      [0n, [], rootWith()],
    ];
    for (const [from, blocks, root] of roots) {
      const signed = await ask({ from, blocks });
      assert.ok(signed.kind === "signed", String(from));
      assert.equal(toHex(signed.statement.claimsRoot), toHex(root), String(from));
      const settings = { finalityAnchor: ZERO_HASH, rules: SNAPSHOT_RULES, registrationsFrom: from };
      assert.deepEqual(signed.settingsHash, sunsetSettingsHash(settings));
    }
  });

  it("cannot be kept back: a block that is not shown whole is a refusal", async () => {
    const without = (index: number) => CHAIN.filter((_, i) => i !== index);
    const emptied = CHAIN.map((each, i) => (i === 1 ? { ...each, extrinsics: [] } : each));
    const cases: readonly (readonly [readonly SubstrateBlock[], string])[] = [
      [without(1), "blocks-not-chained 1003"],
      [without(0), "blocks-not-chained 1004"],
      [without(4), "blocks-missing 1000"],
      [[], "blocks-missing 1004"],
      [emptied, "extrinsics-root-mismatch 1003"],
      [CHAIN.toReversed(), "blocks-not-chained 1004"],
    ];
    for (const [blocks, reason] of cases) assert.equal(await reasonOf({ blocks }), reason);
  });

  it("are not taken from elsewhere: foreign blocks, blocks before the window, a window after the frozen block", async () => {
    const foreign = chainOf([[registering(BOB, NEW, L1)]], { first: FIRST + 3n });
    const spliced = CHAIN.map((each, i) => (i === 1 ? (foreign[0] ?? each) : each));
    const forged = CHAIN.map((each, i) =>
      i === 2 ? { ...each, extrinsics: [registering(BOB, NEW, L1)] } : each,
    );
    const cases: readonly (readonly [Given, string])[] = [
      [{ blocks: spliced }, "blocks-not-chained 1003"],
      [{ blocks: forged }, "extrinsics-root-mismatch 1002"],
      [{ from: FIRST + 1n }, "block-outside-window 1000"],
      [{ from: 0n }, "block-outside-window 1004"],
      [{ from: FIRST + 5n }, "window-after-frozen 1005"],
      [{ from: FIRST + 5n, blocks: [] }, "window-after-frozen 1005"],
    ];
    for (const [given, reason] of cases) assert.equal(await reasonOf(given), reason);
  });

  it("come in blocks that are whole and within bounds, and a stream without an end is left at its first fault", async () => {
    const [first] = CHAIN.map(encodeBlock);
    assert.ok(first !== undefined);
    const malformed = [
      new Uint8Array(0),
      first.subarray(1),
      first.subarray(0, -1),
      Uint8Array.of(...first, 0),
    ];
    for (const item of malformed) assert.equal(await reasonOf({ items: stream([item]) }), "block-malformed");
    const large = new Uint8Array(MAX_BLOCK_BYTES + 1);
    assert.equal(await reasonOf({ items: stream([large]) }), "block-too-large");
    async function* endless(block: Uint8Array) {
      for (;;) yield block;
    }
    assert.equal(await reasonOf({ items: endless(first) }), "blocks-not-chained 1003");
  });

  it("are read after the state, which tells who is owed something: nobody else's change or cost anything", async () => {
    const crowd = Array.from({ length: 300 }, (_, i) => registering(person(100 + i), OLD, L1));
    const bodies = [crowd, [registering(ALICE, NEW, L1), ...crowd], crowd];
    const crowded = chainOf(bodies, { first: FIRST, stateRoot: block.stateRoot });
    const [top] = crowded;
    assert.ok(top !== undefined);
    const told: (readonly [entries: number, blocks: number])[] = [];
    const signed = await ask({
      header: top.header,
      blocks: crowded,
      onProgress: ({ entries, blocks }) => {
        told.push([entries, blocks]);
      },
    });
    assert.ok(signed.kind === "signed");
    assert.deepEqual(signed.statement.claimsRoot, rootWith([ALICE, NEW]));
    const whole = state.length;
    assert.deepEqual(told, [[whole, 0], ...[1, 2, 3].map((blocks) => [whole, blocks] as const)]);
  });

  it("are not asked for where the state is not the block's, and no state is read for a window that cannot be", async () => {
    async function* untouched(): AsyncGenerator<never> {
      yield await Promise.reject(new Error("nobody is to read this"));
    }
    assert.match(await reasonOf({ items: untouched(), entries: state.slice(1) }), /^state-root-mismatch/);
    const onProgress = () => assert.fail("nothing is to be read");
    assert.equal(await reasonOf({ from: FIRST + 5n, onProgress }), "window-after-frozen 1005");
  });

  it("are read from a copy: what the host changes afterwards changes nothing", async () => {
    const items = CHAIN.map(encodeBlock);
    async function* changing() {
      for (const item of items) {
        yield item;
        item.fill(0);
      }
    }
    const signed = await ask({ items: changing() });
    assert.ok(signed.kind === "signed");
    assert.deepEqual(signed.statement.claimsRoot, rootWith([ALICE, NEW]));
  });
});
