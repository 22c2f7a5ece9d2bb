import assert from "node:assert/strict";
import { test } from "node:test";
import { asHash, compareBytes, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { POOL_PALLET_ACCOUNT, SUBSIDY_ACCOUNT, WRAPPING_ACCOUNT } from "@phala-l2/sunset/accounts";
import { PROXY } from "@phala-l2/sunset/claims-tree";
import { SnapshotBuilder } from "@phala-l2/sunset/snapshot";
import {
  accountEntry,
  derivedAccount,
  genesisEntry,
  issuanceEntry,
  legacyRewardEntry,
  nftEntries,
  poolEntry,
  proxiesEntry,
  wrappedEntry,
} from "./phala-pallets.ts";

const person = (byte: number): Hex => toHex(new Uint8Array(32).fill(byte));
const [ALICE, BOB, CAROL, DAVE] = [person(0xa1), person(0xb1), person(0xc1), person(0xd1)];
const PHA = 10n ** 12n;

const account = (name: string, pid: number): Hex => toHex(derivedAccount(name, pid, DAVE));
const STAKE_POOL = account("bp/", 20);
const LOCKED = account("sl/", 20);
const REWARDS = account("so/", 20);
const VAULT = account("bp/", 21);
const GENESIS = person(0x99);

const stakePool = {
  basepool: {
    pid: 20,
    owner: DAVE,
    totalShares: 900n * PHA,
    totalValue: 1_000n * PHA,
    withdrawQueue: [
      { user: BOB, startTime: 1_700_000_000, nftId: 4 },
      { user: VAULT, startTime: 1_700_000_001, nftId: 5 },
    ],
    valueSubscribers: [21],
    cid: 10_020,
    poolAccountId: STAKE_POOL,
  },
  payoutCommission: 100_000,
  cap: 5_000n * PHA,
  workers: [person(1), person(2)],
  cdWorkers: [person(3)],
  lockAccount: LOCKED,
  ownerRewardAccount: REWARDS,
};

const vault = {
  basepool: {
    pid: 21,
    owner: DAVE,
    totalShares: 300n * PHA,
    totalValue: 1n,
    withdrawQueue: [{ user: CAROL, startTime: 1_700_000_000, nftId: 9 }],
    valueSubscribers: [],
    cid: 10_021,
    poolAccountId: VAULT,
  },
  lastSharePriceCheckpoint: PHA,
  commission: null,
  ownerShares: 30n * PHA,
  investPools: [20],
};

const entries = [
  genesisEntry(GENESIS),
  issuanceEntry(10_000n * PHA),
  accountEntry(ALICE, 1_000n * PHA, 5n * PHA),
  accountEntry(WRAPPING_ACCOUNT, 2_000n * PHA, 0n),
  accountEntry(SUBSIDY_ACCOUNT, 6_995n * PHA, 0n),
  wrappedEntry(ALICE, 800n * PHA),
  wrappedEntry(STAKE_POOL, 600n * PHA),
  wrappedEntry(LOCKED, 400n * PHA),
  wrappedEntry(REWARDS, 11n * PHA),
  wrappedEntry(VAULT, 50n * PHA),
  poolEntry("StakePool", stakePool),
  poolEntry("Vault", vault),
  ...nftEntries(10_020, 1, ALICE, 300n * PHA),
  ...nftEntries(10_020, 2, VAULT, 300n * PHA),
  ...nftEntries(10_020, 4, POOL_PALLET_ACCOUNT, 200n * PHA),
  ...nftEntries(10_020, 5, POOL_PALLET_ACCOUNT, 100n * PHA),
  ...nftEntries(10_021, 8, ALICE, 170n * PHA),
  ...nftEntries(10_021, 9, POOL_PALLET_ACCOUNT, 100n * PHA),
  legacyRewardEntry(BOB, 3, 2n * PHA),
  proxiesEntry(ALICE, [
    { delegate: BOB, proxyType: 0, delay: 7 },
    { delegate: CAROL, proxyType: 2, delay: 0 },
  ]),
];

test("Phala's pallets are read as their runtimes write them, shares two levels deep", () => {
  const builder = new SnapshotBuilder({ layout: 1 });
  for (const [key, value] of [...entries].sort(([a], [b]) => compareBytes(a, b))) builder.add(key, value);
  const root = stateRoot(entries, 1);
  const outcome = builder.finish({ height: 9_064_613n, blockHash: ZERO_HASH, stateRoot: root });
  assert.ok(outcome.kind === "ok", outcome.kind === "ok" ? "" : outcome.reason.code);
  const { count, leaves, rounding, genesisHash } = outcome.snapshot;
  assert.equal(toHex(genesisHash), GENESIS);
  // 1,000 PHA by 900 shares; the vault has 300 shares and 100 in the queue, and 50 PHA beside, by 300 shares.
  const share = (shares: bigint): bigint => (shares * 1_000n * PHA) / 900n;
  const vaultValue = share(300n) + share(100n) + 50n * PHA;
  const vaultShare = (shares: bigint): bigint => (shares * vaultValue) / 300n;
  const owed = Object.fromEntries(count.owners.map((owner) => [owner.account, owner.planck]));
  assert.deepEqual(owed, {
    [ALICE]: 1_805n * PHA + share(300n) + vaultShare(170n),
    [BOB]: share(200n) + 2n * PHA,
    [CAROL]: vaultShare(100n),
    [DAVE]: 11n * PHA + vaultShare(30n),
  });
  const alice = count.owners.find((owner) => owner.account === ALICE);
  assert.equal(alice?.holding.shares, share(300n) + vaultShare(170n));
  assert.ok(rounding > 0n && rounding < 10n);
  const excluded = Object.fromEntries(count.exclusions.map((each) => [each.account, each.planck]));
  assert.deepEqual(excluded, { [SUBSIDY_ACCOUNT]: 6_993n * PHA, [WRAPPING_ACCOUNT]: 139n * PHA });
  assert.deepEqual(
    leaves.filter(({ kind }) => kind === PROXY).map(({ subject, value }) => [subject, value]),
    [[BOB, 7n]],
  );
});

test("an entry of a pool that is cut short anywhere is refused", () => {
  for (const [key, value] of [poolEntry("StakePool", stakePool), poolEntry("Vault", vault)]) {
    for (let length = 0; length < value.length; length++) {
      const builder = new SnapshotBuilder();
      builder.add(key, value.subarray(0, length));
      const outcome = builder.finish({
        height: 1n,
        blockHash: asHash(new Uint8Array(32)),
        stateRoot: ZERO_HASH,
      });
      assert.ok(outcome.kind === "refused");
      assert.equal(outcome.reason.code, "entry-malformed");
    }
  }
});
