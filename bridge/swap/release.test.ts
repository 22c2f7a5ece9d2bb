import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, asAddress, asHash, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import {
  metadataWith,
  odd,
  remarked,
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
  smallMetadata,
  succeeded,
  transferred,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import type { SwapDomain, SwapSettings } from "@phala-l2/protocol/swap-release";
import fc from "fast-check";
import { swapAccount } from "./account.ts";
import { createReleaseJudge, type ReleaseJudge, type ReleaseWitness } from "./release.ts";
import { type DepositPlace, formatRemark } from "./remark.ts";
import { type SmallBlock, sealBlock } from "./testing/small-block.ts";

const CONTRACT = asAddress(new Uint8Array(20).fill(0x22));
const DOMAIN: SwapDomain = { chainId: 900n, contract: CONTRACT };
const SETTINGS: SwapSettings = {
  genesisHash: asHash(new Uint8Array(32).fill(1)),
  firstHeight: 100n,
  lastHeight: 200n,
  minimum: 1000n,
  runtimes: [{ specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH }],
  token: asAddress(new Uint8Array(20).fill(0x33)),
  finalityAnchor: ZERO_HASH,
};
const SWAP = swapAccount(CONTRACT);
const RECEIVER = asAddress(new Uint8Array(20).fill(0xaa));
const account = (fill: number): Hash => asHash(new Uint8Array(32).fill(fill));
const ALICE = account(0xa1);
const BOB = account(0xb0);

function judgeOf(settings = SETTINGS, metadata = [SMALL_METADATA]): ReleaseJudge {
  const created = createReleaseJudge(settings, DOMAIN, metadata);
  assert.equal(created.kind, "ok");
  return created.judge;
}
const judge = judgeOf();

function remark(receiver: Address = RECEIVER, repairs: readonly DepositPlace[] = []): string {
  return formatRemark({ chainId: 900n, receiver, repairs });
}

/** A block at height 150 with these events, and these remarks shown. */
function block(records: readonly Uint8Array[], more: Partial<SmallBlock> = {}) {
  return sealBlock({ height: 150n, records, remarks: [remark()], ...more }).proof;
}

function verdicts(records: readonly Uint8Array[], more: Partial<SmallBlock> = {}): readonly string[] {
  const judged = judge.judgeBlock(block(records, more));
  assert.equal(judged.kind, "ok");
  return judged.deposits.map(({ verdict }) => (verdict.kind === "refused" ? verdict.reason : verdict.kind));
}

function refusal(witness: ReleaseWitness, by = judge): string {
  const judged = by.releaseOf(witness);
  return judged.kind === "refused" ? judged.reason : "released";
}

describe("a deposit", () => {
  it("is a transfer to the swap account beside one remark of its sender", () => {
    const records = [
      succeeded(0),
      odd(1, 3),
      transferred(2, ALICE, SWAP, 5000n),
      remarked(2, ALICE, remark()),
      succeeded(2),
    ];
    const sealed = sealBlock({ height: 150n, records, remarks: [remark()] });
    const judged = judge.releaseOf({ deposit: { block: sealed.proof, eventIndex: 2 } });
    assert.equal(judged.kind, "release");
    assert.deepEqual(judged.release, {
      genesisHash: SETTINGS.genesisHash,
      height: 150n,
      blockHash: sealed.hash,
      extrinsicIndex: 2,
      eventIndex: 2,
      sender: ALICE,
      receiver: RECEIVER,
      planck: 5000n,
    });
    assert.deepEqual(judged.blocks, [sealed.hash]);
  });

  it("is valid wherever in its extrinsic the remark stands, and in both layouts of the state", () => {
    const records = [remarked(2, ALICE, remark()), transferred(2, ALICE, SWAP, 1000n)];
    for (const layout of [0, 1] as const) assert.deepEqual(verdicts(records, { layout }), ["valid"]);
  });

  it("is each of several transfers beside one remark", () => {
    const records = [
      transferred(2, ALICE, SWAP, 1000n),
      transferred(2, ALICE, SWAP, 2000n),
      remarked(2, ALICE, remark()),
    ];
    assert.deepEqual(verdicts(records), ["valid", "valid"]);
  });

  it("holds each amount exactly, up to all that a balance can be", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1000n, max: 2n ** 128n - 1n }), (planck) => {
        const proof = block([transferred(2, ALICE, SWAP, planck), remarked(2, ALICE, remark())]);
        const judged = judge.releaseOf({ deposit: { block: proof, eventIndex: 0 } });
        assert.equal(judged.kind === "release" && judged.release.planck, planck);
      }),
      { numRuns: 50 },
    );
  });

  it("is none to another account, not to another swap's either", () => {
    const other = swapAccount(asAddress(new Uint8Array(20).fill(0x23)));
    const records = [
      transferred(2, ALICE, BOB, 5000n),
      transferred(2, ALICE, other, 5000n),
      remarked(2, ALICE, remark()),
    ];
    assert.deepEqual(verdicts(records), []);
    assert.equal(refusal({ deposit: { block: block(records), eventIndex: 0 } }), "event-no-deposit");
    assert.equal(refusal({ deposit: { block: block(records), eventIndex: 99 } }), "event-no-deposit");
  });
});

describe("a deposit is refused, and listed,", () => {
  const cases: readonly (readonly [why: string, reason: string, records: readonly Uint8Array[]])[] = [
    ["without a remark", "no-remark", [transferred(2, ALICE, SWAP, 5000n)]],
    ["with another's remark", "no-remark", [transferred(2, ALICE, SWAP, 5000n), remarked(2, BOB, remark())]],
    [
      "with a remark in another extrinsic",
      "no-remark",
      [transferred(2, ALICE, SWAP, 5000n), remarked(3, ALICE, remark())],
    ],
    [
      "with two remarks, though they be alike",
      "several-remarks",
      [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, remark()), remarked(2, ALICE, remark())],
    ],
    ["below the minimum", "below-minimum", [transferred(2, ALICE, SWAP, 999n), remarked(2, ALICE, remark())]],
    ["of nothing", "nothing", [transferred(2, ALICE, SWAP, 0n), remarked(2, ALICE, remark())]],
    [
      "by the runtime itself",
      "outside-extrinsics",
      [transferred(undefined, ALICE, SWAP, 5000n), remarked(undefined, ALICE, remark())],
    ],
  ];
  for (const [why, reason, records] of cases) {
    it(why, () => {
      assert.deepEqual(verdicts(records), [reason]);
      assert.equal(refusal({ deposit: { block: block(records), eventIndex: 0 } }), reason);
    });
  }

  it("with a remark that says something else", () => {
    const contract = toHex(CONTRACT);
    const remarks: readonly (readonly [text: string, reason: string])[] = [
      ["hello", "remark-no-swap"],
      ["", "remark-no-swap"],
      ["PHA-SWAP:v1:900:0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "remark-no-swap"],
      ["pha-swap:v2:900:0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "remark-no-swap"],
      ["pha-swap:v1:0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "remark-malformed"],
      ["pha-swap:v1:900:0xaaaa", "remark-malformed"],
      ["pha-swap:v1:900:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "remark-malformed"],
      [`pha-swap:v1:0900:${toHex(RECEIVER)}`, "remark-malformed"],
      [`pha-swap:v1:900:${toHex(RECEIVER)} `, "remark-malformed"],
      [`pha-swap:v1:900:${toHex(RECEIVER)}\0`, "remark-malformed"],
      [`pha-swap:v1:900:${toHex(RECEIVER)}:`, "remark-malformed"],
      [`pha-swap:v1:900:${toHex(RECEIVER)}:5-4294967296`, "remark-malformed"],
      [`pha-swap:v1:900:${toHex(RECEIVER)}${":5-1".repeat(17)}`, "remark-too-many-repairs"],
      [`pha-swap:v1:900:${toHex(RECEIVER)}${":5-1".repeat(1000)}`, "remark-malformed"],
      ["pha-swap:v1:900:0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046", "remark-receiver-checksum"],
      [`pha-swap:v1:900:0x${"0".repeat(40)}`, "remark-receiver-zero"],
      [`pha-swap:v1:1:${toHex(RECEIVER)}`, "other-chain"],
      [`pha-swap:v1:900:${contract}`, "receiver-impossible"],
      [`pha-swap:v1:900:${toHex(SETTINGS.token)}`, "receiver-impossible"],
    ];
    for (const [text, reason] of remarks) {
      const records = [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, text)];
      assert.deepEqual(verdicts(records, { remarks: [text] }), [reason], text);
    }
  });

  it("outside of the swap's life", () => {
    const records = [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, remark())];
    for (const height of [0n, 99n, 201n, 2n ** 32n]) {
      assert.deepEqual(verdicts(records, { height }), ["height-out-of-range"]);
    }
    for (const height of [100n, 200n]) assert.deepEqual(verdicts(records, { height }), ["valid"]);
  });
});

describe("a remark's receiver", () => {
  it("is the same in one case, and in both with its checksum", () => {
    for (const text of [
      "0xd8da6bf26964af9d7eed9e03e53415d37aa96045",
      "0xD8DA6BF26964AF9D7EED9E03E53415D37AA96045",
      "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045",
    ]) {
      const words = `pha-swap:v1:900:${text}`;
      const records = [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, words)];
      const judged = judge.releaseOf({
        deposit: { block: block(records, { remarks: [words] }), eventIndex: 0 },
      });
      assert.equal(judged.kind, "release", text);
      assert.equal(toHex(judged.release.receiver), "0xd8da6bf26964af9d7eed9e03e53415d37aa96045");
    }
  });
});

describe("what a host can leave out or change", () => {
  const records = [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, remark())];
  const proof = block(records);

  it("makes no refusal of a deposit whose remark it does not show", () => {
    for (const remarks of [[], ["another text"], [`${remark()} `]]) {
      assert.deepEqual(verdicts(records, { remarks }), ["undecided"]);
      const hidden = block(records, { remarks });
      assert.equal(refusal({ deposit: { block: hidden, eventIndex: 0 } }), "remark-not-shown");
    }
  });

  it("does not change what a proof shows: each byte of a node, and each node, is needed", () => {
    for (const [at, node] of proof.nodes.entries()) {
      const without = proof.nodes.filter((_, i) => i !== at);
      assert.notEqual(
        refusal({ deposit: { block: { ...proof, nodes: without }, eventIndex: 0 } }),
        "released",
      );
      for (let byte = 0; byte < node.length; byte += 7) {
        const changed = node.slice();
        changed[byte] = (changed[byte] ?? 0) ^ 1;
        const nodes = proof.nodes.map((other, i) => (i === at ? changed : other));
        assert.equal(
          refusal({ deposit: { block: { ...proof, nodes }, eventIndex: 0 } }),
          "proof-node-missing",
        );
      }
    }
  });

  it("gets another block's hash with another header, or none", () => {
    const good = judge.releaseOf({ deposit: { block: proof, eventIndex: 0 } });
    assert.equal(good.kind, "release");
    for (let at = 0; at < proof.header.length; at++) {
      const header = proof.header.slice();
      header[at] = (header[at] ?? 0) ^ 1;
      const judged = judge.releaseOf({ deposit: { block: { ...proof, header }, eventIndex: 0 } });
      if (judged.kind === "release") assert.notDeepEqual(judged.blocks, good.blocks);
    }
  });

  it("never throws, whatever bytes it shows", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.uint8Array({ maxLength: 90 })),
        (header, nodes) => {
          const judged = judge.releaseOf({
            deposit: { block: { header, nodes, remarks: [] }, eventIndex: 0 },
          });
          assert.equal(judged.kind, "refused");
        },
      ),
    );
  });

  it("is too much", () => {
    const nodes = Array.from({ length: 300 }, () => new Uint8Array(1));
    assert.equal(refusal({ deposit: { block: { ...proof, nodes }, eventIndex: 0 } }), "proof-too-large");
  });

  it("shows nothing of a runtime that the settings do not name", () => {
    const unknown = block(records, { specVersion: SMALL_SPEC_VERSION + 1 });
    assert.equal(refusal({ deposit: { block: unknown, eventIndex: 0 } }), "runtime-unknown");
  });
});

describe("a refused deposit", () => {
  const place = { height: 150n, eventIndex: 0 };
  const lost = block([transferred(2, ALICE, SWAP, 7n)]);
  const named = remark(RECEIVER, [place]);
  const mend = (sender: Hash, text: string, more: Partial<SmallBlock> = {}) =>
    block([transferred(4, sender, SWAP, 1000n), remarked(4, sender, text)], {
      height: 151n,
      remarks: [text],
      ...more,
    });
  const withRepair = (repair: ReturnType<typeof mend>, deposit = lost): ReleaseWitness => ({
    deposit: { block: deposit, eventIndex: 0 },
    repair: { block: repair, eventIndex: 0 },
  });

  it("is released to whom a later deposit of its sender names", () => {
    const judged = judge.releaseOf(withRepair(mend(ALICE, named)));
    assert.equal(judged.kind, "release");
    assert.equal(judged.release.planck, 7n);
    assert.equal(judged.release.height, 150n);
    assert.deepEqual(judged.release.receiver, RECEIVER);
    assert.equal(judged.blocks.length, 2);
  });

  it("of the runtime's own is one, too", () => {
    const own = block([transferred(undefined, ALICE, SWAP, 5000n)]);
    const judged = judge.releaseOf(withRepair(mend(ALICE, named), own));
    assert.equal(judged.kind === "release" && judged.release.extrinsicIndex, 0xffff_ffff);
  });

  it("is not sent by another, nor by a deposit that does not name it, is refused itself, or is earlier", () => {
    assert.equal(refusal(withRepair(mend(BOB, named))), "repair-of-another");
    assert.equal(refusal(withRepair(mend(ALICE, remark()))), "repair-not-named");
    const small = block([transferred(4, ALICE, SWAP, 999n), remarked(4, ALICE, named)], {
      height: 151n,
      remarks: [named],
    });
    assert.equal(refusal(withRepair(small)), "repair-impossible");
    assert.equal(refusal(withRepair(mend(ALICE, named, { height: 149n }))), "repair-impossible");
    assert.equal(refusal(withRepair(mend(ALICE, named, { height: 201n }))), "repair-impossible");
    assert.equal(refusal(withRepair(mend(ALICE, named, { remarks: [] }))), "remark-not-shown");
  });

  it("is not sent twice: a valid one needs no repair, and one whose remark is hidden is not refused", () => {
    const valid = [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, remark())];
    const elsewhere = remark(asAddress(new Uint8Array(20).fill(0xee)), [place]);
    assert.equal(refusal(withRepair(mend(ALICE, elsewhere), block(valid))), "repair-not-needed");
    const hidden = block(valid, { remarks: [] });
    assert.equal(refusal(withRepair(mend(ALICE, elsewhere), hidden)), "remark-not-shown");
  });

  it("of nothing, or outside of the swap's life, stays refused", () => {
    assert.equal(
      refusal(withRepair(mend(ALICE, named), block([transferred(2, ALICE, SWAP, 0n)]))),
      "repair-impossible",
    );
    const early = block([transferred(2, ALICE, SWAP, 5000n)], { height: 99n });
    const names = remark(RECEIVER, [{ height: 99n, eventIndex: 0 }]);
    assert.equal(refusal(withRepair(mend(ALICE, names), early)), "repair-impossible");
  });
});

describe("a judge", () => {
  const creation = (settings: SwapSettings, metadata: readonly Uint8Array[]) => {
    const created = createReleaseJudge(settings, DOMAIN, metadata);
    return created.kind === "ok" ? "ok" : created.reason;
  };
  const naming = (...runtimes: readonly (readonly [specVersion: number, metadata: Uint8Array])[]) => ({
    ...SETTINGS,
    runtimes: runtimes.map(([specVersion, metadata]) => ({
      specVersion,
      metadataHash: blake2b256(metadata),
    })),
  });
  const paid = [transferred(2, ALICE, SWAP, 5000n), remarked(2, ALICE, remark())];

  it("takes only the metadata that its settings name, and needs all of them", () => {
    assert.equal(creation(SETTINGS, []), "metadata-missing");
    assert.equal(creation(SETTINGS, [SMALL_METADATA.slice(0, -1)]), "metadata-not-of-settings");
    const garbage = new Uint8Array(10);
    assert.equal(creation(naming([SMALL_SPEC_VERSION, garbage]), [garbage]), "metadata-magic-wrong");
  });

  it("takes no metadata for another runtime's than they say, whatever governance has named", () => {
    const later = smallMetadata(8);
    const mistaken = naming([7, SMALL_METADATA], [8, SMALL_METADATA]);
    assert.equal(creation(mistaken, [SMALL_METADATA]), "metadata-of-another-runtime");
    const swapped = naming([7, later], [8, SMALL_METADATA]);
    for (const order of [
      [SMALL_METADATA, later],
      [later, SMALL_METADATA],
    ]) {
      assert.equal(creation(swapped, order), "metadata-of-another-runtime");
    }
    const silent = metadataWith(undefined);
    assert.equal(creation(naming([7, silent]), [silent]), "metadata-runtime-version-absent");
    assert.equal(creation(naming([7, SMALL_METADATA], [8, later]), [later, SMALL_METADATA]), "ok");
  });

  it("reads no block by metadata of another chain that counts its versions alike", () => {
    const others = smallMetadata(SMALL_SPEC_VERSION, "khala");
    const by = judgeOf(naming([SMALL_SPEC_VERSION, others]), [others]);
    assert.equal(refusal({ deposit: { block: block(paid), eventIndex: 0 } }, by), "runtime-unknown");
    const theirs = block(paid, { specName: "khala" });
    assert.equal(refusal({ deposit: { block: theirs, eventIndex: 0 } }, by), "released");
    assert.equal(refusal({ deposit: { block: theirs, eventIndex: 0 } }), "runtime-unknown");
  });

  it("reads each block by the runtime that executed it", () => {
    const metadata = [SMALL_METADATA, smallMetadata(8)];
    const settings = naming([7, SMALL_METADATA], [8, smallMetadata(8)]);
    const later = block(paid, { specVersion: 8 });
    assert.equal(refusal({ deposit: { block: later, eventIndex: 0 } }), "runtime-unknown");
    assert.equal(
      refusal({ deposit: { block: later, eventIndex: 0 } }, judgeOf(settings, metadata)),
      "released",
    );
  });
});
