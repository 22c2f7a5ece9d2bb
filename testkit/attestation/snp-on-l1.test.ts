import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import {
  type AmdWorld,
  issueLeaf,
  issueReport,
  rootsOf,
  tcbOf,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/amd";
import { issueCrl, NOW } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import { simulatedSevSnp } from "@phala-l2/tee-prover/attest/dangerously-simulated/platforms";
import { hostFacts } from "@phala-l2/tee-prover/attest/measurement";
import { sealReport } from "@phala-l2/tee-prover/attest/report-envelope";
import type { Product } from "@phala-l2/tee-prover/verify/amd/product";
import type { TcbVersion } from "@phala-l2/tee-prover/verify/amd/tcb";
import type { AmdInput } from "@phala-l2/tee-prover/verify/amd/verify";
import { parseCertificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { DerReader } from "@phala-l2/tee-prover/verify/certificates/der";
import { flipBit, stride } from "@phala-l2/tee-prover/verify/testing/mutations";
import fc from "fast-check";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { type AmdOnL1, amdOnL1, certificateId } from "./amd-on-l1.ts";
import { answerOffChain, answerOnChain, type MinimumTcb, type SnpAnswer } from "./snp-answers.ts";
import { sealSnpReport } from "./snp-envelope.ts";
import { REPORT_FIELDS } from "./snp-fields.ts";
import { issueSample, MINIMUM_TCB, snpSamples } from "./snp-samples.ts";
import { issueAmdWorldsForL1 } from "./snp-worlds.ts";

/** A report with a warm cache, and each transaction that warms it; EIP-7825 allows 16.7M. */
const GAS_OF_VERIFICATION = 4_000_000n;
const GAS_OF_ANY_STEP = 12_000_000n;
/** Hint and length stand before the report in evidence. */
const HEADER_BYTES = 4;

const worlds = issueAmdWorldsForL1();
const roots = rootsOf(worlds);
const { Genoa: genoa, Turin: turin } = worlds;

/** Kinds of genuine evidence that mutations begin with. */
const KINDS = ["genoa2", "genoa3", "genoaVlek", "turin2", "turin5", "turinVlek"] as const;

let anvil: Anvil;
let l1: AmdOnL1;
/** Gas of each certificate below a root. */
const added: bigint[] = [];

before(async () => {
  anvil = await startAnvil({ port: 0, chainId: 900, timestamp: NOW });
  const ark = (product: Product) => worlds[product].ark.der;
  l1 = await amdOnL1(
    anvil.url,
    { Milan: ark("Milan"), Genoa: ark("Genoa"), Turin: ark("Turin") },
    MINIMUM_TCB,
  );
  for (const { ark: root, ask, asvk, vcek, vlek } of [genoa, turin, worlds.Milan]) {
    for (const [below, issuer] of [
      [ask, root],
      [asvk, root],
      [vcek, ask],
      [vlek, asvk],
    ] as const) {
      added.push((await l1.add(below.der, issuer.der)) ?? 0n);
    }
  }
});

after(() => anvil.stop());

function sampleOf(name: string) {
  const sample = snpSamples[name];
  assert.ok(sample !== undefined, name);
  return issueSample(worlds, roots, sample);
}

/** What both sides say of a report beside this leaf. */
async function both(
  input: AmdInput,
  minimum: MinimumTcb = MINIMUM_TCB,
): Promise<readonly [SnpAnswer, SnpAnswer]> {
  const onChain = answerOnChain(await l1.verify(sealSnpReport(input.report, input.leaf)));
  return [onChain, answerOffChain(input, minimum)];
}

/** There is no right hint to a signature that is wrong. */
function withoutHint(report: Uint8Array, certificate: Uint8Array): Uint8Array {
  return sealReport({ report, certificate, oddFirst: false });
}

async function assertRefusedAlike(input: AmdInput, what: string): Promise<string> {
  const found = answerOnChain(await l1.verify(withoutHint(input.report, input.leaf)));
  assert.deepEqual(found, answerOffChain(input, MINIMUM_TCB), what);
  assert.ok(found.kind === "refused", what);
  return found.code;
}

describe("reports of a development AMD, on L1 and off-chain", () => {
  it("are answered alike, whatever is wrong with them", async () => {
    const codes = new Set<string>();
    for (const [name, sample] of Object.entries(snpSamples)) {
      const { input, leaf, issuer } = issueSample(worlds, roots, sample);
      await l1.add(issuer.der, worlds[sample.product ?? "Genoa"].ark.der);
      await l1.add(leaf.der, issuer.der);
      const [found, wanted] = await both(input);
      assert.deepEqual(found, wanted, name);
      codes.add(found.kind === "refused" ? found.code : `status ${found.facts.tcbStatus}`);
    }
    // Each word of the contracts but those that only a cache's state brings about, and both statuses.
    assert.equal(codes.size, 26, [...codes].join());
  });

  it("cost less than the limits, step by step", async (context) => {
    const most = (list: readonly bigint[]) => list.reduce((a, b) => (a > b ? a : b), 0n);
    for (const [what, gas] of [
      ["a root", most(l1.roots)],
      ["a certificate below it", most(added)],
    ] as const) {
      context.diagnostic(`${what}: at most ${gas} gas`);
      assert.ok(gas > 0n && gas < GAS_OF_ANY_STEP, what);
    }
    for (const name of KINDS) {
      const { input } = sampleOf(name);
      const gas = await l1.gasOf(sealSnpReport(input.report, input.leaf));
      context.diagnostic(`${name}: ${gas} gas`);
      assert.ok(gas < GAS_OF_VERIFICATION, name);
      const misled = sealSnpReport(input.report, input.leaf).map((byte, i) => (i === 0 ? byte ^ 1 : byte));
      const more = await l1.gasOf(misled);
      context.diagnostic(`${name}: ${more} gas with the wrong hint`);
      assert.ok(more > gas && more < GAS_OF_ANY_STEP, name);
    }
  });

  it("say of a TCB what the minimum makes of it, part by part", async () => {
    const levelsOf = (min: number, max: number) => {
      const level = fc.integer({ min, max });
      return fc.record({ bootloader: level, tee: level, snp: level, microcode: level });
    };
    const cases = fc.record({
      product: fc.constantFrom("Genoa" as const, "Turin" as const),
      current: levelsOf(10, 12),
      behind: fc.constantFrom("none", "reported", "committed", "launch"),
      part: fc.constantFrom("bootloader" as const, "tee" as const, "snp" as const, "microcode" as const),
      minimum: levelsOf(9, 11),
      fmc: fc.integer({ min: 2, max: 4 }),
    });
    const statuses = new Set<string>();
    await fc.assert(
      fc.asyncProperty(cases, async ({ product, current, behind, part, minimum, fmc }) => {
        const lower: Partial<TcbVersion> = { ...current, [part]: current[part] - 1 };
        const tcb = { current, reported: current, committed: current, launch: current, [behind]: lower };
        const leaf = issueLeaf(worlds[product], { tcb: tcb.reported });
        await l1.add(leaf.der, worlds[product].ask.der);
        const least: MinimumTcb = { ...MINIMUM_TCB, [product]: { ...tcbOf(product), ...minimum } };
        const lowest = { ...least, Turin: { ...least.Turin, fmc } };
        await l1.setMinimum(lowest);
        const report = issueReport(worlds[product], { tcb, signer: leaf.key });
        const [found, wanted] = await both({ ...inputOf(worlds[product], report), leaf: leaf.der }, lowest);
        assert.deepEqual(found, wanted);
        statuses.add(found.kind === "genuine" ? `${found.facts.tcbStatus}` : found.code);
      }),
      { numRuns: 24, seed: 2026 },
    );
    await l1.setMinimum(MINIMUM_TCB);
    assert.deepEqual([...statuses].sort(), ["0", "1"]);
  });

  it("end with their authority, when AMD's list names it", async (context) => {
    const { input } = sampleOf("genoa5");
    const { input: lent } = sampleOf("genoaVlek");
    await l1.undone(async () => {
      const gas = await l1.revoke(issueCrl(genoa.ark, { revoked: [genoa.ask.serial] }), genoa.ark.der);
      context.diagnostic(`AMD's list: ${gas} gas`);
      assert.ok(gas < GAS_OF_ANY_STEP, `${gas}`);
      const answer = await l1.verify(sealSnpReport(input.report, input.leaf));
      assert.deepEqual(answer, { kind: "reverted", error: "CertificateCache_InvalidCertificate" });
      assert.equal((await l1.verify(sealSnpReport(lent.report, lent.leaf))).kind, "report");
    });
    assert.equal((await l1.verify(sealSnpReport(input.report, input.leaf))).kind, "report");
  });
});

describe("a simulated prover's evidence", () => {
  it("is taken by L1, with AMD's list, and is the image that the prover's own reading says", async () => {
    const reportData = Uint8Array.from({ length: 64 }, (_, i) => i);
    const evidence = simulatedSevSnp("SEV_SNP")(reportData, NOW);
    assert.ok(evidence.kind === "SEV_SNP");
    const { report, leaf, chain, crl } = evidence;
    assert.ok(leaf !== undefined && chain !== undefined);
    const [ask, ark] = elementsOf(chain);
    assert.ok(ask !== undefined && ark !== undefined && crl !== undefined);
    const own = await startAnvil({ port: 0, chainId: 900, timestamp: NOW });
    try {
      const others = { Milan: worlds.Milan.ark.der, Turin: turin.ark.der };
      const ofProver = await amdOnL1(own.url, { ...others, Genoa: ark }, MINIMUM_TCB);
      await ofProver.add(ask, ark);
      await ofProver.add(leaf, ask);
      await ofProver.revoke(crl, ark);
      const answer = await ofProver.verify(sealSnpReport(report, leaf));
      assert.ok(answer.kind === "report");
      assert.equal(answer.certificate, certificateId(leaf));
      assert.equal(answer.facts.tcbStatus, 0);
      assert.equal(answer.facts.reportData, toHex(reportData));
      assert.equal(answer.facts.measurement, toHex(hostFacts(evidence).measurement));
      // Production pins other roots, so that nobody takes this for AMD's.
      const elsewhere = await l1.verify(sealSnpReport(report, leaf));
      assert.deepEqual(elsewhere, { kind: "reverted", error: "CertificateCache_InvalidCertificate" });
    } finally {
      await own.stop();
    }
  });
});

/** DER elements that stand one after another. */
function elementsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new DerReader(bytes);
  const elements: Uint8Array[] = [];
  while (!reader.done) elements.push(reader.any("element").raw);
  return elements;
}

/** All that the verifier off-chain needs for a report under the world's own chip's key. */
function inputOf({ product, vcek, ask, ark }: AmdWorld, report: Uint8Array): AmdInput {
  assert.ok(product !== "Milan");
  return { report, leaf: vcek.der, chain: concatBytes(ask.der, ark.der), at: NOW, roots };
}

describe("altered evidence", () => {
  it("is refused alike, wherever a bit of the report changed", async () => {
    const codes = new Set<string>();
    for (const [kind, name] of KINDS.entries()) {
      const { input } = sampleOf(name);
      for (const [place, [field, start, end]] of REPORT_FIELDS.entries()) {
        const bits = 8 * (end - start);
        const step = stride(bits);
        for (let bit = (97 * kind + 7 * place) % step; bit < bits; bit += step) {
          const report = flipBit(input.report, 8 * start + bit);
          codes.add(await assertRefusedAlike({ ...input, report }, `${name}, ${field}, bit ${bit}`));
        }
      }
    }
    for (const code of ["REPORT_VERSION", "REPORT_RESERVED", "REPORT_SIGNATURE_FORM"]) {
      assert.ok(codes.has(code), code);
    }
    assert.ok(codes.has("REPORT_SIGNATURE_INVALID"));
  });

  it("is refused where it ends early, or goes on", async () => {
    const { input } = sampleOf("turin5");
    const evidence = sealSnpReport(input.report, input.leaf);
    for (let length = 0; length < evidence.length; length += stride(131)) {
      const answer = await l1.verify(evidence.subarray(0, length));
      assert.equal(answer.kind, "reverted", `${length} bytes`);
    }
    for (const more of [Uint8Array.of(0), Uint8Array.of(0x30, 0), input.leaf]) {
      assert.equal((await l1.verify(concatBytes(evidence, more))).kind, "reverted");
    }
    for (const report of [input.report.subarray(1), concatBytes(input.report, Uint8Array.of(0))]) {
      await assertRefusedAlike({ ...input, report }, "another length");
    }
    for (let bit = 1; bit < 8 * HEADER_BYTES; bit++) {
      assert.equal((await l1.verify(flipBit(evidence, bit))).kind, "reverted", `header, bit ${bit}`);
    }
  });

  it("is refused beside another's certificate, alike", async () => {
    const kinds = [...KINDS, "stepping", "milan", "milanVlek"].map(sampleOf);
    await l1.add(kinds[KINDS.length]?.leaf.der ?? genoa.vcek.der, genoa.ask.der);
    const codes = new Set<string>();
    for (const { input } of kinds) {
      for (const other of kinds) {
        if (certificateId(other.leaf.der) === certificateId(input.leaf)) continue;
        const swapped = { ...other.input, report: input.report };
        codes.add(await assertSwappedRefused(swapped, other.issuer.subject.endsWith("Milan")));
      }
    }
    assert.deepEqual([...codes].sort(), ["LEAF_KIND", "PRODUCT_NOT_ACCEPTED", "REPORT_SIGNATURE_INVALID"]);
  });

  it("is refused where what AMD signed of the certificate changed; its signature was checked when it was cached", async () => {
    for (const name of ["genoa3", "turinVlek"]) {
      const { input } = sampleOf(name);
      const genuine = answerOnChain(await l1.verify(sealSnpReport(input.report, input.leaf)));
      const certificate = parseCertificate(input.leaf, "leaf");
      assert.ok(certificate.kind === "certificate");
      const start = certificate.signedPart.byteOffset - certificate.der.byteOffset;
      const end = start + certificate.signedPart.length;
      for (let bit = 0; bit < 8 * input.leaf.length; bit += stride(101)) {
        const leaf = flipBit(input.leaf, bit);
        const what = `${name}, certificate, bit ${bit}`;
        const answer = answerOnChain(await l1.verify(withoutHint(input.report, leaf)));
        assert.equal(answerOffChain({ ...input, leaf }, MINIMUM_TCB).kind, "refused", what);
        if (answer.kind === "genuine") assert.deepEqual(answer, genuine, what);
        if (bit >= 8 * start && bit < 8 * end) assert.equal(answer.kind, "refused", what);
      }
    }
  });
});

/** L1 asks for the product first: under Milan's root nothing else is looked at. */
async function assertSwappedRefused(input: AmdInput, isMilan: boolean): Promise<string> {
  if (!isMilan) return assertRefusedAlike(input, "swapped");
  const [found, wanted] = await both(input);
  assert.ok(found.kind === "refused" && wanted.kind === "refused");
  assert.equal(found.code, "PRODUCT_NOT_ACCEPTED");
  return found.code;
}
