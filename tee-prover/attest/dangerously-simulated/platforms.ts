import { createHash } from "node:crypto";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { bigintFromBytes, concatBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Product } from "../../verify/amd/product.ts";
import { parseReport } from "../../verify/amd/report.ts";
import { DEVELOPMENT_ROOTS } from "../../verify/development-roots.ts";
import { readTdReport } from "../../verify/intel/reports.ts";
import { goldenOf } from "../../verify/nvidia/golden.ts";
import { verifyRim } from "../../verify/nvidia/rim.ts";
import { type GpuEvidence, type HostEvidence, hostKindOf } from "../evidence.ts";
import { snpImage, tdxImage } from "../measurement.ts";
import { issueAuthority, issueLeaf, issueReportBy } from "./amd.ts";
import { CA_USAGE, DAY, issueCertificate, issueCrl, pemOf } from "./authority.ts";
import { type PrimeSteps, publicBytes, publicKnownKey, publicKnownRsaKey } from "./derived-keys.ts";
import { issueCollateral, issueQuote, issueWorld, tdReport } from "./intel.ts";
import {
  DRIVER,
  DRIVER_INDICES,
  FIRMWARE_ID,
  firmwareIdExtension,
  issueReport as issueGpuReport,
  issueNvidiaWorld,
  issueRim,
  VBIOS,
  VBIOS_INDICES,
} from "./nvidia.ts";

// Machines that do not exist, with evidence in the formats of those that do: of certificates under development roots,
// whose keys everybody has.

/**
 * What the certificate of this name has: signed parts are the same at each start, since L1 knows certificates by their
 * hashes. 2025-01-01 to 2049-12-31: they are as long-lived as the words that their keys come from.
 */
function draftOf(name: string) {
  const serial = bigintFromBytes(publicBytes(`serial ${name}`, 8));
  return { serial, notBefore: 1_735_689_600n, notAfter: 2_524_607_999n } as const;
}

/** Vendors publish lists for a month. */
const LIST_LIFETIME = 29n * DAY;

const LABEL = "phala-l2 DANGEROUSLY SIMULATED";

/** 48 bytes that say in every measurement that nothing was measured. */
function labelHash(what: string): Uint8Array {
  return createHash("sha384").update(`${LABEL} ${what}`).digest();
}

/** A host's evidence over report data, issued at a time in Unix seconds. */
export type SimulatedHost = (reportData: Uint8Array, at: bigint) => HostEvidence;

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/** What is measured of a TD. */
function tdOf(kind: ProverKind) {
  const zeros = new Uint8Array(48);
  return {
    mrTd: labelHash(`${kind} MRTD`),
    mrConfigId: zeros,
    mrOwner: zeros,
    mrOwnerConfig: zeros,
    rtmr: [0, 1, 2, 3].map((i) => labelHash(`${kind} RTMR${i}`)),
  };
}

/** A platform of Intel's with one TD: quotes of version 4, and collateral by which it is up to date. */
export function simulatedTdx(kind: ProverKind): SimulatedHost {
  const key = (name: string) => publicKnownKey("P-256", `intel ${name}`);
  const ppid = toHex(publicBytes(`intel ppid ${kind}`, 16)).slice(2);
  const world = issueWorld({
    root: draftOf("intel root"),
    pckCa: draftOf("intel pck ca"),
    tcbSigner: draftOf("intel tcb signing"),
    pck: draftOf(`intel pck ${kind}`),
    platform: { ppid },
    keys: {
      root: key("root"),
      pckCa: key("pck ca"),
      tcbSigner: key("tcb signing"),
      pck: key(`pck ${kind}`),
      attestation: key(`attestation ${kind}`),
    },
  });
  const td = tdOf(kind);
  return (reportData, at) => {
    const list = { thisUpdate: at - DAY, nextUpdate: at + LIST_LIFETIME };
    const window = { issueDate: iso(list.thisUpdate), nextUpdate: iso(list.nextUpdate) };
    return {
      kind: "TDX",
      quote: issueQuote(world, { format: "td10", td: { ...td, reportData } }),
      collateral: issueCollateral(world, "tdx", {
        tcbInfo: window,
        qeIdentity: window,
        rootCrl: list,
        pckCrl: list,
      }),
      eventLog: undefined,
      compose: undefined,
    };
  };
}

const PRODUCT: Product = "Genoa";
const ARK_PRIMES: PrimeSteps = { p: 409n, q: 831n };
const ASK_PRIMES: PrimeSteps = { p: 614n, q: 502n };
/** Offsets of fields of a report (AMD 56860, table 23). */
const REPORT_DATA = 0x50;
const MEASUREMENT = 0x90;
const HOST_DATA = 0xc0;

/** What each processor is called, and signs with. */
function chipOf(kind: ProverKind) {
  const key = publicKnownKey("P-384", `amd vcek ${kind}`);
  return { hardwareId: publicBytes(`amd chip ${kind}`, 64), key };
}

function snpReportOf(kind: ProverKind, reportData: Uint8Array): Uint8Array {
  const { hardwareId: chipId, key } = chipOf(kind);
  return issueReportBy(key, PRODUCT, {
    version: 3,
    chipId,
    patches: {
      [REPORT_DATA]: reportData,
      [MEASUREMENT]: labelHash(`${kind} MEASUREMENT`),
      [HOST_DATA]: new Uint8Array(32),
    },
  });
}

/**
 * Identity of the image that a simulated prover of this kind says it runs, as the registry keeps it: for deployments that
 * accept it. No certificate is issued for it, which takes seconds for AMD's keys.
 */
export function simulatedImage(kind: ProverKind): Hash {
  const host = hostKindOf(kind);
  if (host === "TDX") return tdxImage(readTdReport(tdReport("td10", tdOf(kind)), "td10"));
  const report = parseReport(snpReportOf(kind, new Uint8Array(64)));
  if (report.kind === "report") return snpImage(report);
  throw new RollupError("EVIDENCE_MALFORMED", `a simulated report: ${report.field}`);
}

/** A processor of AMD's with one guest: reports of version 3, signed by the chip's own key. */
export function simulatedSevSnp(kind: ProverKind): SimulatedHost {
  const authority = { ca: true, keyUsage: CA_USAGE, ...draftOf("amd ark genoa") };
  const arkKey = publicKnownRsaKey("amd ark genoa", ARK_PRIMES);
  const ark = issueCertificate({ subject: `ARK-${PRODUCT}`, ...authority }, undefined, arkKey);
  const askKey = publicKnownRsaKey("amd ask genoa", ASK_PRIMES);
  const ask = issueAuthority(ark, `SEV-${PRODUCT}`, draftOf("amd ask genoa"), askKey);
  const { hardwareId, key } = chipOf(kind);
  const signers = { product: PRODUCT, ask, asvk: ask };
  const vcek = issueLeaf(signers, { key, hardwareId, certificate: { ...draftOf("amd vcek"), serial: 0n } });
  return (reportData, at) => ({
    kind: "SEV_SNP",
    report: snpReportOf(kind, reportData),
    leaf: vcek.der,
    chain: concatBytes(ask.der, ark.der),
    crl: issueCrl(ark, { thisUpdate: at - DAY, nextUpdate: at + LIST_LIFETIME }),
  });
}

/** The GPU of an index in the machine of a kind, with the nonce: a report that its RIMs agree with. */
export function simulatedGpu(
  index: number,
  kind: ProverKind = "TDX_GPU",
): (nonce: Uint8Array) => GpuEvidence {
  const own = `GPU ${index} of ${kind}`;
  const shared = /Identity|Provisioner|RIM/;
  const nameOf = (subject: string) => `nvidia ${subject}${shared.test(subject) ? "" : ` of ${own}`}`;
  const alias = publicKnownKey("P-384", `nvidia alias of ${own}`);
  const world = issueNvidiaWorld({
    keyOf: (subject) => publicKnownKey("P-384", nameOf(subject)),
    draftOf: (subject) => draftOf(nameOf(subject)),
    firmwareId: firmwareIdExtension("composite", FIRMWARE_ID, undefined, alias.spki),
  });
  const rims = [
    issueRim(world, { version: DRIVER, measurements: DRIVER_INDICES }),
    issueRim(world, { version: VBIOS, measurements: VBIOS_INDICES }),
  ];
  return (nonce) => ({
    index,
    report: issueGpuReport(world, { nonce }),
    certificates: pemOf(...world.chain),
    rims,
  });
}

/** What every simulated GPU measures, as governance accepts it. @param at Unix seconds. */
export function simulatedGpuMeasurement(at: bigint): Hash {
  const { rims } = simulatedGpu(0)(new Uint8Array(32));
  const verified = rims.map((document) => {
    const rim = verifyRim(document, { roots: [DEVELOPMENT_ROOTS.nvidiaRim], at });
    if (rim.kind === "rim") return rim;
    throw new RollupError("EVIDENCE_MALFORMED", `a simulated RIM: ${rim.field}`);
  });
  const golden = goldenOf(verified);
  if (golden.kind === "golden") return golden.measurement;
  throw new RollupError("EVIDENCE_MALFORMED", `simulated RIMs: ${golden.field}`);
}
