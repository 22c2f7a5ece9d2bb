import assert from "node:assert/strict";
import { test } from "node:test";
import { asHash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { POOL_PALLET_ACCOUNT, SUBSIDY_ACCOUNT, WRAPPING_ACCOUNT } from "./accounts.ts";
import { BALANCE, isProven, NO_SUBJECT, PROXY, proofAt } from "./claims-tree.ts";
import { divide } from "./pools.ts";
import { type Snapshot, SnapshotBuilder, type SnapshotFault, type SnapshotOutcome } from "./snapshot.ts";
import {
  balance,
  type Entry,
  frozen,
  GENESIS,
  issuance,
  lockAccount,
  named,
  owedReward,
  person,
  pool,
  poolAccount,
  proxies,
  rewardAccount,
  shareNft,
  type TestPool,
  wrapped,
} from "./testing/state.ts";

function outcomeOf(entries: readonly Entry[]): SnapshotOutcome {
  const { state, block } = frozen(entries);
  const builder = new SnapshotBuilder();
  for (const [key, value] of state) builder.add(key, value);
  return builder.finish(block);
}

function snapshotOf(entries: readonly Entry[]): Snapshot {
  const outcome = outcomeOf(entries);
  assert.ok(outcome.kind === "ok", outcome.kind === "ok" ? "" : outcome.reason.code);
  return outcome.snapshot;
}

function refusalOf(outcome: SnapshotOutcome): SnapshotFault {
  assert.ok(outcome.kind === "refused");
  return outcome.reason;
}

const amountsOf = ({ count }: Snapshot): Record<Hex, bigint> =>
  Object.fromEntries(count.owners.map(({ account, planck }) => [account, planck]));
const exclusionsOf = ({ count }: Snapshot): Record<Hex, bigint> =>
  Object.fromEntries(count.exclusions.map(({ account, planck }) => [account, planck]));

const [ALICE, BOB, CAROL, DAVE] = [person(1), person(2), person(3), person(4)];
const TREASURY = named("modlpy/trsry");

test("free and reserved are their account's; pallets and parachains are listed", () => {
  const sibling = named("sibl\x07\x08");
  const snapshot = snapshotOf([
    issuance(1_111n),
    balance(ALICE, 100n, 11n),
    balance(TREASURY, 600n),
    balance(sibling, 300n, 100n),
  ]);
  assert.deepEqual(amountsOf(snapshot), { [ALICE]: 111n });
  assert.deepEqual(exclusionsOf(snapshot), { [TREASURY]: 600n, [sibling]: 400n });
  assert.deepEqual([snapshot.claimable, snapshot.excluded, snapshot.rounding], [111n, 1_000n, 0n]);
  assert.deepEqual(snapshot.genesisHash, GENESIS);
  const [leaf] = snapshot.leaves;
  assert.deepEqual(leaf, { kind: BALANCE, account: ALICE, subject: NO_SUBJECT, value: 111n });
});

test("a person's key may begin like a parachain's account, unless the rest is zero", () => {
  const unlucky = toHex(new Uint8Array(32).fill(9).map((byte, i) => "sibl".charCodeAt(i) || byte));
  assert.deepEqual(amountsOf(snapshotOf([issuance(5n), balance(unlucky, 5n)])), { [unlucky]: 5n });
});

test("wrapped PHA is its owner's, not the wrapping account's", () => {
  const snapshot = snapshotOf([
    issuance(1_000n),
    balance(ALICE, 100n),
    balance(WRAPPING_ACCOUNT, 900n),
    wrapped(ALICE, 500n),
    wrapped(BOB, 300n),
    wrapped(TREASURY, 40n),
    wrapped(BOB, 10n ** 20n, 7),
  ]);
  assert.deepEqual(amountsOf(snapshot), { [ALICE]: 600n, [BOB]: 300n });
  assert.deepEqual(exclusionsOf(snapshot), { [WRAPPING_ACCOUNT]: 60n, [TREASURY]: 40n });
});

test("where PHA is not wrapped, asset 10000 is somebody else's", () => {
  assert.deepEqual(amountsOf(snapshotOf([issuance(5n), balance(ALICE, 5n), wrapped(BOB, 10n ** 30n)])), {
    [ALICE]: 5n,
  });
});

const POOL: TestPool = {
  kind: "stake-pool",
  pid: 0,
  collection: 10_000,
  owner: DAVE,
  totalShares: 300n,
  totalValue: 1_000n,
  queue: [{ user: BOB, nftId: 2 }],
};
const VAULT: TestPool = {
  kind: "vault",
  pid: 1,
  collection: 10_001,
  owner: DAVE,
  totalShares: 70n,
  totalValue: 1n,
  ownerShares: 10n,
};

const TWO_LEVELS: readonly Entry[] = [
  issuance(10_000n),
  balance(ALICE, 7_000n),
  balance(poolAccount(POOL), 900n),
  balance(WRAPPING_ACCOUNT, 2_100n),
  wrapped(poolAccount(POOL), 400n),
  wrapped(lockAccount(POOL), 650n),
  wrapped(rewardAccount(POOL), 30n),
  wrapped(poolAccount(VAULT), 20n),
  wrapped(CAROL, 1_000n),
  pool(POOL),
  pool(VAULT),
  ...shareNft(10_000, 1, ALICE, 100n),
  ...shareNft(10_000, 2, POOL_PALLET_ACCOUNT, 50n),
  ...shareNft(10_000, 3, poolAccount(VAULT), 150n),
  ...shareNft(10_001, 1, CAROL, 40n),
  ...shareNft(10_001, 2, BOB, 20n),
];

test("shares are worth their pool's value two levels deep, and no balance counts twice", () => {
  const snapshot = snapshotOf(TWO_LEVELS);
  // The stake pool has 1,050 and is worth 1,000 by 300 shares; the vault has half of that, and 20: 520 by 70.
  assert.deepEqual(amountsOf(snapshot), {
    [ALICE]: 7_000n + 333n,
    [BOB]: 166n + 148n,
    [CAROL]: 1_000n + 297n,
    [DAVE]: 30n + 74n,
  });
  assert.deepEqual(exclusionsOf(snapshot), { [poolAccount(POOL)]: 900n + 50n });
  assert.equal(snapshot.rounding, 2n);
  assert.equal(snapshot.claimable + snapshot.excluded + snapshot.rounding, 10_000n);
  const { bySource } = snapshot.count;
  assert.deepEqual(bySource, {
    free: 7_000n,
    reserved: 0n,
    wrapped: 1_000n,
    shares: 778n,
    withdrawing: 166n,
    rewards: 104n,
  });
});

test("a pool that has less than it says divides what it has", () => {
  const entries = [
    issuance(500n),
    balance(WRAPPING_ACCOUNT, 500n),
    wrapped(poolAccount(POOL), 500n),
    pool({ ...POOL, queue: [] }),
    ...shareNft(10_000, 1, ALICE, 300n),
  ];
  assert.deepEqual(amountsOf(snapshotOf(entries)), { [ALICE]: 500n });
});

test("shares that nobody owns stay with the pool", () => {
  const entries = [
    issuance(1_000n),
    balance(WRAPPING_ACCOUNT, 1_000n),
    wrapped(poolAccount(POOL), 1_000n),
    pool({ ...POOL, queue: [] }),
    ...shareNft(10_000, 1, ALICE, 100n),
    ...shareNft(10_000, 2, POOL_PALLET_ACCOUNT, 100n),
  ];
  const snapshot = snapshotOf(entries);
  assert.deepEqual(amountsOf(snapshot), { [ALICE]: 333n });
  assert.deepEqual(exclusionsOf(snapshot), { [poolAccount(POOL)]: 667n });
  assert.equal(snapshot.rounding, 0n);
});

test("owed rewards are the subsidy pool's to pay, as far as it can", () => {
  const entries = (funds: bigint) => [
    issuance(funds),
    balance(SUBSIDY_ACCOUNT, funds),
    owedReward(ALICE, 0, 100n),
    owedReward(ALICE, 1, 50n),
    owedReward(BOB, 0, 150n),
  ];
  const rich = snapshotOf(entries(1_000n));
  assert.deepEqual(amountsOf(rich), { [ALICE]: 150n, [BOB]: 150n });
  assert.deepEqual(exclusionsOf(rich), { [SUBSIDY_ACCOUNT]: 700n });
  assert.deepEqual(amountsOf(snapshotOf(entries(200n))), { [ALICE]: 99n, [BOB]: 100n });
});

test("of proxies, only those for everything are leaves, and only of accounts with a balance", () => {
  const snapshot = snapshotOf([
    issuance(10n),
    balance(ALICE, 10n),
    proxies(ALICE, { kind: 0, delegate: BOB, delay: 20 }, { kind: 3, delegate: CAROL, delay: 0 }),
    proxies(DAVE, { kind: 0, delegate: BOB, delay: 0 }),
  ]);
  assert.deepEqual(
    snapshot.leaves.filter(({ kind }) => kind === PROXY),
    [{ kind: PROXY, account: ALICE, subject: BOB, value: 20n }],
  );
  for (const [i, leaf] of snapshot.leaves.entries()) {
    assert.ok(
      isProven(snapshot.claimsRoot, leaf, proofAt(snapshot.tree.nodes, snapshot.tree.places[i] ?? 0)),
    );
  }
});

test("without conservation there is no root, and the difference is told", () => {
  const off = refusalOf(outcomeOf([issuance(11n), balance(ALICE, 10n)]));
  assert.deepEqual(off, { code: "not-conserved", issuance: 11n, counted: 10n, difference: 1n });
  const over = refusalOf(outcomeOf([issuance(9n), balance(ALICE, 10n)]));
  assert.deepEqual(over, { code: "not-conserved", issuance: 9n, counted: 10n, difference: -1n });
  const unbacked = refusalOf(
    outcomeOf([issuance(9n), balance(WRAPPING_ACCOUNT, 9n), wrapped(ALICE, 6n), wrapped(BOB, 4n)]),
  );
  assert.deepEqual(unbacked, {
    code: "not-conserved",
    issuance: 9n,
    counted: 10n,
    difference: -1n,
    account: WRAPPING_ACCOUNT,
  });
  assert.deepEqual(refusalOf(outcomeOf([balance(ALICE, 10n)])), { code: "no-issuance" });
  assert.deepEqual(refusalOf(outcomeOf([issuance(10n), balance(TREASURY, 10n)])), {
    code: "nothing-to-claim",
  });
});

test("a state of another root is refused, in either layout", () => {
  const { state, block } = frozen(TWO_LEVELS, 0);
  for (const layout of [0, 1, "either"] as const) {
    const builder = new SnapshotBuilder({ layout });
    for (const [key, value] of state) builder.add(key, value);
    const outcome = builder.finish(block);
    assert.equal(outcome.kind, layout === 1 ? "refused" : "ok");
  }
  const other = new SnapshotBuilder();
  for (const [key, value] of state) other.add(key, value);
  const fault = refusalOf(other.finish({ ...block, stateRoot: asHash(new Uint8Array(32)) }));
  assert.equal(fault.code, "state-root-mismatch");
});

test("a migration between layouts that is under way is one of both, value by value", () => {
  const { state } = frozen(TWO_LEVELS);
  const both = (migrated: number) => {
    const builder = new SnapshotBuilder({ layout: 1 });
    for (const [i, [key, value]] of state.entries()) builder.add(key, value, i < migrated ? undefined : 0);
    const fault = refusalOf(builder.finish({ ...frozen([]).block, stateRoot: GENESIS }));
    assert.ok(fault.code === "state-root-mismatch");
    return fault.computed.map(toHex).join();
  };
  assert.equal(both(0), toHex(frozen(TWO_LEVELS, 0).block.stateRoot));
  assert.equal(both(state.length), toHex(frozen(TWO_LEVELS, 1).block.stateRoot));
  assert.notEqual(both(3), both(0));
});

test("hostile entries are refused, whatever is wrong with them", () => {
  const refuse = (...entries: readonly Entry[]): string => {
    const builder = new SnapshotBuilder();
    for (const [key, value] of entries) builder.add(key, value);
    return refusalOf(builder.finish(frozen([]).block)).code;
  };
  const first = balance(ALICE, 1n);
  assert.equal(refuse(first, first), "entry-twice");
  assert.equal(refuse([Uint8Array.of(2), first[1]], [Uint8Array.of(1), first[1]]), "entries-out-of-order");
  const malformed: readonly Entry[] = [
    [first[0], first[1].subarray(1)],
    [first[0].subarray(0, 79), first[1]],
    [issuance(1n)[0], new Uint8Array(15)],
    [pool(POOL)[0], pool(POOL)[1].subarray(1)],
    [pool(POOL)[0], pool(VAULT)[1]],
    [proxies(ALICE)[0], Uint8Array.of(4)],
    [owedReward(ALICE, 0, 1n)[0], new Uint8Array(17)],
    [wrapped(ALICE, 1n)[0], new Uint8Array(3)],
  ];
  for (const entry of malformed) assert.equal(refuse(entry), "entry-malformed", toHex(entry[0]));
});

test("shares without their form are a fault in a pool's collection only: anybody makes others", () => {
  const malformed = (collection: number, value: Uint8Array): Entry => {
    const [property] = shareNft(collection, 999, ALICE, 1n);
    assert.ok(property !== undefined);
    return [property[0], value];
  };
  const hostile = [new Uint8Array(0), Uint8Array.of(8, 104, 105), new Uint8Array(40), Uint8Array.of(255)];
  for (const value of hostile) {
    for (const foreign of [7, 2 ** 21 - 1, 2 ** 32 - 1]) {
      const outcome = outcomeOf([...TWO_LEVELS, malformed(foreign, value)]);
      assert.ok(outcome.kind === "ok", String(foreign));
      const plain = outcomeOf(TWO_LEVELS);
      assert.ok(plain.kind === "ok");
      assert.deepEqual(outcome.snapshot.claimsRoot, plain.snapshot.claimsRoot);
    }
    const { collection } = POOL;
    assert.deepEqual(refusalOf(outcomeOf([...TWO_LEVELS, malformed(collection, value)])), {
      code: "shares-malformed",
      collection,
    });
  }
});

const shares = fc.bigInt(0n, 10n ** 24n);

test("parts and rounding never exceed what is divided, and no part its fair share", () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 2n ** 90n),
      shares,
      fc.array(shares, { maxLength: 9 }),
      (value, total, given) => {
        const holders = given.map((each) => ({ account: ALICE, shares: each, source: "shares" as const }));
        const { parts, rounding } = divide(value, total, holders);
        const found = given.reduce((sum, each) => sum + each, 0n);
        const paid = parts.reduce((sum, { amount }) => sum + amount, 0n);
        assert.ok(paid + rounding <= value);
        assert.ok(rounding >= 0n && rounding < BigInt(given.length || 1));
        const all = total > found ? total : found;
        for (const { holder, amount } of parts) assert.ok(amount * all <= holder.shares * value);
        if (found > 0n && found >= total)
          assert.equal(paid + rounding, value, "nothing is left with the pool");
      },
    ),
  );
});

/** Any state whose balances are its issuance, with pools over wrapped PHA. */
const states = fc
  .record({
    balances: fc.array(fc.tuple(fc.bigInt(0n, 10n ** 18n), fc.bigInt(0n, 10n ** 15n)), {
      minLength: 1,
      maxLength: 6,
    }),
    wallets: fc.array(fc.bigInt(0n, 10n ** 18n), { maxLength: 5 }),
    free: fc.bigInt(0n, 10n ** 18n),
    working: fc.bigInt(0n, 10n ** 18n),
    rewards: fc.bigInt(0n, 10n ** 12n),
    vaultFree: fc.bigInt(0n, 10n ** 15n),
    surplus: fc.bigInt(0n, 10n ** 12n),
    totalValue: fc.bigInt(0n, 2n * 10n ** 18n),
    poolShares: fc.array(shares, { maxLength: 5 }),
    vaultShares: fc.array(shares, { maxLength: 5 }),
    strayShares: shares,
  })
  .map((random) => {
    const { balances, wallets, free, working, rewards, vaultFree, surplus, totalValue } = random;
    const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, each) => total + each, 0n);
    const supply = sum(wallets) + free + working + rewards + vaultFree;
    const totalShares = sum(random.poolShares) + random.strayShares;
    const queue = random.poolShares.length > 1 ? [{ user: person(0), nftId: 1 }] : [];
    const owners = [poolAccount(VAULT), POOL_PALLET_ACCOUNT, person(0), person(1), TREASURY];
    const entries: readonly Entry[] = [
      issuance(sum(balances.map(([a, b]) => a + b)) + supply + surplus),
      ...balances.map(([a, b], i) => balance(person(i), a, b)),
      balance(WRAPPING_ACCOUNT, supply + surplus),
      ...wallets.map((amount, i) => wrapped(person(i), amount)),
      wrapped(poolAccount(POOL), free),
      wrapped(lockAccount(POOL), working),
      wrapped(rewardAccount(POOL), rewards),
      wrapped(poolAccount(VAULT), vaultFree),
      pool({ ...POOL, totalShares, totalValue, queue }),
      pool({ ...VAULT, totalShares: sum(random.vaultShares), ownerShares: 0n }),
      ...random.poolShares.flatMap((each, i) => shareNft(10_000, i, owners[i] ?? ALICE, each)),
      ...random.vaultShares.flatMap((each, i) => shareNft(10_001, i, person(i), each)),
    ];
    return entries;
  });

test("invariant 1, off-chain: leaves, exclusions and rounding are the issuance, in any state", () => {
  fc.assert(
    fc.property(states, (entries) => {
      const outcome = outcomeOf(entries);
      if (outcome.kind === "refused") {
        assert.equal(outcome.reason.code, "nothing-to-claim");
        return;
      }
      const { count, leaves, claimable, excluded, rounding } = outcome.snapshot;
      const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, each) => total + each, 0n);
      assert.equal(claimable, sum(leaves.map(({ value }) => value)));
      assert.equal(excluded, sum(count.exclusions.map(({ planck }) => planck)));
      assert.equal(claimable + excluded + rounding, outcome.snapshot.issuance);
      assert.equal(claimable, sum(Object.values(count.bySource)), "every planck has one source");
      assert.ok(leaves.every(({ value }) => value > 0n));
      assert.equal(
        new Set(leaves.map(({ account }) => account)).size,
        leaves.length,
        "an account has one leaf",
      );
    }),
    { numRuns: 60 },
  );
});
