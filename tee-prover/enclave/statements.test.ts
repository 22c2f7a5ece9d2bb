import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, asHash, concatBytes, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { claimDigest } from "@phala-l2/protocol/claim";
import { registrationDigest } from "@phala-l2/protocol/registration";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { encodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import {
  remarked,
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
  succeeded,
  transferred,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { SNAPSHOT_RULES, sunsetDigest, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { releaseDigest, swapSettingsHash } from "@phala-l2/protocol/swap-release";
import { swapAccount } from "@phala-l2/swap/account";
import { formatRemark } from "@phala-l2/swap/remark";
import { sealBlock } from "@phala-l2/swap/testing/small-block";
import fc from "fast-check";
import { MAX_PIECE_BYTES, piecesOf, readPiece, type StateEntry } from "./state-pieces.ts";
import type { ReleaseRequest } from "./statements.ts";
import {
  bornEnclave,
  CONTRACT,
  GENESIS,
  HEADER,
  headerOf,
  L1,
  outcomeOf,
  REGISTRY,
  requestOf,
  STATE,
  signerOf,
  stateOf,
} from "./testing/frozen-state.ts";
import { SOURCE, shown } from "./testing/voters.ts";

describe("the enclave's word for a sunset", () => {
  it("is for what the enclave counted in the whole state, and for one contract", async () => {
    const enclave = bornEnclave();
    const told: number[] = [];
    const signed = await enclave.signSunset(
      requestOf(HEADER),
      { state: piecesOf(STATE, 100) },
      {
        onProgress: ({ entries }) => {
          told.push(entries);
        },
      },
    );
    assert.ok(signed.kind === "signed");
    const { statement, settingsHash, signature } = signed;
    assert.equal(statement.issuance, 3n * 10n ** 13n);
    assert.equal(statement.claimable, statement.issuance);
    assert.deepEqual(statement.genesisHash, GENESIS);
    assert.deepEqual(statement.blockHash, headerHash(HEADER));
    assert.deepEqual(
      settingsHash,
      sunsetSettingsHash({ finalityAnchor: ZERO_HASH, rules: SNAPSHOT_RULES, registrationsFrom: 0n }),
    );
    const by = toHex(enclave.address);
    const domain = { chainId: L1, contract: CONTRACT };
    assert.equal(signerOf(sunsetDigest(domain, settingsHash, statement), signature), by);
    for (const other of [
      { ...domain, chainId: 1n },
      { ...domain, contract: REGISTRY },
    ]) {
      assert.notEqual(signerOf(sunsetDigest(other, settingsHash, statement), signature), by);
    }
    assert.notEqual(signerOf(sunsetDigest(domain, ZERO_HASH, statement), signature), by);
    assert.equal(told.at(-1), STATE.length);
    assert.ok(told.length > 1, "it came in pieces");
  });

  it("does not depend on where pieces end", async () => {
    const whole = await bornEnclave().signSunset(requestOf(HEADER), {
      state: piecesOf(STATE, MAX_PIECE_BYTES),
    });
    const single = await bornEnclave().signSunset(requestOf(HEADER), { state: piecesOf(STATE, 1) });
    assert.deepEqual(whole, single);
  });

  it("is not given for any other state than the header's", async () => {
    const [first, second, ...rest] = STATE;
    assert.ok(first && second);
    const taken = { ...first, value: first.value.with(16, (first.value[16] ?? 0) ^ 1) };
    const order = /^entr(?:y-twice|ies-out-of-order)$/;
    const cases: readonly (readonly [readonly StateEntry[], RegExp])[] = [
      [[], /^state-root-mismatch$/],
      [STATE.slice(1), /^state-root-mismatch$/],
      [[taken, second, ...rest], /^state-root-mismatch$/],
      [[...STATE, { key: new Uint8Array(40).fill(255), value: first.value }], /^state-root-mismatch$/],
      [[second, first, ...rest], order],
      [[first, first, second, ...rest], order],
    ];
    for (const [state, reason] of cases) {
      assert.match(await outcomeOf(requestOf(HEADER), piecesOf(state)), reason);
    }
  });

  it("is not given for a state that does not add up, or tells no genesis", async () => {
    const wrong = stateOf(3, 1n);
    assert.equal(await outcomeOf(requestOf(headerOf(wrong)), piecesOf(wrong)), "not-conserved");
    const rootless = STATE.filter(({ value }) => value !== GENESIS);
    assert.equal(await outcomeOf(requestOf(headerOf(rootless)), piecesOf(rootless)), "genesis-unknown");
    const nobody = stateOf(0);
    assert.equal(await outcomeOf(requestOf(headerOf(nobody)), piecesOf(nobody)), "nothing-to-claim");
  });

  it("is refused for malformed headers and pieces, and for those beyond the bounds", async () => {
    const noHeader = { ...requestOf(HEADER), header: new Uint8Array(3) };
    assert.equal(await outcomeOf(noHeader, piecesOf(STATE)), "scale-truncated");
    async function* once(piece: Uint8Array) {
      yield piece;
    }
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [Uint8Array.of(0, 0, 0, 9, 1), "piece-truncated"],
      [Uint8Array.of(0, 0, 0, 0), "piece-truncated"],
      [Uint8Array.of(255, 255, 255, 255), "piece-truncated"],
      [new Uint8Array(MAX_PIECE_BYTES + 1), "piece-too-large"],
      [concatBytes(Uint8Array.of(0, 0, 16, 1), new Uint8Array(4097 + 4)), "key-too-long"],
    ];
    for (const [piece, reason] of cases)
      assert.equal(await outcomeOf(requestOf(HEADER), once(piece)), reason);
  });

  it("ends when who asked says so", async () => {
    const stop = new Error("stopped");
    const onProgress = () => {
      throw stop;
    };
    const state = piecesOf(STATE);
    await assert.rejects(bornEnclave().signSunset(requestOf(HEADER), { state }, { onProgress }), stop);
  });
});

describe("pieces of a state", () => {
  it("come back as they were, and hostile ones are values", async () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
    const entry = fc.tuple(bytes(40), bytes(90)).map(([key, value]) => ({ key, value }));
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 20 }), fc.nat(200), async (entries, size) => {
        const read: StateEntry[] = [];
        for await (const piece of piecesOf(entries, size)) {
          const reading = readPiece(piece);
          assert.ok(reading.kind === "ok");
          read.push(...reading.entries);
        }
        assert.deepEqual(read, entries);
      }),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        assert.ok(["ok", "invalid"].includes(readPiece(bytes).kind));
      }),
    );
  });
});

describe("the enclave's word for a release", () => {
  const hostile: ReleaseRequest = {
    contract: CONTRACT,
    settings: {
      genesisHash: GENESIS,
      firstHeight: 0n,
      lastHeight: 10n,
      minimum: 1n,
      token: REGISTRY,
      runtimes: [{ specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH }],
      finalityAnchor: ZERO_HASH,
    },
    metadata: [SMALL_METADATA],
    witness: {
      deposit: { block: { header: encodeHeader(HEADER), nodes: [], remarks: [] }, eventIndex: 0 },
    },
    finality: [],
  };

  it("is not given for what shows no deposit", () => {
    const enclave = bornEnclave();
    const reasons = [
      hostile,
      { ...hostile, metadata: [Uint8Array.of(1)] },
      {
        ...hostile,
        witness: { deposit: { block: { header: new Uint8Array(0), nodes: [], remarks: [] }, eventIndex: 0 } },
      },
      { ...hostile, finality: [new Uint8Array(65 * 2 ** 20)] },
    ].map((request) => {
      const outcome = enclave.signRelease(request);
      return outcome.kind === "refused" ? outcome.reason : "signed";
    });
    assert.deepEqual(reasons, [
      "proof-node-missing",
      "metadata-not-of-settings",
      "scale-truncated",
      "witness-too-large",
    ]);
  });
});

describe("the enclave's word for a deposit that is one", () => {
  const settings = {
    genesisHash: GENESIS,
    firstHeight: 100n,
    lastHeight: 200n,
    minimum: 1_000n,
    token: REGISTRY,
    runtimes: [{ specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH }],
    finalityAnchor: ZERO_HASH,
  };
  const text = formatRemark({ chainId: L1, receiver: asAddress(new Uint8Array(20).fill(3)), repairs: [] });
  const sender = asHash(new Uint8Array(32).fill(0xa1));
  const records = [
    transferred(0, sender, swapAccount(CONTRACT), 5_000n),
    remarked(0, sender, text),
    succeeded(0),
  ];
  const { proof, header } = sealBlock({ height: 150n, records, remarks: [text] });
  const request: ReleaseRequest = {
    contract: CONTRACT,
    settings,
    metadata: [SMALL_METADATA],
    finality: [],
    witness: { deposit: { block: proof, eventIndex: 0 } },
  };

  it("is for what it found in the block, by the settings that it was told", () => {
    const enclave = bornEnclave();
    const signed = enclave.signRelease(request);
    assert.ok(signed.kind === "signed");
    assert.equal(signed.statement.planck, 5_000n);
    assert.deepEqual(signed.statement.blockHash, headerHash(header));
    const by = toHex(enclave.address);
    const domain = { chainId: L1, contract: CONTRACT };
    const salt = swapSettingsHash(settings);
    assert.equal(signerOf(releaseDigest(domain, salt, signed.statement), signed.signature), by);
    // Whoever tells the enclave of other settings, or of another contract, gets a word that this one does not take.
    const lax = enclave.signRelease({ ...request, settings: { ...settings, minimum: 1n } });
    assert.ok(lax.kind === "signed");
    assert.notEqual(signerOf(releaseDigest(domain, salt, lax.statement), lax.signature), by);
    assert.equal(enclave.signRelease({ ...request, contract: REGISTRY }).kind, "refused");
  });

  it("waits for finality where the settings ask for it", () => {
    const enclave = bornEnclave();
    const final = { ...request, settings: { ...settings, finalityAnchor: finalityAnchor(SOURCE) } };
    const outcome = (given: ReleaseRequest) => {
      const signed = enclave.signRelease(given);
      return signed.kind === "refused" ? signed.reason : "signed";
    };
    assert.equal(outcome(final), "anchor-unknown");
    enclave.pinFinality(SOURCE);
    assert.equal(outcome(final), "finality-not-shown");
    assert.equal(outcome({ ...final, finality: [shown(HEADER)] }), "block-not-final");
    assert.equal(outcome({ ...final, finality: [shown(header)] }), "signed");
  });
});

describe("no signature of a key", () => {
  it("serves as one of another kind, whatever the fields are", async () => {
    const enclave = bornEnclave();
    const by = toHex(enclave.address);
    const signed = await enclave.signSunset(requestOf(HEADER), { state: piecesOf(STATE) });
    assert.ok(signed.kind === "signed");
    const terms = { beneficiary: CONTRACT, policyVersion: 1n, l1Block: GENESIS };
    const signatures = {
      sunset: signed.signature,
      registration: enclave.signRegistration(terms),
    };
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(asHash);
    fc.assert(
      fc.property(hash, fc.bigInt(0n, 2n ** 32n - 1n), (any, number) => {
        // One contract for all, which no deployment has: the types alone keep them apart.
        const domain = { chainId: L1, verifyingContract: CONTRACT };
        const swap = { chainId: L1, contract: CONTRACT };
        const claim = {
          rollupConfigHash: any,
          l1Head: any,
          previousOutputRoot: any,
          outputRoot: any,
          l2BlockNumber: number,
        };
        const release = {
          genesisHash: any,
          height: number,
          blockHash: any,
          extrinsicIndex: Number(number),
          eventIndex: Number(number),
          sender: any,
          receiver: CONTRACT,
          planck: number,
        };
        const digests = {
          claim: claimDigest(domain, claim),
          registration: registrationDigest(domain, { ...terms, l1Block: any }),
          sunset: sunsetDigest(swap, any, signed.statement),
          release: releaseDigest(swap, any, release),
        };
        assert.equal(new Set(Object.values(digests).map(toHex)).size, 4);
        for (const digest of Object.values(digests)) {
          for (const signature of Object.values(signatures)) assert.notEqual(signerOf(digest, signature), by);
        }
      }),
      { numRuns: 30 },
    );
  });
});
