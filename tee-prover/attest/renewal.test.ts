import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { simulatedGpu, simulatedSevSnp, simulatedTdx } from "./dangerously-simulated/platforms.ts";
import type { Evidence } from "./evidence.ts";
import { expiriesOf } from "./expiry.ts";
import { type RenewalInput, renewalOf } from "./renewal.ts";

const NOW = 1_795_000_000n;
const DAY = 86_400n;
const DATA = new Uint8Array(64);

const input: RenewalInput = {
  key: asAddress(new Uint8Array(20)),
  expiries: [
    { what: "certificate", at: NOW + 300n * DAY },
    { what: "TCB information", at: NOW + 30n * DAY },
  ],
  standing: { isRegistered: true, isValid: true, expiresAt: NOW + 90n * DAY },
  policyVersion: { evidence: 3n, least: 3n },
  now: NOW,
  lead: 7n * DAY,
  spread: DAY,
};

describe("a key's renewal", () => {
  it("is due ahead of the first thing that expires", () => {
    assert.deepEqual(renewalOf(input), {
      kind: "later",
      at: NOW + 23n * DAY,
      reason: `TCB information ends at ${NOW + 30n * DAY}`,
    });
    const standing = { ...input.standing, expiresAt: NOW + 20n * DAY };
    const renewal = renewalOf({ ...input, standing });
    assert.ok(renewal.kind === "later" && renewal.at === NOW + 13n * DAY);
    assert.match(renewal.reason, /registration/);
  });

  it("is due at once from then on, also long after", () => {
    for (const later of [23n, 24n, 30n, 31n, 400n]) {
      assert.equal(renewalOf({ ...input, now: NOW + later * DAY }).kind, "now");
    }
    assert.equal(renewalOf({ ...input, now: NOW + 23n * DAY - 1n }).kind, "later");
  });

  it("is due at once when the policy no longer counts evidence of this version, and not for a newer policy alone", () => {
    const renewal = renewalOf({ ...input, policyVersion: { evidence: 3n, least: 4n } });
    assert.ok(renewal.kind === "now" && renewal.reason.includes("policy"));
    assert.equal(renewalOf({ ...input, policyVersion: { evidence: 3n, least: 2n } }).kind, "later");
  });

  it("is due at once when the registry does not count the key any more", () => {
    const standing = { ...input.standing, isValid: false };
    assert.deepEqual(renewalOf({ ...input, standing }), {
      kind: "now",
      reason: "the registry does not count the key any more",
    });
  });

  it("is not due only because the key was never admitted", () => {
    const standing = { isRegistered: false, isValid: false, expiresAt: undefined };
    assert.deepEqual(renewalOf({ ...input, standing }), { kind: "register" });
    assert.equal(renewalOf({ ...input, standing, now: NOW + 25n * DAY }).kind, "now");
    const policyVersion = { evidence: 3n, least: 4n };
    assert.equal(renewalOf({ ...input, standing, policyVersion }).kind, "now");
  });

  it("is spread over the provers by their keys, never to after the lead", () => {
    const half = new Uint8Array(20);
    half[0] = 0x80;
    const renewal = renewalOf({ ...input, key: asAddress(half) });
    assert.ok(renewal.kind === "later" && renewal.at === NOW + 23n * DAY - DAY / 2n);
    const keys = fc.uint8Array({ minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(keys, fc.bigInt(0n, 30n * DAY), (bytes, spread) => {
        const each = renewalOf({ ...input, key: asAddress(bytes), spread });
        if (each.kind === "now") return spread > 22n * DAY;
        return each.kind === "later" && each.at <= NOW + 23n * DAY && each.at > NOW + 23n * DAY - spread - 1n;
      }),
    );
  });

  it("is looked at again where nothing expires", () => {
    const standing = { ...input.standing, expiresAt: undefined };
    assert.equal(renewalOf({ ...input, expiries: [], standing }).kind, "later");
  });
});

describe("what expires in evidence", () => {
  const tdx: Evidence = { host: simulatedTdx("TDX")(DATA, NOW), gpus: [] };
  const gpu = simulatedGpu(0)(new Uint8Array(32));
  const snp: Evidence = { host: simulatedSevSnp("SEV_SNP")(DATA, NOW), gpus: [gpu] };

  it("is told by name, the earliest first", () => {
    for (const evidence of [tdx, snp]) {
      const expiries = expiriesOf(evidence);
      assert.equal(expiries[0]?.at, NOW + 29n * DAY);
      const times = expiries.map(({ at }) => at);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
      );
    }
    const names = (evidence: Evidence) => expiriesOf(evidence).map(({ what }) => what);
    for (const name of [
      ...["list of the root CA", "list of the PCK CA", "TCB information", "QE identity"],
      ...["certificate Intel SGX PCK Certificate", "certificate Intel SGX TCB Signing"],
    ]) {
      assert.ok(names(tdx).includes(name), name);
    }
    for (const name of ["AMD's list", "certificate SEV-VCEK", "certificate ARK-Genoa"]) {
      assert.ok(names(snp).includes(name), name);
    }
    assert.ok(names(snp).some((name) => name.startsWith("GPU 0: certificate GH100")));
  });

  it("is of what is there", () => {
    assert.ok(tdx.host.kind === "TDX" && snp.host.kind === "SEV_SNP");
    const bare: Evidence = { host: { ...tdx.host, collateral: undefined }, gpus: [] };
    assert.equal(expiriesOf(bare).length, 3);
    const alone: Evidence = {
      host: { ...snp.host, leaf: undefined, chain: undefined, crl: undefined },
      gpus: [],
    };
    assert.deepEqual(expiriesOf(alone), []);
  });

  it("is not guessed where it cannot be read", () => {
    assert.ok(tdx.host.kind === "TDX" && snp.host.kind === "SEV_SNP");
    const { collateral = "" } = tdx.host;
    const hosts: readonly Evidence["host"][] = [
      { ...tdx.host, quote: tdx.host.quote.subarray(0, 700) },
      { ...tdx.host, collateral: "{}" },
      { ...tdx.host, collateral: collateral.replace("nextUpdate", "nextupdate") },
      { ...snp.host, leaf: Uint8Array.of(0x30, 0) },
      { ...snp.host, chain: new TextEncoder().encode("no PEM") },
      { ...snp.host, crl: Uint8Array.of(0x30, 0) },
    ];
    for (const host of hosts) {
      assert.throws(() => expiriesOf({ host, gpus: [] }), { code: "EVIDENCE_MALFORMED" });
    }
    const broken = { ...gpu, certificates: "" };
    assert.throws(() => expiriesOf({ ...tdx, gpus: [broken] }), { code: "EVIDENCE_MALFORMED" });
  });
});
