import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { after, describe, it } from "node:test";
import { bundleDigests, bundleEnclave, CHECKOUT } from "./bundle.ts";
import { formatModules } from "./modules.ts";

const folder = mkdtempSync(join(tmpdir(), "enclave-image-"));
after(() => rmSync(folder, { recursive: true }));

const bundle = bundleEnclave();
const text = new TextDecoder().decode(bundle.bytes);

/** Each package.json between the checkout and a file: they say how imports are resolved. */
function manifestsAbove(file: string): readonly string[] {
  const parts = dirname(file).split(sep);
  return parts.map((_, depth) => join(...parts.slice(0, depth + 1), "package.json"));
}

/** Another checkout, with what the bundle reads and no more. */
function checkout(name: string): string {
  const root = join(folder, name);
  const files = new Set(bundle.inputs.flatMap((file) => [file, ...manifestsAbove(file)]));
  for (const file of [...files, "package.json", "package-lock.json"]) {
    if (!existsSync(join(CHECKOUT, file))) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(join(CHECKOUT, file), join(root, file));
  }
  const workspaces = "node_modules/@phala-l2";
  mkdirSync(join(root, workspaces), { recursive: true });
  for (const link of readdirSync(join(CHECKOUT, workspaces))) {
    symlinkSync(readlinkSync(join(CHECKOUT, workspaces, link)), join(root, workspaces, link));
  }
  return root;
}

describe("the enclave's bundle", () => {
  it("is the same bytes from another folder, through a link to it, and under another tsconfig.json", () => {
    const root = checkout("a folder with spaces/and depth");
    writeFileSync(join(root, "tsconfig.json"), '{"compilerOptions":{"target":"es2015","jsx":"preserve"}}');
    const link = join(folder, "link");
    symlinkSync(root, link);
    const wanted = bundleDigests(bundle);
    assert.deepEqual(bundleDigests(bundleEnclave(root)), wanted);
    assert.deepEqual(bundleDigests(bundleEnclave(link)), wanted);
  });

  it("has other bytes when one byte of code changes, and the same when a comment does", () => {
    const root = checkout("changed");
    const file = join(root, "tee-prover/enclave/session.ts");
    const source = readFileSync(file, "utf8");
    writeFileSync(file, `// A remark.\n${source}`);
    assert.deepEqual(bundleDigests(bundleEnclave(root)), bundleDigests(bundle));
    writeFileSync(file, source.replace("MAX_WITNESS_BYTES ?", "MAX_WITNESS_BYTES + 1 ?"));
    assert.notDeepEqual(bundleDigests(bundleEnclave(root)), bundleDigests(bundle));
  });

  it("names no folder of this machine", () => {
    assert.ok(!text.includes(CHECKOUT));
    assert.doesNotMatch(text, /(?:\/home\/|\/root\/|\/tmp\/|file:\/\/)/);
  });

  it("asks the platform for decompression alone, and reads no environment", () => {
    assert.deepEqual(bundle.outside, ["node:zlib"]);
    assert.doesNotMatch(text, /\b(?:process\s*\??\.\s*env|require\s*\(|import\s*\()/);
  });

  it("is made of the modules that are checked in: a new one is added on purpose", () => {
    const file = join(import.meta.dirname, "modules.generated.txt");
    const remedy =
      "read what is new; then npm run -s l2 -- image --modules tee-prover/image/modules.generated.txt";
    assert.equal(formatModules(bundle.modules), readFileSync(file, "utf8"), remedy);
  });

  it("holds three WebAssembly programs: BLAKE2b's, xxHash's and Keccak's", () => {
    assert.deepEqual(
      bundle.modules.wasm.map(({ bytes }) => bytes),
      [7449, 2386, 4041],
    );
  });

  it("is refused when the program comes to need more of the platform", () => {
    const root = checkout("greedy");
    appendFileSync(join(root, "tee-prover/enclave/key.ts"), '\nexport { readFileSync } from "node:fs";\n');
    appendFileSync(join(root, "tee-prover/enclave/session.ts"), '\nexport * from "./key.ts";\n');
    assert.throws(() => bundleEnclave(root), { code: "IMAGE_BUNDLE_FAILED", message: /node:fs/ });
  });

  it("is refused when a source is missing or is no program", () => {
    const root = checkout("broken");
    writeFileSync(join(root, "tee-prover/enclave/key.ts"), "export const = 1;");
    assert.throws(() => bundleEnclave(root), { code: "IMAGE_BUNDLE_FAILED", message: /key\.ts:1/ });
    rmSync(join(root, "tee-prover/enclave/key.ts"));
    assert.throws(() => bundleEnclave(root), { code: "IMAGE_BUNDLE_FAILED" });
  });

  it("is refused when a package is not installed as the lock file says", () => {
    const root = checkout("unlocked");
    const lock = readFileSync(join(root, "package-lock.json"), "utf8");
    const wanted = { code: "IMAGE_PACKAGE_UNLOCKED", message: /node_modules\/hash-wasm / };
    const entry = /("node_modules\/hash-wasm": \{\s*"version": ")[^"]*/;
    writeFileSync(join(root, "package-lock.json"), lock.replace(entry, "$10.0.1"));
    assert.throws(() => bundleEnclave(root), wanted);
    const integrity = /("node_modules\/hash-wasm": \{[^}]*?)"integrity": "[^"]*",?/;
    writeFileSync(join(root, "package-lock.json"), lock.replace(integrity, "$1"));
    assert.throws(() => bundleEnclave(root), wanted);
    rmSync(join(root, "package-lock.json"));
    assert.throws(() => bundleEnclave(root), { code: "IMAGE_PACKAGE_UNLOCKED" });
  });
});
