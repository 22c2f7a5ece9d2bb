import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CA_USAGE,
  type CertificateDraft,
  DAY,
  type Issued,
  issueCertificate,
  issueCrl,
  LEAF_USAGE,
  NOW,
  pemOf,
  signRaw,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
  type PckDraft,
  pckExtension,
  tcbInfoOf,
  type World,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import type { Certificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { KEY_USAGE } from "@phala-l2/tee-prover/verify/certificates/extensions";
import type { IntelInput } from "@phala-l2/tee-prover/verify/intel/verify";
import { offChain, onChain, withL1 } from "./answers.ts";
import type { IntelOnL1 } from "./intel-on-l1.ts";
import { certificatePiece, certificatesOf, idOf, listPiece, statementPiece } from "./intel-pieces.ts";
import { quoteDrafts } from "./tdx-quotes.ts";

const world = issueWorld();
const SGX = "1.2.840.113741.1.13.1";
const PCK = "Intel SGX PCK Certificate";
const TCB_SIGNING = "Intel SGX TCB Signing";

function inputOf(of: World): IntelInput {
  const quote = issueQuote(of, quoteDrafts.td10);
  // What a collateral file says does not depend on the platform.
  return { tee: "tdx", quote, collateral: issueCollateral(world, "tdx"), at: NOW, roots: world.roots };
}

/** A certificate that Intel's authorities might have issued: of any name and usage, with a platform's extension. */
function leafOf(
  subject: string,
  issuer: Issued,
  { platform = {}, ...draft }: Partial<CertificateDraft> & { readonly platform?: PckDraft } = {},
): Issued {
  const extensions = [{ oid: SGX, critical: false, value: pckExtension(platform) }];
  return issueCertificate({ subject, ca: false, keyUsage: LEAF_USAGE, extensions, ...draft }, issuer);
}

function parsed(issued: Issued): Certificate {
  const [certificate] = certificatesOf(pemOf(issued));
  assert.ok(certificate !== undefined);
  return certificate;
}

async function addCertificate(l1: IntelOnL1, issued: Issued, issuer: Issued): Promise<void> {
  await l1.bring(certificatePiece(issued.subject, issued.der, idOf(parsed(issuer))));
}

describe("who vouches for a platform, on L1 and off-chain", () => {
  const otherCa = issueCertificate(
    { subject: "Intel SGX Other CA", ca: true, pathLength: 0, keyUsage: CA_USAGE },
    world.root,
  );
  const processorCa = issueCertificate(
    { subject: "Intel SGX PCK Processor CA", ca: true, pathLength: 0, keyUsage: CA_USAGE },
    world.root,
  );

  it("is a PCK certificate under Intel's PCK CAs, and no other certificate of Intel's", async () => {
    const cases = [
      {
        name: "another PCK certificate",
        leaf: leafOf(PCK, world.pckCa),
        issuer: world.pckCa,
        error: undefined,
      },
      {
        name: "a PCK certificate of processors",
        leaf: leafOf(PCK, processorCa),
        issuer: processorCa,
        error: undefined,
      },
      {
        name: "a PCK certificate whose usages are not told",
        leaf: leafOf(PCK, world.pckCa, { keyUsage: undefined }),
        issuer: world.pckCa,
        error: undefined,
      },
      {
        name: "a PCK certificate for lists only",
        leaf: leafOf(PCK, world.pckCa, { keyUsage: [KEY_USAGE.cRLSign] }),
        issuer: world.pckCa,
        error: "PCK_ISSUER",
      },
      {
        name: "a PCK certificate for certificates too",
        leaf: leafOf(PCK, world.pckCa, { keyUsage: [...LEAF_USAGE, KEY_USAGE.keyCertSign] }),
        issuer: world.pckCa,
        error: "PCK_ISSUER",
      },
      {
        name: "a PCK certificate of another authority",
        leaf: leafOf(PCK, otherCa),
        issuer: otherCa,
        error: "PCK_ISSUER",
      },
      {
        name: "another certificate of the PCK CA",
        leaf: leafOf("Intel SGX Anything", world.pckCa),
        issuer: world.pckCa,
        error: "PCK_ISSUER",
      },
      {
        name: "a signer of statements under the PCK CA",
        leaf: leafOf(TCB_SIGNING, world.pckCa),
        issuer: world.pckCa,
        error: "PCK_ISSUER",
      },
      {
        name: "a PCK certificate of the root",
        leaf: leafOf(PCK, world.root),
        issuer: world.root,
        error: "PCK_ISSUER",
      },
      {
        name: "the signer of statements",
        leaf: leafOf(TCB_SIGNING, world.root),
        issuer: world.root,
        error: "PCK_ISSUER",
      },
    ] as const;
    const input = inputOf(world);
    await withL1(input, async (l1) => {
      for (const ca of [otherCa, processorCa]) {
        await addCertificate(l1, ca, world.root);
        await l1.bring(listPiece("list", issueCrl(ca), idOf(parsed(ca))));
      }
      for (const { name, leaf, issuer, error } of cases) {
        await addCertificate(l1, leaf, issuer);
        const above = issuer === world.root ? [world.root] : [issuer, world.root];
        const quote = issueQuote({ ...world, pck: leaf }, { format: "td10", chain: pemOf(leaf, ...above) });
        const fields = {
          pck_crl: Buffer.from(issueCrl(issuer)).toString("hex"),
          pck_crl_issuer_chain: pemOf(...above),
        };
        const collateral = issueCollateral(world, "tdx", { fields });
        const found = await onChain(l1, quote);
        assert.equal(found.code, error ?? "UpToDate", name);
        const wanted = offChain({ ...input, quote, collateral });
        // Off-chain a chain of two is refused before its names are looked at.
        assert.equal(wanted.facts === undefined, found.facts === undefined, name);
        if (error === undefined) assert.deepEqual(found, wanted, name);
      }
    });
  });

  it("is no authority", async () => {
    const quote = issueQuote(
      { ...world, pck: world.pckCa },
      { format: "td10", chain: pemOf(world.pckCa, world.root) },
    );
    const root = issueQuote({ ...world, pck: world.root }, { format: "td10", chain: pemOf(world.root) });
    const input = inputOf(world);
    await withL1(input, async (l1) => {
      for (const each of [quote, root]) {
        assert.equal((await onChain(l1, each)).code, "PCK_ISSUER");
        assert.equal(offChain({ ...input, quote: each }).facts, undefined);
      }
    });
  });

  it("is judged by what Intel says of its own family, and nothing by another's", async () => {
    const input = inputOf(world);
    await withL1(input, async (l1) => {
      for (const platform of [
        { fmspc: "00a1b2c3d4e6" },
        { pceId: "0001" },
        { fmspc: "000000000000", pceId: "ffff" },
      ]) {
        const pck = leafOf(PCK, world.pckCa, { platform });
        await addCertificate(l1, pck, world.pckCa);
        const quote = issueQuote({ ...world, pck }, quoteDrafts.td10);
        const wanted = offChain({ ...input, quote });
        assert.equal(wanted.code, "TCB_INFO_MISMATCH");
        assert.deepEqual(await onChain(l1, quote), wanted);
      }
    });
  });

  it("is revoked for good once a list names it, on L1 and off-chain", async () => {
    const input = inputOf(world);
    await withL1(input, async (l1) => {
      const pckCrl = { thisUpdate: NOW - 1n, revoked: [world.pck.serial] };
      await l1.bring(listPiece("newer list", issueCrl(world.pckCa, pckCrl), idOf(parsed(world.pckCa))));
      const wanted = offChain({ ...input, collateral: issueCollateral(world, "tdx", { pckCrl }) });
      assert.equal(wanted.code, "CERTIFICATE_REVOKED");
      assert.equal((await onChain(l1, input.quote)).code, "INVALID_CERTIFICATE");
      // An older list, which does not name it, changes nothing.
      const older = issueCrl(world.pckCa, { thisUpdate: NOW - DAY / 2n });
      const piece = listPiece("older list", older, idOf(parsed(world.pckCa)));
      assert.equal(await l1.attempt(piece, piece.parts), "CertificateCache_RevocationsKnown");
    });
  });
});

describe("who signs Intel's statements, on L1", () => {
  const text = JSON.stringify(tcbInfoOf("tdx", { tcbEvaluationDataNumber: 20 }));
  const byKey = ({ key }: Issued) => signRaw(key, new TextEncoder().encode(text));

  it("is a leaf of the root with the signer's name, and nobody else", async () => {
    const second = leafOf(TCB_SIGNING, world.root);
    const cases = [
      { name: "a second signer", by: second, issuer: world.root, error: "accepted" },
      {
        name: "a platform's certificate",
        by: leafOf(PCK, world.pckCa),
        issuer: world.pckCa,
        error: "IntelCollateral_PckIssuer",
      },
      {
        name: "a leaf of the PCK CA with the signer's name",
        by: leafOf(TCB_SIGNING, world.pckCa),
        issuer: world.pckCa,
        error: "IntelCollateral_PckIssuer",
      },
      {
        name: "a leaf of the root with another name",
        by: leafOf("Intel SGX Attestation Report Signing", world.root),
        issuer: world.root,
        error: "IntelCollateral_PckIssuer",
      },
      {
        name: "an authority with the signer's name",
        by: issueCertificate(
          { subject: TCB_SIGNING, ca: true, pathLength: 0, keyUsage: CA_USAGE },
          world.root,
        ),
        issuer: world.root,
        error: "IntelCollateral_PckIssuer",
      },
    ] as const;
    await withL1(inputOf(world), async (l1) => {
      for (const { name, by, issuer, error } of cases) {
        await addCertificate(l1, by, issuer);
        const piece = statementPiece("recordTcbInfo", { text, signature: byKey(by) }, parsed(by));
        assert.equal(await l1.attempt(piece, piece.parts), error, name);
        // The signer's name with another's certificate.
        const named = { ...piece.parts, name: parsed(world.tcbSigner).subject.raw };
        const sameName = by.subject === TCB_SIGNING;
        assert.equal(await l1.attempt(piece, named), sameName ? error : "IntelCollateral_PckIssuer", name);
        // Another's signature under the signer's certificate.
        if (by === second) continue;
        const forged = statementPiece(
          "recordTcbInfo",
          { text, signature: byKey(by) },
          parsed(world.tcbSigner),
        );
        const answer = await l1.attempt(forged, forged.parts);
        assert.equal(answer, "IntelCollateral_TcbInfoSignatureInvalid", name);
      }
      for (const { name, issued } of [
        { name: "the root", issued: world.root },
        { name: "the PCK CA", issued: world.pckCa },
      ]) {
        const piece = statementPiece("recordTcbInfo", { text, signature: byKey(issued) }, parsed(issued));
        assert.equal(await l1.attempt(piece, piece.parts), "IntelCollateral_PckIssuer", name);
      }
    });
  });

  it("is not another Intel", async () => {
    const foreign = issueWorld();
    await withL1(inputOf(world), async (l1) => {
      const signature = byKey(foreign.tcbSigner);
      const piece = statementPiece("recordTcbInfo", { text, signature }, parsed(foreign.tcbSigner));
      assert.equal(await l1.attempt(piece, piece.parts), "CertificateCache_InvalidCertificate");
    });
  });
});
