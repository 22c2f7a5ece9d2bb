import { type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import {
  type DescentFault,
  decodeFinalityWitness,
  decodeHandOver,
  type FinalitySource,
  finalityAnchor,
  wayFault,
} from "@phala-l2/protocol/substrate/finality";
import {
  type AuthoritySet,
  type FinalityFault,
  MAX_AUTHORITIES,
  nextSet,
  verifyJustification,
} from "@phala-l2/protocol/substrate/grandpa";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";

export type FinalityRefusal =
  | DescentFault
  | "authorities-malformed"
  | "too-many-anchors"
  | "anchor-unknown"
  | "finality-not-shown";

export type Followed =
  | { readonly kind: "following"; readonly anchor: Hex; readonly setId: bigint }
  | { readonly kind: "refused"; readonly reason: FinalityRefusal };

/** Chains that one session follows; settings name one each. */
export const MAX_ANCHORS = 8;

/**
 * Sets before the newest whose votes still count: whoever shows a block may have got its proof before a hand-over. Eight take
 * hours at least on any relay chain and days on most, which is far less than members wait for their stake.
 */
export const MAX_PAST_SETS = 8;

/** Justifications whose votes are not counted again: a relay chain's block makes all deposits final that it has below it. */
export const MAX_VERIFIED = 256;

const ZERO_ANCHOR = toHex(ZERO_HASH);

/** A chain as far as it was followed, with the sets before the newest, the newest first. */
type FollowedChain = FinalitySource & { readonly past: readonly AuthoritySet[] };

function refused(reason: FinalityRefusal): { readonly kind: "refused"; readonly reason: FinalityRefusal } {
  return { kind: "refused", reason };
}

/**
 * Follows the authorities of Substrate chains from anchors on. Anybody can begin with any set: statements name the
 * anchor that they stand on in their settings' hash, and contracts take only that of theirs. A class because it has to remember
 * how far each chain was followed: a hand-over costs a second, and a year has two thousand.
 */
export class FinalityBook {
  readonly #sources = new Map<Hex, FollowedChain>();
  readonly #verify: typeof verifyJustification;
  /** Anchor, set and justification of those whose votes were good, the one that was asked for last at the end. */
  readonly #verified = new Set<string>();

  constructor(verify = verifyJustification) {
    this.#verify = verify;
  }

  /** Begins to follow a chain, or goes on from where it is. */
  pin(source: FinalitySource): Followed {
    const { authorities } = source.set;
    const isSet =
      authorities.length > 0 &&
      authorities.length <= MAX_AUTHORITIES &&
      authorities.every(({ key }) => key.length === 32);
    if (!isSet) return refused("authorities-malformed");
    const anchor = toHex(finalityAnchor(source));
    const known = this.#sources.get(anchor);
    if (known !== undefined) return { kind: "following", anchor, setId: known.set.id };
    if (this.#sources.size >= MAX_ANCHORS) return refused("too-many-anchors");
    this.#sources.set(anchor, { ...source, past: [] });
    return { kind: "following", anchor, setId: source.set.id };
  }

  /** Goes on to the set that the present one hands over to. */
  follow(anchor: Hash, handOver: Uint8Array): Followed {
    const name = toHex(anchor);
    const source = this.#sources.get(name);
    if (source === undefined) return refused("anchor-unknown");
    const decoded = decodeHandOver(handOver);
    if (decoded.kind === "refused") return decoded;
    const next = nextSet(source.set, decoded.handOver);
    if (next.kind === "refused") return next;
    const set: AuthoritySet = next.set;
    const past = [source.set, ...source.past].slice(0, MAX_PAST_SETS);
    this.#sources.set(name, { ...source, set, past });
    return { kind: "following", anchor: name, setId: set.id };
  }

  /**
   * What is wrong with the proof that these blocks are final, or undefined. Settings with the zero anchor ask for none: their
   * blocks are final because the prover's own node says so, and whoever feeds that node is trusted.
   * @param witnesses One for each block, in their order.
   */
  faultOf(
    anchor: Hash,
    blocks: readonly Hash[],
    witnesses: readonly Uint8Array[],
  ): FinalityRefusal | undefined {
    const name = toHex(anchor);
    if (name === ZERO_ANCHOR) return undefined;
    const source = this.#sources.get(name);
    if (source === undefined) return "anchor-unknown";
    for (const [i, block] of blocks.entries()) {
      const bytes = witnesses[i];
      if (bytes === undefined) return "finality-not-shown";
      const decoded = decodeFinalityWitness(bytes);
      if (decoded.kind === "refused") return decoded.reason;
      const fault =
        wayFault(block, decoded.witness, source.paraId) ??
        this.#votesFault(name, source, decoded.witness.justification);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** What is wrong by the newest set, if it is wrong by those before it too. Votes of another set end at their first signature. */
  #votesFault(
    anchor: Hex,
    { set: newest, past }: FollowedChain,
    justification: Uint8Array,
  ): FinalityFault | undefined {
    const hash = toHex(blake2b256(justification));
    const sets = [newest, ...past].map((set) => ({ set, name: `${anchor} ${set.id} ${hash}` }));
    // A set that is not among them any more finds nothing: what it made final is asked of the others.
    const known = sets.find(({ name }) => this.#verified.has(name));
    if (known !== undefined) {
      this.#remember(known.name);
      return undefined;
    }
    let fault: FinalityFault | undefined;
    for (const { set, name } of sets) {
      const verdict = this.#verify(justification, set);
      if (verdict.kind === "final") {
        this.#remember(name);
        return undefined;
      }
      fault ??= verdict.reason;
    }
    return fault;
  }

  /** Only what is so for ever: a refusal may be another once a hand-over was told. */
  #remember(name: string): void {
    this.#verified.delete(name);
    const [oldest] = this.#verified;
    if (this.#verified.size >= MAX_VERIFIED && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.add(name);
  }
}
