/**
 * Writes the vectors of the on-chain tests of SEV-SNP reports: `node testkit/attestation/snp-vectors.ts`. Certificates and
 * reports are of development roots, in the real formats, with the answer of the verifier off-chain to each. Keys of
 * authorities are public, those of leaves are made for the run and forgotten with it. Each run makes other ones.
 */
import { writeFileSync } from "node:fs";
import { toHex } from "@phala-l2/protocol/bytes";
import { rootsOf } from "@phala-l2/tee-prover/attest/dangerously-simulated/amd";
import { type Issued, issueCrl, NOW } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import { PRODUCTS } from "@phala-l2/tee-prover/verify/amd/product";
import { packTcb } from "@phala-l2/tee-prover/verify/amd/tcb-digest";
import { encodeAbiParameters, type Hex, parseAbiParameters } from "viem";
import { answerOffChain, NOTHING } from "./snp-answers.ts";
import { sealSnpReport } from "./snp-envelope.ts";
import { issueSample, MINIMUM_TCB, snpSamples } from "./snp-samples.ts";
import { issueAmdWorldsForL1 } from "./snp-worlds.ts";

const worlds = issueAmdWorldsForL1();
const roots = rootsOf(worlds);

type Certificate = { readonly name: string; readonly issuer: string; readonly der: Hex };

/** Each certificate once, by its bytes, under a name; an issuer stands before what it issued, and a root has none. */
const certificates = new Map<Hex, Certificate>();

function nameOf({ der: bytes }: Issued, issuer: string, name: string): string {
  const der = toHex(bytes);
  const known = certificates.get(der);
  if (known === undefined) certificates.set(der, { name, issuer, der });
  return known?.name ?? name;
}

for (const product of PRODUCTS) {
  const { ark, ask, asvk, vcek, vlek } = worlds[product];
  const prefix = product.toLowerCase();
  const root = nameOf(ark, "", `${prefix}Ark`);
  nameOf(vcek, nameOf(ask, root, `${prefix}Ask`), `${prefix}Vcek`);
  nameOf(vlek, nameOf(asvk, root, `${prefix}Asvk`), `${prefix}Vlek`);
}
const { ark, ask } = worlds.Genoa;

const REFUSED = {
  tcbStatus: 0,
  advisories: NOTHING,
  measurement: NOTHING,
  platformId: NOTHING,
  reportData: "0x",
} as const;

const samples = Object.entries(snpSamples).map(([name, sample]) => {
  const { input, leaf, issuer } = issueSample(worlds, roots, sample);
  const above = nameOf(issuer, `${(sample.product ?? "Genoa").toLowerCase()}Ark`, `${name}Issuer`);
  const sealed = sealSnpReport(input.report, leaf.der);
  const answer = answerOffChain(input, MINIMUM_TCB);
  return {
    name,
    leaf: nameOf(leaf, above, `${name}Leaf`),
    // Hint, length and report: the certificate stands beside.
    sealed: toHex(sealed.subarray(0, sealed.length - leaf.der.length)),
    code: answer.kind === "refused" ? answer.code : "",
    ...(answer.kind === "refused" ? REFUSED : answer.facts),
  };
});

const CERTIFICATES = parseAbiParameters([
  "Certificate[] certificates",
  "struct Certificate { string name; string issuer; bytes der; }",
]);
const SAMPLES = parseAbiParameters([
  "Sample[] samples",
  "struct Sample { string name; string leaf; bytes sealed; string code; uint8 tcbStatus; bytes32 advisories; bytes32 measurement; bytes32 platformId; bytes reportData; }",
]);

const vectors = {
  now: Number(NOW),
  minimumTcb: { genoa: Number(packTcb(MINIMUM_TCB.Genoa)), turin: Number(packTcb(MINIMUM_TCB.Turin)) },
  genoaList: toHex(issueCrl(ark)),
  genoaListOfAsk: toHex(issueCrl(ark, { thisUpdate: NOW - 1n, revoked: [ask.serial] })),
  // ABI-encoded, since tests in Solidity would read so much JSON field by field for minutes.
  certificates: encodeAbiParameters(CERTIFICATES, [[...certificates.values()]]),
  samples: encodeAbiParameters(SAMPLES, [samples]),
};

writeFileSync(
  new URL("../../protocol/vectors/attestation-snp.json", import.meta.url),
  `${JSON.stringify(vectors, undefined, 2)}\n`,
);
