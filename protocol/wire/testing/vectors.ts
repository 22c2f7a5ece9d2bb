import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A list of a file in protocol/vectors. They were made with viem; Solidity's tests read them too. */
export function vectors<T>(file: string, key: string): readonly T[] {
  const found = JSON.parse(readFileSync(join(import.meta.dirname, "../../vectors", file), "utf8"))[key];
  assert.ok(Array.isArray(found) && found.length > 0);
  return found;
}
