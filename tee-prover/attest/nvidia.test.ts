import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { asAddress, asHash, bytesEqual } from "@phala-l2/protocol/bytes";
import { gpuNonce } from "./commitments.ts";
import { simulatedGpu } from "./dangerously-simulated/platforms.ts";
import { nvattestGpus } from "./nvattest.ts";
import { nvidiaGpus } from "./nvidia.ts";
import {
  CERTIFICATE_STRUCTURE_BYTES,
  type Nvml,
  REPORT_STRUCTURE_BYTES,
  readCertificates,
  readReport,
  readSystemState,
  reportRequest,
} from "./nvml.ts";

const binding = {
  domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
  key: asAddress(new Uint8Array(20).fill(2)),
  l1Block: asHash(new Uint8Array(32).fill(3)),
};
const nonceOf = (index: number) => gpuNonce({ ...binding, policyVersion: 0n }, index);
const devices = [simulatedGpu(0), simulatedGpu(1)] as const;

function u32s(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function deviceAt(index: number) {
  const device = devices[index];
  if (device === undefined) throw new Error(`no GPU ${index}`);
  return device;
}

/** NVIDIA's library with two GPUs, in nvml.h's structures. */
function library(change: Partial<Nvml> = {}): Nvml {
  return {
    deviceCount: async () => 2,
    systemState: async () => u32s(2, 1, 0),
    attestationReport: async (index, structure) => {
      const { report } = deviceAt(index)(structure.slice(12, 44));
      const filled = structure.slice();
      filled.set(u32s(0, report.length, 0));
      filled.set(report, 44);
      return filled;
    },
    certificates: async (index) => {
      const text = new TextEncoder().encode(`${deviceAt(index)(new Uint8Array(32)).certificates}\0`);
      const filled = new Uint8Array(CERTIFICATE_STRUCTURE_BYTES);
      filled.set(u32s(1, text.length));
      filled.set(text, 8 + 0x1000);
      return filled;
    },
    ...change,
  };
}

describe("GPUs through NVIDIA's library", () => {
  it("each answer a nonce of their own", async () => {
    const gpus = await nvidiaGpus({ nvml: library(), rims: ["rim"] }).evidence(nonceOf);
    assert.deepEqual(
      gpus.map(({ index, rims }) => ({ index, rims })),
      [
        { index: 0, rims: ["rim"] },
        { index: 1, rims: ["rim"] },
      ],
    );
    for (const { index, report, certificates } of gpus) {
      assert.ok(bytesEqual(report.subarray(4, 36), nonceOf(index)));
      assert.match(certificates, /^-----BEGIN CERTIFICATE-----[^\0]*-----END CERTIFICATE-----\n$/);
    }
  });

  it("prove nothing without a confidential mode for production", async () => {
    for (const [state, words] of [
      [u32s(2, 0, 0), /computing is off/],
      [u32s(2, 1, 1), /developer tools/],
      [u32s(1, 1, 0), /not for production/],
      [u32s(0, 0, 1), /production.*off.*tools/],
    ] as const) {
      const nvml = library({ systemState: async () => state });
      const refused = { code: "EVIDENCE_GPU_STATE", message: words };
      await assert.rejects(nvidiaGpus({ nvml }).evidence(nonceOf), refused);
    }
  });

  it("must be there", async () => {
    for (const count of [0, -1, 257]) {
      const nvml = library({ deviceCount: async () => count });
      await assert.rejects(nvidiaGpus({ nvml }).evidence(nonceOf), { code: "EVIDENCE_GPU_STATE" });
    }
  });

  it("must answer the nonce that they were asked with", async () => {
    const own = library();
    const relayed: Nvml["attestationReport"] = (index) =>
      own.attestationReport(index, reportRequest(new Uint8Array(32).fill(7)));
    const kept: Nvml["attestationReport"] = (index) =>
      own.attestationReport(index, reportRequest(nonceOf(0)));
    for (const attestationReport of [relayed, kept]) {
      const nvml = library({ attestationReport });
      await assert.rejects(nvidiaGpus({ nvml }).evidence(nonceOf), { code: "EVIDENCE_REPORT_DATA" });
    }
  });
});

describe("structures of nvml.h", () => {
  it("have their sizes", () => {
    assert.equal(REPORT_STRUCTURE_BYTES, 12_332);
    assert.equal(CERTIFICATE_STRUCTURE_BYTES, 9_224);
  });

  it("of other sizes are refused", () => {
    const malformed = { code: "EVIDENCE_MALFORMED" };
    assert.throws(() => readReport(new Uint8Array(REPORT_STRUCTURE_BYTES - 1)), malformed);
    assert.throws(() => readCertificates(new Uint8Array(CERTIFICATE_STRUCTURE_BYTES + 1)), malformed);
    assert.throws(() => readSystemState(new Uint8Array(8)), malformed);
    assert.throws(() => reportRequest(new Uint8Array(31)), malformed);
  });

  it("with lengths beyond their fields, or of nothing, are refused", () => {
    for (const size of [0, 0x2001, 0xffff_ffff]) {
      const report = new Uint8Array(REPORT_STRUCTURE_BYTES);
      report.set(u32s(size), 4);
      assert.throws(() => readReport(report), { code: "EVIDENCE_MALFORMED" });
      const chain = new Uint8Array(CERTIFICATE_STRUCTURE_BYTES);
      chain.set(u32s(size === 0x2001 ? 0x1401 : size), 4);
      assert.throws(() => readCertificates(chain), { code: "EVIDENCE_MALFORMED" });
    }
  });
});

describe("GPUs through a command", () => {
  const folder = mkdtempSync(join(tmpdir(), "nvattest-"));
  after(() => rmSync(folder, { recursive: true }));
  let scripts = 0;

  /** A command that prints what the body gives for the nonce it is asked with. */
  function command(body: string): readonly string[] {
    const file = join(folder, `${scripts++}.mjs`);
    writeFileSync(file, `const nonce = process.argv.at(-1);\n${body}\n`);
    return [process.execPath, file, "collect-evidence"];
  }

  const prepared = Object.fromEntries(
    [0, 1].map((asked) => {
      const nonce = nonceOf(asked);
      const evidences = devices.map((device) => {
        const { report, certificates } = device(nonce);
        return {
          arch: "HOPPER",
          nonce: Buffer.from(nonce).toString("hex"),
          evidence: Buffer.from(report).toString("base64"),
          certificate: Buffer.from(certificates).toString("base64"),
        };
      });
      return [Buffer.from(nonce).toString("hex"), { evidences, result_code: 0, result_message: "Ok" }];
    }),
  );
  const ANSWERS = JSON.stringify(prepared);
  const print = (change: string) =>
    command(`const answer = ${ANSWERS}[nonce]; ${change}; console.log(JSON.stringify(answer));`);
  const collect = (words: readonly string[], timeoutMs = 20_000) =>
    nvattestGpus({ command: words, timeoutMs }).evidence(nonceOf);

  it("each answer a nonce of their own", async () => {
    for (const change of ["", "for (const e of answer.evidences) e.certificate = atob(e.certificate)"]) {
      const gpus = await collect(print(change));
      assert.deepEqual(
        gpus.map(({ index }) => index),
        [0, 1],
      );
      for (const { index, report, certificates } of gpus) {
        assert.ok(bytesEqual(report.subarray(4, 36), nonceOf(index)));
        assert.ok(certificates.startsWith("-----BEGIN CERTIFICATE-----"));
      }
    }
  });

  for (const [what, change] of [
    ["tells a failure", "answer.result_code = 5"],
    ["prints no list", "answer.evidences = {}"],
    ["prints a device without a report", "delete answer.evidences[1].evidence"],
    ["prints a report that is no base64", "answer.evidences[0].evidence = '<>'"],
    ["prints a device without certificates", "answer.evidences[0].certificate = ''"],
    ["prints certificates that are no PEM", "answer.evidences[0].certificate = btoa('none')"],
    ["prints null for a device", "answer.evidences[0] = null"],
    ["ends with an error", "process.exit(3)"],
    [
      "finds another number of GPUs later",
      `if (nonce !== ${JSON.stringify(Object.keys(prepared)[0])}) answer.evidences.pop()`,
    ],
  ] as const) {
    it(`that ${what} is refused`, async () => {
      await assert.rejects(collect(print(change)), { code: "EVIDENCE_GPU_COMMAND" });
    });
  }

  it("that prints no JSON, does not exist, or is no command is refused", async () => {
    const refused = { code: "EVIDENCE_GPU_COMMAND" };
    await assert.rejects(collect(command("console.log('GPU 0: fine')")), refused);
    await assert.rejects(collect([join(folder, "none")]), refused);
    await assert.rejects(collect([]), refused);
  });

  it("that does not end is ended", async () => {
    const endless = command("setInterval(() => {}, 1000)");
    await assert.rejects(collect(endless, 300), {
      code: "EVIDENCE_GPU_COMMAND",
      message: /ended after 300 ms/,
    });
  });

  it("that finds no GPU is refused", async () => {
    await assert.rejects(collect(print("answer.evidences = []")), { code: "EVIDENCE_GPU_STATE" });
  });

  it("that gives reports of other nonces or devices' places is refused", async () => {
    const [first] = Object.keys(prepared);
    const kept = `Object.assign(answer, ${ANSWERS}[${JSON.stringify(first)}])`;
    await assert.rejects(collect(print(kept)), { code: "EVIDENCE_REPORT_DATA" });
    const garbage = "answer.evidences[0].evidence = btoa('garbage')";
    await assert.rejects(collect(print(garbage)), { code: "EVIDENCE_MALFORMED" });
  });

  it("gets its words without a shell", async () => {
    const odd = [...print(""), "; exit 1", "$(false)", "&&"];
    assert.equal((await collect(odd)).length, 2);
  });
});
