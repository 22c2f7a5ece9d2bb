import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** A page of docs/spec whose tables name what enforces each rule, and what tests it. */
interface Page {
  readonly path: string;
  /** Where the page's files are looked for, in this order. */
  readonly folders: readonly string[];
  /** Heads of the columns that name sources and tests; a table without one of them is not looked at for it. */
  readonly sources: string;
  readonly tests: string;
  /** The page has at least as many rules with tests: its tables were read. */
  readonly leastRules: number;
}

const ATTESTATION: Page = {
  path: "docs/spec/attestation-conformance.md",
  folders: ["", "tee-prover", "contracts/src/tee", "contracts/test/unit"],
  sources: "enforced in",
  tests: "tests",
  leastRules: 50,
};
const PAGES: readonly Page[] = [
  ATTESTATION,
  {
    path: "docs/spec/gossip-conformance.md",
    folders: ["", "node/gossip", "protocol/wire"],
    sources: "code",
    tests: "test",
    leastRules: 15,
  },
];

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

function located({ folders }: Page, file: string): string | undefined {
  return folders.map((folder) => join(root, folder, file)).find((path) => existsSync(path));
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

type Row = Readonly<Record<string, string>> & { readonly rule: string };

const cellsOf = (line: string) => line.replaceAll(/^\| | \|$/g, "").split(" | ");

/** Each row of the page's tables, its cells by the heads of their columns; `rule` is the first. */
function rowsOf({ path }: Page): readonly Row[] {
  const rows: Row[] = [];
  let heads: readonly string[] = [];
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  for (const [i, line] of lines.entries()) {
    if (!line.startsWith("| ")) continue;
    const cells = cellsOf(line);
    if (lines[i + 1]?.startsWith("|---") === true) {
      heads = cells;
      continue;
    }
    assert.equal(cells.length, heads.length, `a cell for each column: ${line}`);
    const named = Object.fromEntries(heads.map((head, column) => [head, cells[column] ?? ""]));
    rows.push({ ...named, rule: cells[0] ?? "" });
  }
  return rows;
}

/** The files and titles that a cell cites and that do not exist. */
function missing(page: Page, tests: string): readonly string[] {
  let file = "";
  let titles: Titles | undefined;
  const faults: string[] = [];
  for (const [, named, title] of tests.matchAll(CITED)) {
    if (named !== undefined) {
      const path = located(page, named);
      [file, titles] = [named, path === undefined ? undefined : titlesOf(path)];
      if (titles === undefined) faults.push(named);
    } else if (title !== undefined && (titles === undefined || !has(titles, title))) {
      faults.push(`${file}: ${title}`);
    }
  }
  return faults;
}

for (const page of PAGES) {
  test(`each rule of ${page.path} names tests, by titles that stand in their files`, () => {
    const all = rowsOf(page).filter((row) => Object.hasOwn(row, page.tests));
    assert.ok(all.length >= page.leastRules, `${all.length} rules were read`);
    for (const { rule, [page.tests]: tests = "" } of all) {
      assert.match(tests, /"/, `${rule}: no test`);
      assert.deepEqual(missing(page, tests), [], rule);
    }
  });

  test(`each source that enforces a rule of ${page.path} exists`, () => {
    const all = rowsOf(page).filter((row) => Object.hasOwn(row, page.sources));
    assert.ok(all.length >= page.leastRules, `${all.length} rules were read`);
    for (const { rule, [page.sources]: sources = "" } of all) {
      const files = [...sources.matchAll(CITED)].flatMap(([, file]) => file ?? []);
      assert.deepEqual(
        files.filter((file) => located(page, file) === undefined),
        [],
        rule,
      );
    }
  });
}

test("a title that stands nowhere is found out", () => {
  const file = "`verify/intel/collateral.test.ts`";
  assert.deepEqual(missing(ATTESTATION, `${file}: "refuses an empty PCK list"`), []);
  assert.deepEqual(missing(ATTESTATION, `${file}: "refuses an empty PCK"`), [
    "verify/intel/collateral.test.ts: refuses an empty PCK",
  ]);
  assert.deepEqual(missing(ATTESTATION, "`none.test.ts`: nothing"), ["none.test.ts"]);
  assert.deepEqual(missing(ATTESTATION, '"no file"'), [": no file"]);
});
