import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const PAGE = "docs/spec/attestation-conformance.md";
/** Where the page's files are looked for, in this order. */
const FOLDERS = ["", "tee-prover", "contracts/src/tee", "contracts/test/unit"];

/** A file in backticks, or a title in quotes that belongs to the file before it. */
const CITED = /`([^`]+\.(?:ts|sol))`|"([^"]+)"/g;
const PLACEHOLDER = "$" + "{}";

interface Titles {
  /** Whole titles: literals, and names of Solidity's tests. */
  readonly whole: ReadonlySet<string>;
  /** Titles that a row of a table completes. */
  readonly templates: readonly string[];
  /** Every string literal: what may complete a template, or be a title by itself in a table of cases. */
  readonly literals: ReadonlySet<string>;
  readonly takesTitlesFromTable: boolean;
}

function located(file: string): string | undefined {
  return FOLDERS.map((folder) => join(root, folder, file)).find((path) => existsSync(path));
}

function titlesOf(path: string): Titles {
  const text = readFileSync(path, "utf8");
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");
  return {
    whole: new Set([
      ...all(/\b(?:it|test)\(\s*"((?:[^"\\]|\\.)*)"/g),
      ...all(/\bfunction ((?:test|invariant)\w*)\(/g),
    ]),
    templates: all(/\b(?:it|test)\(\s*`([^`]*)`/g),
    literals: new Set(all(/"((?:[^"\\\n]|\\.)*)"/g)),
    takesTitlesFromTable: /\bit\(what,/.test(text),
  };
}

/** Whether a template, as it is written or completed with the file's literals, gives the title. */
function completes(template: string, title: string, literals: ReadonlySet<string>): boolean {
  if (template === title) return true;
  const parts = template.replaceAll(/\$\{[^}]*\}/g, PLACEHOLDER).split(PLACEHOLDER);
  if (parts.length === 1) return false;
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const found = new RegExp(`^${escaped.join("(.+)")}$`).exec(title);
  return found?.slice(1).every((part) => literals.has(part)) ?? false;
}

function has({ whole, templates, literals, takesTitlesFromTable }: Titles, title: string): boolean {
  return (
    whole.has(title) ||
    (takesTitlesFromTable && literals.has(title)) ||
    templates.some((template) => completes(template, title, literals))
  );
}

/** Cells of each row of the page's tables: what must hold, where, tests. */
function rows(): readonly (readonly [rule: string, sources: string, tests: string])[] {
  return readFileSync(join(root, PAGE), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| what must hold |"))
    .map((line) => {
      const [rule, sources, tests, ...more] = line.replaceAll(/^\| | \|$/g, "").split(" | ");
      assert.ok(rule && sources && tests && more.length === 0, `three cells: ${line}`);
      return [rule, sources, tests];
    });
}

/** The files and titles that a cell cites and that do not exist. */
function missing(tests: string): readonly string[] {
  let file = "";
  let titles: Titles | undefined;
  const faults: string[] = [];
  for (const [, named, title] of tests.matchAll(CITED)) {
    if (named !== undefined) {
      const path = located(named);
      [file, titles] = [named, path === undefined ? undefined : titlesOf(path)];
      if (titles === undefined) faults.push(named);
    } else if (title !== undefined && (titles === undefined || !has(titles, title))) {
      faults.push(`${file}: ${title}`);
    }
  }
  return faults;
}

test("each rule on attestation names tests, by titles that stand in their files", () => {
  const all = rows();
  assert.ok(all.length >= 50, "the tables were read");
  for (const [rule, , tests] of all) {
    assert.match(tests, /"/, `${rule}: no test`);
    assert.deepEqual(missing(tests), [], rule);
  }
});

test("each source that enforces a rule on attestation exists", () => {
  for (const [rule, sources] of rows()) {
    const files = [...sources.matchAll(CITED)].flatMap(([, file]) => file ?? []);
    assert.deepEqual(
      files.filter((file) => located(file) === undefined),
      [],
      rule,
    );
  }
});

test("a title that stands nowhere is found out", () => {
  const file = "`verify/intel/collateral.test.ts`";
  assert.deepEqual(missing(`${file}: "refuses an empty PCK list"`), []);
  assert.deepEqual(missing(`${file}: "refuses an empty PCK"`), [
    "verify/intel/collateral.test.ts: refuses an empty PCK",
  ]);
  assert.deepEqual(missing("`none.test.ts`: nothing"), ["none.test.ts"]);
  assert.deepEqual(missing('"no file"'), [": no file"]);
});
