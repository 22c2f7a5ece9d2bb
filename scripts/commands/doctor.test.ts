import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const program = join(import.meta.dirname, "../l2.ts");
const folder = mkdtempSync(join(tmpdir(), "doctor-command-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function doctor(...words: readonly string[]) {
  // Of the tester's settings none, and what was compiled before.
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const options = { encoding: "utf8", env: { PATH, NODE_COMPILE_CACHE } } as const;
  return spawnSync(process.execPath, [program, "doctor", ...words], options);
}

describe("l2 doctor", () => {
  it("tells all faults of a configuration at once, as JSON, without what may be secret", () => {
    const content = { kind: "sgx", l1RpcUrls: ["ftp://example.org/secret-key"], dataDir: folder, typo: 1 };
    const { status, stdout } = doctor("--config", file("faulty.json", JSON.stringify(content)));
    assert.equal(status, 1);
    const { ok, checks }: { ok: boolean; checks: { field: string; ok: boolean; remedy: string }[] } =
      JSON.parse(stdout);
    assert.equal(ok, false);
    for (const field of ["kind", "l1RpcUrls", "rollup", "proverRegistry", "account", "typo"]) {
      assert.ok(
        checks.some((check) => check.field === field && !check.ok && check.remedy !== ""),
        field,
      );
    }
    assert.ok(!stdout.includes("secret-key"));
  });

  for (const [what, words] of [
    ["no configuration", []],
    ["a file that is not there", ["--config", join(folder, "none.json")]],
    ["a file that is no JSON", ["--config", file("broken.json", '{"account": "secret-key')]],
    ["a file that is no object", ["--config", file("list.json", "[]")]],
  ] as const) {
    it(`with ${what} is called wrongly`, () => {
      const { status, stdout, stderr } = doctor(...words);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^l2: .*config/);
      assert.ok(!stderr.includes("secret-key"));
    });
  }
});
