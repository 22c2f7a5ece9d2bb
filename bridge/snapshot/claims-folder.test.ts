import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { claimsFile, makeClaimsFolder } from "./claims-folder.ts";
import { refusalWords } from "./refusal-words.ts";

const home = mkdtempSync(join(tmpdir(), "claims-folder-"));
after(() => rmSync(home, { recursive: true }));

describe("the folder of claims", () => {
  it("is made with those above it, and left empty", () => {
    const folder = join(home, "a/b/c");
    makeClaimsFolder(folder);
    makeClaimsFolder(folder);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("is refused at once where none can be made, or where a file is in the way", () => {
    const file = join(home, "file");
    writeFileSync(file, "");
    for (const folder of [file, join(file, "below"), "/proc/claims", "/proc/claims/below"]) {
      assert.throws(() => makeClaimsFolder(folder), { code: /^E[A-Z]+$/ }, folder);
    }
    assert.ok(!existsSync("/proc/claims"));
  });
});

describe("a file of claims", () => {
  it("is a folder's or itself, and what has none is a mistake of whoever named it", () => {
    const folder = join(home, "claims");
    makeClaimsFolder(folder);
    for (const none of [folder, join(home, "nowhere"), join(folder, "claims.json")]) {
      assert.throws(() => claimsFile(none), { code: "SETTING_INVALID", message: /^--claims: there is no / });
    }
    const file = join(folder, "claims.json");
    writeFileSync(file, "{}");
    assert.deepEqual([claimsFile(folder), claimsFile(file)], [file, file]);
  });
});

describe("a snapshot's refusal in words", () => {
  it("names its facts, and what to do", () => {
    const words = refusalWords({ code: "block-outside-window", height: "7" });
    assert.match(words?.refused ?? "", /^Block 7 is before --registrations-from\.$/);
    assert.match(words?.help ?? "", /\.$/);
    const dump = refusalWords({ code: "dump-invalid", reason: "the text ends within a value." });
    assert.equal(dump?.refused, "The state's file cannot be read: the text ends within a value.");
  });

  it("is not made up for a code that there is none of", () => {
    for (const code of ["frob", "constructor", "", undefined])
      assert.equal(refusalWords({ code }), undefined);
  });
});
