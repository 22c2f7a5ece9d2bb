import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const IMPORT = /from "(?:@phala-l2\/([a-z-]+)|\.\.\/([a-z0-9-]+)\/)/g;
/** Files that lie in `node/` itself are no room's. */
const PART_OF = /^`([a-z/-]+)\/`(?: ([a-z0-9, -]+))?$/;

type Room = { readonly folder: string; readonly mayImport: string };

/** The rows of the table that names each room and what it may import. */
function rooms(): readonly Room[] {
  const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => {
    const cells = row.split(/(?<!\\) \| /).map((cell) => cell.replaceAll(/^\| | \|$/g, ""));
    const [, folder = "", parts] = PART_OF.exec(cells[0] ?? "") ?? [];
    const mayImport = cells.at(-1) ?? "";
    return (parts?.split(", ") ?? [""]).map((part) => ({ folder: join(folder, part), mayImport }));
  });
}

/** Sources of a room that are no tests, nor what only tests import, nor another room's. */
function sourcesOf({ folder }: Room, others: readonly Room[]): readonly string[] {
  const inner = others.map((other) => other.folder).filter((other) => other.startsWith(`${folder}/`));
  return globSync(`${folder}/**/*.ts`, {
    cwd: root,
    exclude: (path) => path.includes("node_modules"),
  }).filter(
    (file) =>
      !file.endsWith(".test.ts") &&
      !file.split("/").includes("testing") &&
      !inner.some((other) => file.startsWith(`${other}/`)),
  );
}

/** Names of the packages, and of the node's rooms, that a room's sources import. */
function importsOf(room: Room, all: readonly Room[]): ReadonlySet<string> {
  const names = new Set<string>();
  const isInNode = room.folder.startsWith("node/");
  for (const file of sourcesOf(room, all)) {
    for (const [, named, beside = ""] of readFileSync(join(root, file), "utf8").matchAll(IMPORT)) {
      if (named !== undefined) names.add(named);
      else if (isInNode && all.some(({ folder }) => folder === `node/${beside}`)) names.add(beside);
    }
  }
  names.delete(room.folder.split("/").at(-1) ?? "");
  return names;
}

test("each room imports only what the table of rooms says", () => {
  const all = rooms();
  assert.ok(all.length >= 15, "the table was read");
  for (const room of all.filter(({ folder }) => existsSync(join(root, folder)))) {
    const { folder, mayImport } = room;
    if (/^all\b/.test(mayImport)) continue;
    const allowed = new Set(mayImport.match(/[a-z][a-z0-9-]*/g));
    const surplus = [...importsOf(room, all)].filter((name) => !allowed.has(name));
    assert.deepEqual(surplus, [], `${folder} may import ${mayImport}`);
  }
});
