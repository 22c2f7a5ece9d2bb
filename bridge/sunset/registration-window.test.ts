import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, type Hex } from "@phala-l2/protocol/bytes";
import { headerHash } from "@phala-l2/protocol/substrate/header";
import fc from "fast-check";
import type { ShownBlock } from "./block-window.ts";
import { addressSubject } from "./claims-tree.ts";
import { RegistrationWindow, readWindow } from "./registration-window.ts";
import { chainOf, registering } from "./testing/blocks.ts";
import { person } from "./testing/state.ts";

const [ALICE, BOB] = [person(1), person(2)];
const OLD = `0x${"11".repeat(20)}` as const;
const NEW = `0x${"22".repeat(20)}` as const;

const registration = (account: Hex, receiver: Hex) => ({
  account,
  subject: addressSubject(fromHex(receiver)),
  form: 1,
});
/** Alice names an old receiver in block 2 and a new one in block 4; Bob his in block 1. */
const blocks = chainOf([
  [registering(BOB, OLD)],
  [registering(ALICE, OLD)],
  [],
  [registering(ALICE, NEW)],
  [],
]);
const [newest] = blocks;
assert.ok(newest !== undefined);
const frozen = newest.header;
const within = (from: bigint, owes = (_: Hex) => true) => ({ chainId: 1n, from, owes });

function reasonOf(shown: readonly ShownBlock[], from: bigint, header = frozen): string {
  const reading = readWindow(header, shown, within(from));
  return reading.kind === "ok"
    ? `${reading.receivers.length} receivers`
    : `${reading.reason.code} ${reading.reason.height}`;
}

test("a window shown whole has the last registration of each account in it, and none from before", () => {
  assert.deepEqual(readWindow(frozen, blocks, within(1n)), {
    kind: "ok",
    receivers: [registration(ALICE, NEW), registration(BOB, OLD)],
  });
  assert.deepEqual(readWindow(frozen, blocks.slice(0, 4), within(2n)), {
    kind: "ok",
    receivers: [registration(ALICE, NEW)],
  });
  assert.equal(reasonOf(blocks.slice(0, 1), 5n), "0 receivers");
});

test("registrations of accounts that are owed nothing are not kept, however many; nor do their blocks count the less", () => {
  const crowd = Array.from({ length: 200 }, (_, i) => registering(person(3 + i), OLD));
  const crowded = chainOf([[registering(BOB, OLD)], crowd, [...crowd, registering(ALICE, NEW)], []]);
  const [top] = crowded;
  assert.ok(top !== undefined);
  const asked = new Set<Hex>();
  const terms = within(1n, (account) => {
    asked.add(account);
    return account === ALICE;
  });
  assert.deepEqual(readWindow(top.header, crowded, terms), {
    kind: "ok",
    receivers: [registration(ALICE, NEW)],
  });
  assert.equal(asked.size, 202);
  assert.equal(readWindow(top.header, crowded.slice(0, 2), terms).kind, "invalid");
});

test("without a window nobody registered, and no block may say so", () => {
  assert.equal(reasonOf([], 0n), "0 receivers");
  assert.equal(reasonOf(blocks, 0n), "block-outside-window 5");
});

test("an account's last word cannot be kept back by leaving out what is in a block", () => {
  for (const [i, { header }] of blocks.entries()) {
    const bare = blocks.map((block, at) => (at === i ? { header: block.header } : block));
    assert.equal(reasonOf(bare, 1n), `extrinsics-missing ${header.number}`);
    const emptied = blocks.map((block, at) => (at === i ? { ...block, extrinsics: [] } : block));
    const isEmpty = blocks[i]?.extrinsics.length === 0;
    assert.equal(
      reasonOf(emptied, 1n),
      isEmpty ? "2 receivers" : `extrinsics-root-mismatch ${header.number}`,
    );
  }
});

test("nor by leaving out blocks, at either end or between", () => {
  for (let count = 0; count < blocks.length; count++) {
    assert.equal(reasonOf(blocks.slice(0, count), 1n), `blocks-missing ${blocks.length - count}`);
  }
  assert.equal(reasonOf(blocks.slice(1), 1n), "blocks-not-chained 5");
  assert.equal(
    reasonOf(
      blocks.filter((_, i) => i !== 1),
      1n,
    ),
    "blocks-not-chained 4",
  );
  assert.equal(reasonOf(blocks.toReversed(), 1n), "blocks-not-chained 5");
});

test("a window is as long as its terms say, whatever is shown", () => {
  assert.equal(reasonOf(blocks, 2n), "block-outside-window 1");
  assert.equal(reasonOf([...blocks, ...blocks], 1n), "block-outside-window 5");
  assert.equal(reasonOf(blocks, 6n), "window-after-frozen 6");
  assert.equal(reasonOf([], 6n), "window-after-frozen 6");
});

test("an account's last word within a block counts, and one for another L1 is none", () => {
  const bodies = [[registering(ALICE, OLD), registering(ALICE, NEW), registering(ALICE, OLD, 2n)]];
  const [only] = chainOf(bodies);
  assert.ok(only !== undefined);
  assert.deepEqual(readWindow(only.header, [only], within(1n)), {
    kind: "ok",
    receivers: [registration(ALICE, NEW)],
  });
});

test("a block of another chain, or with foreign extrinsics, is refused at once and for good", () => {
  const foreign = chainOf([[], [registering(ALICE, OLD)], [registering(BOB, NEW)], [], []]);
  assert.equal(reasonOf(foreign, 1n), "blocks-not-chained 5");
  const spliced = blocks.map((block, i) => (i === 1 ? (foreign[1] ?? block) : block));
  assert.equal(reasonOf(spliced, 1n), "blocks-not-chained 4");
  const forged = blocks.map((block) => ({ ...block, extrinsics: [registering(BOB, NEW)] }));
  assert.equal(reasonOf(forged, 1n), "extrinsics-root-mismatch 5");
  const window = new RegistrationWindow(frozen, within(1n));
  assert.equal(window.add(blocks[1] ?? newest)?.code, "blocks-not-chained");
  for (const block of blocks) assert.equal(window.add(block)?.code, "blocks-not-chained");
  assert.equal(window.finish().kind, "invalid");
});

test("headers whose numbers do not follow each other are no chain", () => {
  const [, second] = blocks;
  assert.ok(second !== undefined);
  const renumbered = { ...second, header: { ...second.header, number: 1n } };
  const top = { ...newest, header: { ...newest.header, parentHash: headerHash(renumbered.header) } };
  assert.equal(reasonOf([top, renumbered], 1n, top.header), "blocks-not-chained 4");
});

test("whatever part of the blocks is shown, in whatever order: all registrations, or a refusal", () => {
  const bare = blocks.map(({ header }): ShownBlock => ({ header }));
  fc.assert(
    fc.property(fc.array(fc.constantFrom<ShownBlock>(...blocks, ...bare), { maxLength: 8 }), (shown) => {
      const reading = readWindow(frozen, shown, within(2n));
      if (reading.kind === "ok") assert.deepEqual(reading.receivers, [registration(ALICE, NEW)]);
    }),
  );
});
