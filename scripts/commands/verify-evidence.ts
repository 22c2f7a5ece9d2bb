import { readFileSync } from "node:fs";
import {
  bigintSetting,
  choiceOf,
  fileSetting,
  flagName,
  hexSetting,
  listSetting,
} from "@phala-l2/protocol/config/settings";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { AMD_ROOTS } from "@phala-l2/tee-prover/verify/amd/product";
import { judgeSnpReport } from "@phala-l2/tee-prover/verify/amd/verdict";
import { judgeDstackReport } from "@phala-l2/tee-prover/verify/dstack/verdict";
import type { Tee } from "@phala-l2/tee-prover/verify/intel/quote";
import { judgeIntelQuote } from "@phala-l2/tee-prover/verify/intel/verdict";
import { INTEL_ROOT } from "@phala-l2/tee-prover/verify/intel/verify";
import { NVIDIA_RIM_ROOT } from "@phala-l2/tee-prover/verify/nvidia/rim";
import { judgeNvidiaReport } from "@phala-l2/tee-prover/verify/nvidia/verdict";
import { NVIDIA_DEVICE_ROOT } from "@phala-l2/tee-prover/verify/nvidia/verify";
import { type EvidencePolicy, parsePolicy, STRICT_POLICY } from "@phala-l2/tee-prover/verify/policy";
import type { Verdict } from "@phala-l2/tee-prover/verify/verdict";
import { DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const KINDS = ["tdx", "sgx", "sev-snp", "nvidia", "dstack"] as const;

const settings = {
  kind: choiceOf(...KINDS)({ help: "what the evidence is of" }),
  quote: fileSetting({ help: "tdx, sgx: the quote as the platform gave it, binary", optional: true }),
  collateral: fileSetting({
    help: "tdx, sgx, dstack: Intel's collateral for the quote, JSON",
    optional: true,
  }),
  report: fileSetting({
    help: "sev-snp: the report as the guest got it, binary; nvidia: hex, base64, binary, or JSON with the chains; dstack: JSON",
    optional: true,
  }),
  leaf: fileSetting({ help: "sev-snp: the VCEK or VLEK certificate, DER or PEM", optional: true }),
  chain: fileSetting({
    help: "sev-snp: ASK or ASVK, and ARK, DER or PEM; nvidia: the device's five certificates",
    optional: true,
  }),
  crl: fileSetting({ help: "sev-snp: AMD's revocation list of the product, DER", optional: true }),
  nonce: hexSetting({ help: "nvidia: the 32 bytes that the report was asked for with", optional: true }),
  rim: listSetting({
    help: "nvidia: RIMs of driver and VBIOS; several by commas, flags or further words",
    optional: true,
  }),
  compose: fileSetting({ help: "dstack: app-compose.json, byte by byte as it was deployed", optional: true }),
  at: bigintSetting({
    help: "the time to verify at, in Unix seconds; sev-snp, nvidia: this machine's clock without",
    optional: true,
  }),
  policy: fileSetting({
    help: "what to accept, JSON (docs/operate/evidence.md); strict without",
    optional: true,
  }),
};

/** The flags of one call; each kind takes those that it needs. */
type Given = {
  readonly quote: string | undefined;
  readonly collateral: string | undefined;
  readonly report: string | undefined;
  readonly leaf: string | undefined;
  readonly chain: string | undefined;
  readonly crl: string | undefined;
  readonly nonce: Uint8Array | undefined;
  readonly rim: readonly string[] | undefined;
  readonly compose: string | undefined;
  readonly at: bigint | undefined;
};

/** @throws RollupError SETTING_INVALID when the flag is not there */
function needed<Name extends keyof Given>(given: Given, name: Name, kind: string): NonNullable<Given[Name]> {
  const value = given[name];
  if (value !== undefined && value !== null) return value;
  throw new RollupError("SETTING_INVALID", `${flagName(name)} is needed for --kind ${kind}`, {
    data: { name },
  });
}

function judgeIntel(tee: Tee) {
  return (given: Given, { intel }: EvidencePolicy): Verdict =>
    judgeIntelQuote(
      {
        tee,
        quote: readBytes(needed(given, "quote", tee)),
        collateral: readText(needed(given, "collateral", tee)),
        at: needed(given, "at", tee),
        roots: [INTEL_ROOT],
      },
      intel,
    );
}

/** This machine's clock, in Unix seconds. */
function now(): bigint {
  return BigInt(Math.floor(Date.now() / 1000));
}

function judgeSevSnp(given: Given, { amd }: EvidencePolicy): Verdict {
  const kind = "sev-snp";
  return judgeSnpReport(
    {
      report: readBytes(needed(given, "report", kind)),
      leaf: readBytes(needed(given, "leaf", kind)),
      chain: readBytes(needed(given, "chain", kind)),
      crl: given.crl === undefined ? undefined : readBytes(given.crl),
      at: given.at ?? now(),
      roots: AMD_ROOTS,
    },
    amd,
  );
}

function judgeNvidia(given: Given, { nvidia }: EvidencePolicy): Verdict {
  const { chain, nonce, rim = [], at } = given;
  return judgeNvidiaReport(
    {
      report: readBytes(needed(given, "report", "nvidia")),
      chain: chain === undefined ? undefined : readBytes(chain),
      nonce,
      rims: rim.map(readText),
      at: at ?? now(),
      deviceRoots: [NVIDIA_DEVICE_ROOT],
      rimRoots: [NVIDIA_RIM_ROOT],
    },
    nvidia,
  );
}

function judgeDstack(given: Given, policy: EvidencePolicy): Verdict {
  const kind = "dstack";
  return judgeDstackReport(
    {
      report: readText(needed(given, "report", kind)),
      collateral: readText(needed(given, "collateral", kind)),
      compose: given.compose === undefined ? undefined : readBytes(given.compose),
      at: needed(given, "at", kind),
      roots: [INTEL_ROOT],
    },
    policy,
  );
}

/** One entry a kind of evidence. */
const kinds: Readonly<Record<(typeof KINDS)[number], (given: Given, policy: EvidencePolicy) => Verdict>> = {
  tdx: judgeIntel("tdx"),
  sgx: judgeIntel("sgx"),
  "sev-snp": judgeSevSnp,
  nvidia: judgeNvidia,
  dstack: judgeDstack,
};

/** @throws RollupError SETTING_INVALID when the file cannot be read */
function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new RollupError("SETTING_INVALID", `${file} cannot be read`, { data: { file }, cause: error });
  }
}

function readText(file: string): string {
  return new TextDecoder().decode(readBytes(file));
}

function readPolicy(file: string): EvidencePolicy {
  try {
    return parsePolicy(readText(file));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isRollupError(error, "CONFIG_INVALID")) throw error;
    throw new RollupError("SETTING_INVALID", `--policy ${file}: ${error.message}`, { cause: error });
  }
}

export const verifyEvidenceCommand = defineCommand({
  name: "verify-evidence",
  summary: "verifies what hardware signed about a TEE, and judges it by a policy",
  words: { name: "rim", help: "nvidia: further RIMs after the one of --rim", fault: () => undefined },
  settings,
  faults: (given, words) =>
    words.length === 0 || given.has("rim")
      ? []
      : [`only files after --rim stand without a flag, not '${words.join(" ")}'`],
  run: async ({ kind, policy: policyFile, ...flags }, { words, print }) => {
    const given = { ...flags, rim: flags.rim === undefined ? undefined : [...flags.rim, ...words] };
    const verdict = kinds[kind](given, policyFile === undefined ? STRICT_POLICY : readPolicy(policyFile));
    print(verdict);
    return verdict.ok ? HOLDS : DOES_NOT_HOLD;
  },
});
