import { readFileSync } from "node:fs";
import { bigintSetting, fileSetting, flagName, textSetting } from "@phala-l2/protocol/config/settings";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { AMD_ROOTS } from "@phala-l2/tee-prover/verify/amd/product";
import { judgeSnpReport } from "@phala-l2/tee-prover/verify/amd/verdict";
import type { Tee } from "@phala-l2/tee-prover/verify/intel/quote";
import { judgeIntelQuote } from "@phala-l2/tee-prover/verify/intel/verdict";
import { INTEL_ROOT } from "@phala-l2/tee-prover/verify/intel/verify";
import { type EvidencePolicy, parsePolicy, STRICT_POLICY } from "@phala-l2/tee-prover/verify/policy";
import type { Verdict } from "@phala-l2/tee-prover/verify/verdict";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const settings = {
  kind: textSetting({ help: "what the evidence is of: tdx, sgx or sev-snp" }),
  quote: fileSetting({ help: "tdx, sgx: the quote as the platform gave it, binary", optional: true }),
  collateral: fileSetting({ help: "tdx, sgx: Intel's collateral for this quote, JSON", optional: true }),
  report: fileSetting({ help: "sev-snp: the report as the guest got it, binary", optional: true }),
  leaf: fileSetting({ help: "sev-snp: the VCEK or VLEK certificate, DER or PEM", optional: true }),
  chain: fileSetting({ help: "sev-snp: ASK or ASVK, and ARK, DER or PEM", optional: true }),
  crl: fileSetting({ help: "sev-snp: AMD's revocation list of the product, DER", optional: true }),
  at: bigintSetting({
    help: "the time to verify at, in Unix seconds; sev-snp: this machine's clock without",
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

function judgeSevSnp(given: Given, { amd }: EvidencePolicy): Verdict {
  const kind = "sev-snp";
  return judgeSnpReport(
    {
      report: readBytes(needed(given, "report", kind)),
      leaf: readBytes(needed(given, "leaf", kind)),
      chain: readBytes(needed(given, "chain", kind)),
      crl: given.crl === undefined ? undefined : readBytes(given.crl),
      at: given.at ?? BigInt(Math.floor(Date.now() / 1000)),
      roots: AMD_ROOTS,
    },
    amd,
  );
}

/** One entry a kind of evidence. */
const kinds: Readonly<Record<string, (given: Given, policy: EvidencePolicy) => Verdict>> = {
  tdx: judgeIntel("tdx"),
  sgx: judgeIntel("sgx"),
  "sev-snp": judgeSevSnp,
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
  settings,
  run: async ({ kind, policy: policyFile, ...given }, { print }) => {
    const judge = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (judge === undefined) {
      process.stderr.write(`l2: --kind is one of ${Object.keys(kinds).join(", ")}, not '${kind}'\n`);
      return BAD_USAGE;
    }
    const verdict = judge(given, policyFile === undefined ? STRICT_POLICY : readPolicy(policyFile));
    print(verdict);
    return verdict.ok ? HOLDS : DOES_NOT_HOLD;
  },
});
