import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { compareBytes, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { headerHash } from "@phala-l2/protocol/substrate/header";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { exclusionOf } from "@phala-l2/sunset/accounts";
import { addressSubject, PROXY } from "@phala-l2/sunset/claims-tree";
import { readWindow } from "@phala-l2/sunset/registration-window";
import { frozenBlock, type Snapshot, SnapshotBuilder, type SnapshotOutcome } from "@phala-l2/sunset/snapshot";
import { type FrozenAssetHub, freezeAssetHub, UNIT } from "./frozen-asset-hub.ts";

const RECEIVER: Hex = `0x${"ab".repeat(20)}`;
const REMARK = `phala-l2 sunset receiver: 1 ${RECEIVER} staked`;

function take(
  { pairs, header }: FrozenAssetHub,
  layout: TrieLayout | "either",
  stateRoot = header.stateRoot,
) {
  const builder = new SnapshotBuilder({ layout });
  const entries = pairs.map(([key, value]) => [fromHex(key), fromHex(value)] as const);
  for (const [key, value] of entries.sort(([a], [b]) => compareBytes(a, b))) builder.add(key, value);
  return builder.finish(frozenBlock({ ...header, stateRoot }));
}

function snapshotOf(outcome: SnapshotOutcome): Snapshot {
  assert.ok(outcome.kind === "ok", outcome.kind === "ok" ? "" : outcome.reason.code);
  return outcome.snapshot;
}

describe("a frozen Asset Hub, by its real runtime", () => {
  let chain: FrozenAssetHub;
  let snapshot: Snapshot;
  before(async () => {
    chain = await freezeAssetHub(REMARK);
    snapshot = snapshotOf(take(chain, "either"));
  });

  test("has the root that Substrate's own code computes, in both layouts", () => {
    assert.equal(snapshot.layout, 0);
    assert.equal(snapshotOf(take(chain, "either", chain.roots[1])).layout, 1);
    assert.equal(take(chain, 1).kind, "refused");
    assert.deepEqual(snapshot.blockHash, headerHash(chain.header));
    assert.deepEqual(snapshot.genesisHash, chain.genesisHash);
  });

  test("owes each account what the runtime says it has, deposits and all", () => {
    assert.equal(snapshot.issuance, chain.issuance);
    const owned = new Map(snapshot.count.owners.map(({ account, planck }) => [account, planck]));
    const excluded = new Map(snapshot.count.exclusions.map(({ account, planck }) => [account, planck]));
    let accounts = 0;
    for (const [account, [free, reserved]] of chain.balances) {
      if (free + reserved === 0n) continue;
      accounts += 1;
      const where = exclusionOf(account) === undefined ? owned : excluded;
      assert.equal(where.get(account), free + reserved, account);
    }
    assert.equal(owned.size + excluded.size, accounts);
    assert.equal(owned.get(chain.multisig.account), 100n * UNIT);
    assert.ok(snapshot.count.bySource.reserved > 0n, "proxies, multisig, asset and NFTs took deposits");
    assert.equal(snapshot.count.bySource.wrapped, 0n, "asset 10000 of this chain is no PHA");
    assert.equal(snapshot.count.bySource.shares, 0n, "NFTs of this chain are no shares");
    assert.ok(excluded.size > 0, "fees are in a pot");
  });

  test("knows its proxies for everything, with their delay", () => {
    const delegate: Hex = toHex(chain.keys.ed25519.publicKey);
    assert.deepEqual(
      snapshot.leaves.filter(({ kind }) => kind === PROXY),
      [{ kind: PROXY, account: chain.proxied, subject: delegate, value: 14_400n }],
    );
  });

  test("proves the receiver that a remark registered, from its last header on", () => {
    const blocks = chain.blocks
      .map(({ header, extrinsics }) => ({ header, extrinsics: extrinsics.map(fromHex) }))
      .reverse();
    const [newest] = blocks;
    const from = blocks.at(-1)?.header.number;
    assert.ok(newest !== undefined && from !== undefined);
    const account: Hex = toHex(chain.keys.ed25519.publicKey);
    const subject = addressSubject(fromHex(RECEIVER));
    const owes = () => true;
    assert.deepEqual(readWindow(newest.header, blocks, { chainId: 1n, from, owes }), {
      kind: "ok",
      receivers: [{ account, subject, form: 2 }],
    });
    const elsewhere = readWindow(newest.header, blocks, { chainId: 2n, from, owes });
    assert.deepEqual(elsewhere, { kind: "ok", receivers: [] });
  });

  test("has no snapshot when any entry is another", () => {
    const [first, ...rest] = chain.pairs;
    assert.ok(first !== undefined);
    const outcomes = [
      take({ ...chain, pairs: rest }, "either"),
      take({ ...chain, pairs: [...chain.pairs, ["0xff", "0x"]] }, "either"),
      take({ ...chain, pairs: [[first[0], `${first[1]}00`], ...rest] }, "either"),
    ];
    for (const outcome of outcomes) {
      assert.ok(outcome.kind === "refused");
      assert.equal(outcome.reason.code, "state-root-mismatch");
    }
  });
});
