import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { CERTIFICATE_CODES } from "./certificates/refusals.ts";
import { INTEL_POLICY_CODES } from "./intel/policy.ts";
import { INTEL_CODES } from "./intel/refusals.ts";

const PAGE = join(import.meta.dirname, "../../docs/operate/evidence.md");

for (const [part, codes] of [
  ["certificates", CERTIFICATE_CODES],
  ["Intel", INTEL_CODES],
  ["Intel's policy", INTEL_POLICY_CODES],
] as const) {
  it(`explains every code of ${part} in docs/operate/evidence.md, once`, () => {
    const page = readFileSync(PAGE, "utf8");
    for (const code of codes) assert.equal(page.split(`| \`${code}\` |`).length, 2, code);
  });
}

it("uses no code twice", () => {
  const all = [...CERTIFICATE_CODES, ...INTEL_CODES, ...INTEL_POLICY_CODES];
  assert.equal(new Set(all).size, all.length);
});
