import { bytesEqual, compareBytes, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { STORAGE_PREFIX_LENGTH } from "@phala-l2/protocol/substrate/storage-key";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { TrieRootBuilder } from "@phala-l2/protocol/substrate/trie/root";
import type { SunsetStatement } from "@phala-l2/protocol/sunset-statement";
import {
  BALANCE,
  buildClaimsTree,
  type ClaimLeaf,
  type ClaimsTree,
  NO_SUBJECT,
  PROXY,
  RECEIVER,
} from "./claims-tree.ts";
import { type Count, type CountFault, countState } from "./count.ts";
import { noFacts, STORAGE_ITEMS, type StateFacts, type StorageItem } from "./facts.ts";

/** An account's word, given on the source chain before its end, where its claim goes. */
export type RegisteredReceiver = { readonly account: Hex; readonly subject: Hex; readonly form: number };

export type SnapshotSettings = {
  /** The layout that the chain's values are written in; both are tried where the host does not know it. */
  readonly layout: TrieLayout | "either";
};

export type SnapshotFault =
  | CountFault
  | { readonly code: "entries-out-of-order" | "entry-twice"; readonly key: Hex }
  | { readonly code: "entry-malformed"; readonly item: string; readonly key: Hex }
  | { readonly code: "state-root-mismatch"; readonly wanted: Hash; readonly computed: readonly Hash[] }
  | { readonly code: "genesis-unknown" }
  | { readonly code: "nothing-to-claim" };

/** What provers sign of a snapshot, and what it was made of. */
export type Snapshot = SunsetStatement & {
  readonly layout: TrieLayout;
  readonly count: Count;
  readonly leaves: readonly ClaimLeaf[];
  readonly tree: ClaimsTree;
  readonly locks: StateFacts["locks"];
  readonly entries: number;
};

export type SnapshotOutcome =
  | { readonly kind: "ok"; readonly snapshot: Snapshot }
  | { readonly kind: "refused"; readonly reason: SnapshotFault };

/** A state that is the block's, counted. What is missing to a snapshot are the receivers that were registered. */
export type CountedState = {
  /** Whether an account is owed something: registrations of all others need not be kept. */
  readonly owes: (account: Hex) => boolean;
  /** To be called once. */
  readonly snapshot: (receivers: readonly RegisteredReceiver[]) => Snapshot;
};

export type CountedOutcome =
  | { readonly kind: "ok"; readonly counted: CountedState }
  | { readonly kind: "refused"; readonly reason: SnapshotFault };

/** What of a frozen block is known beside its state: its header, or where that is missing, what stands in for it. */
export type FrozenBlock = {
  readonly height: bigint;
  readonly blockHash: Hash;
  readonly stateRoot: Hash;
  /** Where the state does not tell it. */
  readonly genesisHash?: Hash;
};

export function frozenBlock(header: SubstrateHeader): FrozenBlock {
  return { height: header.number, blockHash: headerHash(header), stateRoot: header.stateRoot };
}

/**
 * Makes a snapshot of a state that comes as a stream of entries in the order of their keys. Nothing of the state is
 * kept but what is counted, and nothing is believed before the root of all entries is the header's. Hostile
 * entries are a refusal, at the end. A class because it lives as long as the stream.
 */
export class SnapshotBuilder {
  private readonly builders: readonly { readonly layout: TrieLayout; readonly trie: TrieRootBuilder }[];
  private readonly facts: StateFacts = noFacts();
  private last: Uint8Array | undefined;
  /** The item that the latest key is of, as neighbours are of the same. */
  private item: StorageItem | undefined;
  private itemPrefix: Uint8Array | undefined;
  private fault: SnapshotFault | undefined;
  private entries = 0;

  constructor(settings: SnapshotSettings = { layout: "either" }) {
    const layouts: readonly TrieLayout[] = settings.layout === "either" ? [1, 0] : [settings.layout];
    this.builders = layouts.map((layout) => ({ layout, trie: new TrieRootBuilder(layout) }));
  }

  /**
   * Adds the next entry; `key` is kept until the following call, and must not be written to.
   * @param layout the layout of this value, where a migration between layouts has not come to it yet
   */
  add(key: Uint8Array, value: Uint8Array, layout?: TrieLayout): void {
    if (this.fault !== undefined) return;
    const order = this.last === undefined ? -1 : compareBytes(this.last, key);
    if (order >= 0) {
      this.fault = { code: order === 0 ? "entry-twice" : "entries-out-of-order", key: toHex(key) };
      return;
    }
    this.last = key;
    this.entries += 1;
    for (const builder of this.builders) builder.trie.add(key, value, layout ?? builder.layout);
    const item = this.itemOf(key);
    if (item !== undefined && !item.read(this.facts, key, value)) {
      this.fault = { code: "entry-malformed", item: item.name, key: toHex(key) };
    }
  }

  private itemOf(key: Uint8Array): StorageItem | undefined {
    if (key.length < STORAGE_PREFIX_LENGTH) return undefined;
    const prefix = key.subarray(0, STORAGE_PREFIX_LENGTH);
    if (this.itemPrefix === undefined || !bytesEqual(this.itemPrefix, prefix)) {
      this.itemPrefix = prefix;
      this.item = STORAGE_ITEMS.find((each) => bytesEqual(each.prefix, prefix));
    }
    return this.item;
  }

  /** Judges the state by the block, counts it, and makes the snapshot with receivers that are at hand. To be called once. */
  finish(block: FrozenBlock, receivers: readonly RegisteredReceiver[] = []): SnapshotOutcome {
    const outcome = this.count(block);
    if (outcome.kind === "refused") return outcome;
    return { kind: "ok", snapshot: outcome.counted.snapshot(receivers) };
  }

  /** Judges the state by the block, and counts it. To be called once. */
  count(block: FrozenBlock): CountedOutcome {
    if (this.fault !== undefined) return refused(this.fault);
    const roots = this.builders.map(({ layout, trie }) => ({ layout, root: trie.root() }));
    const match = roots.find(({ root }) => bytesEqual(root, block.stateRoot));
    if (match === undefined) {
      const computed = roots.map(({ root }) => root);
      return refused({ code: "state-root-mismatch", wanted: block.stateRoot, computed });
    }
    const genesisHash = genesisOf(block, this.facts);
    if (genesisHash === undefined) return refused({ code: "genesis-unknown" });
    const counting = countState(this.facts);
    if (counting.kind === "refused") return counting;
    const { count } = counting;
    if (count.owners.length === 0) return refused({ code: "nothing-to-claim" });
    const owners = new Set(count.owners.map(({ account }) => account));
    const owes = (account: Hex) => owners.has(account);
    const { issuance, claimable, excluded, rounding } = count;
    const { height, blockHash, stateRoot } = block;
    const totals = { issuance, claimable, excluded, rounding };
    const { facts, entries } = this;
    const snapshot = (receivers: readonly RegisteredReceiver[]): Snapshot => {
      const leaves = leavesOf(count, facts, receivers, owes);
      const tree = buildClaimsTree(leaves, leaves.length);
      const statement = { genesisHash, height, blockHash, stateRoot, claimsRoot: tree.root, ...totals };
      return { ...statement, layout: match.layout, count, leaves, tree, locks: facts.locks, entries };
    };
    return { kind: "ok", counted: { owes, snapshot } };
  }
}

function refused(reason: SnapshotFault) {
  return { kind: "refused", reason } as const;
}

/** A genesis state has a placeholder where later ones have the genesis block's hash: it is that block itself. */
function genesisOf(block: FrozenBlock, facts: StateFacts): Hash | undefined {
  if (block.height === 0n) return block.blockHash;
  return facts.genesisHash ?? block.genesisHash;
}

/** Balances, and for accounts that have one their proxies and registered receivers. */
function leavesOf(
  count: Count,
  facts: StateFacts,
  receivers: readonly RegisteredReceiver[],
  owes: CountedState["owes"],
): readonly ClaimLeaf[] {
  const balances = count.owners.map(
    ({ account, planck }): ClaimLeaf => ({ kind: BALANCE, account, subject: NO_SUBJECT, value: planck }),
  );
  const proxies = facts.proxies
    .filter(({ account }) => owes(account))
    .map(
      ({ account, delegate, delay }): ClaimLeaf => ({
        kind: PROXY,
        account,
        subject: delegate,
        value: BigInt(delay),
      }),
    );
  const registered = receivers
    .filter(({ account }) => owes(account))
    .map(
      ({ account, subject, form }): ClaimLeaf => ({ kind: RECEIVER, account, subject, value: BigInt(form) }),
    );
  return [...balances, ...proxies, ...registered];
}
