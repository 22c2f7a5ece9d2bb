import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { bigintFromBytes, bigintToBytes } from "@phala-l2/protocol/bytes";
import { NO_MINIMUM } from "@phala-l2/tee-prover/verify/amd/policy";
import { AMD_ROOTS } from "@phala-l2/tee-prover/verify/amd/product";
import { NUMBER_BYTES, REPORT_BYTES, SIGNED_BYTES } from "@phala-l2/tee-prover/verify/amd/report";
import { type AmdInput, P384_ORDER } from "@phala-l2/tee-prover/verify/amd/verify";
import { type Certificate, parseCertificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { parsePemCertificates } from "@phala-l2/tee-prover/verify/certificates/pem";
import { flipBit } from "@phala-l2/tee-prover/verify/testing/mutations";
import { startAnvil } from "../l1/anvil.ts";
import { type AmdOnL1, amdOnL1 } from "./amd-on-l1.ts";
import { answerOffChain, answerOnChain } from "./snp-answers.ts";
import { sealSnpReport } from "./snp-envelope.ts";
import { REPORT_FIELDS } from "./snp-fields.ts";

const FOLDER = join(import.meta.dirname, "../../../shared/vectors/tee/snp");
const SKIP = existsSync(FOLDER) ? false : `no real evidence at ${FOLDER}`;

const DAY = 86_400n;
const GAS_OF_VERIFICATION = 4_000_000n;
const GAS_OF_ANY_STEP = 12_000_000n;
const MINIMUM = { Genoa: NO_MINIMUM, Turin: NO_MINIMUM } as const;
const LEAF_NAMES: readonly string[] = ["SEV-VCEK", "SEV-VLEK"];
/** One bit of each of these, so that it takes seconds. */
const FIELDS = REPORT_FIELDS.filter((_, i) => i % 3 === 0);

type File = { readonly name: string; readonly bytes: Uint8Array };

function files(): readonly File[] {
  const entries = readdirSync(FOLDER, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ name, bytes: readFileSync(join(parentPath, name)) }));
}

/** The certificates in a file, PEM or DER; none in a file of anything else. */
function certificatesIn({ bytes }: File): readonly Certificate[] {
  const list = parsePemCertificates(Buffer.from(bytes).toString("latin1"), "file");
  if (list.kind === "certificates") return list.certificates;
  const certificate = parseCertificate(bytes, "file");
  return certificate.kind === "certificate" ? [certificate] : [];
}

/** All that the folder has: reports, and certificates, each once. */
function readFolder() {
  const all = files();
  const certificates = new Map(
    all.flatMap(certificatesIn).map((each) => [Buffer.from(each.der).toString("hex"), each] as const),
  );
  const list = [...certificates.values()];
  const leaves = list.filter(({ subject }) => LEAF_NAMES.includes(subject.commonName ?? ""));
  // One L1 lives through all of them: each comes in its own time.
  const inTime = leaves.sort((a, b) => Number(a.notBefore - b.notBefore));
  return {
    reports: all.filter(({ name, bytes }) => name.endsWith(".bin") && bytes.length === REPORT_BYTES),
    authorities: list.filter(({ basicConstraints }) => basicConstraints?.ca === true),
    leaves: inTime,
  };
}

function issuerOf(certificate: Certificate, authorities: readonly Certificate[]): Certificate {
  const issuer = authorities.find(({ subject }) => Buffer.compare(subject.raw, certificate.issuer.raw) === 0);
  if (issuer === undefined) throw new TypeError(`no ${certificate.issuer.commonName}`);
  return issuer;
}

function rootOf(product: string, authorities: readonly Certificate[]): Uint8Array {
  const root = authorities.find(({ subject }) => subject.commonName === `ARK-${product}`);
  if (root === undefined) throw new TypeError(`no ARK-${product}`);
  return root.der;
}

function latest(times: readonly bigint[]): bigint {
  return times.reduce((a, b) => (a > b ? a : b), 0n);
}

/** The same signature with the other of the two numbers that it may have. */
function withOtherS(report: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(report);
  const at = SIGNED_BYTES + NUMBER_BYTES;
  const s = bigintFromBytes(Uint8Array.from(report.subarray(at, at + NUMBER_BYTES)).reverse());
  copy.set(bigintToBytes(P384_ORDER - s, NUMBER_BYTES).reverse(), at);
  return copy;
}

/** Both sides answer alike; where the leaf is of no trusted product, or forged, L1 asks for nothing else. */
async function check(l1: AmdOnL1, input: AmdInput, isForeign: boolean, what: string): Promise<string> {
  const found = answerOnChain(await l1.verify(sealSnpReport(input.report, input.leaf)));
  const wanted = answerOffChain(input, MINIMUM);
  if (!isForeign) assert.deepEqual(found, wanted, what);
  else assert.deepEqual([found.kind, wanted.kind], ["refused", "refused"], what);
  return found.kind === "refused" ? found.code : `status ${found.facts.tcbStatus}`;
}

/** ASK and ASVK of every product: what stands between a root and a leaf. */
async function addAuthorities(
  context: TestContext,
  l1: AmdOnL1,
  authorities: readonly Certificate[],
): Promise<void> {
  for (const authority of authorities) {
    const above = issuerOf(authority, authorities);
    if (above === authority) continue;
    const gas = await l1.add(authority.der, above.der);
    assert.ok(gas !== undefined && gas < GAS_OF_ANY_STEP, `${gas}`);
    context.diagnostic(`${authority.subject.commonName}: ${gas} gas`);
  }
}

async function checkGenuine(context: TestContext, l1: AmdOnL1, input: AmdInput, what: string): Promise<void> {
  const gas = await l1.gasOf(sealSnpReport(input.report, input.leaf));
  context.diagnostic(`${what}: ${gas} gas`);
  assert.ok(gas < GAS_OF_VERIFICATION, `${gas}`);
  const other = withOtherS(input.report);
  assert.match(await check(l1, { ...input, report: other }, false, "the other s"), /^status/);
  for (const [field, start, end] of FIELDS) {
    const report = flipBit(input.report, 8 * start + ((start * 13) % (8 * (end - start))));
    const code = await check(l1, { ...input, report }, false, field);
    assert.doesNotMatch(code, /^status/, `${what}, ${field}`);
  }
}

describe("real reports, on L1 and off-chain", { skip: SKIP }, () => {
  it("are answered alike beside every real leaf", async (context) => {
    const { reports, leaves, authorities } = readFolder();
    assert.ok(leaves.length > 0 && reports.length > 0);
    // Every authority is valid then, and leaves are for years.
    let at = latest(authorities.map(({ notBefore }) => notBefore));
    const anvil = await startAnvil({ port: 0, chainId: 900, timestamp: at });
    try {
      const root = (product: string) => rootOf(product, authorities);
      const roots = { Milan: root("Milan"), Genoa: root("Genoa"), Turin: root("Turin") };
      const l1 = await amdOnL1(anvil.url, roots, MINIMUM);
      await addAuthorities(context, l1, authorities);
      const codes = new Set<string>();
      for (const leaf of leaves) {
        at = latest([at, leaf.notBefore]) + DAY;
        await l1.waitUntil(at);
        const issuer = issuerOf(leaf, authorities);
        const above = issuerOf(issuer, authorities);
        const standing = await l1.attempt(leaf.der, issuer.der);
        const isForged = standing === "CertificateCache_InvalidSignature";
        if (!isForged) {
          const gas = await l1.add(leaf.der, issuer.der);
          assert.ok(gas !== undefined && gas < GAS_OF_ANY_STEP, `${gas}`);
        }
        const isMilan = `${above.subject.commonName}`.endsWith("Milan");
        const chain = Buffer.concat([issuer.der, above.der]);
        for (const { name, bytes: report } of reports) {
          const input = { report, leaf: leaf.der, chain, at, roots: AMD_ROOTS };
          const what = `${name} beside ${leaf.subject.commonName} of ${above.subject.commonName}`;
          const code = await check(l1, input, isMilan || isForged, what);
          codes.add(code);
          if (code.startsWith("status")) await checkGenuine(context, l1, input, what);
        }
      }
      context.diagnostic([...codes].join(", "));
      assert.ok(codes.has("status 0"), "a genuine one");
      assert.ok(codes.has("PRODUCT_NOT_ACCEPTED"), "Milan");
    } finally {
      await anvil.stop();
    }
  });
});
