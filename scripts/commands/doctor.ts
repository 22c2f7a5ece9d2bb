import { readFileSync } from "node:fs";
import {
  describeProblem,
  fileSetting,
  resolveSettings,
  type SettingProblem,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { diagnoseProver } from "@phala-l2/tee-prover/doctor";
import type { DoctorCheck } from "@phala-l2/tee-prover/doctor/check";
import { proverSettings } from "@phala-l2/tee-prover/main";
import { commonSettings, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const MILLISECONDS = 1000;

function now(): bigint {
  return BigInt(Math.floor(Date.now() / MILLISECONDS));
}

/** The prover's settings as its own command reads them. @throws RollupError SETTING_INVALID when there are none */
function readEntries(file: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    // A JSON error quotes the text, which may hold a key.
    throw new RollupError("SETTING_INVALID", `--config ${file} cannot be read as JSON`, { cause: error });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new RollupError("SETTING_INVALID", `--config ${file}: a JSON object of settings is wanted`);
  }
  const own = Object.entries(json).filter(([name]) => !Object.hasOwn(commonSettings, name));
  return Object.fromEntries(own);
}

function problemCheck(problem: SettingProblem): DoctorCheck {
  return {
    check: "configuration",
    ok: false,
    field: problem.setting,
    wanted: "a setting as 'l2 prover --help' tells",
    found: describeProblem(problem),
    remedy: "mend this entry of the file",
    days: null,
  };
}

export const doctorCommand = defineCommand({
  name: "doctor",
  summary: "checks a prover's configuration, L1, TEE and evidence, and names what to mend; starts nothing",
  settings: {
    config: fileSetting({ help: "the prover's configuration file" }),
    policy: fileSetting({
      help: "what to accept of evidence, JSON (docs/operate/evidence.md); strict without",
      optional: true,
    }),
  },
  run: async ({ config, policy }, { log, print }) => {
    const file = readEntries(config);
    const resolved = resolveSettings(proverSettings, { flags: {}, environment: process.env, file });
    if (resolved.kind === "invalid") {
      const nothing = { simulated: null, measurement: null, program: null };
      print({ ok: false, ...nothing, checks: resolved.problems.map(problemCheck) });
      return DOES_NOT_HOLD;
    }
    const diagnosis = await diagnoseProver(resolved.settings, { log, now, policy });
    print(diagnosis);
    return diagnosis.ok ? HOLDS : DOES_NOT_HOLD;
  },
});
