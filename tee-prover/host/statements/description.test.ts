import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { formatFinalityDescriptions } from "@phala-l2/protocol/substrate/finality-json";
import { descriptionsOf } from "./description.ts";

const folder = mkdtempSync(join(tmpdir(), "descriptions-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const chain = (handOvers: readonly Uint8Array[]) => ({
  source: { set: { id: 3n, authorities: [{ key: new Uint8Array(32).fill(1), weight: 1n }] }, paraId: 2035 },
  from: 77n,
  handOvers,
});

function write(file: string, ...handOvers: readonly Uint8Array[]): void {
  writeFileSync(`${file}.next`, JSON.stringify(formatFinalityDescriptions([chain(handOvers)])));
  renameSync(`${file}.next`, file);
}

describe("a prover's finality file", () => {
  it("is read when it is there, and again only when it is another", () => {
    const file = join(folder, "finality.json");
    const { finality } = descriptionsOf({ sunset: undefined, swap: undefined, finality: file });
    assert.deepEqual(finality(), []);
    write(file);
    const first = finality();
    assert.deepEqual(first, [chain([])]);
    assert.equal(finality(), first);
    write(file, Uint8Array.of(1, 2));
    assert.deepEqual(finality(), [chain([Uint8Array.of(1, 2)])]);
  });

  it("is refused by the field that is wrong", () => {
    const good = { setId: 0, authorities: [], handOvers: [] };
    for (const [bad, path] of [
      [{ ...good, handOvers: ["no hex"] }, "chains[0].handOvers[0]"],
      [{ ...good, paraId: 2 ** 32 }, "chains[0].paraId"],
      [{ ...good, authorities: [{ key: "0x00", weight: 1 }] }, "chains[0].authorities[0].key"],
      [{ ...good, from: -1 }, "chains[0].from"],
    ] as const) {
      const file = join(folder, "bad.json");
      writeFileSync(file, JSON.stringify({ chains: [bad] }));
      const { finality } = descriptionsOf({ sunset: undefined, swap: undefined, finality: file });
      assert.throws(finality, (error) => error instanceof Error && error.message.startsWith(path));
    }
  });
});
