import { bytesEqual, type Hash, type Hex, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeSs58 } from "@phala-l2/protocol/substrate/ss58";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import type { WindowFault } from "@phala-l2/sunset/block-window";
import {
  type CountedState,
  type FrozenBlock,
  frozenBlock,
  type RegisteredReceiver,
  type Snapshot,
  SnapshotBuilder,
  type SnapshotFault,
} from "@phala-l2/sunset/snapshot";
import { blockNumberOf, headerInDump } from "./frozen-header.ts";
import type { Progress } from "./progress.ts";
import { refusalWords } from "./refusal-words.ts";
import { readStateDump, type StateDump } from "./state-dump.ts";

/** What is known of the frozen block beside the dump. What is said twice must agree. */
export type GivenBlock = {
  readonly header?: SubstrateHeader | undefined;
  readonly stateRoot?: Hash | undefined;
  readonly blockHash?: Hash | undefined;
  readonly height?: bigint | undefined;
  readonly genesisHash?: Hash | undefined;
};

export type SnapshotRequest = {
  readonly state: string;
  readonly block: GivenBlock;
  readonly layout: TrieLayout | "either";
  /** Reads registered receivers when it is known who is owed something; whoever is not need not be among them. */
  readonly registrations: (owes: CountedState["owes"]) => Promise<Registrations>;
};

export type Registrations =
  | { readonly kind: "ok"; readonly receivers: readonly RegisteredReceiver[] }
  | { readonly kind: "invalid"; readonly reason: TakingFault };

export type TakingFault =
  | SnapshotFault
  | WindowFault
  | { readonly code: "dump-invalid" | "header-invalid" | "blocks-invalid"; readonly reason: string }
  | { readonly code: "block-unknown"; readonly reason: string }
  | {
      readonly code: "contradiction";
      readonly field: string;
      readonly given: string;
      readonly found: string;
    };

/** A snapshot, and which facts of the block nobody told; they are zero in it. */
export type Taken = {
  readonly snapshot: Snapshot;
  readonly unknown: ReadonlySet<"height" | "blockHash" | "genesisHash">;
};
export type Taking =
  | { readonly kind: "ok"; readonly taken: Taken }
  | { readonly kind: "refused"; readonly reason: TakingFault };

function refused(reason: TakingFault): Taking {
  return { kind: "refused", reason };
}

function hashOf(text: string | undefined): Hash | undefined {
  if (text === undefined) return undefined;
  try {
    return hashFromHex(text);
  } catch (error) {
    if (isRollupError(error)) return undefined;
    throw error;
  }
}

type BlockFinding =
  | { readonly kind: "ok"; readonly block: FrozenBlock; readonly unknown: Taken["unknown"] }
  | { readonly kind: "refused"; readonly reason: TakingFault };

function contradiction(given: GivenBlock, block: FrozenBlock): TakingFault | undefined {
  for (const field of ["stateRoot", "blockHash"] as const) {
    const wanted = given[field];
    if (wanted !== undefined && !bytesEqual(wanted, block[field])) {
      return { code: "contradiction", field, given: toHex(wanted), found: toHex(block[field]) };
    }
  }
  if (given.height === undefined || given.height === block.height) return undefined;
  return { code: "contradiction", field: "height", given: String(given.height), found: String(block.height) };
}

/** The header where there is one; without, what was given, and what the dump says of itself. */
function findBlock(given: GivenBlock, { facts }: StateDump): BlockFinding {
  const inDump = given.header === undefined ? headerInDump(facts) : undefined;
  if (inDump?.kind === "invalid" && given.stateRoot === undefined) {
    return { kind: "refused", reason: { code: "header-invalid", reason: inDump.reason } };
  }
  const header = given.header ?? (inDump?.kind === "ok" ? inDump.header : undefined);
  const genesisHash = given.genesisHash ?? hashOf(facts.genesisHash);
  const stands = { genesisHash: genesisHash ?? ZERO_HASH };
  if (header !== undefined) {
    const block = { ...frozenBlock(header), ...stands };
    const fault = contradiction(given, block);
    if (fault !== undefined) return { kind: "refused", reason: fault };
    return {
      kind: "ok",
      block,
      unknown: new Set(genesisHash === undefined ? (["genesisHash"] as const) : []),
    };
  }
  const stateRoot = given.stateRoot ?? hashOf(facts.stateRoot);
  if (stateRoot === undefined) {
    const reason = "neither a header nor a state root to judge the state by";
    return { kind: "refused", reason: { code: "block-unknown", reason } };
  }
  const height = given.height ?? blockNumberOf(facts.number);
  const blockHash = given.blockHash ?? hashOf(facts.blockHash);
  const known = { height, blockHash, genesisHash };
  const unknown = (["height", "blockHash", "genesisHash"] as const).filter(
    (name) => known[name] === undefined,
  );
  const block = { height: height ?? 1n, blockHash: blockHash ?? ZERO_HASH, stateRoot, ...stands };
  return { kind: "ok", block, unknown: new Set(unknown) };
}

/** Between two looks at the clock while entries are counted. */
const SHOW_EVERY = 4096;

/**
 * Reads a dump, and makes a snapshot of it.
 * @throws errors of the file system, and what `registrations` throws
 */
export async function takeSnapshot(request: SnapshotRequest, progress: Progress): Promise<Taking> {
  const { state, layout } = request;
  const childLayout = layout === "either" ? 1 : layout;
  const reading = await readStateDump(state, childLayout, (part) => progress.show("reading the state", part));
  if (reading.kind === "invalid") return refused({ code: "dump-invalid", reason: reading.reason });
  const { dump } = reading;
  try {
    const finding = findBlock(request.block, dump);
    if (finding.kind === "refused") return finding;
    const builder = new SnapshotBuilder({ layout });
    let done = 0;
    for (const [key, value] of dump.entries()) {
      builder.add(key, value);
      done += 1;
      if (done % SHOW_EVERY === 0) progress.show("hashing and counting", done / dump.count);
    }
    progress.show("hashing and counting", 1);
    const outcome = builder.count(finding.block);
    if (outcome.kind === "refused") return outcome;
    const { owes, snapshot } = outcome.counted;
    progress.show("reading registrations", 0);
    const registrations = await request.registrations(owes);
    if (registrations.kind === "invalid") return refused(registrations.reason);
    progress.show("reading registrations", 1);
    progress.show("building the claims tree", 0);
    const taken = snapshot(registrations.receivers);
    progress.show("building the claims tree", 1);
    return judgeGenesis(request, taken, finding.unknown);
  } finally {
    progress.end();
    dump.dispose();
  }
}

function judgeGenesis({ block }: SnapshotRequest, snapshot: Snapshot, unknown: Taken["unknown"]): Taking {
  const { genesisHash } = snapshot;
  const isKnown = !bytesEqual(genesisHash, ZERO_HASH);
  const missing = new Set([...unknown].filter((name) => name !== "genesisHash" || !isKnown));
  if (block.genesisHash === undefined || bytesEqual(block.genesisHash, genesisHash)) {
    return { kind: "ok", taken: { snapshot, unknown: missing } };
  }
  const [given, found] = [toHex(block.genesisHash), toHex(genesisHash)];
  return refused({ code: "contradiction", field: "genesisHash", given, found });
}

/** A snapshot as people and contracts' tools read it: amounts in planck as decimal text. */
export function snapshotDocument({ snapshot, unknown }: Taken, ss58Prefix: number): object {
  const { count, leaves, locks } = snapshot;
  const told = (name: "blockHash" | "genesisHash"): Hex | null =>
    unknown.has(name) ? null : toHex(snapshot[name]);
  const ofKind = (kind: number): number => leaves.filter((leaf) => leaf.kind === kind).length;
  return {
    ok: true,
    genesisHash: told("genesisHash"),
    height: unknown.has("height") ? null : String(snapshot.height),
    blockHash: told("blockHash"),
    stateRoot: toHex(snapshot.stateRoot),
    stateVersion: snapshot.layout,
    claimsRoot: toHex(snapshot.claimsRoot),
    issuance: String(snapshot.issuance),
    claimable: String(snapshot.claimable),
    excluded: String(snapshot.excluded),
    rounding: String(snapshot.rounding),
    counts: {
      entries: snapshot.entries,
      accounts: count.owners.length,
      excluded: count.exclusions.length,
      leaves: leaves.length,
      balances: ofKind(0),
      proxies: ofKind(1),
      receivers: ofKind(2),
    },
    claimableBySource: Object.fromEntries(
      Object.entries(count.bySource).map(([source, planck]) => [source, String(planck)]),
    ),
    locksWithinFree: Object.fromEntries(
      [...locks].map(([name, { accounts, planck }]) => [name, { accounts, planck: String(planck) }]),
    ),
    excludedAccounts: [...count.exclusions]
      .sort((a, b) => (a.planck > b.planck ? -1 : a.planck < b.planck ? 1 : 0))
      .map(({ account, kind, planck }) => ({
        account,
        ss58: encodeSs58(hashFromHex(account), ss58Prefix),
        kind,
        planck: String(planck),
      })),
  };
}

/** A refusal as it is printed: in words, and its facts, hashes as hex, numbers as decimal text. */
export function refusalDocument(reason: TakingFault): object {
  const facts = Object.fromEntries(Object.entries(reason).map(([name, value]) => [name, plainly(value)]));
  return { ok: false, ...facts, ...refusalWords(facts) };
}

function plainly(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return toHex(value);
  return Array.isArray(value) ? value.map(plainly) : value;
}
