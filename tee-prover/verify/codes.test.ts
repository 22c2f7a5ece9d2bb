import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { AMD_POLICY_CODES } from "./amd/policy.ts";
import { AMD_CODES } from "./amd/refusals.ts";
import { CERTIFICATE_CODES } from "./certificates/refusals.ts";
import { DSTACK_POLICY_CODES } from "./dstack/policy.ts";
import { DSTACK_CODES } from "./dstack/refusals.ts";
import { INTEL_POLICY_CODES } from "./intel/policy.ts";
import { INTEL_CODES } from "./intel/refusals.ts";
import { NVIDIA_POLICY_CODES } from "./nvidia/policy.ts";
import { NVIDIA_CODES } from "./nvidia/refusals.ts";

const PAGE = join(import.meta.dirname, "../../docs/operate/evidence.md");

for (const [part, codes] of [
  ["certificates", CERTIFICATE_CODES],
  ["Intel", INTEL_CODES],
  ["Intel's policy", INTEL_POLICY_CODES],
  ["AMD", AMD_CODES],
  ["AMD's policy", AMD_POLICY_CODES],
  ["NVIDIA", NVIDIA_CODES],
  ["NVIDIA's policy", NVIDIA_POLICY_CODES],
  ["dstack", [...DSTACK_CODES, ...DSTACK_POLICY_CODES]],
] as const) {
  it(`explains every code of ${part} in docs/operate/evidence.md, once`, () => {
    const page = readFileSync(PAGE, "utf8");
    for (const code of codes) assert.equal(page.split(`| \`${code}\` |`).length, 2, code);
  });
}

it("uses no code twice, but that policies say the same of Intel's and AMD's evidence", () => {
  const policies = new Set([...INTEL_POLICY_CODES, ...AMD_POLICY_CODES]);
  const nvidia = [...NVIDIA_CODES, ...NVIDIA_POLICY_CODES];
  const dstack = [...DSTACK_CODES, ...DSTACK_POLICY_CODES];
  const all = [...CERTIFICATE_CODES, ...INTEL_CODES, ...AMD_CODES, ...nvidia, ...dstack, ...policies];
  assert.equal(new Set(all).size, all.length);
});
