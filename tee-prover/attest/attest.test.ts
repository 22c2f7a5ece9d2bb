import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { PROVER_KINDS } from "@phala-l2/contracts/deploy/config";
import { asAddress, asHash, concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { gpuNonce, gpuReportsCommitment, keyCommitment, reportDataOf } from "./commitments.ts";
import { classOf, parseKind } from "./kind.ts";

describe("kinds of provers", () => {
  it("are read in the words of people and of the contracts", () => {
    for (const [text, kind] of [
      ["tdx", "TDX"],
      ["sev-snp", "SEV_SNP"],
      ["tdx+gpu", "TDX_GPU"],
      ["SEV_SNP_GPU", "SEV_SNP_GPU"],
    ] as const) {
      assert.equal(parseKind(text), kind);
    }
  });

  it("that do not exist are refused", () => {
    for (const text of ["", "sgx", "gpu", "tdx gpu", "tdx+", "nvidia"]) {
      assert.throws(() => parseKind(text), { code: "SETTING_INVALID" });
    }
  });

  it("belong to the vendor of the CPU, whatever stands beside it", () => {
    assert.deepEqual(PROVER_KINDS.map(classOf), [
      { vendor: 1, gpu: false },
      { vendor: 2, gpu: false },
      { vendor: 1, gpu: true },
      { vendor: 2, gpu: true },
    ]);
  });
});

describe("what evidence commits to", () => {
  const address = (fill: number) => asAddress(new Uint8Array(20).fill(fill));
  const hash = (fill: number) => asHash(new Uint8Array(32).fill(fill));
  const binding = {
    domain: { chainId: 1n, verifyingContract: address(1) },
    key: address(2),
    l1Block: hash(3),
    policyVersion: 4n,
  };
  const others = [
    { ...binding, domain: { ...binding.domain, chainId: 2n } },
    { ...binding, domain: { ...binding.domain, verifyingContract: address(9) } },
    { ...binding, key: address(9) },
    { ...binding, l1Block: hash(9) },
  ];
  const chainId = `${"00".repeat(31)}01`;
  const fixed = `${chainId}${"01".repeat(20)}${"02".repeat(20)}${"03".repeat(32)}`;
  const ascii = (text: string) => Buffer.from(text).toString("hex");

  it("has the documented layout, byte for byte", () => {
    const key = fromHex(`${ascii("phala-l2 prover key 2")}${fixed}0000000000000004`);
    assert.equal(toHex(keyCommitment(binding)), toHex(keccak256(key)));
    const nonce = fromHex(`${ascii("gpu-v1")}${fixed}00000007`);
    assert.equal(toHex(gpuNonce(binding, 7)), `0x${createHash("sha256").update(nonce).digest("hex")}`);
    const [one, two] = [Uint8Array.of(1), Uint8Array.of(2, 3)];
    const reports = concatBytes(
      fromHex(`${ascii("phala-l2 gpu reports 1")}00000002`),
      keccak256(one),
      keccak256(two),
    );
    assert.equal(toHex(gpuReportsCommitment([one, two])), toHex(keccak256(reports)));
  });

  it("changes with the chain, the registry, the key, the L1 block and the policy's version", () => {
    const all = [binding, ...others, { ...binding, policyVersion: 5n }].map((each) =>
      toHex(keyCommitment(each)),
    );
    assert.equal(new Set(all).size, all.length);
  });

  it("gives each GPU a nonce of its own, which changes with the chain, the registry, the key and the L1 block", () => {
    const all = [0, 1, 2].flatMap((index) =>
      [binding, ...others].map((each) => toHex(gpuNonce(each, index))),
    );
    assert.equal(new Set(all).size, 15);
  });

  it("tells every list of GPU reports from every other", () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    const lists = [[], [a], [b], [a, b], [b, a], [a, a], [Uint8Array.of(1, 2)], [new Uint8Array(0)]];
    const all = lists.map((list) => toHex(reportDataOf(binding, list)));
    assert.equal(new Set(all).size, lists.length);
  });

  it("is 64 bytes, with zeros where there are no GPUs", () => {
    const data = reportDataOf(binding);
    assert.equal(data.length, 64);
    assert.equal(toHex(data.subarray(0, 32)), toHex(keyCommitment(binding)));
    assert.ok(data.subarray(32).every((byte) => byte === 0));
    assert.ok(
      reportDataOf(binding, [Uint8Array.of(1)])
        .subarray(32)
        .some((byte) => byte !== 0),
    );
  });

  it("refuses numbers that its fields cannot hold", () => {
    assert.throws(() => keyCommitment({ ...binding, policyVersion: 1n << 64n }), { code: "INTEGER_RANGE" });
    assert.throws(() => gpuNonce(binding, -1), { code: "INTEGER_RANGE" });
    assert.throws(() => gpuNonce(binding, 2 ** 32), { code: "INTEGER_RANGE" });
  });
});
