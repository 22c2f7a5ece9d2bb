import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { fieldOf } from "@phala-l2/protocol/json-record";
import { silentLog } from "@phala-l2/protocol/log";
import type { SubstrateBlock } from "@phala-l2/protocol/substrate/block";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { chainOf, registering, remarkOf, signedCall } from "@phala-l2/sunset/testing/blocks";
import { balance, frozen, issuance, person } from "@phala-l2/sunset/testing/state";
import { blockItems } from "@phala-l2/tee-prover/host/statements/blocks-file";
import { enclaveRoot } from "@phala-l2/testkit/sunset/enclave-root";
import { claimsCommand } from "./claims.ts";
import type { Command } from "./command.ts";
import { packBlocksCommand } from "./pack-blocks.ts";

const folder = mkdtempSync(join(tmpdir(), "l2-pack-blocks-"));
const pathOf = (name: string) => join(folder, name);

const L1 = 900n;
const FIRST = 5n;
const [ALICE, BOB] = [person(1), person(2)];
const OLD = `0x${"11".repeat(20)}` as const;
const NEW = `0x${"22".repeat(20)}` as const;
const { state, block } = frozen([issuance(1_500n), balance(ALICE, 1_000n), balance(BOB, 500n)]);

/** A proxy's remark for Alice: of a kind that may not move her money. */
const PROXIED = signedCall(BOB, remarkOf(`phala-l2 sunset receiver: 900 ${OLD} l2`, [40, 0, 0, 1, 1]));
/** Who is owed nothing may remark as well: it changes no root. */
const STRANGERS = Array.from({ length: 5 }, (_, i) => registering(person(100 + i), OLD, L1));
const CHAIN = chainOf(
  [
    [registering(BOB, OLD, L1)],
    [registering(ALICE, OLD, L1)],
    [registering(ALICE, NEW, L1), registering(ALICE, OLD, 1n)],
    [PROXIED, ...STRANGERS],
    [],
  ],
  { first: FIRST, stateRoot: block.stateRoot },
);
const [NEWEST] = CHAIN;
assert.ok(NEWEST !== undefined);
const HEADER = NEWEST.header;
const LAST = HEADER.number;

function headerJson({ number, parentHash, stateRoot, extrinsicsRoot }: SubstrateHeader) {
  return {
    number: `0x${number.toString(16)}`,
    parentHash: toHex(parentHash),
    stateRoot: toHex(stateRoot),
    extrinsicsRoot: toHex(extrinsicsRoot),
    digest: { logs: [] },
  };
}

const blockJson = ({ header, extrinsics }: SubstrateBlock) => ({
  block: { header: headerJson(header), extrinsics: extrinsics.map(toHex) },
});

/** Blocks as a node answers for them, some of which it lies about. */
let shown: readonly SubstrateBlock[] = CHAIN;

function answerTo(method: unknown, asked: unknown): unknown {
  if (Array.isArray(asked)) {
    const hashes = asked.map((height) => CHAIN.find(({ header }) => header.number === BigInt(height)));
    return hashes.map((found) => (found === undefined ? null : toHex(headerHash(found.header))));
  }
  const place = CHAIN.findIndex(({ header }) => toHex(headerHash(header)) === asked);
  const found = shown[place];
  if (found === undefined) return null;
  return method === "chain_getHeader" ? headerJson(found.header) : blockJson(found);
}

const node = createServer(async (request, response) => {
  const asked: unknown = JSON.parse(await text(request));
  const params = fieldOf(asked, "params");
  const result = answerTo(fieldOf(asked, "method"), Array.isArray(params) ? params[0] : undefined);
  response.end(JSON.stringify({ jsonrpc: "2.0", id: fieldOf(asked, "id"), result }));
});
let url = "";

before(async () => {
  writeFileSync(
    pathOf("state.json"),
    JSON.stringify(state.map(([key, value]) => [toHex(key), toHex(value)])),
  );
  writeFileSync(pathOf("header.json"), JSON.stringify(headerJson(HEADER)));
  writeFileSync(pathOf("blocks.json"), JSON.stringify(CHAIN.map(blockJson)));
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${fieldOf(node.address(), "port")}`;
});
after(() => {
  node.close();
  node.closeAllConnections();
  rmSync(folder, { recursive: true });
});

type Flags = Readonly<Record<string, string>>;

async function run(command: Command, words: readonly string[], flags: Flags) {
  const printed: unknown[] = [];
  const stop = new AbortController().signal;
  const status = await command.run({ flags, environment: {}, file: undefined }, words, () => ({
    log: silentLog,
    tell: () => {},
    print: (document) => printed.push(document),
    stop,
  }));
  return { status, document: printed.at(-1) };
}

const header = pathOf("header.json");

async function pack(output: string, given: Flags, from = FIRST) {
  const flags = { output: pathOf(output), registrationsFrom: String(from), ...given };
  return run(packBlocksCommand, [], flags);
}

/** What the command line says of the state, with the registrations in a file of blocks. */
async function snapshot(blocks: Flags) {
  const { document } = await run(claimsCommand, ["snapshot"], {
    state: pathOf("state.json"),
    header,
    ...blocks,
  });
  return fieldOf(document, "ok") === true
    ? fieldOf(document, "claimsRoot")
    : `${fieldOf(document, "code")} ${fieldOf(document, "height")}`;
}

/** What an enclave says of the same. */
async function signed(file: string | undefined, registrationsFrom: bigint) {
  const blocks = file === undefined ? undefined : blockItems(file);
  const question = { chainId: L1, header: HEADER, entries: state, registrationsFrom, blocks };
  const root = await enclaveRoot(question);
  return root.kind === "signed" ? root.claimsRoot : `${root.reason} ${root.height}`;
}

const windowOf = (blocks: string, from: bigint) => ({
  blocks,
  registrationsFrom: String(from),
  chainId: String(L1),
});

describe("l2 pack-blocks", () => {
  it("writes the same file from JSON, and from a node that is not trusted", async () => {
    const fromJson = await pack("json.bin", { header, blocks: pathOf("blocks.json") });
    assert.deepEqual(fromJson, {
      status: 0,
      document: {
        ok: true,
        blocks: 5,
        bytes: readFileSync(pathOf("json.bin")).length,
        output: pathOf("json.bin"),
        blockHash: toHex(headerHash(HEADER)),
        header: toHex(encodeHeader(HEADER)),
      },
    });
    assert.equal((await pack("rpc.bin", { header, rpcUrl: url })).status, 0);
    assert.equal((await pack("height.bin", { height: String(LAST), rpcUrl: url })).status, 0);
    for (const file of ["rpc.bin", "height.bin"]) {
      assert.deepEqual(readFileSync(pathOf(file)), readFileSync(pathOf("json.bin")));
    }
  });

  it("finds a lying node at its lie, and goes on with an honest one", async () => {
    shown = CHAIN.map((each, i) => (i === 2 ? { ...each, extrinsics: [] } : each));
    const { status, document } = await pack("lied.bin", { header, rpcUrl: url });
    assert.deepEqual(
      [status, fieldOf(document, "code"), fieldOf(document, "height")],
      [1, "extrinsics-root-mismatch", "7"],
    );
    assert.ok(!existsSync(pathOf("lied.bin")));
    shown = CHAIN;
    assert.equal((await pack("lied.bin", { header, rpcUrl: url })).status, 0);
  });

  it("says what it needs before it asks anybody", async () => {
    const wrong: readonly Flags[] = [
      { header },
      { header, rpcUrl: url, blocks: pathOf("blocks.json") },
      { rpcUrl: url },
      { blocks: pathOf("blocks.json"), height: String(LAST) },
    ];
    for (const flags of wrong) {
      const { status } = await pack("none.bin", flags);
      assert.ok(typeof status !== "number" && status.problems.length === 1, JSON.stringify(flags));
    }
    const zero = await pack("none.bin", { header, rpcUrl: url }, 0n);
    assert.ok(typeof zero.status !== "number");
    const otherHeight = { header, height: "1", rpcUrl: url };
    await assert.rejects(pack("none.bin", otherHeight), { code: "SETTING_INVALID" });
  });
});

describe("l2 claims register", () => {
  it("tells what to remark, which then registers it, and nothing without a receiver", async () => {
    const flags = { receiver: NEW, form: "l2", chainId: String(L1) };
    const { status, document } = await run(claimsCommand, ["register"], flags);
    assert.equal(status, 0);
    const extrinsic = signedCall(ALICE, remarkOf(String(fieldOf(document, "remark"))));
    assert.deepEqual(extrinsic, registering(ALICE, NEW, L1));
    const { receiver, ...without } = flags;
    const refused = await run(claimsCommand, ["register"], without);
    assert.ok(typeof refused.status !== "number", `${receiver} is needed`);
  });
});

describe("registrations by the command line, and by an enclave", () => {
  it("give the same root: of last words, within the window only, for this L1 only", async () => {
    const roots = new Set<unknown>();
    for (const from of [FIRST, FIRST + 2n, FIRST + 3n]) {
      const file = `window-${from}.bin`;
      assert.equal((await pack(file, { header, rpcUrl: url }, from)).status, 0);
      const packed = pathOf(file);
      const root = await snapshot(windowOf(packed, from));
      assert.equal(await signed(packed, from), root);
      roots.add(root);
    }
    assert.equal(roots.size, 3, "both accounts' receivers, Alice's, nobody's");
    assert.equal(await snapshot(windowOf(pathOf("blocks.json"), FIRST)), [...roots][0]);
    const without = await snapshot({});
    assert.equal(await signed(undefined, 0n), without);
    assert.equal(without, [...roots][2], "strangers' alone are as none");
  });

  it("are refused alike where the file is another window, or not whole", async () => {
    const whole = pathOf("whole.bin");
    await pack("whole.bin", { header, rpcUrl: url });
    const bytes = readFileSync(whole);
    const lengthOf = (at: number) => 4 + bytes.readUInt32BE(at);
    const [first, second] = [lengthOf(0), lengthOf(lengthOf(0))];
    const fileOf = (name: string, content: Uint8Array) => {
      writeFileSync(pathOf(name), content);
      return pathOf(name);
    };
    const gap = fileOf("gap.bin", Buffer.concat([bytes.subarray(0, first), bytes.subarray(first + second)]));
    const short = fileOf("short.bin", bytes.subarray(0, first + second));
    const cases: readonly (readonly [string, bigint, string])[] = [
      [gap, FIRST, `blocks-not-chained ${LAST - 1n}`],
      [short, FIRST, `blocks-missing ${LAST - 2n}`],
      [whole, FIRST + 1n, `block-outside-window ${FIRST}`],
      [whole, 1n, `blocks-missing ${FIRST - 1n}`],
      [whole, LAST + 1n, `window-after-frozen ${LAST + 1n}`],
      [whole, 0n, `block-outside-window ${LAST}`],
    ];
    for (const [file, from, reason] of cases) {
      assert.equal(await snapshot(windowOf(file, from)), reason);
      assert.equal(await signed(file, from), reason);
    }
    const cut = fileOf("cut.bin", bytes.subarray(0, -1));
    assert.equal(await snapshot(windowOf(cut, FIRST)), "blocks-invalid undefined");
    await assert.rejects(signed(cut, FIRST), { code: "BLOCKS_FILE_INVALID" });
  });
});
