import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { keepCopies, mendState } from "./saved-state.ts";

describe("an embedded L1's saved state", () => {
  let folder: string;
  let file: string;
  const write = (text: string) => writeFileSync(file, text);
  const read = () => readFileSync(file, "utf8");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "saved-state-"));
    file = join(folder, "l1-state.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("left half written is the newest whole copy again", () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const stop = keepCopies(file);
      for (const state of ['{"block":1}', '{"block":2}', '{"block":']) {
        write(state);
        mock.timers.tick(2_000);
      }
      stop();
      write('{"bl');
      mock.timers.tick(10_000);
    } finally {
      mock.timers.reset();
    }
    assert.equal(mendState(file), true);
    assert.equal(read(), '{"block":2}');
  });

  test("that is whole stays, and so does one without a whole copy", () => {
    assert.equal(mendState(file), false);
    write("{}");
    writeFileSync(`${file}.1`, '{"older":1}');
    assert.equal(mendState(file), false);
    assert.equal(read(), "{}");
    write("{");
    writeFileSync(`${file}.1`, "{");
    assert.equal(mendState(file), false);
    assert.equal(read(), "{");
  });
});
