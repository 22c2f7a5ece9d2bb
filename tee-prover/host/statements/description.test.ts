import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { formatFinalityDescriptions } from "@phala-l2/protocol/substrate/finality-json";
import {
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { formatSwapDescription } from "@phala-l2/swap/settings-json";
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

function swap(minimum: bigint) {
  const settings = {
    genesisHash: ZERO_HASH,
    firstHeight: 1n,
    lastHeight: 2n,
    minimum,
    token: ZERO_ADDRESS,
    runtimes: [{ specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH }],
    finalityAnchor: ZERO_HASH,
  };
  const domain = { chainId: 1n, contract: ZERO_ADDRESS };
  return JSON.stringify(formatSwapDescription({ settings, domain, metadata: [SMALL_METADATA] }));
}

describe("a prover's swap file", () => {
  it("is read once for each state, and again after one that cannot be read", () => {
    const file = join(folder, "swap.json");
    const { swap: read } = descriptionsOf({ sunset: undefined, swap: file, finality: undefined });
    assert.equal(read(), undefined);
    writeFileSync(file, swap(5n));
    const first = read();
    assert.equal(first?.settings.minimum, 5n);
    assert.equal(read(), first);
    writeFileSync(file, "{");
    for (let i = 0; i < 2; i++) assert.throws(read, { code: "SETTING_INVALID" });
    writeFileSync(file, swap(66n));
    assert.equal(read()?.settings.minimum, 66n);
    rmSync(file);
    assert.equal(read(), undefined);
  });
});

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
