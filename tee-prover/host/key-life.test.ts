import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, asHash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { simulatedTdx } from "../attest/dangerously-simulated/platforms.ts";
import type { Standing } from "../attest/renewal.ts";
import { KeyLife, type LiveKey } from "./key-life.ts";
import { registrationRefused } from "./registration/refusal.ts";

const NOW = 1_790_000_000n;
const DAY = 86_400n;
const host = simulatedTdx("TDX");

const nothing = () => assert.fail("nothing is stated here");
const NO_STATEMENTS = {
  pinFinality: nothing,
  followFinality: nothing,
  signSunset: nothing,
  signRelease: nothing,
};

/** Key n, with evidence issued at a time: its lists end 29 days later. */
function liveKey(n: number, issuedAt: bigint, policyVersion = 1n): LiveKey {
  const evidence = { host: host(new Uint8Array(64), issuedAt), gpus: [] };
  const key = asAddress(new Uint8Array(20).fill(n));
  const domain = { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20)) };
  const binding = { domain, key, l1Block: asHash(new Uint8Array(32)), policyVersion };
  const terms = { l1BlockNumber: 1n, beneficiary: key, signature: new Uint8Array(65) };
  return {
    facts: {
      kind: "TDX",
      simulated: true,
      measurement: "0x",
      program: undefined,
      gpuWork: undefined,
      binding,
      evidence,
    },
    registration: { kind: "TDX", binding, evidence, ...terms },
    claims: () => assert.fail("nothing is claimed here"),
    statements: NO_STATEMENTS,
  };
}

const nameOf = ({ registration }: LiveKey) => registration.binding.key[0];

/** A prover's keys before a registry that counts what is registered, unless it is told otherwise. */
function life({
  registers = true,
  issuedAt = () => NOW,
}: {
  registers?: boolean;
  issuedAt?: () => bigint;
} = {}) {
  const state = {
    now: NOW,
    least: 1n,
    version: 1n,
    born: 1,
    refuse: undefined as RollupError | undefined,
    registered: new Map<Hex, bigint>(),
    ended: new Set<Hex>(),
    attempts: [] as number[],
    affirmed: [] as number[],
    hindrance: undefined as Error | undefined,
  };
  const standingOf = async (key: Hex): Promise<Standing> => {
    const expiresAt = state.registered.get(key);
    const isRegistered = expiresAt !== undefined;
    const isValid = isRegistered && state.now < expiresAt && !state.ended.has(key);
    return { isRegistered, isValid, expiresAt };
  };
  const keys = new KeyLife(
    liveKey(1, NOW),
    { registers, lead: 3n * DAY, spread: 0n, pollIntervalMs: 10 },
    {
      bear: async () => {
        state.born += 1;
        return liveKey(state.born, issuedAt(), state.version);
      },
      register: async ({ binding }) => {
        state.attempts.push(binding.key[0] ?? 0);
        if (state.refuse !== undefined) throw state.refuse;
        state.registered.set(toHex(binding.key), state.now + 30n * DAY);
      },
      standingOf,
      affirm: async (key) => {
        state.affirmed.push(Number.parseInt(key.slice(2, 4), 16));
        if (state.hindrance !== undefined) throw state.hindrance;
        return undefined;
      },
      leastVersion: async () => state.least,
      clock: { now: () => Number(state.now) * 1000, sleep: async () => {} },
      log: silentLog,
      signal: new AbortController().signal,
    },
  );
  return { state, keys, serving: () => nameOf(keys.serving()) };
}

const refused = () =>
  registrationRefused({ check: "bond", field: "PHA", wanted: "1", found: "0", remedy: "send PHA" });

describe("a prover's key", () => {
  it("is registered once, and left alone while nothing ends", async () => {
    const { state, keys, serving } = life();
    for (let i = 0; i < 5; i++) await keys.turn();
    assert.deepEqual([state.attempts, state.born, serving()], [[1], 1, 1]);
  });

  it("serves until the next one counts, which is taken ahead of what ends", async () => {
    const { state, keys, serving } = life({ issuedAt: () => state.now });
    await keys.turn();
    state.now += 26n * DAY - 1n;
    await keys.turn();
    assert.equal(serving(), 1);
    state.now += 2n;
    state.refuse = new RollupError("L1_TRANSACTION_PENDING", "not yet");
    await assert.rejects(keys.turn(), { code: "L1_TRANSACTION_PENDING" });
    assert.equal(serving(), 1, "the old key serves while the new one is on its way");
    state.refuse = undefined;
    await keys.turn();
    assert.equal(serving(), 2);
    assert.deepEqual(state.attempts, [1, 2, 2], "what L1 has not taken goes on with the same key");
  });

  it("is replaced at once when the registry no longer counts it, or the policy its version", async () => {
    const { state, keys, serving } = life();
    await keys.turn();
    state.ended.add(toHex(asAddress(new Uint8Array(20).fill(1))));
    await keys.turn();
    assert.equal(serving(), 2);
    [state.least, state.version] = [2n, 2n];
    await keys.turn();
    assert.equal(serving(), 3);
  });

  it("is affirmed while it counts, and whatever hinders that takes it from nobody", async () => {
    const { state, keys, serving } = life();
    await keys.turn();
    assert.deepEqual(state.affirmed, [], "a registration notes the newest policy itself");
    await keys.turn();
    assert.deepEqual(state.affirmed, [1]);
    state.hindrance = new RollupError("L1_TRANSACTION_PENDING", "not yet");
    await keys.turn();
    state.hindrance = undefined;
    [state.least, state.version] = [2n, 2n];
    await keys.turn();
    assert.deepEqual([state.affirmed, serving()], [[1, 1], 2], "none that the policy shut out");
  });

  it("gets new evidence after a refusal, and keeps serving until then", async () => {
    const { state, keys, serving } = life();
    state.refuse = refused();
    for (let i = 0; i < 3; i++) await assert.rejects(keys.turn(), { code: "REGISTRATION_REFUSED" });
    assert.deepEqual([state.attempts, serving()], [[1, 2, 3], 1]);
    state.refuse = undefined;
    await keys.turn();
    assert.equal(serving(), 4);
  });

  it("is not replaced by one whose evidence ends as soon: no bond is spent on that", async () => {
    const { state, keys, serving } = life({ issuedAt: () => NOW });
    await keys.turn();
    state.now += 27n * DAY;
    for (let i = 0; i < 3; i++) await keys.turn();
    assert.deepEqual([state.attempts, serving()], [[1], 1]);
  });

  it("that somebody else registers is neither registered nor renewed here", async () => {
    const { state, keys, serving } = life({ registers: false });
    await keys.turn();
    state.now += 400n * DAY;
    await keys.turn();
    assert.deepEqual([state.attempts, state.born, serving()], [[], 1, 1]);
  });
});
