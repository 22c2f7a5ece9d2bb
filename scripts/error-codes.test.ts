import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RollupError } from "@phala-l2/protocol/errors";

const root = join(import.meta.dirname, "..");
const PAGE = "docs/operate/errors.md";

const THROWN = /new RollupError(?:<[^>(]*>)?\(\s*([^\s,)]+)/g;
const ASKED_FOR = /isRollupError\(\s*\w+,\s*("\w+")/g;
const LITERAL = /^"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"$/;
/** The code of an error that another thread has thrown, under a literal, and sent over. */
const PASSED_ON = /^\w+\.code$/;

/** Sources that can meet a user: not tests, nor what only tests import. */
function sources(): readonly { readonly file: string; readonly text: string }[] {
  const pattern = "{protocol,contracts,node,sequencer,tee-prover,bridge,testkit,scripts}/**/*.ts";
  return globSync(pattern, { cwd: root, exclude: (path) => path.includes("node_modules") })
    .filter((file) => !file.endsWith(".test.ts") && !file.split("/").includes("testing"))
    .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}

/** First argument of each match, with the file that it is in. */
function found(pattern: RegExp): readonly { readonly argument: string; readonly file: string }[] {
  return sources().flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map((match) => ({ argument: match[1] ?? "", file })),
  );
}

function codesOf(pattern: RegExp): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const { argument, file } of found(pattern)) {
    const code = LITERAL.exec(argument)?.[1];
    if (code !== undefined) codes.set(code, file);
  }
  return codes;
}

/** The page's entries: code and text. */
function entries(): readonly { readonly code: string; readonly text: string }[] {
  const page = readFileSync(join(root, PAGE), "utf8");
  return page
    .split(/^#{2,3} /m)
    .map((section) => section.split("\n"))
    .map(([heading = "", ...lines]) => ({ code: heading.trim(), text: lines.join(" ").trim() }))
    .filter(({ code }) => LITERAL.test(`"${code}"`));
}

test("an error's code is a literal where it is thrown, so that it can be looked up", () => {
  const others = found(THROWN).filter(({ argument }) => !LITERAL.test(argument) && !PASSED_ON.test(argument));
  assert.deepEqual(others, []);
});

test("each code that a source throws is documented", () => {
  const documented = new Set(entries().map(({ code }) => code));
  const missing = [...codesOf(THROWN)].filter(([code]) => !documented.has(code));
  assert.deepEqual(missing, []);
});

test("each documented code is thrown somewhere", () => {
  const thrown = codesOf(THROWN);
  assert.ok(thrown.size > 50, "the sources were read");
  assert.deepEqual(
    entries()
      .map(({ code }) => code)
      .filter((code) => !thrown.has(code)),
    [],
  );
});

test("each code that a source asks for is thrown somewhere", () => {
  const thrown = codesOf(THROWN);
  assert.deepEqual(
    [...codesOf(ASKED_FOR)].filter(([code]) => !thrown.has(code)),
    [],
  );
});

test("an entry says something, and stands once", () => {
  const all = entries();
  assert.equal(new Set(all.map(({ code }) => code)).size, all.length);
  for (const { code, text } of all) assert.ok(text.length > 40, `${code} is hardly explained`);
});

test("an error's link leads to its entry: GitHub's anchor of a heading is its lower case", () => {
  for (const { code } of entries()) {
    assert.equal(new RollupError(code, "").docs, `${PAGE}#${code.toLowerCase()}`);
  }
});
