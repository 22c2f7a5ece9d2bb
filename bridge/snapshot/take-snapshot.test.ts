import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { concatBytes, fromHex, type Hex, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { BALANCE, isProven } from "@phala-l2/sunset/claims-tree";
import {
  balance,
  type Entry,
  frozen,
  GENESIS,
  issuance,
  named,
  person,
} from "@phala-l2/sunset/testing/state";
import { readAccount } from "./account-text.ts";
import { readBlocks } from "./chain-blocks.ts";
import { claimsFile, findClaims, writeClaims } from "./claims-folder.ts";
import { readHeader } from "./frozen-header.ts";
import { createProgress } from "./progress.ts";
import { refusalDocument, snapshotDocument, type Taking, takeSnapshot } from "./take-snapshot.ts";

const folder = mkdtempSync(join(tmpdir(), "phala-l2-snapshot-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const silent = createProgress({ write: () => {} }, () => 0);
const [ALICE, BOB] = [person(1), person(2)];
const ENTRIES: readonly Entry[] = [
  issuance(1_500n),
  balance(ALICE, 1_000n, 100n),
  balance(BOB, 300n),
  balance(named("modlpy/trsry"), 100n),
];
const { state, block } = frozen(ENTRIES);
const preRuntime = concatBytes(
  Uint8Array.of(6),
  new TextEncoder().encode("aura"),
  encodeByteString(new Uint8Array(8)),
);
const seal = concatBytes(
  Uint8Array.of(5),
  new TextEncoder().encode("aura"),
  encodeByteString(new Uint8Array(64)),
);
const header = {
  parentHash: hashFromHex(`0x${"11".repeat(32)}`),
  number: 9_064_613n,
  stateRoot: block.stateRoot,
  extrinsicsRoot: hashFromHex(`0x${"22".repeat(32)}`),
  digest: [preRuntime, seal],
};
const headerJson = {
  parentHash: toHex(header.parentHash),
  number: "0x8a50a5",
  stateRoot: toHex(header.stateRoot),
  extrinsicsRoot: toHex(header.extrinsicsRoot),
  digest: { logs: header.digest.map(toHex) },
};
/** Not in the order of their keys. */
const pairs = state.map(([key, value]) => [toHex(key), toHex(value)]).reverse();

let files = 0;
function fileOf(content: string | Uint8Array): string {
  files += 1;
  const path = join(folder, String(files));
  writeFileSync(path, content);
  return path;
}

function take(content: string | Uint8Array, given: Parameters<typeof takeSnapshot>[0]["block"] = { header }) {
  const registrations = async () => ({ kind: "ok", receivers: [] }) as const;
  return takeSnapshot({ state: fileOf(content), block: given, layout: "either", registrations }, silent);
}

function codeOf(taking: Taking): string {
  return taking.kind === "ok" ? "ok" : taking.reason.code;
}

const SHAPES: Readonly<Record<string, string | Uint8Array>> = {
  "pairs, a line each": pairs.map((pair) => JSON.stringify(pair)).join("\n"),
  "an array of pairs": JSON.stringify(pairs, undefined, 2),
  "an RPC answer": JSON.stringify({ jsonrpc: "2.0", id: 1, result: pairs }),
  "objects with key and value": JSON.stringify({ entries: pairs.map(([key, value]) => ({ key, value })) }),
  "objects, a line each": pairs.map(([key, value]) => JSON.stringify({ value, key })).join("\r\n"),
  "an object from key to value": JSON.stringify(Object.fromEntries(pairs)),
  "keys without 0x": JSON.stringify(pairs.map((pair) => pair.map((text) => text?.slice(2)))),
  "a raw chain specification": JSON.stringify({
    bootNodes: ["/ip4/1.2.3.4", "/ip4/1.2.3.5"],
    badBlocks: [toHex(GENESIS), toHex(ZERO_HASH)],
    codeSubstitutes: { "1234567890": "0x00" },
    genesis: { raw: { top: Object.fromEntries(pairs), childrenDefault: {} } },
  }),
  gzip: gzipSync(JSON.stringify(pairs)),
};

test("a state is the same in every shape that dumps have", async () => {
  const roots = new Set<Hex>();
  for (const [name, content] of Object.entries(SHAPES)) {
    const taking = await take(content);
    assert.ok(taking.kind === "ok", `${name}: ${codeOf(taking)}`);
    assert.equal(taking.taken.snapshot.claimable, 1_400n, name);
    assert.deepEqual(taking.taken.snapshot.blockHash, headerHash(header));
    roots.add(toHex(taking.taken.snapshot.claimsRoot));
  }
  assert.equal(roots.size, 1);
});

test("a dump may have its header, or its root, beside the entries", async () => {
  const withHeader = await take(JSON.stringify({ header: headerJson, state: pairs }), {});
  assert.ok(withHeader.kind === "ok");
  assert.equal(withHeader.taken.snapshot.height, 9_064_613n);
  const hexHeader = await take(JSON.stringify({ header: toHex(encodeHeader(header)), state: pairs }), {});
  assert.equal(codeOf(hexHeader), "ok");
  const withRoot = await take(
    JSON.stringify({ stateRoot: toHex(block.stateRoot), blockNumber: 7, top: pairs }),
    {},
  );
  assert.ok(withRoot.kind === "ok");
  assert.deepEqual([...withRoot.taken.unknown], ["blockHash"]);
  assert.equal(codeOf(await take(JSON.stringify(pairs), { stateRoot: block.stateRoot })), "ok");
  assert.equal(codeOf(await take(JSON.stringify(pairs), {})), "block-unknown");
});

test("child tries stand in the state by their roots", async () => {
  const child: Entry = [Uint8Array.of(1), Uint8Array.of(2)];
  const key = new TextEncoder().encode(":child_storage:default:a");
  const whole = frozen([...ENTRIES, [key, stateRoot([child], 1)]]);
  const dump = { top: Object.fromEntries(pairs), childrenDefault: { "0x61": { "0x01": "0x02" } } };
  assert.equal(codeOf(await take(JSON.stringify(dump), { stateRoot: whole.block.stateRoot })), "ok");
  assert.equal(codeOf(await take(JSON.stringify(dump))), "state-root-mismatch");
});

test("what is said twice must agree", async () => {
  const content = JSON.stringify(pairs);
  assert.equal(codeOf(await take(content, { header, height: 9_064_613n, genesisHash: GENESIS })), "ok");
  for (const wrong of [
    { height: 1n },
    { blockHash: ZERO_HASH },
    { stateRoot: ZERO_HASH },
    { genesisHash: ZERO_HASH },
  ]) {
    assert.equal(codeOf(await take(content, { header, ...wrong })), "contradiction");
  }
});

test("a wrong, altered or incomplete state has no snapshot", async () => {
  const altered = (change: (copy: string[][]) => unknown): string => {
    const copy = pairs.map((pair) => [...pair]);
    change(copy);
    return JSON.stringify(copy);
  };
  const mismatched = [
    altered((copy) => copy.pop()),
    altered((copy) => copy.push(["0x00", "0x"])),
    altered((copy) => copy.splice(0, 1, [copy[0]?.[0] ?? "", "0x00"])),
  ];
  for (const content of mismatched) {
    const code = codeOf(await take(content));
    assert.ok(code === "state-root-mismatch" || code === "entry-malformed", code);
  }
  assert.equal(codeOf(await take(altered((copy) => copy.push(copy[0] ?? [])))), "entry-twice");
  const off = frozen([issuance(1_501n), ...ENTRIES.slice(1)]);
  const unbalanced = off.state.map(([key, value]) => [toHex(key), toHex(value)]);
  const refusal = await take(JSON.stringify(unbalanced), { stateRoot: off.block.stateRoot });
  assert.ok(refusal.kind === "refused");
  assert.deepEqual(refusalDocument(refusal.reason), {
    ok: false,
    code: "not-conserved",
    issuance: "1501",
    counted: "1500",
    difference: "1",
    refused: "1 planck of 1501 are not accounted for.",
    help: "No root exists for this state: report it with the document.",
  });
});

test("hostile files are refused, and nothing is thrown", async () => {
  const text = JSON.stringify(pairs);
  const packed = gzipSync(text);
  const hostile: readonly (string | Uint8Array)[] = [
    "",
    "[",
    "]",
    "[}",
    "{]",
    '"0x00"',
    "17",
    "null",
    "[[",
    text.slice(0, -1),
    text.slice(0, 500),
    `${text}]`,
    '{"0x00"}',
    '["0x00","0xzz"]',
    '["0x0","0x00"]',
    '[["0x00","bad"]]',
    "hello world",
    '["\\u12"]',
    packed.subarray(0, 60),
    concatBytes(packed.subarray(0, 20), new Uint8Array(30), packed.subarray(50)),
    "[".repeat(100_000),
  ];
  for (const content of hostile) {
    assert.equal(codeOf(await take(content)), "dump-invalid", String(content).slice(0, 40));
  }
});

test("a header is read in every form that nodes give it in, and refused in any other", () => {
  const scale = encodeHeader(header);
  const forms = [
    JSON.stringify(headerJson),
    JSON.stringify({ jsonrpc: "2.0", id: 1, result: headerJson }),
    JSON.stringify({ result: { block: { header: headerJson, extrinsics: [] } } }),
    JSON.stringify({ ...headerJson, number: 9_064_613 }),
    JSON.stringify({ ...headerJson, number: "9,064,613" }),
    toHex(scale),
    `"${toHex(scale)}"\n`,
    toHex(scale).slice(2),
  ].map((text) => new TextEncoder().encode(text));
  for (const form of [...forms, scale]) assert.deepEqual(readHeader(form), { kind: "ok", header });
  const refused = [
    "{}",
    "",
    "[]",
    JSON.stringify({ ...headerJson, stateRoot: "0x00" }),
    JSON.stringify({ ...headerJson, number: "x" }),
    JSON.stringify({ ...headerJson, digest: { logs: ["0x0761"] } }),
    `${toHex(scale)}00`,
    toHex(scale.subarray(1)),
  ];
  for (const text of refused) assert.equal(readHeader(new TextEncoder().encode(text)).kind, "invalid", text);
});

test("blocks are read as nodes answer them, the newest first", () => {
  const older = { header: { ...headerJson, number: "0x01" }, extrinsics: ["0x0400", "0x00"] };
  const answers = [
    older,
    { result: { block: { header: headerJson, extrinsics: [] } } },
    { ...headerJson, number: "0x02" },
  ];
  const reading = readBlocks(JSON.stringify(answers));
  assert.ok(reading.kind === "ok");
  assert.deepEqual(
    reading.blocks.map((each) => [each.header.number, each.extrinsics?.length]),
    [
      [9_064_613n, 0],
      [2n, undefined],
      [1n, 2],
    ],
  );
  const refused = [
    "",
    "17",
    "[1]",
    "[{}]",
    JSON.stringify([{ ...older, extrinsics: [1] }]),
    JSON.stringify([{ ...older, extrinsics: ["0xz0"] }]),
  ];
  for (const text of refused) assert.equal(readBlocks(text).kind, "invalid", text);
});

test("what is written proves each account, and reads in the library's own form", async () => {
  const taking = await take(JSON.stringify(pairs));
  assert.ok(taking.kind === "ok");
  const { taken } = taking;
  const out = join(folder, "out");
  writeClaims(out, taken.snapshot, snapshotDocument(taken, 30), 30);
  const found = await findClaims(claimsFile(out), ALICE);
  assert.equal(found.root, toHex(taken.snapshot.claimsRoot));
  const [proven] = found.leaves;
  assert.ok(proven !== undefined && found.leaves.length === 1);
  assert.deepEqual([proven.leaf.kind, proven.leaf.value], [BALANCE, 1_100n]);
  assert.ok(isProven(taken.snapshot.claimsRoot, proven.leaf, proven.proof));
  assert.deepEqual((await findClaims(claimsFile(out), person(9))).leaves, []);
  // The library writes its dumps without line breaks.
  const compact = fileOf(JSON.stringify(JSON.parse(readFileSync(claimsFile(out), "utf8"))));
  assert.deepEqual(await findClaims(compact, ALICE), found);
  await assert.rejects(findClaims(fileOf("{}"), ALICE), { code: "CLAIMS_FILE_INVALID" });
});

test("accounts are read as people write them", () => {
  const alice = fromHex("0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
  const read = (text: string) => readAccount(text);
  const ok = (prefix: number | undefined) => ({ kind: "ok", account: Uint8Array.from(alice), prefix });
  assert.deepEqual(read("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), ok(42));
  assert.deepEqual(read("45R2pfjQUW2s9PQRHU48HQKLKHVMaDja7N3wpBtmF28UYDs2"), ok(30));
  assert.deepEqual(read(toHex(alice)), ok(undefined));
  assert.deepEqual(read(toHex(alice).slice(2).toUpperCase()), ok(undefined));
  const key = "0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
  assert.equal(read(key).kind, "ok", "an ecdsa key stands for its account");
  for (const text of ["", "0x", "0x00", `${toHex(alice)}00`, "5Grwva", `0x05${"00".repeat(32)}`]) {
    assert.equal(read(text).kind, "invalid", text);
  }
});
