import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, describe, it } from "node:test";
import { PROVER_KINDS } from "@phala-l2/contracts/deploy/config";
import { asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import fc from "fast-check";
import { parseCertificate } from "../verify/certificates/certificate.ts";
import { DerReader, TAG } from "../verify/certificates/der.ts";
import { parsePemCertificates } from "../verify/certificates/pem.ts";
import { DEVELOPMENT_ROOTS } from "../verify/development-roots.ts";
import { parseQuote } from "../verify/intel/quote.ts";
import { STRICT_POLICY } from "../verify/policy.ts";
import { type AppraisalInput, appraiseEvidence } from "./appraisal.ts";
import { readCertificateTable } from "./certificate-table.ts";
import type { KeyBinding } from "./commitments.ts";
import { publicKnownKey, publicKnownRsaKey } from "./dangerously-simulated/derived-keys.ts";
import type { Evidence } from "./evidence.ts";
import { decodeEvidence, encodeEvidence } from "./evidence-json.ts";
import { expiriesOf } from "./expiry.ts";
import { classOf } from "./kind.ts";
import { hostFacts } from "./measurement.ts";
import { dangerouslySimulatedEvidence } from "./simulated.ts";
import { DANGEROUS_ROOTS, productionRoots, VENDOR_ROOTS } from "./trust.ts";

const NOW = 1_795_000_000n;
const binding: KeyBinding = {
  domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
  key: asAddress(new Uint8Array(20).fill(2)),
  l1Block: asHash(new Uint8Array(32).fill(3)),
  policyVersion: 4n,
};
const issued = new Map<string, Evidence>();

function evidenceOf(kind: string): Evidence {
  const evidence = issued.get(kind);
  if (evidence === undefined) throw new Error(`no evidence of ${kind}`);
  return evidence;
}

function inputOf(kind: (typeof PROVER_KINDS)[number]): AppraisalInput {
  const gpus = classOf(kind).gpu ? 2 : 0;
  return { binding, roots: DANGEROUS_ROOTS, policy: STRICT_POLICY, gpus, at: NOW };
}

/** What fails, as `check: field`. */
function failing(evidence: Evidence, input: AppraisalInput): readonly string[] {
  return appraiseEvidence(evidence, input).flatMap(({ name, refusal }) =>
    refusal === undefined ? [] : [`${name}: ${refusal.field}`],
  );
}

before(async () => {
  for (const kind of PROVER_KINDS) {
    const source = dangerouslySimulatedEvidence(kind, { log: silentLog, now: () => NOW, gpus: 2 });
    issued.set(kind, await source.evidence(binding));
  }
});

describe("simulated evidence", () => {
  it("says so in the log and in its type", () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
    const source = dangerouslySimulatedEvidence("TDX", { log, now: () => NOW });
    assert.equal(source.simulated, true);
    assert.match(warnings.join(), /SIMULATED/);
  });

  for (const kind of PROVER_KINDS) {
    it(`of ${kind} passes the strict policy under the development roots, a month long`, () => {
      assert.deepEqual(failing(evidenceOf(kind), inputOf(kind)), []);
      assert.deepEqual(failing(evidenceOf(kind), { ...inputOf(kind), at: NOW + 29n * 86_400n }), []);
    });

    it(`of ${kind} is refused under the vendors' roots, in every part`, () => {
      const parts = failing(evidenceOf(kind), { ...inputOf(kind), roots: VENDOR_ROOTS });
      assert.deepEqual(
        parts.filter((part) => part.endsWith(": root")),
        [
          kind.startsWith("TDX") ? "TDX quote: root" : "SEV-SNP report: root",
          ...(classOf(kind).gpu ? ["GPU 0: root", "GPU 1: root"] : []),
        ],
      );
    });

    it(`of ${kind} serves no other key, chain, registry, L1 block or policy`, () => {
      const { domain } = binding;
      for (const change of [
        { key: asAddress(new Uint8Array(20).fill(9)) },
        { l1Block: asHash(new Uint8Array(32).fill(9)) },
        { domain: { ...domain, chainId: 1n } },
        { domain: { ...domain, verifyingContract: asAddress(new Uint8Array(20)) } },
        { policyVersion: 5n },
      ]) {
        const other = { ...inputOf(kind), binding: { ...binding, ...change } };
        assert.ok(failing(evidenceOf(kind), other).includes("report data: report data"), toHex(binding.key));
      }
    });

    it(`of ${kind} has expired when its lists have`, () => {
      assert.notDeepEqual(failing(evidenceOf(kind), { ...inputOf(kind), at: NOW + 31n * 86_400n }), []);
    });

    it(`of ${kind} is the same after it was written and read`, () => {
      assert.deepEqual(decodeEvidence(encodeEvidence(evidenceOf(kind))), plain(evidenceOf(kind)));
    });
  }

  it("has another measurement for each kind, the same at each start", async () => {
    const measurements = PROVER_KINDS.map((kind) => toHex(hostFacts(evidenceOf(kind).host).measurement));
    assert.equal(new Set(measurements).size, PROVER_KINDS.length);
    const again = dangerouslySimulatedEvidence("SEV_SNP", { log: silentLog, now: () => NOW });
    const { host } = await again.evidence(binding);
    assert.equal(toHex(hostFacts(host).measurement), measurements[1]);
  });
});

/** Buffers as the plain arrays that a reader makes. */
function plain({ host, gpus }: Evidence): Evidence {
  const bytes = <Value>(value: Value) => (value instanceof Uint8Array ? new Uint8Array(value) : value);
  const entries = (part: object) => Object.fromEntries(Object.entries(part).map(([k, v]) => [k, bytes(v)]));
  return {
    host: { ...host, ...entries(host) },
    gpus: gpus.map((gpu) => ({ ...gpu, ...entries(gpu) })),
  };
}

describe("GPUs beside a CPU", () => {
  it("are those that the CPU's report commits to, each once, in their order", () => {
    const evidence = evidenceOf("TDX_GPU");
    const [first, second] = evidence.gpus;
    assert.ok(first !== undefined && second !== undefined);
    const other = evidenceOf("SEV_SNP_GPU").gpus;
    const input = inputOf("TDX_GPU");
    for (const [what, gpus, check] of [
      ["another report", [first, ...other.slice(1)], "report data: report data"],
      ["fewer", [first], "GPUs: devices"],
      ["none", [], "GPUs: devices"],
      ["one twice", [first, { ...first, index: 1 }], "GPUs: devices"],
      ["another order", [second, first], "GPUs: devices"],
      [
        "indices exchanged",
        [
          { ...second, index: 0 },
          { ...first, index: 1 },
        ],
        "GPU 0: nonce",
      ],
    ] as const) {
      assert.ok(failing({ ...evidence, gpus }, input).includes(check), what);
    }
  });

  it("of a kind without GPUs are refused", () => {
    const { host } = evidenceOf("TDX");
    const { gpus } = evidenceOf("TDX_GPU");
    assert.ok(failing({ host, gpus }, inputOf("TDX")).includes("GPUs: devices"));
  });
});

describe("evidence that is not whole", () => {
  it("without collateral or certificates names what to fetch", () => {
    const tdx = evidenceOf("TDX").host;
    const snp = evidenceOf("SEV_SNP").host;
    assert.ok(tdx.kind === "TDX" && snp.kind === "SEV_SNP");
    const without = { host: { ...tdx, collateral: undefined }, gpus: [] };
    assert.deepEqual(failing(without, inputOf("TDX")), ["TDX quote: collateral"]);
    for (const part of ["leaf", "chain"]) {
      const incomplete: Evidence = { host: { ...snp, [part]: undefined }, gpus: [] };
      assert.deepEqual(failing(incomplete, inputOf("SEV_SNP")), ["SEV-SNP report: VCEK and its chain"]);
    }
  });

  it("is not read from other text", () => {
    const read = (text: string) => () => decodeEvidence(new TextEncoder().encode(text));
    const whole = new TextDecoder().decode(encodeEvidence(evidenceOf("TDX")));
    for (const text of [
      "",
      "null",
      "[]",
      "{}",
      whole.slice(0, -1),
      whole.replace('"version":1', '"version":2'),
      whole.replace('"TDX"', '"SGX"'),
      whole.replace('"quote":"0x', '"quote":"0xz'),
      whole.replace('"gpus":[]', '"gpus":[{}]'),
    ]) {
      assert.throws(read(text), { code: "EVIDENCE_MALFORMED" });
    }
    assert.throws(() => decodeEvidence(Uint8Array.of(0xff, 0xfe)), { code: "EVIDENCE_MALFORMED" });
  });
});

describe("hostile evidence", () => {
  /** Nothing but the one code for what cannot be read. */
  function onlyMalformed(read: () => unknown): boolean {
    try {
      read();
      return true;
    } catch (error) {
      return isRollupError(error, "EVIDENCE_MALFORMED");
    }
  }

  it("is read or refused, whatever its bytes", () => {
    const [tdx, snp] = [evidenceOf("TDX").host, evidenceOf("SEV_SNP").host];
    assert.ok(tdx.kind === "TDX" && snp.kind === "SEV_SNP");
    const whole = encodeEvidence(evidenceOf("SEV_SNP"));
    const changed = (bytes: Uint8Array, at: number, value: number) => {
      const copy = Uint8Array.from(bytes);
      copy[at % bytes.length] = value;
      return copy;
    };
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, value) => {
        const quote = changed(tdx.quote, at, value);
        const report = changed(snp.report, at, value);
        return (
          onlyMalformed(() => hostFacts({ ...tdx, quote })) &&
          onlyMalformed(() => hostFacts({ ...snp, report })) &&
          onlyMalformed(() => expiriesOf({ host: { ...tdx, quote }, gpus: [] })) &&
          onlyMalformed(() => decodeEvidence(changed(whole, at, value)))
        );
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const host = { ...snp, leaf: bytes, chain: bytes, crl: undefined };
        return (
          onlyMalformed(() => decodeEvidence(bytes)) &&
          onlyMalformed(() => readCertificateTable(bytes)) &&
          onlyMalformed(() => expiriesOf({ host, gpus: [] }))
        );
      }),
    );
  });
});

describe("development roots", () => {
  const hash = ({ spki }: { readonly spki: Uint8Array }) => createHash("sha256").update(spki).digest("hex");

  it("are the keys that follow from the public words", () => {
    assert.equal(hash(publicKnownKey("P-256", "intel root")), DEVELOPMENT_ROOTS.intel.keyHash);
    const ark = publicKnownRsaKey("amd ark genoa", { p: 409n, q: 831n });
    assert.equal(hash(ark), DEVELOPMENT_ROOTS.amd.keyHash);
    const device = publicKnownKey("P-384", "nvidia Development Device Identity CA");
    assert.equal(hash(device), DEVELOPMENT_ROOTS.nvidiaDevice.keyHash);
    const rim = publicKnownKey("P-384", "nvidia Development RIM Root CA");
    assert.equal(hash(rim), DEVELOPMENT_ROOTS.nvidiaRim.keyHash);
  });

  it("have certificates that L1 knows, the same at each start", () => {
    const { host, gpus } = evidenceOf("TDX_GPU");
    const { host: amd } = evidenceOf("SEV_SNP");
    assert.ok(host.kind === "TDX" && amd.kind === "SEV_SNP" && amd.chain !== undefined);
    const quote = parseQuote(host.quote);
    assert.ok(quote.kind === "quote");
    const rootId = (pem: string) => {
      const list = parsePemCertificates(pem, "test");
      const root = list.kind === "certificates" ? list.certificates.at(-1) : undefined;
      return root && toHex(keccak256(root.signedPart));
    };
    assert.equal(rootId(quote.pckChain), DEVELOPMENT_ROOTS.intel.certificateId);
    assert.equal(rootId(gpus[1]?.certificates ?? ""), DEVELOPMENT_ROOTS.nvidiaDevice.certificateId);
    const reader = new DerReader(amd.chain);
    reader.element(TAG.sequence, "ASK");
    const ark = parseCertificate(reader.element(TAG.sequence, "ARK").raw, "test");
    assert.ok(ark.kind === "certificate");
    assert.equal(toHex(keccak256(ark.signedPart)), DEVELOPMENT_ROOTS.amd.certificateId);
  });

  it("have RSA keys of 4,096 bits, as AMD's roots", () => {
    const { privateKey } = publicKnownRsaKey("amd ark genoa", { p: 409n, q: 831n });
    assert.equal(privateKey.asymmetricKeyDetails?.modulusLength, 4096);
  });

  it("are found where their primes are, and nowhere else", () => {
    const near = { p: 410n, q: 831n };
    assert.throws(() => publicKnownRsaKey("amd ark genoa", near), { code: "SIMULATION_KEY_BROKEN" });
  });

  it("are in no list of production's", () => {
    assert.equal(productionRoots(VENDOR_ROOTS), VENDOR_ROOTS);
    for (const name of ["intel", "amd", "nvidiaDevice", "nvidiaRim"] as const) {
      const mixed = { ...VENDOR_ROOTS, [name]: [...VENDOR_ROOTS[name], ...DANGEROUS_ROOTS[name]] };
      assert.throws(() => productionRoots(mixed), { code: "EVIDENCE_ROOT_DANGEROUS" });
    }
  });
});
