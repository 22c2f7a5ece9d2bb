import { concatBytes, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { SIMULATED_RELAY_CHAIN, simulatedVoterName } from "@phala-l2/protocol/substrate/development-voters";
import { parachainHeadKey } from "@phala-l2/protocol/substrate/finality";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import type { AuthoritySet } from "@phala-l2/protocol/substrate/grandpa";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeByteString, encodeCompact, encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import {
  announcement,
  justification,
  namedVoter,
  type Voter,
} from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { type SealedState, sealState } from "@phala-l2/protocol/substrate/testing/sealed-state";

/** A set with the keys of its members. */
export type VotingSet = { readonly id: bigint; readonly voters: readonly Voter[] };

export type RelayBlock = {
  readonly header: SubstrateHeader;
  readonly hash: Hash;
  readonly state: SealedState;
  /** Whose votes make it final. */
  readonly set: VotingSet;
  /** Who votes from the next block on. */
  readonly next: VotingSet;
};

export type RelayChainOptions = {
  /** The parachain whose heads it has. */
  readonly paraId: number;
  /** Members of each set. */
  readonly authorities?: number;
};

const AUTHORITIES = 4;

export function authoritySetOf({ id, voters }: VotingSet): AuthoritySet {
  return { id, authorities: voters.map(({ key }) => ({ key, weight: 1n })) };
}

/** As the state and `GrandpaApi_grandpa_authorities` have it. */
export function encodeAuthorities({ voters }: VotingSet): Uint8Array {
  const each = voters.map(({ key }) => concatBytes(key, encodeUnsigned(1n, 8)));
  return concatBytes(encodeCompact(voters.length), ...each);
}

/** A justification of a block by these voters. */
export function justificationOf(
  { header, hash }: Pick<RelayBlock, "header" | "hash">,
  { id, voters }: VotingSet,
): Uint8Array {
  const target = { hash, number: Number(header.number) };
  return justification({ target, votes: voters.map((by) => ({ ...target, by, setId: id })) });
}

/**
 * **A SIMULATED RELAY CHAIN: its authorities' keys are anybody's, and nothing that it makes final is.** Its formats are those of a real one:
 * headers, state tries with `Paras.Heads`, GRANDPA justifications, authority sets that hand over in a block's digest. No blocks are
 * executed. Each block is final as soon as it is there.
 */
export class DangerouslySimulatedRelayChain {
  readonly paraId: number;
  readonly #size: number;
  readonly #blocks: RelayBlock[] = [];
  readonly #byHash = new Map<string, RelayBlock>();
  #head: Uint8Array | undefined;

  constructor({ paraId, authorities = AUTHORITIES }: RelayChainOptions) {
    this.paraId = paraId;
    this.#size = authorities;
    this.#seal(this.votingSet(0n), false);
  }

  /** The set of a number, the same each time; deployments that may hold value know its keys, and refuse them. */
  votingSet(id: bigint): VotingSet {
    const names = Array.from({ length: this.#size }, (_, i) =>
      simulatedVoterName(SIMULATED_RELAY_CHAIN, id, i),
    );
    return { id, voters: names.map(namedVoter) };
  }

  get newest(): RelayBlock {
    return this.at(this.#blocks.length - 1);
  }

  /** What following it starts from, at its genesis: the same whenever it begins anew. */
  get start(): FinalityDescription {
    const set = authoritySetOf(this.at(0).next);
    return { source: { set, paraId: this.paraId }, from: 0n, handOvers: [] };
  }

  /** Adds a block with a newer head of the parachain, or with the one before. @param head SCALE header. */
  addBlock(head?: Uint8Array): RelayBlock {
    if (head !== undefined) this.#head = head;
    return this.#seal(this.newest.next, false);
  }

  /** Adds a block that announces the set that follows. */
  handOver(): RelayBlock {
    return this.#seal(this.newest.next, true);
  }

  /** @throws RangeError when there is none */
  at(height: number): RelayBlock {
    const block = this.#blocks[height];
    if (block === undefined) throw new RangeError(`no block ${height}`);
    return block;
  }

  has(height: number): boolean {
    return this.#blocks[height] !== undefined;
  }

  /** @throws RangeError when there is none */
  byHash(hash: unknown): RelayBlock {
    const block = this.#byHash.get(String(hash));
    if (block === undefined) throw new RangeError(`no block ${String(hash)}`);
    return block;
  }

  /** The last block of a set that handed over, or the newest one while it votes. */
  lastOf({ id }: VotingSet): RelayBlock {
    return this.#blocks.findLast(({ set }) => set.id === id) ?? this.newest;
  }

  #seal(set: VotingSet, handsOver: boolean): RelayBlock {
    const next = handsOver ? this.votingSet(set.id + 1n) : set;
    const number = BigInt(this.#blocks.length);
    const state = this.#stateOf(number, next);
    const header: SubstrateHeader = {
      parentHash: this.#blocks.at(-1)?.hash ?? ZERO_HASH,
      number,
      stateRoot: state.root,
      extrinsicsRoot: ZERO_HASH,
      digest: handsOver ? [announcement(1, next.voters)] : [],
    };
    const block = { header, hash: headerHash(header), state, set, next };
    this.#blocks.push(block);
    this.#byHash.set(toHex(block.hash), block);
    return block;
  }

  #stateOf(number: bigint, next: VotingSet): SealedState {
    // Another parachain's head stands beside, as on any relay chain.
    const other = encodeByteString(new Uint8Array(100).fill(Number(number) % 256));
    return sealState(
      [
        [storagePrefix("System", "Number"), encodeUnsigned(number, 4)],
        [storagePrefix("Grandpa", "CurrentSetId"), encodeUnsigned(next.id, 8)],
        [storagePrefix("Grandpa", "Authorities"), encodeAuthorities(next)],
        [parachainHeadKey(this.paraId + 1), other],
        ...(this.#head === undefined
          ? []
          : ([[parachainHeadKey(this.paraId), encodeByteString(this.#head)]] as const)),
      ],
      1,
    );
  }
}
