import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bytesEqual, concatBytes, toHex } from "@phala-l2/protocol/bytes";
import {
  type Issued,
  NOW,
  newKey,
  pinned,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueNvidiaWorld,
  issueReport,
  type ReportDraft,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/nvidia";
import { sealGpuReport } from "@phala-l2/tee-prover/attest/gpu-envelope";
import { type Certificate, parseCertificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { readEvidence } from "@phala-l2/tee-prover/verify/nvidia/evidence";
import { parseReport } from "@phala-l2/tee-prover/verify/nvidia/report";
import { NVIDIA_RIM_ROOT, type Rim, verifyRim } from "@phala-l2/tee-prover/verify/nvidia/rim";
import { NVIDIA_DEVICE_ROOT } from "@phala-l2/tee-prover/verify/nvidia/verify";
import { flipBit, splice, stride } from "@phala-l2/tee-prover/verify/testing/mutations";
import fc from "fast-check";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import {
  answerOffChain,
  answerOnChain,
  type GpuAnswer,
  type GpuQuestion,
  sealQuestion,
} from "./nvidia-answers.ts";
import { goldenDrafts, goldenFrom, malformedGoldens, rimsFrom } from "./nvidia-golden.ts";
import { type NvidiaOnL1, nvidiaOnL1 } from "./nvidia-on-l1.ts";
import { issueForeignLeafOf, issueLeafOf, leafDrafts, reportDrafts } from "./nvidia-reports.ts";

/** A report with a warm cache, and each transaction that warms it; EIP-7825 allows 16.7M. */
const GAS_OF_VERIFICATION = 7_000_000n;
const GAS_OF_ANY_STEP = 12_000_000n;

function certificateOf({ der }: Issued): Certificate {
  const certificate = parseCertificate(der, "test");
  if (certificate.kind === "certificate") return certificate;
  throw new TypeError(`${certificate.code}: ${certificate.found}`);
}

const world = issueNvidiaWorld();
const foreign = issueNvidiaWorld();
const chain = world.chain.map(certificateOf);
const foreignChain = foreign.chain.map(certificateOf);
const roots = world.chain.slice(-1).map(pinned);
const plainRims = rimsFrom({});

function rootOf(certificates: readonly Certificate[]): Certificate {
  const root = certificates.at(-1);
  assert.ok(root !== undefined);
  return root;
}

function questionOf(draft: ReportDraft, rims: readonly Rim[] = plainRims): GpuQuestion {
  return { input: { report: issueReport(world, draft), chain, at: NOW, roots }, rims };
}

let anvil: Anvil;
let l1: NvidiaOnL1;

before(async () => {
  anvil = await startAnvil({ port: 0, chainId: 900, timestamp: NOW });
  l1 = await nvidiaOnL1(anvil.url, [rootOf(chain), rootOf(foreignChain)]);
  await l1.addChain(chain);
  await l1.addChain(foreignChain);
});

after(() => anvil.stop());

/** Both sides say the same. */
async function askBoth(question: GpuQuestion, what: string): Promise<GpuAnswer> {
  const wanted = answerOffChain(question);
  assert.deepEqual(await answerOnChain(l1, sealQuestion(question)), wanted, what);
  return wanted;
}

async function assertRefusedAlike(question: GpuQuestion, what: string): Promise<string> {
  const { code } = await askBoth(question, what);
  assert.notEqual(code, "genuine", what);
  return code;
}

describe("reports of a development GPU, on L1 and off-chain", () => {
  it("are answered alike, whatever is wrong with them", async () => {
    const codes = new Set<string>();
    for (const [name, draft] of Object.entries(reportDrafts)) {
      codes.add((await askBoth(questionOf(draft), name)).code);
    }
    assert.deepEqual([...codes].sort(), [
      "FIRMWARE_ID_MISMATCH",
      "GPU_MODE_NOT_ACCEPTED",
      "MEASUREMENT_MISMATCH",
      "REPORT_MEASUREMENTS_MALFORMED",
      "REPORT_NOT_SPDM",
      "REPORT_OPAQUE_DATA_MALFORMED",
      "REPORT_TRAILING_BYTES",
      "RIM_VERSION_MISMATCH",
      "SWITCH_NOT_ACCEPTED",
      "genuine",
    ]);
  });

  it("are compared alike with golden measurements", async () => {
    const codes: string[] = [];
    for (const [name, draft] of Object.entries(goldenDrafts)) {
      for (const report of ["whole", "nvdec0On", "lowerCase"] as const) {
        const question = questionOf(reportDrafts[report], rimsFrom(draft));
        codes.push((await askBoth(question, `${report} by ${name}`)).code);
      }
    }
    assert.equal(codes.filter((code) => code === "genuine").length, 8);
  });

  it("are answered alike under whatever certificate of their key", async () => {
    const codes = new Set<string>();
    const leaves = Object.entries(leafDrafts).map(
      ([name, draft]) => [name, issueLeafOf(world, draft)] as const,
    );
    for (const [name, issued] of [...leaves, ["of P-256", issueForeignLeafOf(world)] as const]) {
      const leaf = certificateOf(issued);
      await l1.addChain(chain.with(0, leaf));
      const question = questionOf(reportDrafts.plain);
      codes.add(
        (await askBoth({ ...question, input: { ...question.input, chain: chain.with(0, leaf) } }, name)).code,
      );
    }
    assert.deepEqual([...codes].sort(), [
      "DEVICE_DEBUG",
      "DEVICE_KEY_TYPE",
      "FIRMWARE_ID_MISMATCH",
      "FIRMWARE_ID_MISSING",
      "LEAF_ROLE",
      "genuine",
    ]);
  });

  it("are answered alike under another root, or by another key", async () => {
    const report = issueReport(foreign, reportDrafts.plain);
    const input = { report, chain: foreignChain, at: NOW, roots };
    assert.equal((await askBoth({ input, rims: plainRims }, "foreign")).code, "FOREIGN_ROOT");
    const swapped = { ...input, chain };
    assert.equal(
      (await askBoth({ input: swapped, rims: plainRims }, "swapped")).code,
      "DEVICE_SIGNATURE_INVALID",
    );
    const signed = questionOf({ ...reportDrafts.plain, signer: newKey("P-384") });
    assert.equal((await askBoth(signed, "another key")).code, "DEVICE_SIGNATURE_INVALID");
  });

  it("stand alone on L1: zeros of a buffer's end are for files", async () => {
    const question = questionOf({ ...reportDrafts.plain, trailing: new Uint8Array(3) });
    assert.equal(answerOffChain(question).code, "genuine");
    assert.equal((await answerOnChain(l1, sealQuestion(question))).code, "REPORT_TRAILING_BYTES");
  });
});

describe("altered evidence of a GPU", () => {
  const question = questionOf(reportDrafts.plain);
  const { report } = question.input;
  const envelope = sealQuestion(question);
  const changed = (altered: Uint8Array) => ({ ...question, input: { ...question.input, report: altered } });

  it("is refused alike, wherever a bit of the report changed", async () => {
    const codes = new Set<string>();
    // A prime step over all bits meets every bit position.
    for (let bit = 0; bit < 8 * report.length; bit += stride(139)) {
      codes.add(await assertRefusedAlike(changed(flipBit(report, bit)), `bit ${bit}`));
    }
    assert.ok(codes.size >= 4, [...codes].join());
  });

  it("is refused alike, where parts of two reports are put together", async () => {
    const other = issueReport(world, { ...reportDrafts.plain, nonce: new Uint8Array(32).fill(1) });
    for (let at = 4; at < report.length; at += stride(97)) {
      const spliced = splice(report, other, at, report.length);
      if (bytesEqual(spliced, report) || bytesEqual(spliced, other)) continue;
      await assertRefusedAlike(changed(spliced), `from ${at}`);
    }
  });

  it("is refused where it ends early, or goes on", async () => {
    for (let length = 0; length < envelope.length; length += stride(61)) {
      assert.equal((await l1.verify(envelope.subarray(0, length))).kind, "reverted", `${length} bytes`);
    }
    for (const more of [Uint8Array.of(0), Uint8Array.of(0x30, 0), envelope]) {
      assert.equal((await l1.verify(concatBytes(envelope, more))).kind, "reverted");
    }
  });

  it("is refused where what was signed of the certificate changed, and says the same where not", async () => {
    const genuine = await l1.verify(envelope);
    const [leaf] = chain;
    assert.ok(leaf !== undefined && genuine.kind === "report");
    const start = envelope.length - leaf.der.length;
    const signedFrom = start + leaf.signedPart.byteOffset - leaf.der.byteOffset;
    const signedTo = signedFrom + leaf.signedPart.length;
    for (let bit = 8 * start; bit < 8 * envelope.length; bit += stride(89)) {
      const answer = await l1.verify(flipBit(envelope, bit));
      if (answer.kind === "report") assert.deepEqual(answer, genuine, `bit ${bit}`);
      if (bit >= 8 * signedFrom && bit < 8 * signedTo) assert.equal(answer.kind, "reverted", `bit ${bit}`);
    }
  });

  it("has another measurement, or none, where golden measurements changed", async () => {
    const { facts } = answerOffChain(question);
    const golden = goldenFrom({});
    for (let bit = 0; bit < 8 * (3 + golden.length); bit += stride(53)) {
      const answer = await l1.verify(flipBit(envelope, bit));
      if (answer.kind === "report")
        assert.notEqual(answer.facts.measurement, facts?.measurement, `bit ${bit}`);
    }
    const [leaf] = chain;
    assert.ok(leaf !== undefined);
    for (const [name, bytes] of Object.entries(malformedGoldens)) {
      const sealed = sealGpuReport({ golden: bytes, report, certificate: leaf.der, oddFirst: false });
      assert.deepEqual(await l1.verify(sealed), { kind: "reverted", error: "NvidiaGolden_Malformed" }, name);
    }
  });

  it("is refused, whatever is changed at random", async () => {
    const edit = fc.record({ at: fc.nat(20_000), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        const altered = Uint8Array.from(report);
        for (const { at, bytes } of edits) {
          const start = at % report.length;
          altered.set(bytes.subarray(0, report.length - start), start);
        }
        if (bytesEqual(altered, report)) return;
        await assertRefusedAlike(changed(altered), toHex(altered));
      }),
      { numRuns: 60, seed: 2026 },
    );
  });
});

const FOLDER = join(import.meta.dirname, "../../../shared/vectors/tee/nvidia");
const SKIP = existsSync(FOLDER) ? false : `no real evidence at ${FOLDER}`;
/** 2026-11-21, after all that was collected; the RIM signers of 2024 were valid at the earlier time. */
const AT = 1_795_000_000n;
const AT_OLD_RIMS = 1_735_700_000n;

type Sample = { readonly name: string; readonly report: Uint8Array; readonly chain: readonly Certificate[] };

/** Every report of a GPU among the vectors, with its chain. */
function realSamples(): readonly Sample[] {
  const expected: readonly { readonly label: string }[] = JSON.parse(
    readFileSync(join(FOLDER, "expected.json"), "utf8"),
  );
  return expected.flatMap(({ label }) => {
    const [, file = "", index] = /^(\S+?)(?:#(\d+) .*)?$/.exec(label) ?? [];
    const chainFile = file.replace(/AttestationReport(?:InvalidSignature|Expired)?\.txt$/, "CertChain.txt");
    if (!existsSync(join(FOLDER, file)) || !existsSync(join(FOLDER, chainFile))) return [];
    const evidence = readFileSync(join(FOLDER, file));
    const devices = readEvidence(
      evidence,
      index === undefined ? readFileSync(join(FOLDER, chainFile)) : undefined,
    );
    const device = "kind" in devices ? undefined : devices[Number(index ?? 0)];
    return device === undefined ? [] : [{ name: label.slice(0, 60), ...device }];
  });
}

/** Indices that real RIMs of a driver and of a VBIOS speak of. */
const DRIVER_INDICES = [7, ...Array.from({ length: 20 }, (_, i) => 21 + i)];
const VBIOS_INDICES = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12];

/** RIMs that a report agrees with: NVIDIA published none of these very versions. */
function fittingRims(bytes: Uint8Array): readonly Rim[] {
  const report = parseReport(bytes);
  if (report.kind === "refused") throw new TypeError(report.code);
  const { opaque, measurements } = report;
  const rimOf = (version: string, indices: readonly number[]): Rim => {
    const values = (index: number) => [toHex(measurements.get(index + 1) ?? new Uint8Array(0)).slice(2)];
    const golden = indices.map((index) => ({ index, values: values(index) }));
    return { kind: "rim", version: version.toUpperCase(), product: "", tagId: version, measurements: golden };
  };
  return [rimOf(opaque.driverVersion ?? "none", DRIVER_INDICES), rimOf(opaque.vbiosVersion, VBIOS_INDICES)];
}

describe("real reports, on L1 and off-chain", { skip: SKIP }, () => {
  it("are answered alike, and so when a bit of them changed", async (context) => {
    const samples = realSamples();
    const deviceRoots = [NVIDIA_DEVICE_ROOT];
    const [first] = samples;
    assert.ok(first !== undefined);
    const real = await startAnvil({ port: 0, chainId: 900, timestamp: AT });
    try {
      const onReal = await nvidiaOnL1(real.url, [rootOf(first.chain)]);
      const gas = { certificate: [] as bigint[], report: [] as bigint[] };
      const deviceIds = new Set<string>();
      for (const { name, report, chain: certificates } of samples) {
        gas.certificate.push(...(await onReal.addChain(certificates)));
        const question = {
          input: { report, chain: certificates, at: AT, roots: deviceRoots },
          rims: fittingRims(report),
        };
        const wanted = answerOffChain(question);
        const envelope = sealQuestion(question);
        assert.deepEqual(await answerOnChain(onReal, envelope), wanted, name);
        if (wanted.facts === undefined) continue;
        deviceIds.add(wanted.facts.deviceId);
        gas.report.push(await onReal.gasOf(envelope));
        for (let bit = 5; bit < 8 * report.length; bit += stride(6007)) {
          const altered = { ...question, input: { ...question.input, report: flipBit(report, bit) } };
          const refused = answerOffChain(altered);
          assert.notEqual(refused.code, "genuine", `${name}, bit ${bit}`);
          assert.deepEqual(
            await answerOnChain(onReal, sealQuestion(altered)),
            refused,
            `${name}, bit ${bit}`,
          );
        }
      }
      assert.equal(deviceIds.size, gas.report.length, "each GPU is another device");
      for (const [what, used] of Object.entries(gas)) {
        context.diagnostic(`${what}: ${used.toSorted((a, b) => Number(a - b)).join(", ")} gas`);
        for (const each of used) {
          assert.ok(each < (what === "report" ? GAS_OF_VERIFICATION : GAS_OF_ANY_STEP), `${what}: ${each}`);
        }
      }
      await checkRealRim(onReal, samples, deviceRoots);
    } finally {
      await real.stop();
    }
  });
});

/** NVIDIA's own RIM of a VBIOS, with a driver's that fits: all is as published but index 9. */
async function checkRealRim(
  onReal: NvidiaOnL1,
  samples: readonly Sample[],
  deviceRoots: GpuQuestion["input"]["roots"],
): Promise<void> {
  const sample = samples.find(({ name }) => name === "attestation-sdk/hopperAttestationReport.txt");
  const document = readFileSync(join(FOLDER, "nvtrust/rims/1010_0205_862_9600740020_PROD.swidtag"), "utf8");
  const rim = verifyRim(document, { roots: [NVIDIA_RIM_ROOT], at: AT_OLD_RIMS });
  assert.ok(sample !== undefined && rim.kind === "rim");
  const { report, chain: certificates } = sample;
  const [driver] = fittingRims(report);
  assert.ok(driver !== undefined);
  const input = { report, chain: certificates, at: AT, roots: deviceRoots };
  const whole = { input, rims: [driver, rim] };
  assert.equal(answerOffChain(whole).code, "MEASUREMENT_MISMATCH");
  assert.equal((await answerOnChain(onReal, sealQuestion(whole))).code, "MEASUREMENT_MISMATCH");
  const but9 = { ...rim, measurements: rim.measurements.filter(({ index }) => index !== 9) };
  const published = { input, rims: [driver, but9] };
  assert.equal(answerOffChain(published).code, "genuine");
  assert.deepEqual(await answerOnChain(onReal, sealQuestion(published)), answerOffChain(published));
}
