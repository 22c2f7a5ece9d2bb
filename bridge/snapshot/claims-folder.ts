import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { HASH_LENGTH, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeSs58 } from "@phala-l2/protocol/substrate/ss58";
import { type ClaimLeaf, LEAF_ENCODING, proofAt } from "@phala-l2/sunset/claims-tree";
import type { Snapshot } from "@phala-l2/sunset/snapshot";

/** The tree in the library's own form (`StandardMerkleTree.load`), a node or leaf a line. */
const CLAIMS = "claims.json";
/** Each account's balance by where it was found, a line each. */
const ACCOUNTS = "accounts.jsonl";
/** What the command printed. */
const DOCUMENT = "snapshot.json";

/** Lines are written so many bytes at once. */
const WRITE_BYTES = 2 ** 20;

function writeLines(path: string, lines: Iterable<string>): void {
  const partial = `${path}.partial`;
  const file = openSync(partial, "w");
  try {
    let waiting = "";
    for (const line of lines) {
      waiting += line;
      if (waiting.length < WRITE_BYTES) continue;
      writeAll(file, waiting);
      waiting = "";
    }
    writeAll(file, waiting);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function* claimLines({ leaves, tree }: Snapshot): Generator<string> {
  yield `{"format":"standard-v1","leafEncoding":${JSON.stringify(LEAF_ENCODING)},"tree":[\n`;
  const nodes = tree.nodes.length / HASH_LENGTH;
  for (let at = 0; at < nodes; at++) {
    const node = toHex(tree.nodes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH));
    yield `"${node}"${at + 1 < nodes ? "," : ""}\n`;
  }
  yield `],"values":[\n`;
  for (const [i, { kind, account, subject, value }] of leaves.entries()) {
    const ending = i + 1 < leaves.length ? "," : "";
    yield `{"value":["${kind}","${account}","${subject}","${value}"],"treeIndex":${tree.places[i]}}${ending}\n`;
  }
  yield "]}\n";
}

function* accountLines({ count }: Snapshot, ss58Prefix: number): Generator<string> {
  for (const { account, planck, holding } of count.owners) {
    const { free, reserved, wrapped, shares, withdrawing, rewards } = holding;
    const parts = { free, reserved, wrapped, shares, withdrawing, rewards };
    const found = Object.entries(parts).flatMap(([name, part]) =>
      part === 0n ? [] : [[name, String(part)]],
    );
    const ss58 = encodeSs58(hashFromHex(account), ss58Prefix);
    yield `${JSON.stringify({ account, ss58, planck: String(planck), ...Object.fromEntries(found) })}\n`;
  }
}

/**
 * Makes the folder, with those above it, and makes sure that it takes files. Folder by folder: where a file system takes none,
 * such as /proc, Node's recursive way tries for ever.
 * @throws errors of the file system
 */
export function makeClaimsFolder(folder: string): void {
  const path = resolve(folder);
  const missing: string[] = [];
  for (let each = path; !existsSync(each); each = dirname(each)) missing.unshift(each);
  for (const each of missing) mkdirSync(each);
  const probe = join(path, `${CLAIMS}.partial`);
  writeFileSync(probe, "");
  rmSync(probe);
}

/** Writes a snapshot's claims, accounts and document into a folder, which is made. @throws errors of the file system */
export function writeClaims(folder: string, snapshot: Snapshot, document: object, ss58Prefix: number): void {
  makeClaimsFolder(folder);
  writeLines(join(folder, CLAIMS), claimLines(snapshot));
  writeLines(join(folder, ACCOUNTS), accountLines(snapshot, ss58Prefix));
  writeFileSync(join(folder, DOCUMENT), `${JSON.stringify(document, undefined, 2)}\n`);
}

/** A leaf of an account, and its way to the root. */
export type ProvenLeaf = {
  readonly leaf: ClaimLeaf;
  readonly treeIndex: number;
  readonly proof: readonly Hex[];
};
/** What a file of claims has of an account. */
export type AccountClaims = { readonly root: Hex; readonly leaves: readonly ProvenLeaf[] };

/** A folder's file of claims, or the file itself. @throws RollupError SETTING_INVALID when there is none */
export function claimsFile(path: string): string {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, CLAIMS) : path;
  if (existsSync(file)) return file;
  throw new RollupError(
    "SETTING_INVALID",
    `--claims: there is no ${file}: give the folder that 'l2 claims snapshot' wrote`,
  );
}

/** The document beside a file of claims. */
export function documentFile(path: string): string {
  return statSync(path).isDirectory() ? join(path, DOCUMENT) : join(path, "..", DOCUMENT);
}

const NODE = /"(0x[0-9a-fA-F]{64})"/g;
const VALUE = /\{\s*"value"\s*:\s*\[([^\]]*)\]\s*,\s*"treeIndex"\s*:\s*(\d+)\s*\}/g;
const FIELDS = /^\s*"?(\d+)"?\s*,\s*"(0x[0-9a-f]{64})"\s*,\s*"(0x[0-9a-f]{64})"\s*,\s*"?(\d+)"?\s*$/i;

function leafOf(fields: string): ClaimLeaf | undefined {
  const [, kind, account, subject, value] = FIELDS.exec(fields) ?? [];
  if (kind === undefined || account === undefined || subject === undefined || value === undefined)
    return undefined;
  return {
    kind: Number(kind),
    account: toHex(hashFromHex(account)),
    subject: toHex(hashFromHex(subject)),
    value: BigInt(value),
  };
}

/** Nodes as they come, in an array that grows. */
class NodeStore {
  bytes = new Uint8Array(1024 * HASH_LENGTH);
  count = 0;

  add(hex: string): void {
    const end = (this.count + 1) * HASH_LENGTH;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(2 * this.bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(hashFromHex(hex), end - HASH_LENGTH);
    this.count += 1;
  }
}

type FoundLeaf = { readonly leaf: ClaimLeaf; readonly treeIndex: number };

function addNodes(nodes: NodeStore, text: string): void {
  for (const [, node = ""] of text.matchAll(NODE)) nodes.add(node);
}

function leavesIn(text: string, account: Hex): readonly FoundLeaf[] {
  return [...text.matchAll(VALUE)].flatMap(([, fields = "", index = ""]) => {
    const leaf = leafOf(fields);
    return leaf?.account === account ? [{ leaf, treeIndex: Number(index) }] : [];
  });
}

/**
 * Finds an account's leaves in a file of claims of any size, line by line.
 * @throws RollupError CLAIMS_FILE_INVALID when it is not in the form of a `StandardMerkleTree`'s dump
 */
export async function findClaims(path: string, account: Hex): Promise<AccountClaims> {
  const nodes = new NodeStore();
  const found: FoundLeaf[] = [];
  let hasValues = false;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const at: number = hasValues ? 0 : line.indexOf('"values"');
    if (!hasValues) addNodes(nodes, at === -1 ? line : line.slice(0, at));
    hasValues ||= at !== -1;
    if (hasValues && line.toLowerCase().includes(account)) found.push(...leavesIn(line.slice(at), account));
  }
  if (nodes.count === 0 || found.some(({ treeIndex }) => treeIndex >= nodes.count)) {
    throw new RollupError("CLAIMS_FILE_INVALID", `${path} is no file of claims, or a damaged one`);
  }
  const used = nodes.bytes.subarray(0, nodes.count * HASH_LENGTH);
  const leaves = found.map((each) => ({ ...each, proof: proofAt(used, each.treeIndex) }));
  return { root: toHex(used.subarray(0, HASH_LENGTH)), leaves };
}
