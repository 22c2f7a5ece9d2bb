/**
 * Writes the vectors of the on-chain tests of GPUs' reports: `node testkit/attestation/nvidia-vectors.ts`. Certificates,
 * RIMs and reports are of development roots, in the real formats; the keys are made for the run and forgotten with it, so
 * that the file holds public data only. Each run makes other ones.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { toHex } from "@phala-l2/protocol/bytes";
import { isP384PointOdd } from "@phala-l2/protocol/p384";
import {
  CA_USAGE,
  type Issued,
  issueCertificate,
  LEAF_USAGE,
  NOW,
  newKey,
  pointOf,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  firmwareIdExtension,
  issueNvidiaWorld,
  issueReport,
  measurementOf,
  type NvidiaWorld,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/nvidia";
import { goldenDrafts, goldenFrom } from "./nvidia-golden.ts";
import { issueForeignLeafOf, issueLeafOf, leafDrafts, reportDrafts } from "./nvidia-reports.ts";

/** A map of the same names. */
function mapped<Value, Result>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

const der = (certificate: Issued | undefined) => toHex(certificate?.der ?? new Uint8Array(0));

/** Root first, but for the leaf. */
function authorities({ chain }: NvidiaWorld) {
  return chain.slice(1).toReversed().map(der);
}

const world = issueNvidiaWorld();
const foreign = issueNvidiaWorld();
const [leaf, bootRom, provisioner] = world.chain;
if (leaf === undefined) throw new TypeError("a world without a leaf");
const extensions = [firmwareIdExtension("composite")];
const leafDraft = { subject: leaf.subject, keyUsage: LEAF_USAGE, extensions };
const belowAuthority = issueCertificate(
  { subject: "Development Further Authority", ca: true, keyUsage: CA_USAGE },
  bootRom,
  newKey("P-384"),
);
const plain = issueReport(world, reportDrafts.plain);
const digest = createHash("sha384").update(plain.subarray(0, -96)).digest();

const vectors = {
  now: Number(NOW),
  authorities: authorities(world),
  leaf: der(leaf),
  leaves: {
    ...mapped(leafDrafts, (draft) => der(issueLeafOf(world, draft))),
    ofP256: der(issueForeignLeafOf(world)),
  },
  ofProvisioner: der(issueCertificate(leafDraft, provisioner, leaf.key)),
  furtherAuthority: der(belowAuthority),
  ofFurtherAuthority: der(issueCertificate(leafDraft, belowAuthority, leaf.key)),
  foreignAuthorities: authorities(foreign),
  foreignLeaf: der(foreign.chain[0]),
  foreignReport: toHex(issueReport(foreign, reportDrafts.plain)),
  signedByOther: toHex(issueReport(world, { ...reportDrafts.plain, signer: newKey("P-384") })),
  plainIsOdd: isP384PointOdd(pointOf(leaf.key), plain.subarray(-96), digest) ?? false,
  reports: { ...mapped(reportDrafts, (draft) => toHex(issueReport(world, draft))), plain: toHex(plain) },
  goldens: mapped(goldenDrafts, (draft) => toHex(goldenFrom(draft))),
  firstMeasurement: `0x${measurementOf(0)}`,
};

writeFileSync(
  new URL("../../protocol/vectors/attestation-nvidia.json", import.meta.url),
  `${JSON.stringify(vectors, undefined, 2)}\n`,
);
