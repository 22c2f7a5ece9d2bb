import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "image-command-"));
after(() => rmSync(folder, { recursive: true }));

function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../l2.ts"), "image", ...words],
    { encoding: "utf8", cwd: folder, env: { ...process.env, ...environment } },
  );
  return { status, stdout, stderr };
}

describe("l2 image", () => {
  it("writes the bundle and prints its hashes, the same in another environment", () => {
    const { status, stdout } = run(["--out", "out", "--modules", "modules.txt"]);
    assert.equal(status, 0);
    const { bundle, modules, sources, packages, outside } = JSON.parse(stdout);
    const bytes = readFileSync(join(folder, "out/enclave.mjs"));
    const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
    assert.deepEqual(bundle, {
      file: "out/enclave.mjs",
      bytes: bytes.length,
      sha256: digest("sha256"),
      sha384: digest("sha384"),
    });
    assert.equal(modules, sources + packages.length);
    assert.deepEqual(outside, ["node:zlib"]);
    assert.match(readFileSync(join(folder, "modules.txt"), "utf8"), /^source protocol\/claim\.ts$/m);
    writeFileSync(join(folder, "tsconfig.json"), "{ no JSON");
    const elsewhere = run([], { NODE_ENV: "production", NODE_PATH: folder, DEBUG: "*", TZ: "Asia/Tokyo" });
    const { file: _, ...hashes } = bundle;
    assert.deepEqual(JSON.parse(elsewhere.stdout).bundle, { file: null, ...hashes });
  });

  it("exits 2 where it cannot write, and for words that are no flags", () => {
    writeFileSync(join(folder, "file"), "");
    const denied = run(["--out", "file"]);
    assert.deepEqual([denied.status, denied.stdout], [2, ""]);
    assert.match(denied.stderr, /enclave\.mjs cannot be written/);
    assert.equal(run(["bundle"]).status, 2);
  });
});
