import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { ProofInput } from "@phala-l2/enclave/prove";
import { createEnclave } from "@phala-l2/enclave/session";
import { encodeWitness } from "@phala-l2/enclave/witness";
import { nativeKzg as kzg } from "@phala-l2/node/l1/kzg";
import { bigintFromBytes, fromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { type ClaimDomain, claimDigest } from "@phala-l2/protocol/claim";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { isLowS, recoverAddress } from "@phala-l2/protocol/secp256k1";
import { STRANGER } from "../derivation/keys.ts";
import { smallRollup } from "./chains.ts";
import { collectedWitness, proofInput } from "./proofs.ts";
import type { Rollup } from "./rollup.ts";

/** All that a host still holds while the enclave works. */
type Given = {
  readonly request: ProofInput;
  readonly witness: Uint8Array;
  readonly domain: ClaimDomain;
  readonly ref: L2BlockRef;
};

describe("an enclave", () => {
  const domain = { chainId: 900n, verifyingContract: STRANGER.address };
  const secret = keccak256(Uint8Array.of(42));
  let rollup: Rollup;
  let witness: Uint8Array;
  before(async () => {
    rollup = await smallRollup();
    witness = encodeWitness(await collectedWitness(rollup, 1n, rollup.head.number));
  });

  it("signs what it has proven with the key that was born in it: 65 bytes r s v, low s", async () => {
    const enclave = createEnclave({ random: () => secret, kzg, domain });
    const { claim, signature } = await enclave.proveAndSign(
      proofInput(rollup, 1n, rollup.head.number),
      witness,
    );
    assert.equal(signature.length, 65);
    const v = signature[64];
    assert.ok(v === 27 || v === 28);
    const s = bigintFromBytes(signature.subarray(32, 64));
    assert.ok(isLowS(s));
    const r = bigintFromBytes(signature.subarray(0, 32));
    const signer = recoverAddress(claimDigest(domain, claim), { r, s, yParity: v === 28 ? 1 : 0 });
    assert.deepEqual(signer, enclave.address);
    const elsewhere = claimDigest({ ...domain, chainId: 1n }, claim);
    assert.notDeepEqual(recoverAddress(elsewhere, { r, s, yParity: v === 28 ? 1 : 0 }), enclave.address);
  });

  it("signs nothing when the proof fails or the witness is no witness", async () => {
    const enclave = createEnclave({ random: () => secret, kzg, domain });
    const wrong = { ...proofInput(rollup, 1n, rollup.head.number), claimedOutputRoot: ZERO_HASH };
    await assert.rejects(enclave.proveAndSign(wrong, witness), { code: "CLAIM_MISMATCH" });
    const request = proofInput(rollup, 1n, rollup.head.number);
    await assert.rejects(enclave.proveAndSign(request, witness.subarray(1)), { code: "WITNESS_INVALID" });
  });

  describe("whose host changes what it has handed in while the proof runs", () => {
    const to = 4n;
    const names: readonly (readonly [string, (given: Given) => void])[] = [
      ["the witness", ({ witness: bytes }) => bytes.fill(0)],
      ["the L1 head", ({ request }) => request.l1Head.fill(0)],
      ["the previous output root", ({ request }) => request.previousOutputRoot.fill(0)],
      ["the block's number", ({ request }) => Object.assign(request, { l2BlockNumber: to + 1n })],
      ["the configuration", ({ request }) => request.config.batchInboxAddress.fill(0)],
      ["the configuration's numbers", ({ request }) => Object.assign(request.config, { blockTime: 3n })],
      ["the domain", (given) => Object.assign(given.domain, { chainId: 1n })],
      ["the block that it is told of", ({ ref }) => Object.assign(ref, { number: to })],
      ["that block's hash", ({ ref }) => ref.hash.fill(0)],
    ];
    for (const [name, change] of names) {
      it(`${name}: the claim is of what was given at the beginning`, async () => {
        const given = {
          request: structuredClone(proofInput(rollup, 1n, to)),
          witness: Uint8Array.from(witness),
          domain: { ...domain },
        };
        const enclave = createEnclave({ random: () => secret, kzg, domain: given.domain });
        const onBlock = ({ ref }: Pick<Given, "ref">) => change({ ...given, ref });
        const { claim, signature } = await enclave.proveAndSign(given.request, given.witness, { onBlock });
        assert.deepEqual(claim, {
          rollupConfigHash: rollupConfigHash(rollup.config),
          l1Head: rollup.l1.head.hash,
          previousOutputRoot: rollup.outputRoot(1n),
          outputRoot: rollup.outputRoot(to),
          l2BlockNumber: to,
        });
        const honest = createEnclave({ random: () => secret, kzg, domain });
        assert.deepEqual(await honest.proveAndSign(proofInput(rollup, 1n, to), witness), {
          claim,
          signature,
        });
      });
    }
  });

  it("has nothing but its address, a flag, what it holds as final and what it signs: no way to the key", () => {
    const enclave = createEnclave({ random: () => secret, kzg, domain });
    assert.deepEqual(Object.keys(enclave).sort(), [
      "address",
      "followFinality",
      "pinFinality",
      "proveAndSign",
      "recomputes",
      "signRegistration",
      "signRelease",
      "signSunset",
    ]);
    assert.ok(!JSON.stringify(enclave).includes(toHex(secret).slice(2)));
  });

  it("has another key at each start, and none without randomness", () => {
    let count = 0;
    const random = () => keccak256(Uint8Array.of(count++));
    const first = createEnclave({ random, kzg, domain });
    const second = createEnclave({ random, kzg, domain });
    assert.notDeepEqual(first.address, second.address);
    for (const broken of [ZERO_HASH, new Uint8Array(32).fill(0xff), new Uint8Array(31), fromHex("0x")]) {
      assert.throws(() => createEnclave({ random: () => broken, kzg, domain }), {
        code: "KEY_RANDOMNESS_BROKEN",
      });
    }
  });

  it("keeps its own copy of the randomness", () => {
    const bytes = Uint8Array.from(secret);
    const enclave = createEnclave({ random: () => bytes, kzg, domain });
    const { address } = createEnclave({ random: () => secret, kzg, domain });
    bytes.fill(0);
    assert.deepEqual(enclave.address, address);
  });
});
