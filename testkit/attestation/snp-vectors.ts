/**
 * Writes the vectors of the on-chain tests of SEV-SNP reports: `node testkit/attestation/snp-vectors.ts`. Certificates and
 * reports are of development roots, in the real formats, with the answer of the verifier off-chain to each. Keys of
 * authorities are public, those of leaves are made for the run and forgotten with it. Each run makes other ones.
 */
import { writeFileSync } from "node:fs";
import { toHex } from "@phala-l2/protocol/bytes";
import { issueLeaf, rootsOf } from "@phala-l2/tee-prover/attest/dangerously-simulated/amd";
import { DAY, type Issued, issueCrl, NOW } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import { PRODUCTS } from "@phala-l2/tee-prover/verify/amd/product";
import type { Hex } from "viem";
import { answerOffChain, packTcb } from "./snp-answers.ts";
import { sealSnpReport } from "./snp-envelope.ts";
import { issueSample, MINIMUM_TCB, snpSamples } from "./snp-samples.ts";
import { issueAmdWorldsForL1 } from "./snp-worlds.ts";

const worlds = issueAmdWorldsForL1();
const roots = rootsOf(worlds);

type Certificate = { readonly issuer: string; readonly der: Hex };

/** Each certificate once, by a name; a root's issuer has none. */
const certificates: Record<string, Certificate> = {};
const names = new Map<Hex, string>();

function nameOf({ der: bytes }: Issued, issuer: string, name: string): string {
  const der = toHex(bytes);
  const known = names.get(der);
  if (known !== undefined) return known;
  names.set(der, name);
  certificates[name] = { issuer, der };
  return name;
}

for (const product of PRODUCTS) {
  const { ark, ask, asvk, vcek, vlek } = worlds[product];
  const prefix = product.toLowerCase();
  const root = nameOf(ark, "", `${prefix}Ark`);
  nameOf(vcek, nameOf(ask, root, `${prefix}Ask`), `${prefix}Vcek`);
  nameOf(vlek, nameOf(asvk, root, `${prefix}Asvk`), `${prefix}Vlek`);
}
const { ark, ask } = worlds.Genoa;
nameOf(issueLeaf(worlds.Genoa, { certificate: { notAfter: NOW + DAY } }), "genoaAsk", "shortLeaf");

const samples = Object.entries(snpSamples).map(([name, sample]) => {
  const { input, leaf, issuer } = issueSample(worlds, roots, sample);
  const above = nameOf(issuer, `${(sample.product ?? "Genoa").toLowerCase()}Ark`, `${name}Issuer`);
  const answer = answerOffChain(input, MINIMUM_TCB);
  const sealed = sealSnpReport(input.report, leaf.der);
  return {
    name,
    code: answer.kind === "refused" ? answer.code : "",
    leaf: nameOf(leaf, above, `${name}Leaf`),
    /** Hint, length and report: the certificate stands beside. */
    sealed: toHex(sealed.subarray(0, sealed.length - leaf.der.length)),
    ...(answer.kind === "refused" ? {} : answer.facts),
  };
});

const vectors = {
  now: Number(NOW),
  minimumTcb: { genoa: packTcb(MINIMUM_TCB.Genoa), turin: packTcb(MINIMUM_TCB.Turin) },
  certificates,
  genoaList: toHex(issueCrl(ark)),
  genoaListOfAsk: toHex(issueCrl(ark, { thisUpdate: NOW - 1n, revoked: [ask.serial] })),
  count: samples.length,
  places: Object.fromEntries(samples.map(({ name }, i) => [name, i])),
  samples,
};

writeFileSync(
  new URL("../../protocol/vectors/attestation-snp.json", import.meta.url),
  `${JSON.stringify(vectors, undefined, 2)}\n`,
);
