import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { encodeBlock, type SubstrateBlock } from "@phala-l2/protocol/substrate/block";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import type { NamedBlock } from "@phala-l2/sunset/block-window";
import { chainOf } from "@phala-l2/sunset/testing/blocks";
import { blockItem, blockItems } from "./blocks-file.ts";
import { packBlocks, unfinishedFile } from "./pack-blocks.ts";

const folder = mkdtempSync(join(tmpdir(), "pack-blocks-"));
after(() => rmSync(folder, { recursive: true }));

/** Blocks 1 to 40; some with an extrinsic that is larger than what is read at once. */
const CHAIN = chainOf(
  Array.from({ length: 40 }, (_, i) => [
    encodeByteString(new Uint8Array(i % 9 === 0 ? 1_100_000 : i).fill(i)),
  ]),
);
const [NEWEST] = CHAIN;
assert.ok(NEWEST !== undefined);
const frozen = NEWEST.header;
const WHOLE = concatBytes(...CHAIN.map(blockItem));

let files = 0;
function newFile(content?: Uint8Array): string {
  files += 1;
  const path = join(folder, String(files));
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

async function readAll(file: string): Promise<readonly Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  for await (const block of blockItems(file)) blocks.push(block);
  return blocks;
}

const sourceOf =
  (chain: readonly SubstrateBlock[], asked: bigint[] = []) =>
  ({ height }: NamedBlock) => {
    asked.push(height);
    return chain.filter(({ header }) => header.number <= height);
  };

describe("a file of blocks", () => {
  it("gives them back, whatever their size", async () => {
    assert.deepEqual(await readAll(newFile(WHOLE)), CHAIN.map(encodeBlock));
    assert.deepEqual(await readAll(newFile(new Uint8Array(0))), []);
  });

  it("is refused when it ends within a block, or has one larger than any", async () => {
    const cut = [1, 3, 4, 5, WHOLE.length - 1];
    for (const length of cut) {
      const file = newFile(WHOLE.subarray(0, length));
      await assert.rejects(readAll(file), { code: "BLOCKS_FILE_INVALID" }, String(length));
    }
    for (const large of [Uint8Array.of(1, 0, 0, 1), Uint8Array.of(255, 255, 255, 255, 0)]) {
      await assert.rejects(readAll(newFile(large)), { code: "BLOCKS_FILE_INVALID" });
    }
  });
});

describe("packing blocks", () => {
  it("writes the whole window, and the file is there only then", async () => {
    const output = newFile();
    const told: number[] = [];
    const onBlock = (blocks: number) => {
      assert.ok(!existsSync(output));
      told.push(blocks);
    };
    const packing = await packBlocks({ output, frozen, from: 1n, source: sourceOf(CHAIN), onBlock });
    assert.deepEqual(packing, { kind: "ok", blocks: 40, bytes: WHOLE.length });
    assert.deepEqual(
      told,
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    assert.deepEqual(new Uint8Array(readFileSync(output)), WHOLE);
    assert.ok(!existsSync(unfinishedFile(output)));
  });

  it("goes on where a run ended, wherever that was", async () => {
    const stop = new Error("stopped");
    for (const [ended, cut] of [
      [1, 0],
      [20, 0],
      [20, 1],
      [39, 3],
    ] as const) {
      const output = newFile();
      const onBlock = (blocks: number) => {
        if (blocks === ended) throw stop;
      };
      const request = { output, frozen, from: 1n };
      await assert.rejects(packBlocks({ ...request, source: sourceOf(CHAIN), onBlock }), stop);
      const unfinished = unfinishedFile(output);
      truncateSync(unfinished, readFileSync(unfinished).length - cut);
      const asked: bigint[] = [];
      const packing = await packBlocks({ ...request, source: sourceOf(CHAIN, asked) });
      assert.equal(packing.kind, "ok");
      assert.deepEqual(asked, [BigInt(40 - ended + (cut > 0 ? 1 : 0))]);
      assert.deepEqual(new Uint8Array(readFileSync(output)), WHOLE);
    }
  });

  it("finds a lie at once, keeps what was true, and no file is there", async () => {
    const lies: readonly (readonly [readonly SubstrateBlock[], string, bigint])[] = [
      [CHAIN.filter((_, i) => i !== 5), "blocks-not-chained", 35n],
      [CHAIN.slice(0, 30), "blocks-missing", 10n],
      [CHAIN.toReversed(), "blocks-not-chained", 40n],
      [
        CHAIN.map((block, i) => (i === 7 ? { ...block, extrinsics: [] } : block)),
        "extrinsics-root-mismatch",
        33n,
      ],
    ];
    for (const [chain, code, height] of lies) {
      const output = newFile();
      const request = { output, frozen, from: 1n };
      const refused = await packBlocks({ ...request, source: sourceOf(chain) });
      assert.deepEqual(refused, { kind: "invalid", reason: { code, height } });
      assert.ok(!existsSync(output));
      const asked: bigint[] = [];
      assert.equal((await packBlocks({ ...request, source: sourceOf(CHAIN, asked) })).kind, "ok");
      assert.deepEqual(asked, [height]);
    }
  });

  it("takes no more than the window, and none where it begins after the frozen block", async () => {
    const output = newFile();
    const packing = await packBlocks({ output, frozen, from: 38n, source: sourceOf(CHAIN) });
    assert.equal(packing.kind === "ok" && packing.blocks, 3);
    const late = await packBlocks({ output: newFile(), frozen, from: 41n, source: sourceOf(CHAIN) });
    assert.deepEqual(late, { kind: "invalid", reason: { code: "window-after-frozen", height: 41n } });
  });

  it("does not go on with another window's file", async () => {
    const output = newFile();
    writeFileSync(unfinishedFile(output), WHOLE);
    const [, second] = CHAIN;
    assert.ok(second !== undefined);
    const source = () => assert.fail("nothing is asked for");
    const packing = await packBlocks({ output, frozen: second.header, from: 1n, source });
    assert.deepEqual(packing, { kind: "invalid", reason: { code: "blocks-not-chained", height: 39n } });
    assert.equal(readFileSync(unfinishedFile(output)).length, WHOLE.length, "it is left as it is");
  });
});
