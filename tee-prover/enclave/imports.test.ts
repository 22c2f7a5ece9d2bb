import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ENTRY = resolve(import.meta.dirname, "session.ts");
const ROOT = resolve(import.meta.dirname, "../..");
/** Folders whose code may be part of the enclave's program. */
const INSIDE =
  /^(protocol|node\/derivation|node\/execution|bridge\/sunset|bridge\/swap|tee-prover\/enclave)\//;
/**
 * Libraries that the enclave's own code names. Each new one is one more author to trust with the key: it is added
 * here on purpose or not at all.
 */
const LIBRARIES = new Set([
  "@ethereumjs/common",
  "@ethereumjs/evm",
  "@ethereumjs/rlp",
  "@ethereumjs/util",
  "@ethereumjs/vm",
  "@noble/curves",
  "@noble/hashes",
  "brotli-wasm",
  "hash-wasm",
]);
/** Decompression is zlib's, in Node itself; nothing else of the platform is used. */
const BUILTINS = new Set(["node:zlib"]);

const SPECIFIER = /^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"([^"]+)";/gm;
const TYPE_ONLY = /^(?:import|export)\stype\s/;

type Closure = {
  readonly files: Set<string>;
  readonly libraries: Set<string>;
  readonly builtins: Set<string>;
};

function packageOf(specifier: string): string {
  const [scope = "", name = ""] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

/** All that runs when the enclave's program is loaded: types are gone by then. */
function closureOf(entry: string): Closure {
  const closure: Closure = { files: new Set(), libraries: new Set(), builtins: new Set() };
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (closure.files.has(file)) continue;
    closure.files.add(file);
    for (const [statement, specifier = ""] of readFileSync(file, "utf8").matchAll(SPECIFIER)) {
      if (TYPE_ONLY.test(statement)) continue;
      if (specifier.startsWith(".")) open.push(resolve(dirname(file), specifier));
      else if (isBuiltin(specifier)) closure.builtins.add(specifier);
      else if (specifier.startsWith("@phala-l2/")) open.push(fileURLToPath(import.meta.resolve(specifier)));
      else closure.libraries.add(packageOf(specifier));
    }
  }
  return closure;
}

describe("the enclave's program", () => {
  const closure = closureOf(ENTRY);

  it("is found by walking its imports", () => {
    const files = [...closure.files].map((file) => relative(ROOT, file));
    for (const wanted of [
      "protocol/claim.ts",
      "node/derivation/pipeline.ts",
      "node/execution/block/execute.ts",
    ]) {
      assert.ok(files.includes(wanted), `${wanted} is part of it`);
    }
  });

  it("holds nothing of the host", () => {
    const outside = [...closure.files]
      .map((file) => relative(ROOT, file))
      .filter((file) => !INSIDE.test(file));
    assert.deepEqual(outside, []);
  });

  it("uses no other libraries than those listed", () => {
    assert.deepEqual([...closure.libraries].filter((name) => !LIBRARIES.has(name)).sort(), []);
  });

  it("asks the platform for nothing: no files, no network, no clock, no environment", () => {
    assert.deepEqual([...closure.builtins].filter((name) => !BUILTINS.has(name)).sort(), []);
  });

  it("names no global that would be a way out", () => {
    for (const file of closure.files) {
      const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      assert.doesNotMatch(code, /\b(?:process|globalThis|fetch|Date|setTimeout|setInterval)\s*[.(]/, file);
    }
  });
});
