import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, asHash } from "@phala-l2/protocol/bytes";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import {
  remarked,
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
  succeeded,
  transferred,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { swapAccount } from "@phala-l2/swap/account";
import { formatRemark } from "@phala-l2/swap/remark";
import { type SmallBlock, sealBlock } from "@phala-l2/swap/testing/small-block";
import { piecesOf } from "./state-pieces.ts";
import { StatementBook, toldOfRelease, toldOfSunset } from "./statement-book.ts";
import type { ReleaseRequest } from "./statements.ts";
import {
  bornEnclave,
  CONTRACT,
  GENESIS,
  HEADER,
  headerOf,
  L1,
  REGISTRY,
  requestOf,
  STATE,
  stateOf,
} from "./testing/frozen-state.ts";
import { SOURCE, shown } from "./testing/voters.ts";

const hashOf = (seed: number) => asHash(new Uint8Array(32).fill(seed));
const addressOf = (seed: number) => asAddress(new Uint8Array(20).fill(seed));
const ANCHOR = finalityAnchor(SOURCE);

describe("a key that stated a sunset", () => {
  /** Two blocks of one height, both final by the relay chain's votes: it set the head back between them. */
  const other = stateOf(4);
  const first = { header: HEADER, state: STATE };
  const second = { header: headerOf(other), state: other };

  const asking = (enclave = bornEnclave()) => {
    enclave.pinFinality(SOURCE);
    return async ({ header, state }: typeof first, contract = CONTRACT, finalityAnchor = ANCHOR) => {
      const request = { ...requestOf(header), contract, finalityAnchor, finality: shown(header) };
      const outcome = await enclave.signSunset(request, { state: piecesOf(state) });
      return outcome.kind === "signed" ? outcome.signature : outcome.reason;
    };
  };

  it("states no other one of that height, whatever is final, and the same one as often as it is asked", async () => {
    const ask = asking();
    const signature = await ask(first);
    assert.ok(signature instanceof Uint8Array);
    assert.equal(await ask(second), "told-otherwise");
    assert.deepEqual(await ask(first), signature);
    assert.equal(await ask({ ...first, header: headerOf(STATE, hashOf(1)) }), "told-otherwise");
    assert.ok((await asking()(second)) instanceof Uint8Array, "another key was not asked yet");
  });

  it("states the other one to another contract, and by other settings, which no contract compares", async () => {
    const ask = asking();
    assert.ok((await ask(first)) instanceof Uint8Array);
    assert.ok((await ask(second, REGISTRY)) instanceof Uint8Array);
    assert.ok((await ask(second, CONTRACT, hashOf(0))) instanceof Uint8Array);
    assert.equal(await ask(first, REGISTRY), "told-otherwise");
    assert.equal(await ask(second), "told-otherwise");
  });

  it("is bound by what it signed alone, and by one of two that are counted at a time", async () => {
    const ask = asking();
    assert.equal(await ask({ ...second, state: STATE }), "state-root-mismatch");
    const outcomes = await Promise.all([ask(first), ask(second)]);
    assert.equal(outcomes.filter((outcome) => outcome === "told-otherwise").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome instanceof Uint8Array).length, 1);
  });
});

describe("a key that stated a release", () => {
  const settings = {
    genesisHash: GENESIS,
    firstHeight: 100n,
    lastHeight: 200n,
    minimum: 1_000n,
    token: REGISTRY,
    runtimes: [{ specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH }],
    finalityAnchor: ANCHOR,
  };
  const ALICE = hashOf(0xa1);
  const text = formatRemark({ chainId: L1, receiver: addressOf(3), repairs: [] });
  const transfer = (planck: bigint) => transferred(0, ALICE, swapAccount(CONTRACT), planck);
  const deposit = (planck: bigint, more: Partial<SmallBlock> = {}) =>
    sealBlock({
      height: 150n,
      records: [transfer(planck), remarked(0, ALICE, text), succeeded(0)],
      remarks: [text],
      ...more,
    });

  const asking = (enclave = bornEnclave()) => {
    enclave.pinFinality(SOURCE);
    return (block: ReturnType<typeof deposit>, more: Partial<ReleaseRequest> = {}, repair?: typeof block) => {
      const shownIn = (sealed: typeof block) => ({ block: sealed.proof, eventIndex: 0 });
      const outcome = enclave.signRelease({
        contract: CONTRACT,
        settings,
        metadata: [SMALL_METADATA],
        witness: { deposit: shownIn(block), ...(repair && { repair: shownIn(repair) }) },
        finality: [block, ...(repair === undefined ? [] : [repair])].map(({ header }) => shown(header)),
        ...more,
      });
      return outcome.kind === "signed" ? "signed" : outcome.reason;
    };
  };

  it("states nothing else of that event: no other sum, and not the same in another block", () => {
    const ask = asking();
    assert.equal(ask(deposit(5_000n)), "signed");
    assert.equal(ask(deposit(5_001n)), "told-otherwise");
    assert.equal(ask(deposit(5_000n, { parentHash: hashOf(1) })), "told-otherwise");
    assert.equal(ask(deposit(5_000n)), "signed");
    assert.equal(ask(deposit(5_001n, { height: 151n })), "signed");
    assert.equal(asking()(deposit(5_001n)), "signed");
  });

  it("cannot lose its word to settings of other rules: what they invent stands apart", () => {
    const ask = asking();
    const lax = { settings: { ...settings, finalityAnchor: hashOf(0) } };
    assert.equal(ask(deposit(1_000_000n), lax), "signed");
    assert.equal(ask(deposit(5_000n)), "signed");
    assert.equal(ask(deposit(5_000n), lax), "told-otherwise");
  });

  it("may name two receivers, where two repairs do", () => {
    const ask = asking();
    const lost = sealBlock({ height: 150n, records: [transfer(5_000n)] });
    const repair = (receiver: number, height: bigint) => {
      const named = formatRemark({
        chainId: L1,
        receiver: addressOf(receiver),
        repairs: [{ height: 150n, eventIndex: 0 }],
      });
      const records = [transfer(5_000n), remarked(0, ALICE, named), succeeded(0)];
      return deposit(5_000n, { height, records, remarks: [named] });
    };
    assert.equal(ask(lost, {}, repair(3, 151n)), "signed");
    assert.equal(ask(lost, {}, repair(4, 152n)), "signed");
    const moved = sealBlock({ height: 150n, records: [transfer(5_000n)], parentHash: hashOf(1) });
    assert.equal(ask(moved, {}, repair(3, 151n)), "told-otherwise");
  });
});

describe("the book of what a key said", () => {
  const told = (matter: number, content = matter) => ({ matter: hashOf(matter), content: hashOf(content) });

  it("forgets nothing when it is full: what is in it stands, and nothing new is told", () => {
    const book = new StatementBook(2);
    assert.deepEqual([book.tell(told(1)), book.tell(told(2))], [undefined, undefined]);
    assert.equal(book.tell(told(3)), "told-too-much");
    assert.equal(book.tell(told(1, 9)), "told-otherwise");
    assert.equal(book.tell(told(1)), undefined);
    assert.equal(book.tell(told(3)), "told-too-much", "a refusal writes nothing down");
  });

  it("tells matters apart by all that a contract compares, and a deposit's content by all but the receiver", () => {
    const release = {
      genesisHash: GENESIS,
      height: 150n,
      blockHash: hashOf(1),
      extrinsicIndex: 2,
      eventIndex: 3,
      sender: hashOf(4),
      receiver: addressOf(5),
      planck: 6n,
    };
    const rules = {
      genesisHash: GENESIS,
      firstHeight: 1n,
      lastHeight: 2n,
      minimum: 3n,
      token: REGISTRY,
      finalityAnchor: ANCHOR,
    };
    const base = toldOfRelease(CONTRACT, rules, release);
    const variant = (more: Partial<typeof release>) =>
      toldOfRelease(CONTRACT, rules, { ...release, ...more });
    for (const more of [{ genesisHash: hashOf(9) }, { height: 151n }, { eventIndex: 4 }]) {
      assert.notDeepEqual(variant(more).matter, base.matter);
    }
    for (const more of [
      { blockHash: hashOf(9) },
      { extrinsicIndex: 9 },
      { sender: hashOf(9) },
      { planck: 9n },
    ]) {
      assert.deepEqual(variant(more).matter, base.matter);
      assert.notDeepEqual(variant(more).content, base.content);
    }
    assert.deepEqual(variant({ receiver: addressOf(9) }), base);
    assert.notDeepEqual(toldOfRelease(REGISTRY, rules, release).matter, base.matter);
    assert.notDeepEqual(toldOfRelease(CONTRACT, { ...rules, minimum: 4n }, release).matter, base.matter);
    for (const specVersion of [1, 2]) {
      // Lists of runtimes, of which one swap accepts several.
      const settings = { ...rules, runtimes: [{ specVersion, metadataHash: hashOf(1) }] };
      assert.deepEqual(toldOfRelease(CONTRACT, settings, release), base);
    }
    const amounts = { issuance: 3n, claimable: 3n, excluded: 0n, rounding: 0n };
    const roots = { stateRoot: hashOf(2), claimsRoot: hashOf(3) };
    const sunset = { genesisHash: GENESIS, height: 150n, blockHash: hashOf(1), ...roots, ...amounts };
    const frozen = toldOfSunset(CONTRACT, hashOf(7), sunset);
    for (const each of [
      toldOfSunset(REGISTRY, hashOf(7), sunset),
      toldOfSunset(CONTRACT, hashOf(8), sunset),
      toldOfSunset(CONTRACT, hashOf(7), { ...sunset, height: 151n }),
      toldOfSunset(CONTRACT, hashOf(7), { ...sunset, genesisHash: hashOf(9) }),
    ]) {
      assert.notDeepEqual(each.matter, frozen.matter);
    }
    for (const name of ["blockHash", "stateRoot", "claimsRoot"] as const) {
      const changed = toldOfSunset(CONTRACT, hashOf(7), { ...sunset, [name]: hashOf(9) });
      assert.deepEqual(changed.matter, frozen.matter);
      assert.notDeepEqual(changed.content, frozen.content);
    }
  });
});
