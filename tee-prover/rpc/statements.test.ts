import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, describe, it } from "node:test";
import { createEnclave } from "@phala-l2/enclave/session";
import { piecesOf } from "@phala-l2/enclave/state-pieces";
import type { RpcServer } from "@phala-l2/node/rpc/server";
import {
  asAddress,
  asHash,
  compareBytes,
  concatBytes,
  fromHex,
  toHex,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import { silentLog } from "@phala-l2/protocol/log";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { encodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import { encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { mapKey, storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { child } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import {
  remarked,
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
  succeeded,
  transferred,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { swapSettingsHash } from "@phala-l2/protocol/swap-release";
import { addressSubject, BALANCE, buildClaimsTree, NO_SUBJECT, RECEIVER } from "@phala-l2/sunset/claims-tree";
import { chainOf, registering } from "@phala-l2/sunset/testing/blocks";
import { swapAccount } from "@phala-l2/swap/account";
import { formatRemark } from "@phala-l2/swap/remark";
import { formatSwapDescription } from "@phala-l2/swap/settings-json";
import { sealBlock } from "@phala-l2/swap/testing/small-block";
import { encodeReleaseWitness } from "@phala-l2/swap/witness-json";
import { blockItem } from "../host/statements/blocks-file.ts";
import { descriptionsOf } from "../host/statements/description.ts";
import { NODE_QUESTIONS_PER_MINUTE, StatementDesk, SUNSET_RETRY_MS } from "../host/statements/desk.ts";
import { finalityByNode, type IsFinal } from "../host/statements/parachain-node.ts";
import { startTeeEndpoint } from "./endpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "prover-statements-"));
after(() => rmSync(folder, { recursive: true }));
const servers: RpcServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const CONTRACT = asAddress(new Uint8Array(20).fill(7));
const GENESIS = asHash(new Uint8Array(32).fill(5));

/** Three accounts with ten PHA each. */
const STATE = [
  ...[1, 2, 3].map((seed) => ({
    key: mapKey("System", "Account", ["Blake2_128Concat", new Uint8Array(32).fill(seed)]),
    value: concatBytes(new Uint8Array(16), encodeUnsigned(10n ** 13n, 16), new Uint8Array(48)),
  })),
  { key: storagePrefix("Balances", "TotalIssuance"), value: encodeUnsigned(3n * 10n ** 13n, 16) },
  { key: mapKey("System", "BlockHash", ["Twox64Concat", new Uint8Array(4)]), value: GENESIS },
  // A value larger than a piece is filled up to.
  { key: new TextEncoder().encode(":code"), value: new Uint8Array(3 * 2 ** 20).fill(1) },
].sort((a, b) => compareBytes(a.key, b.key));
const ROOT = stateRoot(
  STATE.map(({ key, value }) => [key, value] as const),
  1,
);
const HEADER = child(ZERO_HASH, 77n, [], ROOT);

async function writeState(name: string): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(STATE)) pieces.push(piece);
  writeFileSync(join(folder, name), concatBytes(...pieces));
}

function writeJson(name: string, json: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(json));
  return file;
}

function sunsetFile(name: string, state: string, more: object = {}): string {
  return writeJson(name, {
    contract: toHex(CONTRACT),
    finalityAnchor: toHex(ZERO_HASH),
    header: toHex(encodeHeader(HEADER)),
    state,
    ...more,
  });
}

const SETTINGS = {
  genesisHash: GENESIS,
  firstHeight: 100n,
  lastHeight: 200n,
  minimum: 1_000n,
  token: asAddress(new Uint8Array(20).fill(9)),
  runtimes: [{ specVersion: SMALL_SPEC_VERSION, metadataHash: SMALL_METADATA_HASH }],
  finalityAnchor: ZERO_HASH,
};

function swapFile(): string {
  const domain = { chainId: 900n, contract: CONTRACT };
  const description = { settings: SETTINGS, domain, metadata: [SMALL_METADATA] };
  return writeJson("swap.json", formatSwapDescription(description));
}

function witness(extrinsics: number) {
  const remark = formatRemark({
    chainId: 900n,
    receiver: asAddress(new Uint8Array(20).fill(3)),
    repairs: [],
  });
  const sender = asHash(new Uint8Array(32).fill(0xa1));
  const records = [
    transferred(extrinsics, sender, swapAccount(CONTRACT), 5_000n),
    remarked(extrinsics, sender, remark),
    succeeded(extrinsics),
  ];
  const { proof } = sealBlock({ height: 150n, records, remarks: [remark] });
  return encodeReleaseWitness({ deposit: { block: proof, eventIndex: 0 } });
}

const QUESTION = { settingsHash: toHex(swapSettingsHash(SETTINGS)), ...witness(0) };

type Files = { readonly sunset?: string; readonly swap?: string; readonly isFinal?: IsFinal | null };

async function serve({ sunset, swap, isFinal = async () => true }: Files) {
  let time = 0;
  const enclave = createEnclave({
    random: (length) => new Uint8Array(length).fill(7),
    kzg: { blobToKzgCommitment: () => assert.fail("no proof is made here") },
    domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20)) },
  });
  const clock = { now: () => time, sleep: async () => {} };
  const desk = new StatementDesk({
    serving: () => ({ key: toHex(enclave.address), statements: enclave }),
    descriptions: descriptionsOf({ sunset, swap, finality: undefined }),
    isFinal: isFinal ?? undefined,
    clock,
    log: silentLog,
    signal: new AbortController().signal,
  });
  const nothing = () => assert.fail("it is not asked for here");
  const server = await startTeeEndpoint(
    { rpcHost: "127.0.0.1", rpcPort: 0, rpcCorsOrigins: [], rpcReleaseMebibytes: 4 },
    {
      facts: nothing,
      readStanding: nothing,
      readPolicyRules: nothing,
      readCoverage: nothing,
      numberOf: nothing,
      desk,
      clock,
      log: silentLog,
    },
  );
  assert.ok(server);
  servers.push(server);
  const wait = (ms: number) => {
    time += ms;
  };
  return { url: server.url, desk, key: toHex(enclave.address), wait };
}

const nodes: Server[] = [];
after(() => {
  for (const node of nodes) node.close();
});

/** A node that answers each method alike. */
async function parachainNode(answers: Readonly<Record<string, unknown>>): Promise<string> {
  const node = createServer(async (request, response) => {
    const asked: unknown = JSON.parse(await text(request));
    const method = typeof asked === "object" && asked !== null && "method" in asked ? asked.method : "";
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: answers[String(method)] }));
  });
  nodes.push(node);
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  const address = node.address();
  assert.ok(typeof address === "object" && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

type Answer = {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
};

async function ask(url: string, method: string, params: readonly unknown[] = []): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "content-type": "application/json" };
  const answer: unknown = await (await fetch(url, { method: "POST", headers, body })).json();
  assert.ok(typeof answer === "object" && answer !== null);
  return answer;
}

describe("tee_signSunset", () => {
  it("counts the file's state once, tells how far it is, and then the statement", async () => {
    await writeState("state.bin");
    const { url, desk, key } = await serve({ sunset: sunsetFile("sunset.json", "state.bin") });
    const first = await ask(url, "tee_signSunset");
    assert.equal(first.result?.status, "running");
    await desk.idle();
    const { result } = await ask(url, "tee_signSunset");
    assert.equal(result?.status, "signed");
    assert.equal(result?.key, key);
    assert.match(String(result?.signature), /^0x[0-9a-f]{130}$/);
    const { sunset } = result ?? {};
    assert.ok(
      typeof sunset === "object" && sunset !== null && "claimable" in sunset && "genesisHash" in sunset,
    );
    assert.equal(sunset.claimable, "30000000000000");
    assert.equal(sunset.genesisHash, toHex(GENESIS));
    assert.deepEqual((await ask(url, "tee_signSunset")).result, result, "it is told again");
  });

  it("says by name what is wrong, and begins anew only after a while", async () => {
    writeFileSync(join(folder, "cut.bin"), Uint8Array.of(0, 0, 0, 9, 1));
    const { url, desk, wait } = await serve({ sunset: sunsetFile("cut.json", "cut.bin") });
    await ask(url, "tee_signSunset");
    await desk.idle();
    const cut = await ask(url, "tee_signSunset");
    assert.deepEqual(cut.error?.data, { reason: "STATE_FILE_INVALID" });
    writeFileSync(join(folder, "cut.bin"), new Uint8Array(0));
    assert.deepEqual((await ask(url, "tee_signSunset")).error?.data, { reason: "STATE_FILE_INVALID" });
    wait(SUNSET_RETRY_MS);
    assert.equal((await ask(url, "tee_signSunset")).result?.status, "running");
    await desk.idle();
    const { error } = await ask(url, "tee_signSunset");
    assert.match(JSON.stringify(error?.data), /^\{"reason":"state-root-mismatch","wanted":"0x/);
  });

  it("is given where the prover's own node has the block, and not where it has another", async () => {
    await writeState("own.bin");
    const head = toHex(headerHash(HEADER));
    const number = { number: `0x${HEADER.number.toString(16)}` };
    const answers = { chain_getFinalizedHead: head, chain_getHeader: number, chain_getBlockHash: head };
    const reasons: Record<string, string> = {};
    for (const [name, given] of Object.entries({
      own: answers,
      other: { ...answers, chain_getBlockHash: toHex(GENESIS) },
      early: { ...answers, chain_getHeader: { number: "0x1" } },
      silent: {},
    })) {
      const sunset = sunsetFile(`${name}.json`, "own.bin", { node: await parachainNode(given) });
      const { url, desk } = await serve({ sunset, isFinal: async () => assert.fail("this is of the swap") });
      await ask(url, "tee_signSunset");
      await desk.idle();
      const { result, error } = await ask(url, "tee_signSunset");
      reasons[name] = JSON.stringify(error?.data ?? result?.status);
    }
    assert.deepEqual(reasons, {
      own: '"signed"',
      other: '{"reason":"block-not-final"}',
      early: '{"reason":"block-not-final"}',
      silent: '{"reason":"PARACHAIN_NODE_SILENT"}',
    });
  });

  it("is given with the registrations of the blocks' file, and refused by name without one of them", async () => {
    await writeState("registered.bin");
    const account = toHex(new Uint8Array(32).fill(1));
    const receiver = `0x${"22".repeat(20)}` as const;
    const blocks = chainOf([[], [registering(account, receiver, 900n)], []], { first: 75n, stateRoot: ROOT });
    const [frozen] = blocks;
    assert.ok(frozen !== undefined);
    const header = toHex(encodeHeader(frozen.header));
    writeFileSync(join(folder, "blocks.bin"), concatBytes(...blocks.map(blockItem)));
    writeFileSync(join(folder, "fewer.bin"), concatBytes(...blocks.slice(0, 2).map(blockItem)));
    writeFileSync(join(folder, "cut-blocks.bin"), blockItem(frozen).subarray(1));
    const outcomes: unknown[] = [];
    for (const file of ["blocks", "fewer", "cut-blocks"]) {
      const registrations = { header, registrationsFrom: "75", blocks: `${file}.bin` };
      const { url, desk } = await serve({
        sunset: sunsetFile(`${file}.json`, "registered.bin", registrations),
      });
      const { result: begun } = await ask(url, "tee_signSunset");
      assert.deepEqual(begun, { status: "running", blocks: "0x0", entries: "0x0", bytes: "0x0" });
      await desk.idle();
      const { result, error } = await ask(url, "tee_signSunset");
      const { sunset } = result ?? {};
      outcomes.push(error?.data ?? (isRecord(sunset) ? sunset.claimsRoot : undefined));
    }
    const balances = [1, 2, 3].map((seed) => ({
      kind: BALANCE,
      account: toHex(new Uint8Array(32).fill(seed)),
      subject: NO_SUBJECT,
      value: 10n ** 13n,
    }));
    const subject = addressSubject(fromHex(receiver));
    const { root } = buildClaimsTree([...balances, { kind: RECEIVER, account, subject, value: 1n }], 4);
    assert.deepEqual(outcomes, [
      toHex(root),
      { reason: "blocks-missing", height: "75" },
      { reason: "BLOCKS_FILE_INVALID" },
    ]);
  });

  it("is not begun by a file that names a window without its blocks, or blocks without a window", async () => {
    for (const wrong of [
      { registrationsFrom: 5 },
      { blocks: "blocks.bin" },
      { registrationsFrom: 0, blocks: "blocks.bin" },
      { registrationsFrom: "18446744073709551616", blocks: "blocks.bin" },
      { registrationsFrom: -1, blocks: "blocks.bin" },
      { node: "parachain.example" },
      { node: "file:///etc/passwd" },
    ]) {
      const file = sunsetFile("wrong.json", "state.bin", wrong);
      const descriptions = descriptionsOf({ sunset: file, swap: undefined, finality: undefined });
      assert.throws(() => descriptions.sunset(), { code: "CONFIG_INVALID" }, JSON.stringify(wrong));
    }
  });

  it("is not there for a prover that was told of no parachain", async () => {
    const { url } = await serve({ sunset: join(folder, "later.json") });
    assert.equal((await ask(url, "tee_signSunset")).error?.code, -32000);
  });
});

describe("tee_signRelease", () => {
  it("judges a deposit by the prover's own settings, and tells its word again", async () => {
    const { url, key } = await serve({ swap: swapFile() });
    const { result } = await ask(url, "tee_signRelease", [QUESTION]);
    assert.equal(result?.key, key);
    assert.equal(result?.settingsHash, QUESTION.settingsHash);
    assert.match(JSON.stringify(result?.release), /"planck":"5000"/);
    assert.deepEqual((await ask(url, "tee_signRelease", [QUESTION])).result, result);
  });

  it("refuses by name", async () => {
    const { url } = await serve({ swap: swapFile() });
    const { deposit } = QUESTION;
    const cases: readonly (readonly [unknown, unknown])[] = [
      [{ ...QUESTION, settingsHash: toHex(ZERO_HASH) }, { reason: "other-settings" }],
      [{ ...QUESTION, deposit: { ...deposit, eventIndex: 1 } }, { reason: "event-no-deposit" }],
      [
        { ...QUESTION, deposit: { ...deposit, block: { ...deposit.block, nodes: [] } } },
        { reason: "proof-node-missing" },
      ],
    ];
    for (const [question, data] of cases) {
      assert.deepEqual((await ask(url, "tee_signRelease", [question])).error?.data, data);
    }
    for (const bad of [
      {},
      "0x",
      { ...QUESTION, settingsHash: "0x1" },
      { ...QUESTION, deposit: {} },
      { ...QUESTION, finality: ["0x", "0x", "0x"] },
      { ...QUESTION, finality: ["no hex"] },
    ]) {
      assert.equal((await ask(url, "tee_signRelease", [bad])).error?.code, -32602);
    }
    assert.equal((await ask((await serve({})).url, "tee_signRelease", [QUESTION])).error?.code, -32000);
  });

  it("pays for no block that the prover's own node does not have as final", async () => {
    const swap = swapFile();
    const answers: Readonly<Record<string, unknown>> = {
      chain_getFinalizedHead: toHex(ZERO_HASH),
      chain_getHeader: { number: "0x96" },
      chain_getBlockHash: toHex(blake2b256(fromHex(QUESTION.deposit.block.header))),
    };
    const cases: readonly (readonly [Readonly<Record<string, unknown>>, unknown])[] = [
      [answers, undefined],
      [{ ...answers, chain_getHeader: { number: "0x95" } }, { reason: "block-not-final" }],
      [{ ...answers, chain_getBlockHash: toHex(ZERO_HASH) }, { reason: "block-not-final" }],
      [{ ...answers, chain_getBlockHash: null }, { reason: "block-not-final" }],
      [{ ...answers, chain_getFinalizedHead: null }, { reason: "PARACHAIN_NODE_SILENT" }],
      [{ ...answers, chain_getHeader: null }, { reason: "PARACHAIN_NODE_SILENT" }],
    ];
    for (const [node, data] of cases) {
      const { url } = await serve({ swap, isFinal: finalityByNode(await parachainNode(node)) });
      assert.deepEqual((await ask(url, "tee_signRelease", [QUESTION])).error?.data, data);
    }
    const unreachable = await serve({ swap, isFinal: finalityByNode("http://127.0.0.1:1") });
    const { error } = await ask(unreachable.url, "tee_signRelease", [QUESTION]);
    assert.deepEqual(error?.data, { reason: "PARACHAIN_NODE_SILENT" });
    const nodeless = await serve({ swap, isFinal: null });
    const refused = await ask(nodeless.url, "tee_signRelease", [QUESTION]);
    assert.deepEqual(refused.error?.data, { reason: "no-source-of-finality" });
  });

  it("does so much in a minute, and no more", async () => {
    const { url, desk, wait } = await serve({ swap: swapFile(), isFinal: async () => false });
    const block = { header: encodeHeader(HEADER), nodes: [], remarks: [] };
    const question = {
      settingsHash: swapSettingsHash(SETTINGS),
      witness: { deposit: { block, eventIndex: 0 } },
      finality: [],
    };
    for (let i = 0; i < NODE_QUESTIONS_PER_MINUTE; i++) await desk.release(question);
    assert.equal((await ask(url, "tee_signRelease", [QUESTION])).error?.code, -32005);
    const other = { ...QUESTION, settingsHash: toHex(ZERO_HASH) };
    assert.equal((await ask(url, "tee_signRelease", [other])).error?.code, -32000, "it costs nothing");
    wait(60_000);
    assert.equal((await ask(url, "tee_signRelease", [QUESTION])).error?.code, -32000);
  });
});
